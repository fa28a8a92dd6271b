#include "topology/policy.h"

#include <string.h>

#include "base/fault.h"
#include "base/text.h"
#include "proto/envelope.h"
#include "proto/tongbao.pb-c.h"
#include "topology/csv.h"

enum { MINUTES_OF_HOUR = 60, WORD_BYTES_MAX = 48, DIVIDER = ';' };

extern const unsigned char tb_data_policy[];
extern const size_t tb_data_policy_bytes;

struct tb_bytes tb_policy_default(void)
{
    return tb_bytes_of(tb_data_policy, tb_data_policy_bytes);
}

/* A word of the table and what it stands for. */
struct word {
    const char *text;
    unsigned value;
};

enum { WORDS_MAX = 16 };

static const struct word owners[WORDS_MAX] = {
    {"origin", TB_POLICY_ORIGIN},
    {"receiver", TB_POLICY_RECEIVER},
    {"province", TB_POLICY_PROVINCE},
};

static const struct word applications[WORDS_MAX] = {
    {"i", TB_POLICY_I},
    {"ii", TB_POLICY_II},
    {"iii", TB_POLICY_III},
    {"iv", TB_POLICY_IV},
    {"unknown", TB_POLICY_UNKNOWN},
    {"article4", TB_POLICY_ARTICLE4},
    {"sensitive", TB_POLICY_SENSITIVE},
    {"opinion", TB_POLICY_OPINION},
};

static const struct word starts[WORDS_MAX] = {
    {"known", TB_POLICY_KNOWN},           {"earliest", TB_POLICY_EARLIEST},
    {"receipt", TB_POLICY_RECEIPT},       {"graded_change", TB_POLICY_GRADED_CHANGE},
    {"opinion", TB_POLICY_OPINION_KNOWN},
};

static const struct word addressees[WORDS_MAX] = {
    {"own_government", TB_POLICY_OWN_GOVERNMENT},
    {"next_superior", TB_POLICY_NEXT_SUPERIOR},
    {"province", TB_POLICY_PROVINCE_BUREAU},
    {"ministry", TB_POLICY_MINISTRY},
    {"public", TB_POLICY_PUBLIC},
};

static const struct word measures[WORDS_MAX] = {
    {"authoritative_information", 1u << TONGBAO__DISCLOSURE__MEASURE__AUTHORITATIVE_INFORMATION},
    {"press_conference", 1u << TONGBAO__DISCLOSURE__MEASURE__PRESS_CONFERENCE},
    {"response", 1u << TONGBAO__DISCLOSURE__MEASURE__RESPONSE},
};

static const struct word duties[WORDS_MAX] = {
    {"report_own_government", 1u << TONGBAO__DEED__DUTY__REPORT_OWN_GOVERNMENT},
    {"report_superior", 1u << TONGBAO__DEED__DUTY__REPORT_SUPERIOR},
    {"report_province", 1u << TONGBAO__DEED__DUTY__REPORT_PROVINCE},
    {"report_ministry", 1u << TONGBAO__DEED__DUTY__REPORT_MINISTRY},
    {"propose_neighbour_government", 1u << TONGBAO__DEED__DUTY__PROPOSE_NEIGHBOUR_GOVERNMENT},
};

static const struct word yes_no[WORDS_MAX] = {{"yes", 1}, {"no", 0}};

static const char *text_of(const struct word words[WORDS_MAX], unsigned value)
{
    for (size_t i = 0; i < WORDS_MAX && words[i].text != NULL; i++) {
        if (words[i].value == value) {
            return words[i].text;
        }
    }
    return "";
}

const char *tb_policy_owner_text(enum tb_policy_owner owner)
{
    return text_of(owners, (unsigned)owner);
}

const char *tb_policy_addressee_text(enum tb_policy_addressee addressee)
{
    return text_of(addressees, (unsigned)addressee);
}

/* ------------------------------------------------------------------ reading */

enum column {
    ID,
    OWNER,
    APPLIES,
    STARTS,
    HOURS,
    ADDRESSEE,
    MEETS,
    IN_NET,
    REMINDER,
    PROVISIONAL,
    CLAUSE,
    SOURCE,
    COLUMNS,
};

static const char *const names[COLUMNS] = {
    [ID] = "id",
    [OWNER] = "owner",
    [APPLIES] = "applies",
    [STARTS] = "starts",
    [HOURS] = "hours",
    [ADDRESSEE] = "addressee",
    [MEETS] = "meets",
    [IN_NET] = "in_net",
    [REMINDER] = "reminder_minutes",
    [PROVISIONAL] = "provisional",
    [CLAUSE] = "clause",
    [SOURCE] = "source",
};

struct reading {
    struct tb_csv csv;
    struct tb_diag *diag;
    size_t place[COLUMNS];
};

