#include "broker/io/birth.h"

#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/io/keyring.h"

static enum tb_status refuse_old(const char *path, struct tb_diag *diag)
{
    if (access(path, F_OK) != 0) {
        return TB_OK;
    }
    tb_diag_set(diag, 0,
                "%s is there already; a key is never overwritten: move it away if this is to be "
                "another broker",
                path);
    return TB_CONFLICT;
}

static void print(const struct tb_settings *settings, const uint8_t sign[TB_KEY_BYTES],
                  const uint8_t link[TB_KEY_BYTES])
{
    char sign_hex[2 * TB_KEY_BYTES + 1];
    char link_hex[2 * TB_KEY_BYTES + 1];
    tb_hex(sign_hex, tb_bytes_of(sign, TB_KEY_BYTES));
    tb_hex(link_hex, tb_bytes_of(link, TB_KEY_BYTES));
    json_t *json =
        json_pack("{s:s, s:s, s:s}", "name", settings->name, "sign", sign_hex, "link", link_hex);
    tb_assert(json != NULL);
    json_dumpf(json, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(json);
}

enum tb_status tb_birth(const struct tb_settings *settings, struct tb_diag *diag)
{
    uint8_t sign[TB_KEY_BYTES];
    uint8_t link[TB_KEY_BYTES];
    /* Looked at before anything is made, so that a second --init makes nothing. */
    enum tb_status status = refuse_old(settings->sign_key, diag);
    if (status == TB_OK) {
        status = refuse_old(settings->link_key, diag);
    }
    if (status == TB_OK) {
        status = tb_files_folder(settings->data, diag);
    }
    if (status == TB_OK) {
        status = tb_keyring_create(settings->sign_key, settings->link_key, sign, link, diag);
    }
    if (status == TB_OK) {
        print(settings, sign, link);
    }
    return status;
}
