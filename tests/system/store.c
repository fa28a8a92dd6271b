#include "tests/system/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/bytes.h"

static sqlite3 *open_store(struct tb_world *world, const char *name, int flags)
{
    const struct tb_place *place = tb_world_place(world, name);
    char path[TB_WORLD_PATH_BYTES_MAX + 32];
    sqlite3 *db = NULL;
    assert_int_equal(place->child.pid, 0);
    snprintf(path, sizeof path, "%s/%s", place->folder,
             place->office ? TB_SYSTEM_NODE_STORE : TB_SYSTEM_BROKER_STORE);
    if (sqlite3_open_v2(path, &db, flags, NULL) != SQLITE_OK) {
        fail_msg("%s: %s", path, sqlite3_errmsg(db));
    }
    return db;
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) {
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    }
    return statement;
}

int64_t tb_store_number(struct tb_world *world, const char *name, const char *sql, const char *id)
{
    sqlite3 *db = open_store(world, name, SQLITE_OPEN_READONLY);
    sqlite3_stmt *statement = prepare(db, sql);
    uint8_t bytes[TB_ID_BYTES];
    if (id != NULL) {
        assert_true(tb_unhex(bytes, sizeof bytes, id));
        sqlite3_bind_blob(statement, 1, bytes, sizeof bytes, SQLITE_STATIC);
    }
    if (sqlite3_step(statement) != SQLITE_ROW) {
        fail_msg("%s: no row: %s", sql, sqlite3_errmsg(db));
    }
    int64_t number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return number;
}

void tb_store_each(struct tb_world *world, const char *name, const char *sql,
                   void (*each)(void *context, const char *hex), void *context)
{
    sqlite3 *db = open_store(world, name, SQLITE_OPEN_READONLY);
    sqlite3_stmt *statement = prepare(db, sql);
    int step;
    while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
        char hex[2 * TB_ID_BYTES + 1];
        struct tb_bytes blob = tb_bytes_of(sqlite3_column_blob(statement, 0),
                                           (size_t)sqlite3_column_bytes(statement, 0));
        assert_int_equal(blob.size, TB_ID_BYTES);
        tb_hex(hex, blob);
        each(context, hex);
    }
    if (step != SQLITE_DONE) {
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    }
    sqlite3_finalize(statement);
    sqlite3_close(db);
}

void tb_store_change(struct tb_world *world, const char *name, const char *sql)
{
    sqlite3 *db = open_store(world, name, SQLITE_OPEN_READWRITE);
    char *error = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK) {
        fail_msg("%s: %s", sql, error);
    }
    sqlite3_close(db);
}
