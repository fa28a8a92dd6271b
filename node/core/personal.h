#ifndef TB_PERSONAL_H
#define TB_PERSONAL_H

#include "base/bytes.h"
#include "node/core/node.h"

/*
 * personal - the part of a notice that can be destroyed (I11): names and telephones
 * of people, beside the signed bytes, bound by a salted digest.
 *
 *     none · here ──Destruction──> destroyed, for good
 *            absent ──a copy that matches──> here
 *
 * 突发事件应对法 85: personal data is destroyed when it is no longer needed. Officers'
 * names and duty numbers are official records and not part of it.
 */
enum tb_personal_state {
    TB_PERSONAL_NONE, /* the notice never had any */
    TB_PERSONAL_HERE,
    TB_PERSONAL_ABSENT, /* it has one, which is not here */
    TB_PERSONAL_DESTROYED,
};

const char *tb_personal_state_text(enum tb_personal_state state);

/* What is here of the notice ${id}; its text, without the salt, is appended to ${out}
 * (which may be NULL) when it is here. */
enum tb_personal_state tb_personal_get(struct tb_node *node, const struct tb_id *id,
                                       struct tb_buf *out);

/* Salt and ${text} into ${out}, and their digest; the salt is drawn from ${seed}. */
void tb_personal_make(const uint8_t *seed, const char *text, struct tb_buf *out,
                      struct tb_id *digest);

#endif
