#include <stdio.h>
#include <string.h>

#include "base/io/files.h"
#include "base/text.h"
#include "node/cli/draft.h"
#include "node/cli/fingerprint.h"
#include "node/cli/pick.h"
#include "node/cli/province.h"
#include "node/cli/terminal.h"
#include "node/cli/when.h"
#include "proto/request.h"
#include "topology/csv.h"
#include "topology/policy.h"
#include "topology/data.h"
#include "topology/rivers.h"

enum { VALID_DAYS = 730, TABLES_MAX = 10, NAME_BYTES_MAX = 64 };

static int load(const struct tb_args *args, json_t **draft)
{
    const char *path = tb_args_value(args, "draft");
    struct tb_diag diag = {.file = NULL};
    *draft = NULL;
    if (path == NULL) {
        return tb_tell_usage("directory", "%s", _("--draft FILE: which draft?"));
    }
    if (tb_draft_load(path, draft, &diag) != TB_OK) {
        return tb_tell_diag(&diag);
    }
    const char *prefix = tb_args_value(args, "prefix");
    const char *name = tb_args_value(args, "name");
    uint64_t number = 0;
    if (prefix != NULL && (!tb_text_u64(prefix, 99, &number) || number < 11)) {
        return tb_tell_usage("directory", "%s", _("--prefix: two digits, such as 14 for Shanxi"));
    }
    if (prefix != NULL) {
        json_object_set_new(*draft, "prefix", json_integer((json_int_t)number));
    }
    const char *word = tb_args_word(args, 0);
    if (name != NULL && word != NULL && strcmp(word, "broker") != 0) {
        json_object_set_new(*draft, "name", json_string(name));
    }
    return TB_EXIT_OK;
}

static int save(const struct tb_args *args, const json_t *draft)
{
    struct tb_diag diag = {.file = NULL};
    if (tb_draft_save(tb_args_value(args, "draft"), draft, &diag) != TB_OK) {
        return tb_tell_diag(&diag);
    }
    return TB_EXIT_OK;
}

static void stamp(json_t *object, const char *key, struct tb_wall at)
{
    char text[TB_WALL_TEXT_CHARS];
    tb_wall_text(text, at);
    json_object_set_new(object, key, json_string(text));
}

/* ------------------------------------------------------------------ admit */

/* The old keys of a re-admitted office: the active ones retire, for what they
 * signed stays good. An office that brings a key it had keeps that one. */
static void keep_old_keys(json_t *office, const json_t *old, struct tb_wall now)
{
    json_t *keys = json_object_get(office, "keys");
    const char *new_sign = tb_pick_text(json_array_get(keys, 0), "sign");
    const json_t *old_keys = tb_pick_list(old, "keys");
    for (size_t i = 0; i < json_array_size(old_keys); i++) {
        json_t *key = json_deep_copy(json_array_get(old_keys, i));
        if (strcmp(tb_pick_text(key, "sign"), new_sign) != 0) {
            if (strcmp(tb_pick_text(key, "state"), "active") == 0) {
                json_object_set_new(key, "state", json_string("retired"));
                stamp(key, "since", now);
                char id[TB_DRAFT_KEY_ID_BYTES];
                tb_draft_key_id(id, key);
                printf(_("  its earlier key %s is retired\n"), id);
            }
            json_array_append(keys, key);
        }
        json_decref(key);
    }
}

static void put_office(json_t *draft, json_t *office)
{
    json_t *list = json_object_get(draft, "offices");
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (tb_pick_int(json_array_get(list, i), "code") == tb_pick_int(office, "code")) {
            json_array_set_new(list, i, office);
            return;
        }
    }
    json_array_append_new(list, office);
}

/* Show what asks to be admitted, and let a person answer for it. */
static bool accepted(const struct tb_args *args, const Tongbao__Office *office,
                     const struct tb_id *digest, bool known)
{
    char groups[TB_FINGERPRINT_TEXT_BYTES];
    tb_fingerprint_show(groups, digest);
    printf(known ? _("%06u %s: replaces its entry\n") : _("%06u %s: new\n"), office->code,
           office->name);
    printf(_("  digits of its request: %s\n"), groups);
    if (tb_args_has(args, "yes") || !tb_terminal_present()) {
        return true;
    }
    return tb_terminal_yes(
        _("Has the office read these same digits to you over the telephone? [y/N] "));
}

