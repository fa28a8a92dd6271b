#include "base/fault.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void tb_assert_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "error fault %s:%d: %s\n", file, line, condition);
    abort();
}
