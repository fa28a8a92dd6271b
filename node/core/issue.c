#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "node/core/ledger.h"
#include "node/core/officer.h"
#include "node/core/personal.h"
#include "node/core/asked.h"
#include "node/core/recipients.h"
#include "proto/wire.h"
#include "topology/clause.h"

enum { NUMBER_MAX = 99999 }; /* of one day, as far as it is believed */

/* What an issue stands on: the notice that it continues, and its incident. */
struct ground {
    bool continues;
    uint8_t incident[TB_INCIDENT_BYTES];
};

static bool zero(const uint8_t incident[TB_INCIDENT_BYTES])
{
    static const uint8_t none[TB_INCIDENT_BYTES];
    return memcmp(incident, none, TB_INCIDENT_BYTES) == 0;
}

/* The incident of the notice ${id}, and whether this office in ${world} may
 * continue it; false, told in ${result}, when the notice cannot be regarded. */
static bool regard(struct tb_node *node, const struct tb_issue *issue, const struct tb_id *id,
                   struct ground *ground, struct tb_result *result)
{
    struct sqlite3_stmt *sql = TB_SQL(node, NOTICE_FIND);
    const char *wrong = NULL;
    if (!tb_db_one(node->db, sql, "d", id)) {
        wrong = "the notice that this one continues is not here: look for it in `tongbao list`";
    } else if ((enum tb_world)tb_db_int(sql, 2) != issue->world) {
        wrong = "actual, exercise and test are never mixed: issue it in the world of the notice "
                "that it continues";
    } else if (tb_notice_continues(issue->notice->kind) && tb_db_int(sql, 5) == 0) {
        wrong = "only the office that issued a notice continues it: issue a first notice or an "
                "inquiry of your own";
    } else {
        struct tb_bytes incident = tb_db_bytes(sql, 3);
        tb_assert(incident.size == TB_INCIDENT_BYTES);
        memcpy(ground->incident, incident.data, TB_INCIDENT_BYTES);
        ground->continues = true;
    }
    tb_db_done(sql);
    if (wrong != NULL) {
        (void)snprintf(result->text, sizeof result->text, "%s", wrong);
    }
    return wrong == NULL;
}

/* "Follow-up, correction, all-clear, final: only the origin of the notice that they
 * continue, same world." */
static enum tb_status stand(struct tb_node *node, const struct tb_at *at,
                            const struct tb_issue *issue, struct ground *ground,
                            struct tb_result *result)
{
    struct tb_id regards;
    *ground = (struct ground){0};
    bool named = issue->notice->regards.len > 0;
    if (!named && tb_notice_continues(issue->notice->kind)) {
        return tb_asked_fail(result, TB_INPUT,
                             "say which notice this one continues, by its number or id");
    }
    if (named) {
        bool whole = tb_id_take(&regards, tb_wire_bytes(issue->notice->regards));
        if (!whole) {
            return tb_asked_fail(result, TB_INPUT, "the id of the notice has 32 bytes");
        }
        return regard(node, issue, &regards, ground, result) ? TB_OK : TB_INPUT;
    }
    if (!zero(issue->incident)) {
        memcpy(ground->incident, issue->incident, TB_INCIDENT_BYTES);
    } else {
        tb_draw(ground->incident, TB_INCIDENT_BYTES, at->seed, "incident");
    }
    return TB_OK;
}

/* The number for people: counted by (origin, world, Beijing day of issued_at);
 * "exercise and test numbers begin with 演 and 试". */
static void number(struct tb_node *node, const struct tb_at *at, enum tb_world world,
                   char out[TB_NUMBER_BYTES_MAX])
{
    struct sqlite3_stmt *sql = TB_SQL(node, NOTICE_NUMBERS);
    struct tb_wall midnight = tb_wall_midnight(at->now->wall);
    uint64_t count = 0;
    uint64_t highest = 0;
    char day[9];
    tb_db_ask(node->db, sql, "iii", (int64_t)world, midnight.ms, midnight.ms + (int64_t)TB_DAY_MS);
    while (tb_db_next(node->db, sql)) {
        /* An old number that came back from a broker may lie beyond the count. */
        const char *dash = strrchr(tb_db_text(sql, 0), '-');
        uint64_t last;
        count++;
        if (dash != NULL && tb_text_u64(dash + 1, NUMBER_MAX, &last) && last > highest) {
            highest = last;
        }
    }
    highest = count > highest ? count : highest;
    tb_wall_day(day, at->now->wall);
    snprintf(out, TB_NUMBER_BYTES_MAX, "%s%06u-%s-%02llu",
             world == TB_WORLD_EXERCISE ? "演"
             : world == TB_WORLD_TEST   ? "试"
                                        : "",
             node->config.office, day, (unsigned long long)highest + 1);
}

