#ifndef TB_QUEUE_H
#define TB_QUEUE_H

#include "base/event.h"
#include "base/limits.h"

/*
 * queue - what is ready for the next turn, "at most 64 events".
 *
 * A source is left alone while the queue is full: its frames wait in its
 * socket, whose high-water mark holds the peer back. The queue owns copies of
 * the frames' bytes; a request is borrowed from whoever asks.
 */
struct tb_queue {
    struct tb_event events[TB_TURN_EVENTS_MAX];
    uint8_t *bytes[TB_TURN_EVENTS_MAX];
    size_t count;
};

bool tb_queue_full(const struct tb_queue *queue);
/* Append an event of ${kind} about ${from} with a fresh seed; returns it to be completed. Not
 * while the queue is full. */
struct tb_event *tb_queue_add(struct tb_queue *queue, enum tb_event_kind kind, uint64_t from);
/* The same for one frame, copied. */
void tb_queue_frame(struct tb_queue *queue, uint64_t from, const uint8_t key[TB_KEY_BYTES],
                    struct tb_bytes frame);
void tb_queue_clear(struct tb_queue *queue);

#endif
