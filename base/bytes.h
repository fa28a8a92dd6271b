#ifndef TB_BYTES_H
#define TB_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/*
 * bytes - lengths that travel with their pointers.
 *
 * struct tb_bytes is borrowed: it never owns what it points at. struct tb_buf
 * owns its memory and is born with its limit (I10). No interface takes a bare
 * pointer and a length.
 */
struct tb_bytes {
    const uint8_t *data;
    size_t size;
};

/* An identity of 32 bytes: the BLAKE2b-256 of what it names. */
enum { TB_ID_BYTES = 32, TB_ID_HEX_CHARS = 64 };

struct tb_id {
    uint8_t byte[TB_ID_BYTES];
};

struct tb_buf {
    uint8_t *data;
    size_t size;
    size_t room;
    size_t bytes_max;
};

struct tb_bytes tb_bytes_of(const void *data, size_t size);
struct tb_bytes tb_bytes_text(const char *text); /* without its NUL */
bool tb_bytes_equal(struct tb_bytes a, struct tb_bytes b);

bool tb_id_equal(const struct tb_id *a, const struct tb_id *b);
bool tb_id_zero(const struct tb_id *id);
/* True when ${bytes} is exactly an id, copied to ${id}. */
bool tb_id_take(struct tb_id *id, struct tb_bytes bytes);

/* Lower-case hex of ${bytes} with a NUL; ${out} holds 2 × size + 1. */
void tb_hex(char *out, struct tb_bytes bytes);
/* Read exactly ${size} bytes of hex from the text ${hex}; false if it is not. */
bool tb_unhex(uint8_t *out, size_t size, const char *hex);

/* An empty buffer that will never hold more than ${bytes_max}. */
void tb_buf_init(struct tb_buf *buf, size_t bytes_max);
void tb_buf_fini(struct tb_buf *buf);
/* Append; TB_TOOBIG past the limit, with ${buf} unchanged. Running out of
 * memory is a fault, not a status: the process stops before COMMIT. */
enum tb_status tb_buf_add(struct tb_buf *buf, struct tb_bytes bytes) TB_MUST_USE;
/* Append ${size} bytes to be filled by the caller; NULL past the limit. */
uint8_t *tb_buf_grow(struct tb_buf *buf, size_t size) TB_MUST_USE;
/* Append formatted text without its NUL; TB_TOOBIG past the limit. */
enum tb_status tb_buf_print(struct tb_buf *buf, const char *format, ...) TB_MUST_USE
    __attribute__((format(printf, 2, 3)));
void tb_buf_cut(struct tb_buf *buf, size_t size); /* back to ${size} ≤ size */
struct tb_bytes tb_buf_bytes(const struct tb_buf *buf);

/* Numbers on the wire and under signatures: least significant byte first. */
void tb_put_u32(uint8_t out[4], uint32_t value);
uint32_t tb_get_u32(const uint8_t in[4]);

#endif
