#include "broker/core/widen.h"

#include <string.h>

#include "base/fault.h"
#include "base/text.h"
#include "proto/wire.h"

enum { STATEMENT_RECIPIENTS = 3 };

/* Is there a topology here that is newer than the one the origin went by? */
static const struct tb_directory *
newer(const struct tb_broker *broker, const struct tb_envelope *envelope, const Tongbao__Body *body)
{
    if (envelope->world != TB_WORLD_ACTUAL || tb_statement_kind(body) != TB_KIND_NOTICE) {
        return NULL;
    }
    const struct tb_directory *held = tb_directories_for(broker->directories, envelope->origin);
    bool is_newer = held != NULL && tb_directory_version(held) > envelope->directory_version;
    return is_newer ? held : NULL;
}

/* The rows that the rivers in force require for this notice. */
static size_t required(struct tb_broker *broker, const struct tb_envelope *envelope,
                       const Tongbao__Notice *notice)
{
    const struct tb_rivers *rivers =
        tb_atlas_for(broker->atlas, broker->directories, envelope->origin);
    enum tb_direction direction = notice->kind == TONGBAO__NOTICE__KIND__INQUIRY ? TB_UP : TB_DOWN;
    const char *river = notice->river[0] == '\0' ? NULL : notice->river;
    size_t count = 0;
    if (rivers == NULL) {
        return 0;
    }
    enum tb_status status = tb_rule_who(rivers, envelope->origin, river, direction, broker->widened,
                                        TB_RULE_ROWS_MAX, &count, NULL);
    if (status == TB_INPUT) {
        /* The newer rivers do not have that one: "a county whose river is not
         * known tells the union". */
        status = tb_rule_who(rivers, envelope->origin, NULL, direction, broker->widened,
                             TB_RULE_ROWS_MAX, &count, NULL);
    }
    return status == TB_OK ? count : 0;
}

size_t tb_widen_find(struct tb_broker *broker, const struct tb_envelope *envelope,
                     const Tongbao__Body *body, uint32_t *codes, size_t codes_max)
{
    size_t count = 0;
    broker->widened_count = 0;
    if (newer(broker, envelope, body) == NULL) {
        return 0;
    }
    size_t rows = required(broker, envelope, body->notice);
    for (size_t i = 0; i < rows; i++) {
        struct tb_rule_row *row = &broker->widened[i];
        const Tongbao__Office *office = tb_directories_office(broker->directories, row->code);
        if (!row->required || office == NULL || row->code == envelope->origin ||
            tb_statement_names(body, row->code)) {
            continue;
        }
        if (tb_house_reads(broker, office) && count < codes_max) {
            codes[count++] = row->code;
        }
        if (broker->widened_count != i) {
            broker->widened[broker->widened_count] = *row;
        }
        broker->widened_count++;
    }
    return count;
}

/* The directory in which this broker stands with the key it signs with. */
static const struct tb_directory *own_directory(const struct tb_broker *broker)
{
    for (size_t i = 0; i < tb_directories_count(broker->directories); i++) {
        const struct tb_directory *directory = tb_directories_at(broker->directories, i);
        const Tongbao__Broker *own = tb_directory_broker(directory, broker->config.name);
        if (own != NULL && own->key != NULL && own->key->sign.len == TB_KEY_BYTES &&
            own->key->state == TONGBAO__KEY_STATE__ACTIVE && broker->config.secret != NULL &&
            memcmp(own->key->sign.data, broker->config.secret->byte + TB_KEY_BYTES, TB_KEY_BYTES) ==
                0) {
            return directory;
        }
    }
    return NULL;
}

/* Who is told of a widening: the missing office, the origin, its province. */
struct audience {
    Tongbao__Recipient recipient[STATEMENT_RECIPIENTS];
    Tongbao__Recipient *list[STATEMENT_RECIPIENTS];
    size_t count;
};

static void invite(struct audience *audience, uint32_t office)
{
    for (size_t i = 0; i < audience->count; i++) {
        if (audience->recipient[i].office == office) {
            return;
        }
    }
    Tongbao__Recipient *recipient = &audience->recipient[audience->count];
    tongbao__recipient__init(recipient);
    recipient->office = office;
    audience->list[audience->count++] = recipient;
}

/* Seal the statement on ${row} into the broker's buffer for loaded envelopes. */
static bool seal(struct tb_broker *broker, const struct tb_now *now, struct tb_rule_row *row,
                 const struct tb_envelope *envelope, const Tongbao__Body *body,
                 struct audience *audience)
{
    const struct tb_directory *own = own_directory(broker);
    const struct tb_directory *held = tb_directories_for(broker->directories, envelope->origin);
    Tongbao__Body said = TONGBAO__BODY__INIT;
    Tongbao__Widening widening;
    char river[TB_NAME_BYTES_MAX + 1];
    struct tb_id id;
    tongbao__widening__init(&widening);
    if (own == NULL) {
        return false;
    }
    tb_text_copy(river, sizeof river, row->river);
    widening.envelope = tb_wire_id(&envelope->id);
    widening.office = row->code;
    widening.clause = row->clause;
    widening.topology_version = tb_directory_version(held);
    widening.hops = row->hops;
    widening.river = river;
    said.issued_at_ms = now->wall.ms;
    said.incident = body->incident;
    said.n_recipients = audience->count;
    said.recipients = audience->list;
    said.statement_case = TONGBAO__BODY__STATEMENT_WIDENING;
    said.widening = &widening;
    struct tb_seal settings = {.world = TB_WORLD_NONE,
                               .origin = tb_directory_prefix(own) * TB_CODES_OF_PROVINCE,
                               .directory_version = tb_directory_version(own),
                               .secret = broker->config.secret};
    tb_buf_cut(&broker->loaded, 0);
    return tb_envelope_seal(&broker->loaded, &settings, &said, &id) == TB_OK;
}

