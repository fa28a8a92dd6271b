#ifndef TB_QUESTIONS_H
#define TB_QUESTIONS_H

#include <jansson.h>

#include "base/status.h"
#include "base/wall.h"

/*
 * questions - a notice made by recognition alone.
 *
 * In the first minutes after waking a person can recognise but not compose: so
 * every question is a numbered list, Enter takes what is most often right, and
 * nothing need be known. Amount and grade are 不明 unless someone knows better.
 */

/*
 * Ask for what ${body} (of tb_form_make, with nothing described yet) does not
 * say, and put the answers into it. ${rivers} is the list of GET /v1/rivers.
 * TB_UNKNOWN when input ended: nothing is to be issued then.
 */
enum tb_status tb_questions_ask(json_t *body, const json_t *rivers, struct tb_wall now) TB_MUST_USE;

#endif
