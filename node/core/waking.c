#include "node/core/waking.h"

#include "base/text.h"

/* How many actual notices wait here; ${n} is the newest. */
static int64_t waiting(struct tb_node *node, int64_t *n)
{
    struct sqlite3_stmt *sql = TB_SQL(node, NOTICE_WAITING);
    int64_t count = 0;
    *n = 0;
    if (tb_db_one(node->db, sql, "")) {
        count = tb_db_int(sql, 0);
        *n = tb_db_int(sql, 1);
    }
    tb_db_done(sql);
    return count;
}

void tb_waking_start(struct tb_node *node)
{
    int64_t n;
    bool wake = node->config.alarm && waiting(node, &n) > 0;
    node->desk.alarm_ms = wake ? 0 : UINT64_MAX;
}

void tb_waking_call(struct tb_node *node, bool old)
{
    uint64_t later_ms = node->desk.mono_ms + TB_ALARM_MS;
    if (!old) {
        node->desk.alarm_fresh = true;
    } else if (node->config.alarm && later_ms < node->desk.alarm_ms) {
        node->desk.alarm_ms = later_ms;
    }
}

static void run(struct tb_node *node, const struct tb_at *at, int64_t count, int64_t n, bool kept)
{
    struct sqlite3_stmt *sql = TB_SQL(node, NOTICE_AT);
    struct tb_alarm_run run = {.waiting = (uint32_t)count};
    if (tb_db_one(node->db, sql, "i", n)) {
        (void)tb_db_id(sql, 0, &run.id);
        tb_text_copy(run.number, sizeof run.number, tb_db_text(sql, 1));
    }
    tb_db_done(sql);
    if (kept) {
        tb_db_do(node->db, TB_SQL(node, ALARM_ADD), "iid", at->now->wall.ms, count, &run.id);
        run.run = tb_db_last(node->db);
    }
    (void)tb_outbox_add(at->out, TB_EFFECT_ALARM, 0, 0, tb_bytes_of(&run, sizeof run));
}

/* One run for all that wait, if any do, and the next a minute later. */
static void run_for_all(struct tb_node *node, const struct tb_at *at, bool kept)
{
    int64_t n;
    int64_t count = waiting(node, &n);
    node->desk.alarm_ms = UINT64_MAX;
    if (count > 0) {
        run(node, at, count, n, kept);
        node->desk.alarm_ms = at->now->mono_ms + TB_ALARM_MS;
    }
}

void tb_waking_finish(struct tb_node *node, const struct tb_at *at)
{
    const struct tb_desk *desk = &node->desk;
    bool due = desk->alarm_fresh || desk->alarm_ms <= at->now->mono_ms;
    if (node->config.alarm && due) {
        run_for_all(node, at, true);
    }
}

void tb_waking_undone(struct tb_node *node, const struct tb_at *at)
{
    if (node->config.alarm && node->desk.alarm_ms <= at->now->mono_ms) {
        run_for_all(node, at, false);
    }
}

void tb_waking_ended(struct tb_node *node, const struct tb_at *at,
                     const struct tb_alarm_ended *ended)
{
    struct sqlite3_stmt *sql = TB_SQL(node, ALARM_GET);
    unsigned count = 0;
    if (tb_db_one(node->db, sql, "i", ended->run)) {
        count = (unsigned)tb_db_int(sql, 0);
    }
    tb_db_done(sql);
    tb_db_do(node->db, TB_SQL(node, ALARM_ENDED), "ii", (int64_t)ended->exit_status, ended->run);
    tb_outbox_note(at->out, TB_NOTE_ALARM_RUN, ended->exit_status, count);
}
