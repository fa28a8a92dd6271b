#include "topology/draw_incident.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

/* All in pixels of the picture. */
enum {
    WIDTH = 1400,
    LEFT = 80,
    RIGHT = 190, /* room for labels that were pushed on */
    TITLE = 50,
    STRIP_HEIGHT = 250,
    STRIP_RIVER = 215, /* of the river below the top of its panel */
    TIME_HEIGHT = 560,
    TIME_TOP = 40, /* of the axis below the top of its panel */
    TIME_FOOT = 60,
    LABEL_GAP = 17, /* between two labels that stand aslant */
    LABEL_RISE = 34,
    TICKS_MAX = 12,
};

/* What lies beyond the last window is shown so far, as a part of what lies before. */
#define BEYOND 1.12

struct picture {
    struct tb_buf *buf;
    enum tb_status status;
    const struct tb_arrival_row **row; /* by km, those in the picture */
    size_t count;
    double km_max, hours_max;
    double top; /* of the present panel */
};

/* A kind of place, and how it is drawn. */
static const struct {
    const char *colour;
    const char *word;
} looks[] = {
    [TB_ARRIVAL_COUNTY] = {"#444444", "county"},   [TB_ARRIVAL_BORDER] = {"#8e44ad", "border"},
    [TB_ARRIVAL_SECTION] = {"#7f8c8d", "section"}, [TB_ARRIVAL_INTAKE] = {"#1f6fb2", "intake"},
    [TB_ARRIVAL_GATE] = {"#000000", "gate"},
};

#define PUT(picture, ...)                                                                          \
    do {                                                                                           \
        if ((picture)->status == TB_OK) {                                                          \
            (picture)->status = tb_buf_print((picture)->buf, __VA_ARGS__);                         \
        }                                                                                          \
    } while (false)

/* ${text} with what XML would take for its own. */
static void put_text(struct picture *picture, const char *text)
{
    for (; *text != '\0'; text++) {
        const char *instead = *text == '&' ? "&amp;" : *text == '<' ? "&lt;" : "&gt;";
        if (strchr("&<>", *text) != NULL) {
            PUT(picture, "%s", instead);
        } else if (picture->status == TB_OK) {
            picture->status = tb_buf_add(picture->buf, tb_bytes_of(text, 1));
        }
    }
}

static double x_of(const struct picture *picture, double km)
{
    return LEFT + km / picture->km_max * (WIDTH - LEFT - RIGHT);
}

static double y_of(const struct picture *picture, double hours)
{
    return picture->top + TIME_HEIGHT - TIME_FOOT -
           hours / picture->hours_max * (TIME_HEIGHT - TIME_FOOT - TIME_TOP);
}

static void line(struct picture *picture, double x1, double y1, double x2, double y2,
                 const char *style)
{
    PUT(picture, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" %s/>\n", x1, y1, x2, y2,
        style);
}

/* ------------------------------------------------------------------ rows */

static bool given(const struct tb_arrival_row *row)
{
    return row->refusal == TB_ARRIVAL_GIVEN;
}

static int by_km(const void *left, const void *right)
{
    const struct tb_arrival_row *a = *(const struct tb_arrival_row *const *)left;
    const struct tb_arrival_row *b = *(const struct tb_arrival_row *const *)right;
    if (a->km < b->km || a->km > b->km) {
        return a->km < b->km ? -1 : 1;
    }
    return a->kind != b->kind ? (int)a->kind - (int)b->kind : strcmp(a->place, b->place);
}

/* The rows in the picture: to a little beyond the last window, or all when there is
 * none. */
static void choose(struct picture *picture, const struct tb_arrival_row *rows, size_t count)
{
    double last = 0;
    double all = 1;
    for (size_t i = 0; i < count; i++) {
        all = fmax(all, rows[i].km);
        last = given(&rows[i]) ? fmax(last, rows[i].km) : last;
        picture->hours_max = given(&rows[i]) ? fmax(picture->hours_max, rows[i].window.latest_h)
                                             : picture->hours_max;
    }
    picture->km_max = last > 0 ? fmin(all, last * BEYOND) : all;
    picture->hours_max = picture->hours_max > 0 ? picture->hours_max * 1.05 : 24;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].km <= picture->km_max) {
            picture->row[picture->count++] = &rows[i];
        }
    }
    qsort(picture->row, picture->count, sizeof(struct tb_arrival_row *), by_km);
}

