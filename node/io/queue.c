#include "node/io/queue.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/io/random.h"

bool tb_queue_full(const struct tb_queue *queue)
{
    return queue->count == TB_TURN_EVENTS_MAX;
}

struct tb_event *tb_queue_add(struct tb_queue *queue, enum tb_event_kind kind, uint64_t from)
{
    tb_assert(!tb_queue_full(queue));
    struct tb_event *event = &queue->events[queue->count];
    queue->bytes[queue->count] = NULL;
    queue->count++;
    *event = (struct tb_event){.kind = kind, .from = from};
    tb_random_fill(event->seed, sizeof event->seed);
    return event;
}

void tb_queue_frame(struct tb_queue *queue, uint64_t from, const uint8_t key[TB_KEY_BYTES],
                    struct tb_bytes frame)
{
    struct tb_event *event = tb_queue_add(queue, TB_EVENT_FRAME, from);
    uint8_t *copy = malloc(frame.size);
    tb_assert(copy != NULL);
    memcpy(copy, frame.data, frame.size);
    queue->bytes[queue->count - 1] = copy;
    memcpy(event->key, key, sizeof event->key);
    event->data = tb_bytes_of(copy, frame.size);
}

void tb_queue_clear(struct tb_queue *queue)
{
    for (size_t i = 0; i < queue->count; i++) {
        free(queue->bytes[i]);
    }
    queue->count = 0;
}
