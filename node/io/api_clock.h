#ifndef TB_API_CLOCK_H
#define TB_API_CLOCK_H

#include "node/core/query_clock.h"
#include "node/io/api_inner.h"

/*
 * api_clock - the paths of clocks, disclosures and deeds, and the parts of other
 * answers that they give.
 */
void tb_read_clocks(const struct tb_ask *ask);
bool tb_change_disclose(const struct tb_ask *ask, struct tb_pending *pending);
bool tb_change_deed(const struct tb_ask *ask, struct tb_pending *pending);

/* The clocks of an incident, worst first. */
json_t *tb_api_incident_clocks(struct tb_api *api, const uint8_t incident[TB_INCIDENT_BYTES],
                               enum tb_world world);
/* The worst actual clock that is not met: of this office, else of those that it judges;
 * NULL when there is none. */
json_t *tb_api_worst_clock(struct tb_api *api);
/* The disclosures, deeds or destructions about a notice, oldest first. */
json_t *tb_api_statements(struct tb_api *api, const struct tb_id *notice, enum tb_kind kind);

#endif
