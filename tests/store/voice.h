#ifndef TB_STORE_VOICE_H
#define TB_STORE_VOICE_H

#include "desk.h"

/*
 * voice - what others say about a notice, delivered to a desk by sx-1 in lane 2; and
 * what the officer of the desk says.
 */
void voice_acknowledge(struct desk *desk, uint32_t office, const struct tb_id *notice);
void voice_receipt(struct desk *desk, uint32_t office, const struct tb_id *notice);
void voice_object(struct desk *desk, uint32_t office, const struct tb_id *notice);
void voice_call(struct desk *desk, uint32_t office, const struct tb_id *notice);
void voice_disclose(struct desk *desk, uint32_t office, const struct tb_id *notice);
void voice_deed(struct desk *desk, uint32_t office, const struct tb_id *notice);
void voice_destroy(struct desk *desk, uint32_t office, const struct tb_id *notice);
/* It lost its disk; or a province has given back what ${answers} asked for. */
void voice_recall(struct desk *desk, uint32_t office, const struct tb_id *answers);
/* By a broker. */
void voice_widen(struct desk *desk, uint32_t office, const struct tb_id *notice);

struct tb_result voice_own_call(struct desk *desk, const struct tb_id *notice);
struct tb_result voice_own_disclosure(struct desk *desk, const struct tb_id *notice);
struct tb_result voice_own_deed(struct desk *desk, const struct tb_id *notice);

#endif