/* File ${row} for the origin, and for all else of ${audience} that read here; true
 * when each has it. The origin alone can act on it, and comes here to offer even
 * if its entry names other brokers. */
static bool tell(struct tb_broker *broker, const struct tb_envelopes_row *row,
                 const struct audience *audience, uint32_t origin, struct tb_outbox *out)
{
    bool told = true;
    for (size_t i = 0; i < audience->count; i++) {
        uint32_t code = audience->recipient[i].office;
        if (code == origin ||
            tb_house_reads(broker, tb_directories_office(broker->directories, code))) {
            told = tb_house_file(broker, row, code, out) != TB_FULL && told;
        }
    }
    return told;
}

static void invite_all(struct audience *audience, uint32_t missing, uint32_t origin)
{
    audience->count = 0;
    invite(audience, missing);
    invite(audience, origin);
    invite(audience, tb_province_of(origin));
}

/* Keep the sealed statement, though nobody should have room for it yet. */
static void keep(struct tb_broker *broker, const struct tb_now *now, struct tb_envelopes_row *row)
{
    struct tb_envelope statement;
    enum tb_status status = tb_envelope_read(&statement, tb_buf_bytes(&broker->loaded));
    tb_assert(status == TB_OK);
    if (tb_envelopes_find(broker->envelopes, &statement.id, row)) {
        return;
    }
    *row = (struct tb_envelopes_row){.id = statement.id,
                                     .origin = statement.origin,
                                     .world = TB_WORLD_NONE,
                                     .kind = TB_KIND_WIDENING,
                                     .admitted = now->wall};
    row->n = tb_envelopes_add(broker->envelopes, &statement, TB_KIND_WIDENING, now);
}

/* Tell once more of what was stated before, if somebody had no room for it. */
static void tell_again(struct tb_broker *broker, struct tb_envelopes_widened *widened,
                       uint32_t origin, struct tb_outbox *out)
{
    struct audience audience;
    struct tb_envelopes_row row;
    if (widened->told) {
        return;
    }
    invite_all(&audience, widened->office, origin);
    /* A statement that was pruned has waited for 400 days. */
    if (!tb_envelopes_at(broker->envelopes, widened->statement_n, &row) ||
        tell(broker, &row, &audience, origin, out)) {
        widened->told = true;
        tb_envelopes_widen(broker->envelopes, widened);
    }
}

/* State that ${missing} must hear too, for the first time. */
static void state_one(struct tb_broker *broker, const struct tb_now *now,
                      struct tb_envelopes_widened *widened, struct tb_rule_row *missing,
                      const struct tb_envelope *envelope, const Tongbao__Body *body,
                      struct tb_outbox *out)
{
    struct audience audience;
    struct tb_envelopes_row row;
    invite_all(&audience, missing->code, envelope->origin);
    /* Without an entry of its own in a directory nobody would believe the
     * statement; the envelope is filed all the same. */
    if (seal(broker, now, missing, envelope, body, &audience)) {
        keep(broker, now, &row);
        widened->statement_n = row.n;
        widened->told = tell(broker, &row, &audience, envelope->origin, out);
        tb_envelopes_widen(broker->envelopes, widened);
    }
}

void tb_widen_state(struct tb_broker *broker, const struct tb_now *now,
                    const struct tb_envelopes_row *row, const struct tb_envelope *envelope,
                    const Tongbao__Body *body, struct tb_outbox *out)
{
    char hex[TB_ID_HEX_CHARS + 1];
    tb_hex(hex, tb_bytes_of(row->id.byte, TB_ID_BYTES));
    for (size_t i = 0; i < broker->widened_count; i++) {
        struct tb_rule_row *missing = &broker->widened[i];
        struct tb_envelopes_widened widened = {.n = row->n, .office = missing->code};
        if (tb_envelopes_widened(broker->envelopes, row->n, missing->code, &widened)) {
            tell_again(broker, &widened, envelope->origin, out);
            continue;
        }
        const struct tb_directory *held = tb_directories_for(broker->directories, envelope->origin);
        tb_outbox_note(out, TB_NOTE_ENVELOPE_WIDENED, hex, missing->code,
                       (unsigned long long)tb_directory_version(held));
        state_one(broker, now, &widened, missing, envelope, body, out);
    }
}

void tb_widen_tell(struct tb_broker *broker)
{
    for (size_t i = 0; i < TB_WIDEN_TELL_MAX; i++) {
        struct tb_envelopes_row about;
        if (!tb_envelopes_untold(broker->envelopes, &broker->untold)) {
            broker->untold = (struct tb_envelopes_widened){.n = 0}; /* round again */
            return;
        }
        tb_house_begin(broker);
        bool held = tb_envelopes_at(broker->envelopes, broker->untold.n, &about);
        tb_assert(held || broker->db->status != TB_OK);
        tell_again(broker, &broker->untold, held ? about.origin : 0, NULL);
    }
}
