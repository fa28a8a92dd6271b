#include "proto/statement.h"

#include <string.h>

#include "base/fault.h"
#include "base/limits.h"
#include "proto/wire.h"

enum tb_kind tb_statement_kind(const Tongbao__Body *body)
{
    switch (body->statement_case) {
    case TONGBAO__BODY__STATEMENT_NOTICE:
        return TB_KIND_NOTICE;
    case TONGBAO__BODY__STATEMENT_RECEIPT:
        return TB_KIND_RECEIPT;
    case TONGBAO__BODY__STATEMENT_ACKNOWLEDGEMENT:
        return TB_KIND_ACKNOWLEDGEMENT;
    case TONGBAO__BODY__STATEMENT_CALL:
        return TB_KIND_CALL;
    case TONGBAO__BODY__STATEMENT_OBJECTION:
        return TB_KIND_OBJECTION;
    case TONGBAO__BODY__STATEMENT_WIDENING:
        return TB_KIND_WIDENING;
    case TONGBAO__BODY__STATEMENT_DISCLOSURE:
        return TB_KIND_DISCLOSURE;
    case TONGBAO__BODY__STATEMENT_DEED:
        return TB_KIND_DEED;
    case TONGBAO__BODY__STATEMENT_DESTRUCTION:
        return TB_KIND_DESTRUCTION;
    case TONGBAO__BODY__STATEMENT_RECALL:
        return TB_KIND_RECALL;
    case TONGBAO__BODY__STATEMENT__NOT_SET:
    case _TONGBAO__BODY__STATEMENT__CASE_IS_INT_SIZE:
        break;
    }
    return TB_KIND_UNKNOWN;
}

const char *tb_kind_text(enum tb_kind kind)
{
    static const char *const text[] = {
        [TB_KIND_UNKNOWN] = "unknown",
        [TB_KIND_NOTICE] = "notice",
        [TB_KIND_RECEIPT] = "receipt",
        [TB_KIND_ACKNOWLEDGEMENT] = "acknowledgement",
        [TB_KIND_CALL] = "call",
        [TB_KIND_OBJECTION] = "objection",
        [TB_KIND_WIDENING] = "widening",
        [TB_KIND_DISCLOSURE] = "disclosure",
        [TB_KIND_DEED] = "deed",
        [TB_KIND_RECALL] = "recall",
        [TB_KIND_DESTRUCTION] = "destruction",
    };
    tb_assert((size_t)kind < sizeof text / sizeof text[0]);
    return text[kind];
}

enum tb_lane tb_statement_lane(enum tb_world world, enum tb_kind kind)
{
    bool first = world == TB_WORLD_ACTUAL && kind == TB_KIND_NOTICE;
    return first ? TB_LANE_FIRST : TB_LANE_REST;
}

bool tb_kind_chained(enum tb_kind kind)
{
    return kind == TB_KIND_NOTICE || kind == TB_KIND_ACKNOWLEDGEMENT || kind == TB_KIND_CALL ||
           kind == TB_KIND_DISCLOSURE || kind == TB_KIND_DEED || kind == TB_KIND_DESTRUCTION;
}

bool tb_statement_chained(const Tongbao__Body *body)
{
    return body->chain.len > 0;
}

const char *tb_notice_kind_text(Tongbao__Notice__Kind kind)
{
    static const char *const text[] = {
        [TONGBAO__NOTICE__KIND__KIND_UNKNOWN] = "unknown",
        [TONGBAO__NOTICE__KIND__FIRST] = "first",
        [TONGBAO__NOTICE__KIND__FOLLOW_UP] = "follow_up",
        [TONGBAO__NOTICE__KIND__CORRECTION] = "correction",
        [TONGBAO__NOTICE__KIND__ALL_CLEAR] = "all_clear",
        [TONGBAO__NOTICE__KIND__FINAL] = "final",
        [TONGBAO__NOTICE__KIND__INQUIRY] = "inquiry",
        [TONGBAO__NOTICE__KIND__RELEASE] = "release",
    };
    return (size_t)kind < sizeof text / sizeof text[0] ? text[kind] : text[0];
}

bool tb_notice_continues(Tongbao__Notice__Kind kind)
{
    return kind == TONGBAO__NOTICE__KIND__FOLLOW_UP || kind == TONGBAO__NOTICE__KIND__CORRECTION ||
           kind == TONGBAO__NOTICE__KIND__ALL_CLEAR || kind == TONGBAO__NOTICE__KIND__FINAL;
}

static bool is_id(ProtobufCBinaryData data)
{
    return data.len == TB_ID_BYTES;
}

static bool is_id_or_none(ProtobufCBinaryData data)
{
    return data.len == TB_ID_BYTES || data.len == 0;
}

