#ifndef TB_CLOCK_H
#define TB_CLOCK_H

#include "base/wall.h"

/*
 * clock - where time enters the process.
 *
 * Read once at the head of a turn; everything below is handed the result.
 */

/* CLOCK_MONOTONIC in milliseconds and CLOCK_REALTIME, read together. */
struct tb_now tb_clock_read(void);

#endif
