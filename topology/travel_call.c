#include "topology/travel_call.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/fault.h"
#include "topology/call.h"
#include "topology/spill_call.h"
#include "topology/travel.h"

enum { SEEN_MAX = 64, LINE_BYTES_MAX = 512 };

static const char travel_usage[] =
    "usage: tongbao-topology travel --length-km L --discharge Q [--mean-discharge QA]\n"
    "                               [--area-km2 A] [--slope S] [--seen KM=HOURS]…\n"
    "                               [--mass-kg M --dispersion E --area-m2 A] [--width-m B]\n"
    "                               [--depth-m H] [--decay-per-day K] [--release-h T]\n"
    "                               [--limit-mg-l C] [--json]\n"
    "\n"
    "  When a soluble substance that was released at once comes to the place L kilometres\n"
    "  below, in hours since the release: first arrival, peak, passing of the tail.\n"
    "\n"
    "  --length-km L         kilometres along the river\n"
    "  --discharge Q         now, in cubic metres a second\n"
    "  --mean-discharge QA   over the years, in cubic metres a second\n"
    "  --area-km2 A          drained above the reach, in square kilometres\n"
    "  --slope S             metres a metre: 0.5 per mille is 0.0005\n"
    "  --seen KM=HOURS       the peak was seen KM kilometres below the release, HOURS after it\n"
    "\n"
    "  How much of it there is, where all of these are known:\n"
    "  --mass-kg M           released, in kilograms\n"
    "  --area-m2 A           of the cross-section, in square metres; else --width-m x --depth-m\n"
    "  --dispersion E        longitudinal, in square metres a second; else Fischer's estimate of\n"
    "                        --width-m, --depth-m and --slope\n"
    "  --decay-per-day K     what is lost in a day, as a part of it\n"
    "  --release-h T         released evenly over T hours, not at once\n"
    "  --limit-mg-l C        and how long it is above C milligrams a litre\n";

/* The peak was seen there, then. */
struct sighting {
    double km;
    double hours;
};

struct question {
    double length_km;
    struct tb_flow flow;
    struct sighting seen[SEEN_MAX];
    size_t sightings;
    struct tb_spill_call spill;
    bool json;
};

static int usage(const char *why)
{
    fprintf(stderr, "tongbao-topology: travel: %s\n\n%s", why, travel_usage);
    return TB_CALL_USAGE;
}

static int take_seen(struct question *question, const char *value)
{
    const char *sign = strchr(value, '=');
    struct sighting seen;
    if (sign == NULL || !tb_call_number(value, (size_t)(sign - value), &seen.km) ||
        !tb_call_number(sign + 1, strlen(sign + 1), &seen.hours)) {
        return tb_call_mistake(
            "--seen", value,
            "write KM=HOURS, kilometres below the release and hours after it: 12.5=9");
    }
    if (question->sightings == SEEN_MAX) {
        return tb_call_mistake("--seen", value, "there are 64 already; leave out the oldest");
    }
    size_t at = question->sightings++;
    for (; at > 0 && question->seen[at - 1].km > seen.km; at--) {
        question->seen[at] = question->seen[at - 1];
    }
    question->seen[at] = seen;
    return TB_CALL_OK;
}

/* Take ${option}; TB_CALL_OK, or what the program ends with. */
static int take(struct question *question, const char *option, const char *value)
{
    struct {
        const char *option;
        double *number;
        const char *unit;
    } known[] = {
        {"--length-km", &question->length_km, "kilometres"},
        {"--discharge", &question->flow.discharge_m3_s, "cubic metres a second"},
        {"--mean-discharge", &question->flow.mean_discharge_m3_s, "cubic metres a second"},
        {"--area-km2", &question->flow.area_km2, "square kilometres"},
        {"--slope", &question->flow.slope, "metres a metre"},
        {"--mass-kg", &question->spill.spill.mass_kg, "kilograms"},
        {"--area-m2", &question->spill.spill.area_m2, "square metres"},
        {"--dispersion", &question->spill.spill.dispersion_m2_s, "square metres a second"},
        {"--decay-per-day", &question->spill.spill.decay_per_day, "1 a day"},
        {"--release-h", &question->spill.spill.release_h, "hours"},
        {"--limit-mg-l", &question->spill.limit_mg_l, "milligrams a litre"},
        {"--width-m", &question->spill.width_m, "metres"},
        {"--depth-m", &question->spill.depth_m, "metres"},
    };
    if (strcmp(option, "--seen") == 0) {
        return take_seen(question, value);
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(option, known[i].option) != 0) {
            continue;
        }
        if (tb_call_number(value, strlen(value), known[i].number)) {
            /* 0 stands for "not known" inside; who writes 0 has made a mistake. */
            if (*known[i].number > 0) {
                return TB_CALL_OK;
            }
        }
        char instead[LINE_BYTES_MAX];
        snprintf(instead, sizeof instead, "write a plain number over 0, in %s, without the unit",
                 known[i].unit);
        return tb_call_mistake(option, value, instead);
    }
    return usage("an option that it does not know");
}

