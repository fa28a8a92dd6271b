#include "census.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "content.h"

static struct {
    char *text;
    bool run;
} known[CENSUS_TEXTS_MAX];
static size_t count;
static void (*call_each)(struct sqlite3 *handle);

void census_clear(void)
{
    for (size_t i = 0; i < count; i++) {
        free(known[i].text);
    }
    count = 0;
}

/* The place of ${text}; it is known from now on. */
static size_t place_of(const char *text)
{
    size_t at = 0;
    while (at < count && strcmp(known[at].text, text) != 0) {
        at++;
    }
    if (at == count) {
        tb_assert(count < CENSUS_TEXTS_MAX);
        size_t bytes = strlen(text) + 1;
        known[count].text = malloc(bytes);
        tb_assert(known[count].text != NULL);
        memcpy(known[count].text, text, bytes);
        known[count++].run = false;
    }
    return at;
}

static int traced(unsigned kind, void *context, void *stmt, void *text)
{
    sqlite3 *handle = context;
    (void)kind;
    (void)text;
    const char *sql = content_reading() ? NULL : sqlite3_sql(stmt);
    if (sql == NULL) {
        return 0;
    }
    call_each(handle);
    size_t before = count;
    size_t at = place_of(sql);
    known[at].run = true;
    if (count > before) {
        for (sqlite3_stmt *other = sqlite3_next_stmt(handle, NULL); other != NULL;
             other = sqlite3_next_stmt(handle, other)) {
            (void)place_of(sqlite3_sql(other));
        }
    }
    return 0;
}

void census_follow(struct sqlite3 *handle, void (*each)(struct sqlite3 *handle))
{
    call_each = each;
    sqlite3_trace_v2(handle, SQLITE_TRACE_STMT, traced, handle);
}

size_t census_known(void)
{
    return count;
}

size_t census_run(void)
{
    size_t run = 0;
    for (size_t i = 0; i < count; i++) {
        run += known[i].run ? 1 : 0;
    }
    return run;
}

bool census_was_run(const char *text)
{
    return known[place_of(text)].run;
}

const char *census_missing(size_t *at)
{
    while (*at < count && known[*at].run) {
        (*at)++;
    }
    return *at < count ? known[(*at)++].text : NULL;
}
