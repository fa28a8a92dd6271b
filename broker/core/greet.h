#ifndef TB_GREET_H
#define TB_GREET_H

#include "broker/core/house.h"

/*
 * greet - the opening of a link: who is there, and from where to go on.
 *
 *   Hello --> key's office? --> cursors known? --yes--> go on after them
 *                                              --no---> repair, from the start
 *         --> last accepted known? --no--> repair
 *         --> directories compared --> Welcome, Ask
 *
 * A cursor is (epoch, lane, seq, id at seq), committed at the office with the
 * envelopes: it is the truth. It is known when this very past gave it out: in that
 * epoch or before, and to that envelope. The same Hello again has the same effect.
 */
enum tb_status tb_greet_hello(struct tb_broker *broker, const struct tb_speaker *speaker,
                              const Tongbao__Hello *hello);

#endif
