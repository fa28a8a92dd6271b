#ifndef TB_TEST_FACTS_H
#define TB_TEST_FACTS_H

#include "node/core/clocks.h"

/*
 * facts - one incident as a test tells it, and the clocks that it makes by the
 * product's own policy.
 *
 * 静乐 140926 is the origin, 娄烦 140123 notified, 140900 and 140000 above it. Times
 * are hours and minutes of one day.
 */
#define DAY_MS           INT64_C(1737000000000)
#define AT(hour, minute) (DAY_MS + ((hour)*60 + (minute)) * INT64_C(60000))

enum { ORIGIN = 140926, CITY = 140900, PROVINCE = 140000, NEXT = 140123, NEXT_CITY = 140100 };
enum { FACTS_SEEN_MAX = 256 };

extern struct tb_clock_facts facts;
extern struct tb_clock clocks[FACTS_SEEN_MAX]; /* of the last facts_compute */
extern size_t count;

/* cmocka's setup: no facts, the policy read. */
int facts_start(void **state);
void facts_compute(int64_t now_ms);
/* As facts_compute, with room for ${max}; how many were made. */
size_t facts_compute_some(int64_t now_ms, size_t max);

/* The next notice of ${origin}'s chain, issued at ${issued_ms}; "as usual": of the origin,
 * occurred 01:00, known 02:00, issued 02:10. */
struct tb_clock_notice *facts_say(uint32_t origin, Tongbao__Notice__Grade grade, int64_t issued_ms);
struct tb_clock_notice *facts_usual(Tongbao__Notice__Grade grade);
void facts_receive(const struct tb_clock_notice *notice, uint32_t office, int64_t stored_ms);
/* With evidence, entered a minute later; ids begin with 100 and 200. */
void facts_deed(uint32_t office, Tongbao__Deed__Duty duty, int64_t at_ms);
void facts_publish(uint32_t office, Tongbao__Disclosure__Measure measure, int64_t at_ms);

/* The clock ${rule} of ${owner}: NULL when there is none; asserted; all of an owner. */
const struct tb_clock *facts_seek(uint32_t owner, const char *rule);
const struct tb_clock *facts_the(uint32_t owner, const char *rule);
size_t facts_owned(uint32_t owner);

#endif