static bool is_code(uint32_t code)
{
    return code >= TB_OFFICE_CODE_MIN && code <= TB_OFFICE_CODE_MAX;
}

static bool is_time(int64_t ms)
{
    return ms >= 0 && ms <= TB_TIME_MS_MAX;
}

/* A count that a store can hold. */
static bool is_count(uint64_t count)
{
    return count <= INT64_MAX;
}

static bool is_name(const char *text)
{
    return strlen(text) <= TB_NAME_BYTES_MAX;
}

static bool is_officer(const Tongbao__Officer *officer)
{
    return officer == NULL || (is_name(officer->name) && is_name(officer->number));
}

/* TB_OK, or the first of two complaints. */
static enum tb_status judge(bool shaped, bool within)
{
    if (!shaped) {
        return TB_MALFORMED;
    }
    return within ? TB_OK : TB_TOOBIG;
}

/* "One chain per office, world and store … its first envelope names in
 * `continues` the last head the office knows" (design: The chain). */
static bool chain_whole(const Tongbao__Body *body)
{
    bool first = body->chain_seq == 1;
    if (body->chain.len != TB_CHAIN_BYTES || body->chain_seq == 0 || !is_count(body->chain_seq)) {
        return false;
    }
    return first ? body->previous.len == 0 && is_id_or_none(body->continues)
                 : is_id(body->previous) && body->continues.len == 0;
}

static bool chain_absent(const Tongbao__Body *body)
{
    return body->chain.len == 0 && body->chain_seq == 0 && body->previous.len == 0 &&
           body->continues.len == 0;
}

static bool chain_fits(const Tongbao__Body *body, enum tb_kind kind)
{
    if (kind == TB_KIND_UNKNOWN) {
        return chain_absent(body) || chain_whole(body);
    }
    return tb_kind_chained(kind) ? chain_whole(body) : chain_absent(body);
}

enum { SEEN_SLOTS = 2 * TB_RECIPIENTS_MAX }; /* a power of two, half empty */

/* Remember ${code} in ${seen}; false when it was there. */
static bool first_seen(uint32_t seen[SEEN_SLOTS], uint32_t code)
{
    size_t slot = code * UINT32_C(2654435761) % SEEN_SLOTS;
    while (seen[slot] != 0) {
        if (seen[slot] == code) {
            return false;
        }
        slot = (slot + 1) % SEEN_SLOTS;
    }
    seen[slot] = code;
    return true;
}

static enum tb_status check_recipients(const Tongbao__Body *body)
{
    uint32_t seen[SEEN_SLOTS] = {0};
    if (body->n_recipients > TB_RECIPIENTS_MAX) {
        return TB_TOOBIG;
    }
    for (size_t i = 0; i < body->n_recipients; i++) {
        const Tongbao__Recipient *recipient = body->recipients[i];
        enum tb_status status =
            judge(is_code(recipient->office) && is_count(recipient->nth) &&
                      first_seen(seen, recipient->office),
                  is_name(recipient->river) && strlen(recipient->clause) <= TB_TEXT_BYTES_MAX);
        if (status != TB_OK) {
            return status;
        }
    }
    return TB_OK;
}

static enum tb_status check_attachments(Tongbao__Attachment *const *list, size_t count)
{
    if (count > TB_ATTACHMENTS_MAX) {
        return TB_TOOBIG;
    }
    for (size_t i = 0; i < count; i++) {
        enum tb_status status =
            judge(is_id(list[i]->digest), list[i]->size_bytes <= TB_ATTACHMENT_BYTES_MAX);
        if (status != TB_OK) {
            return status;
        }
    }
    return TB_OK;
}

static enum tb_status check_measured(const Tongbao__Notice *notice)
{
    for (size_t i = 0; i < notice->n_measurements; i++) {
        if (!is_time(notice->measurements[i]->sampled_at_ms)) {
            return TB_MALFORMED;
        }
    }
    return check_attachments(notice->attachments, notice->n_attachments);
}

/* Few elements are demanded of a notice: what it is, that its ids are ids and
 * its times times. "Missing elements, an unknown amount, an unknown grade …: the
 * notice still goes" (I6). */
static enum tb_status check_notice(const Tongbao__Body *body)
{
    const Tongbao__Notice *notice = body->notice;
    bool regards =
        tb_notice_continues(notice->kind) ? is_id(notice->regards) : is_id_or_none(notice->regards);
    bool times = is_time(notice->occurred_at_ms) && is_time(notice->known_at_ms) &&
                 is_time(notice->graded_at_ms) && is_time(notice->next_report_at_ms);
    bool counts = notice->n_substances <= TB_SUBSTANCES_MAX &&
                  notice->n_measurements <= TB_MEASUREMENTS_MAX &&
                  notice->n_article4 <= TB_ARTICLE4_MAX;
    bool names = strlen(notice->number) <= TB_NUMBER_BYTES_MAX && is_name(notice->river) &&
                 is_name(notice->reporting_office) && is_name(notice->signed_by) &&
                 is_name(notice->contact) && is_name(notice->contact_phone) &&
                 is_officer(notice->duty_officer);
    enum tb_status status =
        judge(regards && times && body->incident.len == TB_INCIDENT_BYTES, counts && names);
    return status == TB_OK ? check_measured(notice) : status;
}