static const char *at(const struct reading *r, enum column column)
{
    return tb_csv_field(&r->csv, r->place[column]);
}

#define MISTAKE(r, ...) (tb_diag_set((r)->diag, (r)->csv.line, __VA_ARGS__), TB_INPUT)

static bool look_up(const struct word words[WORDS_MAX], const char *text, unsigned *value)
{
    for (size_t i = 0; i < WORDS_MAX && words[i].text != NULL; i++) {
        if (strcmp(words[i].text, text) == 0) {
            *value = words[i].value;
            return true;
        }
    }
    return false;
}

/* "i, ii, iii" of a table, for a mistake. */
static void choices(const struct word words[WORDS_MAX], char *out, size_t out_bytes)
{
    out[0] = '\0';
    for (size_t i = 0; i < WORDS_MAX && words[i].text != NULL; i++) {
        size_t used = strlen(out);
        tb_text_copy(out + used, out_bytes - used, i == 0 ? "" : ", ");
        used = strlen(out);
        tb_text_copy(out + used, out_bytes - used, words[i].text);
    }
}

static enum tb_status unknown_word(struct reading *r, enum column column, const char *word,
                                   const struct word words[WORDS_MAX])
{
    char list[TB_DIAG_TEXT_BYTES_MAX / 2];
    choices(words, list, sizeof list);
    return MISTAKE(r, "%s is '%.32s'; write one of %s", names[column], word, list);
}

static enum tb_status read_word(struct reading *r, enum column column,
                                const struct word words[WORDS_MAX], unsigned *value)
{
    return look_up(words, at(r, column), value) ? TB_OK
                                                : unknown_word(r, column, at(r, column), words);
}

/* The next word of a list divided by ';' at *${text}; false at its end. */
static bool next_word(const char **text, char out[WORD_BYTES_MAX])
{
    const char *end = strchr(*text, DIVIDER);
    size_t length = end == NULL ? strlen(*text) : (size_t)(end - *text);
    size_t kept = length < WORD_BYTES_MAX ? length : WORD_BYTES_MAX - 1;
    if (**text == '\0') {
        return false;
    }
    memcpy(out, *text, kept);
    out[kept] = '\0';
    *text += length + (end == NULL ? 0 : 1);
    return true;
}

static enum tb_status read_applies(struct reading *r, struct tb_policy_rule *rule)
{
    const char *text = at(r, APPLIES);
    char word[WORD_BYTES_MAX];
    while (next_word(&text, word)) {
        unsigned value = 0;
        if (!look_up(applications, word, &value)) {
            return unknown_word(r, APPLIES, word, applications);
        }
        rule->applies |= value;
    }
    if (rule->applies == 0) {
        return MISTAKE(r, "applies is empty; write for which incidents the rule holds, as i;ii");
    }
    return TB_OK;
}

static enum tb_status read_meets(struct reading *r, struct tb_policy_rule *rule)
{
    const char *text = at(r, MEETS);
    char word[WORD_BYTES_MAX];
    while (next_word(&text, word)) {
        unsigned value = 0;
        if (look_up(measures, word, &value)) {
            rule->measures |= value;
        } else if (look_up(duties, word, &value)) {
            rule->duties |= value;
        } else {
            return MISTAKE(r,
                           "meets is '%.32s'; write a measure, as authoritative_information, or a "
                           "duty, as report_own_government",
                           word);
        }
    }
    if (rule->measures == 0 && rule->duties == 0) {
        return MISTAKE(r, "meets is empty: nothing could ever meet this clock; write a measure or "
                          "a duty");
    }
    return TB_OK;
}

/* A whole number of the column, 0 where it is empty. */
static enum tb_status read_number(struct reading *r, enum column column, uint32_t max,
                                  uint32_t *out)
{
    uint64_t value = 0;
    const char *text = at(r, column);
    if (*text != '\0' && (!tb_text_u64(text, max, &value) || value == 0)) {
        return MISTAKE(r, "%s is '%.32s'; write 1 to %u, or nothing where the clause names none",
                       names[column], text, max);
    }
    *out = (uint32_t)value;
    return TB_OK;
}

static enum tb_status read_text(struct reading *r, enum column column, char *out, size_t out_bytes)
{
    const char *text = at(r, column);
    if (*text == '\0' || strlen(text) >= out_bytes) {
        return MISTAKE(r, "%s needs 1 to %zu bytes", names[column], out_bytes - 1);
    }
    tb_text_copy(out, out_bytes, text);
    return TB_OK;
}

