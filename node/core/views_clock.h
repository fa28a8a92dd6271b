#ifndef TB_VIEWS_CLOCK_H
#define TB_VIEWS_CLOCK_H

#include "node/core/views.h"

/*
 * views_clock - what clocks go by, out of each statement; used by views.c alone.
 */

/* A notice: its times, its grade, what it lacks, and that its incident moved. */
void tb_views_grade(struct tb_node *node, const struct tb_view_row *row);

/* A disclosure, a deed: its row, and into ${text} what the stream says of it. The id of the
 * notice that it is about goes into ${subject}. */
void tb_views_disclosure(struct tb_node *node, const struct tb_view_row *row, struct tb_id *subject,
                         char text[TB_NAME_BYTES_MAX]);
void tb_views_deed(struct tb_node *node, const struct tb_view_row *row, struct tb_id *subject,
                   char text[TB_NAME_BYTES_MAX]);

#endif
