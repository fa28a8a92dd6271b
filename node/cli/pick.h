#ifndef TB_PICK_H
#define TB_PICK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * pick - reading an answer's JSON without stumbling over what is absent.
 *
 * Every function takes NULL, or a value of another type, for "not there".
 * Results are borrowed from ${json}.
 */
const char *tb_pick_text(const json_t *json, const char *key);     /* else "" */
int64_t tb_pick_int(const json_t *json, const char *key);          /* else 0 */
bool tb_pick_bool(const json_t *json, const char *key);            /* else false */
const json_t *tb_pick_list(const json_t *json, const char *key);   /* else NULL */
const json_t *tb_pick_object(const json_t *json, const char *key); /* else NULL */

/* The list under ${key}, or ${json} itself when that is a list. */
const json_t *tb_pick_rows(const json_t *json, const char *key);

#endif
