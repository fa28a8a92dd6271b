#include "node/core/officer.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "node/core/asked.h"

enum { HOUR_MS = 3600000 };

void tb_officer_salt(const uint8_t seed[TB_SEED_BYTES], uint8_t salt[TB_SALT_BYTES])
{
    tb_draw(salt, TB_SALT_BYTES, seed, "session");
}

void tb_officer_token(const struct tb_node *node, struct tb_bytes salt,
                      char token[2 * TB_TOKEN_BYTES + 1])
{
    static const char purpose[] = "tongbao/1/session";
    uint8_t said[sizeof purpose + TB_SALT_BYTES];
    uint8_t made[TB_TOKEN_BYTES];
    token[0] = '\0';
    if (salt.size != TB_SALT_BYTES) {
        return;
    }
    memcpy(said, purpose, sizeof purpose);
    memcpy(said + sizeof purpose, salt.data, TB_SALT_BYTES);
    /* The first half of libsodium's secret is the seed: 32 bytes of key. */
    crypto_generichash(made, sizeof made, said, sizeof said, node->config.secret->byte, 32);
    tb_hex(token, tb_bytes_of(made, sizeof made));
}

static void hash_token(const char *token, struct tb_id *hash)
{
    tb_digest(hash, tb_bytes_text(token));
}

static bool name_valid(const char *name)
{
    return name != NULL && name[0] != '\0' && strlen(name) < TB_NAME_BYTES_MAX &&
           strpbrk(name, "\n\t") == NULL && tb_text_valid(tb_bytes_text(name));
}

bool tb_query_session(struct tb_node *node, const char *token, struct tb_wall now,
                      struct tb_officer_row *row)
{
    struct sqlite3_stmt *sql = TB_SQL(node, SESSION_GET);
    struct tb_id hash;
    if (token == NULL || strlen(token) != 2 * TB_TOKEN_BYTES) {
        return false;
    }
    hash_token(token, &hash);
    bool open = tb_db_one(node->db, sql, "di", &hash, now.ms);
    if (open) {
        *row = (struct tb_officer_row){.active = true, .on_duty = true};
        tb_text_copy(row->name, sizeof row->name, tb_db_text(sql, 0));
        tb_text_copy(row->number, sizeof row->number, tb_db_text(sql, 1));
        row->duty_until_ms = tb_db_int(sql, 2);
    }
    tb_db_done(sql);
    return open;
}

enum tb_status tb_officer_on_duty(struct tb_node *node, const struct tb_at *at,
                                  const struct tb_request *request, struct tb_result *result,
                                  struct tb_officer_row *officer)
{
    if (tb_query_session(node, request->token, at->now->wall, officer)) {
        return TB_OK;
    }
    return tb_asked_fail(result, TB_SESSION,
                         "no open duty session: open one with `tongbao duty open`");
}

/* The officer ${name}; false if there is none. */
static bool find(struct tb_node *node, const char *name, bool *active,
                 char number[TB_NAME_BYTES_MAX])
{
    struct sqlite3_stmt *sql = TB_SQL(node, OFFICER_GET);
    bool there = tb_db_one(node->db, sql, "t", name);
    if (there) {
        tb_text_copy(number, TB_NAME_BYTES_MAX, tb_db_text(sql, 0));
        *active = tb_db_int(sql, 2) != 0;
    }
    tb_db_done(sql);
    return there;
}

enum tb_status tb_officer_duty_open(struct tb_node *node, const struct tb_at *at,
                                    const struct tb_request *request, struct tb_result *result)
{
    const struct tb_duty_open *duty = &request->duty;
    int64_t hours = duty->hours == 0 ? TB_SESSION_HOURS : duty->hours;
    char number[TB_NAME_BYTES_MAX];
    uint8_t salt[TB_SALT_BYTES];
    bool active = false;
    struct tb_id hash;
    if (hours < 1 || hours > TB_SESSION_HOURS_MAX) {
        return tb_asked_fail(result, TB_INPUT, "a duty session lasts 1 to %d hours",
                             TB_SESSION_HOURS_MAX);
    }
    if (!name_valid(duty->officer) || !find(node, duty->officer, &active, number) || !active) {
        return tb_asked_fail(result, TB_SESSION, "no such officer is active here");
    }
    tb_officer_salt(at->seed, salt);
    tb_officer_token(node, tb_bytes_of(salt, sizeof salt), result->token);
    hash_token(result->token, &hash);
    tb_db_do(node->db, TB_SQL(node, SESSION_ADD), "dbtii", &hash, tb_bytes_of(salt, sizeof salt),
             duty->officer, at->now->wall.ms, at->now->wall.ms + hours * HOUR_MS);
    tb_outbox_note(at->out, TB_NOTE_SESSION_OPENED, duty->officer);
    return TB_OK;
}