static int check(const struct question *question)
{
    struct tb_diag diag = {0};
    if (question->length_km <= 0 || question->flow.discharge_m3_s <= 0) {
        return usage("--length-km and --discharge are needed: a time without its discharge says "
                     "nothing");
    }
    if (question->length_km > TB_TRAVEL_LENGTH_KM_MAX) {
        fprintf(stderr, "tongbao-topology: travel: --length-km: no river is that long; write at "
                        "most 7000, in kilometres\n");
        return TB_CALL_MISTAKE;
    }
    if (tb_flow_check(&question->flow, &diag) != TB_OK) {
        fprintf(stderr, "tongbao-topology: travel: %s\n", diag.text);
        return TB_CALL_MISTAKE;
    }
    return tb_spill_call_check(&question->spill);
}

static int reckon(const struct question *question, const struct tb_speed *speed,
                  struct tb_travel_window *window)
{
    struct tb_plume plume;
    struct tb_diag diag = {0};
    tb_plume_start(&plume);
    for (size_t i = 0; i < question->sightings; i++) {
        const struct sighting *seen = &question->seen[i];
        if (seen->km <= plume.km || seen->km > question->length_km) {
            fprintf(stderr,
                    "tongbao-topology: travel: --seen %.10g=%.10g: write each place once, below "
                    "the release and at most at kilometre %.10g\n",
                    seen->km, seen->hours, question->length_km);
            return TB_CALL_MISTAKE;
        }
        tb_plume_pass_km(&plume, seen->km - plume.km, speed);
        if (tb_plume_seen(&plume, seen->hours, &diag) != TB_OK) {
            fprintf(stderr, "tongbao-topology: travel: --seen: %s\n", diag.text);
            return TB_CALL_MISTAKE;
        }
    }
    tb_plume_pass_km(&plume, fmax(0.0, question->length_km - plume.km), speed);
    tb_plume_window(&plume, window);
    return TB_CALL_OK;
}

static void set_number(json_t *object, const char *name, double value)
{
    int failed = json_object_set_new(object, name, json_real(value));
    tb_assert(failed == 0);
}

static int print_json(const struct question *question, const struct tb_speed *speed,
                      const struct tb_travel_window *window)
{
    json_t *out = json_object();
    tb_assert(out != NULL);
    set_number(out, "earliest_h", window->earliest_h);
    set_number(out, "likely_h", window->likely_h);
    set_number(out, "latest_h", window->latest_h);
    set_number(out, "peak_earliest_h", window->peak_earliest_h);
    set_number(out, "peak_h", window->peak_h);
    set_number(out, "peak_latest_h", window->peak_latest_h);
    set_number(out, "tail_h", window->tail_h);
    int failed =
        json_object_set_new(out, "method", json_string(tb_travel_method_name(window->method)));
    tb_assert(failed == 0);
    set_number(out, "length_km", question->length_km);
    set_number(out, "discharge_m3_s", question->flow.discharge_m3_s);
    set_number(out, "peak_m_s", speed->peak_m_s);
    if (speed->fastest_m_s > 0) {
        set_number(out, "fastest_m_s", speed->fastest_m_s);
        set_number(out, "fastest_first_h",
                   TB_TRAVEL_LEAD_RATIO * question->length_km / 3.6 / speed->fastest_m_s);
    }
    if (tb_spill_call_asked(&question->spill)) {
        tb_spill_call_json(&question->spill, question->length_km, question->flow.slope, window,
                           out);
    }
    failed = json_dumpf(out, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    json_decref(out);
    putchar('\n');
    return failed == 0 ? TB_CALL_OK : TB_CALL_MISTAKE;
}

static void print_text(const struct question *question, const struct tb_speed *speed,
                       const struct tb_travel_window *window)
{
    printf("%.10g km below, at %.10g m3/s, method %s, peak %.2f m/s; hours since the release\n\n",
           question->length_km, question->flow.discharge_m3_s,
           tb_travel_method_name(window->method), speed->peak_m_s);
    printf("               earliest    likely    latest\n");
    printf("first arrival  %8.1f  %8.1f  %8.1f\n", window->earliest_h, window->likely_h,
           window->latest_h);
    printf("peak           %8.1f  %8.1f  %8.1f\n", window->peak_earliest_h, window->peak_h,
           window->peak_latest_h);
    printf("tail has passed          %8.1f\n", window->tail_h);
    if (question->flow.mean_discharge_m3_s <= 0 && question->sightings == 0) {
        printf("\nWithout the mean discharge the window is twice as wide: give --mean-discharge, "
               "and --area-km2.\n");
    }
    if (tb_spill_call_asked(&question->spill)) {
        tb_spill_call_print(&question->spill, question->length_km, question->flow.slope, window);
    }
}

int tb_travel_call(int argc, char **argv)
{
    struct question question = {0};
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            fputs(travel_usage, stdout);
            return TB_CALL_OK;
        }
        if (strcmp(argv[i], "--json") == 0) {
            question.json = true;
            continue;
        }
        if (i + 1 == argc) {
            return usage("an option that it does not know, or without its value");
        }
        int status = take(&question, argv[i], argv[i + 1]);
        if (status != TB_CALL_OK) {
            return status;
        }
        i++;
    }
    int status = check(&question);
    if (status != TB_CALL_OK) {
        return status;
    }
    struct tb_speed speed = tb_speed_of_flow(&question.flow);
    struct tb_travel_window window;
    status = reckon(&question, &speed, &window);
    if (status != TB_CALL_OK) {
        return status;
    }
    if (question.json) {
        return print_json(&question, &speed, &window);
    }
    print_text(&question, &speed, &window);
    return TB_CALL_OK;
}
