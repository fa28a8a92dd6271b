#include "node/core/chain.h"

#include <stdio.h>
#include <string.h>

#include "node/core/ledger.h"
#include "node/core/views.h"
#include "proto/wire.h"

static void draw_chain(uint8_t chain[TB_CHAIN_BYTES], const uint8_t seed[TB_SEED_BYTES],
                       enum tb_world world)
{
    char label[32];
    snprintf(label, sizeof label, "chain %s", tb_world_text(world));
    tb_draw(chain, TB_CHAIN_BYTES, seed, label);
}

static void open_chain(struct tb_node *node, const uint8_t seed[TB_SEED_BYTES], enum tb_world world,
                       struct tb_bytes continues, uint8_t chain[TB_CHAIN_BYTES])
{
    draw_chain(chain, seed, world);
    tb_db_do(node->db, TB_SQL(node, OWN_CHAIN_CLOSE), "i", (int64_t)world);
    tb_db_do(node->db, TB_SQL(node, OWN_CHAIN_ADD), "bib", tb_bytes_of(chain, TB_CHAIN_BYTES),
             (int64_t)world, continues);
}

void tb_chain_open_all(struct tb_node *node, const uint8_t seed[TB_SEED_BYTES])
{
    uint8_t chain[TB_CHAIN_BYTES];
    for (int world = TB_WORLD_ACTUAL; world <= TB_WORLD_TEST; world++) {
        open_chain(node, seed, (enum tb_world)world, tb_bytes_of(NULL, 0), chain);
    }
}

void tb_chain_place(struct tb_node *node, enum tb_world world, struct tb_chain_place *place)
{
    struct sqlite3_stmt *sql = TB_SQL(node, OWN_CHAIN_GET);
    *place = (struct tb_chain_place){.world = world};
    if (tb_db_one(node->db, sql, "i", (int64_t)world)) {
        struct tb_bytes chain = tb_db_bytes(sql, 0);
        tb_assert(chain.size == TB_CHAIN_BYTES);
        memcpy(place->chain, chain.data, TB_CHAIN_BYTES);
        place->seq = (uint64_t)tb_db_int(sql, 1) + 1;
        bool stepped = tb_db_id(sql, 2, &place->previous);
        tb_assert(stepped == (place->seq > 1));
        place->continued = tb_db_id(sql, 3, &place->continues);
    }
    tb_db_done(sql);
}

void tb_chain_fill(const struct tb_chain_place *place, Tongbao__Body *body)
{
    body->chain = tb_wire_data(tb_bytes_of(place->chain, TB_CHAIN_BYTES));
    body->chain_seq = place->seq;
    if (place->seq > 1) {
        body->previous = tb_wire_id(&place->previous);
    } else if (place->continued) {
        body->continues = tb_wire_id(&place->continues);
    }
}

void tb_chain_step(struct tb_node *node, const struct tb_chain_place *place, const struct tb_id *id)
{
    tb_db_do(node->db, TB_SQL(node, OWN_CHAIN_STEP), "db", id,
             tb_bytes_of(place->chain, TB_CHAIN_BYTES));
}

uint64_t tb_chain_nth(struct tb_node *node, ProtobufCBinaryData chain, uint32_t office)
{
    struct sqlite3_stmt *sql = TB_SQL(node, OWN_NTH_GET);
    struct tb_bytes bytes = tb_wire_bytes(chain);
    tb_db_do(node->db, TB_SQL(node, OWN_NTH_STEP), "bi", bytes, (int64_t)office);
    int64_t nth = tb_db_one(node->db, sql, "bi", bytes, (int64_t)office) ? tb_db_int(sql, 0) : 0;
    tb_db_done(sql);
    return (uint64_t)nth;
}

/* How a chain stands that a broker names: of this store or not. */
enum chain_sort { CHAIN_STRANGE, CHAIN_CURRENT, CHAIN_FORMER };

static enum chain_sort sort_of(struct tb_node *node, struct tb_bytes chain)
{
    struct sqlite3_stmt *sql = TB_SQL(node, OWN_CHAIN_FIND);
    enum chain_sort sort = CHAIN_STRANGE;
    if (tb_db_one(node->db, sql, "b", chain)) {
        sort = tb_db_int(sql, 0) != 0 ? CHAIN_CURRENT : CHAIN_FORMER;
    }
    tb_db_done(sql);
    return sort;
}

static void say_opened(struct tb_node *node, const struct tb_at *at, enum tb_world world,
                       const uint8_t chain[TB_CHAIN_BYTES], const struct tb_id *head,
                       const char *reason)
{
    char hex[2 * TB_CHAIN_BYTES + 1];
    tb_hex(hex, tb_bytes_of(chain, TB_CHAIN_BYTES));
    tb_outbox_note(at->out, TB_NOTE_CHAIN_NEW, hex, reason);
    struct tb_happening happening = {
        .kind = TB_STREAM_CHAIN,
        .id = head,
        .office = node->config.office,
        .world = world,
        .text = reason,
    };
    tb_views_happen(node, at, &happening);
}

