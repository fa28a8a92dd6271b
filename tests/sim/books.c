#include "tests/sim/books.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/text.h"
#include "proto/frame.h"
#include "proto/wire.h"
#include "tests/sim/check.h"
#include "tests/sim/machine.h"
#include "tests/sim/officer.h"

void sim_books_open(struct sim *sim)
{
    struct sim_books *books = calloc(1, sizeof *books);
    tb_assert(books != NULL);
    books->fact = calloc(SIM_FACTS_MAX, sizeof *books->fact);
    tb_assert(books->fact != NULL);
    tb_arena_init(&books->arena, TB_PARSE_BYTES_MAX, TB_PARSE_COUNT_MAX);
    sim->books = books;
}

void sim_books_close(struct sim *sim)
{
    for (size_t i = 0; i < sim->books->count; i++) {
        free((void *)(uintptr_t)sim->books->fact[i].bytes.data);
    }
    tb_arena_fini(&sim->books->arena);
    free(sim->books->fact);
    free(sim->books);
}

static uint32_t *slot_of(struct sim_books *books, const struct tb_id *id)
{
    size_t at = tb_get_u32(id->byte) % (2 * SIM_FACTS_MAX);
    while (books->slot[at] != 0 && !tb_id_equal(&books->fact[books->slot[at] - 1].id, id)) {
        at = (at + 1) % (2 * SIM_FACTS_MAX);
    }
    return &books->slot[at];
}

struct sim_fact *sim_books_find(struct sim *sim, const struct tb_id *id)
{
    uint32_t index = *slot_of(sim->books, id);
    return index == 0 ? NULL : &sim->books->fact[index - 1];
}

static void fill(struct sim_fact *fact, const struct tb_envelope *envelope,
                 const Tongbao__Body *body)
{
    fact->kind = tb_statement_kind(body);
    for (size_t i = 0; i < body->n_recipients && i < SIM_TO_MAX; i++) {
        if (!body->recipients[i]->outside) {
            fact->to[fact->to_count] = body->recipients[i]->office;
            fact->required[fact->to_count++] = body->recipients[i]->required;
        }
    }
    if (body->incident.len == TB_INCIDENT_BYTES) {
        memcpy(fact->incident, body->incident.data, TB_INCIDENT_BYTES);
    }
    fact->directory_version = envelope->directory_version;
    if (fact->kind == TB_KIND_NOTICE) {
        fact->notice = body->notice->kind;
        tb_text_copy(fact->river, sizeof fact->river, body->notice->river);
    } else if (fact->kind == TB_KIND_ACKNOWLEDGEMENT) {
        (void)tb_id_take(&fact->subject, tb_wire_bytes(body->acknowledgement->notice));
    } else if (fact->kind == TB_KIND_WIDENING) {
        (void)tb_id_take(&fact->subject, tb_wire_bytes(body->widening->envelope));
        fact->widened = body->widening->office;
    }
}

/* A receipt belongs to the incident of what it names. */
static void fill_receipt(struct sim *sim, struct sim_fact *fact, const Tongbao__Receipt *receipt)
{
    for (size_t i = 0; i < receipt->n_ids; i++) {
        struct tb_id id;
        bool whole = tb_id_take(&id, tb_wire_bytes(receipt->ids[i]));
        const struct sim_fact *named = whole ? sim_books_find(sim, &id) : NULL;
        if (named == NULL) {
            continue;
        }
        fact->of_many = fact->of_many ||
                        (i > 0 && memcmp(fact->incident, named->incident, TB_INCIDENT_BYTES) != 0);
        memcpy(fact->incident, named->incident, TB_INCIDENT_BYTES);
    }
}

static struct sim_fact *add(struct sim *sim, const struct tb_envelope *envelope,
                            const Tongbao__Body *body)
{
    struct sim_books *books = sim->books;
    tb_assert(books->count < SIM_FACTS_MAX);
    uint32_t *slot = slot_of(books, &envelope->id);
    struct sim_fact *fact = &books->fact[books->count];
    *fact = (struct sim_fact){.id = envelope->id,
                              .origin = envelope->origin,
                              .world = envelope->world,
                              .at_ms = sim->now_ms};
    fill(fact, envelope, body);
    if (fact->kind == TB_KIND_RECEIPT) {
        fill_receipt(sim, fact, body->receipt);
    }
    uint8_t *copy = malloc(envelope->bytes.size);
    tb_assert(copy != NULL);
    memcpy(copy, envelope->bytes.data, envelope->bytes.size);
    fact->bytes = tb_bytes_of(copy, envelope->bytes.size);
    *slot = (uint32_t)++books->count;
    sim_trace(sim->now_ms, "fact %s %s %02x%02x%02x%02x from=%u to=%zu", tb_kind_text(fact->kind),
              tb_world_text(fact->world), fact->id.byte[0], fact->id.byte[1], fact->id.byte[2],
              fact->id.byte[3], fact->origin, fact->to_count);
    return fact;
}

