#ifndef TB_RECORD_H
#define TB_RECORD_H

#include <jansson.h>

#include "node/cli/cli.h"

/*
 * record - what disclose and deed share: options into a body, files into evidence,
 * and the call.
 */

/* Put the options ${names} (as "document-number") that were written into ${body} under
 * the same name with "_" for "-"; --at as a time; every --evidence FILE by its name,
 * size and digest. 0, or the exit status with the mistake said. */
int tb_record_fill(json_t *body, const struct tb_args *args, const char *command,
                   const char *const *names);

/* POST ${body} to ${tail} ("/deeds") of the notice that is the first word; 0 with the
 * answer told, of a ${deed} or a disclosure, or the exit status. */
int tb_record_send(struct tb_cli *cli, const struct tb_args *args, const char *command,
                   const char *tail, const json_t *body, bool deed);

#endif
