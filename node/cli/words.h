#ifndef TB_WORDS_H
#define TB_WORDS_H

#include <jansson.h>

/*
 * words - the API's fixed words in the language of people.
 *
 * Each takes the word of the JSON and gives what people read; a word from a
 * newer node is given back as it is.
 */
const char *tb_words_world(const char *word);   /* "actual" → "actual", 实战 */
const char *tb_words_kind(const char *word);    /* "first" → "first notice", 初报 */
const char *tb_words_grade(const char *word);   /* "iv" → "IV (ordinary)", 一般 */
const char *tb_words_state(const char *word);   /* "held" → "held", 已送达 */
const char *tb_words_level(const char *word);   /* "received" → "received", 收到 */
const char *tb_words_mark(const char *word);    /* "forked" → … 分叉 */
const char *tb_words_missing(const char *word); /* "signed_by" → "signatory", 签发人 */
const char *tb_words_reason(const char *word);  /* a tb_status name */
const char *tb_words_stream(const char *word);  /* kinds of the event stream */
const char *tb_words_public(const char *word);  /* states of a disclosure: 已发布 */
const char *tb_words_step(const char *word);
const char *tb_words_task(const char *word); /* a measure or a duty, as what is to be done */
const char *tb_words_key(const char *word);  /* active, retired, revoked */

/*
 * The word under ${key} of ${json}, said by ${word}. A value that a newer
 * program gave its statement is a number there: it is said to be not understood,
 * and never looks like one left out (I6).
 */
const char *tb_words_of(const json_t *json, const char *key, const char *(*word)(const char *word));

/* The words in the list ${words}, translated by ${word} and put together with
 * the language's separator; cut to fit. */
void tb_words_join(char *out, size_t out_bytes, const json_t *words,
                   const char *(*word)(const char *word));

#endif
