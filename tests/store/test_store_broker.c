#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "broker/core/store.h"
#include "census.h"
#include "life_broker.h"
#include "proof.h"

static struct bench bench;

/* The questions that count what must not be. */
static const char *const never[] = {
    /* Mail without its envelope, an envelope that is done and waits. */
    "SELECT count(*) FROM mailbox m WHERE NOT EXISTS (SELECT 1 FROM envelope e"
    " WHERE e.n = m.envelope_n)",
    "SELECT count(*) FROM envelope e WHERE e.stored_ran_ms IS NOT NULL AND EXISTS"
    " (SELECT 1 FROM mailbox m WHERE m.envelope_n = e.n AND m.stored = 0)",
    /* A number given out beyond the counter, or a counter that counts wrong. */
    "SELECT count(*) FROM mailbox m JOIN lane l ON l.office = m.office AND l.lane = m.lane"
    " WHERE m.seq > l.last_seq",
    "SELECT count(*) FROM lane l WHERE l.waiting <> (SELECT count(*) FROM mailbox m"
    " WHERE m.office = l.office AND m.lane = l.lane AND m.stored = 0)",
    /* What was accepted last lies beyond all positions. */
    "SELECT count(*) FROM accepted WHERE position > (SELECT seq FROM sqlite_sequence"
    " WHERE name = 'envelope')",
    /* A widening whose statement or notice is gone. */
    "SELECT count(*) FROM widened w WHERE NOT EXISTS (SELECT 1 FROM envelope e"
    " WHERE e.n = w.envelope_n) OR NOT EXISTS (SELECT 1 FROM envelope e WHERE e.n = w.statement_n)",
};

/* Every envelope is what its id says, and signed by whoever the directory says. */
static bool envelopes_verify(struct bench *next)
{
    static const char sql[] = "SELECT id, bytes, world FROM envelope ORDER BY n";
    sqlite3_stmt *stmt = NULL;
    bool good = true;
    assert_int_equal(sqlite3_prepare_v2(next->db.handle, sql, -1, &stmt, NULL), SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        struct tb_envelope envelope;
        struct tb_id id;
        good = good && tb_db_id(stmt, 0, &id) &&
               tb_envelope_read(&envelope, tb_db_bytes(stmt, 1)) == TB_OK &&
               tb_id_equal(&envelope.id, &id);
        if (good) {
            const Tongbao__Key *key =
                tb_directories_signer(tb_broker_directories(next->broker), &envelope);
            good = key != NULL && tb_envelope_verify(&envelope, key->sign.data) == TB_OK;
        }
    }
    sqlite3_finalize(stmt);
    return good;
}

/* The next process starts from it, and finds nothing that must not be. */
static bool judge(void *context, const char *path)
{
    static struct bench next;
    bool good = true;
    (void)context;
    next = (struct bench){.fix = bench.fix, .config = bench.config, .now = bench.now};
    bench_open(&next, path, false);
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++) {
        if (bench_sql(&next, never[i]) > 0) {
            print_error("not 0: %s\n", never[i]);
            good = false;
        }
    }
    if (!envelopes_verify(&next)) {
        print_error("an envelope does not verify\n");
        good = false;
    }
    bench_close(&next);
    return good;
}

static const struct census_excuse excused[] = {
    {"ROLLBACK", "SQLite has rolled back by itself when the disk is full at COMMIT"},
    {"DELETE FROM lane_epoch", "runs at the 4097th start"},
    {"DELETE FROM epoch", "the same"},
};

static void i1_i4_no_power_cut_costs_a_broker_what_it_answered(void **state)
{
    struct past past;
    struct proof proof;
    struct tb_disk *disk = tb_disk_new("broker");
    const struct subject subject = {
        .file = "store.db", .schema = tb_broker_store_schema(), .judge = judge, .draws = 1};
    (void)state;
    past_begin(&past, disk, NULL);
    life_broker(&bench, disk);
    past_end(&past);
    print_message("%zu moments, %zu entries, ", past.count, tb_disk_log_count(past.log));
    print_message("%zu of %zu statements run\n", census_run(), census_known());
    assert_true(census_complete(excused, sizeof excused / sizeof excused[0]));
    bool held = proof_run(&proof, &past, &subject);
    print_message("%zu points, %zu cuts, %zu images opened, %zu moments judged, %zu kills\n",
                  proof.points, proof.cuts, proof.images, proof.moments, proof.kills);
    assert_true(held);
    past_free(&past);
    tb_disk_free(disk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(i1_i4_no_power_cut_costs_a_broker_what_it_answered),
    };
    tb_disk_install();
    return cmocka_run_group_tests_name("store: broker", tests, NULL, NULL);
}
