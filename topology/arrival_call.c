#include "topology/arrival_call.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/fault.h"
#include "base/text.h"
#include "topology/call.h"
#include "topology/draw.h"
#include "topology/draw_incident.h"

enum { CODE_MAX = 999999, NAME_BYTES_MAX = 256, BASIS_BYTES_MAX = 64 };

static struct tb_arrival_row down_rows[TB_ARRIVAL_ROWS_MAX];
static struct tb_trace_row trace_rows[TB_ARRIVAL_ROWS_MAX];

/* ------------------------------------------------------------- options */

static void add_fact(struct tb_arrival_call *call, enum tb_water_fact_kind kind, const char *name)
{
    if (call->facts < TB_ARRIVAL_CALL_FACTS_MAX) {
        call->fact[call->facts++] = (struct tb_water_fact){.kind = kind, .name = name};
    } else {
        call->too_many = true;
    }
}

int tb_arrival_call_option(struct tb_arrival_call *call, int argc, char **argv, int at)
{
    const struct {
        const char *option;
        const char **text;
    } texts[] = {{"--river", &call->river},   {"--section", &call->section},
                 {"--km", &call->km},         {"--county", &call->county},
                 {"--regime", &call->regime}, {"--discharge", &call->discharge},
                 {"--then", &call->then}};
    const struct {
        const char *option;
        enum tb_water_fact_kind kind;
    } facts[] = {{"--open", TB_WATER_GATE_OPEN}, {"--dry", TB_WATER_DRY}, {"--ice", TB_WATER_ICE}};
    if (strcmp(argv[at], "--json") == 0) {
        call->json = true;
        return 1;
    }
    if (strcmp(argv[at], "--seen") == 0 && at + 1 < argc) {
        if (call->sightings == TB_ARRIVAL_CALL_SEEN_MAX) {
            call->too_many = true;
            return 2;
        }
        call->seen[call->sightings++] = argv[at + 1];
        return 2;
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts && at + 1 < argc; i++) {
        if (strcmp(argv[at], texts[i].option) == 0) {
            *texts[i].text = argv[at + 1];
            return 2;
        }
    }
    for (size_t i = 0; i < sizeof facts / sizeof *facts && at + 1 < argc; i++) {
        if (strcmp(argv[at], facts[i].option) == 0) {
            add_fact(call, facts[i].kind, argv[at + 1]);
            return 2;
        }
    }
    return 0;
}

static bool number(const char *text, double *out)
{
    return tb_call_number(text, strlen(text), out);
}

static int usage(const char *why)
{
    fprintf(stderr, "tongbao-topology: %s\n", why);
    return TB_CALL_USAGE;
}

/* ${text} is SECTION=HOURS. */
static bool section_at(const char *text, char name[NAME_BYTES_MAX], double *hours_seen)
{
    const char *sign = strrchr(text, '=');
    size_t length = sign != NULL ? (size_t)(sign - text) : 0;
    if (length == 0 || length >= NAME_BYTES_MAX || !number(sign + 1, hours_seen)) {
        return false;
    }
    memcpy(name, text, length);
    name[length] = '\0';
    return true;
}

static int regime_of(const struct tb_arrival_call *call, struct tb_arrival_question *question)
{
    static const char *const words[] = {"", "low", "normal", "flood"};
    for (size_t i = 1; call->regime != NULL && i < sizeof words / sizeof *words; i++) {
        if (strcmp(call->regime, words[i]) == 0) {
            question->regime = (enum tb_travel_regime)i;
            return TB_CALL_OK;
        }
    }
    return call->regime == NULL
               ? TB_CALL_OK
               : tb_call_mistake("--regime", call->regime, "write low, normal or flood");
}

