#ifndef SIM_BOOKS_H
#define SIM_BOOKS_H

#include "proto/statement.h"
#include "tests/sim/sim.h"

/*
 * books - what an onlooker knows who sees every machine from outside: which envelopes
 * were really made, by whom, for whom, and whose store has committed to having them.
 *
 * The checkers judge by these, never by what a core thinks of itself.
 */
enum { SIM_FACTS_MAX = 32768, SIM_TO_MAX = 24 };

struct sim_fact {
    struct tb_id id;
    struct tb_id subject; /* of an acknowledgement its notice, of a widening its envelope */
    uint32_t widened;     /* the office that a broker says must hear it too */
    uint8_t incident[TB_INCIDENT_BYTES];
    uint32_t origin;
    enum tb_world world;
    enum tb_kind kind;
    Tongbao__Notice__Kind notice;
    uint64_t at_ms; /* when it was first seen */
    uint64_t directory_version;
    bool accepted; /* an officer was told "issued" */
    bool of_many;  /* a receipt for envelopes of several incidents */
    bool unproved; /* its key was revoked, or it came from a machine that is no more */
    uint32_t to[SIM_TO_MAX];
    bool required[SIM_TO_MAX];
    size_t to_count;
    uint32_t holds;        /* machines whose store has it for sure, by bit */
    uint32_t had;          /* … ever had it */
    uint32_t shown;        /* nodes whose screen showed it */
    uint32_t acked;        /* offices whose officer asked to acknowledge it */
    char river[64];        /* of a notice */
    struct tb_bytes bytes; /* owned: for the enemy */
};

struct sim_books {
    struct sim_fact *fact;
    size_t count;
    uint32_t slot[2 * SIM_FACTS_MAX]; /* by id; index + 1 */
    struct tb_arena arena;
};

void sim_books_open(struct sim *sim);
void sim_books_close(struct sim *sim);
/* The fact ${id}; NULL. */
struct sim_fact *sim_books_find(struct sim *sim, const struct tb_id *id);

/* A turn of ${m} has committed: look at what is new in its ledger. */
void sim_books_look(struct sim *sim, struct sim_machine *m);
/* Its stream grew: look at its screen. */
void sim_books_stream(struct sim *sim, struct sim_machine *m);
/* It started: what it had committed to must be there. */
void sim_books_started(struct sim *sim, struct sim_machine *m);
/* Its store was deleted, or put back from an old copy. */
void sim_books_replaced(struct sim *sim, struct sim_machine *m);
/* A broker sent ${frame}. */
void sim_books_sent(struct sim *sim, struct sim_machine *m, struct tb_bytes frame);

#endif
