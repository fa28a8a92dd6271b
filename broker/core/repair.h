#ifndef TB_BROKER_REPAIR_H
#define TB_BROKER_REPAIR_H

#include "broker/core/house.h"

/*
 * repair - an office lists what it holds, the broker asks for what it lacks.
 *
 *   Listing (ids) --> Want (ids lacking, or none) --> Offer (repair)
 *   … Listing (last) --> Want: all of it was read
 *
 * "This is the only repair, and it does not need the origin." The Offers are
 * admitted like any other; nothing is believed for having been listed.
 */
enum tb_status tb_broker_repair_listing(struct tb_broker *broker, const struct tb_speaker *speaker,
                                        const Tongbao__Listing *listing);

/* An office did not take an envelope that is in its mailbox: remember why. Ids
 * that are not its own mail are ignored. */
enum tb_status tb_broker_repair_aside(struct tb_broker *broker, const struct tb_speaker *speaker,
                                      const Tongbao__Aside *aside);

#endif
