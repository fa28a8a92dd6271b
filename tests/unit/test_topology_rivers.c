#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "topology/data.h"
#include "topology/rivers.h"

/* A small right topology; each mistake below is one change to it. */
enum { DIVISIONS, RIVERS, REACHES, BANKS, ENDS, VELOCITIES, SECTIONS, TABLES };

static const char *const names[TABLES] = {
    "small/divisions.csv", "small/rivers.csv",           "small/reaches.csv", "small/banks.csv",
    "small/ends.csv",      "small/velocity_classes.csv", "small/sections.csv"};

static const char *const right[TABLES] = {
    [DIVISIONS] = "code,name,level,parent,office,circular,lon,lat,basin\n"
                  "140000,山西省,province,,yes,,112.5,37.8,\n"
                  "140100,太原市,city,140000,yes,,112.5,37.8,fen\n"
                  "140121,清徐县,county,140100,yes,,112.3,37.6,fen\n"
                  "140122,阳曲县,county,140100,yes,,112.6,38.0,fen\n"
                  "141100,吕梁市,city,140000,yes,,111.1,37.5,fen\n"
                  "141121,文水县,county,141100,yes,,112.0,37.4,fen\n"
                  "141128,方山县,county,141100,yes,,111.2,37.8,none\n",
    [RIVERS] = "river,flows_into,length_km\n"
               "汾河,,713\n"
               "潇河,汾河,147\n",
    [REACHES] = "from,from_name,to,to_name,river,length_km,velocity_class\n"
                "140122,阳曲县,140121,清徐县,汾河,30,FP\n"
                "140122,阳曲县,140121,清徐县,潇河,20,FP\n"
                "140121,清徐县,141121,文水县,汾河,18.9,FP\n",
    [BANKS] = "a,a_name,b,b_name,rivers\n"
              "140121,清徐县,141121,文水县,汾河;潇河\n",
    [ENDS] = "county,county_name,river\n"
             "141121,文水县,汾河\n",
    [VELOCITIES] = "velocity_class,low_m_s,normal_m_s,flood_m_s\n"
                   "FP,0.2,0.45,1.5\n",
    [SECTIONS] = "county,county_name,lon,lat\n"
                 "140121,清徐县,112.323,37.479\n",
};

/* Put ${put} for the first ${old} in one table, and see what is said. */
struct mistake {
    const char *sentence;
    int table;
    const char *old;
    const char *put;
    int told; /* the table that is named */
    int line;
    const char *text;
};

