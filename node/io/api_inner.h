#ifndef TB_API_INNER_H
#define TB_API_INNER_H

#include "node/io/ask.h"

/*
 * api_inner - what each path does, and the parts of answers that several share;
 * used by api*.c alone. The route table stands in api.c, on top of all.
 */

/* --------------------------------------------------------------- parts */

/* One notice as a list shows it; with `missing` when ${with_missing}. */
json_t *tb_api_notice_row(struct tb_api *api, const struct tb_notice_row *row, bool with_missing);
json_t *tb_api_missing(const Tongbao__Notice *notice);
json_t *tb_api_deliveries(struct tb_api *api, const struct tb_id *id);
json_t *tb_api_phones(const Tongbao__Office *office);
json_t *tb_api_links(struct tb_api *api, int64_t *skew_ms);
json_t *tb_api_alarms(struct tb_api *api, const struct tb_status_row *status);
json_t *tb_api_on_duty(struct tb_api *api);
/* The rivers that hold at this office; NULL when none are known. */
const struct tb_rivers *tb_api_rivers(struct tb_api *api);
/* The name of an office, by its directory, else by the rivers, else "". */
const char *tb_api_office_name(struct tb_api *api, uint32_t code);

/* The personal part of a notice: its text, where it is here, for an officer who asked;
 * and for everybody whether there is one, and who destroyed it. */
void tb_api_put_personal(struct tb_api *api, json_t *body, const struct tb_id *id);
void tb_api_put_personal_state(struct tb_api *api, json_t *object, const struct tb_id *id);

/* ------------------------------------------------------- one a path */

void tb_read_status(const struct tb_ask *ask);
void tb_read_links(const struct tb_ask *ask);
void tb_read_alarms(const struct tb_ask *ask);
void tb_read_directories(const struct tb_ask *ask);
void tb_read_officers(const struct tb_ask *ask);
void tb_read_duty(const struct tb_ask *ask);
void tb_read_stream(const struct tb_ask *ask);
void tb_read_offices(const struct tb_ask *ask);
void tb_read_rivers(const struct tb_ask *ask);
void tb_read_who(const struct tb_ask *ask);
void tb_read_notices(const struct tb_ask *ask);
void tb_read_waiting(const struct tb_ask *ask);
void tb_read_one_notice(const struct tb_ask *ask);
void tb_read_recovered(const struct tb_ask *ask);
void tb_read_incident(const struct tb_ask *ask);

/* Read the body of a changing call into ${pending}; false, answered, when it has a mistake. */
bool tb_change_issue(const struct tb_ask *ask, struct tb_pending *pending);
bool tb_change_acknowledge(const struct tb_ask *ask, struct tb_pending *pending);
bool tb_change_call(const struct tb_ask *ask, struct tb_pending *pending);
bool tb_change_duty_open(const struct tb_ask *ask, struct tb_pending *pending);
bool tb_change_duty_close(const struct tb_ask *ask, struct tb_pending *pending);
bool tb_change_officer(const struct tb_ask *ask, struct tb_pending *pending);
bool tb_change_recover(const struct tb_ask *ask, struct tb_pending *pending);
bool tb_change_destroy(const struct tb_ask *ask, struct tb_pending *pending);
bool tb_change_personal(const struct tb_ask *ask, struct tb_pending *pending);
bool tb_change_directory(const struct tb_ask *ask, struct tb_pending *pending);

/* What a good result of ${pending} is told as. */
json_t *tb_change_told(struct tb_api *api, const struct tb_pending *pending,
                       const struct tb_result *result);

#endif
