#include "broker/io/shape.h"

#include <jansson.h>
#include <stdio.h>

#include "base/db.h"
#include "base/fault.h"
#include "base/io/clock.h"
#include "base/io/keep.h"
#include "broker/core/store.h"
#include "broker/io/daemon.h"

enum { LANES, DIRECTORIES, STMTS };

static const char *const texts[STMTS] = {
    [LANES] = "SELECT office, lane, last_seq, stored_seq, waiting,"
              " (SELECT e.admitted_ms FROM mailbox m JOIN envelope e ON e.n = m.envelope_n"
              " WHERE m.stored = 0 AND m.office = l.office AND m.lane = l.lane"
              " ORDER BY m.seq LIMIT 1) FROM lane l ORDER BY office, lane",
    [DIRECTORIES] = "SELECT prefix, max(version), count(*) FROM directory"
                    " GROUP BY prefix ORDER BY prefix",
};

struct lane_row {
    uint32_t office;
    int lane;
    int64_t last;
    int64_t stored;
    int64_t waiting;
    int64_t oldest_s; /* -1: nothing waits */
};

static void take_row(struct sqlite3_stmt *stmt, const struct tb_now *now, struct lane_row *row)
{
    row->office = (uint32_t)tb_db_int(stmt, 0);
    row->lane = (int)tb_db_int(stmt, 1);
    row->last = tb_db_int(stmt, 2);
    row->stored = tb_db_int(stmt, 3);
    row->waiting = tb_db_int(stmt, 4);
    row->oldest_s = tb_db_null(stmt, 5) ? -1 : (now->wall.ms - tb_db_int(stmt, 5)) / 1000;
}

static void print_lane(const struct lane_row *row)
{
    printf("%06u  %4d  %10lld  %10lld  %8lld", row->office, row->lane, (long long)row->last,
           (long long)row->stored, (long long)row->waiting);
    if (row->oldest_s < 0) {
        printf("  %10s\n", "-");
    } else {
        printf("  %9llds\n", (long long)row->oldest_s);
    }
}

static void print_text(struct tb_db *db, struct sqlite3_stmt **stmts, const struct tb_now *now)
{
    printf("office  lane    last seq      stored   waiting      oldest\n");
    tb_db_ask(db, stmts[LANES], "");
    while (tb_db_next(db, stmts[LANES])) {
        struct lane_row row;
        take_row(stmts[LANES], now, &row);
        print_lane(&row);
    }
    printf("\ndirectory   version   kept\n");
    tb_db_ask(db, stmts[DIRECTORIES], "");
    while (tb_db_next(db, stmts[DIRECTORIES])) {
        printf("%9lld  %8lld  %5lld\n", (long long)tb_db_int(stmts[DIRECTORIES], 0),
               (long long)tb_db_int(stmts[DIRECTORIES], 1),
               (long long)tb_db_int(stmts[DIRECTORIES], 2));
    }
}

static void add(json_t *list, json_t *item)
{
    int rc = json_array_append_new(list, item);
    tb_assert(rc == 0);
}

/* Numbers that may pass 2^53 are written as text. */
static json_t *lane_json(const struct lane_row *row)
{
    char office[16];
    char last[24];
    char stored[24];
    snprintf(office, sizeof office, "%06u", row->office);
    snprintf(last, sizeof last, "%lld", (long long)row->last);
    snprintf(stored, sizeof stored, "%lld", (long long)row->stored);
    return json_pack("{s:s, s:i, s:s, s:s, s:I, s:o}", "office", office, "lane", row->lane,
                     "last_seq", last, "stored_seq", stored, "waiting", (json_int_t)row->waiting,
                     "oldest_s",
                     row->oldest_s < 0 ? json_null() : json_integer((json_int_t)row->oldest_s));
}

static void print_json(struct tb_db *db, struct sqlite3_stmt **stmts, const struct tb_now *now,
                       const char *name)
{
    json_t *lanes = json_array();
    json_t *directories = json_array();
    tb_db_ask(db, stmts[LANES], "");
    while (tb_db_next(db, stmts[LANES])) {
        struct lane_row row;
        take_row(stmts[LANES], now, &row);
        add(lanes, lane_json(&row));
    }
    tb_db_ask(db, stmts[DIRECTORIES], "");
    while (tb_db_next(db, stmts[DIRECTORIES])) {
        char version[24];
        snprintf(version, sizeof version, "%lld", (long long)tb_db_int(stmts[DIRECTORIES], 1));
        add(directories,
            json_pack("{s:I, s:s}", "prefix", (json_int_t)tb_db_int(stmts[DIRECTORIES], 0),
                      "version", version));
    }
    json_t *json =
        json_pack("{s:s, s:o, s:o}", "broker", name, "lanes", lanes, "directories", directories);
    tb_assert(json != NULL);
    json_dumpf(json, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(json);
}

enum tb_status tb_shape_print(const struct tb_settings *settings, bool json, struct tb_diag *diag)
{
    struct sqlite3_stmt *stmts[STMTS];
    struct tb_db db;
    enum tb_status status =
        tb_keep_reader(&db, settings->data, TB_DAEMON_STORE_NAME, tb_broker_store_schema(), diag);
    if (status != TB_OK) {
        return status;
    }
    struct tb_now now = tb_clock_read();
    tb_db_prepare(&db, texts, stmts, STMTS);
    if (json) {
        print_json(&db, stmts, &now, settings->name);
    } else {
        print_text(&db, stmts, &now);
    }
    status = db.status;
    tb_db_unprepare(stmts, STMTS);
    tb_db_close(&db);
    return status;
}
