#include "tests/sim/trace.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct {
    bool print;
    uint64_t lines;
    crypto_generichash_state hash;
    char last[SIM_TRACE_KEPT][SIM_TRACE_LINE_BYTES];
    char hex[2 * TB_ID_BYTES + 1];
} trace;

void sim_trace_open(bool print)
{
    memset(&trace, 0, sizeof trace);
    trace.print = print;
    (void)crypto_generichash_init(&trace.hash, NULL, 0, TB_ID_BYTES);
}

void sim_trace(uint64_t at_ms, const char *format, ...)
{
    char *line = trace.last[trace.lines % SIM_TRACE_KEPT];
    va_list args;
    int size = snprintf(line, SIM_TRACE_LINE_BYTES, "%02u:%02u:%02u.%03u ",
                        (unsigned)(at_ms / 3600000), (unsigned)(at_ms / 60000 % 60),
                        (unsigned)(at_ms / 1000 % 60), (unsigned)(at_ms % 1000));
    va_start(args, format);
    vsnprintf(line + size, SIM_TRACE_LINE_BYTES - (size_t)size, format, args);
    va_end(args);
    (void)crypto_generichash_update(&trace.hash, (const uint8_t *)line, strlen(line) + 1);
    trace.lines++;
    if (trace.print) {
        puts(line);
    }
}

const char *sim_trace_hash(void)
{
    crypto_generichash_state copy = trace.hash;
    uint8_t hash[TB_ID_BYTES];
    (void)crypto_generichash_final(&copy, hash, sizeof hash);
    tb_hex(trace.hex, tb_bytes_of(hash, sizeof hash));
    return trace.hex;
}

uint64_t sim_trace_lines(void)
{
    return trace.lines;
}

void sim_trace_tail(void)
{
    uint64_t from = trace.lines > SIM_TRACE_KEPT ? trace.lines - SIM_TRACE_KEPT : 0;
    for (uint64_t i = from; !trace.print && i < trace.lines; i++) {
        (void)fprintf(stderr, "%s\n", trace.last[i % SIM_TRACE_KEPT]);
    }
}