/* ----------------------------------------------------------------- labels */

/* Places that have a name in the picture: the borders say where, the counties who. */
static bool labelled(const struct tb_arrival_row *row)
{
    return row->kind != TB_ARRIVAL_SECTION;
}

/* Names, and between which hours it comes, aslant above ${y}, each pushed on until it stands free
 * of the one before, with a thin line to its place. */
static void labels(struct picture *picture, double y)
{
    double free_x = 0;
    for (size_t i = 0; i < picture->count; i++) {
        const struct tb_arrival_row *row = picture->row[i];
        double at = x_of(picture, row->km);
        double x = fmax(at, free_x);
        if (!labelled(row) || x > WIDTH - LABEL_GAP) {
            continue;
        }
        free_x = x + LABEL_GAP;
        PUT(picture,
            "<polyline points=\"%.1f,%.1f %.1f,%.1f\" stroke=\"%s\" stroke-width=\"0.6\" "
            "fill=\"none\"/>\n<text transform=\"translate(%.1f,%.1f) rotate(-55)\" fill=\"%s\" "
            "font-size=\"13\">",
            at, y, x, y - LABEL_RISE, looks[row->kind].colour, x + 4, y - LABEL_RISE - 2,
            looks[row->kind].colour);
        put_text(picture, row->kind == TB_ARRIVAL_BORDER ? "→ " : "");
        put_text(picture, row->place);
        if (given(row) && row->kind != TB_ARRIVAL_BORDER) {
            PUT(picture, "  %.1f–%.0f h", row->window.earliest_h, row->window.latest_h);
        }
        PUT(picture, "</text>\n");
    }
}

/* ------------------------------------------------------------------ strip */

static void mark(struct picture *picture, const struct tb_arrival_row *row, double y)
{
    double x = x_of(picture, row->km);
    const char *colour = looks[row->kind].colour;
    switch (row->kind) {
    case TB_ARRIVAL_COUNTY:
        PUT(picture, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"#ffffff\" stroke=\"%s\"/>\n",
            x, y, colour);
        break;
    case TB_ARRIVAL_BORDER:
        PUT(picture,
            "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" "
            "stroke-width=\"2\" stroke-dasharray=\"4 3\"/>\n",
            x, y - 16, x, y + 16, colour);
        break;
    case TB_ARRIVAL_SECTION:
        PUT(picture, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>\n", x,
            y, x, y + 9, colour);
        break;
    case TB_ARRIVAL_INTAKE:
        PUT(picture, "<path d=\"M%.1f %.1f l6 11 h-12 z\" fill=\"%s\"/>\n", x, y, colour);
        break;
    case TB_ARRIVAL_GATE:
        PUT(picture, "<rect x=\"%.1f\" y=\"%.1f\" width=\"5\" height=\"32\" fill=\"%s\"/>\n",
            x - 2.5, y - 16, colour);
        break;
    }
}

/* The kilometre at which the windows end; that of the last row when none bars them. */
static double end_km(const struct picture *picture)
{
    double end = 0;
    for (size_t i = 0; i < picture->count; i++) {
        end = given(picture->row[i]) ? fmax(end, picture->row[i]->km) : end;
    }
    return end;
}

static void strip(struct picture *picture)
{
    double y = picture->top + STRIP_RIVER;
    double end = x_of(picture, end_km(picture));
    line(picture, LEFT, y, end, y, "stroke=\"#3498db\" stroke-width=\"6\"");
    line(picture, end, y, WIDTH - RIGHT, y,
         "stroke=\"#b0b8bf\" stroke-width=\"6\" stroke-dasharray=\"10 6\"");
    labels(picture, y);
    for (size_t i = 0; i < picture->count; i++) {
        mark(picture, picture->row[i], y);
    }
    PUT(picture, "<circle cx=\"%d\" cy=\"%.1f\" r=\"8\" fill=\"#c0392b\"/>\n", LEFT, y);
    picture->top += STRIP_HEIGHT;
}

