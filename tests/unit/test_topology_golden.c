#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topology/csv.h"
#include "topology/data.h"
#include "topology/rule.h"

/*
 * The whole rule, twice over: against reviewed files
 * (tests/golden/who, written anew when TB_GOLDEN_WRITE is set), and against a
 * second computation, in recursive SQL over the same tables.
 */
enum { GOLDEN_BYTES_MAX = 4 * 1024 * 1024, KEYS_MAX = 256 };

static struct tb_rivers *rivers;
static struct tb_rule_row rows[TB_RULE_ROWS_MAX];
static size_t count;
static sqlite3 *db;

static const char *level_word(enum tb_level level)
{
    static const char *const words[] = {"county", "city", "province"};
    return words[level];
}

static void ask(uint32_t origin, const char *river, enum tb_direction direction)
{
    struct tb_diag diag = {0};
    enum tb_status status =
        tb_rule_who(rivers, origin, river, direction, rows, TB_RULE_ROWS_MAX, &count, &diag);
    if (status != TB_OK) {
        fail_msg("%u: %s", origin, diag.text);
    }
}

/* One question and its answer; the rows name their rivers where they may differ. */
static void write_answer(struct tb_buf *buf, uint32_t origin, const char *river,
                         enum tb_direction direction)
{
    ask(origin, river, direction);
    assert_int_equal(tb_buf_print(buf, "%06u %s %s %s\n", origin, tb_rivers_name(rivers, origin),
                                  river != NULL ? river : "*",
                                  direction == TB_DOWN ? "down" : "up"),
                     TB_OK);
    for (size_t i = 0; i < count; i++) {
        const struct tb_rule_row *row = &rows[i];
        if (river != NULL) {
            assert_string_equal(row->river, river);
        }
        assert_int_equal(
            tb_buf_print(buf, "  %u %s %06u %s%s%s%s | %s\n", row->hops, level_word(row->level),
                         row->code, row->name, row->required ? "" : " (not required)",
                         river != NULL ? "" : " | ", river != NULL ? "" : row->river, row->clause),
            TB_OK);
    }
}

/* Compare ${buf} with the golden file ${name}, or write it there. */
static void compare(struct tb_buf *buf, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "tests/golden/who/%s", name);
    if (getenv("TB_GOLDEN_WRITE") != NULL) {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(buf->data, 1, buf->size, file), buf->size);
        assert_int_equal(fclose(file), 0);
    }
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *golden = malloc(GOLDEN_BYTES_MAX);
    assert_non_null(golden);
    size_t size = fread(golden, 1, GOLDEN_BYTES_MAX, file);
    fclose(file);
    size_t line = 1;
    size_t at = 0;
    while (at < size && at < buf->size && golden[at] == (char)buf->data[at]) {
        line += golden[at] == '\n';
        at++;
    }
    if (at < size || at < buf->size) {
        fail_msg("%s:%zu differs; look at it, and run the test with TB_GOLDEN_WRITE=1 if the new "
                 "answer is right",
                 path, line);
    }
    free(golden);
    tb_buf_fini(buf);
}

static void golden_states(enum tb_direction direction, const char *name)
{
    struct tb_buf buf;
    size_t divisions;
    size_t states = 0;
    const struct tb_division *d = tb_rivers_divisions(rivers, &divisions);
    tb_buf_init(&buf, GOLDEN_BYTES_MAX);
    for (size_t i = 0; i < divisions; i++) {
        const char *keys[KEYS_MAX];
        size_t key_count;
        if (d[i].level != TB_LEVEL_COUNTY) {
            continue;
        }
        assert_int_equal(tb_rivers_of(rivers, d[i].code, keys, KEYS_MAX, &key_count), TB_OK);
        for (size_t k = 0; k < key_count; k++) {
            write_answer(&buf, d[i].code, keys[k], direction);
            states++;
        }
    }
    /* 181 that reaches touch, and (河津, 黄河) with a facing bank alone. */
    assert_int_equal(states, 182);
    compare(&buf, name);
}

