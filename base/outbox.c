#include "base/outbox.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/limits.h"

enum { NOTE_BYTES_MAX = 512 };

/* What stands before an effect's data in the buffer. */
struct header {
    enum tb_effect_kind kind;
    uint32_t code;
    uint64_t to;
    size_t size;
};

void tb_outbox_init(struct tb_outbox *out)
{
    tb_buf_init(&out->bytes, TB_OUTBOX_BYTES_MAX);
    out->count = 0;
}

void tb_outbox_fini(struct tb_outbox *out)
{
    tb_buf_fini(&out->bytes);
    out->count = 0;
}

bool tb_outbox_add(struct tb_outbox *out, enum tb_effect_kind kind, uint64_t to, uint32_t code,
                   struct tb_bytes data)
{
    struct header head = {kind, code, to, data.size};
    uint8_t *place = tb_buf_grow(&out->bytes, sizeof head + data.size);
    if (place == NULL) {
        return false;
    }
    memcpy(place, &head, sizeof head);
    if (data.size > 0) {
        memcpy(place + sizeof head, data.data, data.size);
    }
    out->count++;
    return true;
}

void tb_outbox_note(struct tb_outbox *out, int note, ...)
{
    char text[NOTE_BYTES_MAX];
    tb_assert(note >= 0);
    tb_assert(note < TB_NOTE_COUNT);
    va_list args;
    va_start(args, note);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    int length = vsnprintf(text, sizeof text, tb_note_row((enum tb_note)note)->format, args);
#pragma GCC diagnostic pop
    va_end(args);
    tb_assert(length >= 0);
    (void)tb_outbox_add(out, TB_EFFECT_NOTE, 0, (uint32_t)note, tb_bytes_text(text));
}

struct tb_outbox_mark tb_outbox_here(const struct tb_outbox *out)
{
    return (struct tb_outbox_mark){out->bytes.size, out->count};
}

void tb_outbox_cut(struct tb_outbox *out, struct tb_outbox_mark mark)
{
    tb_buf_cut(&out->bytes, mark.bytes);
    out->count = mark.count;
}

void tb_outbox_clear(struct tb_outbox *out)
{
    tb_outbox_cut(out, (struct tb_outbox_mark){0, 0});
}

bool tb_outbox_next(const struct tb_outbox *out, size_t *at, struct tb_effect *effect)
{
    struct header head;
    if (*at == out->bytes.size) {
        return false;
    }
    memcpy(&head, out->bytes.data + *at, sizeof head);
    effect->kind = head.kind;
    effect->code = head.code;
    effect->to = head.to;
    effect->data = tb_bytes_of(out->bytes.data + *at + sizeof head, head.size);
    *at += sizeof head + head.size;
    return true;
}
