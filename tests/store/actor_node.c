#include "actor.h"
#include "desk.h"
#include "node/core/state.h"

static struct fixture fix;
static struct desk desk;
static struct tb_id notice;

static const struct fix_say theirs = {.origin = 140925, .to = {140926, 140900, 140000}};

static void begin(void)
{
    fix_init(&fix);
    desk_start(&desk, &fix, 140926, (struct desk_make){.path = "/node/store.db", .alarm = true});
    desk_on_duty(&desk);
    desk_greet(&desk, 0, 1);
}

enum { DELIVER, ACKNOWLEDGE, MOVE, ISSUE, DELIVER_MORE, ISSUE_MORE, MOVE_AGAIN, ISSUE_LAST, ACTS };

static enum tb_status act(size_t nth)
{
    switch (nth) {
    case DELIVER:
        notice = desk_deliver_notice(&desk, &theirs);
        break;
    case DELIVER_MORE:
        (void)desk_deliver_notice(&desk, &theirs);
        break;
    case ACKNOWLEDGE:
        (void)desk_acknowledge(&desk, &notice);
        break;
    case MOVE:
    case MOVE_AGAIN:
        tb_outbox_clear(&desk.out);
        (void)tb_db_checkpoint(&desk.db);
        return desk.db.status;
    default:
        (void)desk_issue(&desk, "汾河");
    }
    return desk.turned;
}

static bool told(size_t nth)
{
    struct tb_effect effect;
    size_t at = 0;
    if (nth == DELIVER || nth == DELIVER_MORE) {
        return desk_count(&desk, 0, TONGBAO__FRAME__KIND_STORED) == 0 && desk_offers(&desk, 0) == 0;
    }
    while (tb_outbox_next(&desk.out, &at, &effect)) {
        if (effect.kind == TB_EFFECT_ANSWER) {
            return effect.code == TB_DISKFULL && desk_offers(&desk, 0) == 0;
        }
    }
    return false;
}

static void resume(void)
{
    desk_later(&desk, TB_DISKFULL_MS);
    desk_settle(&desk);
    desk_unlink(&desk, 0);
    desk_greet(&desk, 0, 1);
}

static void close_desk(void)
{
    desk_close(&desk);
}

static void reopen(void)
{
    struct tb_wall now = desk.now.wall;
    desk_start(&desk, &fix, 140926, (struct desk_make){.path = "/node/store.db", .bare = true});
    desk.now.wall = now;
}

static struct tb_db *db(void)
{
    return &desk.db;
}

static const struct tb_outbox *out(void)
{
    return &desk.out;
}

const struct actor actor_node = {
    .name = "node",
    .path = "/node/store.db",
    .schema = tb_node_schema,
    .begin = begin,
    .act = act,
    .acts = ACTS,
    .told = told,
    .resume = resume,
    .close = close_desk,
    .reopen = reopen,
    .db = db,
    .out = out,
};