/* The call as a question; TB_CALL_OK, or what the program ends with. */
static int question_of(const struct tb_arrival_call *call, struct tb_arrival_question *question)
{
    int ways = (call->section != NULL) + (call->km != NULL) + (call->county != NULL);
    uint64_t code = 0;
    *question = (struct tb_arrival_question){
        .place = {.river = call->river, .section = call->section, .river_km = -1},
        .facts = call->fact,
        .fact_count = call->facts,
    };
    if (call->river == NULL || ways != 1) {
        return usage("write --river NAME, and where: --km KM, --county CODE or --section NAME");
    }
    if (call->too_many) {
        return usage("more than 64 gates and rivers, or 16 sightings; leave out those that lie "
                     "farthest");
    }
    if (call->regime != NULL && call->discharge != NULL) {
        return usage("write --regime or --discharge; a discharge says more");
    }
    if (call->km != NULL &&
        (!number(call->km, &question->place.river_km) || question->place.river_km < 0)) {
        return tb_call_mistake("--km", call->km,
                               "write kilometres along the river, 0 or more, without the unit");
    }
    if (call->county != NULL &&
        (strlen(call->county) != 6 || !tb_text_u64(call->county, CODE_MAX, &code))) {
        return tb_call_mistake("--county", call->county,
                               "write the six digits of the division, e.g. 140926");
    }
    question->place.county = (uint32_t)code;
    if (call->discharge != NULL &&
        (!number(call->discharge, &question->discharge_m3_s) || question->discharge_m3_s <= 0)) {
        return tb_call_mistake("--discharge", call->discharge,
                               "write a plain number over 0, in cubic metres a second, without "
                               "the unit; a dry river is --dry NAME");
    }
    return regime_of(call, question);
}

/* The sightings of a call, with the memory of their names. */
struct sightings {
    struct tb_water_sighting seen[TB_ARRIVAL_CALL_SEEN_MAX];
    char name[TB_ARRIVAL_CALL_SEEN_MAX][NAME_BYTES_MAX];
};

static int told(const struct tb_diag *diag, enum tb_status status)
{
    fprintf(stderr, "tongbao-topology: %s\n",
            diag->text[0] != '\0' ? diag->text : tb_status_text(status));
    return TB_CALL_MISTAKE;
}

/* ---------------------------------------------------------------- json */

static void set(json_t *object, const char *name, json_t *value)
{
    int failed = json_object_set_new(object, name, value);
    tb_assert(failed == 0);
}

static json_t *hours(double value)
{
    return json_real(round(value * 1000) / 1000);
}

static int print_json(json_t *list)
{
    tb_assert(list != NULL);
    int failed = json_dumpf(list, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    json_decref(list);
    putchar('\n');
    return failed == 0 ? TB_CALL_OK : TB_CALL_MISTAKE;
}

static json_t *row_json(const struct tb_arrival_row *row)
{
    const struct tb_travel_window *w = &row->window;
    json_t *object = json_object();
    char code[8];
    tb_assert(object != NULL);
    snprintf(code, sizeof code, "%06u", row->code);
    set(object, "place", json_string(row->place));
    set(object, "kind", json_string(tb_arrival_kind_name(row->kind)));
    set(object, "code", json_string(code));
    set(object, "river", json_string(row->river));
    set(object, "km", hours(row->km));
    if (row->refusal == TB_ARRIVAL_GIVEN) {
        set(object, "earliest_h", hours(w->earliest_h));
        set(object, "likely_h", hours(w->likely_h));
        set(object, "latest_h", hours(w->latest_h));
        set(object, "peak_h", hours(w->peak_h));
        set(object, "tail_h", hours(w->tail_h));
        set(object, "method", json_string(tb_travel_method_name(w->method)));
        set(object, "refusal", json_null());
    } else {
        const char *const none[] = {"earliest_h", "likely_h", "latest_h",
                                    "peak_h",     "tail_h",   "method"};
        for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
            set(object, none[i], json_null());
        }
        set(object, "refusal", json_string(tb_arrival_refusal_text(row->refusal)));
        set(object, "gate", row->gate != NULL ? json_string(row->gate) : json_null());
        set(object, "until_refusal_h", hours(w->earliest_h));
    }
    set(object, "sample", json_boolean(row->sample));
    return object;
}

/* --------------------------------------------------------------- tables */

/* By what it was reckoned: no window stands without it. */
static void basis_of(const struct tb_arrival_question *question, char basis[BASIS_BYTES_MAX])
{
    static const char *const regimes[] = {"any regime from low to flood", "low water",
                                          "normal water", "flood water"};
    if (question->discharge_m3_s > 0) {
        snprintf(basis, BASIS_BYTES_MAX, "%.10g m3/s", question->discharge_m3_s);
    } else {
        snprintf(basis, BASIS_BYTES_MAX, "%s", regimes[question->regime]);
    }
}

static void print_basis(const struct tb_arrival_question *question)
{
    char basis[BASIS_BYTES_MAX];
    basis_of(question, basis);
    printf("%s; ", basis);
}

