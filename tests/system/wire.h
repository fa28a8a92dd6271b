#ifndef TB_WIRE_H
#define TB_WIRE_H

#include <stdint.h>

/*
 * wire - the telephone line in front of a broker, as a process of its own.
 *
 *   offices --TCP--> the wire's port --TCP--> the broker's port
 *
 *   open: bytes pass and are counted.  silent: connections stand, nothing
 *   passes (a partition).  cut: connections are closed, new ones too.
 *
 * The bytes are CURVE's: a wire can count them and hold them up, not read them.
 */
enum tb_wire_mode { TB_WIRE_OPEN, TB_WIRE_SILENT, TB_WIRE_CUT };

struct tb_wire;

/* Lay a wire from ${port} to ${broker_port}, both on 127.0.0.1. Its control page
 * is a file in ${folder}. Fails the test if the port cannot be had. */
struct tb_wire *tb_wire_lay(const char *folder, unsigned port, unsigned broker_port);
void tb_wire_remove(struct tb_wire *wire);

/* Takes effect within 20 ms. */
void tb_wire_set(struct tb_wire *wire, enum tb_wire_mode mode);

/* Bytes that came from the broker, and that went to it, since the wire was laid. */
uint64_t tb_wire_bytes_from_broker(const struct tb_wire *wire);
uint64_t tb_wire_bytes_to_broker(const struct tb_wire *wire);

#endif
