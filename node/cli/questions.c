#include "node/cli/questions.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "node/cli/pick.h"
#include "node/cli/tell.h"
#include "node/cli/terminal.h"
#include "node/cli/when.h"
#include "node/cli/words.h"

enum { CHOICES_MAX = 65, LINE_BYTES_MAX = 1024, TRIES_MAX = 20 };

enum { MINUTE_MS = 60000 };

/* One thing to recognise. */
struct choice {
    const char *label; /* what people read */
    const char *value; /* what goes into the notice: Chinese, as it is signed */
};

/*
 * Print ${choices} numbered from 1 and let one be chosen; Enter takes number
 * ${usual} (from 0). Anything else that is written is given back in ${text}
 * when it is not NULL, with ${chosen} = ${count}.
 */
static enum tb_status choose(const char *question, const struct choice *choices, size_t count,
                             size_t usual, size_t *chosen, char *text)
{
    char line[LINE_BYTES_MAX];
    char prompt[LINE_BYTES_MAX];
    fprintf(stderr, "\n%s\n", question);
    for (size_t i = 0; i < count; i++) {
        fprintf(stderr, "  %2zu  %s\n", i + 1, choices[i].label);
    }
    snprintf(prompt, sizeof prompt,
             text != NULL ? _("number, or your own words [%zu]: ") : _("number [%zu]: "),
             usual + 1);
    for (int i = 0; i < TRIES_MAX; i++) {
        uint64_t number = 0;
        enum tb_status status = tb_terminal_line(prompt, line, sizeof line);
        if (status != TB_OK) {
            return TB_UNKNOWN;
        }
        if (line[0] == '\0') {
            *chosen = usual;
            return TB_OK;
        }
        for (size_t c = 0; c < count; c++) {
            bool named = tb_text_u64(line, count, &number) ? number == c + 1
                                                           : strcmp(line, choices[c].label) == 0;
            if (named) {
                *chosen = c;
                return TB_OK;
            }
        }
        if (text != NULL && !tb_text_u64(line, UINT64_MAX, &number)) {
            tb_text_copy(text, LINE_BYTES_MAX, line);
            *chosen = count;
            return TB_OK;
        }
        fprintf(stderr, _("A number from 1 to %zu, please.\n"), count);
    }
    return TB_UNKNOWN;
}

/* A free line that may be left empty; what is already said is not asked. */
static enum tb_status free_text(json_t *notice, const char *key, const char *prompt)
{
    char line[LINE_BYTES_MAX];
    fputc('\n', stderr);
    enum tb_status status = tb_terminal_line(prompt, line, sizeof line);
    if (status != TB_OK) {
        return TB_UNKNOWN;
    }
    if (line[0] != '\0') {
        json_object_set_new(notice, key, json_string(line));
    }
    return TB_OK;
}

static enum tb_status ask_river(json_t *notice, const json_t *rivers)
{
    struct choice choices[CHOICES_MAX];
    size_t count = 0;
    size_t chosen = 0;
    for (size_t i = 0; i < json_array_size(rivers) && count < CHOICES_MAX - 1; i++) {
        const char *name = tb_pick_text(json_array_get(rivers, i), "name");
        choices[count++] = (struct choice){name, name};
    }
    if (count == 0) {
        return TB_OK;
    }
    choices[count++] = (struct choice){_("not known: tell all of them"), ""};
    enum tb_status status =
        choose(_("Where? Which river?"), choices, count, count == 2 ? 0 : count - 1, &chosen, NULL);
    if (status == TB_OK && choices[chosen].value[0] != '\0') {
        json_object_set_new(notice, "river", json_string(choices[chosen].value));
    }
    return status;
}

static enum tb_status ask_substance(json_t *notice)
{
    const struct choice choices[] = {
        {_("dead fish, strange colour or smell"), "死鱼或水色、气味异常"},
        {_("oil"), "油类"},
        {_("benzene and the like"), "苯系物"},
        {_("cyanide"), "氰化物"},
        {_("heavy metals (antimony, thallium, cadmium …)"), "重金属"},
        {_("acid or alkali"), "酸碱"},
        {_("pesticide"), "农药"},
        {_("ammonia nitrogen"), "氨氮"},
        {_("not known"), "不明"},
    };
    enum { COUNT = sizeof choices / sizeof choices[0] };
    char text[LINE_BYTES_MAX];
    char amount[LINE_BYTES_MAX];
    size_t chosen = 0;
    enum tb_status status =
        choose(_("What is in the water?"), choices, COUNT, COUNT - 1, &chosen, text);
    if (status != TB_OK) {
        return status;
    }
    json_t *substance = json_pack("{s:s}", "name", chosen < COUNT ? choices[chosen].value : text);
    if (substance == NULL) {
        return TB_UNKNOWN;
    }
    status = tb_terminal_line(_("\nHow much? (a number and its unit, e.g. 1.5 t) [not known]: "),
                              amount, sizeof amount);
    size_t digits = strspn(amount, "0123456789.");
    if (status == TB_OK && digits > 0) {
        json_object_set_new(substance, "unit",
                            json_string(amount + digits + strspn(amount + digits, " ")));
        amount[digits] = '\0';
        json_object_set_new(substance, "amount", json_string(amount));
    } else {
        json_object_set_new(substance, "amount", json_string("不明"));
    }
    json_object_set_new(notice, "substances", json_pack("[o]", substance));
    return status;
}

