#include "broker/core/store.h"

#include <string.h>

#include "base/fault.h"
#include "proto/envelope.h"

enum { APPLICATION_ID = 0x54426272 }; /* 'TBbr' */

/* schema.sql, embedded; its bytes end with a NUL. */
extern const unsigned char tb_broker_schema_sql[];

enum { GET, PUT, STMTS };

static const char *const texts[STMTS] = {
    [GET] = "SELECT value FROM meta WHERE key = ?",
    [PUT] = "INSERT INTO meta (key, value) VALUES (?, ?)",
};

const struct tb_db_schema *tb_broker_store_schema(void)
{
    static const char *const steps[] = {(const char *)tb_broker_schema_sql};
    static const struct tb_db_schema schema = {APPLICATION_ID, steps, 1};
    return &schema;
}

static void make(struct tb_db *db, struct sqlite3_stmt *put, const char *name,
                 const uint8_t seed[TB_SEED_BYTES], uint8_t epoch[TB_BROKER_EPOCH_BYTES])
{
    tb_draw(epoch, TB_BROKER_EPOCH_BYTES, seed, "broker epoch");
    tb_db_do(db, put, "tb", "epoch", tb_bytes_of(epoch, TB_BROKER_EPOCH_BYTES));
    tb_db_do(db, put, "tb", "name", tb_bytes_text(name));
}

enum tb_status tb_broker_store_own(struct tb_db *db, const char *name,
                                   const uint8_t seed[TB_SEED_BYTES],
                                   uint8_t epoch[TB_BROKER_EPOCH_BYTES], struct tb_diag *diag)
{
    struct sqlite3_stmt *stmts[STMTS];
    enum tb_status status = TB_OK;
    tb_db_prepare(db, texts, stmts, STMTS);
    tb_db_begin(db);
    bool made = tb_db_one(db, stmts[GET], "t", "epoch");
    if (made) {
        struct tb_bytes bytes = tb_db_bytes(stmts[GET], 0);
        tb_assert(bytes.size == TB_BROKER_EPOCH_BYTES);
        memcpy(epoch, bytes.data, bytes.size);
    }
    tb_db_done(stmts[GET]);
    if (!made) {
        make(db, stmts[PUT], name, seed, epoch);
    } else if (tb_db_one(db, stmts[GET], "t", "name") &&
               !tb_bytes_equal(tb_db_bytes(stmts[GET], 0), tb_bytes_text(name))) {
        struct tb_bytes other = tb_db_bytes(stmts[GET], 0);
        tb_diag_set(diag, 0,
                    "this store belongs to the broker %.*s, not to %s: give each broker "
                    "a data folder of its own",
                    (int)other.size, (const char *)other.data, name);
        status = TB_CONFLICT;
    }
    tb_db_done(stmts[GET]);
    tb_db_commit(db);
    tb_db_unprepare(stmts, STMTS);
    return status == TB_OK ? db->status : status;
}
