#include "base/io/random.h"

#include <sodium.h>

#include "base/fault.h"

void tb_random_fill(void *out, size_t size)
{
    /* Safe to call any number of times; the first opens the system's source. */
    tb_assert(sodium_init() >= 0);
    randombytes_buf(out, size);
}