/* ${head} of this office is unknown here: the store of ${world} was rolled back,
 * copied, or made anew. A new store that has said nothing yet only notes what it
 * continues; any other opens a new chain. */
static void part(struct tb_node *node, const struct tb_at *at, enum tb_world world,
                 enum chain_sort sort, const struct tb_id *head)
{
    struct tb_chain_place place;
    uint8_t chain[TB_CHAIN_BYTES];
    tb_chain_place(node, world, &place);
    struct tb_bytes continues = tb_bytes_of(head->byte, TB_ID_BYTES);
    if (sort == CHAIN_STRANGE && place.seq == 1) {
        if (!place.continued) {
            tb_db_do(node->db, TB_SQL(node, OWN_CHAIN_CONTINUES), "bb", continues,
                     tb_bytes_of(place.chain, TB_CHAIN_BYTES));
            say_opened(node, at, world, place.chain, head, "store made anew");
        }
        return;
    }
    open_chain(node, at->seed, world, continues, chain);
    say_opened(node, at, world, chain, head, "store rolled back or copied");
}

/* Remember a chain that another store of this office made, so that it is news
 * only once. */
static void remember(struct tb_node *node, const Tongbao__ChainHead *head)
{
    struct tb_bytes chain = tb_wire_bytes(head->chain);
    tb_db_do(node->db, TB_SQL(node, OWN_CHAIN_STRANGE), "bi", chain, (int64_t)head->world);
}

/* ${id}, an own head, is not here: asked for until it has come, by a bounded list. False
 * when it stands in the list of what is asked for anyway. */
static bool lack(struct tb_node *node, const struct tb_at *at, const struct tb_id *id)
{
    struct sqlite3_stmt *sql = TB_SQL(node, LACKING_HAS);
    bool listed = tb_db_one(node->db, sql, "d", id);
    tb_db_done(sql);
    if (!listed) {
        tb_db_do(node->db, TB_SQL(node, LACKING_ADD_HEAD), "dii", id, at->now->wall.ms,
                 (int64_t)TB_LACKING_HEADS_MAX);
    }
    return !listed;
}

size_t tb_chain_compare(struct tb_node *node, const struct tb_at *at,
                        Tongbao__ChainHead *const *heads, size_t heads_count, struct tb_id *lacking,
                        size_t lacking_max)
{
    bool parted[TB_WORLD_TEST + 1] = {false};
    size_t count = 0;
    for (size_t i = 0; i < heads_count; i++) {
        struct tb_found found;
        struct tb_id id;
        const Tongbao__ChainHead *head = heads[i];
        bool world = head->world >= TONGBAO__WORLD__ACTUAL && head->world <= TONGBAO__WORLD__TEST;
        if (!world || !tb_id_take(&id, tb_wire_bytes(head->id)) ||
            tb_ledger_find(node, &id, &found)) {
            continue;
        }
        if (lack(node, at, &id) && count < lacking_max) {
            lacking[count++] = id;
        }
        enum chain_sort sort = sort_of(node, tb_wire_bytes(head->chain));
        if (sort == CHAIN_STRANGE) {
            remember(node, head);
        }
        if (sort != CHAIN_FORMER && !parted[head->world]) {
            parted[head->world] = true;
            part(node, at, (enum tb_world)head->world, sort, &id);
        }
    }
    return count;
}

size_t tb_chain_lacking(struct tb_node *node, const struct tb_id *after, struct tb_id *lacking,
                        size_t lacking_max)
{
    struct sqlite3_stmt *sql = TB_SQL(node, LACKING_LIST);
    size_t count = 0;
    tb_db_ask(node->db, sql, "di", after, (int64_t)lacking_max);
    while (tb_db_next(node->db, sql)) {
        tb_assert(count < lacking_max);
        count += tb_db_id(sql, 0, &lacking[count]) ? 1 : 0;
    }
    return count;
}

void tb_chain_renew(struct tb_node *node, const struct tb_at *at, const char *reason)
{
    for (int world = TB_WORLD_ACTUAL; world <= TB_WORLD_TEST; world++) {
        struct tb_chain_place place;
        uint8_t chain[TB_CHAIN_BYTES];
        tb_chain_place(node, (enum tb_world)world, &place);
        struct tb_bytes continues = tb_bytes_of(NULL, 0);
        if (place.seq > 1) {
            continues = tb_bytes_of(place.previous.byte, TB_ID_BYTES);
        } else if (place.continued) {
            continues = tb_bytes_of(place.continues.byte, TB_ID_BYTES);
        }
        open_chain(node, at->seed, (enum tb_world)world, continues, chain);
        say_opened(node, at, (enum tb_world)world, chain,
                   continues.size > 0 ? (place.seq > 1 ? &place.previous : &place.continues) : NULL,
                   reason);
    }
}
