#include "toyriver.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "topology/data.h"

#define TABLE(name, text)                                                                          \
    {                                                                                              \
        "small/" name,                                                                             \
        {                                                                                          \
            (const uint8_t *)(text), sizeof(text) - 1                                              \
        }                                                                                          \
    }

const struct tb_rivers_file toy_tables[TOY_TABLES] = {
    TABLE("divisions.csv", "code,name,level,parent,office,circular,lon,lat,basin\n"
                           "140000,山西省,province,,yes,,112.5,37.8,\n"
                           "140100,太原市,city,140000,yes,,112.5,37.8,fen\n"
                           "140121,清徐县,county,140100,yes,,112.3,37.6,fen\n"
                           "140122,阳曲县,county,140100,yes,,112.6,38.0,fen\n"
                           "141100,吕梁市,city,140000,yes,,111.1,37.5,fen\n"
                           "141121,文水县,county,141100,yes,,112.0,37.4,fen\n"
                           "141122,交城县,county,141100,yes,,112.1,37.5,fen\n"
                           "610000,陕西省,province,,yes,,108.9,34.3,\n"
                           "610500,渭南市,city,610000,yes,,109.5,34.5,fen\n"
                           "610581,韩城市,county,610500,yes,,110.4,35.5,fen\n"
                           "610524,合阳县,county,610500,yes,,110.1,35.2,fen\n"),
    TABLE("rivers.csv", "river,flows_into,length_km\n"
                        "汾河,,160\n"
                        "潇河,汾河,60\n"),
    TABLE("reaches.csv", "from,from_name,to,to_name,river,length_km,velocity_class,gate,"
                         "length_error_percent,mean_m3_s,area_km2,slope\n"
                         "140122,阳曲县,140121,清徐县,汾河,30,FP,,5,20,9000,0.001\n"
                         "140122,阳曲县,140121,清徐县,潇河,20,FP,,5,,,\n"
                         "140121,清徐县,141121,文水县,汾河,20,FP,,5,20,9000,0.001\n"
                         "140121,清徐县,141122,交城县,汾河,20,FP,,5,20,9000,0.001\n"
                         "141121,文水县,610581,韩城市,汾河,40,FP,双坝,5,20,9000,0.001\n"
                         "141122,交城县,610581,韩城市,汾河,40,FP,双坝,5,20,9000,0.001\n"
                         "610581,韩城市,610524,合阳县,汾河,30,FP,,5,20,9000,0.001\n"),
    TABLE("banks.csv", "a,a_name,b,b_name,rivers\n"
                       "141121,文水县,141122,交城县,汾河\n"),
    TABLE("ends.csv", "county,county_name,river\n"
                      "610524,合阳县,汾河\n"),
    TABLE("velocity_classes.csv", "velocity_class,low_m_s,normal_m_s,flood_m_s\n"
                                  "FP,0.2,0.45,1.5\n"),
    TABLE("chainage.csv", "river,county,county_name,enters_km\n"
                          "汾河,140122,阳曲县,0\n"
                          "汾河,140121,清徐县,30\n"
                          "汾河,141121,文水县,50\n"
                          "汾河,141122,交城县,50\n"
                          "汾河,610581,韩城市,90\n"
                          "汾河,610524,合阳县,120\n"),
    TABLE("sections.csv", "name,water,county,county_name,lon,lat,river_km\n"
                          "左岸,汾河,141121,文水县,112.0,37.4,60\n"
                          "右岸,汾河,141122,交城县,112.1,37.5,60\n"
                          "坝下,汾河,141121,文水县,112.0,37.4,80\n"
                          "韩城桥,汾河,610581,韩城市,110.4,35.5,100\n"
                          "潇河口,潇河,140121,清徐县,112.3,37.6,\n"),
    TABLE("works.csv", "kind,name,river,county,county_name,river_km,sample\n"
                       "gate,双坝,汾河,141121,文水县,70,no\n"
                       "risk,某厂,汾河,140121,清徐县,35,yes\n"
                       "intake,取水口,汾河,610581,韩城市,110,yes\n"),
};

struct tb_rivers *product;
struct tb_rivers *toy;
struct tb_arrival_row rows[TB_ARRIVAL_ROWS_MAX];
size_t count;
struct tb_diag diag;

int toy_load(void **state)
{
    (void)state;
    size_t files;
    const struct tb_rivers_file *file = tb_data_files(&files);
    return tb_rivers_load(&product, file, files, NULL) == TB_OK &&
                   tb_rivers_load(&toy, toy_tables, TOY_TABLES, NULL) == TB_OK
               ? 0
               : -1;
}

int toy_unload(void **state)
{
    (void)state;
    tb_rivers_free(product);
    tb_rivers_free(toy);
    return 0;
}

struct tb_arrival_question toy_at_km(const char *river, double km)
{
    return (struct tb_arrival_question){.place = {.river = river, .river_km = km},
                                        .regime = TB_TRAVEL_REGIME_NORMAL};
}

struct tb_arrival_question toy_in_county(const char *river, uint32_t county)
{
    return (struct tb_arrival_question){.place = {.river = river, .river_km = -1, .county = county},
                                        .regime = TB_TRAVEL_REGIME_NORMAL};
}

struct tb_arrival_question toy_at_section(const char *river, const char *section)
{
    return (struct tb_arrival_question){
        .place = {.river = river, .river_km = -1, .section = section},
        .regime = TB_TRAVEL_REGIME_NORMAL};
}

void toy_ask(const struct tb_rivers *rivers, const struct tb_arrival_question *question)
{
    diag = (struct tb_diag){0};
    enum tb_status status =
        tb_arrival_down(rivers, question, rows, TB_ARRIVAL_ROWS_MAX, &count, &diag);
    if (status != TB_OK) {
        fail_msg("%s: %s", tb_status_text(status), diag.text);
    }
}

const struct tb_arrival_row *toy_row_of(enum tb_arrival_kind kind, const char *place)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].kind == kind && strcmp(rows[i].place, place) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

const struct tb_arrival_row *toy_the(enum tb_arrival_kind kind, const char *place)
{
    const struct tb_arrival_row *row = toy_row_of(kind, place);
    if (row == NULL) {
        fail_msg("no row of %s", place);
    }
    return row;
}

void toy_refused(const struct tb_arrival_question *question, const char *said)
{
    diag = (struct tb_diag){0};
    assert_int_equal(tb_arrival_down(product, question, rows, TB_ARRIVAL_ROWS_MAX, &count, &diag),
                     TB_INPUT);
    assert_int_equal(count, 0);
    if (strstr(diag.text, said) == NULL) {
        fail_msg("'%s' does not say '%s'", diag.text, said);
    }
}