static int admit_office(const struct tb_args *args, json_t *draft, const Tongbao__Office *office,
                        const struct tb_id *digest)
{
    struct tb_wall now = tb_cli_now();
    struct tb_wall until = {.ms = now.ms + (int64_t)VALID_DAYS * TB_DAY_MS};
    const char *valid = tb_args_value(args, "valid-until");
    if (valid != NULL && tb_when_parse(valid, now, &until) != TB_OK) {
        return tb_tell_usage("directory", "%s", _("--valid-until: a time, \"2027-01-01 00:00\""));
    }
    int64_t prefix = tb_pick_int(draft, "prefix");
    if (prefix == 0) {
        prefix = office->code / 10000;
        json_object_set_new(draft, "prefix", json_integer(prefix));
    }
    if (prefix != office->code / 10000) {
        return tb_tell_refused(
            _("%06u does not belong to this directory, whose codes begin with %lld"), office->code,
            (long long)prefix);
    }
    json_t *old = tb_draft_office(draft, office->code);
    if (!accepted(args, office, digest, old != NULL)) {
        return tb_tell_refused("%s", _("not admitted; the draft is as it was"));
    }
    json_t *entry = tb_draft_of_office(office);
    if (entry == NULL) {
        return tb_tell_refused("%s", _("the request holds text that is not UTF-8"));
    }
    stamp(json_array_get(json_object_get(entry, "keys"), 0), "since", now);
    stamp(entry, "valid_until", until);
    keep_old_keys(entry, old, now);
    put_office(draft, entry);
    return TB_EXIT_OK;
}

static int admit_file(const struct tb_args *args, json_t *draft, const char *path)
{
    struct tb_diag diag = {.file = NULL};
    struct tb_buf buf;
    struct tb_arena arena;
    struct tb_id digest;
    const Tongbao__Request *request = NULL;
    tb_buf_init(&buf, TB_REQUEST_BYTES_MAX);
    tb_arena_init(&arena, TB_PARSE_BYTES_MAX, TB_PARSE_COUNT_MAX);
    int status = TB_EXIT_OK;
    if (tb_files_read(path, &buf, &diag) != TB_OK) {
        status = tb_tell_diag(&diag);
    } else {
        enum tb_status opened =
            tb_request_open(tb_buf_bytes(&buf), &arena, &request, &digest, &diag);
        if (opened != TB_OK) {
            if (diag.text[0] == '\0') {
                tb_diag_set(&diag, 0, "%s", tb_status_text(opened));
            }
            diag.file = path;
            status = tb_tell_diag(&diag);
        }
    }
    if (status == TB_EXIT_OK) {
        status = admit_office(args, draft, request->office, &digest);
    }
    tb_arena_fini(&arena);
    tb_buf_fini(&buf);
    return status;
}

int tb_province_admit(struct tb_cli *cli, const struct tb_args *args)
{
    (void)cli;
    json_t *draft = NULL;
    int status = load(args, &draft);
    if (status == TB_EXIT_OK && tb_args_words(args) < 2) {
        status = tb_tell_usage("directory", "%s", _("directory admit --draft FILE REQUEST..."));
    }
    for (size_t i = 1; i < tb_args_words(args) && status == TB_EXIT_OK; i++) {
        status = admit_file(args, draft, tb_args_word(args, i));
    }
    status = status != TB_EXIT_OK ? status : save(args, draft);
    json_decref(draft);
    return status;
}

/* ----------------------------------------------------------------- broker */

static bool hex_key(const char *text)
{
    struct tb_id id;
    return text != NULL && tb_fingerprint_read(&id, text);
}

static void put_key(json_t *object, const char *key, const char *text)
{
    struct tb_id id;
    char hex[TB_ID_HEX_CHARS + 1];
    (void)tb_fingerprint_read(&id, text);
    tb_hex(hex, tb_bytes_of(id.byte, sizeof id.byte));
    json_object_set_new(object, key, json_string(hex));
}

