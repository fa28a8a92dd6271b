#include "node/io/missing.h"

#include <stdbool.h>

struct list {
    const char **names;
    size_t count;
};

static void need(struct list *list, const char *name, bool there)
{
    if (!there) {
        list->names[list->count++] = name;
    }
}

static void need_text(struct list *list, const char *name, const char *text)
{
    need(list, name, text != NULL && text[0] != '\0');
}

/* A substance without an amount: 不明, to be measured or estimated. */
static bool amounts_there(const Tongbao__Notice *notice)
{
    bool there = notice->n_substances > 0;
    for (size_t i = 0; i < notice->n_substances; i++) {
        const char *amount = notice->substances[i]->amount;
        there = there && amount != NULL && amount[0] != '\0';
    }
    return there;
}

static void article_13(struct list *list, const Tongbao__Notice *notice)
{
    need(list, "occurred_at", notice->occurred_at_ms != 0);
    need_text(list, "place", notice->place);
    need_text(list, "source", notice->source);
    need_text(list, "cause", notice->cause);
    need_text(list, "course", notice->course);
    need(list, "substances", notice->n_substances > 0);
    need(list, "amount", amounts_there(notice));
    need(list, "measurements", notice->n_measurements > 0);
    need_text(list, "casualties", notice->casualties);
    need_text(list, "sensitive_points", notice->sensitive_points);
    need_text(list, "trend", notice->trend);
    need_text(list, "actions", notice->actions);
    need_text(list, "planned", notice->planned);
    need_text(list, "advice", notice->advice);
}

size_t tb_missing_list(const Tongbao__Notice *notice, const char *names[TB_MISSING_MAX])
{
    struct list list = {names, 0};
    if (notice->kind == TONGBAO__NOTICE__KIND__FIRST) {
        article_13(&list, notice);
    } else if (notice->kind == TONGBAO__NOTICE__KIND__FOLLOW_UP ||
               notice->kind == TONGBAO__NOTICE__KIND__FINAL) {
        need_text(&list, "actions", notice->actions);
    }
    need_text(&list, "signed_by", notice->signed_by);
    need_text(&list, "contact", notice->contact);
    need_text(&list, "contact_phone", notice->contact_phone);
    return list.count;
}
