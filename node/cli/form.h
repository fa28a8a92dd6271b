#ifndef TB_FORM_H
#define TB_FORM_H

#include <jansson.h>
#include <stdbool.h>

#include "base/bytes.h"
#include "base/wall.h"
#include "node/cli/args.h"

/*
 * form - a notice as written on the command line, or in a file, as the API
 * takes it: {"world", "notice": {…}, "incident", "add"}.
 */
enum { TB_FORM_FILE_BYTES_MAX = 256 * 1024 };

/* The options of `tongbao issue`; ${count} gets how many. */
const struct tb_args_option *tb_form_options(size_t *count);

/* True when ${args} say anything about what happened, and not only to whom, in
 * which world or in answer to what. */
bool tb_form_described(const struct tb_args *args);

/*
 * Make the API's body of ${args}, times being read against ${now}. Nothing that
 * is left out is a mistake (I6). TB_INPUT with ${diag} for a time, a condition
 * of Art. 4 or a substance's part that cannot be; ${out} is then NULL. The
 * caller gives ${out} back.
 */
enum tb_status tb_form_make(const struct tb_args *args, struct tb_wall now, json_t **out,
                            struct tb_diag *diag) TB_MUST_USE;

/*
 * Make the API's body of the file ${path}, as text, so that the lines which the
 * node names are those of the file. A bare notice and a whole body are both
 * taken; --world and --add of ${args} are put in on the first line. Also gives
 * the parsed ${json}. TB_INPUT with ${diag} (file and line) for text that is
 * not JSON, or a world that contradicts --world; the statuses of tb_files_read.
 */
enum tb_status tb_form_file(const struct tb_args *args, const char *path, struct tb_buf *text,
                            json_t **json, struct tb_diag *diag) TB_MUST_USE;

/* The API's word for a world as people write it; NULL when it is none. */
const char *tb_form_world(const char *text);

#endif
