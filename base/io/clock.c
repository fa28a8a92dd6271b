#include "base/io/clock.h"

#include <time.h>

#include "base/fault.h"

struct tb_now tb_clock_read(void)
{
    struct timespec mono;
    struct timespec real;
    int mono_failed = clock_gettime(CLOCK_MONOTONIC, &mono);
    int real_failed = clock_gettime(CLOCK_REALTIME, &real);
    tb_assert(mono_failed == 0);
    tb_assert(real_failed == 0);
    return (struct tb_now){
        .mono_ms = (uint64_t)mono.tv_sec * 1000u + (uint64_t)mono.tv_nsec / 1000000u,
        .wall = {(int64_t)real.tv_sec * 1000 + real.tv_nsec / 1000000},
    };
}