/* ------------------------------------------------------------------- time */

/* 1, 2 or 5 times a power of ten, so that there are few. */
static double tick_of(double whole)
{
    double step = pow(10, floor(log10(whole / TICKS_MAX)));
    const double times[] = {1, 2, 5, 10};
    size_t i = 0;
    while (i < 3 && whole / (step * times[i]) > TICKS_MAX) {
        i++;
    }
    return step * times[i];
}

static void axes(struct picture *picture)
{
    double foot = y_of(picture, 0);
    double step = tick_of(picture->km_max);
    line(picture, LEFT, foot, WIDTH - RIGHT, foot, "stroke=\"#000000\"");
    line(picture, LEFT, foot, LEFT, picture->top + TIME_TOP, "stroke=\"#000000\"");
    for (double km = 0; km <= picture->km_max; km += step) {
        double x = x_of(picture, km);
        line(picture, x, foot, x, foot + 5, "stroke=\"#000000\"");
        PUT(picture, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%.10g</text>\n", x,
            foot + 20, km);
    }
    /* Hours are read in days and their parts. */
    step = picture->hours_max > 24 ? 12 * ceil(picture->hours_max / TICKS_MAX / 12)
                                   : tick_of(picture->hours_max);
    for (double h = 0; h <= picture->hours_max; h += step) {
        double y = y_of(picture, h);
        line(picture, LEFT, y, WIDTH - RIGHT, y, "stroke=\"#e3e6e8\"");
        PUT(picture, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.10g</text>\n", LEFT - 8,
            y + 5, h);
    }
    PUT(picture, "<text x=\"%d\" y=\"%.1f\">kilometres below the incident</text>\n", LEFT,
        foot + 42);
    PUT(picture, "<text x=\"%d\" y=\"%.1f\">hours since the release</text>\n", LEFT,
        picture->top + TIME_TOP - 12);
    if (picture->hours_max > 24) {
        double y = y_of(picture, 24);
        line(picture, LEFT, y, WIDTH - RIGHT, y, "stroke=\"#e67e22\" stroke-dasharray=\"2 4\"");
        PUT(picture, "<text x=\"%d\" y=\"%.1f\" fill=\"#e67e22\">24 h</text>\n", WIDTH - RIGHT + 6,
            y + 5);
    }
}

/* Borders and intakes as lines from foot to top. */
static void uprights(struct picture *picture)
{
    double foot = y_of(picture, 0);
    for (size_t i = 0; i < picture->count; i++) {
        const struct tb_arrival_row *row = picture->row[i];
        if (row->kind == TB_ARRIVAL_BORDER || row->kind == TB_ARRIVAL_INTAKE) {
            double x = x_of(picture, row->km);
            PUT(picture,
                "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" "
                "stroke-dasharray=\"5 4\"/>\n",
                x, foot, x, picture->top + TIME_TOP, looks[row->kind].colour);
        }
    }
}

static double time_of(const struct tb_arrival_row *row, int which)
{
    const struct tb_travel_window *w = &row->window;
    const double times[] = {w->earliest_h, w->likely_h, w->latest_h, w->peak_h};
    return times[which];
}

/* The points of one time along the way, from the incident, or back to it. */
static void points(struct picture *picture, int which, bool back)
{
    double furthest = 0;
    if (!back) {
        PUT(picture, "%.1f,%.1f ", x_of(picture, 0), y_of(picture, 0));
    }
    for (size_t k = 0; k < picture->count; k++) {
        const struct tb_arrival_row *row = picture->row[back ? picture->count - 1 - k : k];
        if (given(row)) {
            /* Two ways to one kilometre differ a little; the line goes on only. */
            double hours = time_of(row, which);
            furthest = back ? hours : fmax(furthest, hours);
            PUT(picture, "%.1f,%.1f ", x_of(picture, row->km),
                y_of(picture, back ? hours : furthest));
        }
    }
}

