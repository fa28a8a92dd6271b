#ifndef TB_DRAW_INCIDENT_H
#define TB_DRAW_INCIDENT_H

#include "base/bytes.h"
#include "topology/arrival.h"

/*
 * draw_incident - the rows of an arrival as pictures: the river as a strip, and below
 * it time over distance with one scale of kilometres for both.
 *
 *   strip   incident ●──┬──▲──┬──▌- - -     counties, borders, intakes, gates
 *   time    y hours, x kilometres: the plume a band that widens, a bar where it ends
 */
struct tb_draw_incident {
    const char *title; /* where, and by what it was reckoned */
    bool strip, time;  /* which of the two */
};

/* Append one SVG; TB_TOOBIG when ${buf} is full. ${count} rows, in any order. */
enum tb_status tb_draw_incident(const struct tb_draw_incident *what,
                                const struct tb_arrival_row *rows, size_t count,
                                struct tb_buf *buf) TB_MUST_USE;

#endif
