#include "node/core/catalogue.h"

#include <stdio.h>
#include <string.h>

#include "node/core/link.h"
#include "node/core/offer.h"
#include "node/core/park.h"
#include "node/core/reach.h"
#include "node/core/views.h"
#include "proto/wire.h"

enum { CODES_OF_PREFIX = 10000 };

void tb_catalogue_versions(const struct tb_node *node, struct tb_versions *versions)
{
    size_t count = tb_directories_count(node->set);
    versions->count = 0;
    for (size_t i = 0; i < count && versions->count < TB_ROOTS_MAX; i++) {
        const struct tb_directory *directory = tb_directories_at(node->set, i);
        Tongbao__DirectoryVersion *version = &versions->at[versions->count];
        tongbao__directory_version__init(version);
        version->prefix = tb_directory_prefix(directory);
        version->version = tb_directory_version(directory);
        version->digest = tb_wire_id(tb_directory_digest(directory));
        versions->list[versions->count] = version;
        versions->count++;
    }
}

/* Keep ${directory} in the store; false when it was there. */
static bool keep(struct tb_node *node, uint32_t prefix, uint64_t version, struct tb_bytes bytes,
                 bool clash, int64_t wall_ms)
{
    struct tb_id digest;
    tb_digest(&digest, bytes);
    return tb_db_do(node->db, TB_SQL(node, DIRECTORY_ADD), "iidbii", (int64_t)prefix,
                    (int64_t)version, &digest, bytes, (int64_t)clash, wall_ms) > 0;
}

void tb_catalogue_load(struct tb_node *node, int64_t wall_ms)
{
    struct sqlite3_stmt *sql = TB_SQL(node, DIRECTORY_NEWEST);
    int64_t prefix = 0;
    while (tb_db_one(node->db, sql, "i", prefix)) {
        enum tb_taken taken;
        struct tb_diag diag = {0};
        prefix = tb_db_int(sql, 0);
        /* A root that is no longer pinned speaks for nobody. */
        (void)(tb_directories_take(node->set, tb_db_bytes(sql, 1), &taken, &diag) == TB_OK);
        tb_db_done(sql);
    }
    tb_db_done(sql);
    for (size_t i = 0; i < tb_directories_count(node->set); i++) {
        const struct tb_directory *directory = tb_directories_at(node->set, i);
        (void)keep(node, tb_directory_prefix(directory), tb_directory_version(directory),
                   tb_directory_bytes(directory), false, wall_ms);
    }
}

static void announce(struct tb_node *node, const struct tb_at *at)
{
    struct tb_versions versions;
    Tongbao__Have have = TONGBAO__HAVE__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    tb_catalogue_versions(node, &versions);
    have.directories = versions.list;
    have.n_directories = versions.count;
    frame.kind_case = TONGBAO__FRAME__KIND_HAVE;
    frame.have = &have;
    for (size_t i = 0; i < TB_LINKS_MAX; i++) {
        struct tb_link *link = &node->desk.links[i];
        if (link->up && link->greeted) {
            (void)tb_link_send(node, at->out, link, &frame);
        }
    }
}

static void show(struct tb_node *node, const struct tb_at *at, uint32_t prefix, uint64_t version,
                 bool clash)
{
    char text[64];
    snprintf(text, sizeof text, "%02u:%llu%s", prefix, (unsigned long long)version,
             clash ? " clash" : "");
    struct tb_happening happening = {
        .kind = TB_STREAM_DIRECTORY,
        .office = prefix * CODES_OF_PREFIX,
        .world = TB_WORLD_NONE,
        .text = text,
    };
    tb_views_happen(node, at, &happening);
    tb_outbox_note(at->out, clash ? TB_NOTE_DIRECTORY_CLASH : TB_NOTE_DIRECTORY_TAKEN, prefix,
                   (unsigned long long)version);
}

/* A new directory is in force: who reads where, who may sign, who must hear and
 * which brokers can be reached are all asked anew. */
static void in_force(struct tb_node *node, const struct tb_at *at)
{
    tb_reach_compute(node);
    tb_link_reach_changed(node);
    tb_park_retry(node);
    tb_offer_refresh(node);
    announce(node, at);
    (void)tb_outbox_add(at->out, TB_EFFECT_LINKS, 0, 0, tb_bytes_of(NULL, 0));
    (void)tb_outbox_add(at->out, TB_EFFECT_KEYS, 0, 0, tb_bytes_of(NULL, 0));
}

