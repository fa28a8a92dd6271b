#include "base/io/engine.h"

#include "base/io/check.h"
#include "base/io/clock.h"
#include "base/io/journal.h"
#include "base/io/service.h"
#include "base/limits.h"

void tb_engine_open(struct tb_engine *engine)
{
    *engine = (struct tb_engine){0};
    tb_outbox_init(&engine->out);
}

void tb_engine_close(struct tb_engine *engine)
{
    tb_child_kill(&engine->check);
    tb_outbox_fini(&engine->out);
}

/* "A small reserve file is given up." */
static bool relieve(void *context)
{
    struct tb_engine *engine = context;
    return tb_keep_relieve(engine->keep, engine->now_ms);
}

static bool scarce(void *context)
{
    const struct tb_engine *engine = context;
    return engine->keep->full;
}

static bool spent(void *context)
{
    const struct tb_engine *engine = context;
    return tb_clock_read().mono_ms >= engine->turn_end_ms;
}

void tb_engine_drive(struct tb_engine *engine, struct tb_turn_core core, struct tb_keep *keep)
{
    engine->keep = keep;
    engine->core = core;
    engine->core.relieve = relieve;
    engine->core.scarce = scarce;
    engine->core.spent = spent;
    engine->core.context = engine;
}

enum tb_status tb_engine_turn(struct tb_engine *engine, const struct tb_now *now,
                              const struct tb_event *events, size_t count, size_t *taken)
{
    size_t some = count - *taken;
    engine->now_ms = now->mono_ms;
    engine->turn_end_ms = tb_clock_read().mono_ms + TB_TURN_WORK_MS;
    const struct tb_event *from = count == 0 ? NULL : events + *taken;
    enum tb_status status = tb_turn_run(&engine->core, now, from, &some, &engine->out);
    if (status == TB_IO) {
        tb_keep_broken(engine->keep);
        return TB_IO;
    }
    *taken += some;
    if (some > 0) {
        engine->busy_ms = now->mono_ms;
    }
    return TB_OK;
}

void tb_engine_check(struct tb_engine *engine, const char *config, const char *word,
                     uint64_t now_ms)
{
    tb_check_start(&engine->check, config, word, now_ms);
}

static void ping(struct tb_engine *engine, uint64_t now_ms)
{
    uint64_t every_ms = tb_service_watchdog_ms();
    if (every_ms != 0 && now_ms >= engine->ping_ms) {
        tb_service_ping();
        engine->ping_ms = now_ms + every_ms;
    }
}

enum tb_status tb_engine_rest(struct tb_engine *engine, uint64_t now_ms)
{
    /* "Its failure stops the node": a damaged store is not written any further. */
    bool damaged = tb_check_ended(&engine->check, now_ms) == TB_CHECK_DAMAGED;
    if (!damaged) {
        tb_keep_checkpoint(engine->keep, now_ms, engine->busy_ms);
        tb_keep_room(engine->keep, now_ms);
        ping(engine, now_ms);
        tb_journal_settle();
    }
    if (damaged || engine->keep->db.status != TB_OK) {
        tb_keep_broken(engine->keep);
        return TB_IO;
    }
    return TB_OK;
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t tb_engine_due_ms(const struct tb_engine *engine, uint64_t now_ms)
{
    uint64_t at = tb_keep_due_ms(engine->keep, engine->busy_ms);
    at = engine->ping_ms != 0 ? sooner(at, engine->ping_ms) : at;
    return engine->check.pid != 0 ? sooner(at, now_ms + TB_ENGINE_CHILD_MS) : at;
}
