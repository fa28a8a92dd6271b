#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/io/files.h"
#include "base/io/keyfile.h"
#include "base/limits.h"
#include "base/text.h"
#include "node/cli/draft.h"
#include "node/cli/fingerprint.h"
#include "node/cli/pick.h"
#include "node/cli/province.h"
#include "node/cli/terminal.h"
#include "proto/directory.h"

enum { PASSPHRASE_BYTES = 512 };

/* ------------------------------------------------------------------- root */

/* A passphrase for a new root: asked twice where a person sits, from a file
 * elsewhere; --unprotected says that the folder itself is kept under lock. */
static int new_passphrase(const struct tb_args *args, char *out, size_t out_bytes)
{
    struct tb_diag diag = {.file = NULL};
    out[0] = '\0';
    if (tb_args_has(args, "unprotected")) {
        return TB_EXIT_OK;
    }
    if (!tb_args_has(args, "passphrase-file") && !tb_terminal_present()) {
        return tb_tell_usage("directory", "%s",
                             _("no terminal: give --passphrase-file FILE or --unprotected"));
    }
    if (tb_terminal_secret(_("Passphrase of the new root key: "),
                           tb_args_value(args, "passphrase-file"), true, out, out_bytes,
                           &diag) != TB_OK) {
        return tb_tell_diag(&diag);
    }
    return TB_EXIT_OK;
}

int tb_province_root(struct tb_cli *cli, const struct tb_args *args)
{
    (void)cli;
    const char *path = tb_args_value(args, "key");
    const char *prefix = tb_args_value(args, "prefix");
    uint64_t number = 0;
    if (path == NULL || prefix == NULL || !tb_text_u64(prefix, 99, &number) || number < 11) {
        return tb_tell_usage("directory", "%s", _("directory root --prefix 14 --key FILE"));
    }
    char passphrase[PASSPHRASE_BYTES];
    uint8_t public_key[TB_KEY_BYTES];
    struct tb_diag diag = {.file = NULL};
    int status = new_passphrase(args, passphrase, sizeof passphrase);
    if (status == TB_EXIT_OK &&
        tb_keyfile_create_sign(path, tb_bytes_text(passphrase), public_key, &diag) != TB_OK) {
        status = tb_tell_diag(&diag);
    }
    sodium_memzero(passphrase, sizeof passphrase);
    if (status != TB_EXIT_OK) {
        return status;
    }
    struct tb_id fingerprint;
    char groups[TB_FINGERPRINT_TEXT_BYTES];
    tb_root_fingerprint(&fingerprint, public_key);
    tb_fingerprint_show(groups, &fingerprint);
    printf(_("Root key of province %02u made: %s\n"), (unsigned)number, path);
    printf(_("Fingerprint, to be read to every office over the telephone:\n\n  %s\n\n"), groups);
    puts(_(
        "Keep the file offline, and a copy elsewhere under lock. Whoever has it is the province."));
    return TB_EXIT_OK;
}

/* ------------------------------------------------------------ the changes */

static void change(const char *sign, const json_t *entry, const char *key)
{
    printf("  %s %lld %s\n", sign, (long long)tb_pick_int(entry, key), tb_pick_text(entry, "name"));
}

/* An entry of ${list} whose ${key} equals that of ${entry}; NULL. */
static const json_t *same(const json_t *list, const json_t *entry, const char *key)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *other = json_array_get(list, i);
        if (json_equal(json_object_get(other, key), json_object_get(entry, key))) {
            return other;
        }
    }
    return NULL;
}

/* "+" new, "-" gone, "*" changed, by the entries' ${key}. */
static size_t list_changes(const json_t *before, const json_t *after, const char *list,
                           const char *key)
{
    const json_t *old = tb_pick_list(before, list);
    const json_t *new = tb_pick_list(after, list);
    bool coded = strcmp(key, "code") == 0;
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(new); i++) {
        const json_t *entry = json_array_get(new, i);
        const json_t *was = same(old, entry, key);
        if (was == NULL || !json_equal(was, entry)) {
            const char *sign = was == NULL ? "+" : "*";
            count++;
            if (coded) {
                change(sign, entry, key);
            } else {
                printf("  %s %s\n", sign, tb_pick_text(entry, key));
            }
        }
    }
    for (size_t i = 0; i < json_array_size(old); i++) {
        const json_t *entry = json_array_get(old, i);
        if (same(new, entry, key) == NULL) {
            count++;
            if (coded) {
                change("-", entry, key);
            } else {
                printf("  - %s\n", tb_pick_text(entry, key));
            }
        }
    }
    return count;
}

static void print_changes(const json_t *before, const json_t *after)
{
    size_t count = list_changes(before, after, "offices", "code");
    count += list_changes(before, after, "brokers", "name");
    count += list_changes(before, after, "files", "name");
    if (count == 0) {
        puts(_("  nothing changed"));
    }
}

/* ------------------------------------------------------------------- sign */

struct signing {
    json_t *draft;
    json_t *before; /* the directory that --out held, as a draft; NULL */
    uint32_t prefix;
    uint64_t version;
    struct tb_sign_key *root;
    struct tb_id fingerprint;
};