/* One new row of ${m}'s ledger. */
static void look_at(struct sim *sim, struct sim_machine *m, const struct tb_ledger_row *row)
{
    struct tb_envelope envelope;
    const Tongbao__Body *body = NULL;
    tb_arena_reset(&sim->books->arena);
    if (tb_envelope_read(&envelope, row->bytes) != TB_OK ||
        tb_envelope_body(&envelope, &sim->books->arena, &body) != TB_OK) {
        sim_wrong(sim, "forged", "%s stored what cannot be read", sim_machine_name(sim, m));
        return;
    }
    struct sim_fact *fact = sim_books_find(sim, &row->id);
    bool made = row->broker[0] == '\0' && fact == NULL;
    if (made || (fact == NULL && tb_statement_kind(body) == TB_KIND_WIDENING)) {
        fact = add(sim, &envelope, body);
    }
    sim_check_forged(sim, m, &row->id, tb_statement_kind(body), fact);
    if (fact == NULL) {
        return;
    }
    fact->holds |= 1U << m->index;
    fact->had |= 1U << m->index;
    if (made) {
        sim_check_promise(sim, m, fact, body);
        sim_check_route(sim, m, fact);
        sim_check_world(sim, m, fact);
    }
}

void sim_books_look(struct sim *sim, struct sim_machine *m)
{
    struct tb_ledger_row row;
    while (!m->is_broker && !sim->failed && tb_query_ledger(m->node, m->seen_n, &row)) {
        m->seen_n = row.n;
        look_at(sim, m, &row);
    }
}

void sim_books_stream(struct sim *sim, struct sim_machine *m)
{
    static struct tb_stream_row rows[TB_PAGE_ROWS_MAX];
    size_t count;
    while ((count = tb_query_stream(m->node, m->seen_k, rows, TB_PAGE_ROWS_MAX)) > 0) {
        for (size_t i = 0; i < count; i++) {
            m->seen_k = rows[i].n;
            if (rows[i].kind != TB_STREAM_NOTICE) {
                continue;
            }
            struct sim_fact *fact = sim_books_find(sim, &rows[i].id);
            if (fact == NULL) {
                sim_wrong(sim, "forged", "%s shows what nobody made", sim_machine_name(sim, m));
                return;
            }
            sim_check_shown(sim, m, fact);
            sim_officer_sees(sim, m, fact);
        }
    }
}

void sim_books_started(struct sim *sim, struct sim_machine *m)
{
    sim_check_store(sim, m);
    if (!m->is_broker) {
        sim_books_look(sim, m);
        sim_books_stream(sim, m);
    }
}

/* Whatever the store now has, it has; the rest it owes no more. */
static void take_stock(struct sim *sim, struct sim_machine *m)
{
    sqlite3 *handle = NULL;
    sqlite3_stmt *stmt = NULL;
    char path[48];
    sim_machine_path(sim, m, path);
    tb_assert(sqlite3_open(path, &handle) == SQLITE_OK);
    const char *sql =
        m->is_broker ? "SELECT id FROM envelope ORDER BY n" : "SELECT id FROM ledger ORDER BY n";
    if (sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL) == SQLITE_OK) {
        while (sqlite3_step(stmt) == SQLITE_ROW) {
            struct tb_id id;
            memcpy(id.byte, sqlite3_column_blob(stmt, 0), TB_ID_BYTES);
            struct sim_fact *fact = sim_books_find(sim, &id);
            if (fact != NULL) {
                fact->holds |= 1U << m->index;
            }
        }
    }
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(handle);
}

void sim_books_replaced(struct sim *sim, struct sim_machine *m)
{
    for (size_t i = 0; i < sim->books->count; i++) {
        sim->books->fact[i].holds &= ~(1U << m->index);
        sim->books->fact[i].shown &= ~(1U << m->index);
    }
    m->seen_n = 0;
    m->seen_k = 0;
    take_stock(sim, m);
}

void sim_books_sent(struct sim *sim, struct sim_machine *m, struct tb_bytes bytes)
{
    const Tongbao__Frame *frame = NULL;
    struct tb_id id;
    tb_arena_reset(&sim->books->arena);
    if (tb_frame_read(bytes, &sim->books->arena, &frame) != TB_OK ||
        frame->kind_case != TONGBAO__FRAME__KIND_ANSWER || frame->answer->status != TB_OK ||
        !tb_id_take(&id, tb_wire_bytes(frame->answer->id))) {
        return;
    }
    struct sim_fact *fact = sim_books_find(sim, &id);
    if (fact == NULL) {
        sim_wrong(sim, "forged", "%s took what nobody made", sim_machine_name(sim, m));
        return;
    }
    fact->holds |= 1U << m->index;
    fact->had |= 1U << m->index;
}
