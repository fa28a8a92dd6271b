#ifndef TB_SERVICE_H
#define TB_SERVICE_H

#include <stdint.h>

/*
 * service - what the service manager is told, where there is one.
 *
 * Without a service manager (no NOTIFY_SOCKET) every function does nothing.
 *
 *   start -> tb_service_ready -> [ping, status, reloading, ready]* -> tb_service_stopping
 */

enum { TB_SERVICE_STATUS_BYTES_MAX = 240 };

/* All self-tests have passed and the sockets are bound (also: reload done). */
void tb_service_ready(void);
/* A reload of the configuration has begun; end it with tb_service_ready. */
void tb_service_reloading(void);
void tb_service_stopping(void);
/* One line for `systemctl status`; longer text is cut at a whole character. */
void tb_service_status(const char *text);

/* Milliseconds between two pings, half of what the manager demands; 0 when it
 * demands none. */
uint64_t tb_service_watchdog_ms(void);
/* "Still turning": from the loop, never from a thread or a signal. */
void tb_service_ping(void);

#endif
