#include "nation.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/fault.h"

enum {
    PROVINCES = 30,
    CITIES_OF_PROVINCE = 10,
    COUNTIES_OF_CITY = 10,
    COUNTIES_OF_PROVINCE = CITIES_OF_PROVINCE * COUNTIES_OF_CITY,
    FIRST_PROVINCE = 11,
    FIRST_COUNTY = 21, /* below it are city districts */
    TABLE_BYTES_MAX = 4 * 1024 * 1024,
    TRIBUTARY_REACHES = 4,
    MAIN_REACHES = NATION_ROWS * 2 * (NATION_COLUMNS - 1),
};

enum table { DIVISIONS, RIVERS, REACHES, BANKS, ENDS, VELOCITIES, SECTIONS, WORKS, TABLES };

struct nation {
    struct tb_buf buf[TABLES];
    struct tb_rivers_file file[TABLES];
    uint64_t random;
    int reaches;
};

#define PUT(nation, table, ...)                                                                    \
    do {                                                                                           \
        enum tb_status put_ = tb_buf_print(&(nation)->buf[table], __VA_ARGS__);                    \
        tb_assert(put_ == TB_OK);                                                                  \
    } while (false)

/* xorshift64*, Vigna (2016). */
static uint32_t draw(struct nation *nation, uint32_t below)
{
    nation->random ^= nation->random >> 12;
    nation->random ^= nation->random << 25;
    nation->random ^= nation->random >> 27;
    return (uint32_t)((nation->random * UINT64_C(2685821657736338717)) >> 33) % below;
}

uint32_t nation_county(int column, int row)
{
    /* Provinces are blocks of 10 by 10, cities columns of them. */
    int province = column / 10 * (NATION_ROWS / 10) + row / 10;
    return (uint32_t)((FIRST_PROVINCE + province) * 10000 + (1 + column % 10) * 100 + FIRST_COUNTY +
                      row % 10);
}

void nation_river(int row, char name[16])
{
    snprintf(name, 16, "main-%02d", row);
}

static void make_divisions(struct nation *nation)
{
    PUT(nation, DIVISIONS, "code,name,level,parent,office,circular,lon,lat,basin\n");
    for (int p = FIRST_PROVINCE; p < FIRST_PROVINCE + PROVINCES; p++) {
        PUT(nation, DIVISIONS, "%d0000,P%d,province,,yes,,100,30,\n", p, p);
        for (int c = 1; c <= CITIES_OF_PROVINCE; c++) {
            int city = p * 10000 + c * 100;
            PUT(nation, DIVISIONS, "%d,C%d,city,%d0000,yes,,100,30,b\n", city, city, p);
            for (int k = 0; k < COUNTIES_OF_CITY; k++) {
                int county = city + FIRST_COUNTY + k;
                PUT(nation, DIVISIONS, "%d,N%d,county,%d,yes,,100,30,b\n", county, county, city);
            }
        }
    }
}

static void put_reach(struct nation *nation, uint32_t from, uint32_t to, const char *river)
{
    static const char *const classes[] = {"hill", "plain", "city", "slow"};
    bool gate = draw(nation, 50) == 0;
    PUT(nation, REACHES, "%u,N%u,%u,N%u,%s,%u,%s,", from, from, to, to, river,
        10 + draw(nation, 60), classes[draw(nation, 4)]);
    if (gate) {
        PUT(nation, REACHES, "gate-%d", nation->reaches);
        PUT(nation, WORKS, "gate,gate-%d,%s,%u,N%u,,no\n", nation->reaches, river, from, from);
    }
    PUT(nation, REACHES, ",%u,%u,%u\n", 5 + draw(nation, 40), 5 + draw(nation, 500),
        2000 + draw(nation, 90000));
    nation->reaches++;
}