static const struct mistake mistakes[] = {
    {"a reach to an unknown code is refused", REACHES, "141121,文水县", "141199,文水县", REACHES, 4,
     "unknown code '141199'; write one of divisions.csv"},
    {"a code that is not six digits is refused", DIVISIONS, "141128", "14112", DIVISIONS, 8,
     "'14112' is no code; write the six digits of GB/T 2260"},
    {"a code that stands twice is refused", DIVISIONS, "141128", "141121", DIVISIONS, 8,
     "141121 stands in line 7 already; delete one"},
    {"a division without a name is refused", DIVISIONS, "方山县", "", DIVISIONS, 8,
     "141128 needs a name"},
    {"a level that disagrees with the code is refused", DIVISIONS, "方山县,county", "方山县,city",
     DIVISIONS, 8, "141128 is a county by its digits, not 'city'; write county"},
    {"a county below another province is refused", DIVISIONS, "county,141100", "county,131100",
     DIVISIONS, 7, "'131100' cannot be above 141121; write the code of its city or province"},
    {"a province with a parent is refused", DIVISIONS, "province,,", "province,140000,", DIVISIONS,
     2, "'140000' cannot be above 140000; write nothing"},
    {"a county below an unknown city is refused", DIVISIONS, "county,141100", "county,141200",
     DIVISIONS, 7, "141121 has the unknown parent 141200; add its row"},
    {"a county below a county is refused", DIVISIONS, "county,141100", "county,141128", DIVISIONS,
     7, "141128 is no city or province, so it cannot be above 141121"},
    {"an office that is neither yes nor no is refused", DIVISIONS, "141100,yes", "141100,maybe",
     DIVISIONS, 7, "office is 'maybe'; write yes, or no"},
    {"a province without an office is refused", DIVISIONS, "province,,yes", "province,,no",
     DIVISIONS, 2, "the province 140000 has no office"},
    {"a longitude that is no number is refused", DIVISIONS, "111.2", "111,2", DIVISIONS, 8,
     "the row has 10 fields, the header 9"},
    {"a latitude above 90 is refused", DIVISIONS, "111.2,37.8", "37.8,111.2", DIVISIONS, 8,
     "'111.2' is no latitude; write degrees of WGS-84"},
    {"a county that nothing names is refused", DIVISIONS, "37.8,none", "37.8,fen", DIVISIONS, 8,
     "no reach and no facing bank names 141128 方山县; add one, or write none as its basin"},
    {"a county of no basin on a river is refused", DIVISIONS, "37.4,fen", "37.4,none", DIVISIONS, 7,
     "141121 文水县 lies on 汾河 but its basin is none; write its basin"},
    {"a river that nothing names is refused", RIVERS, "潇河,汾河,147\n",
     "潇河,汾河,\n岚河,汾河,57.6\n", RIVERS, 4,
     "no reach, no facing bank and no tributary names 岚河"},
    {"a river that stands twice is refused", RIVERS, "潇河,汾河,147\n",
     "潇河,汾河,147\n汾河,,713\n", RIVERS, 4, "汾河 stands in line 2 already; delete one"},
    {"a river without a key is refused", RIVERS, "潇河,", ",", RIVERS, 3, "'' is no river's key"},
    {"a river's key with the divider in it is refused", RIVERS, "潇河,", "潇;河,", RIVERS, 3,
     "'潇;河' is no river's key"},
    {"a river that flows into an unknown one is refused", RIVERS, "潇河,汾河", "潇河,黄河", RIVERS,
     3, "潇河 flows into the unknown river '黄河'; add its row"},
    {"rivers that flow in a circle are refused", RIVERS, "汾河,,", "汾河,潇河,", RIVERS, 3,
     "潇河 flows into 汾河 and so on back into itself; correct flows_into in one of these rows"},
    {"a river's length that is no number is refused", RIVERS, "147", "long", RIVERS, 3,
     "'long' is no length; write kilometres"},
    {"a reach of an unknown river is refused", REACHES, "潇河,20", "瀟河,20", REACHES, 3,
     "unknown river '瀟河'; write a key of rivers.csv"},
    {"a reach that stands twice is refused", REACHES, "潇河,20", "汾河,20", REACHES, 3,
     "the reach 140122 to 140121 on 汾河 stands in line 2 already; delete one"},
    {"a reach from a city is refused", REACHES, "140122,阳曲县,140121,清徐县,汾河",
     "140100,太原市,140121,清徐县,汾河", REACHES, 2, "140100 太原市 is no county"},
    {"a reach from a county to itself is refused", REACHES, "141121,文水县", "140121,清徐县",
     REACHES, 4, "the reach leads from 140121 to itself"},
    {"a name that disagrees with divisions.csv is refused", REACHES, "141121,文水县",
     "141121,交城县", REACHES, 4, "141121 is 文水县 in divisions.csv, not '交城县'"},
    {"a reach's length that is no number is refused", REACHES, "18.9", "18.9 km", REACHES, 4,
     "'18.9 km' is no length; write kilometres above 0"},
    {"a reach of no length is refused", REACHES, "18.9", "0", REACHES, 4, "'0' is no length"},
    {"an unknown velocity class is refused", REACHES, "18.9,FP", "18.9,XX", REACHES, 4,
     "unknown velocity class 'XX'; write one of velocity_classes.csv"},
    {"water that comes back to where it was is refused", REACHES, "18.9,FP\n",
     "18.9,FP\n141121,文水县,140122,阳曲县,汾河,9,FP\n", REACHES, 5,
     "the water comes back to where it was (清徐县 → 文水县 → 阳曲县 → 清徐县); "
     "delete the reach that is wrong, and list a shared bank in banks.csv instead"},
    {"a state without a way on that is no listed end is refused", ENDS, "141121,文水县,汾河\n", "",
     REACHES, 4,
     "the water stops in 141121 文水县 on 汾河; add the reach that leaves it, or list it in "
     "ends.csv"},
    {"a listed end that has a way on is refused", ENDS, "141121,文水县,汾河\n",
     "141121,文水县,汾河\n140121,清徐县,潇河\n", ENDS, 3,
     "140121 清徐县 on 潇河 has a way on; delete the row"},
    {"a listed end that nothing reaches is refused", ENDS, "141121,文水县,汾河\n",
     "141121,文水县,汾河\n141128,方山县,汾河\n", ENDS, 3,
     "nothing reaches 141128 on 汾河; delete the row, or add the reach"},
    {"an end that stands twice is refused", ENDS, "141121,文水县,汾河\n",
     "141121,文水县,汾河\n141121,文水县,汾河\n", ENDS, 3,
     "141121 on 汾河 stands in line 2 already"},
    {"an end on an unknown river is refused", ENDS, "汾河", "黄河", ENDS, 2,
     "unknown river '黄河'"},
    {"a facing bank's river key that does not exist is refused", BANKS, "汾河;潇河", "汾河;潇水",
     BANKS, 2, "unknown river '潇水'; write a key of rivers.csv"},
    {"a facing bank without a river is refused", BANKS, "汾河;潇河", "", BANKS, 2,
     "unknown river ''"},
    {"a pair of banks that stands twice, the other way round, is refused", BANKS, "汾河;潇河\n",
     "汾河\n141121,文水县,140121,清徐县,汾河\n", BANKS, 3,
     "face each other on 汾河 in line 2 already; delete one"},
    {"a county that faces itself is refused", BANKS, "141121,文水县", "140121,清徐县", BANKS, 2,
     "140121 faces itself; delete the row"},
    {"a facing bank of an unknown code is refused", BANKS, "141121", "141122", BANKS, 2,
     "unknown code '141122'"},
    {"velocities that do not grow are refused", VELOCITIES, "0.45", "1.6", VELOCITIES, 2,
     "'1.5' is no velocity; write metres a second above 0, low not above normal"},
    {"a velocity of zero is refused", VELOCITIES, "0.2", "0", VELOCITIES, 2, "'0' is no velocity"},
    {"a velocity class that stands twice is refused", VELOCITIES, "FP,0.2,0.45,1.5\n",
     "FP,0.2,0.45,1.5\nFP,0.2,0.45,1.5\n", VELOCITIES, 3, "the class FP stands twice"},
    {"a section in a county of another name is refused", SECTIONS, "清徐县", "文水县", SECTIONS, 2,
     "140121 is 清徐县 in divisions.csv, not '文水县'"},
    {"a table without a needed column is refused", BANKS, ",rivers", ",river", BANKS, 1,
     "the column 'rivers' is missing"},
    {"a row that is no CSV is refused", BANKS, "汾河;潇河", "\"汾河", BANKS, 2,
     "a quoted field begins here and never ends"},
};

