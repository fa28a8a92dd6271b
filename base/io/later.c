#include "base/io/later.h"

#include <string.h>

#include "base/fault.h"

void tb_later_init(struct tb_later *later)
{
    later->count = 0;
    tb_buf_init(&later->bytes, TB_LATER_BYTES_MAX);
}

void tb_later_fini(struct tb_later *later)
{
    tb_buf_fini(&later->bytes);
}

static size_t waiting(const struct tb_later *later, uint64_t to)
{
    size_t count = 0;
    for (size_t i = 0; i < later->count; i++) {
        count += later->frame[i].to == to;
    }
    return count;
}

bool tb_later_put(struct tb_later *later, uint64_t to, struct tb_bytes frame, uint64_t now_ms)
{
    if (later->count == TB_LATER_FRAMES_MAX || waiting(later, to) == TB_LATER_FRAMES_OF_PEER_MAX ||
        tb_buf_add(&later->bytes, frame) != TB_OK) {
        return false;
    }
    later->frame[later->count++] = (struct tb_later_frame){to, now_ms + TB_LATER_MS, frame.size};
    return true;
}

/* Take out the frames of ${to}, and close the gaps that they leave. */
static void take(struct tb_later *later, uint64_t to, tb_later_send *send, void *context)
{
    size_t from = 0; /* in the bytes, read and written */
    size_t into = 0;
    size_t kept = 0;
    for (size_t i = 0; i < later->count; i++) {
        struct tb_later_frame frame = later->frame[i];
        if (frame.to != to) {
            memmove(later->bytes.data + into, later->bytes.data + from, frame.size);
            into += frame.size;
            later->frame[kept++] = frame;
        } else if (send != NULL) {
            send(context, to, tb_bytes_of(later->bytes.data + from, frame.size));
        }
        from += frame.size;
    }
    later->count = kept;
    tb_buf_cut(&later->bytes, into);
}

void tb_later_take(struct tb_later *later, uint64_t to, tb_later_send *send, void *context)
{
    if (waiting(later, to) > 0) {
        take(later, to, send, context);
    }
}

void tb_later_take_due(struct tb_later *later, uint64_t now_ms, tb_later_send *send, void *context)
{
    /* The oldest stands first, whoever it is for. */
    while (later->count > 0 && later->frame[0].due_ms <= now_ms) {
        take(later, later->frame[0].to, send, context);
    }
}

void tb_later_drop(struct tb_later *later, uint64_t to)
{
    tb_later_take(later, to, NULL, NULL);
}

uint64_t tb_later_due_ms(const struct tb_later *later)
{
    return later->count > 0 ? later->frame[0].due_ms : UINT64_MAX;
}
