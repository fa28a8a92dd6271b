#ifndef TB_CLAUSE_SHOWN_H
#define TB_CLAUSE_SHOWN_H

#include <stddef.h>

/*
 * clause - by which rule an office hears a notice, in the language in force.
 *
 * A clause is signed in Chinese and shown as it is; in English its phrases are
 * rendered, and names, codes and circulars stay (topology/clause.h).
 */
void tb_clause_shown(char *out, size_t out_bytes, const char *clause);

#endif