static void every_state_tells_down_as_reviewed(void **state)
{
    (void)state;
    golden_states(TB_DOWN, "down.txt");
}

static void every_state_asks_up_as_reviewed(void **state)
{
    (void)state;
    golden_states(TB_UP, "up.txt");
}

static void every_office_without_a_river_is_as_reviewed(void **state)
{
    (void)state;
    struct tb_buf buf;
    size_t divisions;
    const struct tb_division *d = tb_rivers_divisions(rivers, &divisions);
    tb_buf_init(&buf, GOLDEN_BYTES_MAX);
    for (size_t i = 0; i < divisions; i++) {
        if (d[i].office) {
            write_answer(&buf, d[i].code, NULL, TB_DOWN);
            write_answer(&buf, d[i].code, NULL, TB_UP);
        }
    }
    compare(&buf, "offices.txt");
}

/* ---- the second computation ---- */

static void run(const char *sql)
{
    char *why = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK) {
        fail_msg("%s", why);
    }
}

/* Load the ${columns} of one table into the SQL table that ${insert} fills. */
static void fill(const char *name, const char *const columns[], size_t column_count,
                 const char *insert)
{
    static struct tb_csv csv;
    size_t files;
    size_t place[8];
    const struct tb_rivers_file *file = tb_data_files(&files);
    while (strcmp(file->name, name) != 0) {
        file++;
    }
    sqlite3_stmt *stmt;
    assert_int_equal(sqlite3_prepare_v2(db, insert, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(tb_csv_open(&csv, name, file->bytes, NULL), TB_OK);
    assert_int_equal(tb_csv_columns(&csv, columns, column_count, place), TB_OK);
    for (;;) {
        bool more;
        assert_int_equal(tb_csv_next(&csv, &more), TB_OK);
        if (!more) {
            break;
        }
        for (size_t i = 0; i < column_count; i++) {
            sqlite3_bind_text(stmt, (int)i + 1, tb_csv_field(&csv, place[i]), -1, SQLITE_TRANSIENT);
        }
        assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
        sqlite3_reset(stmt);
    }
    sqlite3_finalize(stmt);
}

static const char schema[] =
    "CREATE TABLE division(code INTEGER PRIMARY KEY, level TEXT, parent INTEGER, office TEXT);"
    "CREATE TABLE river(nth INTEGER PRIMARY KEY, key TEXT UNIQUE, into_key TEXT);"
    "CREATE TABLE reach(f INTEGER, t INTEGER, key TEXT);"
    "CREATE TABLE pair(a INTEGER, b INTEGER, keys TEXT);";

static const char derived[] =
    /* u passes into l, over however many. */
    "CREATE TABLE passes AS WITH RECURSIVE p(u, l) AS (SELECT nth, nth FROM river UNION "
    "  SELECT p.u, below.nth FROM p JOIN river r ON r.nth = p.l JOIN river below "
    "  ON below.key = r.into_key) SELECT u, l FROM p;"
    /* Which city and province each county has. */
    "CREATE TABLE home AS SELECT c.code AS county, c.office AS office, "
    "  c.code / 10000 * 10000 AS province, "
    "  CASE p.office WHEN 'yes' THEN p.code ELSE c.code / 10000 * 10000 END AS city "
    "  FROM division c JOIN division p ON p.code = c.parent WHERE c.level = 'county';"
    "CREATE UNIQUE INDEX home_county ON home(county);"
    "CREATE TABLE bank AS WITH RECURSIVE s(a, b, key, rest) AS ("
    "  SELECT a, b, '', keys || ';' FROM pair UNION ALL "
    "  SELECT a, b, substr(rest, 1, instr(rest, ';') - 1), substr(rest, instr(rest, ';') + 1) "
    "  FROM s WHERE rest <> '') "
    "  SELECT a AS c, b AS d, nth FROM s JOIN river USING (key) UNION "
    "  SELECT b, a, nth FROM s JOIN river USING (key);"
    "CREATE TABLE state AS SELECT f AS c, nth AS r FROM reach JOIN river USING (key) UNION "
    "  SELECT t, nth FROM reach JOIN river USING (key) UNION SELECT c, nth FROM bank;"
    /* One hop from (c, r) to (d, s), in both directions. */
    "CREATE TABLE hop AS "
    "  SELECT 'down' AS dir, state.c, state.r, reach.t AS d, river.nth AS s FROM state "
    "  JOIN passes ON u = state.r JOIN river ON river.nth = l "
    "  JOIN reach ON reach.f = state.c AND reach.key = river.key UNION "
    "  SELECT 'up', state.c, state.r, reach.f, river.nth FROM state "
    "  JOIN passes ON l = state.r JOIN river ON river.nth = u "
    "  JOIN reach ON reach.t = state.c AND reach.key = river.key;"
    "CREATE INDEX hop_from ON hop(dir, c, r);"
    "CREATE TABLE face AS "
    "  SELECT 'down' AS dir, state.c, state.r, bank.d FROM state JOIN passes ON u = state.r "
    "  JOIN bank ON bank.c = state.c AND bank.nth = l UNION "
    "  SELECT 'up', state.c, state.r, bank.d FROM state JOIN passes ON l = state.r "
    "  JOIN bank ON bank.c = state.c AND bank.nth = u;"
    "CREATE INDEX face_from ON face(dir, c, r);";

/* ?1 origin, ?2 key or NULL, ?3 direction. */
static const char question[] =
    "WITH RECURSIVE "
    /* The counties the origin stands for, at each of its levels. */
    "terr(lev, c) AS (SELECT 'county', county FROM home WHERE county = ?1 UNION ALL "
    "  SELECT 'city', county FROM home WHERE city = ?1 UNION ALL "
    "  SELECT 'province', county FROM home WHERE province = ?1), "
    "me(city, province) AS (SELECT city, province FROM home WHERE county = ?1 UNION ALL "
    "  SELECT NULL, ?1 / 10000 * 10000 WHERE ?1 % 100 = 0), "
    "walk(lev, k, c, r) AS (SELECT lev, r, c, r FROM terr JOIN state USING (c) "
    "  WHERE ?2 IS NULL OR r = (SELECT nth FROM river WHERE key = ?2) UNION "
    "  SELECT walk.lev, k, hop.d, hop.s FROM walk JOIN hop ON hop.dir = ?3 AND hop.c = walk.c "
    "  AND hop.r = walk.r JOIN terr ON terr.lev = walk.lev AND terr.c = hop.d), "
    "hit(lev, k, d, how) AS ("
    "  SELECT lev, k, hop.d, 'N' FROM walk JOIN hop ON hop.dir = ?3 AND hop.c = walk.c "
    "  AND hop.r = walk.r UNION "
    "  SELECT lev, k, face.d, 'F' FROM walk JOIN face ON face.dir = ?3 AND face.c = walk.c "
    "  AND face.r = walk.r), "
    "out_hit(lev, k, d, how) AS (SELECT * FROM hit WHERE NOT EXISTS "
    "  (SELECT 1 FROM terr WHERE terr.lev = hit.lev AND terr.c = hit.d)), "
    "near(d, hops) AS (SELECT d, MAX(how = 'N') FROM out_hit GROUP BY d), "
    /* Onwards through the counties of the origin's own city. */
    "city_walk(k, c, r) AS (SELECT r, c, r FROM state WHERE c = ?1 AND "
    "  (?2 IS NULL OR r = (SELECT nth FROM river WHERE key = ?2)) UNION "
    "  SELECT k, hop.d, hop.s FROM city_walk JOIN hop ON hop.dir = ?3 AND hop.c = city_walk.c "
    "  AND hop.r = city_walk.r JOIN home ON home.county = hop.d JOIN me ON home.city = me.city), "
    "told(code, k, hops, flag) AS ("
    /* Counties. */
    "  SELECT d, k, hops, how FROM out_hit JOIN near USING (d) JOIN home ON county = d "
    "  WHERE lev = 'county' AND office = 'yes' UNION ALL "
    /* Their cities, or for a city or province as origin those of its level. */
    "  SELECT CASE lev WHEN 'province' THEN home.province ELSE home.city END, k, hops, x.flag "
    "  FROM out_hit JOIN near USING (d) JOIN home ON county = d JOIN me "
    "  JOIN (SELECT 'N' AS flag UNION SELECT 'F' UNION SELECT 'S' UNION SELECT 'A') x "
    "  WHERE (lev <> 'county' OR home.city <> me.city) AND "
    "  (x.flag = how OR x.flag = 'S' OR (x.flag = 'A' AND home.province <> me.province)) "
    "  UNION ALL "
    /* Where the way through the own city leaves the province; 9: if nothing
     * nearer brings the city in. */
    "  SELECT home.city, k, 9, 'A' FROM city_walk JOIN hop ON hop.dir = ?3 "
    "  AND hop.c = city_walk.c AND hop.r = city_walk.r JOIN home ON county = hop.d JOIN me "
    "  WHERE home.province <> me.province UNION ALL "
    /* Superiors, for each of the origin's rivers or for none. */
    "  SELECT me.city, k, 0, 'C' FROM me LEFT JOIN (SELECT DISTINCT k FROM walk) "
    "  WHERE ?1 % 100 <> 0 UNION ALL "
    "  SELECT me.province, k, 0, 'P' FROM me LEFT JOIN (SELECT DISTINCT k FROM walk) "
    "  WHERE ?1 % 10000 <> 0) "
    "SELECT code, level, CASE MIN(hops) WHEN 9 THEN 1 ELSE MIN(hops) END AS hops, "
    "  COALESCE((SELECT group_concat(key, '、') FROM (SELECT DISTINCT nth, key FROM told t "
    "    JOIN river ON nth = t.k WHERE t.code = told.code ORDER BY nth)), ''), "
    "  MAX(flag = 'N'), MAX(flag = 'F'), MAX(flag = 'S'), MAX(flag = 'A'), MAX(flag = 'C'), "
    "  MAX(flag = 'P') "
    "FROM told JOIN division USING (code) GROUP BY code "
    "ORDER BY 3, CASE level WHEN 'county' THEN 0 WHEN 'city' THEN 1 ELSE 2 END, code";

static int load(void **state)
{
    (void)state;
    size_t files;
    const struct tb_rivers_file *file = tb_data_files(&files);
    if (tb_rivers_load(&rivers, file, files, NULL) != TB_OK ||
        sqlite3_open(":memory:", &db) != SQLITE_OK) {
        return -1;
    }
    run(schema);
    fill("divisions.csv", (const char *const[]){"code", "level", "parent", "office"}, 4,
         "INSERT INTO division VALUES(?1, ?2, ?3, ?4)");
    fill("rivers.csv", (const char *const[]){"river", "flows_into"}, 2,
         "INSERT INTO river(key, into_key) VALUES(?1, ?2)");
    fill("reaches.csv", (const char *const[]){"from", "to", "river"}, 3,
         "INSERT INTO reach VALUES(?1, ?2, ?3)");
    fill("banks.csv", (const char *const[]){"a", "b", "rivers"}, 3,
         "INSERT INTO pair VALUES(?1, ?2, ?3)");
    run(derived);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    tb_rivers_free(rivers);
    return sqlite3_close(db) == SQLITE_OK ? 0 : -1;
}

/* What the words of a clause say, as the letters of the second computation. */
static void letters(const char *clause, char out[8])
{
    static const struct {
        char letter;
        const char *words[2];
    } sign[] = {
        {'N', {"相邻县", NULL}},       {'F', {"对岸", NULL}}, {'S', {"所属市", "所属省"}},
        {'A', {"省相邻市", "相邻省"}}, {'C', {"本市", NULL}}, {'P', {"本省", "本市（兼省级）"}},
    };
    size_t used = 0;
    for (size_t i = 0; i < sizeof sign / sizeof *sign; i++) {
        bool says = strstr(clause, sign[i].words[0]) != NULL ||
                    (sign[i].words[1] != NULL && strstr(clause, sign[i].words[1]) != NULL);
        if (says) {
            out[used++] = sign[i].letter;
        }
    }
    out[used] = '\0';
}

/* True when both computations give the same rows in the same order. */
static void agree(sqlite3_stmt *stmt, uint32_t origin, const char *river,
                  enum tb_direction direction)
{
    ask(origin, river, direction);
    sqlite3_reset(stmt);
    sqlite3_bind_int64(stmt, 1, origin);
    sqlite3_bind_text(stmt, 2, river, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 3, direction == TB_DOWN ? "down" : "up", -1, SQLITE_STATIC);
    size_t i = 0;
    int step;
    for (; (step = sqlite3_step(stmt)) == SQLITE_ROW; i++) {
        char sql[TB_RIVER_TEXT_BYTES_MAX + 128];
        char rule[TB_RIVER_TEXT_BYTES_MAX + 128] = "no row";
        char flags[8];
        size_t used = 0;
        for (int f = 0; f < 6; f++) {
            if (sqlite3_column_int(stmt, 4 + f) != 0) {
                flags[used++] = "NFSACP"[f];
            }
        }
        flags[used] = '\0';
        snprintf(sql, sizeof sql, "%d %s %d %s %s", sqlite3_column_int(stmt, 2),
                 (const char *)sqlite3_column_text(stmt, 1), sqlite3_column_int(stmt, 0), flags,
                 (const char *)sqlite3_column_text(stmt, 3));
        if (i < count) {
            letters(rows[i].clause, flags);
            snprintf(rule, sizeof rule, "%u %s %u %s %s", rows[i].hops, level_word(rows[i].level),
                     rows[i].code, flags, rows[i].river);
        }
        if (strcmp(sql, rule) != 0) {
            fail_msg("%u %s %s row %zu: the rule says '%s', SQL says '%s'", origin,
                     river != NULL ? river : "*", direction == TB_DOWN ? "down" : "up", i, rule,
                     sql);
        }
    }
    if (step != SQLITE_DONE || i != count) {
        fail_msg("%u %s: the rule has %zu rows, SQL %zu (%s)", origin, river != NULL ? river : "*",
                 count, i, sqlite3_errmsg(db));
    }
}

static void a_second_computation_in_sql_agrees_for_every_office_and_river(void **state)
{
    (void)state;
    sqlite3_stmt *stmt;
    size_t divisions;
    size_t questions = 0;
    const struct tb_division *d = tb_rivers_divisions(rivers, &divisions);
    if (sqlite3_prepare_v2(db, question, -1, &stmt, NULL) != SQLITE_OK) {
        fail_msg("%s", sqlite3_errmsg(db));
    }
    for (size_t i = 0; i < divisions; i++) {
        const char *keys[KEYS_MAX];
        size_t key_count;
        if (!d[i].office) {
            continue;
        }
        assert_int_equal(tb_rivers_of(rivers, d[i].code, keys, KEYS_MAX, &key_count), TB_OK);
        for (enum tb_direction direction = TB_DOWN; direction <= TB_UP; direction++) {
            agree(stmt, d[i].code, NULL, direction);
            for (size_t k = 0; k < key_count; k++) {
                agree(stmt, d[i].code, keys[k], direction);
                questions++;
            }
        }
    }
    sqlite3_finalize(stmt);
    /* 182 states of counties, and the rivers of cities and provinces. */
    assert_true(questions > 2 * 182);
    print_message("%zu questions about one river, %zu offices about all\n", questions, divisions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_tells_down_as_reviewed),
        cmocka_unit_test(every_state_asks_up_as_reviewed),
        cmocka_unit_test(every_office_without_a_river_is_as_reviewed),
        cmocka_unit_test(a_second_computation_in_sql_agrees_for_every_office_and_river),
    };
    return cmocka_run_group_tests_name("topology_golden", tests, load, unload);
}