static void fill(struct tb_rivers_file files[TABLES])
{
    for (size_t i = 0; i < TABLES; i++) {
        files[i] = (struct tb_rivers_file){names[i], tb_bytes_text(right[i])};
    }
}

static void the_small_topology_is_right(void **state)
{
    (void)state;
    struct tb_rivers_file files[TABLES];
    struct tb_rivers *rivers;
    struct tb_diag diag;
    fill(files);
    assert_int_equal(tb_rivers_load(&rivers, files, TABLES, &diag), TB_OK);
    tb_rivers_free(rivers);
    /* The velocities and the sections may be left out. */
    assert_int_equal(tb_rivers_load(&rivers, files, VELOCITIES, NULL), TB_OK);
    tb_rivers_free(rivers);
}

static void is_told(void **state)
{
    const struct mistake *m = *state;
    struct tb_rivers_file files[TABLES];
    struct tb_rivers *rivers = NULL;
    struct tb_diag diag;
    char table[4096];
    fill(files);
    const char *old = strstr(right[m->table], m->old);
    assert_non_null(old);
    snprintf(table, sizeof table, "%.*s%s%s", (int)(old - right[m->table]), right[m->table], m->put,
             old + strlen(m->old));
    files[m->table].bytes = tb_bytes_text(table);
    assert_int_equal(tb_rivers_load(&rivers, files, TABLES, &diag), TB_INPUT);
    assert_null(rivers);
    if (strstr(diag.text, m->text) == NULL) {
        print_error("said: %s\n", diag.text);
    }
    assert_non_null(strstr(diag.text, m->text));
    assert_string_equal(diag.file, names[m->told]);
    assert_int_equal(diag.line, m->line);
    assert_int_equal(tb_rivers_load(&rivers, files, TABLES, NULL), TB_INPUT);
}

