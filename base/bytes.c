#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

enum { BUF_FIRST_BYTES = 256 };

struct tb_bytes tb_bytes_of(const void *data, size_t size)
{
    return (struct tb_bytes){data, size};
}

struct tb_bytes tb_bytes_text(const char *text)
{
    return (struct tb_bytes){(const uint8_t *)text, strlen(text)};
}

bool tb_bytes_equal(struct tb_bytes a, struct tb_bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool tb_id_equal(const struct tb_id *a, const struct tb_id *b)
{
    return memcmp(a->byte, b->byte, TB_ID_BYTES) == 0;
}

bool tb_id_zero(const struct tb_id *id)
{
    static const struct tb_id zero;
    return tb_id_equal(id, &zero);
}

bool tb_id_take(struct tb_id *id, struct tb_bytes bytes)
{
    if (bytes.size != TB_ID_BYTES) {
        return false;
    }
    memcpy(id->byte, bytes.data, TB_ID_BYTES);
    return true;
}

void tb_hex(char *out, struct tb_bytes bytes)
{
    static const char digit[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.size; i++) {
        out[2 * i] = digit[bytes.data[i] >> 4];
        out[2 * i + 1] = digit[bytes.data[i] & 15];
    }
    out[2 * bytes.size] = '\0';
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

bool tb_unhex(uint8_t *out, size_t size, const char *hex)
{
    if (strlen(hex) != 2 * size) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        int high = nibble(hex[2 * i]);
        int low = nibble(hex[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

void tb_buf_init(struct tb_buf *buf, size_t bytes_max)
{
    *buf = (struct tb_buf){.bytes_max = bytes_max};
}

void tb_buf_fini(struct tb_buf *buf)
{
    free(buf->data);
    *buf = (struct tb_buf){.bytes_max = buf->bytes_max};
}

/* Room for ${size} more bytes, whatever the limit says. */
static void reserve(struct tb_buf *buf, size_t size)
{
    if (size > buf->room - buf->size) {
        size_t room = buf->room == 0 ? BUF_FIRST_BYTES : buf->room;
        while (room - buf->size < size) {
            room *= 2;
        }
        uint8_t *data = realloc(buf->data, room);
        tb_assert(data != NULL);
        buf->data = data;
        buf->room = room;
    }
}

uint8_t *tb_buf_grow(struct tb_buf *buf, size_t size)
{
    tb_assert(buf->size <= buf->bytes_max);
    if (size > buf->bytes_max - buf->size) {
        return NULL;
    }
    reserve(buf, size);
    uint8_t *start = buf->data + buf->size;
    buf->size += size;
    return start;
}

enum tb_status tb_buf_add(struct tb_buf *buf, struct tb_bytes bytes)
{
    if (bytes.size == 0) {
        return TB_OK;
    }
    uint8_t *place = tb_buf_grow(buf, bytes.size);
    if (place == NULL) {
        return TB_TOOBIG;
    }
    memcpy(place, bytes.data, bytes.size);
    return TB_OK;
}

enum tb_status tb_buf_print(struct tb_buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    tb_assert(length >= 0);
    bool fits = (size_t)length <= buf->bytes_max - buf->size;
    if (fits) {
        /* vsnprintf writes a NUL behind the text: room for it, not counted. */
        reserve(buf, (size_t)length + 1);
        vsnprintf((char *)buf->data + buf->size, (size_t)length + 1, format, again);
        buf->size += (size_t)length;
    }
    va_end(again);
    return fits ? TB_OK : TB_TOOBIG;
}

void tb_buf_cut(struct tb_buf *buf, size_t size)
{
    tb_assert(size <= buf->size);
    buf->size = size;
}

struct tb_bytes tb_buf_bytes(const struct tb_buf *buf)
{
    return (struct tb_bytes){buf->data, buf->size};
}

void tb_put_u32(uint8_t out[4], uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        out[i] = (uint8_t)(value >> (8 * i));
    }
}

uint32_t tb_get_u32(const uint8_t in[4])
{
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
        value |= (uint32_t)in[i] << (8 * i);
    }
    return value;
}