static enum tb_status check_receipt(const Tongbao__Receipt *receipt)
{
    if (receipt->n_ids > TB_RECEIPT_IDS_MAX) {
        return TB_TOOBIG;
    }
    for (size_t i = 0; i < receipt->n_ids; i++) {
        if (!is_id(receipt->ids[i])) {
            return TB_MALFORMED;
        }
    }
    return receipt->n_ids > 0 && is_time(receipt->stored_at_ms) ? TB_OK : TB_MALFORMED;
}

/* "An acknowledgement only when an officer with a session of his own gave it"
 * (I4): one without a name is none. */
static enum tb_status check_acknowledgement(const Tongbao__Acknowledgement *acknowledgement)
{
    const Tongbao__Officer *officer = acknowledgement->officer;
    bool named = officer != NULL && officer->name[0] != '\0';
    return judge(is_id(acknowledgement->notice) && named && is_time(acknowledgement->given_at_ms),
                 is_officer(officer));
}

static enum tb_status check_call(const Tongbao__Call *call)
{
    return judge(is_id(call->notice) && is_code(call->office) && is_time(call->claimed_at_ms) &&
                     is_time(call->entered_at_ms),
                 is_name(call->person) && is_name(call->phone) && is_officer(call->caller));
}

static bool is_named(const Tongbao__Officer *officer)
{
    return officer != NULL && officer->name[0] != '\0';
}

/* "Evidence without which nothing is published": a state of publication that
 * names none is no statement. */
static enum tb_status check_disclosure(const Tongbao__Disclosure *disclosure)
{
    bool public = disclosure->state == TONGBAO__DISCLOSURE__STATE__PUBLISHED ||
                  disclosure->state == TONGBAO__DISCLOSURE__STATE__UPDATED;
    enum tb_status status = judge(
        is_id(disclosure->notice) && is_named(disclosure->officer) && is_time(disclosure->at_ms) &&
            is_time(disclosure->entered_at_ms) && (!public || disclosure->n_evidence > 0),
        is_officer(disclosure->officer) && is_name(disclosure->by) && is_name(disclosure->channel));
    return status == TB_OK ? check_attachments(disclosure->evidence, disclosure->n_evidence)
                           : status;
}

static enum tb_status check_deed(const Tongbao__Deed *deed)
{
    enum tb_status status =
        judge(is_id(deed->notice) && is_named(deed->officer) && is_time(deed->at_ms) &&
                  is_time(deed->entered_at_ms),
              is_officer(deed->officer) && is_name(deed->to) && is_name(deed->person) &&
                  is_name(deed->channel) && is_name(deed->document_number));
    return status == TB_OK ? check_attachments(deed->evidence, deed->n_evidence) : status;
}

static enum tb_status check_destruction(const Tongbao__Destruction *destruction)
{
    return judge(is_id(destruction->notice) && is_named(destruction->officer) &&
                     is_time(destruction->at_ms),
                 is_officer(destruction->officer));
}

static enum tb_status check_widening(const Tongbao__Widening *widening)
{
    return judge(is_id(widening->envelope) && is_code(widening->office) &&
                     is_count(widening->topology_version),
                 is_name(widening->river));
}

bool tb_recall_asks(const Tongbao__Recall *recall)
{
    return recall->answers.len == 0;
}

/* One that asks counts nothing; a sum beyond what a store can hold is none. */
static enum tb_status check_recall(const Tongbao__Recall *recall)
{
    bool counts = is_count(recall->own) && is_count(recall->addressed) && is_count(recall->refused);
    bool none = recall->own == 0 && recall->addressed == 0 && recall->refused == 0;
    bool shaped = tb_recall_asks(recall) ? none : is_id(recall->answers);
    return shaped && counts ? TB_OK : TB_MALFORMED;
}

static enum tb_status check_kind(const Tongbao__Body *body, enum tb_kind kind)
{
    switch (kind) {
    case TB_KIND_NOTICE:
        return check_notice(body);
    case TB_KIND_RECEIPT:
        return check_receipt(body->receipt);
    case TB_KIND_ACKNOWLEDGEMENT:
        return check_acknowledgement(body->acknowledgement);
    case TB_KIND_CALL:
        return check_call(body->call);
    case TB_KIND_OBJECTION:
        return is_id(body->objection->envelope) ? TB_OK : TB_MALFORMED;
    case TB_KIND_WIDENING:
        return check_widening(body->widening);
    case TB_KIND_DISCLOSURE:
        return check_disclosure(body->disclosure);
    case TB_KIND_DEED:
        return check_deed(body->deed);
    case TB_KIND_DESTRUCTION:
        return check_destruction(body->destruction);
    case TB_KIND_RECALL:
        return check_recall(body->recall);
    case TB_KIND_UNKNOWN:
        break;
    }
    return TB_OK;
}