static void a_missing_table_is_named(void **state)
{
    (void)state;
    struct tb_rivers_file files[TABLES];
    struct tb_rivers *rivers;
    struct tb_diag diag;
    fill(files);
    for (size_t i = 0; i <= ENDS; i++) {
        struct tb_rivers_file some[TABLES];
        size_t count = 0;
        for (size_t j = 0; j < TABLES; j++) {
            if (j != i) {
                some[count++] = files[j];
            }
        }
        assert_int_equal(tb_rivers_load(&rivers, some, count, &diag), TB_INPUT);
        assert_string_equal(diag.file, names[i] + strlen("small/"));
        assert_non_null(strstr(diag.text, "the file is missing"));
    }
}

static void a_table_given_twice_is_refused(void **state)
{
    (void)state;
    struct tb_rivers_file files[TABLES + 1];
    struct tb_rivers *rivers;
    struct tb_diag diag;
    fill(files);
    files[TABLES] = (struct tb_rivers_file){"other/rivers.csv", tb_bytes_text(right[RIVERS])};
    assert_int_equal(tb_rivers_load(&rivers, files, TABLES + 1, &diag), TB_INPUT);
    assert_string_equal(diag.file, "other/rivers.csv");
    assert_non_null(strstr(diag.text, "rivers.csv is given twice"));
}

static void rivers_deeper_than_the_limit_are_refused_I10(void **state)
{
    (void)state;
    struct tb_rivers_file files[TABLES];
    struct tb_rivers *rivers;
    struct tb_diag diag;
    char table[4096] = "river,flows_into,length_km\n汾河,,\n潇河,汾河,\n";
    size_t used = strlen(table);
    for (int i = 3; i <= TB_RIVERS_DEPTH_MAX + 1; i++) {
        used += (size_t)snprintf(table + used, sizeof table - used, "r%d,", i);
        used += i == 3 ? (size_t)snprintf(table + used, sizeof table - used, "潇河,\n")
                       : (size_t)snprintf(table + used, sizeof table - used, "r%d,\n", i - 1);
    }
    fill(files);
    files[RIVERS].bytes = tb_bytes_text(table);
    assert_int_equal(tb_rivers_load(&rivers, files, TABLES, &diag), TB_INPUT);
    assert_string_equal(diag.file, names[RIVERS]);
    assert_int_equal(diag.line, TB_RIVERS_DEPTH_MAX + 2);
    assert_non_null(strstr(diag.text, "r17 is more than 16 rivers from the sea"));
}

/* The product's own data. */
static struct tb_rivers *rivers;

static int load(void **state)
{
    (void)state;
    size_t count;
    const struct tb_rivers_file *files = tb_data_files(&count);
    struct tb_diag diag;
    if (tb_rivers_load(&rivers, files, count, &diag) != TB_OK) {
        print_error("%s:%d: %s\n", diag.file, diag.line, diag.text);
        return -1;
    }
    return 0;
}

static int unload(void **state)
{
    (void)state;
    tb_rivers_free(rivers);
    return 0;
}

