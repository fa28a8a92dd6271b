#include "base/text.h"

#include <string.h>

/* The length of the character at ${at}, or 0 if it is none that we take. */
static size_t character(const uint8_t *at, size_t left)
{
    uint8_t c = at[0];
    if (c < 0x80) {
        return (c >= 0x20 && c != 0x7f) || c == '\n' || c == '\t' ? 1 : 0;
    }
    size_t length;
    uint32_t value;
    if (c >= 0xc2 && c <= 0xdf) {
        length = 2;
        value = c & 0x1fu;
    } else if (c >= 0xe0 && c <= 0xef) {
        length = 3;
        value = c & 0x0fu;
    } else if (c >= 0xf0 && c <= 0xf4) {
        length = 4;
        value = c & 0x07u;
    } else {
        return 0;
    }
    if (left < length) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
        value = value << 6 | (at[i] & 0x3fu);
    }
    bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
    bool surrogate = value >= 0xd800 && value <= 0xdfff;
    bool c1 = value >= 0x80 && value <= 0x9f;
    return overlong || surrogate || c1 || value > 0x10ffff ? 0 : length;
}

bool tb_text_valid(struct tb_bytes bytes)
{
    size_t i = 0;
    while (i < bytes.size) {
        size_t length = character(bytes.data + i, bytes.size - i);
        if (length == 0) {
            return false;
        }
        i += length;
    }
    return true;
}

bool tb_text_u64(const char *text, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;
    if (*text == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') {
            return false;
        }
        uint64_t digit = (uint64_t)(*text - '0');
        if (value > (max - digit) / 10 || digit > max) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

void tb_text_copy(char *out, size_t out_bytes, const char *text)
{
    size_t size = strlen(text);
    if (size >= out_bytes) {
        size = out_bytes - 1;
        while (size > 0 && ((uint8_t)text[size] & 0xc0) == 0x80) {
            size--;
        }
    }
    memcpy(out, text, size);
    out[size] = '\0';
}
