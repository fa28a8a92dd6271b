#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io/keyring.h"
#include "base/limits.h"
#include "base/text.h"
#include "node/cli/cli.h"
#include "node/cli/fingerprint.h"
#include "proto/directory.h"
#include "proto/envelope.h"
#include "proto/request.h"

enum {
    CONFIG_BYTES_MAX = 16 * 1024,
    LABEL_BYTES_MAX = 64,
    PATH_MAX_BYTES = TB_FILES_PATH_BYTES_MAX
};

#define LISTEN_DEFAULT "127.0.0.1:8080"

/* A node that is being made. */
struct plan {
    const struct tb_args *args;
    const char *folder;
    uint32_t office;
    const char *name;
    uint8_t sign[TB_KEY_BYTES];
    uint8_t link[TB_KEY_BYTES];
    struct tb_id digest; /* of the request */
    size_t roots;
};

static int path_in(char out[PATH_MAX_BYTES], const struct plan *plan, const char *name)
{
    int size = snprintf(out, PATH_MAX_BYTES, "%s/%s", plan->folder, name);
    if (size < 0 || size >= PATH_MAX_BYTES) {
        return tb_tell_refused(_("the path is too long: %s"), plan->folder);
    }
    return TB_EXIT_OK;
}

/* One --root: "14=3f2a …", or the fingerprint alone for the office's own province. */
static int add_root(struct tb_buf *config, const struct plan *plan, const char *value)
{
    const char *equals = strchr(value, '=');
    uint64_t prefix = plan->office / 10000;
    struct tb_id id;
    char hex[TB_ID_HEX_CHARS + 1];
    char digits[3] = "";
    if (equals == value + 2) {
        memcpy(digits, value, 2);
        if (!tb_text_u64(digits, 99, &prefix)) {
            prefix = 0;
        }
    }
    if ((equals != NULL && equals != value + 2) || prefix < 11 ||
        !tb_fingerprint_read(&id, equals != NULL ? equals + 1 : value)) {
        return tb_tell_usage("init", _("--root %s: a province's two digits, '=' and 64 hex digits"),
                             value);
    }
    tb_hex(hex, tb_bytes_of(id.byte, sizeof id.byte));
    if (tb_buf_print(config, "%02u = %s\n", (unsigned)prefix, hex) != TB_OK) {
        return tb_tell_refused("%s", _("too many roots"));
    }
    return TB_EXIT_OK;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static int add_lists(struct tb_buf *config, struct plan *plan)
{
    size_t at = 0;
    int status = TB_EXIT_OK;
    bool good = tb_buf_print(config, "\n[roots]\n# NN = the fingerprint that the province read "
                                     "over the telephone\n") == TB_OK;
    for (const char *v;
         status == TB_EXIT_OK && (v = tb_args_each(plan->args, "root", &at)) != NULL;) {
        status = add_root(config, plan, v);
        plan->roots++;
    }
    at = 0;
    bool first = true;
    for (const char *v; (v = tb_args_each(plan->args, "directory", &at)) != NULL;) {
        good = good && tb_buf_print(config, "%s%s", first ? "\n[directories]\nfile = " : ", ",
                                    base_name(v)) == TB_OK;
        first = false;
    }
    if (!first) {
        good = good && tb_buf_print(config, "\n") == TB_OK;
    }
    if (status == TB_EXIT_OK && !good) {
        status = tb_tell_refused("%s", _("the configuration is too long"));
    }
    return status;
}

/* The text of node.conf; also checks every --root before anything is made. */
static int make_config(struct tb_buf *config, struct plan *plan)
{
    const char *listen = tb_args_value(plan->args, "listen");
    bool good = tb_buf_print(config,
                             "# %06u %s\n[node]\noffice = %06u\ndata = data\nsign_key = sign.key\n"
                             "link_key = link.key\n# language = zh\n",
                             plan->office, plan->name, plan->office) == TB_OK;
    int status = add_lists(config, plan);
    good = good &&
           tb_buf_print(config, "\n[http]\n# socket = data/tongbao.sock\n%slisten = %s\n",
                        listen != NULL ? "" : "# ",
                        listen != NULL && listen[0] != '\0' ? listen : LISTEN_DEFAULT) == TB_OK;
    good = good && tb_buf_print(config, "\n[alarm]\n# run when an actual notice comes, and every "
                                        "minute until it is acknowledged\n"
                                        "# command = /usr/local/bin/wake-duty\n") == TB_OK;
    if (status == TB_EXIT_OK && !good) {
        status = tb_tell_refused("%s", _("the configuration is too long"));
    }
    return status;
}

/* ------------------------------------------------------------ the request */

struct lists {
    size_t brokers;
    char *broker[TB_OFFICE_BROKERS_MAX];
    size_t phones;
    Tongbao__Phone phone[TB_OFFICE_PHONES_MAX];
    Tongbao__Phone *phone_at[TB_OFFICE_PHONES_MAX];
    char label[TB_OFFICE_PHONES_MAX][LABEL_BYTES_MAX];
    char number[TB_OFFICE_PHONES_MAX][LABEL_BYTES_MAX];
    char broker_name[TB_OFFICE_BROKERS_MAX][TB_NAME_BYTES_MAX];
};

static int read_lists(struct lists *lists, const struct tb_args *args)
{
    size_t at = 0;
    for (const char *v; (v = tb_args_each(args, "broker", &at)) != NULL;) {
        if (lists->brokers == TB_OFFICE_BROKERS_MAX || strlen(v) >= TB_NAME_BYTES_MAX) {
            return tb_tell_usage("init", _("--broker: at most %d names"), TB_OFFICE_BROKERS_MAX);
        }
        tb_text_copy(lists->broker_name[lists->brokers], TB_NAME_BYTES_MAX, v);
        lists->broker[lists->brokers] = lists->broker_name[lists->brokers];
        lists->brokers++;
    }
    at = 0;
    for (const char *v; (v = tb_args_each(args, "phone", &at)) != NULL;) {
        const char *equals = strchr(v, '=');
        size_t n = lists->phones;
        if (n == TB_OFFICE_PHONES_MAX || equals == NULL || equals == v || equals[1] == '\0' ||
            (size_t)(equals - v) >= LABEL_BYTES_MAX || strlen(equals + 1) >= LABEL_BYTES_MAX) {
            return tb_tell_usage("init", _("--phone %s: written as LABEL=NUMBER, at most %d"), v,
                                 TB_OFFICE_PHONES_MAX);
        }
        memcpy(lists->label[n], v, (size_t)(equals - v));
        tb_text_copy(lists->number[n], LABEL_BYTES_MAX, equals + 1);
        tongbao__phone__init(&lists->phone[n]);
        lists->phone[n].label = lists->label[n];
        lists->phone[n].number = lists->number[n];
        lists->phone_at[n] = &lists->phone[n];
        lists->phones++;
    }
    return TB_EXIT_OK;
}

/* The request that ${plan} makes of its one new key, sealed into ${out}. */
static enum tb_status seal_request(struct plan *plan, struct lists *lists,
                                   const struct tb_sign_secret *secret, struct tb_buf *out)
{
    char name[TB_NAME_BYTES_MAX];
    Tongbao__Key key;
    Tongbao__Key *keys[] = {&key};
    Tongbao__Office office;
    tongbao__key__init(&key);
    tongbao__office__init(&office);
    tb_text_copy(name, sizeof name, plan->name);
    key.sign = (ProtobufCBinaryData){.data = plan->sign, .len = TB_KEY_BYTES};
    key.link = (ProtobufCBinaryData){.data = plan->link, .len = TB_KEY_BYTES};
    office.code = plan->office;
    office.name = name;
    office.keys = keys;
    office.n_keys = 1;
    office.brokers = lists->broker;
    office.n_brokers = lists->brokers;
    office.phones = lists->phone_at;
    office.n_phones = lists->phones;
    office.version_max = TB_ENVELOPE_VERSION;
    return tb_request_seal(out, &office, tb_cli_now(), secret);
}

/* Seal, prove by opening like the province will, and put on disk. */
static int write_request(struct plan *plan, struct lists *lists, const char *sign_path)
{
    struct tb_diag diag = {.file = NULL};
    struct tb_sign_key *key = NULL;
    struct tb_arena arena;
    const Tongbao__Request *request = NULL;
    struct tb_buf out;
    char file[32];
    char path[PATH_MAX_BYTES];
    snprintf(file, sizeof file, "%06u.request", plan->office);
    if (path_in(path, plan, file) != TB_EXIT_OK) {
        return TB_EXIT_REFUSED;
    }
    if (tb_keyfile_load_sign(sign_path, tb_bytes_text(""), &key, &diag) != TB_OK) {
        return tb_tell_diag(&diag);
    }
    tb_buf_init(&out, TB_REQUEST_BYTES_MAX);
    tb_arena_init(&arena, TB_PARSE_BYTES_MAX, TB_PARSE_COUNT_MAX);
    enum tb_status status = seal_request(plan, lists, &key->secret, &out);
    tb_keyfile_free_sign(key);
    if (status == TB_OK) {
        status = tb_request_open(tb_buf_bytes(&out), &arena, &request, &plan->digest, &diag);
    }
    if (status == TB_OK) {
        status = tb_files_create(path, tb_buf_bytes(&out), TB_FILES_PUBLIC, &diag);
    } else if (diag.text[0] == '\0') {
        tb_diag_set(&diag, 0, "%s", tb_status_text(status));
    }
    tb_arena_fini(&arena);
    tb_buf_fini(&out);
    return status == TB_OK ? TB_EXIT_OK : tb_tell_diag(&diag);
}

/* ------------------------------------------------------------- the folder */

static int copy_directory(const struct plan *plan, const char *from)
{
    struct tb_diag diag = {.file = NULL};
    char path[PATH_MAX_BYTES];
    struct tb_buf buf;
    if (path_in(path, plan, base_name(from)) != TB_EXIT_OK) {
        return TB_EXIT_REFUSED;
    }
    tb_buf_init(&buf, TB_DIRECTORY_BYTES_MAX);
    enum tb_status status = tb_files_read(from, &buf, &diag);
    if (status == TB_OK) {
        status = tb_files_write(path, tb_buf_bytes(&buf), TB_FILES_PUBLIC, &diag);
    }
    tb_buf_fini(&buf);
    return status == TB_OK ? TB_EXIT_OK : tb_tell_diag(&diag);
}

/* Folders, keys, directories and the request; the configuration comes last, so
 * that a folder with one is whole. */
static int make_all(struct plan *plan, struct lists *lists, const struct tb_buf *config)
{
    struct tb_diag diag = {.file = NULL};
    char sign[PATH_MAX_BYTES];
    char link[PATH_MAX_BYTES];
    char data[PATH_MAX_BYTES];
    char conf[PATH_MAX_BYTES];
    if (path_in(sign, plan, "sign.key") != 0 || path_in(link, plan, "link.key") != 0 ||
        path_in(data, plan, "data") != 0 || path_in(conf, plan, "node.conf") != 0) {
        return TB_EXIT_REFUSED;
    }
    if (access(conf, F_OK) == 0 || access(sign, F_OK) == 0 || access(link, F_OK) == 0) {
        return tb_tell_refused(_("there is a node in %s already; nothing was changed"),
                               plan->folder);
    }
    if (tb_files_folder(plan->folder, &diag) != TB_OK || tb_files_folder(data, &diag) != TB_OK ||
        tb_keyring_create(sign, link, plan->sign, plan->link, &diag) != TB_OK) {
        return tb_tell_diag(&diag);
    }
    int status = write_request(plan, lists, sign);
    size_t at = 0;
    for (const char *v;
         status == TB_EXIT_OK && (v = tb_args_each(plan->args, "directory", &at)) != NULL;) {
        status = copy_directory(plan, v);
    }
    if (status == TB_EXIT_OK &&
        tb_files_create(conf, tb_buf_bytes(config), TB_FILES_PRIVATE, &diag) != TB_OK) {
        status = tb_tell_diag(&diag);
    }
    return status;
}

static void next_steps(const struct plan *plan)
{
    char groups[TB_FINGERPRINT_TEXT_BYTES];
    tb_fingerprint_show(groups, &plan->digest);
    printf(_("The node of %06u %s is made in %s.\n\n"), plan->office, plan->name, plan->folder);
    puts(_("What to do next:"));
    printf(_("1. Send %s/%06u.request to the province, and read these digits to it over the "
             "telephone:\n     %s\n"),
           plan->folder, plan->office, groups);
    if (plan->roots == 0) {
        printf(_("2. Write the fingerprint of the province's root into [roots] of %s/node.conf.\n"),
               plan->folder);
    } else {
        puts(_("2. The province's root is pinned; check its fingerprint over the telephone too."));
    }
    printf(_("3. Start it: tongbao-node --config %s/node.conf\n"), plan->folder);
    printf(
        _("4. When the province has sent its directory: tongbao --node %s directory take FILE\n"),
        plan->folder);
    printf(_("5. Enter the officers: tongbao --node %s officers add NAME --number N\n"),
           plan->folder);
}

int tb_command_init(struct tb_cli *cli, int argc, char **argv)
{
    (void)cli;
    static const struct tb_args_option options[] = {
        {"office", TB_ARGS_VALUE},    {"name", TB_ARGS_VALUE},     {"dir", TB_ARGS_VALUE},
        {"root", TB_ARGS_VALUE},      {"broker", TB_ARGS_VALUE},   {"phone", TB_ARGS_VALUE},
        {"directory", TB_ARGS_VALUE}, {"listen", TB_ARGS_ATTACHED}};
    struct tb_args args;
    struct plan plan = {.args = &args};
    static struct lists lists;
    int status = tb_cli_args(&args, options, sizeof options / sizeof options[0], argc, argv);
    if (status != TB_EXIT_OK) {
        return status;
    }
    plan.folder = tb_args_value(&args, "dir");
    plan.name = tb_args_value(&args, "name");
    if (!tb_cli_office(tb_args_value(&args, "office"), &plan.office) || plan.folder == NULL ||
        plan.name == NULL || plan.name[0] == '\0' || strlen(plan.name) >= TB_NAME_BYTES_MAX ||
        !tb_text_valid(tb_bytes_text(plan.name)) || tb_args_words(&args) > 0) {
        return tb_tell_usage("init", "%s", _("init --office CODE --name NAME --dir FOLDER"));
    }
    struct tb_buf config;
    tb_buf_init(&config, CONFIG_BYTES_MAX);
    status = read_lists(&lists, &args);
    status = status != TB_EXIT_OK ? status : make_config(&config, &plan);
    status = status != TB_EXIT_OK ? status : make_all(&plan, &lists, &config);
    tb_buf_fini(&config);
    if (status == TB_EXIT_OK) {
        next_steps(&plan);
    }
    return status;
}
