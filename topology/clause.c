#include "topology/clause.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/text.h"

struct wording {
    const char *chinese;
    const char *english;
};

static const struct wording phrases[TB_PHRASE_COUNT] = {
#define PHRASE(name, chinese, english) [TB_PHRASE_##name] = {chinese, english},
#include "topology/phrases.def"
#undef PHRASE
};

/* What stands between the phrases: between two rules, between rules and reason,
 * within a reason, and between two clauses. */
static const struct wording marks[] = {{"、", " / "}, {"：", ": "}, {"，", ", "}, {"；", "; "}};

struct sentence {
    char *out;
    size_t out_bytes;
    size_t used;
};

static void say(struct sentence *s, const char *text)
{
    tb_text_copy(s->out + s->used, s->out_bytes - s->used, text);
    size_t said = strlen(s->out + s->used);
    s->used += said;
    if (said < strlen(text)) {
        s->out_bytes = s->used + 1; /* nothing may follow what was cut */
    }
}

static void say_phrase(struct sentence *s, enum tb_phrase phrase)
{
    say(s, phrases[phrase].chinese);
}

const char *tb_clause_phrase(enum tb_phrase phrase)
{
    tb_assert((unsigned)phrase < TB_PHRASE_COUNT);
    return phrases[phrase].chinese;
}

/* Begin a clause: the rule, "" for none, and the circular, "" for none. */
static void say_rules(struct sentence *s, const char *rule, const char *circular)
{
    say(s, s->used == 0 ? "" : "；");
    say(s, rule);
    say(s, *rule != '\0' && *circular != '\0' ? "、" : "");
    say(s, circular);
    say(s, "：");
}

/* As what an office is told: the order of the phrases for it. */
enum told { TOLD_CITY, TOLD_CITY_AND_PROVINCE, TOLD_PROVINCE };

_Static_assert((int)TB_PHRASE_ADJACENT_DOWN_PROVINCE - (int)TB_PHRASE_ADJACENT_DOWN_CITY ==
                       (int)TOLD_PROVINCE &&
                   (int)TB_PHRASE_ADJACENT_UP_PROVINCE - (int)TB_PHRASE_ADJACENT_UP_CITY ==
                       (int)TOLD_PROVINCE &&
                   (int)TB_PHRASE_FACING_PROVINCE - (int)TB_PHRASE_FACING_CITY ==
                       (int)TOLD_PROVINCE,
               "phrases.def names city, city and province, province");

/* Below the provinces an office is told as a city, and Beijing is one too. */
static enum told told_as(const struct tb_division *origin, const struct tb_division *office)
{
    if (office->level == TB_LEVEL_CITY) {
        return TOLD_CITY;
    }
    return origin->level == TB_LEVEL_PROVINCE ? TOLD_PROVINCE : TOLD_CITY_AND_PROVINCE;
}

/* The origin's own city and province: 并同时报告省生态环境厅. */
static void say_superior(struct sentence *s, unsigned basis, const char *circular)
{
    bool city = (basis & TB_CLAUSE_CITY) != 0;
    bool province = (basis & TB_CLAUSE_PROVINCE) != 0;
    say_rules(s, phrases[TB_PHRASE_ORDER_3].chinese, province ? circular : "");
    say_phrase(s, !province ? TB_PHRASE_OWN_CITY
                  : city    ? TB_PHRASE_OWN_CITY_AND_PROVINCE
                            : TB_PHRASE_OWN_PROVINCE);
    say(s, "，");
    say_phrase(s, TB_PHRASE_SAME_ACT);
}

/* A county that is next or faces, or the office that is told for such ones. */
static void say_county(struct sentence *s, const struct tb_division *origin,
                       enum tb_direction direction, const struct tb_division *office,
                       unsigned basis)
{
    bool next = (basis & TB_CLAUSE_NEXT) != 0;
    bool facing = (basis & TB_CLAUSE_FACING) != 0;
    bool down = direction == TB_DOWN;
    enum tb_phrase county = down ? TB_PHRASE_NEXT_DOWN : TB_PHRASE_NEXT_UP;
    if ((basis & TB_CLAUSE_FOR_COUNTY) == 0) {
        say_phrase(s, next ? county : TB_PHRASE_FACING);
        if (next && facing) {
            say(s, "，");
            say_phrase(s, TB_PHRASE_ALSO_FACING);
        }
        return;
    }
    if (next && facing) {
        county = down ? TB_PHRASE_NEXT_DOWN_AND_FACING : TB_PHRASE_NEXT_UP_AND_FACING;
    } else if (facing) {
        county = TB_PHRASE_FACING;
    }
    say_phrase(s, county + 1 + (unsigned)told_as(origin, office));
}