enum tb_status tb_catalogue_take(struct tb_node *node, const struct tb_at *at,
                                 struct tb_bytes bytes, enum tb_taken *taken, struct tb_diag *diag)
{
    uint32_t prefix = 0;
    uint64_t version = 0;
    enum tb_status status = tb_directory_peek(bytes, &prefix, &version);
    if (status == TB_OK) {
        status = tb_directories_take(node->set, bytes, taken, diag);
    }
    if (status != TB_OK) {
        return status;
    }
    /* What is in force may be missing in the store, after a turn that a full
     * disk undid; so the store decides what is new. */
    bool clash = *taken == TB_TAKEN_CLASH;
    bool old = *taken == TB_TAKEN_OLD;
    bool fresh = keep(node, prefix, version, bytes, clash, at->now->wall.ms) && !old;
    if (fresh) {
        show(node, at, prefix, version, clash);
    }
    /* Whatever the store said: node->reach may borrow from no former directory. */
    if (*taken == TB_TAKEN_NEW || (fresh && !clash)) {
        in_force(node, at);
    }
    return TB_OK;
}

static bool kept(struct tb_node *node, uint32_t prefix, uint64_t version, struct tb_bytes digest)
{
    struct sqlite3_stmt *sql = TB_SQL(node, DIRECTORY_HAS);
    bool has = tb_db_one(node->db, sql, "iib", (int64_t)prefix, (int64_t)version, digest);
    tb_db_done(sql);
    return has;
}

bool tb_catalogue_unsettled(struct tb_node *node)
{
    for (size_t i = 0; i < tb_directories_count(node->set); i++) {
        const struct tb_directory *directory = tb_directories_at(node->set, i);
        const struct tb_id *digest = tb_directory_digest(directory);
        if (!kept(node, tb_directory_prefix(directory), tb_directory_version(directory),
                  tb_bytes_of(digest->byte, TB_ID_BYTES))) {
            return true;
        }
    }
    return false;
}

void tb_catalogue_settle(struct tb_node *node, const struct tb_at *at)
{
    bool fresh = false;
    for (size_t i = 0; i < tb_directories_count(node->set); i++) {
        const struct tb_directory *directory = tb_directories_at(node->set, i);
        uint32_t prefix = tb_directory_prefix(directory);
        uint64_t version = tb_directory_version(directory);
        if (keep(node, prefix, version, tb_directory_bytes(directory), false, at->now->wall.ms)) {
            show(node, at, prefix, version, false);
            fresh = true;
        }
    }
    if (fresh) {
        in_force(node, at);
    }
}

/* -------------------------------------------------------------------- wanted */

static void ask_part(struct tb_node *node, const struct tb_at *at, uint64_t offset)
{
    const struct tb_wanted *wanted = &node->desk.wanted[0];
    struct tb_link *link = tb_link_find(node, wanted->handle);
    Tongbao__Ask ask = TONGBAO__ASK__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    ask.prefix = wanted->prefix;
    ask.version = wanted->version;
    ask.offset = offset;
    frame.kind_case = TONGBAO__FRAME__KIND_ASK;
    frame.ask = &ask;
    node->desk.asked_ms = at->now->mono_ms;
    if (link != NULL && link->up) {
        (void)tb_link_send(node, at->out, link, &frame);
    }
}

/* The first of the wanted is done with, one way or another: the next. */
static void next_wanted(struct tb_node *node, const struct tb_at *at)
{
    struct tb_desk *desk = &node->desk;
    tb_buf_cut(&node->download, 0);
    desk->wanted_count--;
    memmove(&desk->wanted[0], &desk->wanted[1], desk->wanted_count * sizeof desk->wanted[0]);
    if (desk->wanted_count > 0) {
        ask_part(node, at, 0);
    }
}

static void want(struct tb_node *node, const struct tb_at *at, const struct tb_link *link,
                 uint32_t prefix, uint64_t version)
{
    struct tb_desk *desk = &node->desk;
    struct tb_wanted wanted = {link->handle, prefix, version};
    for (size_t i = 0; i < desk->wanted_count; i++) {
        if (desk->wanted[i].prefix == prefix) {
            if (i > 0 && desk->wanted[i].version < version) {
                desk->wanted[i] = wanted;
            }
            return;
        }
    }
    if (desk->wanted_count == TB_ROOTS_MAX) {
        return;
    }
    desk->wanted[desk->wanted_count++] = wanted;
    if (desk->wanted_count == 1) {
        tb_buf_cut(&node->download, 0);
        ask_part(node, at, 0);
    }
}

void tb_catalogue_compare(struct tb_node *node, const struct tb_at *at, struct tb_link *link,
                          Tongbao__DirectoryVersion *const *versions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const Tongbao__DirectoryVersion *theirs = versions[i];
        const struct tb_directory *ours = tb_directories_prefix(node->set, theirs->prefix);
        if (!tb_directories_trusted(node->set, theirs->prefix)) {
            continue;
        }
        bool newer = ours == NULL || theirs->version > tb_directory_version(ours);
        bool other = ours != NULL && theirs->version == tb_directory_version(ours) &&
                     !kept(node, theirs->prefix, theirs->version, tb_wire_bytes(theirs->digest));
        if (newer || other) {
            want(node, at, link, theirs->prefix, theirs->version);
        }
    }
}

