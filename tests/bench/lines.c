#include "tests/bench/lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "base/io/clock.h"
#include "base/io/random.h"
#include "base/io/sock.h"
#include "base/limits.h"
#include "proto/envelope.h"
#include "proto/statement.h"
#include "proto/wire.h"

enum {
    FRAMES_MAX = 256,
    RECONNECT_MIN_MS = 100,
    RECONNECT_SPREAD_MS = 400,
    DESCRIPTORS_EACH = 4, /* three sockets' own and the connection */
    DESCRIPTORS_BESIDE = 200,
    FRAMES_A_VISIT_MAX = 8,
};

struct line {
    const struct tb_crowd_office *office;
    struct tb_sock *sock;
    bool up;
    bool greeted;
    uint64_t beat_ms;
    uint8_t epoch[TB_EPOCH_BYTES];
    bool epoch_known;
    uint64_t seq[TB_LANES + 1];
    struct tb_id id[TB_LANES + 1];
    bool stored_due[TB_LANES + 1];
    uint64_t accepted;
    struct tb_id accepted_id;
};

struct tb_lines {
    struct tb_sock_context **contexts;
    size_t contexts_count;
    struct line *lines;
    size_t count;
    size_t first; /* the office of the first line */
    size_t at;    /* whose turn it is */
    int visit;    /* frames taken from it in this visit */
    size_t greeted;
    struct tb_arena arena;
    struct tb_buf packed;
};

void tb_lines_need_descriptors(size_t offices)
{
    struct rlimit limit;
    rlim_t need = (rlim_t)offices * DESCRIPTORS_EACH + DESCRIPTORS_BESIDE;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_cur < need) {
        limit.rlim_cur = limit.rlim_max;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    }
    if (limit.rlim_cur < need) {
        fail_msg("%zu offices need %lu descriptors, and %lu are allowed: ulimit -n, or fewer",
                 offices, (unsigned long)need, (unsigned long)limit.rlim_cur);
    }
}

static void open_line(struct tb_lines *lines, size_t index, const struct tb_crowd *crowd)
{
    struct line *line = &lines->lines[index];
    uint16_t jitter;
    tb_random_fill(&jitter, sizeof jitter);
    line->office = &crowd->offices[lines->first + index];
    struct tb_sock_client_settings settings = {
        .endpoint = crowd->endpoint,
        .secret = &line->office->link,
        .frame_bytes_max = TB_FRAME_BYTES_MAX,
        .frames_max = FRAMES_MAX,
        .reconnect_ms = RECONNECT_MIN_MS + jitter % RECONNECT_SPREAD_MS,
    };
    memcpy(settings.server_key, crowd->broker_link, TB_KEY_BYTES);
    struct tb_sock_context *context = lines->contexts[index / TB_LINES_OFFICES_PER_CONTEXT];
    enum tb_status status = tb_sock_client(context, &settings, &line->sock, NULL);
    assert_int_equal(status, TB_OK);
}

struct tb_lines *tb_lines_open(const struct tb_crowd *crowd, size_t first, size_t count)
{
    struct tb_lines *lines = calloc(1, sizeof *lines);
    assert_non_null(lines);
    assert_true(count > 0 && first + count <= crowd->count);
    lines->first = first;
    lines->count = count;
    lines->lines = calloc(count, sizeof *lines->lines);
    lines->contexts_count =
        (count + TB_LINES_OFFICES_PER_CONTEXT - 1) / TB_LINES_OFFICES_PER_CONTEXT;
    lines->contexts = calloc(lines->contexts_count, sizeof(struct tb_sock_context *));
    assert_true(lines->lines != NULL && lines->contexts != NULL);
    tb_arena_init(&lines->arena, TB_PARSE_BYTES_MAX, TB_PARSE_COUNT_MAX);
    tb_buf_init(&lines->packed, TB_FRAME_BYTES_MAX);
    for (size_t i = 0; i < lines->contexts_count; i++) {
        lines->contexts[i] = tb_sock_context_open();
    }
    for (size_t i = 0; i < count; i++) {
        open_line(lines, i, crowd);
    }
    return lines;
}