static void print_row(const struct tb_arrival_row *row)
{
    const struct tb_travel_window *w = &row->window;
    tb_call_cell(tb_arrival_kind_name(row->kind), 9);
    printf("%06u  ", row->code);
    tb_call_cell(row->place, 28);
    printf("%7.1f  ", row->km);
    if (row->refusal == TB_ARRIVAL_GIVEN) {
        printf("%8.1f %8.1f %8.1f %8.1f %8.1f  %s\n", w->earliest_h, w->likely_h, w->latest_h,
               w->peak_h, w->tail_h, tb_travel_method_name(w->method));
    } else if (row->gate != NULL) {
        printf("%s %s: there from %.1f h; then ask who works it\n",
               tb_arrival_refusal_text(row->refusal), row->gate, w->earliest_h);
    } else {
        printf("%s from %.1f h\n", tb_arrival_refusal_text(row->refusal), w->earliest_h);
    }
}

/* The sightings of the call; TB_CALL_OK, or what the program ends with. */
static int seen_of(const struct tb_rivers *rivers, const struct tb_arrival_call *call,
                   struct sightings *sightings)
{
    for (size_t i = 0; i < call->sightings; i++) {
        struct tb_water_sighting *seen = &sightings->seen[i];
        if (!section_at(call->seen[i], sightings->name[i], &seen->hours)) {
            return tb_call_mistake("--seen", call->seen[i],
                                   "write SECTION=HOURS, how long after the release the peak was "
                                   "seen there");
        }
        const struct tb_layer *section =
            tb_rivers_layer(rivers, TB_LAYER_SECTION, sightings->name[i]);
        if (section == NULL) {
            return tb_call_mistake("--seen", call->seen[i],
                                   "write a section below the incident, as sections.csv does");
        }
        seen->county = section->county;
        seen->river = call->river;
        seen->section = section->name;
    }
    return TB_CALL_OK;
}

/* The answer to ${call} in down_rows; TB_CALL_OK, or what the program ends with. */
static int ask_down(const struct tb_rivers *rivers, const struct tb_arrival_call *call,
                    struct tb_arrival_question *question, size_t *count)
{
    struct sightings sightings = {0};
    struct tb_diag diag = {0};
    int wrong = question_of(call, question);
    if (wrong == TB_CALL_OK) {
        wrong = seen_of(rivers, call, &sightings);
    }
    if (wrong != TB_CALL_OK) {
        return wrong;
    }
    if (call->then != NULL) {
        return usage("--then is for trace; write --seen for where the peak was seen");
    }
    question->sightings = sightings.seen;
    question->sighting_count = call->sightings;
    enum tb_status status =
        tb_arrival_down(rivers, question, down_rows, TB_ARRIVAL_ROWS_MAX, count, &diag);
    question->sightings = NULL;
    return status == TB_OK ? TB_CALL_OK : told(&diag, status);
}

int tb_arrival_call_down(const struct tb_rivers *rivers, const struct tb_arrival_call *call)
{
    struct tb_arrival_question question;
    size_t count;
    int wrong = ask_down(rivers, call, &question, &count);
    if (wrong != TB_CALL_OK) {
        return wrong;
    }
    if (call->json) {
        json_t *list = json_array();
        for (size_t i = 0; i < count; i++) {
            json_array_append_new(list, row_json(&down_rows[i]));
        }
        return print_json(list);
    }
    print_basis(&question);
    puts("hours since the release");
    printf("kind     code    place                            km  earliest   likely   latest     "
           "peak     tail  method\n");
    for (size_t i = 0; i < count; i++) {
        print_row(&down_rows[i]);
    }
    return TB_CALL_OK;
}

int tb_arrival_call_draw(const struct tb_rivers *rivers, const struct tb_arrival_call *call,
                         bool strip, bool time)
{
    struct tb_arrival_question question;
    struct tb_buf buf;
    char basis[BASIS_BYTES_MAX];
    char title[NAME_BYTES_MAX + BASIS_BYTES_MAX];
    size_t count;
    if (call->json) {
        return usage("a drawing is SVG; leave out --json");
    }
    int wrong = ask_down(rivers, call, &question, &count);
    if (wrong != TB_CALL_OK) {
        return wrong;
    }
    const char *place = call->section != NULL ? call->section : call->km;
    basis_of(&question, basis);
    snprintf(title, sizeof title, "%.60s %s%.60s: %s", call->river, call->km != NULL ? "km " : "",
             place != NULL ? place : tb_rivers_name(rivers, question.place.county), basis);
    const struct tb_draw_incident what = {title, strip, time};
    tb_buf_init(&buf, TB_DRAW_BYTES_MAX);
    enum tb_status status = tb_draw_incident(&what, down_rows, count, &buf);
    if (status == TB_OK) {
        fwrite(buf.data, 1, buf.size, stdout);
    }
    tb_buf_fini(&buf);
    return status == TB_OK ? TB_CALL_OK : told(&(struct tb_diag){0}, status);
}