static void the_products_data_has_the_counts_of_its_sources(void **state)
{
    (void)state;
    size_t divisions, reaches;
    tb_rivers_divisions(rivers, &divisions);
    tb_rivers_reaches(rivers, &reaches);
    assert_int_equal(divisions, 159);
    assert_int_equal(reaches, 167);
    const char *keys[64];
    size_t count;
    assert_int_equal(tb_rivers_of(rivers, 140000, keys, 64, &count), TB_OK);
    assert_true(count > 40);
    assert_int_equal(tb_rivers_of(rivers, 140000, keys, 3, &count), TB_TOOBIG);
    assert_int_equal(tb_rivers_of(rivers, 140999, keys, 64, &count), TB_UNKNOWN);
    assert_int_equal(tb_rivers_of(rivers, 140925, keys, 64, &count), TB_OK);
    assert_int_equal(count, 2);
    assert_string_equal(keys[0], "汾河");
    assert_string_equal(keys[1], "恢河");
    assert_int_equal(tb_rivers_of(rivers, 140224, keys, 64, &count), TB_OK);
    assert_int_equal(count, 0);
}

static void superiors_skip_a_code_without_a_bureau(void **state)
{
    (void)state;
    assert_int_equal(tb_rivers_parent(rivers, 140926), 140900);
    assert_int_equal(tb_rivers_parent(rivers, 140900), 140000);
    assert_int_equal(tb_rivers_parent(rivers, 140000), 0);
    assert_int_equal(tb_rivers_parent(rivers, 110109), 110000);
    assert_int_equal(tb_rivers_parent(rivers, 999999), 0);
    assert_int_equal(tb_rivers_province(rivers, 110109), 110000);
    assert_int_equal(tb_rivers_province(rivers, 140926), 140000);
    assert_int_equal(tb_rivers_province(rivers, 999999), 0);
    assert_string_equal(tb_rivers_name(rivers, 140926), "静乐县");
    assert_string_equal(tb_rivers_name(rivers, 999999), "");
    assert_false(tb_rivers_division(rivers, 110100)->office);
    assert_null(tb_rivers_division(rivers, 999999));
}

/* The next states of (county, river) are exactly the ${count} counties ${next}. */
static void leads_to(uint32_t county, const char *river, const uint32_t *next, size_t count)
{
    struct tb_river_state states[64];
    size_t found;
    assert_int_equal(tb_rivers_step(rivers, county, river, TB_DOWN, states, 64, &found), TB_OK);
    assert_int_equal(found, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(states[i].county, next[i]);
    }
}

/* True when water in (from, river) can ever come to the county ${to}. */
static bool reaches_county(uint32_t from, const char *river, uint32_t to)
{
    static struct tb_river_state found[1024];
    size_t count = 1;
    found[0] = (struct tb_river_state){from, river};
    for (size_t i = 0; i < count; i++) {
        struct tb_river_state next[64];
        size_t hops;
        assert_int_equal(
            tb_rivers_step(rivers, found[i].county, found[i].river, TB_DOWN, next, 64, &hops),
            TB_OK);
        for (size_t j = 0; j < hops; j++) {
            size_t k = 0;
            while (k < count && (found[k].county != next[j].county ||
                                 strcmp(found[k].river, next[j].river) != 0)) {
                k++;
            }
            if (k == count) {
                assert_true(count < 1024);
                found[count++] = next[j];
            }
        }
    }
    for (size_t i = 1; i < count; i++) {
        if (found[i].county == to) {
            return true;
        }
    }
    return false;
}

static void each_river_of_a_county_goes_its_own_way(void **state)
{
    (void)state;
    leads_to(140925, "汾河", (const uint32_t[]){140926}, 1);
    leads_to(140925, "恢河", (const uint32_t[]){140602}, 1);
    assert_false(reaches_county(140925, "汾河", 140602));
    assert_false(reaches_county(140925, "恢河", 140926));
    assert_false(reaches_county(140226, "十里河", 140623));
    assert_true(reaches_county(140226, "源子河", 140623));
    assert_false(reaches_county(140221, "南洋河", 130727));
    assert_true(reaches_county(140221, "桑干河", 130727));
    /* And every Fen state ends at 三门峡, every Sanggan one at 官厅. */
    assert_true(reaches_county(140925, "汾河", 411202));
    assert_true(reaches_county(140925, "恢河", 110109));
}

