#ifndef TB_JSON_H
#define TB_JSON_H

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/diag.h"
#include "base/status.h"
#include "base/wall.h"

/*
 * json - what is said, as JSON, by the descriptors of the schema.
 *
 *   text            text
 *   bytes           hex
 *   a number *_ms   time in RFC 3339 under the key without _ms; 0: no key
 *   other numbers   number; an office's code: text of six digits, 0: no key
 *   an enum         its name in lower case, X_UNKNOWN as "unknown"; a value
 *                   that the schema does not know: its number
 *   a oneof         the one that is set
 *
 * A new field of the schema so needs no line here. Reading is strict: whatever
 * a person wrote that the schema does not know is a mistake, told with its
 * path, its line and what to write instead.
 */
enum {
    TB_JSON_PATH_BYTES_MAX = 160,
    TB_JSON_KEY_BYTES_MAX = 64,
    TB_JSON_DEPTH_MAX = 8, /* of nested objects that are read */
};

/* What is read, and where a mistake in it is told. */
struct tb_json_input {
    struct tb_bytes text;      /* the whole, to find lines in */
    struct tb_arena *arena;    /* for what is made of it */
    const char *const *filled; /* NULL-terminated keys of the outermost object that the
                                  program fills in; NULL: none */
    struct tb_diag *diag;
    char path[TB_JSON_PATH_BYTES_MAX]; /* of the mistake, or of the object read now */
};

/* ${message} as a new JSON object; the caller owns the reference. */
json_t *tb_json_of(const ProtobufCMessage *message);

/*
 * Parse ${text}, one JSON object without duplicate keys. NULL with line and
 * sentence in ${diag} when it is not.
 */
json_t *tb_json_parse(struct tb_bytes text, struct tb_diag *diag);

/*
 * Make a message of ${type} from ${object}, in the input's arena; ${object}
 * stands at the input's `path`, which is as before on TB_OK. TB_INPUT with diag
 * and path for a mistake; TB_MEMORY when the arena is used up. ${out} is then
 * NULL.
 */
enum tb_status tb_json_read(struct tb_json_input *input, const ProtobufCMessageDescriptor *type,
                            const json_t *object, ProtobufCMessage **out) TB_MUST_USE;

/* Note a mistake at ${key} below the input's path (NULL: at the path itself): the
 * path says where, ${diag} the line and, as the end of a sentence that begins
 * with the path, what is wrong and what to write instead. Always TB_INPUT. */
enum tb_status tb_json_mistake(struct tb_json_input *input, const char *key, const char *format,
                               ...) __attribute__((format(printf, 3, 4)));

/* Refuse any key of ${object} that is not among the NULL-terminated ${known}, with the nearest
 * name; TB_OK when there is none. */
enum tb_status tb_json_only(struct tb_json_input *input, const json_t *object,
                            const char *const *known) TB_MUST_USE;

/* The name of ${value} in lower case, or its number as text. */
void tb_json_enum_text(const ProtobufCEnumDescriptor *type, int value,
                       char out[TB_JSON_KEY_BYTES_MAX]);
/* Read a word of ${type}: its name in any case, or the Chinese word. */
bool tb_json_enum_parse(const ProtobufCEnumDescriptor *type, const char *word, int *value);

/* Small makers of what the API writes everywhere. Time 0 sets no key. */
void tb_json_put_time(json_t *object, const char *key, int64_t wall_ms);
void tb_json_put_id(json_t *object, const char *key, const struct tb_id *id);
void tb_json_put_hex(json_t *object, const char *key, struct tb_bytes bytes);
void tb_json_put_office(json_t *object, const char *key, uint32_t office);
void tb_json_put_text(json_t *object, const char *key, const char *text);
void tb_json_put_number(json_t *object, const char *key, int64_t number);
void tb_json_put_bool(json_t *object, const char *key, bool value);
/* A new text value; text that is not UTF-8 (it was checked when it came) becomes "". */
json_t *tb_json_text(const char *text);

/* The name in the NULL-terminated ${names} that is nearest to ${word}; NULL when none is near. */
const char *tb_json_nearest(const char *word, const char *const *names);

#endif
