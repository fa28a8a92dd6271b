#include "base/status.h"

#include <stddef.h>

static const struct {
    const char *word;
    const char *text;
} table[] = {
#define ROW(number, name, word, text) [number] = {word, text},
    TB_STATUS_TABLE(ROW)
#undef ROW
};

const char *tb_status_text(enum tb_status status)
{
    size_t i = (size_t)status;
    return i < sizeof table / sizeof table[0] ? table[i].text : "?";
}

const char *tb_status_name(enum tb_status status)
{
    size_t i = (size_t)status;
    return i < sizeof table / sizeof table[0] ? table[i].word : "?";
}
