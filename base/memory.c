#include "base/memory.h"

#include <stdlib.h>

#include "base/fault.h"

void *tb_memory_take(size_t size)
{
    void *memory = malloc(size == 0 ? 1 : size);
    tb_assert(memory != NULL);
    return memory;
}
