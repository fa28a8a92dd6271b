#include "content.h"

#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"

enum { TABLES_MAX = 96, SQL_BYTES_MAX = 160 };

static bool reading;

static void add_row(crypto_generichash_state *state, sqlite3_stmt *stmt)
{
    int columns = sqlite3_column_count(stmt);
    for (int i = 0; i < columns; i++) {
        int32_t type = sqlite3_column_type(stmt, i);
        int64_t whole = type == SQLITE_INTEGER ? sqlite3_column_int64(stmt, i) : 0;
        const void *bytes = sqlite3_column_blob(stmt, i);
        int32_t size = type == SQLITE_INTEGER ? 0 : sqlite3_column_bytes(stmt, i);
        crypto_generichash_update(state, (const uint8_t *)&type, sizeof type);
        crypto_generichash_update(state, (const uint8_t *)&whole, sizeof whole);
        crypto_generichash_update(state, (const uint8_t *)&size, sizeof size);
        if (size > 0) {
            crypto_generichash_update(state, bytes, (unsigned long long)size);
        }
    }
}

static void add_rows(crypto_generichash_state *state, sqlite3 *handle, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL);
    tb_assert(code == SQLITE_OK);
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        add_row(state, stmt);
    }
    tb_assert(code == SQLITE_DONE);
    sqlite3_finalize(stmt);
}

/* A table is read in the order of its key. */
static size_t table_queries(sqlite3 *handle, char sql[TABLES_MAX][SQL_BYTES_MAX])
{
    sqlite3_stmt *stmt = NULL;
    size_t count = 0;
    int code =
        sqlite3_prepare_v2(handle,
                           "SELECT l.name, l.wr FROM pragma_table_list l JOIN sqlite_schema s"
                           " ON s.name = l.name AND s.type = 'table' ORDER BY l.name",
                           -1, &stmt, NULL);
    tb_assert(code == SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        tb_assert(count < TABLES_MAX);
        snprintf(sql[count++], SQL_BYTES_MAX,
                 sqlite3_column_int(stmt, 1) != 0
                     ? "SELECT * FROM %s"
                     : "SELECT rowid, * FROM %s NOT INDEXED ORDER BY rowid",
                 (const char *)sqlite3_column_text(stmt, 0));
    }
    sqlite3_finalize(stmt);
    return count;
}

void content_digest(struct sqlite3 *handle, struct tb_id *digest)
{
    static char sql[TABLES_MAX][SQL_BYTES_MAX];
    crypto_generichash_state state;
    reading = true;
    crypto_generichash_init(&state, NULL, 0, TB_ID_BYTES);
    add_rows(&state, handle, "PRAGMA application_id");
    add_rows(&state, handle, "PRAGMA user_version");
    add_rows(&state, handle, "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name");
    size_t tables = table_queries(handle, sql);
    for (size_t i = 0; i < tables; i++) {
        add_rows(&state, handle, sql[i]);
    }
    crypto_generichash_final(&state, digest->byte, TB_ID_BYTES);
    reading = false;
}

bool content_sound(struct sqlite3 *handle)
{
    sqlite3_stmt *stmt = NULL;
    bool sound = false;
    if (sqlite3_prepare_v2(handle, "PRAGMA integrity_check(1)", -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW) {
        const char *said = (const char *)sqlite3_column_text(stmt, 0);
        sound = strcmp(said, "ok") == 0;
        if (!sound) {
            fprintf(stderr, "integrity_check: %s\n", said);
        }
    }
    sqlite3_finalize(stmt);
    return sound;
}

bool content_reading(void)
{
    return reading;
}
