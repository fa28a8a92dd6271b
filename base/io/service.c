#include "base/io/service.h"

#include <stdio.h>

#include <systemd/sd-daemon.h>

#include "base/io/clock.h"
#include "base/text.h"

/* A manager that cannot be reached is its own trouble; the service goes on. */
static void tell(const char *state)
{
    (void)sd_notify(0, state);
}

void tb_service_ready(void)
{
    tell("READY=1");
}

void tb_service_reloading(void)
{
    char state[80];
    snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%llu",
             (unsigned long long)tb_clock_read().mono_ms * 1000u);
    tell(state);
}

void tb_service_stopping(void)
{
    tell("STOPPING=1");
}

void tb_service_status(const char *text)
{
    char line[TB_SERVICE_STATUS_BYTES_MAX];
    char state[TB_SERVICE_STATUS_BYTES_MAX + 16];
    tb_text_copy(line, sizeof line, text);
    for (char *c = line; *c != '\0'; c++) {
        /* A newline would begin another variable. */
        if (*c == '\n') {
            *c = ' ';
        }
    }
    snprintf(state, sizeof state, "STATUS=%s", line);
    tell(state);
}

uint64_t tb_service_watchdog_ms(void)
{
    uint64_t demanded_us = 0;
    if (sd_watchdog_enabled(0, &demanded_us) <= 0) {
        return 0;
    }
    uint64_t half_ms = demanded_us / 2000;
    return half_ms > 0 ? half_ms : 1;
}

void tb_service_ping(void)
{
    tell("WATCHDOG=1");
}
