#include "node/cli/clause.h"

#include "base/text.h"
#include "node/cli/language.h"
#include "topology/clause.h"

void tb_clause_shown(char *out, size_t out_bytes, const char *clause)
{
    if (tb_language_used() == TB_LANGUAGE_EN) {
        tb_clause_english(out, out_bytes, clause);
    } else {
        tb_text_copy(out, out_bytes, clause);
    }
}
