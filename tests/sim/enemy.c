#include "tests/sim/enemy.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "proto/frame.h"
#include "proto/wire.h"
#include "tests/sim/books.h"
#include "tests/sim/machine.h"

enum { REPLAYS = 8, FLOOD_FRAMES = 200 };

struct line {
    struct sim_machine *broker;
    uint64_t conn;
    const uint8_t *key;
};

static void say(struct sim *sim, const struct line *line, const Tongbao__Frame *frame)
{
    struct tb_buf out;
    tb_buf_init(&out, TB_FRAME_BYTES_MAX);
    if (tb_frame_pack(&out, frame) == TB_OK) {
        sim_machine_tell(sim, line->broker, TB_EVENT_FRAME, line->conn, line->key,
                         tb_buf_bytes(&out));
    }
    tb_buf_fini(&out);
}

static void hello(struct sim *sim, const struct line *line, uint32_t office)
{
    Tongbao__Hello hello;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    tongbao__hello__init(&hello);
    hello.version = TB_LINK_VERSION;
    hello.office = office;
    frame.kind_case = TONGBAO__FRAME__KIND_HELLO;
    frame.hello = &hello;
    say(sim, line, &frame);
}

static void offer(struct sim *sim, const struct line *line, struct tb_bytes envelope, bool repair)
{
    Tongbao__Offer offer = TONGBAO__OFFER__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    offer.tag = 1;
    offer.envelope = tb_wire_data(envelope);
    offer.repair = repair;
    frame.kind_case = TONGBAO__FRAME__KIND_OFFER;
    frame.offer = &offer;
    say(sim, line, &frame);
}

/* Something that was really said, with ${at} of its bytes changed, or as it was. */
static void abuse(struct sim *sim, const struct line *line, bool change)
{
    if (sim->books->count == 0) {
        return;
    }
    const struct sim_fact *fact = &sim->books->fact[sim_draw(sim, sim->books->count)];
    uint8_t *copy = malloc(fact->bytes.size);
    tb_assert(copy != NULL);
    memcpy(copy, fact->bytes.data, fact->bytes.size);
    if (change) {
        copy[sim_draw(sim, fact->bytes.size)] ^= (uint8_t)(1 + sim_draw(sim, 255));
    }
    offer(sim, line, tb_bytes_of(copy, fact->bytes.size), sim_once_in(sim, 2));
    free(copy);
}

/* A notice in the name of ${victim}, signed by the enemy's own key. */
static void forge(struct sim *sim, const struct line *line, const struct sim_office *own,
                  const struct sim_office *victim)
{
    Tongbao__Body body = TONGBAO__BODY__INIT;
    Tongbao__Notice notice;
    Tongbao__Recipient recipient;
    Tongbao__Recipient *recipients[1] = {&recipient};
    static char number[] = "140926-20250117-99";
    uint8_t chain[TB_CHAIN_BYTES] = {0xee};
    struct tb_buf out;
    struct tb_id id;
    struct tb_seal seal = {.world = TB_WORLD_ACTUAL,
                           .origin = victim->code,
                           .directory_version = sim->land.version[0],
                           .secret = &own->key[0].secret};
    tongbao__notice__init(&notice);
    tongbao__recipient__init(&recipient);
    recipient.office = 140000;
    recipient.nth = 1;
    notice.kind = TONGBAO__NOTICE__KIND__FIRST;
    notice.number = number;
    body.chain = tb_wire_data(tb_bytes_of(chain, sizeof chain));
    body.chain_seq = 1;
    body.issued_at_ms = SIM_AT_WALL;
    body.incident = tb_wire_data(tb_bytes_of(chain, sizeof chain));
    body.n_recipients = 1;
    body.recipients = recipients;
    body.statement_case = TONGBAO__BODY__STATEMENT_NOTICE;
    body.notice = &notice;
    tb_buf_init(&out, TB_ENVELOPE_BYTES_MAX);
    if (tb_envelope_seal(&out, &seal, &body, &id) == TB_OK) {
        offer(sim, line, tb_buf_bytes(&out), false);
    }
    tb_buf_fini(&out);
}

void sim_enemy(struct sim *sim, const struct sim_step *step)
{
    const struct sim_office *own = &sim->land.office[step->a % SIM_OFFICES];
    const struct sim_office *victim = &sim->land.office[sim_draw(sim, SIM_OFFICES)];
    struct line line = {.broker = &sim->machine[SIM_NODES + step->b],
                        .conn = SIM_ENEMY_CONN + ++sim->conns,
                        .key = own->key[0].link};
    hello(sim, &line, own->code);
    if (step->mishap == SIM_ENEMY_FORGES) {
        if (victim != own) {
            forge(sim, &line, own, victim);
        }
        abuse(sim, &line, true);
    }
    for (int i = 0; step->mishap == SIM_ENEMY_REPLAYS && i < REPLAYS; i++) {
        abuse(sim, &line, false);
    }
    for (int i = 0; step->mishap == SIM_ENEMY_FLOODS && i < FLOOD_FRAMES; i++) {
        i % 2 == 0 ? hello(sim, &line, own->code) : abuse(sim, &line, i % 4 == 1);
    }
}
