#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "topology/rivers.h"

/*
 * All tables of a topology at once, as a directory carries them: each begins with a
 * line "== NAME". Of what is taken the promises of rivers.h hold: up is the exact
 * reverse of down, every state is a county on one of its rivers, everybody has a
 * province.
 */
enum { TABLES_MAX = 12, STEPS_MAX = 2048, STATES_MAX = 1024 };

static size_t divide(struct tb_bytes rest, struct tb_rivers_file files[TABLES_MAX],
                     char *names[TABLES_MAX])
{
    size_t count = 0;
    (void)fuzz_until(&rest, "== ");
    while (rest.size > 0 && count < TABLES_MAX) {
        names[count] = fuzz_text(fuzz_line(&rest));
        files[count] = (struct tb_rivers_file){names[count], fuzz_until(&rest, "== ")};
        count++;
    }
    return count;
}

static bool among(const struct tb_river_state *states, size_t count, uint32_t county)
{
    for (size_t i = 0; i < count; i++) {
        if (states[i].county == county) {
            return true;
        }
    }
    return false;
}

/* Each step down from (${county}, ${river}) leads back to the county, though not always by
 * that river: the water may have passed into another one before it left. */
static void check_steps(const struct tb_rivers *rivers, uint32_t county, const char *river)
{
    static struct tb_river_state down[STATES_MAX];
    static struct tb_river_state up[STATES_MAX];
    size_t downs;
    size_t ups;
    enum tb_status status =
        tb_rivers_step(rivers, county, river, TB_DOWN, down, STATES_MAX, &downs);
    tb_assert(status == TB_OK || status == TB_TOOBIG);
    for (size_t i = 0; status == TB_OK && i < downs; i++) {
        const char *keys[TB_RIVERS_OF_COUNTY_MAX];
        size_t count;
        tb_assert(tb_rivers_province(rivers, down[i].county) != 0);
        tb_assert(tb_rivers_of(rivers, down[i].county, keys, TB_RIVERS_OF_COUNTY_MAX, &count) ==
                  TB_OK);
        enum tb_status back =
            tb_rivers_step(rivers, down[i].county, down[i].river, TB_UP, up, STATES_MAX, &ups);
        tb_assert(back == TB_OK || back == TB_TOOBIG);
        tb_assert(back != TB_OK || among(up, ups, county));
    }
}

static void walk(const struct tb_rivers *rivers)
{
    size_t count;
    size_t steps = 0;
    const struct tb_division *divisions = tb_rivers_divisions(rivers, &count);
    for (size_t i = 0; i < count; i++) {
        const char *keys[TB_RIVERS_OF_COUNTY_MAX];
        size_t rivers_count;
        const struct tb_division *division = &divisions[i];
        tb_assert(tb_rivers_division(rivers, division->code) != NULL);
        tb_assert(tb_rivers_province(rivers, division->code) / 10000 == division->code / 10000);
        if (division->level != TB_LEVEL_COUNTY) {
            continue;
        }
        tb_assert(tb_rivers_of(rivers, division->code, keys, TB_RIVERS_OF_COUNTY_MAX,
                               &rivers_count) == TB_OK);
        for (size_t k = 0; k < rivers_count && steps < STEPS_MAX; k++, steps++) {
            check_steps(rivers, division->code, keys[k]);
        }
    }
    tb_assert(tb_rivers_division(rivers, 0) == NULL);
}

static size_t lines_of(const struct tb_diag *diag, const struct tb_rivers_file *files, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (diag->file == files[i].name) {
            return fuzz_lines(files[i].bytes);
        }
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tb_rivers_file files[TABLES_MAX];
    char *names[TABLES_MAX];
    struct tb_rivers *rivers;
    struct tb_diag diag = {0};
    size_t count = divide((struct tb_bytes){data, size}, files, names);
    enum tb_status status = tb_rivers_load(&rivers, files, count, &diag);
    fuzz_ended(status);
    tb_assert(status == TB_OK || status == TB_INPUT);
    tb_assert((status == TB_OK) == (rivers != NULL));
    fuzz_told(status, &diag, lines_of(&diag, files, count));
    if (status == TB_OK) {
        walk(rivers);
    }
    tb_rivers_free(rivers);
    for (size_t i = 0; i < count; i++) {
        free(names[i]);
    }
    return 0;
}
