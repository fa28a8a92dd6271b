#ifndef TB_SENTENCES_H
#define TB_SENTENCES_H

#include <stddef.h>

/*
 * sentences - what the node and the modules below say in English, in the
 * language in force.
 *
 * They are told apart by their fixed words: each known sentence is a pattern in
 * which "%s" stands for whatever the other side put in. The pattern is a msgid;
 * its translation keeps every %s, in the same order.
 */

/* Put ${text} into ${out}, translated where it is a known sentence and as it is
 * otherwise, cut to fit. */
void tb_sentences_translate(char *out, size_t out_bytes, const char *text);

#endif