/* ---------------------------------------------------------------- trace */

/* SECTION=HOURS, on the same river. */
static int then_of(const struct tb_arrival_call *call, char name[NAME_BYTES_MAX],
                   struct tb_arrival_place *other, double *other_h)
{
    if (!section_at(call->then, name, other_h)) {
        return tb_call_mistake("--then", call->then,
                               "write SECTION=HOURS, how much later it was seen there; below 0 "
                               "for earlier");
    }
    *other = (struct tb_arrival_place){.river = call->river, .section = name, .river_km = -1};
    return TB_CALL_OK;
}

static json_t *trace_json(const struct tb_rivers *rivers, const struct tb_trace_row *row)
{
    json_t *object = json_object();
    json_t *risks = json_array();
    char code[8];
    tb_assert(object != NULL && risks != NULL);
    snprintf(code, sizeof code, "%06u", row->county);
    set(object, "county", json_string(tb_rivers_name(rivers, row->county)));
    set(object, "code", json_string(code));
    set(object, "river", json_string(row->river));
    set(object, "nearest_km", hours(row->nearest_km));
    set(object, "farthest_km", hours(row->farthest_km));
    set(object, "released_from_h", hours(-row->earliest_h));
    set(object, "released_to_h", hours(-row->latest_h));
    set(object, "gate", *row->gate != '\0' ? json_string(row->gate) : json_null());
    for (size_t i = 0; i < row->risks; i++) {
        json_array_append_new(risks, json_string(row->risk[i].name));
    }
    set(object, "risks", risks);
    return object;
}

static void print_trace(const struct tb_rivers *rivers, const struct tb_trace_row *row)
{
    printf("%06u  ", row->county);
    tb_call_cell(tb_rivers_name(rivers, row->county), 14);
    tb_call_cell(row->river, 12);
    printf("%7.1f %7.1f  %8.1f %8.1f  ", row->nearest_km, row->farthest_km, -row->earliest_h,
           -row->latest_h);
    if (*row->gate != '\0') {
        printf("闸控 %s  ", row->gate);
    }
    for (size_t i = 0; i < row->risks; i++) {
        printf("%s%s", i > 0 ? "、" : "", row->risk[i].name);
    }
    putchar('\n');
}

int tb_arrival_call_trace(const struct tb_rivers *rivers, const struct tb_arrival_call *call)
{
    struct tb_arrival_question question;
    struct tb_arrival_place other;
    struct tb_diag diag = {0};
    char name[NAME_BYTES_MAX];
    double other_h = 0;
    size_t count;
    int wrong = question_of(call, &question);
    if (wrong == TB_CALL_OK && call->sightings > 0) {
        return usage("--seen is for arrival; write --then for a second sighting");
    }
    if (wrong == TB_CALL_OK && call->then != NULL) {
        wrong = then_of(call, name, &other, &other_h);
    }
    if (wrong != TB_CALL_OK) {
        return wrong;
    }
    enum tb_status status =
        tb_arrival_trace(rivers, &question, call->then != NULL ? &other : NULL, other_h, trace_rows,
                         TB_ARRIVAL_ROWS_MAX, &count, &diag);
    if (status != TB_OK) {
        return told(&diag, status);
    }
    if (call->json) {
        json_t *list = json_array();
        for (size_t i = 0; i < count; i++) {
            json_array_append_new(list, trace_json(rivers, &trace_rows[i]));
        }
        return print_json(list);
    }
    print_basis(&question);
    puts("hours before the sighting within which it was released");
    printf("code    county        river         km from    to      from       to  gate, risk "
           "sources\n");
    for (size_t i = 0; i < count; i++) {
        print_trace(rivers, &trace_rows[i]);
    }
    return TB_CALL_OK;
}
