#include "node/io/password.h"

#include <string.h>

#include <sodium.h>

#include "base/fault.h"
#include "base/text.h"

enum { OPERATIONS = 3, MEMORY_BYTES = 8 * 1024 * 1024 };

_Static_assert(crypto_pwhash_STRBYTES <= TB_PASSWORD_HASH_BYTES_MAX, "a hash fits its column");

enum tb_status tb_password_hash(const char *password, char out[TB_PASSWORD_HASH_BYTES_MAX])
{
    size_t size = strlen(password);
    if (size < TB_PASSWORD_BYTES_MIN || size > TB_PASSWORD_BYTES_MAX) {
        return TB_INPUT;
    }
    char hash[crypto_pwhash_STRBYTES];
    tb_assert(crypto_pwhash_str(hash, password, size, OPERATIONS, MEMORY_BYTES) == 0);
    tb_text_copy(out, TB_PASSWORD_HASH_BYTES_MAX, hash);
    return TB_OK;
}

/* The wrong tries of ${officer}, with a place made for them at need. */
static struct tb_password_tries *tries_of(struct tb_password_guard *guard, const char *officer)
{
    for (size_t i = 0; i < guard->count; i++) {
        if (strcmp(guard->officers[i].officer, officer) == 0) {
            return &guard->officers[i];
        }
    }
    struct tb_password_tries *place = &guard->officers[guard->next];
    guard->next = (guard->next + 1) % TB_PASSWORD_OFFICERS_MAX;
    guard->count += guard->count < TB_PASSWORD_OFFICERS_MAX;
    *place = (struct tb_password_tries){0};
    tb_text_copy(place->officer, sizeof place->officer, officer);
    return place;
}

enum tb_status tb_password_check(struct tb_password_guard *guard, const char *officer,
                                 const char *hash, const char *password, uint64_t now_ms)
{
    struct tb_password_tries *tries = tries_of(guard, officer);
    /* The ring's next place holds the oldest of the last TB_PASSWORD_TRIES_MAX. */
    uint64_t *place = &tries->at_ms[tries->count % TB_PASSWORD_TRIES_MAX];
    if (tries->count >= TB_PASSWORD_TRIES_MAX && now_ms < *place + TB_PASSWORD_WINDOW_MS) {
        return TB_FULL;
    }
    size_t size = strlen(password);
    if (size <= TB_PASSWORD_BYTES_MAX && crypto_pwhash_str_verify(hash, password, size) == 0) {
        tries->count = 0;
        return TB_OK;
    }
    *place = now_ms;
    tries->count++;
    return TB_SESSION;
}