/* What no single column shows. */
static enum tb_status check_rule(struct reading *r, const struct tb_policy *policy,
                                 const struct tb_policy_rule *rule)
{
    bool origin = rule->owner == TB_POLICY_ORIGIN;
    bool told = rule->addressee == TB_POLICY_PUBLIC;
    bool bureau =
        rule->addressee == TB_POLICY_NEXT_SUPERIOR || rule->addressee == TB_POLICY_PROVINCE_BUREAU;
    for (size_t i = 0; i < policy->count; i++) {
        if (strcmp(policy->rule[i].id, rule->id) == 0) {
            return MISTAKE(r, "the id %s stands twice; a clock is known by it", rule->id);
        }
    }
    if (origin == (rule->start == TB_POLICY_RECEIPT)) {
        return MISTAKE(r,
                       "starts is '%s' for the owner %s; a receipt starts the clocks of receiver "
                       "and province, and no others",
                       at(r, STARTS), at(r, OWNER));
    }
    bool opinion = (rule->applies & TB_POLICY_OPINION) != 0;
    if (opinion != (rule->start == TB_POLICY_OPINION_KNOWN) ||
        (opinion && rule->applies != TB_POLICY_OPINION)) {
        return MISTAKE(r, "applies and starts are opinion together, and then alone");
    }
    if (told ? rule->duties != 0 : rule->measures != 0) {
        return MISTAKE(r,
                       "the addressee is %s; the public is told by measures, all others by "
                       "duties",
                       at(r, ADDRESSEE));
    }
    if (rule->in_net && !bureau) {
        return MISTAKE(r,
                       "in_net is yes for the addressee %s, which is no bureau in the net; write "
                       "no",
                       at(r, ADDRESSEE));
    }
    if (rule->reminder_minutes >= rule->hours * MINUTES_OF_HOUR && rule->reminder_minutes > 0) {
        return MISTAKE(r, "a reminder %u minutes before %u hours comes before the start",
                       rule->reminder_minutes, rule->hours);
    }
    return TB_OK;
}

static enum tb_status read_rule(struct reading *r, struct tb_policy *policy)
{
    struct tb_policy_rule rule = {.hours = 0};
    unsigned owner = 0;
    unsigned start = 0;
    unsigned addressee = 0;
    unsigned in_net = 0;
    unsigned provisional = 0;
    if (policy->count == TB_POLICY_RULES_MAX) {
        return MISTAKE(r, "more than %d rules", (int)TB_POLICY_RULES_MAX);
    }
    if (read_text(r, ID, rule.id, sizeof rule.id) != TB_OK ||
        read_word(r, OWNER, owners, &owner) != TB_OK || read_applies(r, &rule) != TB_OK ||
        read_word(r, STARTS, starts, &start) != TB_OK ||
        read_number(r, HOURS, TB_POLICY_HOURS_MAX, &rule.hours) != TB_OK ||
        read_word(r, ADDRESSEE, addressees, &addressee) != TB_OK || read_meets(r, &rule) != TB_OK ||
        read_word(r, IN_NET, yes_no, &in_net) != TB_OK ||
        read_number(r, REMINDER, TB_POLICY_HOURS_MAX * MINUTES_OF_HOUR, &rule.reminder_minutes) !=
            TB_OK ||
        read_word(r, PROVISIONAL, yes_no, &provisional) != TB_OK ||
        read_text(r, CLAUSE, rule.clause, sizeof rule.clause) != TB_OK ||
        read_text(r, SOURCE, rule.source, sizeof rule.source) != TB_OK) {
        return TB_INPUT;
    }
    rule.owner = (enum tb_policy_owner)owner;
    rule.start = (enum tb_policy_start)start;
    rule.addressee = (enum tb_policy_addressee)addressee;
    rule.in_net = in_net != 0;
    rule.provisional = provisional != 0;
    enum tb_status status = check_rule(r, policy, &rule);
    if (status == TB_OK) {
        policy->rule[policy->count++] = rule;
    }
    return status;
}

static void put_digest(struct tb_policy *policy, struct tb_bytes bytes)
{
    char hex[TB_ID_HEX_CHARS + 1];
    struct tb_id digest;
    tb_digest(&digest, bytes);
    tb_hex(hex, tb_bytes_of(digest.byte, TB_ID_BYTES));
    tb_text_copy(policy->digest, sizeof policy->digest, hex);
}

enum tb_status tb_policy_load(struct tb_policy *out, const char *file, struct tb_bytes bytes,
                              struct tb_diag *diag)
{
    struct reading r = {.diag = diag};
    bool more = false;
    memset(out, 0, sizeof *out);
    put_digest(out, bytes);
    enum tb_status status = tb_csv_open(&r.csv, file, bytes, diag);
    if (status == TB_OK) {
        status = tb_csv_columns(&r.csv, names, COLUMNS, r.place);
    }
    while (status == TB_OK) {
        status = tb_csv_next(&r.csv, &more);
        if (status != TB_OK || !more) {
            break;
        }
        status = read_rule(&r, out);
    }
    if (status == TB_OK && out->count == 0) {
        tb_diag_set(diag, 1, "the table has no rules; write a row for each clock");
        status = TB_INPUT;
    }
    return status;
}
