#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "census.h"
#include "content.h"
#include "life_node.h"
#include "proof.h"

static struct fixture fix;
static struct desk desk;

/* Every envelope is what its id says, and signed by whoever the directory says. */
static bool envelopes_verify(struct desk *next)
{
    struct tb_ledger_row row = {0};
    while (tb_query_ledger(next->node, row.n, &row)) {
        struct tb_envelope envelope;
        if (tb_envelope_read(&envelope, row.bytes) != TB_OK ||
            !tb_id_equal(&envelope.id, &row.id)) {
            return false;
        }
        const Tongbao__Key *key = tb_directories_signer(next->set, &envelope);
        if (key == NULL || tb_envelope_verify(&envelope, key->sign.data) != TB_OK) {
            return false;
        }
    }
    return true;
}

/* The questions that count what must not be. */
static const char *const never[] = {
    /* A receipt of this office for what it does not have. */
    "SELECT count(*) FROM receipt t JOIN ledger l ON l.n = t.n WHERE l.own = 1"
    " AND NOT EXISTS (SELECT 1 FROM ledger e WHERE e.id = t.id)",
    /* A request that was answered with an envelope that is not here. */
    "SELECT count(*) FROM request q WHERE length(q.envelope) = 32"
    " AND NOT EXISTS (SELECT 1 FROM ledger e WHERE e.id = q.envelope)",
    /* A chain of this store whose head is not here. */
    "SELECT count(*) FROM own_chain c WHERE length(c.head) = 32"
    " AND NOT EXISTS (SELECT 1 FROM ledger e WHERE e.id = c.head)",
};

/* A cursor stands at what was stored, parked or refused, or at bytes that nobody signed
 * and that leave no trace. */
static bool cursors_follow(struct desk *next)
{
    static const char sql[] =
        "SELECT c.id FROM cursor c WHERE NOT EXISTS (SELECT 1 FROM ledger l WHERE l.id = c.id)"
        " AND NOT EXISTS (SELECT 1 FROM parked p WHERE p.id = c.id)"
        " AND NOT EXISTS (SELECT 1 FROM refused r WHERE r.id = c.id) ORDER BY c.broker, c.lane";
    sqlite3_stmt *stmt = NULL;
    bool follow = true;
    assert_int_equal(sqlite3_prepare_v2(next->db.handle, sql, -1, &stmt, NULL), SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        struct tb_id id;
        follow = follow && tb_db_id(stmt, 0, &id) && life_node_spoilt(&id);
    }
    sqlite3_finalize(stmt);
    return follow;
}

static bool views_are_the_ledgers(struct desk *next)
{
    struct tb_id kept;
    struct tb_id made;
    content_digest(next->db.handle, &kept);
    tb_db_begin(&next->db);
    bool done = tb_node_rebuild(next->node) == TB_OK;
    tb_db_commit(&next->db);
    content_digest(next->db.handle, &made);
    return done && tb_id_equal(&kept, &made);
}

/* The next process starts from it, and finds nothing that must not be. */
static bool judge(void *context, const char *path)
{
    static struct desk next;
    const uint32_t *office = context;
    bool good = true;
    desk_start(&next, &fix, *office, (struct desk_make){.path = path, .bare = true});
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++) {
        if (desk_sql(&next, never[i]) != 0) {
            print_error("not 0: %s\n", never[i]);
            good = false;
        }
    }
    if (!cursors_follow(&next)) {
        print_error("a cursor is ahead of the ledger\n");
        good = false;
    }
    if (!envelopes_verify(&next)) {
        print_error("an envelope does not verify\n");
        good = false;
    }
    if (!views_are_the_ledgers(&next)) {
        print_error("the views are not those of the ledger\n");
        good = false;
    }
    desk_close(&next);
    return good;
}

static const struct census_excuse excused[] = {
    {"DELETE FROM parked WHERE k = (SELECT min(k) FROM parked WHERE bytes IS NULL)",
     "runs when 100 000 ids are parked: too many for this past"},
    {"ROLLBACK", "SQLite has rolled back by itself when the disk is full at COMMIT"},
};

/* Live ${life} as ${office} and cut its power everywhere. */
static void prove(uint32_t office, void (*life)(struct desk *, struct fixture *, struct tb_disk *))
{
    struct past past;
    struct proof proof;
    struct tb_disk *disk = tb_disk_new("node");
    const struct subject subject = {.file = "store.db",
                                    .schema = tb_node_schema(),
                                    .judge = judge,
                                    .context = &office,
                                    .draws = 1};
    past_begin(&past, disk, NULL);
    life(&desk, &fix, disk);
    past_end(&past);
    print_message("%zu moments, %zu entries\n", past.count, tb_disk_log_count(past.log));
    bool held = proof_run(&proof, &past, &subject);
    print_message("%zu points, %zu cuts, %zu images opened, %zu moments judged, %zu kills\n",
                  proof.points, proof.cuts, proof.images, proof.moments, proof.kills);
    assert_true(held);
    past_free(&past);
    tb_disk_free(disk);
}

static void i1_i4_no_power_cut_costs_a_county_what_it_answered(void **state)
{
    (void)state;
    prove(LIFE_OFFICE, life_node);
}

static void i1_i4_no_power_cut_costs_a_province_what_it_answered(void **state)
{
    (void)state;
    prove(LIFE_PROVINCE, life_province);
}

static void both_lives_run_every_statement(void **state)
{
    (void)state;
    print_message("%zu of %zu statements run\n", census_run(), census_known());
    assert_true(census_complete(excused, sizeof excused / sizeof excused[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(i1_i4_no_power_cut_costs_a_county_what_it_answered),
        cmocka_unit_test(i1_i4_no_power_cut_costs_a_province_what_it_answered),
        cmocka_unit_test(both_lives_run_every_statement),
    };
    tb_disk_install();
    return cmocka_run_group_tests_name("store: node", tests, NULL, NULL);
}
