#include "node/io/api_inner.h"

#include "node/core/personal.h"
#include "node/io/api_clock.h"

/* The part of a notice that can be destroyed (I11): read by an officer who is named for
 * it, destroyed with a reason that stays. */

enum { ARENA_BYTES = 64 * 1024, ARENA_COUNT = 256 };

bool tb_change_destroy(const struct tb_ask *ask, struct tb_pending *pending)
{
    static const char *const filled[] = {"notice", "officer", "at", NULL};
    struct tb_destroy *destroy = &pending->request.destroy;
    struct tb_diag diag = {.line = 0};
    struct tb_json_input input = {
        .text = ask->call->body, .arena = &pending->arena, .filled = filled, .diag = &diag};
    ProtobufCMessage *read = NULL;
    struct tb_id id;
    if (!tb_ask_notice(ask, &id)) {
        return false;
    }
    tb_arena_init(&pending->arena, ARENA_BYTES, ARENA_COUNT);
    pending->arena_used = true;
    pending->body = tb_json_parse(ask->call->body, &diag);
    enum tb_status status =
        pending->body == NULL
            ? TB_INPUT
            : tb_json_read(&input, &tongbao__destruction__descriptor, pending->body, &read);
    if (status != TB_OK) {
        tb_ask_fail(ask, status, status == TB_INPUT ? input.path : NULL, diag.line, "%s",
                    status == TB_INPUT ? diag.text : "this is too long for one envelope");
        return false;
    }
    pending->request.verb = TB_VERB_DESTROY;
    *destroy =
        (struct tb_destroy){.notice = id, .reason = ((const Tongbao__Destruction *)read)->reason};
    return true;
}

bool tb_change_personal(const struct tb_ask *ask, struct tb_pending *pending)
{
    struct tb_id id;
    if (!tb_ask_notice(ask, &id)) {
        return false;
    }
    if (ask->call->body.size > 0) {
        tb_ask_fail(ask, TB_INPUT, NULL, 0, "nothing is to be said with it: send no body");
        return false;
    }
    pending->request.verb = TB_VERB_PERSONAL_READ;
    pending->request.destroy = (struct tb_destroy){.notice = id};
    return true;
}

void tb_api_put_personal(struct tb_api *api, json_t *body, const struct tb_id *id)
{
    struct tb_buf text;
    tb_buf_init(&text, TB_PERSONAL_BYTES_MAX + 1);
    if (tb_personal_get(api->parts.node, id, &text) == TB_PERSONAL_HERE &&
        tb_buf_add(&text, tb_bytes_of("", 1)) == TB_OK) {
        tb_json_put_text(body, "personal", (const char *)text.data);
    }
    tb_buf_fini(&text);
}

void tb_api_put_personal_state(struct tb_api *api, json_t *object, const struct tb_id *id)
{
    enum tb_personal_state state = tb_personal_get(api->parts.node, id, NULL);
    tb_json_put_text(object, "personal", tb_personal_state_text(state));
    (void)json_object_set_new(object, "destructions",
                              tb_api_statements(api, id, TB_KIND_DESTRUCTION));
}