int tb_province_broker(struct tb_cli *cli, const struct tb_args *args)
{
    (void)cli;
    const char *name = tb_args_value(args, "name");
    const char *sign = tb_args_value(args, "sign");
    const char *link = tb_args_value(args, "link");
    if (name == NULL || !hex_key(sign) || !hex_key(link) || !tb_args_has(args, "endpoint")) {
        return tb_tell_usage("directory", "%s",
                             _("directory broker needs --name, --sign and --link (64 hex digits "
                               "each) and --endpoint"));
    }
    json_t *draft = NULL;
    int status = load(args, &draft);
    json_t *endpoints = json_array();
    size_t at = 0;
    for (const char *next; (next = tb_args_each(args, "endpoint", &at)) != NULL;) {
        if (strncmp(next, "tcp://", 6) != 0) {
            status =
                tb_tell_usage("directory", _("--endpoint %s: written as tcp://host:port"), next);
        }
        json_array_append_new(endpoints, json_string(next));
    }
    if (status == TB_EXIT_OK) {
        json_t *broker = tb_draft_broker(draft, name);
        bool known = broker != NULL;
        if (!known) {
            broker = json_pack("{s:s}", "name", name);
            json_array_append_new(json_object_get(draft, "brokers"), broker);
        }
        put_key(broker, "sign", sign);
        put_key(broker, "link", link);
        json_object_set_new(broker, "state", json_string("active"));
        stamp(broker, "since", tb_cli_now());
        json_object_set(broker, "endpoints", endpoints);
        status = save(args, draft);
        printf(known ? _("Broker %s: replaces its entry\n") : _("Broker %s: new\n"), name);
    }
    json_decref(endpoints);
    json_decref(draft);
    return status;
}

/* ----------------------------------------------------------------- rivers */

/* The tables that a directory carries. */
static const char *const tables[] = {
    "divisions.csv",        "rivers.csv",   "reaches.csv",  "banks.csv", "ends.csv",
    "velocity_classes.csv", "sections.csv", "chainage.csv", "works.csv", TB_POLICY_FILE};

_Static_assert(sizeof tables / sizeof tables[0] == TABLES_MAX, "a table has its place");

struct river_files {
    size_t count;
    struct tb_rivers_file file[TABLES_MAX];
    char path[TABLES_MAX][TB_FILES_PATH_BYTES_MAX];
    struct tb_buf buf[TABLES_MAX];
};

static int read_folder(struct river_files *files, const char *folder)
{
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        struct tb_diag diag = {.file = NULL};
        size_t n = files->count;
        snprintf(files->path[n], sizeof files->path[n], "%s/%s", folder, tables[i]);
        tb_buf_init(&files->buf[n], TB_CSV_FILE_BYTES_MAX);
        enum tb_status status = tb_files_read(files->path[n], &files->buf[n], &diag);
        /* Which tables must be there is for tb_rivers_load to say. */
        if (status == TB_OK) {
            files->file[n] = (struct tb_rivers_file){.name = files->path[n],
                                                     .bytes = tb_buf_bytes(&files->buf[n])};
            files->count++;
        } else if (status != TB_UNKNOWN) {
            return tb_tell_diag(&diag);
        }
    }
    return TB_EXIT_OK;
}

/* The product's own tables, where no folder is named. */
static void own_tables(struct river_files *files)
{
    size_t count = 0;
    const struct tb_rivers_file *own = tb_data_files(&count);
    for (size_t i = 0; i < count; i++) {
        const char *slash = strrchr(own[i].name, '/');
        const char *name = slash != NULL ? slash + 1 : own[i].name;
        for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++) {
            if (strcmp(tables[t], name) == 0 && files->count < TABLES_MAX) {
                tb_buf_init(&files->buf[files->count], TB_CSV_FILE_BYTES_MAX);
                files->file[files->count++] = own[i];
            }
        }
    }
}

/* The last part of the name of ${file}. */
static const char *base_of(const struct tb_rivers_file *file)
{
    const char *slash = strrchr(file->name, '/');
    return slash != NULL ? slash + 1 : file->name;
}

/* The rules of time, where the folder has them; a directory without them goes by the
 * program's own. */
static int check_policy(const struct river_files *files)
{
    static struct tb_policy policy;
    struct tb_diag diag = {.file = NULL};
    for (size_t i = 0; i < files->count; i++) {
        if (strcmp(base_of(&files->file[i]), TB_POLICY_FILE) != 0) {
            continue;
        }
        if (tb_policy_load(&policy, files->file[i].name, files->file[i].bytes, &diag) != TB_OK) {
            return tb_tell_diag(&diag);
        }
        printf(_("%s: %zu rules of time, checked\n"), TB_POLICY_FILE, policy.count);
    }
    return TB_EXIT_OK;
}

static int put_tables(json_t *draft, const struct river_files *files)
{
    struct tb_rivers *rivers = NULL;
    struct tb_diag diag = {.file = NULL};
    if (tb_rivers_load(&rivers, files->file, files->count, &diag) != TB_OK) {
        return tb_tell_diag(&diag);
    }
    size_t divisions = 0;
    size_t reaches = 0;
    (void)tb_rivers_divisions(rivers, &divisions);
    (void)tb_rivers_reaches(rivers, &reaches);
    tb_rivers_free(rivers);
    for (size_t i = 0; i < files->count; i++) {
        if (tb_draft_put_file(draft, base_of(&files->file[i]), files->file[i].bytes, &diag) !=
            TB_OK) {
            return tb_tell_diag(&diag);
        }
    }
    printf(_("%zu tables: %zu divisions, %zu reaches; checked and put into the draft\n"),
           files->count, divisions, reaches);
    return TB_EXIT_OK;
}

