#ifndef TB_LINES_H
#define TB_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/frame.h"
#include "tests/bench/crowd.h"

/*
 * lines - the client sides of many offices' links to one broker, in one process.
 *
 *   connecting --up: Hello--> up --Welcome--> greeted --line cut--> connecting
 *
 * The sockets are the product's own (base/io/sock.h), so that an office comes
 * back as a real one does, with the same pauses. What a node does by itself on a
 * link happens here too: Hello with the cursors, a beat every 5 s, the beat's
 * answer, Stored for what was taken. Envelopes are not verified and not kept: the
 * broker is measured, not these offices.
 */
enum {
    TB_LINES_BEAT_MS = 5000,
    TB_LINES_OFFICES_PER_CONTEXT = 250, /* libzmq has 1,023 sockets in one, an office three */
};

struct tb_lines;

/* What came in on the line of ${office}; borrowed until the next call. */
struct tb_line_frame {
    size_t office;
    const Tongbao__Frame *frame;
    struct tb_id id; /* of a Deliver: of its envelope */
};

/* Lines of the ${count} offices from ${first} on. */
struct tb_lines *tb_lines_open(const struct tb_crowd *crowd, size_t first, size_t count);
void tb_lines_close(struct tb_lines *lines);

/* The descriptors that so many offices take in this process; raises the limit as
 * far as it may and fails the run when that is not enough. */
void tb_lines_need_descriptors(size_t offices);

/*
 * The next Welcome, Answer, Deliver or Refusal of any line. Goes once round all
 * of them and then returns false, which is the moment to rest; Stored and beats
 * that are due leave then.
 */
bool tb_lines_next(struct tb_lines *lines, struct tb_line_frame *out);

/* Offer ${envelope} on the line of ${office}; false when its socket is full. */
bool tb_lines_offer(struct tb_lines *lines, size_t office, struct tb_bytes envelope);

size_t tb_lines_greeted(const struct tb_lines *lines);

#endif
