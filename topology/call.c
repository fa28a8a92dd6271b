#include "topology/call.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_CHARS_MAX = 32 };

bool tb_call_number(const char *text, size_t size, double *out)
{
    char copy[NUMBER_CHARS_MAX + 1];
    if (size == 0 || size > NUMBER_CHARS_MAX || strspn(text, "+-0123456789.eE") < size) {
        return false;
    }
    memcpy(copy, text, size);
    copy[size] = '\0';
    char *end;
    *out = strtod(copy, &end);
    return *end == '\0' && isfinite(*out);
}

int tb_call_mistake(const char *option, const char *value, const char *instead)
{
    fprintf(stderr, "tongbao-topology: %s '%s': %s\n", option, value, instead);
    return TB_CALL_MISTAKE;
}

int tb_call_width(const char *text)
{
    int places = 0;
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if ((byte & 0xc0) != 0x80) {
            places += byte >= 0xe0 ? 2 : 1;
        }
    }
    return places;
}

void tb_call_cell(const char *text, int places)
{
    int gap = places - tb_call_width(text);
    printf("%s%*s", text, gap > 0 ? gap : 1, "");
}
