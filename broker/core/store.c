#include "broker/core/store.h"

#include <string.h>

#include "base/fault.h"
#include "broker/core/epochs.h"
#include "proto/envelope.h"

enum { APPLICATION_ID = 0x54426272 }; /* 'TBbr' */

/* schema.sql, embedded; its bytes end with a NUL. */
extern const unsigned char tb_broker_schema_sql[];
extern const unsigned char tb_broker_schema_2_sql[];

enum { GET, PUT, STMTS };

static const char *const texts[STMTS] = {
    [GET] = "SELECT value FROM meta WHERE key = 'name'",
    [PUT] = "INSERT INTO meta (key, value) VALUES ('name', ?)",
};

const struct tb_db_schema *tb_broker_store_schema(void)
{
    static const char *const steps[] = {(const char *)tb_broker_schema_sql,
                                        (const char *)tb_broker_schema_2_sql};
    static const struct tb_db_schema schema = {APPLICATION_ID, steps, sizeof steps / sizeof *steps};
    return &schema;
}

/* Whose store it is: made ${name}'s when it is new, which ${fresh} says. */
static enum tb_status own(struct tb_db *db, const char *name, bool *fresh, struct tb_diag *diag)
{
    struct sqlite3_stmt *stmts[STMTS];
    enum tb_status status = TB_OK;
    tb_db_prepare(db, texts, stmts, STMTS);
    *fresh = !tb_db_one(db, stmts[GET], "");
    if (!*fresh && !tb_bytes_equal(tb_db_bytes(stmts[GET], 0), tb_bytes_text(name))) {
        struct tb_bytes other = tb_db_bytes(stmts[GET], 0);
        tb_diag_set(diag, 0,
                    "this store belongs to the broker %.*s, not to %s: give each broker "
                    "a data folder of its own",
                    (int)other.size, (const char *)other.data, name);
        status = TB_CONFLICT;
    }
    tb_db_done(stmts[GET]);
    if (*fresh) {
        tb_db_do(db, stmts[PUT], "b", tb_bytes_text(name));
    }
    tb_db_unprepare(stmts, STMTS);
    return status;
}

enum tb_status tb_broker_store_own(struct tb_db *db, const char *name,
                                   const uint8_t seed[TB_SEED_BYTES], struct tb_broker_epoch *epoch,
                                   struct tb_diag *diag)
{
    struct tb_epochs *epochs = tb_epochs_new(db);
    bool fresh;
    tb_db_begin(db);
    enum tb_status status = own(db, name, &fresh, diag);
    *epoch = (struct tb_broker_epoch){.k = tb_epochs_last(epochs) + 1};
    tb_draw(epoch->name, TB_BROKER_EPOCH_BYTES, seed, "broker epoch");
    if (status == TB_OK) {
        tb_epochs_begin(epochs, epoch);
        tb_epochs_trim(epochs, epoch->k);
    }
    tb_db_commit(db);
    if (db->status == TB_DISKFULL && !fresh) {
        tb_db_rollback(db);
        epoch->unwritten = true;
    }
    tb_epochs_free(epochs);
    return status == TB_OK ? db->status : status;
}
