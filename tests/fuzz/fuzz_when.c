#include <stdlib.h>
#include <string.h>

#include "base/wall.h"
#include "node/cli/when.h"
#include "tests/fuzz/fuzz.h"

/*
 * A time as a person or another program writes it. What is read can be written, and
 * read again is the same second; no text is shown that is longer than its column.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct tb_wall now = {INT64_C(1737054764000)};
    struct tb_wall at;
    struct tb_wall again;
    char shown[TB_WHEN_TEXT_BYTES];
    char text[TB_WALL_TEXT_CHARS];
    char day[9];
    char *written = fuzz_text(tb_bytes_of(data, size));
    enum tb_status status = tb_when_parse(written, now, &at);
    fuzz_ended(status);
    tb_assert(status == TB_OK || status == TB_INPUT);
    if (status == TB_OK) {
        tb_wall_text(text, at);
        tb_assert(tb_wall_parse(text, &again) == TB_OK);
        int64_t past = at.ms % 1000;
        tb_assert(again.ms == at.ms - (past < 0 ? past + 1000 : past));
        tb_wall_text_ms(text, at);
        tb_assert(strlen(text) < sizeof text);
        tb_wall_day(day, at);
        tb_assert(strlen(day) == 8);
        tb_assert(tb_wall_midnight(at).ms <= at.ms);
    }
    tb_when_show(shown, written);
    tb_assert(strlen(shown) < sizeof shown);
    tb_when_short(shown, written, now);
    tb_assert(strlen(shown) < sizeof shown);
    tb_when_span(shown, tb_when_ms(written));
    tb_assert(strlen(shown) < sizeof shown);
    free(written);
    return 0;
}