void tb_catalogue_named(struct tb_node *node, const struct tb_at *at, struct tb_link *link,
                        uint32_t origin, uint64_t version)
{
    uint32_t prefix = origin / CODES_OF_PREFIX;
    const struct tb_directory *ours = tb_directories_prefix(node->set, prefix);
    bool newer = ours == NULL || version > tb_directory_version(ours);
    if (link != NULL && newer && tb_directories_trusted(node->set, prefix)) {
        want(node, at, link, prefix, version);
    }
}

void tb_catalogue_part(struct tb_node *node, const struct tb_at *at, struct tb_link *link,
                       const Tongbao__Part *part)
{
    const struct tb_wanted *wanted = &node->desk.wanted[0];
    enum tb_taken taken;
    struct tb_diag diag = {0};
    if (node->desk.wanted_count == 0 || wanted->handle != link->handle ||
        wanted->prefix != part->prefix || part->version < wanted->version ||
        part->offset != node->download.size) {
        return;
    }
    bool fits =
        part->content.len > 0 && tb_buf_add(&node->download, tb_wire_bytes(part->content)) == TB_OK;
    if (!fits) {
        next_wanted(node, at);
        return;
    }
    if (node->download.size < part->total_bytes) {
        ask_part(node, at, node->download.size);
        return;
    }
    enum tb_status status =
        tb_catalogue_take(node, at, tb_buf_bytes(&node->download), &taken, &diag);
    if (status != TB_OK) {
        tb_outbox_note(at->out, TB_NOTE_DIRECTORY_REFUSED, part->prefix,
                       (unsigned long long)part->version, tb_status_name(status));
    }
    next_wanted(node, at);
}

void tb_catalogue_ask(struct tb_node *node, const struct tb_at *at, struct tb_link *link,
                      const Tongbao__Ask *ask)
{
    struct sqlite3_stmt *sql = TB_SQL(node, DIRECTORY_BYTES);
    if (tb_db_one(node->db, sql, "ii", (int64_t)ask->prefix, (int64_t)ask->version)) {
        struct tb_bytes bytes = tb_db_bytes(sql, 0);
        Tongbao__Part part = TONGBAO__PART__INIT;
        Tongbao__Frame frame = TONGBAO__FRAME__INIT;
        size_t offset = ask->offset < bytes.size ? (size_t)ask->offset : bytes.size;
        size_t size = bytes.size - offset;
        size = size < TB_DIRECTORY_PART_BYTES_MAX ? size : TB_DIRECTORY_PART_BYTES_MAX;
        part.prefix = ask->prefix;
        part.version = ask->version;
        part.total_bytes = bytes.size;
        part.offset = offset;
        part.content = tb_wire_data(tb_bytes_of(bytes.data + offset, size));
        frame.kind_case = TONGBAO__FRAME__KIND_PART;
        frame.part = &part;
        (void)tb_link_send(node, at->out, link, &frame);
    }
    tb_db_done(sql);
}

void tb_catalogue_link_down(struct tb_node *node, uint64_t handle)
{
    struct tb_desk *desk = &node->desk;
    bool first = desk->wanted_count > 0 && desk->wanted[0].handle == handle;
    size_t left = 0;
    for (size_t i = 0; i < desk->wanted_count; i++) {
        if (desk->wanted[i].handle != handle) {
            desk->wanted[left++] = desk->wanted[i];
        }
    }
    desk->wanted_count = left;
    if (first) {
        tb_buf_cut(&node->download, 0);
        desk->asked_ms = 0; /* the next is asked for as soon as it can be */
    }
}

void tb_catalogue_due(struct tb_node *node, const struct tb_at *at)
{
    if (node->desk.wanted_count == 0 || tb_catalogue_deadline_ms(node) > at->now->mono_ms) {
        return;
    }
    if (node->desk.asked_ms == 0) {
        ask_part(node, at, 0);
    } else {
        /* The peer has had its time; who has it will name it again. */
        next_wanted(node, at);
    }
}

void tb_catalogue_refused(struct tb_node *node, const struct tb_at *at, const struct tb_link *link)
{
    if (node->desk.wanted_count > 0 && node->desk.wanted[0].handle == link->handle) {
        next_wanted(node, at);
    }
}

uint64_t tb_catalogue_deadline_ms(const struct tb_node *node)
{
    if (node->desk.wanted_count == 0) {
        return UINT64_MAX;
    }
    return node->desk.asked_ms == 0 ? 0 : node->desk.asked_ms + TB_PART_MS;
}
