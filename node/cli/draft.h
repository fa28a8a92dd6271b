#ifndef TB_DRAFT_H
#define TB_DRAFT_H

#include <jansson.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/diag.h"
#include "base/wall.h"
#include "proto/tongbao.pb-c.h"

/*
 * draft - a province's directory while people work on it: one JSON file.
 *
 *     { "prefix": 14, "version": 3, "name": "…",
 *       "offices": [{"code", "name", "keys": [{"sign", "link", "state", "since"}],
 *                    "brokers", "phones": [{"label", "number", "proved_at"}],
 *                    "valid_until", "version_max"}],
 *       "brokers": [{"name", "sign", "link", "state", "since", "endpoints"}],
 *       "files":   [{"name", "lines": ["code,name,…", …]}] }
 *
 * "version" is that of the last directory signed from it, 0 before the first.
 * A file's lines are its bytes cut at every line feed, so that the bytes come
 * back exactly as they went in, and a person can read what changed.
 */
enum {
    TB_DRAFT_FILE_BYTES_MAX = 16 * 1024 * 1024,
    TB_DRAFT_ARENA_BYTES = 16 * 1024 * 1024,
    TB_DRAFT_ARENA_COUNT = 64 * 1024,
};

/* Read ${path}, or begin an empty draft where there is none. TB_INPUT with
 * ${diag} (file and line) for what is not a draft; statuses of tb_files_read.
 * The caller gives ${draft} back. */
enum tb_status tb_draft_load(const char *path, json_t **draft, struct tb_diag *diag) TB_MUST_USE;
/* Put it in the place of the old file at once. */
enum tb_status tb_draft_save(const char *path, const json_t *draft,
                             struct tb_diag *diag) TB_MUST_USE;

/* The office ${code} or broker ${name}; NULL when it is not in. Borrowed. */
json_t *tb_draft_office(const json_t *draft, uint32_t code);
json_t *tb_draft_broker(const json_t *draft, const char *name);

/* The key id of a key in a draft, 16 hex digits as the API gives it; "" when its
 * "sign" is no key. */
enum { TB_DRAFT_KEY_ID_BYTES = 17 };
void tb_draft_key_id(char out[TB_DRAFT_KEY_ID_BYTES], const json_t *key);

/* An office as the draft writes it; the caller gives it back. NULL when one of
 * its texts is not UTF-8. */
json_t *tb_draft_of_office(const Tongbao__Office *office);
/* A whole directory as a draft; likewise. */
json_t *tb_draft_of_body(uint32_t prefix, uint64_t version, const Tongbao__DirectoryBody *body);

/* Put the file ${name} in, in place of one of that name. TB_INPUT when its bytes
 * are not UTF-8 text. */
enum tb_status tb_draft_put_file(json_t *draft, const char *name, struct tb_bytes bytes,
                                 struct tb_diag *diag) TB_MUST_USE;

/*
 * Make the directory's body of the draft, in ${arena}; it borrows from
 * ${draft}. TB_INPUT with ${diag} naming the office or broker and the key for
 * what cannot be; TB_MEMORY when the arena is too small. Whether the whole is a
 * valid directory is judged by tb_directory_open.
 */
enum tb_status tb_draft_body(const json_t *draft, struct tb_wall issued_at, struct tb_arena *arena,
                             Tongbao__DirectoryBody **body, struct tb_diag *diag) TB_MUST_USE;

#endif
