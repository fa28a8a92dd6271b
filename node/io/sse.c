#include "node/io/sse.h"

#include <stdlib.h>
#include <string.h>

#include <microhttpd.h>

#include "base/fault.h"
#include "base/io/clock.h"
#include "node/io/json.h"

enum { PENDING_BYTES_MAX = 64 * 1024, BLOCK_BYTES = 4096 };

struct stream {
    struct tb_sse *owner;
    struct stream *next;
    struct MHD_Connection *connection;
    int64_t after;
    uint64_t wrote_ms;
    bool resting;
    bool ping;
    struct tb_buf pending; /* formatted, not yet taken */
    size_t taken;
};

struct tb_sse {
    struct tb_node *node;
    struct stream *streams;
    size_t count;
    bool ending;
};

struct tb_sse *tb_sse_new(struct tb_node *node)
{
    struct tb_sse *sse = calloc(1, sizeof *sse);
    tb_assert(sse != NULL);
    sse->node = node;
    return sse;
}

void tb_sse_free(struct tb_sse *sse)
{
    if (sse != NULL) {
        tb_assert(sse->count == 0);
        free(sse);
    }
}

static enum tb_status print_row(struct tb_buf *out, const struct tb_stream_row *row)
{
    json_t *data = json_object();
    const char *kind = tb_stream_kind_text(row->kind);
    tb_json_put_number(data, "n", row->n);
    tb_json_put_text(data, "kind", kind);
    tb_json_put_id(data, "id", &row->id);
    tb_json_put_id(data, "subject", &row->subject);
    tb_json_put_office(data, "office", row->office);
    tb_json_put_text(data, "world", tb_world_text(row->world));
    tb_json_put_time(data, "at", row->at_ms);
    tb_json_put_text(data, "text", row->text);
    char *text = json_dumps(data, JSON_COMPACT);
    tb_assert(text != NULL);
    enum tb_status status =
        tb_buf_print(out, "id: %lld\nevent: %s\ndata: %s\n\n", (long long)row->n, kind, text);
    free(text);
    json_decref(data);
    return status;
}

/* Format what comes next. The rows of one page fit PENDING_BYTES_MAX. */
static void fill(struct stream *stream)
{
    struct tb_stream_row rows[TB_SSE_ROWS_MAX];
    tb_buf_cut(&stream->pending, 0);
    stream->taken = 0;
    size_t count = tb_query_stream(stream->owner->node, stream->after, rows, TB_SSE_ROWS_MAX);
    for (size_t i = 0; i < count; i++) {
        tb_assert(print_row(&stream->pending, &rows[i]) == TB_OK);
        stream->after = rows[i].n;
    }
    if (count == 0 && stream->ping) {
        tb_assert(tb_buf_print(&stream->pending, ": ping\n\n") == TB_OK);
    }
    stream->ping = false;
}

/* libmicrohttpd asks for at most ${room} bytes. */
static ssize_t give(void *context, uint64_t position, char *place, size_t room)
{
    (void)position;
    struct stream *stream = context;
    if (stream->owner->ending) {
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
    if (stream->taken == stream->pending.size) {
        fill(stream);
    }
    size_t left = stream->pending.size - stream->taken;
    if (left == 0) {
        /* Returning 0 without resting would be asked again at once, for ever. */
        stream->resting = true;
        MHD_suspend_connection(stream->connection);
        return 0;
    }
    size_t size = left < room ? left : room;
    memcpy(place, stream->pending.data + stream->taken, size);
    stream->taken += size;
    stream->wrote_ms = tb_clock_read().mono_ms;
    return (ssize_t)size;
}

static void gone(void *context)
{
    struct stream *stream = context;
    struct stream **at = &stream->owner->streams;
    while (*at != stream) {
        at = &(*at)->next;
    }
    *at = stream->next;
    stream->owner->count--;
    tb_buf_fini(&stream->pending);
    free(stream);
}

enum tb_status tb_sse_open(struct tb_sse *sse, struct tb_http_call *call, int64_t after,
                           uint64_t now_ms)
{
    if (sse->count == TB_HTTP_STREAMS_MAX) {
        return TB_FULL;
    }
    struct stream *stream = calloc(1, sizeof *stream);
    tb_assert(stream != NULL);
    *stream = (struct stream){.owner = sse,
                              .next = sse->streams,
                              .connection = call->connection,
                              .after = after,
                              .wrote_ms = now_ms,
                              .ping = true}; /* the first byte says at once that it works */
    tb_buf_init(&stream->pending, PENDING_BYTES_MAX);
    sse->streams = stream;
    sse->count++;
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, give, stream, gone);
    tb_assert(response != NULL);
    tb_http_head(response, "Content-Type", "text/event-stream");
    tb_http_head(response, "Cache-Control", "no-cache");
    tb_http_head(response, "X-Accel-Buffering", "no");
    (void)MHD_queue_response(call->connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    tb_http_taken(call);
    return TB_OK;
}

static void resume(struct stream *stream)
{
    if (stream->resting) {
        stream->resting = false;
        MHD_resume_connection(stream->connection);
    }
}

void tb_sse_wake(struct tb_sse *sse)
{
    for (struct stream *s = sse->streams; s != NULL; s = s->next) {
        resume(s);
    }
}

void tb_sse_tick(struct tb_sse *sse, uint64_t now_ms)
{
    for (struct stream *s = sse->streams; s != NULL; s = s->next) {
        if (s->resting && now_ms >= s->wrote_ms + TB_SSE_PING_MS) {
            s->ping = true;
            resume(s);
        }
    }
}

uint64_t tb_sse_deadline_ms(const struct tb_sse *sse)
{
    uint64_t next = UINT64_MAX;
    for (const struct stream *s = sse->streams; s != NULL; s = s->next) {
        uint64_t due = s->wrote_ms + TB_SSE_PING_MS;
        next = s->resting && due < next ? due : next;
    }
    return next;
}

void tb_sse_end(struct tb_sse *sse)
{
    sse->ending = true;
    tb_sse_wake(sse);
}

size_t tb_sse_count(const struct tb_sse *sse)
{
    return sse->count;
}
