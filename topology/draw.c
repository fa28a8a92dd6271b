#include "topology/draw.h"

#include <stdio.h>

#include "base/fault.h"
#include "topology/rivers_table.h"

static enum tb_status dot_name(struct tb_buf *buf, const char *name)
{
    enum tb_status status = tb_buf_add(buf, tb_bytes_text("\""));
    for (; *name != '\0' && status == TB_OK; name++) {
        if (*name == '"' || *name == '\\') {
            status = tb_buf_add(buf, tb_bytes_text("\\"));
        }
        if (status == TB_OK) {
            status = tb_buf_add(buf, tb_bytes_of(name, 1));
        }
    }
    return status == TB_OK ? tb_buf_add(buf, tb_bytes_text("\"")) : status;
}

static enum tb_status dot_cluster(struct tb_buf *buf, const struct tb_division *d,
                                  const char *indent)
{
    enum tb_status status =
        tb_buf_print(buf, "%ssubgraph cluster_%06u {\n%s  label=", indent, d->code, indent);
    if (status == TB_OK) {
        status = dot_name(buf, d->name);
    }
    return status == TB_OK ? tb_buf_print(buf, ";\n") : status;
}

/* True when ${d} is a county of the graph right below ${above}. */
static bool belongs(const struct tb_rivers *rivers, const struct tb_division *d, uint32_t above)
{
    size_t places;
    tb_rivers_places(rivers, d->code, &places);
    return d->level == TB_LEVEL_COUNTY && d->parent == above && places > 0;
}

static enum tb_status dot_counties(const struct tb_rivers *rivers, uint32_t above,
                                   struct tb_buf *buf)
{
    enum tb_status status = TB_OK;
    for (size_t i = 0; i < rivers->divisions && status == TB_OK; i++) {
        const struct tb_division *d = &rivers->division[i];
        if (!belongs(rivers, d, above)) {
            continue;
        }
        status = tb_buf_print(buf, "      c%06u [label=", d->code);
        if (status == TB_OK) {
            status = dot_name(buf, d->name);
        }
        if (status == TB_OK) {
            status = tb_buf_print(buf, "];\n");
        }
    }
    return status;
}

/* The frame of ${city}; none when no county of it is in the graph. */
static enum tb_status dot_city(const struct tb_rivers *rivers, const struct tb_division *city,
                               struct tb_buf *buf)
{
    bool any = false;
    for (size_t i = 0; i < rivers->divisions && !any; i++) {
        any = belongs(rivers, &rivers->division[i], city->code);
    }
    if (!any) {
        return TB_OK;
    }
    enum tb_status status = dot_cluster(buf, city, "    ");
    if (status == TB_OK) {
        status = dot_counties(rivers, city->code, buf);
    }
    return status == TB_OK ? tb_buf_print(buf, "    }\n") : status;
}

static enum tb_status dot_province(const struct tb_rivers *rivers,
                                   const struct tb_division *province, struct tb_buf *buf)
{
    enum tb_status status = dot_cluster(buf, province, "  ");
    if (status == TB_OK) {
        status = dot_counties(rivers, province->code, buf);
    }
    for (size_t i = 0; i < rivers->divisions && status == TB_OK; i++) {
        const struct tb_division *d = &rivers->division[i];
        if (d->level == TB_LEVEL_CITY && d->province == province->code) {
            status = dot_city(rivers, d, buf);
        }
    }
    return status == TB_OK ? tb_buf_print(buf, "  }\n") : status;
}

enum tb_status tb_draw_dot(const struct tb_rivers *rivers, struct tb_buf *buf)
{
    enum tb_status status = tb_buf_print(buf, "digraph rivers {\n  rankdir=LR;\n"
                                              "  node [shape=box];\n");
    for (size_t i = 0; i < rivers->divisions && status == TB_OK; i++) {
        if (rivers->division[i].level == TB_LEVEL_PROVINCE) {
            status = dot_province(rivers, &rivers->division[i], buf);
        }
    }
    for (size_t i = 0; i < rivers->reaches && status == TB_OK; i++) {
        const struct tb_reach *reach = &rivers->out[i];
        status = tb_buf_print(buf, "  c%06u -> c%06u [label=", reach->from, reach->to);
        if (status == TB_OK) {
            status = dot_name(buf, reach->river);
        }
        if (status == TB_OK) {
            status = tb_buf_print(buf, "];\n");
        }
    }
    for (size_t i = 0; i < rivers->banks && status == TB_OK; i++) {
        const struct tb_bank *bank = &rivers->bank[i];
        if (bank->county < bank->other) {
            status =
                tb_buf_print(buf, "  c%06u -> c%06u [dir=none, style=dashed, constraint=false];\n",
                             bank->county, bank->other);
        }
    }
    return status == TB_OK ? tb_buf_print(buf, "}\n") : status;
}

static json_t *point(const struct tb_division *d)
{
    return json_pack("[f, f]", (double)d->lon_microdeg / 1e6, (double)d->lat_microdeg / 1e6);
}

static void add_feature(json_t *features, json_t *feature)
{
    tb_assert(feature != NULL);
    int failed = json_array_append_new(features, feature);
    tb_assert(failed == 0);
}

json_t *tb_draw_geojson(const struct tb_rivers *rivers)
{
    json_t *features = json_array();
    tb_assert(features != NULL);
    for (size_t i = 0; i < rivers->divisions; i++) {
        const struct tb_division *d = &rivers->division[i];
        size_t places;
        tb_rivers_places(rivers, d->code, &places);
        if (places == 0) {
            continue;
        }
        char code[8];
        snprintf(code, sizeof code, "%06u", d->code);
        add_feature(features,
                    json_pack("{s:s, s:{s:s, s:o}, s:{s:s, s:s, s:s}}", "type", "Feature",
                              "geometry", "type", "Point", "coordinates", point(d), "properties",
                              "code", code, "name", d->name, "basin", d->basin));
    }
    for (size_t i = 0; i < rivers->reaches; i++) {
        const struct tb_reach *reach = &rivers->out[i];
        char from[8], to[8];
        snprintf(from, sizeof from, "%06u", reach->from);
        snprintf(to, sizeof to, "%06u", reach->to);
        add_feature(features, json_pack("{s:s, s:{s:s, s:[o, o]}, s:{s:s, s:s, s:s, s:f}}", "type",
                                        "Feature", "geometry", "type", "LineString", "coordinates",
                                        point(tb_rivers_division(rivers, reach->from)),
                                        point(tb_rivers_division(rivers, reach->to)), "properties",
                                        "from", from, "to", to, "river", reach->river, "length_km",
                                        (double)reach->length_m / 1000.0));
    }
    return json_pack("{s:s, s:o}", "type", "FeatureCollection", "features", features);
}
