#ifndef TB_WHERE_H
#define TB_WHERE_H

#include "base/bytes.h"

/*
 * where - the line of a place in a JSON text, for the sentence to a person.
 *
 * jansson knows the line of a mistake in syntax only. A mistake in meaning is
 * known by its path, and this finds the path again in the text.
 */

/*
 * The line, 1 the first, of ${path} ("notice.substances[0].unit") in ${text},
 * which has been parsed without a mistake before. The line of the key, or of
 * the element of a list. Where the path goes further than the text (a key that
 * is missing): the line of the innermost place that is there. An empty path is
 * the line where the value begins.
 */
int tb_where_line(struct tb_bytes text, const char *path);

#endif
