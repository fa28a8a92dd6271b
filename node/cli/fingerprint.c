#include "node/cli/fingerprint.h"

#include <string.h>

enum { GROUP_CHARS = 4 };

void tb_fingerprint_show(char out[TB_FINGERPRINT_TEXT_BYTES], const struct tb_id *id)
{
    char hex[TB_ID_HEX_CHARS + 1];
    size_t at = 0;
    tb_hex(hex, tb_bytes_of(id->byte, sizeof id->byte));
    for (size_t i = 0; i < TB_ID_HEX_CHARS; i++) {
        if (i > 0 && i % GROUP_CHARS == 0) {
            out[at++] = ' ';
        }
        out[at++] = hex[i];
    }
    out[at] = '\0';
}

bool tb_fingerprint_read(struct tb_id *id, const char *text)
{
    char hex[TB_ID_HEX_CHARS + 1];
    size_t at = 0;
    for (; *text != '\0'; text++) {
        if (strchr(" -:\n\r", *text) != NULL) {
            continue;
        }
        if (at == TB_ID_HEX_CHARS) {
            return false;
        }
        hex[at++] = *text >= 'A' && *text <= 'F' ? (char)(*text - 'A' + 'a') : *text;
    }
    hex[at] = '\0';
    return at == TB_ID_HEX_CHARS && tb_unhex(id->byte, sizeof id->byte, hex);
}
