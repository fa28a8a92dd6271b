#ifndef TB_DRAW_H
#define TB_DRAW_H

#include <jansson.h>

#include "base/bytes.h"
#include "topology/rivers.h"

/*
 * draw - the river graph as a picture.
 */
enum { TB_DRAW_BYTES_MAX = 16 * 1024 * 1024 };

/* Append a Graphviz graph, from left to right, counties grouped by city and
 * province, an arrow for each reach and a line without one for each pair of
 * facing banks; TB_TOOBIG when ${buf} is full. */
enum tb_status tb_draw_dot(const struct tb_rivers *rivers, struct tb_buf *buf) TB_MUST_USE;

/* A GeoJSON FeatureCollection: the seats of the counties as points, the reaches
 * as straight lines between them (the river's own course is not in the data).
 * The caller drops the reference. */
json_t *tb_draw_geojson(const struct tb_rivers *rivers);

#endif
