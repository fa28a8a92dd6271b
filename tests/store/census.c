#include "census.h"

#include <sqlite3.h>
#include <stdio.h>
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

static const struct census_excuse *excuse_of(const char *text, const struct census_excuse *excuses,
                                             size_t excuses_count)
{
    for (size_t i = 0; i < excuses_count; i++) {
        if (strcmp(excuses[i].text, text) == 0) {
            return &excuses[i];
        }
    }
    return NULL;
}

bool census_complete(const struct census_excuse *excuses, size_t excuses_count)
{
    size_t needed = 0;
    bool complete = true;
    for (size_t i = 0; i < count; i++) {
        bool excused = excuse_of(known[i].text, excuses, excuses_count) != NULL;
        needed += excused && !known[i].run ? 1 : 0;
        if (!known[i].run && !excused) {
            fprintf(stderr, "not run: %s\n", known[i].text);
            complete = false;
        }
    }
    if (needed != excuses_count) {
        fprintf(stderr, "an excuse is not needed any more\n");
    }
    return complete && needed == excuses_count;
}
