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

static bool excused(const char *text, const struct census_excuse *excuses, size_t excuses_count,
                    size_t *uses)
{
    for (size_t i = 0; i < excuses_count; i++) {
        if (strstr(text, excuses[i].words) != NULL) {
            uses[i]++;
            return true;
        }
    }
    return false;
}

bool census_complete(const struct census_excuse *excuses, size_t excuses_count)
{
    size_t uses[CENSUS_EXCUSES_MAX] = {0};
    bool complete = true;
    tb_assert(excuses_count <= CENSUS_EXCUSES_MAX);
    for (size_t i = 0; i < count; i++) {
        if (!known[i].run && !excused(known[i].text, excuses, excuses_count, uses)) {
            fprintf(stderr, "not run: %s\n", known[i].text);
            complete = false;
        }
    }
    for (size_t i = 0; i < excuses_count; i++) {
        if (uses[i] == 0) {
            fprintf(stderr, "the excuse is not needed any more: %s\n", excuses[i].words);
            complete = false;
        }
    }
    return complete;
}
