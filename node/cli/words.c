#include "node/cli/words.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "node/cli/pick.h"
#include "node/cli/tell.h"

struct word {
    const char *word;
    const char *text;
};

static const char *look_up(const struct word *table, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(table[i].word, word) == 0) {
            return _(table[i].text);
        }
    }
    return word;
}

#define LOOK_UP(table, word) look_up(table, sizeof(table) / sizeof(table)[0], word)

static const struct word worlds[] = {
    {"actual", N_("actual")},
    {"exercise", N_("exercise")},
    {"test", N_("test")},
};

static const struct word kinds[] = {
    {"first", N_("first notice")},
    {"follow_up", N_("follow-up")},
    {"correction", N_("correction")},
    {"all_clear", N_("all-clear")},
    {"final", N_("final notice")},
    {"inquiry", N_("upstream inquiry")},
    {"release", N_("planned release")},
    {"unknown", N_("content not understood (upgrade, and telephone)")},
};

static const struct word grades[] = {
    {"unknown", N_("not known")},      {"", N_("not known")},
    {"i", N_("I (especially grave)")}, {"ii", N_("II (grave)")},
    {"iii", N_("III (considerable)")}, {"iv", N_("IV (ordinary)")},
};

static const struct word states[] = {
    {"outside", N_("outside: TELEPHONE")},
    {"queued", N_("on our disk only")},
    {"full", N_("its mailbox is full")},
    {"accepted", N_("at the broker")},
    {"parked", N_("set aside there")},
    {"refused", N_("refused there")},
    {"held", N_("held")},
    {"acknowledged", N_("acknowledged")},
};

static const struct word levels[] = {
    {"received", N_("received")},
    {"assessed", N_("assessed")},
    {"acted", N_("acted on")},
};

static const struct word marks[] = {
    {"key_retired", N_("signed with a key that was retired since")},
    {"key_revoked", N_("SIGNED WITH A REVOKED KEY: telephone the sender")},
    {"forked", N_("FORKED: two notices claim one place in the sender's chain")},
    {"gap_before", N_("a gap before it: something from this sender is missing here")},
    {"subject_missing", N_("what it continues has not arrived here")},
};

/* The elements of Order 17 Art. 13 and 14. */
static const struct word elements[] = {
    {"occurred_at", N_("time of occurrence")},
    {"place", N_("place")},
    {"source", N_("source of information")},
    {"cause", N_("cause and nature")},
    {"course", N_("course of events")},
    {"substances", N_("main pollutants")},
    {"amount", N_("amount")},
    {"measurements", N_("monitoring data")},
    {"casualties", N_("persons harmed")},
    {"sensitive_points", N_("sensitive points affected")},
    {"trend", N_("trend")},
    {"actions", N_("action taken")},
    {"planned", N_("measures planned")},
    {"advice", N_("advice for the next step")},
    {"signed_by", N_("signatory")},
    {"contact", N_("contact person")},
    {"contact_phone", N_("contact telephone")},
};

/* Of base/status.h, as deliveries and objections carry them. */
static const struct word reasons[] = {
    {"ok", ""},
    {"malformed", N_("malformed")},
    {"toobig", N_("over a limit")},
    {"signature", N_("the signature does not verify")},
    {"signer", N_("our key is not known there yet")},
    {"revoked", N_("our key was revoked: issue anew with a new key")},
    {"authority", N_("out of authority")},
    {"version", N_("its program is too old to read it")},
    {"unknown", N_("not known there")},
    {"full", N_("its mailbox is full")},
    {"diskfull", N_("the disk there is full")},
    {"conflict", N_("conflicts with what is stored there")},
};

static const struct word streams[] = {
    {"notice", N_("notice")},
    {"held", N_("held by")},
    {"acknowledgement", N_("acknowledged by")},
    {"call", N_("telephone call")},
    {"objection", N_("not taken by")},
    {"widened", N_("a broker told one office more")},
    {"unknown", N_("content not understood (upgrade, and telephone)")},
    {"parked", N_("one came that cannot be verified: telephone the sender")},
    {"fork", N_("fork in a chain")},
    {"chain", N_("this store opened a new chain")},
    {"directory", N_("directory")},
    {"disclosure", N_("disclosure")},
    {"deed", N_("deed")},
    {"destruction", N_("personal data destroyed")},
    {"clock", N_("time limit")},
};

static const struct word publics[] = {
    {"proposed", N_("proposed")},
    {"decided", N_("decided by the government")},
    {"published", N_("published")},
    {"updated", N_("published anew")},
};

static const struct word steps[] = {
    {"reminder", N_("soon due")},
    {"overdue", N_("OVERDUE")},
};

/* Measures and duties have no word in common. */
static const struct word tasks[] = {
    {"authoritative_information", N_("authoritative information")},
    {"press_conference", N_("press conference")},
    {"response", N_("response to the public")},
    {"report_own_government", N_("report to the own government")},
    {"report_superior", N_("report to the next higher bureau")},
    {"report_province", N_("report to the provincial bureau")},
    {"report_ministry", N_("report to the Ministry")},
    {"propose_neighbour_government", N_("propose that the neighbour government be notified")},
    {"opinion_known", N_("public opinion became known")},
};

static const struct word keys[] = {
    {"active", N_("active")},
    {"retired", N_("retired")},
    {"revoked", N_("revoked")},
};

const char *tb_words_world(const char *word)
{
    return LOOK_UP(worlds, word);
}

const char *tb_words_kind(const char *word)
{
    return LOOK_UP(kinds, word);
}

const char *tb_words_grade(const char *word)
{
    return LOOK_UP(grades, word);
}

const char *tb_words_state(const char *word)
{
    return LOOK_UP(states, word);
}

const char *tb_words_level(const char *word)
{
    return LOOK_UP(levels, word);
}

const char *tb_words_mark(const char *word)
{
    return LOOK_UP(marks, word);
}

const char *tb_words_missing(const char *word)
{
    return LOOK_UP(elements, word);
}

const char *tb_words_reason(const char *word)
{
    return word[0] == '\0' || strcmp(word, "ok") == 0 ? "" : LOOK_UP(reasons, word);
}

const char *tb_words_stream(const char *word)
{
    return LOOK_UP(streams, word);
}

const char *tb_words_public(const char *word)
{
    return LOOK_UP(publics, word);
}

const char *tb_words_step(const char *word)
{
    return LOOK_UP(steps, word);
}

const char *tb_words_task(const char *word)
{
    return LOOK_UP(tasks, word);
}

const char *tb_words_key(const char *word)
{
    return LOOK_UP(keys, word);
}

const char *tb_words_of(const json_t *json, const char *key, const char *(*word)(const char *word))
{
    bool newer = json_is_integer(json_object_get(json, key));
    return newer ? _("content not understood (upgrade, and telephone)")
                 : word(tb_pick_text(json, key));
}

void tb_words_join(char *out, size_t out_bytes, const json_t *words,
                   const char *(*word)(const char *word))
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < json_array_size(words) && used < out_bytes - 1; i++) {
        const char *text = json_string_value(json_array_get(words, i));
        char piece[256];
        snprintf(piece, sizeof piece, "%s%s", i > 0 ? _(", ") : "",
                 text != NULL ? word(text) : "?");
        tb_text_copy(out + used, out_bytes - used, piece);
        used += strlen(out + used);
    }
}
