#include "topology/spill_call.h"

#include <math.h>
#include <stdio.h>

#include "base/fault.h"
#include "topology/call.h"

#define METRES_KM 1000.0
#define SECONDS_H 3600.0

/* The answer, or what it lacks. */
struct answer {
    struct tb_spill spill;
    const char *missing;
    bool fischer;
    double mixing_m; /* 0 when not known */
    struct tb_spill_peak peak;
    double least_mg_l, most_mg_l; /* at the slowest and the fastest */
    bool above;
    double from_h, to_h;
};

bool tb_spill_call_asked(const struct tb_spill_call *call)
{
    const struct tb_spill *spill = &call->spill;
    return spill->mass_kg > 0 || spill->area_m2 > 0 || spill->dispersion_m2_s > 0 ||
           spill->decay_per_day > 0 || spill->release_h > 0 || call->limit_mg_l > 0 ||
           call->width_m > 0 || call->depth_m > 0;
}

int tb_spill_call_check(const struct tb_spill_call *call)
{
    struct tb_diag diag = {0};
    if (tb_spill_check(&call->spill, &diag) != TB_OK) {
        fprintf(stderr, "tongbao-topology: travel: %s\n", diag.text);
        return TB_CALL_MISTAKE;
    }
    if (call->limit_mg_l > TB_SPILL_LIMIT_MG_L_MAX) {
        fprintf(stderr, "tongbao-topology: travel: --limit-mg-l: write milligrams a litre, at most "
                        "1e6\n");
        return TB_CALL_MISTAKE;
    }
    if (call->width_m > TB_SPILL_WIDTH_M_MAX || call->depth_m > TB_SPILL_DEPTH_M_MAX) {
        fprintf(stderr, "tongbao-topology: travel: --width-m, --depth-m: write metres, at most "
                        "20000 and 200\n");
        return TB_CALL_MISTAKE;
    }
    return TB_CALL_OK;
}

static double peak_mg_l(struct tb_spill spill, double x, double peak_h)
{
    spill.speed_m_s = x / peak_h / SECONDS_H;
    return tb_spill_peak(&spill, x).mg_l;
}

static struct answer answer_of(const struct tb_spill_call *call, double length_km, double slope,
                               const struct tb_travel_window *window)
{
    struct answer answer = {.spill = call->spill};
    struct tb_spill *spill = &answer.spill;
    double x = length_km * METRES_KM;
    spill->speed_m_s = x / window->peak_h / SECONDS_H;
    struct tb_channel channel = {spill->speed_m_s, call->width_m, call->depth_m, slope};
    if (channel.width_m > 0 && channel.depth_m > 0) {
        spill->area_m2 = spill->area_m2 > 0 ? spill->area_m2 : channel.width_m * channel.depth_m;
        answer.mixing_m = slope > 0 ? tb_channel_mixing_m(&channel) : 0;
        answer.fischer = spill->dispersion_m2_s <= 0 && slope > 0;
    }
    if (answer.fischer) {
        spill->dispersion_m2_s = tb_channel_dispersion_m2_s(&channel);
    }
    answer.missing = tb_spill_missing(spill);
    if (answer.missing != NULL) {
        return answer;
    }
    double slow = peak_mg_l(*spill, x, window->peak_latest_h);
    double fast = peak_mg_l(*spill, x, window->peak_earliest_h);
    answer.peak = tb_spill_peak(spill, x);
    answer.least_mg_l = fmin(slow, fast);
    answer.most_mg_l = fmax(slow, fast);
    answer.above = call->limit_mg_l > 0 &&
                   tb_spill_above(spill, x, call->limit_mg_l, &answer.from_h, &answer.to_h);
    return answer;
}

void tb_spill_call_print(const struct tb_spill_call *call, double length_km, double slope,
                         const struct tb_travel_window *window)
{
    struct answer answer = answer_of(call, length_km, slope, window);
    if (answer.missing != NULL) {
        printf("\nconcentration  不可估算: %s is not known\n", answer.missing);
        return;
    }
    printf("\nconcentration  %.3g mg/L at its peak, after %.1f h, at the likely speed;\n"
           "               %.3g to %.3g mg/L at the slowest and the fastest. Above what was\n"
           "               there before; dispersion %.3g m2/s%s\n",
           answer.peak.mg_l, answer.peak.time_h, answer.least_mg_l, answer.most_mg_l,
           answer.spill.dispersion_m2_s,
           answer.fischer ? " by Fischer, off by up to four times" : "");
    if (answer.above) {
        printf("               above %.10g mg/L from %.1f to %.1f h, for %.1f h\n",
               call->limit_mg_l, answer.from_h, answer.to_h, answer.to_h - answer.from_h);
    } else if (call->limit_mg_l > 0) {
        printf("               never above %.10g mg/L at the likely speed\n", call->limit_mg_l);
    }
    if (answer.mixing_m > length_km * METRES_KM) {
        printf("               not mixed across before %.1f km: higher at one bank\n",
               answer.mixing_m / METRES_KM);
    }
}

static void set(json_t *out, const char *name, json_t *value)
{
    int failed = json_object_set_new(out, name, value);
    tb_assert(failed == 0);
}

void tb_spill_call_json(const struct tb_spill_call *call, double length_km, double slope,
                        const struct tb_travel_window *window, json_t *out)
{
    struct answer answer = answer_of(call, length_km, slope, window);
    if (answer.missing != NULL) {
        set(out, "concentration", json_string("不可估算"));
        set(out, "missing", json_string(answer.missing));
        return;
    }
    set(out, "concentration", json_null());
    set(out, "peak_mg_l", json_real(answer.peak.mg_l));
    set(out, "peak_least_mg_l", json_real(answer.least_mg_l));
    set(out, "peak_most_mg_l", json_real(answer.most_mg_l));
    set(out, "dispersion_m2_s", json_real(answer.spill.dispersion_m2_s));
    set(out, "dispersion_by", json_string(answer.fischer ? "fischer" : "given"));
    set(out, "mixed",
        answer.mixing_m > 0 ? json_boolean(answer.mixing_m <= length_km * METRES_KM) : json_null());
    if (call->limit_mg_l > 0) {
        set(out, "above_from_h", answer.above ? json_real(answer.from_h) : json_null());
        set(out, "above_to_h", answer.above ? json_real(answer.to_h) : json_null());
    }
}
