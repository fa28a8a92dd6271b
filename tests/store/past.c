#include "past.h"

#include <sqlite3.h>
#include <stdlib.h>

#include "base/fault.h"
#include "census.h"
#include "content.h"

static struct past *present; /* that is being recorded */

static struct moment *note(struct past *past)
{
    if (past->count == past->room) {
        past->room = past->room == 0 ? 64 : past->room * 2;
        past->moment = realloc(past->moment, past->room * sizeof *past->moment);
        tb_assert(past->moment != NULL);
    }
    struct moment *moment = &past->moment[past->count++];
    moment->at = tb_disk_log_count(past->log);
    return moment;
}

static int committed(void *context, sqlite3 *handle, const char *name, int pages)
{
    (void)context;
    (void)name;
    (void)pages;
    if (present != NULL) {
        content_digest(handle, &note(present)->digest);
    }
    return SQLITE_OK;
}

/* At each statement, since "PRAGMA wal_autocheckpoint" takes the call back away. */
static void follow(sqlite3 *handle)
{
    if (present != NULL) {
        sqlite3_wal_hook(handle, committed, NULL);
    }
}

static int opened(sqlite3 *handle, char **error, const struct sqlite3_api_routines *api)
{
    (void)error;
    (void)api;
    if (present != NULL) {
        census_follow(handle, follow);
    }
    return SQLITE_OK;
}

void past_begin(struct past *past, struct tb_disk *disk, const struct tb_id *first)
{
    sqlite3 *nothing = NULL;
    tb_assert(present == NULL);
    *past = (struct past){.disk = disk, .made_here = first == NULL};
    past->log = tb_disk_record(disk);
    struct moment *moment = note(past);
    if (first != NULL) {
        moment->digest = *first;
    } else {
        tb_assert(sqlite3_open(":memory:", &nothing) == SQLITE_OK);
        content_digest(nothing, &moment->digest);
        sqlite3_close(nothing);
    }
    present = past;
    tb_assert(sqlite3_auto_extension((void (*)(void))opened) == SQLITE_OK);
}

void past_end(struct past *past)
{
    tb_assert(present == past);
    present = NULL;
}

void past_free(struct past *past)
{
    tb_disk_log_free(past->log);
    free(past->moment);
    *past = (struct past){0};
}