void tb_lines_close(struct tb_lines *lines)
{
    for (size_t i = 0; i < lines->count; i++) {
        tb_sock_close(lines->lines[i].sock, 0);
    }
    for (size_t i = 0; i < lines->contexts_count; i++) {
        tb_sock_context_close(lines->contexts[i]);
    }
    tb_arena_fini(&lines->arena);
    tb_buf_fini(&lines->packed);
    free(lines->contexts);
    free(lines->lines);
    free(lines);
}

size_t tb_lines_greeted(const struct tb_lines *lines)
{
    return lines->greeted;
}

/* -------------------------------------------------------------- sending */

static bool put(struct tb_lines *lines, struct line *line, const Tongbao__Frame *frame)
{
    enum tb_status status = tb_frame_pack(&lines->packed, frame);
    assert_int_equal(status, TB_OK);
    return tb_sock_send_frame(line->sock, 0, tb_buf_bytes(&lines->packed)) == TB_OK;
}

bool tb_lines_offer(struct tb_lines *lines, size_t office, struct tb_bytes envelope)
{
    Tongbao__Offer offer = TONGBAO__OFFER__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    offer.envelope = tb_wire_data(envelope);
    frame.kind_case = TONGBAO__FRAME__KIND_OFFER;
    frame.offer = &offer;
    return put(lines, &lines->lines[office - lines->first], &frame);
}

static void set_greeted(struct tb_lines *lines, struct line *line, bool greeted)
{
    if (line->greeted != greeted) {
        line->greeted = greeted;
        lines->greeted += greeted ? 1 : 0;
        lines->greeted -= greeted ? 0 : 1;
    }
}

static void say_hello(struct tb_lines *lines, struct line *line)
{
    Tongbao__Hello hello;
    tongbao__hello__init(&hello);
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    Tongbao__Position position = TONGBAO__POSITION__INIT;
    Tongbao__Cursor cursor[TB_LANES];
    Tongbao__Cursor *cursors[TB_LANES];
    char software[] = "bench";
    set_greeted(lines, line, false);
    hello.version = TB_LINK_VERSION;
    hello.office = line->office->code;
    hello.software = software;
    hello.wall_ms = tb_clock_read().wall.ms;
    if (line->epoch_known) {
        hello.epoch = tb_wire_data(tb_bytes_of(line->epoch, TB_EPOCH_BYTES));
    }
    for (uint32_t lane = 1; lane <= TB_LANES; lane++) {
        if (line->seq[lane] > 0) {
            Tongbao__Cursor *one = &cursor[hello.n_cursors];
            tongbao__cursor__init(one);
            one->lane = lane;
            one->seq = line->seq[lane];
            one->id = tb_wire_id(&line->id[lane]);
            cursors[hello.n_cursors++] = one;
        }
    }
    hello.cursors = cursors;
    if (line->accepted > 0) {
        position.position = line->accepted;
        position.id = tb_wire_id(&line->accepted_id);
        hello.accepted = &position;
    }
    frame.kind_case = TONGBAO__FRAME__KIND_HELLO;
    frame.hello = &hello;
    (void)put(lines, line, &frame);
    line->beat_ms = tb_clock_read().mono_ms + TB_LINES_BEAT_MS;
}

static void say_beat(struct tb_lines *lines, struct line *line, bool answer)
{
    Tongbao__Beat beat = TONGBAO__BEAT__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    beat.wall_ms = tb_clock_read().wall.ms;
    beat.answer = answer;
    frame.kind_case = TONGBAO__FRAME__KIND_BEAT;
    frame.beat = &beat;
    (void)put(lines, line, &frame);
}

static void say_stored(struct tb_lines *lines, struct line *line)
{
    for (uint32_t lane = 1; lane <= TB_LANES; lane++) {
        Tongbao__Stored stored = TONGBAO__STORED__INIT;
        Tongbao__Frame frame = TONGBAO__FRAME__INIT;
        if (line->stored_due[lane]) {
            stored.lane = lane;
            stored.seq = line->seq[lane];
            stored.id = tb_wire_id(&line->id[lane]);
            frame.kind_case = TONGBAO__FRAME__KIND_STORED;
            frame.stored = &stored;
            line->stored_due[lane] = !put(lines, line, &frame);
        }
    }
}