static void a_tributary_passes_into_its_river_without_a_hop(void **state)
{
    (void)state;
    leads_to(140121, "潇河", (const uint32_t[]){140727, 141121, 140105}, 3);
    leads_to(140121, "汾河", (const uint32_t[]){140727, 141121}, 2);
    leads_to(140882, "汾河", (const uint32_t[]){140822}, 1);
    leads_to(110109, "永定河", NULL, 0);
    leads_to(411202, "黄河", NULL, 0);
    /* Known by its facing bank alone. */
    leads_to(140882, "黄河", NULL, 0);
}

static void up_is_the_exact_reverse_of_down(void **state)
{
    (void)state;
    size_t divisions, pairs = 0;
    const struct tb_division *d = tb_rivers_divisions(rivers, &divisions);
    for (size_t i = 0; i < divisions; i++) {
        const char *keys[64];
        size_t count;
        if (d[i].level != TB_LEVEL_COUNTY) {
            continue;
        }
        assert_int_equal(tb_rivers_of(rivers, d[i].code, keys, 64, &count), TB_OK);
        for (size_t k = 0; k < count; k++) {
            struct tb_river_state down[64];
            size_t hops;
            assert_int_equal(tb_rivers_step(rivers, d[i].code, keys[k], TB_DOWN, down, 64, &hops),
                             TB_OK);
            for (size_t j = 0; j < hops; j++) {
                struct tb_river_state up[64];
                size_t back;
                bool found = false;
                assert_int_equal(
                    tb_rivers_step(rivers, down[j].county, down[j].river, TB_UP, up, 64, &back),
                    TB_OK);
                for (size_t b = 0; b < back; b++) {
                    found |= up[b].county == d[i].code;
                }
                assert_true(found);
                pairs++;
            }
        }
    }
    assert_true(pairs > 167);
}

static void a_step_says_when_it_cannot(void **state)
{
    (void)state;
    struct tb_river_state states[1];
    size_t count;
    assert_int_equal(tb_rivers_step(rivers, 140121, "恢河", TB_DOWN, states, 1, &count),
                     TB_UNKNOWN);
    assert_int_equal(tb_rivers_step(rivers, 140121, "杞河", TB_DOWN, states, 1, &count),
                     TB_UNKNOWN);
    assert_int_equal(tb_rivers_step(rivers, 140121, "汾河", TB_DOWN, states, 1, &count), TB_TOOBIG);
}

enum { COUNTIES = 3000, TRIBUTARIES = 99, CITY_COUNTIES = 90 };

static uint32_t code_of(uint32_t i)
{
    return 100000 + (i / CITY_COUNTIES + 1) * 100 + i % CITY_COUNTIES + 1;
}

static void add_reach(struct tb_buf *buf, uint32_t from, uint32_t to, uint32_t river)
{
    if (to < COUNTIES) {
        assert_int_equal(
            tb_buf_print(buf, "%u,n,%u,n,r%u,1,F\n", code_of(from), code_of(to), river), TB_OK);
    }
}

/* As large as the whole country: 3,000 counties in a row, three reaches from
 * each, a tributary that passes into the main river everywhere. */