/* An adjacent office of another province. */
static void say_crossing(struct sentence *s, const struct tb_rivers *rivers,
                         const struct tb_division *origin, enum tb_direction direction,
                         const struct tb_division *office)
{
    bool down = direction == TB_DOWN;
    enum tb_phrase adjacent = down ? TB_PHRASE_ADJACENT_DOWN_CITY : TB_PHRASE_ADJACENT_UP_CITY;
    say_phrase(s, adjacent + (unsigned)told_as(origin, office));
    if (origin->level == TB_LEVEL_COUNTY) {
        char code[16];
        snprintf(code, sizeof code, "%06u ", origin->city);
        say(s, "，");
        say_phrase(s, down ? TB_PHRASE_ADVANCE_DOWN : TB_PHRASE_ADVANCE_UP);
        say(s, code);
        say(s, tb_rivers_name(rivers, origin->city));
    }
}

static void say_inquiry(struct sentence *s, enum tb_direction direction)
{
    if (direction == TB_UP) {
        say_phrase(s, TB_PHRASE_INQUIRY);
        say(s, "，");
    }
}

void tb_clause_text(char *out, size_t out_bytes, const struct tb_rivers *rivers,
                    const struct tb_division *origin, enum tb_direction direction,
                    const struct tb_division *office, unsigned basis)
{
    struct sentence s = {.out = out, .out_bytes = out_bytes};
    const char *circular = tb_rivers_division(rivers, origin->province)->circular;
    const char *guide = phrases[TB_PHRASE_GUIDE].chinese;
    bool down = direction == TB_DOWN;
    out[0] = '\0';
    if ((basis & (TB_CLAUSE_CITY | TB_CLAUSE_PROVINCE)) != 0) {
        say_superior(&s, basis, circular);
    }
    if ((basis & (TB_CLAUSE_NEXT | TB_CLAUSE_FACING)) != 0) {
        say_rules(&s, down ? phrases[TB_PHRASE_ORDER_8].chinese : guide, down ? circular : "");
        say_inquiry(&s, direction);
        say_county(&s, origin, direction, office, basis);
    }
    if ((basis & TB_CLAUSE_CROSSING) != 0) {
        /* A circular binds the cities of its province; provinces follow the guide. */
        bool own = down && *circular != '\0' && origin->level != TB_LEVEL_PROVINCE;
        say_rules(&s, own ? "" : guide, own ? circular : "");
        say_inquiry(&s, direction);
        say_crossing(&s, rivers, origin, direction, office);
    }
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static const struct wording *mark_at(const char *text)
{
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (begins(text, marks[i].chinese)) {
            return &marks[i];
        }
    }
    return NULL;
}

/* The longest phrase at ${text} that a mark, a name or the end follows. */
static const struct wording *phrase_at(const char *text)
{
    const struct wording *found = NULL;
    size_t longest = 0;
    for (size_t i = 0; i < TB_PHRASE_COUNT; i++) {
        size_t size = strlen(phrases[i].chinese);
        if (size <= longest || !begins(text, phrases[i].chinese)) {
            continue;
        }
        const char *behind = text + size;
        if (*behind == '\0' || behind[-1] == ' ' || mark_at(behind) != NULL) {
            found = &phrases[i];
            longest = size;
        }
    }
    return found;
}

/* The size of the character at ${text}; its bytes need not be valid. */
static size_t character(const char *text)
{
    enum { CHARACTER_BYTES_MAX = 4 };
    size_t size = 1;
    while (size < CHARACTER_BYTES_MAX && ((unsigned char)text[size] & 0xc0) == 0x80) {
        size++;
    }
    return size;
}

void tb_clause_english(char *out, size_t out_bytes, const char *clause)
{
    struct sentence s = {.out = out, .out_bytes = out_bytes};
    bool begun = true;  /* a phrase can begin here */
    bool known = false; /* what stands before was a phrase */
    out[0] = '\0';
    while (*clause != '\0') {
        const struct wording *phrase = begun ? phrase_at(clause) : NULL;
        const struct wording *mark = phrase == NULL ? mark_at(clause) : NULL;
        if (phrase != NULL) {
            say(&s, phrase->english);
            clause += strlen(phrase->chinese);
        } else if (mark != NULL) {
            clause += strlen(mark->chinese);
            bool ours = known || phrase_at(clause) != NULL;
            say(&s, ours ? mark->english : mark->chinese);
        } else {
            char one[8];
            size_t size = character(clause);
            memcpy(one, clause, size);
            one[size] = '\0';
            say(&s, one);
            clause += size;
        }
        begun = mark != NULL;
        known = phrase != NULL;
    }
}
