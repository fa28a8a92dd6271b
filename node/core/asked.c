#include "node/core/asked.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "node/core/waking.h"
#include "node/core/catalogue.h"
#include "node/core/officer.h"

enum tb_status tb_asked_fail(struct tb_result *result, enum tb_status status, const char *format,
                             ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(result->text, sizeof result->text, format, args);
    va_end(args);
    return status;
}

static enum tb_status take_directory(struct tb_node *node, const struct tb_at *at,
                                     const struct tb_request *request, struct tb_result *result)
{
    enum tb_taken taken = TB_TAKEN_OLD;
    struct tb_diag diag = {0};
    enum tb_status status = tb_catalogue_take(node, at, request->directory, &taken, &diag);
    if (status != TB_OK) {
        return tb_asked_fail(result, status, "%s", diag.text);
    }
    if (taken == TB_TAKEN_OLD) {
        snprintf(result->text, sizeof result->text, "a newer directory is in force");
    } else if (taken == TB_TAKEN_CLASH) {
        snprintf(result->text, sizeof result->text,
                 "another directory of this version is in force: ask the province");
    }
    return TB_OK;
}

static enum tb_status act(struct tb_node *node, const struct tb_at *at,
                          const struct tb_request *request, struct tb_result *result)
{
    switch (request->verb) {
    case TB_VERB_ISSUE:
        return tb_issue_do(node, at, request, result);
    case TB_VERB_ACKNOWLEDGE:
        return tb_acknowledge_do(node, at, request, result);
    case TB_VERB_CALL:
        return tb_call_do(node, at, request, result);
    case TB_VERB_DISCLOSE:
        return tb_disclose_do(node, at, request, result);
    case TB_VERB_DEED:
        return tb_deed_do(node, at, request, result);
    case TB_VERB_DESTROY:
        return tb_destroy_do(node, at, request, result);
    case TB_VERB_PERSONAL_READ:
        return tb_personal_read_do(node, at, request, result);
    case TB_VERB_RECOVER:
        return tb_recall_do(node, at, result);
    case TB_VERB_DUTY_OPEN:
        return tb_officer_duty_open(node, at, request, result);
    case TB_VERB_DUTY_CLOSE:
        return tb_officer_duty_close(node, at, request, result);
    case TB_VERB_OFFICER_SET:
        return tb_officer_set(node, at, request, result);
    case TB_VERB_DIRECTORY_TAKE:
        return take_directory(node, at, request, result);
    case TB_VERB_ALARM_ENDED:
        tb_waking_ended(node, at, &request->alarm);
        return TB_OK;
    }
    return tb_asked_fail(result, TB_INPUT, "no such request");
}

static void answer(struct tb_outbox *out, uint64_t from, const struct tb_result *result)
{
    (void)tb_outbox_add(out, TB_EFFECT_ANSWER, from, (uint32_t)result->status,
                        tb_bytes_of(result, sizeof *result));
}

/* The answer that was given to this id; false when there is none. */
static bool answered(struct tb_node *node, const struct tb_request *request,
                     struct tb_result *result, enum tb_status *status)
{
    struct sqlite3_stmt *sql = TB_SQL(node, REQUEST_GET);
    bool there = tb_db_one(node->db, sql, "t", request->id);
    /* The answer of then holds a token: it is for the officer of then alone. */
    bool other = there && (tb_db_int(sql, 0) != (int64_t)request->verb ||
                           (request->verb == TB_VERB_DUTY_OPEN &&
                            !tb_officer_opened(node, tb_db_bytes(sql, 3), request->duty.officer)));
    if (other) {
        *status = tb_asked_fail(result, TB_CONFLICT,
                                "this request id was used for something else: take a new one");
    } else if (there) {
        result->repeated = true;
        (void)tb_db_id(sql, 1, &result->id);
        tb_text_copy(result->number, sizeof result->number, tb_db_text(sql, 2));
        tb_text_copy(result->text, sizeof result->text, tb_db_text(sql, 4));
        tb_officer_token(node, tb_db_bytes(sql, 3), result->token);
        *status = TB_OK;
    }
    tb_db_done(sql);
    return there;
}

static void keep(struct tb_node *node, const struct tb_at *at, const struct tb_request *request,
                 const struct tb_result *result)
{
    uint8_t salt[TB_SALT_BYTES];
    struct tb_bytes id =
        tb_id_zero(&result->id) ? tb_bytes_of(NULL, 0) : tb_bytes_of(result->id.byte, TB_ID_BYTES);
    struct tb_bytes kept = tb_bytes_of(NULL, 0);
    if (request->verb == TB_VERB_DUTY_OPEN) {
        tb_officer_salt(at->seed, salt);
        kept = tb_bytes_of(salt, sizeof salt);
    }
    tb_db_do(node->db, TB_SQL(node, REQUEST_TRIM), "i",
             at->now->wall.ms - (int64_t)TB_KEPT_DAYS * TB_DAY_MS);
    tb_db_do(node->db, TB_SQL(node, REQUEST_ADD), "tiibtbt", request->id, (int64_t)request->verb,
             at->now->wall.ms, id, result->number, kept, result->text);
}

static bool id_valid(const char *id)
{
    return id != NULL && id[0] != '\0' && strlen(id) <= TB_REQUEST_ID_BYTES_MAX &&
           tb_text_valid(tb_bytes_text(id));
}

enum tb_status tb_asked_handle(struct tb_node *node, const struct tb_at *at, uint64_t from,
                               const struct tb_request *request)
{
    struct tb_result result = {.verb = request->verb};
    enum tb_status status = TB_OK;
    bool changing = request->verb != TB_VERB_ALARM_ENDED;
    if (changing && !id_valid(request->id)) {
        status = tb_asked_fail(&result, TB_INPUT, "a request id of 1 to %d bytes is needed",
                               TB_REQUEST_ID_BYTES_MAX);
    } else if (!changing || !answered(node, request, &result, &status)) {
        status = act(node, at, request, &result);
        if (status == TB_OK && changing) {
            keep(node, at, request, &result);
        }
    }
    result.status = status;
    if (status != TB_OK) {
        node->failure = result;
        return status;
    }
    answer(at->out, from, &result);
    return TB_OK;
}

void tb_asked_undone(struct tb_node *node, uint64_t from, const struct tb_request *request,
                     enum tb_status status, struct tb_outbox *out)
{
    struct tb_result result = node->failure;
    if (result.status != status || result.verb != request->verb) {
        result = (struct tb_result){.verb = request->verb, .status = status};
        tb_text_copy(result.text, sizeof result.text, tb_status_text(status));
    }
    node->failure = (struct tb_result){0};
    answer(out, from, &result);
}