/* ------------------------------------------------------------ receiving */

static void take_changes(struct tb_lines *lines, struct line *line)
{
    bool up;
    while (tb_sock_link_changed(line->sock, &up)) {
        line->up = up;
        if (up) {
            say_hello(lines, line);
        } else {
            set_greeted(lines, line, false);
        }
    }
}

static void take_deliver(struct line *line, const Tongbao__Deliver *deliver, struct tb_id *id)
{
    struct tb_envelope envelope;
    enum tb_status status = tb_envelope_read(&envelope, tb_wire_bytes(deliver->envelope));
    assert_int_equal(status, TB_OK);
    if (deliver->lane >= 1 && deliver->lane <= TB_LANES) {
        line->seq[deliver->lane] = deliver->seq;
        line->id[deliver->lane] = envelope.id;
        line->stored_due[deliver->lane] = true;
    }
    *id = envelope.id;
}

static void take_answer(struct line *line, const Tongbao__Answer *answer)
{
    struct tb_id id;
    if (answer->status == TB_OK && tb_id_take(&id, tb_wire_bytes(answer->id))) {
        line->accepted = answer->position;
        line->accepted_id = id;
    }
}

static void take_welcome(struct tb_lines *lines, struct line *line, const Tongbao__Welcome *welcome)
{
    assert_int_equal(welcome->epoch.len, TB_EPOCH_BYTES);
    memcpy(line->epoch, welcome->epoch.data, TB_EPOCH_BYTES);
    line->epoch_known = true;
    set_greeted(lines, line, true);
}

/* What the line does by itself; true when the frame is handed on too. */
static bool take_frame(struct tb_lines *lines, struct line *line, const Tongbao__Frame *frame,
                       struct tb_id *id)
{
    if (frame->kind_case == TONGBAO__FRAME__KIND_WELCOME) {
        take_welcome(lines, line, frame->welcome);
        return true;
    }
    if (frame->kind_case == TONGBAO__FRAME__KIND_DELIVER) {
        take_deliver(line, frame->deliver, id);
        return true;
    }
    if (frame->kind_case == TONGBAO__FRAME__KIND_ANSWER) {
        take_answer(line, frame->answer);
        return true;
    }
    if (frame->kind_case == TONGBAO__FRAME__KIND_REFUSAL) {
        say_hello(lines, line);
        return true;
    }
    if (frame->kind_case == TONGBAO__FRAME__KIND_BEAT && frame->beat->answer) {
        say_beat(lines, line, false);
    }
    return false;
}

/* The next frame of one line that is handed on. */
static const Tongbao__Frame *take_next(struct tb_lines *lines, struct line *line, struct tb_id *id)
{
    struct tb_sock_frame raw;
    const Tongbao__Frame *frame = NULL;
    while (lines->visit < FRAMES_A_VISIT_MAX && tb_sock_recv_frame(line->sock, &raw)) {
        lines->visit++;
        tb_arena_reset(&lines->arena);
        enum tb_status status = tb_frame_read(raw.payload, &lines->arena, &frame);
        assert_int_equal(status, TB_OK);
        if (take_frame(lines, line, frame, id)) {
            return frame;
        }
    }
    return NULL;
}

static void leave(struct tb_lines *lines, struct line *line)
{
    uint64_t now_ms = tb_clock_read().mono_ms;
    say_stored(lines, line);
    if (line->up && now_ms >= line->beat_ms) {
        say_beat(lines, line, true);
        line->beat_ms = now_ms + TB_LINES_BEAT_MS;
    }
    lines->at++;
    lines->visit = 0;
}

bool tb_lines_next(struct tb_lines *lines, struct tb_line_frame *out)
{
    while (lines->at < lines->count) {
        struct line *line = &lines->lines[lines->at];
        if (lines->visit == 0) {
            take_changes(lines, line);
        }
        out->office = lines->first + lines->at;
        out->frame = take_next(lines, line, &out->id);
        if (out->frame != NULL) {
            return true;
        }
        leave(lines, line);
    }
    lines->at = 0;
    return false;
}
