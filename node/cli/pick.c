#include "node/cli/pick.h"

const char *tb_pick_text(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));
    return text != NULL ? text : "";
}

int64_t tb_pick_int(const json_t *json, const char *key)
{
    return json_integer_value(json_object_get(json, key));
}

bool tb_pick_bool(const json_t *json, const char *key)
{
    return json_is_true(json_object_get(json, key));
}

const json_t *tb_pick_list(const json_t *json, const char *key)
{
    const json_t *list = json_object_get(json, key);
    return json_is_array(list) ? list : NULL;
}

const json_t *tb_pick_object(const json_t *json, const char *key)
{
    const json_t *object = json_object_get(json, key);
    return json_is_object(object) ? object : NULL;
}

const json_t *tb_pick_rows(const json_t *json, const char *key)
{
    return json_is_array(json) ? json : tb_pick_list(json, key);
}