/* A main river runs between its row and the next, a bank in each. */
static void make_main(struct nation *nation, int row)
{
    char river[16];
    nation_river(row, river);
    PUT(nation, RIVERS, "%s,,\n", river);
    for (int side = 0; side < 2; side++) {
        int bank = (row + side) % NATION_ROWS;
        for (int x = 0; x + 1 < NATION_COLUMNS; x++) {
            uint32_t from = nation_county(x, bank);
            put_reach(nation, from, nation_county(x + 1, bank), river);
            PUT(nation, SECTIONS, "s-%s-%d-%d,%s,%u,N%u,100,30,\n", river, side, x, river, from,
                from);
            if (draw(nation, 6) == 0) {
                PUT(nation, WORKS, "intake,i-%s-%d-%d,%s,%u,N%u,,no\n", river, side, x, river, from,
                    from);
            }
        }
        uint32_t last = nation_county(NATION_COLUMNS - 1, bank);
        PUT(nation, ENDS, "%u,N%u,%s\n", last, last, river);
    }
}

/* ${reaches} long, from somewhere into the main river of the row that it comes to. */
static void make_tributary(struct nation *nation, int number, int reaches)
{
    char river[16];
    int x = (int)draw(nation, (uint32_t)(NATION_COLUMNS - 1 - reaches));
    int row = (int)draw(nation, NATION_ROWS);
    snprintf(river, sizeof river, "t-%d", number);
    for (int i = 0; i < reaches; i++) {
        uint32_t from = nation_county(x + i, row);
        row = (row + (int)draw(nation, 3) + NATION_ROWS - 1) % NATION_ROWS;
        put_reach(nation, from, nation_county(x + i + 1, row), river);
    }
    char into[16];
    nation_river(row, into);
    PUT(nation, RIVERS, "%s,%s,\n", river, into);
}

struct nation *nation_make(uint64_t seed)
{
    static const char *const names[TABLES] = {"divisions.csv", "rivers.csv", "reaches.csv",
                                              "banks.csv",     "ends.csv",   "velocity_classes.csv",
                                              "sections.csv",  "works.csv"};
    struct nation *nation = calloc(1, sizeof *nation);
    tb_assert(nation != NULL && seed != 0);
    nation->random = seed;
    for (int i = 0; i < TABLES; i++) {
        tb_buf_init(&nation->buf[i], TABLE_BYTES_MAX);
    }
    PUT(nation, RIVERS, "river,flows_into,length_km\n");
    PUT(nation, REACHES,
        "from,from_name,to,to_name,river,length_km,velocity_class,gate,"
        "length_error_percent,mean_m3_s,area_km2\n");
    PUT(nation, BANKS, "a,a_name,b,b_name,rivers\n");
    PUT(nation, ENDS, "county,county_name,river\n");
    PUT(nation, VELOCITIES,
        "velocity_class,low_m_s,normal_m_s,flood_m_s\n"
        "hill,0.3,0.7,2.5\nplain,0.2,0.45,1.5\ncity,0.08,0.3,1.5\n"
        "slow,0.05,0.1,0.5\n");
    PUT(nation, SECTIONS, "name,water,county,county_name,lon,lat,river_km\n");
    PUT(nation, WORKS, "kind,name,river,county,county_name,river_km,sample\n");
    make_divisions(nation);
    for (int row = 0; row < NATION_ROWS; row++) {
        make_main(nation, row);
    }
    tb_assert(nation->reaches == MAIN_REACHES);
    for (int t = 0; nation->reaches < NATION_REACHES; t++) {
        int left = NATION_REACHES - nation->reaches;
        make_tributary(nation, t, left < TRIBUTARY_REACHES ? left : TRIBUTARY_REACHES);
    }
    for (int i = 0; i < TABLES; i++) {
        nation->file[i] =
            (struct tb_rivers_file){.name = names[i], .bytes = tb_buf_bytes(&nation->buf[i])};
    }
    return nation;
}

void nation_free(struct nation *nation)
{
    for (int i = 0; i < TABLES; i++) {
        tb_buf_fini(&nation->buf[i]);
    }
    free(nation);
}

const struct tb_rivers_file *nation_files(const struct nation *nation, size_t *count)
{
    *count = TABLES;
    return nation->file;
}
