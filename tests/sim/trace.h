#ifndef SIM_TRACE_H
#define SIM_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

/*
 * trace - everything that happened, in order, one line each. The same seed gives the
 * same bytes. Kept as a running hash; printed too when somebody wants to read it, and
 * the last lines always when a checker complains.
 */
enum { SIM_TRACE_LINE_BYTES = 512, SIM_TRACE_KEPT = 64 };

void sim_trace_open(bool print);
/* One line: the time in the world, "12:34:56.789", and the words. */
void sim_trace(uint64_t at_ms, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The hash of all lines so far, as hex; how many there were. */
const char *sim_trace_hash(void);
uint64_t sim_trace_lines(void);
/* Print the last lines to standard error, unless all were printed. */
void sim_trace_tail(void);

#endif
