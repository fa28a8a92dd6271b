#include "base/turn.h"

#include "base/fault.h"

/* One event in its own savepoint, so that a bad one undoes itself alone. */
static void one(const struct tb_turn_core *core, const struct tb_now *now,
                const struct tb_event *event, struct tb_outbox *out)
{
    struct tb_outbox_mark mark = tb_outbox_here(out);
    tb_db_save(core->db);
    enum tb_status status = core->handle(core->self, now, event, out);
    if (status == TB_OK) {
        tb_db_release(core->db);
        return;
    }
    if (core->db->status == TB_OK) {
        tb_db_undo(core->db);
    }
    tb_outbox_cut(out, mark);
    core->undone(core->self, now, event, status, out);
}

static bool relieved(const struct tb_turn_core *core)
{
    return core->relieve != NULL && core->relieve(core->context);
}

static bool spent(const struct tb_turn_core *core)
{
    return core->spent != NULL && core->spent(core->context);
}

static void tell_if_scarce(const struct tb_turn_core *core)
{
    if (core->spare != NULL) {
        core->spare(core->self, core->scarce != NULL && core->scarce(core->context));
    }
}

/* What is to be sent is read in one reading, not locked and unlocked by each query. */
static void send_what_stands(const struct tb_turn_core *core, const struct tb_now *now,
                             struct tb_outbox *out)
{
    tb_db_look(core->db);
    core->committed(core->self, now, out);
    tb_db_looked(core->db);
}

static enum tb_status attempt(const struct tb_turn_core *core, const struct tb_now *now,
                              const struct tb_event *events, size_t *count, struct tb_outbox *out)
{
    size_t taken = 0;
    tell_if_scarce(core);
    tb_db_begin(core->db);
    while (taken < *count && core->db->status == TB_OK && (taken == 0 || !spent(core))) {
        one(core, now, &events[taken], out);
        taken++;
    }
    *count = taken;
    if (core->db->status == TB_OK) {
        core->finish(core->self, now, out);
    }
    tb_db_commit(core->db);
    if (core->db->status == TB_OK) {
        send_what_stands(core, now, out);
        return core->db->status;
    }
    tb_outbox_clear(out);
    if (core->db->status != TB_DISKFULL) {
        return TB_IO;
    }
    tb_db_rollback(core->db);
    core->rolled_back(core->self);
    return core->db->status == TB_OK ? TB_DISKFULL : TB_IO;
}

enum tb_status tb_turn_run(const struct tb_turn_core *core, const struct tb_now *now,
                           const struct tb_event *events, size_t *count, struct tb_outbox *out)
{
    tb_assert(out->count == 0);
    if (*count == 0) {
        tell_if_scarce(core);
        send_what_stands(core, now, out);
        return core->db->status == TB_OK ? TB_OK : TB_IO;
    }
    enum tb_status status = attempt(core, now, events, count, out);
    if (status == TB_DISKFULL && relieved(core)) {
        status = attempt(core, now, events, count, out);
    }
    if (status == TB_DISKFULL) {
        for (size_t i = 0; i < *count; i++) {
            core->undone(core->self, now, &events[i], TB_DISKFULL, out);
        }
        send_what_stands(core, now, out);
        status = core->db->status == TB_OK ? TB_DISKFULL : TB_IO;
    }
    if (status == TB_IO) {
        tb_outbox_clear(out);
    }
    return status;
}