int tb_province_rivers(struct tb_cli *cli, const struct tb_args *args)
{
    (void)cli;
    static struct river_files files;
    const char *folder = tb_args_value(args, "from");
    json_t *draft = NULL;
    int status = load(args, &draft);
    if (status == TB_EXIT_OK && folder != NULL) {
        status = read_folder(&files, folder);
    } else if (status == TB_EXIT_OK) {
        own_tables(&files);
    }
    status = status != TB_EXIT_OK ? status : check_policy(&files);
    status = status != TB_EXIT_OK ? status : put_tables(draft, &files);
    status = status != TB_EXIT_OK ? status : save(args, draft);
    for (size_t i = 0; i < TABLES_MAX; i++) {
        tb_buf_fini(&files.buf[i]);
    }
    json_decref(draft);
    return status;
}

/* -------------------------------------------------------- retire, revoke */

/* The one key of ${keys} that ${wanted} (a key id's first digits, or NULL for
 * the only active one) means; NULL with the reason said. */
static json_t *find_key(const json_t *keys, const char *wanted)
{
    json_t *found = NULL;
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(keys); i++) {
        json_t *key = json_array_get(keys, i);
        char id[TB_DRAFT_KEY_ID_BYTES];
        tb_draft_key_id(id, key);
        bool fits = wanted != NULL ? strncmp(id, wanted, strlen(wanted)) == 0
                                   : strcmp(tb_pick_text(key, "state"), "active") == 0;
        found = fits ? key : found;
        count += fits ? 1 : 0;
    }
    if (count != 1) {
        (void)tb_tell_refused(count == 0 ? _("there is no such key in the draft")
                                         : _("several keys fit; name one with --key KEYID:"));
        for (size_t i = 0; i < json_array_size(keys); i++) {
            char id[TB_DRAFT_KEY_ID_BYTES];
            tb_draft_key_id(id, json_array_get(keys, i));
            fprintf(stderr, "  %s  %s\n", id, tb_pick_text(json_array_get(keys, i), "state"));
        }
        return NULL;
    }
    return found;
}

static int end_key(const struct tb_args *args, const char *state)
{
    const char *office = tb_args_value(args, "office");
    const char *broker = tb_args_value(args, "broker");
    uint32_t code = 0;
    json_t *draft = NULL;
    json_t *key = NULL;
    if ((office == NULL) == (broker == NULL) || (office != NULL && !tb_cli_office(office, &code))) {
        return tb_tell_usage("directory", "%s", _("name --office CODE or --broker NAME"));
    }
    int status = load(args, &draft);
    if (status == TB_EXIT_OK) {
        json_t *holder =
            office != NULL ? tb_draft_office(draft, code) : tb_draft_broker(draft, broker);
        if (holder == NULL) {
            status = tb_tell_refused(_("%s is not in the draft"), office != NULL ? office : broker);
        } else if (broker != NULL) {
            key = holder;
        } else {
            key = find_key(tb_pick_list(holder, "keys"), tb_args_value(args, "key"));
            status = key == NULL ? TB_EXIT_REFUSED : TB_EXIT_OK;
        }
    }
    /* A revoked key is never made good again by retiring it. */
    if (status == TB_EXIT_OK && strcmp(tb_pick_text(key, "state"), "revoked") == 0) {
        status = tb_tell_refused("%s", _("that key is revoked already, and stays so"));
    }
    if (status == TB_EXIT_OK) {
        char id[TB_DRAFT_KEY_ID_BYTES];
        json_object_set_new(key, "state", json_string(state));
        stamp(key, "since", tb_cli_now());
        tb_draft_key_id(id, key);
        status = save(args, draft);
        printf(strcmp(state, "retired") == 0 ? _("Key %s of %s is retired in the draft.\n")
                                             : _("Key %s of %s is REVOKED in the draft.\n"),
               id, office != NULL ? office : broker);
        puts(_("It takes effect when the directory is signed and taken."));
    }
    json_decref(draft);
    return status;
}

int tb_province_retire(struct tb_cli *cli, const struct tb_args *args)
{
    (void)cli;
    return end_key(args, "retired");
}

int tb_province_revoke(struct tb_cli *cli, const struct tb_args *args)
{
    (void)cli;
    return end_key(args, "revoked");
}