static void band(struct picture *picture)
{
    PUT(picture, "<polygon fill=\"#e74c3c\" fill-opacity=\"0.18\" stroke=\"none\" points=\"");
    points(picture, 0, false);
    points(picture, 2, true);
    PUT(picture, "\"/>\n");
    static const struct {
        int which;
        const char *style;
    } lines[] = {{0, "stroke=\"#c0392b\" stroke-width=\"2.5\""},
                 {1, "stroke=\"#c0392b\" stroke-width=\"1.5\" stroke-dasharray=\"7 4\""},
                 {2, "stroke=\"#c0392b\" stroke-width=\"0.8\""},
                 {3, "stroke=\"#7b241c\" stroke-width=\"1.2\" stroke-dasharray=\"2 3\""}};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        PUT(picture, "<polyline fill=\"none\" %s points=\"", lines[i].style);
        points(picture, lines[i].which, false);
        PUT(picture, "\"/>\n");
    }
}

/* Where a gate ends it: a bar from when it is there, and no word of what is below. */
static void gates(struct picture *picture)
{
    for (size_t i = 0; i < picture->count; i++) {
        const struct tb_arrival_row *row = picture->row[i];
        if (row->kind != TB_ARRIVAL_GATE || !given(row)) {
            continue;
        }
        double x = x_of(picture, row->km);
        double y = y_of(picture, row->window.earliest_h);
        PUT(picture,
            "<rect x=\"%.1f\" y=\"%.1f\" width=\"6\" height=\"%.1f\" fill=\"#000000\"/>\n"
            "<text x=\"%.1f\" y=\"%.1f\" font-weight=\"bold\">%s ",
            x - 3, picture->top + TIME_TOP, y - picture->top - TIME_TOP, x + 8,
            picture->top + TIME_TOP + 16, tb_arrival_refusal_text(TB_ARRIVAL_GATED));
        put_text(picture, row->place);
        PUT(picture, "</text>\n");
    }
}

static void legend(struct picture *picture)
{
    static const struct {
        const char *style, *word;
    } entries[] = {
        {"stroke=\"#c0392b\" stroke-width=\"2.5\"", "earliest arrival: act on this"},
        {"stroke=\"#c0392b\" stroke-width=\"1.5\" stroke-dasharray=\"7 4\"", "likely arrival"},
        {"stroke=\"#c0392b\" stroke-width=\"0.8\"", "latest arrival"},
        {"stroke=\"#7b241c\" stroke-width=\"1.2\" stroke-dasharray=\"2 3\"", "likely peak"},
        {"stroke=\"#8e44ad\" stroke-dasharray=\"5 4\"", "border"},
        {"stroke=\"#1f6fb2\" stroke-dasharray=\"5 4\"", "intake"}};
    double x = LEFT + 330;
    double y = y_of(picture, 0) + 37;
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        line(picture, x, y, x + 30, y, entries[i].style);
        PUT(picture, "<text x=\"%.1f\" y=\"%.1f\">%s</text>\n", x + 36, y + 5, entries[i].word);
        x += i == 0 ? 260 : 150;
    }
}

/* -------------------------------------------------------------------- all */

enum tb_status tb_draw_incident(const struct tb_draw_incident *what,
                                const struct tb_arrival_row *rows, size_t count, struct tb_buf *buf)
{
    int height = TITLE + (what->strip ? STRIP_HEIGHT : 0) + (what->time ? TIME_HEIGHT : 0);
    struct picture picture = {.buf = buf, .top = TITLE};
    picture.row = calloc(count + 1, sizeof(struct tb_arrival_row *));
    tb_assert(picture.row != NULL);
    choose(&picture, rows, count);
    PUT(&picture,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
        "viewBox=\"0 0 %d %d\" font-family=\"'Noto Sans CJK SC','Source Han Sans SC',"
        "'Microsoft YaHei','WenQuanYi Micro Hei',sans-serif\" font-size=\"14\">\n"
        "<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n"
        "<text x=\"%d\" y=\"30\" font-size=\"18\" font-weight=\"bold\">",
        WIDTH, height, WIDTH, height, LEFT);
    put_text(&picture, what->title);
    PUT(&picture, "</text>\n");
    if (what->strip) {
        strip(&picture);
    }
    if (what->time) {
        axes(&picture);
        uprights(&picture);
        band(&picture);
        gates(&picture);
        legend(&picture);
    }
    PUT(&picture, "</svg>\n");
    free(picture.row);
    return picture.status;
}