static void write_nation(struct tb_buf table[ENDS + 1])
{
    for (size_t i = 0; i <= ENDS; i++) {
        size_t header = (size_t)(strchr(right[i], '\n') + 1 - right[i]);
        tb_buf_init(&table[i], 2 * 1024 * 1024);
        assert_int_equal(tb_buf_add(&table[i], tb_bytes_of(right[i], header)), TB_OK);
    }
    assert_int_equal(tb_buf_print(&table[RIVERS], "r0,,\n"), TB_OK);
    for (uint32_t i = 1; i <= TRIBUTARIES; i++) {
        assert_int_equal(tb_buf_print(&table[RIVERS], "r%u,r0,\n", i), TB_OK);
    }
    assert_int_equal(tb_buf_print(&table[DIVISIONS], "100000,p,province,,yes,,1,1,\n"), TB_OK);
    for (uint32_t i = 0; i < COUNTIES; i++) {
        uint32_t city = code_of(i) / 100 * 100;
        if (i % CITY_COUNTIES == 0) {
            assert_int_equal(tb_buf_print(&table[DIVISIONS], "%u,c,city,100000,yes,,1,1,\n", city),
                             TB_OK);
        }
        assert_int_equal(
            tb_buf_print(&table[DIVISIONS], "%u,n,county,%u,yes,,1,1,x\n", code_of(i), city),
            TB_OK);
        add_reach(&table[REACHES], i, i + 1, 0);
        add_reach(&table[REACHES], i, i + 2, 0);
        add_reach(&table[REACHES], i, i + 1, i % TRIBUTARIES + 1);
    }
    assert_int_equal(tb_buf_print(&table[ENDS], "%u,n,r0\n%u,n,r%u\n", code_of(COUNTIES - 1),
                                  code_of(COUNTIES - 1), (COUNTIES - 2) % TRIBUTARIES + 1),
                     TB_OK);
}

static void a_graph_as_large_as_the_country_loads_in_time(void **state)
{
    (void)state;
    struct tb_buf table[ENDS + 1];
    struct tb_rivers_file files[ENDS + 1];
    struct tb_rivers *nation;
    struct tb_diag diag = {0};
    write_nation(table);
    for (size_t i = 0; i <= ENDS; i++) {
        files[i] = (struct tb_rivers_file){names[i], tb_buf_bytes(&table[i])};
    }
    clock_t began = clock();
    enum tb_status status = tb_rivers_load(&nation, files, ENDS + 1, &diag);
    double ms = (double)(clock() - began) * 1000.0 / CLOCKS_PER_SEC;
    if (status != TB_OK) {
        print_error("%s:%d: %s\n", diag.file, diag.line, diag.text);
    }
    assert_int_equal(status, TB_OK);
    size_t reaches;
    tb_rivers_reaches(nation, &reaches);
    assert_int_equal(reaches, 3 * COUNTIES - 4);
    print_message("loaded %zu reaches in %.1f ms of processor time\n", reaches, ms);
    /* 50 ms are allowed; a loop that is quadratic takes seconds. The bound here
     * leaves room for sanitizers and busy machines. */
    assert_true(ms < 500.0);
    tb_rivers_free(nation);
    for (size_t i = 0; i <= ENDS; i++) {
        tb_buf_fini(&table[i]);
    }
}

enum { MISTAKES = sizeof mistakes / sizeof *mistakes };

int main(void)
{
    static struct CMUnitTest told[MISTAKES];
    for (size_t i = 0; i < MISTAKES; i++) {
        told[i] = (struct CMUnitTest){mistakes[i].sentence, is_told, NULL, NULL,
                                      (void *)(uintptr_t)&mistakes[i]};
    }
    const struct CMUnitTest loads[] = {
        cmocka_unit_test(the_small_topology_is_right),
        cmocka_unit_test(a_missing_table_is_named),
        cmocka_unit_test(a_table_given_twice_is_refused),
        cmocka_unit_test(rivers_deeper_than_the_limit_are_refused_I10),
        cmocka_unit_test(a_graph_as_large_as_the_country_loads_in_time),
    };
    const struct CMUnitTest facts[] = {
        cmocka_unit_test(the_products_data_has_the_counts_of_its_sources),
        cmocka_unit_test(superiors_skip_a_code_without_a_bureau),
        cmocka_unit_test(each_river_of_a_county_goes_its_own_way),
        cmocka_unit_test(a_tributary_passes_into_its_river_without_a_hop),
        cmocka_unit_test(up_is_the_exact_reverse_of_down),
        cmocka_unit_test(a_step_says_when_it_cannot),
    };
    int failed = cmocka_run_group_tests_name("topology_rivers: loads", loads, NULL, NULL);
    failed += cmocka_run_group_tests_name("topology_rivers: mistakes", told, NULL, NULL);
    failed += cmocka_run_group_tests_name("topology_rivers: facts", facts, load, unload);
    return failed;
}
