#ifndef TB_TEST_TOYRIVER_H
#define TB_TEST_TOYRIVER_H

#include <stddef.h>
#include <stdint.h>

#include "topology/arrival.h"

/*
 * toyriver - a small river of which everything is known, beside the product's own,
 * and the questions that tests put to both.
 *
 *     阳曲 0 ──30 km── 清徐 ──20 km── 文水 │ 交城 (facing) ──40 km, 双坝── 韩城 ──30 km── 合阳
 *            潇河 flows in at 清徐
 */
enum { TOY_TABLES = 9, TOY_REACHES = 2 };

extern const struct tb_rivers_file toy_tables[TOY_TABLES];
extern struct tb_rivers *product;
extern struct tb_rivers *toy;
/* The answer to the last question. */
extern struct tb_arrival_row rows[TB_ARRIVAL_ROWS_MAX];
extern size_t count;
extern struct tb_diag diag;

/* cmocka's setup and teardown of a group. */
int toy_load(void **state);
int toy_unload(void **state);

/* Questions at normal water. */
struct tb_arrival_question toy_at_km(const char *river, double km);
struct tb_arrival_question toy_in_county(const char *river, uint32_t county);
struct tb_arrival_question toy_at_section(const char *river, const char *section);

/* Fails the test when it is not answered. */
void toy_ask(const struct tb_rivers *rivers, const struct tb_arrival_question *question);
/* The row of ${place}: NULL when there is none; asserted. */
const struct tb_arrival_row *toy_row_of(enum tb_arrival_kind kind, const char *place);
const struct tb_arrival_row *toy_the(enum tb_arrival_kind kind, const char *place);
/* ${question} is refused of the product's rivers, and ${said} is said. */
void toy_refused(const struct tb_arrival_question *question, const char *said);

#endif
