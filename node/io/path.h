#ifndef TB_PATH_H
#define TB_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/limits.h"
#include "node/io/http.h"

/*
 * path - every path of the API, in one table.
 *
 * PATH(name, method, path): {name} in a path stands for one segment. The
 * table is what API.md and openapi.yaml describe; a test compares them.
 */
#define TB_PATH_TABLE(PATH)                                                                        \
    PATH(STATUS, GET, "/v1/status")                                                                \
    PATH(NOTICES, GET, "/v1/notices")                                                              \
    PATH(WAITING, GET, "/v1/waiting")                                                              \
    PATH(NOTICE, GET, "/v1/notices/{name}")                                                        \
    PATH(INCIDENT, GET, "/v1/incidents/{name}")                                                    \
    PATH(CLOCKS, GET, "/v1/clocks")                                                                \
    PATH(WHO, GET, "/v1/who")                                                                      \
    PATH(RIVERS, GET, "/v1/rivers")                                                                \
    PATH(OFFICES, GET, "/v1/offices")                                                              \
    PATH(OFFICERS, GET, "/v1/officers")                                                            \
    PATH(DUTY, GET, "/v1/duty")                                                                    \
    PATH(DIRECTORIES, GET, "/v1/directories")                                                      \
    PATH(LINKS, GET, "/v1/links")                                                                  \
    PATH(ALARMS, GET, "/v1/alarms")                                                                \
    PATH(STREAM, GET, "/v1/stream")                                                                \
    PATH(RECOVERED, GET, "/v1/recover")                                                            \
    PATH(ISSUE, POST, "/v1/notices")                                                               \
    PATH(ACKNOWLEDGE, POST, "/v1/notices/{name}/acknowledgements")                                 \
    PATH(CALL, POST, "/v1/notices/{name}/calls")                                                   \
    PATH(DISCLOSE, POST, "/v1/notices/{name}/disclosures")                                         \
    PATH(DEED, POST, "/v1/notices/{name}/deeds")                                                   \
    PATH(DESTROY, POST, "/v1/notices/{name}/destructions")                                         \
    PATH(PERSONAL, POST, "/v1/notices/{name}/personal")                                            \
    PATH(DUTY_OPEN, POST, "/v1/duty")                                                              \
    PATH(DUTY_CLOSE, DELETE, "/v1/duty")                                                           \
    PATH(OFFICER_SET, POST, "/v1/officers")                                                        \
    PATH(DIRECTORY_TAKE, POST, "/v1/directories")                                                  \
    PATH(RECOVER, POST, "/v1/recover")                                                             \
    PATH(ALARM_TEST, POST, "/v1/alarm/test")

enum tb_path {
#define TB_PATH_ENUM(name, method, path) TB_PATH_##name,
    TB_PATH_TABLE(TB_PATH_ENUM)
#undef TB_PATH_ENUM
        TB_PATH_COUNT
};

enum { TB_PATH_NAME_BYTES_MAX = 128 };

/* Find the entry for ${method} and ${path}. TB_UNKNOWN: no such path; TB_STATE: the path is
 * there, the method is not. ${name} gets the segment that stands for {name}, or "". */
enum tb_status tb_path_find(enum tb_http_method method, const char *path, enum tb_path *out,
                            char name[TB_PATH_NAME_BYTES_MAX]) TB_MUST_USE;

enum tb_http_method tb_path_method(enum tb_path path);
const char *tb_path_text(enum tb_path path);

#endif