bool tb_officer_opened(struct tb_node *node, struct tb_bytes salt, const char *officer)
{
    struct sqlite3_stmt *sql = TB_SQL(node, SESSION_OFFICER);
    char token[2 * TB_TOKEN_BYTES + 1];
    struct tb_id hash;
    tb_officer_token(node, salt, token);
    hash_token(token, &hash);
    bool his = officer != NULL && tb_db_one(node->db, sql, "d", &hash) &&
               strcmp(tb_db_text(sql, 0), officer) == 0;
    tb_db_done(sql);
    return his;
}

enum tb_status tb_officer_duty_close(struct tb_node *node, const struct tb_at *at,
                                     const struct tb_request *request, struct tb_result *result)
{
    struct tb_officer_row officer;
    struct tb_id hash;
    enum tb_status status = tb_officer_on_duty(node, at, request, result, &officer);
    if (status != TB_OK) {
        return status;
    }
    hash_token(request->token, &hash);
    tb_db_do(node->db, TB_SQL(node, SESSION_CLOSE), "id", at->now->wall.ms, &hash);
    tb_outbox_note(at->out, TB_NOTE_SESSION_CLOSED, officer.name);
    return TB_OK;
}

static bool number_valid(const char *number)
{
    return number[0] == '\0' || name_valid(number);
}

enum tb_status tb_officer_set(struct tb_node *node, const struct tb_at *at,
                              const struct tb_request *request, struct tb_result *result)
{
    const struct tb_officer_set *set = &request->officer;
    char number[TB_NAME_BYTES_MAX] = "";
    bool active;
    if (!name_valid(set->name) || (set->number != NULL && !number_valid(set->number))) {
        return tb_asked_fail(result, TB_INPUT,
                             "an officer has a name, and may have a number, of one line and less "
                             "than %d bytes each",
                             TB_NAME_BYTES_MAX);
    }
    if (set->password_hash != NULL && strlen(set->password_hash) >= TB_PASSWORD_HASH_BYTES_MAX) {
        return tb_asked_fail(result, TB_INPUT, "the password hash is too long");
    }
    (void)find(node, set->name, &active, number);
    tb_db_do(node->db, TB_SQL(node, OFFICER_PUT), "ttti", set->name,
             set->number == NULL ? number : set->number, set->password_hash, (int64_t)set->active);
    if (!set->active) {
        tb_db_do(node->db, TB_SQL(node, SESSION_CLOSE_ALL), "it", at->now->wall.ms, set->name);
    }
    return TB_OK;
}

size_t tb_query_officers(struct tb_node *node, struct tb_wall now, struct tb_officer_row *rows,
                         size_t rows_max)
{
    struct sqlite3_stmt *sql = TB_SQL(node, OFFICER_LIST);
    size_t count = 0;
    tb_db_ask(node->db, sql, "ii", now.ms, (int64_t)rows_max);
    while (tb_db_next(node->db, sql)) {
        tb_assert(count < rows_max);
        struct tb_officer_row *row = &rows[count++];
        tb_text_copy(row->name, sizeof row->name, tb_db_text(sql, 0));
        tb_text_copy(row->number, sizeof row->number, tb_db_text(sql, 1));
        row->active = tb_db_int(sql, 2) != 0;
        row->duty_until_ms = tb_db_int(sql, 3);
        row->on_duty = row->active && row->duty_until_ms > 0;
    }
    return count;
}

const char *tb_query_password(struct tb_node *node, const char *officer)
{
    struct sqlite3_stmt *sql = TB_SQL(node, OFFICER_GET);
    const char *password = NULL;
    node->password[0] = '\0';
    if (officer != NULL && tb_db_one(node->db, sql, "t", officer) && tb_db_int(sql, 2) != 0 &&
        !tb_db_null(sql, 1)) {
        tb_text_copy(node->password, sizeof node->password, tb_db_text(sql, 1));
        password = node->password;
    }
    tb_db_done(sql);
    return password;
}