static int load_key(struct signing *s, const struct tb_args *args)
{
    const char *path = tb_args_value(args, "key");
    char passphrase[PASSPHRASE_BYTES] = "";
    struct tb_diag diag = {.file = NULL};
    if (tb_keyfile_protected(path) &&
        tb_terminal_secret(_("Passphrase of the root key: "),
                           tb_args_value(args, "passphrase-file"), false, passphrase,
                           sizeof passphrase, &diag) != TB_OK) {
        return tb_tell_diag(&diag);
    }
    enum tb_status status = tb_keyfile_load_sign(path, tb_bytes_text(passphrase), &s->root, &diag);
    sodium_memzero(passphrase, sizeof passphrase);
    if (status != TB_OK) {
        return tb_tell_diag(&diag);
    }
    tb_root_fingerprint(&s->fingerprint, s->root->public_key);
    return TB_EXIT_OK;
}

/* What --out holds already: its version counts, and it must be of this root. */
static int look_before(struct signing *s, const char *path)
{
    struct tb_buf buf;
    struct tb_directory *old = NULL;
    struct tb_diag diag = {.file = NULL};
    tb_buf_init(&buf, TB_DIRECTORY_BYTES_MAX);
    enum tb_status status = tb_files_read(path, &buf, &diag);
    int exit = TB_EXIT_OK;
    if (status == TB_OK) {
        status = tb_directory_open(&old, tb_buf_bytes(&buf), &s->fingerprint, &diag);
        if (status != TB_OK || tb_directory_prefix(old) != s->prefix) {
            exit = tb_tell_refused(
                _("%s is there already and is no directory that this key signed for %02u; it is "
                  "left as it is"),
                path, s->prefix);
        } else {
            uint64_t version = tb_directory_version(old);
            s->version = version > s->version ? version : s->version;
            s->before = tb_draft_of_body(s->prefix, version, tb_directory_body(old));
        }
        tb_directory_free(old);
    } else if (status != TB_UNKNOWN) {
        exit = tb_tell_diag(&diag);
    }
    tb_buf_fini(&buf);
    return exit;
}

/* Seal, and prove the result by opening it like every node will. */
static int seal(const struct signing *s, struct tb_buf *out)
{
    struct tb_diag diag = {.file = NULL};
    struct tb_arena arena;
    Tongbao__DirectoryBody *body = NULL;
    struct tb_directory *opened = NULL;
    tb_arena_init(&arena, TB_DRAFT_ARENA_BYTES, TB_DRAFT_ARENA_COUNT);
    enum tb_status status = tb_draft_body(s->draft, tb_cli_now(), &arena, &body, &diag);
    if (status == TB_OK) {
        status = tb_directory_seal(out, s->prefix, s->version + 1, body, &s->root->secret);
    }
    if (status == TB_OK) {
        status = tb_directory_open(&opened, tb_buf_bytes(out), &s->fingerprint, &diag);
    }
    tb_directory_free(opened);
    tb_arena_fini(&arena);
    if (status != TB_OK) {
        if (diag.text[0] == '\0') {
            tb_diag_set(&diag, 0, "%s", tb_status_text(status));
        }
        (void)tb_tell_diag(&diag);
        return tb_tell_refused("%s", _("nothing was signed; mend the draft first"));
    }
    return TB_EXIT_OK;
}

/* The directory first, then the draft's version: after a crash between the two
 * the next signing counts on from the directory. */
static int write_both(struct signing *s, const struct tb_args *args, const struct tb_buf *out)
{
    struct tb_diag diag = {.file = NULL};
    const char *path = tb_args_value(args, "out");
    json_object_set_new(s->draft, "version", json_integer((json_int_t)s->version + 1));
    if (tb_files_write(path, tb_buf_bytes(out), TB_FILES_PUBLIC, &diag) != TB_OK ||
        tb_draft_save(tb_args_value(args, "draft"), s->draft, &diag) != TB_OK) {
        return tb_tell_diag(&diag);
    }
    printf(_("%s: directory of province %02u, version %llu, %zu bytes\n"), path, s->prefix,
           (unsigned long long)s->version + 1, out->size);
    print_changes(s->before, s->draft);
    puts(_("Give it to any node of the province: tongbao directory take FILE; links carry it on."));
    return TB_EXIT_OK;
}

static int sign(struct signing *s, const struct tb_args *args)
{
    const char *draft = tb_args_value(args, "draft");
    struct tb_diag diag = {.file = NULL};
    if (tb_draft_load(draft, &s->draft, &diag) != TB_OK) {
        return tb_tell_diag(&diag);
    }
    s->prefix = (uint32_t)tb_pick_int(s->draft, "prefix");
    s->version = (uint64_t)tb_pick_int(s->draft, "version");
    if (s->prefix < 11 || s->prefix > 99) {
        return tb_tell_refused(_("%s is empty: admit an office first"), draft);
    }
    int status = load_key(s, args);
    status = status != TB_EXIT_OK ? status : look_before(s, tb_args_value(args, "out"));
    if (status != TB_EXIT_OK) {
        return status;
    }
    struct tb_buf out;
    tb_buf_init(&out, TB_DIRECTORY_BYTES_MAX);
    status = seal(s, &out);
    status = status != TB_EXIT_OK ? status : write_both(s, args, &out);
    tb_buf_fini(&out);
    return status;
}

int tb_province_sign(struct tb_cli *cli, const struct tb_args *args)
{
    (void)cli;
    if (!tb_args_has(args, "draft") || !tb_args_has(args, "key") || !tb_args_has(args, "out")) {
        return tb_tell_usage("directory", "%s",
                             _("directory sign --draft FILE --key ROOTKEY --out FILE"));
    }
    struct signing s = {.draft = NULL};
    int status = sign(&s, args);
    tb_keyfile_free_sign(s.root);
    json_decref(s.draft);
    json_decref(s.before);
    return status;
}