static enum tb_status ask_time(json_t *notice, struct tb_wall now)
{
    const struct choice choices[] = {
        {_("just now"), "0"},
        {_("about an hour ago"), "60"},
        {_("about three hours ago"), "180"},
        {_("not known"), ""},
    };
    enum { COUNT = sizeof choices / sizeof choices[0] };
    char text[LINE_BYTES_MAX];
    char stamp[TB_WALL_TEXT_CHARS];
    size_t chosen = 0;
    uint64_t minutes = 0;
    struct tb_wall at = now;
    enum tb_status status =
        choose(_("When? (or a time such as 03:10)"), choices, COUNT, 0, &chosen, text);
    if (status != TB_OK || chosen == COUNT - 1) {
        return status;
    }
    if (chosen < COUNT && tb_text_u64(choices[chosen].value, 180, &minutes)) {
        at.ms -= (int64_t)minutes * MINUTE_MS;
    } else if (tb_when_parse(text, now, &at) != TB_OK) {
        fputs(_("That is no time; it is left out and can follow later.\n"), stderr);
        return TB_OK;
    }
    tb_wall_text(stamp, at);
    json_object_set_new(notice, "occurred_at", json_string(stamp));
    json_object_set_new(notice, "occurred_precision",
                        json_string(chosen < COUNT ? "about" : "exact"));
    return TB_OK;
}

static enum tb_status ask_source(json_t *notice)
{
    const struct choice choices[] = {
        {_("monitoring"), "监测"},     {_("the enterprise"), "企业报告"},
        {_("residents"), "群众反映"},  {_("an office downstream"), "下游通报"},
        {_("a superior"), "上级通知"}, {_("own patrol"), "巡查发现"},
        {_("not known"), ""},
    };
    enum { COUNT = sizeof choices / sizeof choices[0] };
    char text[LINE_BYTES_MAX];
    size_t chosen = 0;
    enum tb_status status = choose(_("How do you know?"), choices, COUNT, COUNT - 1, &chosen, text);
    if (status == TB_OK && chosen != COUNT - 1) {
        json_object_set_new(notice, "source",
                            json_string(chosen < COUNT ? choices[chosen].value : text));
    }
    return status;
}

static enum tb_status ask_grade(json_t *notice)
{
    const struct choice choices[] = {
        {_("not known"), "unknown"},  {tb_words_grade("iv"), "iv"}, {tb_words_grade("iii"), "iii"},
        {tb_words_grade("ii"), "ii"}, {tb_words_grade("i"), "i"},
    };
    size_t chosen = 0;
    enum tb_status status =
        choose(_("Which grade?"), choices, sizeof choices / sizeof choices[0], 0, &chosen, NULL);
    if (status == TB_OK) {
        json_object_set_new(notice, "grade", json_string(choices[chosen].value));
    }
    return status;
}

/* A title from what was chosen, in Chinese like everything that is signed. */
static void make_title(json_t *notice)
{
    const json_t *substance = json_array_get(tb_pick_list(notice, "substances"), 0);
    const char *name = tb_pick_text(substance, "name");
    bool known = name[0] != '\0' && strcmp(name, "不明") != 0;
    char title[LINE_BYTES_MAX];
    snprintf(title, sizeof title, "%s%s（疑似）", tb_pick_text(notice, "river"),
             known ? name : "水质异常");
    json_object_set_new(notice, "title", json_string(title));
}

enum tb_status tb_questions_ask(json_t *body, const json_t *rivers, struct tb_wall now)
{
    json_t *notice = json_object_get(body, "notice");
    bool continues = tb_pick_text(notice, "regards")[0] != '\0';
    fputs(_("Nothing is sent before the last question. Enter takes what stands in [ ].\n"), stderr);
    bool placed = tb_pick_text(notice, "river")[0] != '\0';
    enum tb_status status = placed ? TB_OK : ask_river(notice, rivers);
    status = status != TB_OK ? status : ask_substance(notice);
    if (!continues) {
        status = status != TB_OK ? status : ask_time(notice, now);
        status = status != TB_OK ? status : ask_source(notice);
    }
    status = status != TB_OK ? status : ask_grade(notice);
    status =
        status != TB_OK ? status : free_text(notice, "place", _("Place, in words [leave out]: "));
    if (continues) {
        status =
            status != TB_OK ? status : free_text(notice, "trend", _("What is new? [leave out]: "));
    }
    status = status != TB_OK
                 ? status
                 : free_text(notice, "signed_by", _("Signatory [missing, to be chased]: "));
    if (status == TB_OK && tb_pick_text(notice, "title")[0] == '\0') {
        make_title(notice);
    }
    return status;
}
