#include "node/core/law.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/wire.h"

enum {
    PAGES_MAX = 16, /* policies read and kept; a look-up past them reads again */
    DIRECTORY_BODY = 3,
    BODY_FILES = 5,
    FILE_NAME = 1,
    FILE_CONTENT = 2,
};

/* One policy that was read: of a directory, or (prefix 0) the default. */
struct page {
    uint32_t prefix;
    uint64_t version;
    bool sound; /* false: its table has a mistake, and the default is taken */
    struct tb_policy *policy;
};

struct tb_law {
    struct tb_policy own;
    struct page page[PAGES_MAX];
    size_t next; /* the page that is given up first */
};

struct tb_law *tb_law_new(void)
{
    struct tb_law *law = calloc(1, sizeof *law);
    tb_assert(law != NULL);
    enum tb_status status = tb_policy_load(&law->own, TB_POLICY_FILE, tb_policy_default(), NULL);
    tb_assert(status == TB_OK);
    return law;
}

void tb_law_free(struct tb_law *law)
{
    if (law == NULL) {
        return;
    }
    for (size_t i = 0; i < PAGES_MAX; i++) {
        free(law->page[i].policy);
    }
    free(law);
}

/* The field ${number} of the message ${bytes}; empty when it has none. */
static struct tb_bytes field_of(struct tb_bytes bytes, uint32_t number)
{
    struct tb_wire_field field;
    while (bytes.size > 0 && tb_wire_next(&bytes, &field) == TB_OK) {
        if (field.number == number) {
            return field.bytes;
        }
    }
    return tb_bytes_of(NULL, 0);
}

/* The policy's table in the directory ${bytes}, which was verified when it was
 * taken; walked and not unpacked, since the rest of its 4 MiB is of no use here. */
static struct tb_bytes table_of(struct tb_bytes bytes)
{
    struct tb_bytes body = field_of(bytes, DIRECTORY_BODY);
    struct tb_wire_field field;
    while (body.size > 0 && tb_wire_next(&body, &field) == TB_OK) {
        if (field.number == BODY_FILES &&
            tb_bytes_equal(field_of(field.bytes, FILE_NAME), tb_bytes_text(TB_POLICY_FILE))) {
            return field_of(field.bytes, FILE_CONTENT);
        }
    }
    return tb_bytes_of(NULL, 0);
}

static void read_page(struct tb_node *node, struct page *page, uint32_t prefix, uint64_t version)
{
    struct sqlite3_stmt *sql = TB_SQL(node, DIRECTORY_BYTES);
    free(page->policy);
    *page = (struct page){.prefix = prefix, .version = version, .sound = true};
    if (tb_db_one(node->db, sql, "ii", (int64_t)prefix, (int64_t)version)) {
        struct tb_bytes table = table_of(tb_db_bytes(sql, 0));
        if (table.size > 0) {
            page->policy = malloc(sizeof *page->policy);
            tb_assert(page->policy != NULL);
            page->sound = tb_policy_load(page->policy, TB_POLICY_FILE, table, NULL) == TB_OK;
        }
    }
    tb_db_done(sql);
    if (!page->sound) {
        free(page->policy);
        page->policy = NULL;
    }
}

static const struct page *page_of(struct tb_node *node, uint32_t prefix, uint64_t version)
{
    struct tb_law *law = node->law;
    for (size_t i = 0; i < PAGES_MAX; i++) {
        if (law->page[i].prefix == prefix && law->page[i].version == version) {
            return &law->page[i];
        }
    }
    struct page *page = &law->page[law->next];
    law->next = (law->next + 1) % PAGES_MAX;
    read_page(node, page, prefix, version);
    return page;
}

static void find(void *context, uint32_t office, uint64_t version, struct tb_clock_policy *out)
{
    struct tb_node *node = context;
    struct sqlite3_stmt *sql = TB_SQL(node, LAW_VERSION);
    uint32_t prefix = office / 10000;
    uint64_t found = 0;
    if (version != 0 && tb_db_one(node->db, sql, "ii", (int64_t)prefix, (int64_t)version)) {
        found = (uint64_t)tb_db_int(sql, 0);
    }
    tb_db_done(sql);
    const struct page *page = found == 0 ? NULL : page_of(node, prefix, found);
    out->policy = page == NULL || page->policy == NULL ? &node->law->own : page->policy;
    /* An office without a directory goes by the default, and that is always here. */
    out->held = version == found && (page == NULL || page->sound);
    if (out->policy == &node->law->own) {
        snprintf(out->name, sizeof out->name, "default/%s", out->policy->digest);
    } else {
        snprintf(out->name, sizeof out->name, "%u/%llu", prefix, (unsigned long long)found);
    }
}

struct tb_clock_law tb_law_of(struct tb_node *node)
{
    return (struct tb_clock_law){find, node};
}