enum tb_status tb_statement_check(const Tongbao__Body *body)
{
    enum tb_kind kind = tb_statement_kind(body);
    bool incident = body->incident.len == TB_INCIDENT_BYTES || body->incident.len == 0;
    if (!chain_fits(body, kind) || !incident || !is_time(body->issued_at_ms) ||
        !is_id_or_none(body->personal_digest)) {
        return TB_MALFORMED;
    }
    enum tb_status status = check_recipients(body);
    return status == TB_OK ? check_kind(body, kind) : status;
}

/* What holds whoever signs and whatever the statement is about: offices speak
 * in a world, brokers in none and only to widen. */
static bool may_speak(enum tb_world world, enum tb_kind kind, bool signer_is_broker)
{
    if (signer_is_broker) {
        return world == TB_WORLD_NONE && (kind == TB_KIND_WIDENING || kind == TB_KIND_UNKNOWN);
    }
    return world != TB_WORLD_NONE && kind != TB_KIND_WIDENING;
}

bool tb_statement_discloses(uint32_t office, uint32_t origin)
{
    return office == origin || office == origin / 100 * 100 || office == tb_province_of(origin);
}

enum tb_status tb_statement_authority(const struct tb_envelope *envelope, const Tongbao__Body *body,
                                      uint32_t subject_origin, enum tb_world subject_world,
                                      bool signer_is_broker)
{
    enum tb_kind kind = tb_statement_kind(body);
    if (!may_speak(envelope->world, kind, signer_is_broker)) {
        return TB_AUTHORITY;
    }
    /* "Actual world only" (design: Widening); else nor is "a real notice …
     * answered by an exercise" (I7). */
    enum tb_world demanded = kind == TB_KIND_WIDENING ? TB_WORLD_ACTUAL : envelope->world;
    bool judged = kind != TB_KIND_UNKNOWN && subject_world != TB_WORLD_NONE;
    if (judged && subject_world != demanded) {
        return TB_AUTHORITY;
    }
    bool own = kind == TB_KIND_NOTICE && tb_notice_continues(body->notice->kind);
    if (own && subject_origin != 0 && subject_origin != envelope->origin) {
        return TB_AUTHORITY;
    }
    /* It is about all that an office ever said, in whatever world: of one world, so
     * that it is asked once. Only a province answers. */
    if (kind == TB_KIND_RECALL &&
        (envelope->world != TB_WORLD_ACTUAL ||
         (!tb_recall_asks(body->recall) && envelope->origin != tb_province_of(envelope->origin)))) {
        return TB_AUTHORITY;
    }
    bool discloses = kind == TB_KIND_DISCLOSURE && subject_origin != 0;
    if (discloses && !tb_statement_discloses(envelope->origin, subject_origin)) {
        return TB_AUTHORITY;
    }
    return TB_OK;
}

bool tb_statement_subject(const Tongbao__Body *body, struct tb_id *subject)
{
    switch (tb_statement_kind(body)) {
    case TB_KIND_NOTICE:
        return tb_id_take(subject, tb_wire_bytes(body->notice->regards));
    case TB_KIND_ACKNOWLEDGEMENT:
        return tb_id_take(subject, tb_wire_bytes(body->acknowledgement->notice));
    case TB_KIND_CALL:
        return tb_id_take(subject, tb_wire_bytes(body->call->notice));
    case TB_KIND_DISCLOSURE:
        return tb_id_take(subject, tb_wire_bytes(body->disclosure->notice));
    case TB_KIND_DEED:
        return tb_id_take(subject, tb_wire_bytes(body->deed->notice));
    case TB_KIND_DESTRUCTION:
        return tb_id_take(subject, tb_wire_bytes(body->destruction->notice));
    case TB_KIND_OBJECTION:
        return tb_id_take(subject, tb_wire_bytes(body->objection->envelope));
    case TB_KIND_WIDENING:
        return tb_id_take(subject, tb_wire_bytes(body->widening->envelope));
    case TB_KIND_RECEIPT:
    case TB_KIND_RECALL:
    case TB_KIND_UNKNOWN:
        break;
    }
    return false;
}

bool tb_statement_names(const Tongbao__Body *body, uint32_t office)
{
    for (size_t i = 0; i < body->n_recipients; i++) {
        if (body->recipients[i]->office == office) {
            return true;
        }
    }
    return false;
}
