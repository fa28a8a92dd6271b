#ifndef TB_ASKED_H
#define TB_ASKED_H

#include "node/core/state.h"

/*
 * asked - what people ask, answered once.
 *
 *   request --> asked before? --yes--> the answer of then (repeated)
 *                  |no
 *                  v
 *               the act --done--> answer kept in the same transaction, sent after it
 *                  +-----not----> undone; the same id may be tried again
 *
 * "Every changing call carries a request id; the same id gives the same answer,
 * after a crash too."
 */

/* Do it; anything but TB_OK undoes the event and node->failure says why. */
enum tb_status tb_asked_handle(struct tb_node *node, const struct tb_at *at, uint64_t from,
                               const struct tb_request *request) TB_MUST_USE;
/* The event was undone with ${status}: answer it. */
void tb_asked_undone(struct tb_node *node, uint64_t from, const struct tb_request *request,
                     enum tb_status status, struct tb_outbox *out);

/* The acts; each fills ${result} and returns its status. */
enum tb_status tb_issue_do(struct tb_node *node, const struct tb_at *at,
                           const struct tb_request *request, struct tb_result *result) TB_MUST_USE;
enum tb_status tb_acknowledge_do(struct tb_node *node, const struct tb_at *at,
                                 const struct tb_request *request,
                                 struct tb_result *result) TB_MUST_USE;
enum tb_status tb_call_do(struct tb_node *node, const struct tb_at *at,
                          const struct tb_request *request, struct tb_result *result) TB_MUST_USE;

enum tb_status tb_disclose_do(struct tb_node *node, const struct tb_at *at,
                              const struct tb_request *request,
                              struct tb_result *result) TB_MUST_USE;
enum tb_status tb_deed_do(struct tb_node *node, const struct tb_at *at,
                          const struct tb_request *request, struct tb_result *result) TB_MUST_USE;
enum tb_status tb_destroy_do(struct tb_node *node, const struct tb_at *at,
                             const struct tb_request *request,
                             struct tb_result *result) TB_MUST_USE;
enum tb_status tb_personal_read_do(struct tb_node *node, const struct tb_at *at,
                                   const struct tb_request *request,
                                   struct tb_result *result) TB_MUST_USE;

enum tb_status tb_recall_do(struct tb_node *node, const struct tb_at *at,
                            struct tb_result *result) TB_MUST_USE;

/* The notice ${id} that an answer is about; TB_UNKNOWN, with the text, if none that is
 * shown is here. Its number goes into ${result}. */
struct tb_answered {
    uint32_t origin;
    enum tb_world world;
    bool own;
    uint8_t incident[TB_INCIDENT_BYTES];
};
enum tb_status tb_asked_notice(struct tb_node *node, const struct tb_id *id,
                               struct tb_answered *notice, struct tb_result *result) TB_MUST_USE;

/* Say why not, for a person; returns ${status}. */
enum tb_status tb_asked_fail(struct tb_result *result, enum tb_status status, const char *format,
                             ...) TB_MUST_USE __attribute__((format(printf, 3, 4)));

#endif
