#ifndef TB_RECIPIENTS_H
#define TB_RECIPIENTS_H

#include <jansson.h>
#include <stddef.h>

#include "node/cli/cli.h"

/*
 * recipients - who would hear a notice, shown before it is issued.
 *
 * "The river decides, not the officer" (I5): the required ones carry a mark and
 * cannot be taken out; this list is for reading, the node makes its own.
 */

/* Print the recipients of ${body} (as POST /v1/notices takes it) to stderr: by
 * the rules, added ones, and for what continues a notice all who had that.
 * ${count} gets how many there are. 0, or the exit status with the reason said. */
int tb_recipients_show(struct tb_cli *cli, const json_t *body, size_t *count);

#endif