/* The rule now, everybody who was told before, and the officer's additions. */
static enum tb_status find_route(struct tb_node *node, const struct tb_issue *issue,
                                 const struct ground *ground, struct tb_result *result)
{
    struct tb_recipients *route = &node->route;
    enum tb_direction direction =
        issue->notice->kind == TONGBAO__NOTICE__KIND__INQUIRY ? TB_UP : TB_DOWN;
    tb_recipients_clear(route);
    tb_recipients_rule(node, route, issue->notice->river, direction, result->text,
                       sizeof result->text);
    if (ground->continues) {
        tb_recipients_told(node, route, ground->incident, issue->world);
    }
    for (size_t i = 0; i < issue->added_count; i++) {
        uint32_t office = issue->added[i];
        if (office < TB_OFFICE_CODE_MIN || office > TB_OFFICE_CODE_MAX) {
            return tb_asked_fail(result, TB_INPUT, "%u is no office: six digits of GB/T 2260",
                                 office);
        }
        if (!tb_recipients_add(node, route, office, false, 0, tb_clause_phrase(TB_PHRASE_ADDED),
                               "")) {
            return tb_asked_fail(result, TB_INPUT, "a notice has at most %d recipients",
                                 TB_RECIPIENTS_MAX);
        }
    }
    return TB_OK;
}

/* The reporting office by its name in the directory, else by its code. */
static void own_name(const struct tb_node *node, char out[TB_NAME_BYTES_MAX])
{
    const Tongbao__Office *office = tb_directories_office(node->set, node->config.office);
    if (office != NULL && office->name[0] != '\0') {
        tb_text_copy(out, TB_NAME_BYTES_MAX, office->name);
    } else {
        snprintf(out, TB_NAME_BYTES_MAX, "%06u", node->config.office);
    }
}

static enum tb_status say(struct tb_node *node, const struct tb_at *at,
                          const struct tb_issue *issue, const struct ground *ground,
                          struct tb_officer_row *on_duty, struct tb_result *result)
{
    char reporting[TB_NAME_BYTES_MAX];
    char hex[TB_ID_HEX_CHARS + 1];
    Tongbao__Officer officer;
    tongbao__officer__init(&officer);
    Tongbao__Notice notice = *issue->notice;
    Tongbao__Body body = TONGBAO__BODY__INIT;
    own_name(node, reporting);
    number(node, at, issue->world, result->number);
    officer.name = on_duty->name;
    officer.number = on_duty->number;
    notice.number = result->number;
    notice.duty_officer = &officer;
    notice.reporting_office = reporting;
    body.incident = tb_wire_data(tb_bytes_of(ground->incident, TB_INCIDENT_BYTES));
    body.statement_case = TONGBAO__BODY__STATEMENT_NOTICE;
    body.notice = &notice;
    size_t recipients = node->route.count;
    struct tb_buf personal;
    struct tb_id digest;
    tb_buf_init(&personal, TB_PERSONAL_BYTES_MAX);
    if (issue->personal != NULL && issue->personal[0] != '\0') {
        tb_personal_make(at->seed, issue->personal, &personal, &digest);
        body.personal_digest = tb_wire_id(&digest);
    }
    enum tb_status status = tb_ledger_say_with(
        node, at, issue->world, &body, tb_buf_bytes(&personal), &node->route, &result->id, NULL);
    tb_buf_fini(&personal);
    if (status != TB_OK) {
        return tb_asked_fail(result, TB_INPUT,
                             status == TB_TOOBIG
                                 ? "the notice is too long: shorten its texts or lists"
                                 : "a field of the notice is not text, or a time out of range");
    }
    tb_hex(hex, tb_bytes_of(result->id.byte, TB_ID_BYTES));
    tb_outbox_note(at->out, TB_NOTE_NOTICE_ISSUED, result->number, hex, tb_world_text(issue->world),
                   (unsigned)recipients);
    return TB_OK;
}

enum tb_status tb_issue_do(struct tb_node *node, const struct tb_at *at,
                           const struct tb_request *request, struct tb_result *result)
{
    const struct tb_issue *issue = &request->issue;
    struct tb_officer_row officer;
    struct ground ground;
    enum tb_status status = tb_officer_on_duty(node, at, request, result, &officer);
    if (status != TB_OK) {
        return status;
    }
    bool world = issue->world >= TB_WORLD_ACTUAL && issue->world <= TB_WORLD_TEST;
    if (!world || issue->notice == NULL || issue->added_count > TB_ADDED_MAX) {
        return tb_asked_fail(result, TB_INPUT,
                             "a notice, and its world: actual, exercise or test, are needed");
    }
    if (issue->personal != NULL && strlen(issue->personal) > TB_PERSONAL_TEXT_BYTES_MAX) {
        return tb_asked_fail(result, TB_INPUT, "personal data has at most %d bytes",
                             TB_PERSONAL_TEXT_BYTES_MAX);
    }
    status = stand(node, at, issue, &ground, result);
    if (status == TB_OK) {
        status = find_route(node, issue, &ground, result);
    }
    return status == TB_OK ? say(node, at, issue, &ground, &officer, result) : status;
}
