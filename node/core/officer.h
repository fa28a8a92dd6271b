#ifndef TB_OFFICER_H
#define TB_OFFICER_H

#include "node/core/state.h"

/*
 * officer - the people of this office and their duty sessions.
 *
 *   active officer --password checked--> session open --close, time, dismissed--> over
 *
 * "A duty session names the officer, and issuing, acknowledging and disclosing need
 * one." A session's token is made from a salt by the office's key; the store has
 * the salt and the token's hash, and so nobody who reads the store can act.
 */
enum { TB_SALT_BYTES = 32, TB_SESSION_HOURS = 12 };

enum tb_status tb_officer_duty_open(struct tb_node *node, const struct tb_at *at,
                                    const struct tb_request *request,
                                    struct tb_result *result) TB_MUST_USE;
enum tb_status tb_officer_duty_close(struct tb_node *node, const struct tb_at *at,
                                     const struct tb_request *request,
                                     struct tb_result *result) TB_MUST_USE;
enum tb_status tb_officer_set(struct tb_node *node, const struct tb_at *at,
                              const struct tb_request *request,
                              struct tb_result *result) TB_MUST_USE;

/* Whose open session ${request}'s token is; TB_SESSION, with the text, if nobody's. */
enum tb_status tb_officer_on_duty(struct tb_node *node, const struct tb_at *at,
                                  const struct tb_request *request, struct tb_result *result,
                                  struct tb_officer_row *officer) TB_MUST_USE;

/* True when the session that ${salt} made is ${officer}'s. */
bool tb_officer_opened(struct tb_node *node, struct tb_bytes salt, const char *officer);

/* The salt that an event's seed gives, and the token that the office's key makes of
 * a salt; of an empty salt the empty token. */
void tb_officer_salt(const uint8_t seed[TB_SEED_BYTES], uint8_t salt[TB_SALT_BYTES]);
void tb_officer_token(const struct tb_node *node, struct tb_bytes salt,
                      char token[2 * TB_TOKEN_BYTES + 1]);

#endif
