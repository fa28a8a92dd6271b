#ifndef TB_TEST_RELAY_H
#define TB_TEST_RELAY_H

#include "desk.h"
#include "proto/statement.h"

/*
 * relay - four desks over real ledgers, and the test that carries what each says to
 * those whom it names, without a broker.
 *
 * 宁武 140925 opens the incident, 静乐 140926 is notified, 140900 and 140000 stand
 * above both.
 */
enum { DESKS = 4, ORIGIN = 0, NEXT = 1, CITY = 2, PROVINCE = 3 };
enum { HOUR = 3600000 };

extern struct fixture fix;
extern struct desk desks[DESKS];
extern const uint32_t offices[DESKS];

/* cmocka's setup and teardown: an officer on duty at each. */
int relay_start(void **state);
int relay_stop(void **state);
void relay_later(int64_t ms); /* both clocks of all */
/* Carry until nobody has anything to say. */
void relay_carry(void);

/* Ask desk ${who} in its officer's session with a fresh request id. */
struct tb_result relay_ask(int who, struct tb_request *request);

/* Issue with all that Art. 14 asks, known an hour before, occurred two; relay_issue
 * the first notice of an actual incident, and carries it. */
struct tb_result relay_issue_as(int who, enum tb_world world, Tongbao__Notice__Kind kind,
                                Tongbao__Notice__Grade grade, const struct tb_id *regards);
struct tb_id relay_issue(int who, Tongbao__Notice__Grade grade);

struct relay_evidence {
    Tongbao__Attachment piece;
    Tongbao__Attachment *list[1];
    uint8_t digest[TB_ID_BYTES];
};
void relay_evidence(struct relay_evidence *evidence);

/* Enter a disclosure, a deed at desk ${who}, and carry it. */
struct tb_result relay_disclose(int who, const struct tb_id *notice,
                                Tongbao__Disclosure__Measure measure,
                                Tongbao__Disclosure__State state, bool with_evidence);
struct tb_result relay_deed(int who, const struct tb_id *notice, Tongbao__Deed__Duty duty,
                            bool with_evidence);

#endif
