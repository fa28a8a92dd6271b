#include "broker/io/shut.h"

#include <string.h>

#include "base/fault.h"

/* Where ${peer} is or would stand. */
static size_t place_of(const struct tb_shut *shut, uint64_t peer)
{
    size_t low = 0;
    size_t high = shut->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (shut->handle[middle] < peer) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

enum tb_shut_state tb_shut_state(const struct tb_shut *shut, uint64_t peer)
{
    size_t place = place_of(shut, peer);
    if (place == shut->count || shut->handle[place] != peer) {
        return TB_SHUT_OPEN;
    }
    return shut->gone[place] ? TB_SHUT_GONE : TB_SHUT_FULL;
}

void tb_shut_add(struct tb_shut *shut, uint64_t peer, bool gone)
{
    size_t place = place_of(shut, peer);
    size_t behind = shut->count - place;
    tb_assert(shut->count < TB_SHUT_MAX);
    memmove(&shut->handle[place + 1], &shut->handle[place], behind * sizeof shut->handle[0]);
    memmove(&shut->gone[place + 1], &shut->gone[place], behind * sizeof shut->gone[0]);
    shut->handle[place] = peer;
    shut->gone[place] = gone;
    shut->count++;
}

void tb_shut_clear(struct tb_shut *shut)
{
    shut->count = 0;
}
