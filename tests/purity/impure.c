/* What pure code may not do, for the check to find. */
#include <stdlib.h>
#include <time.h>

const char *tb_impure(long *now);

const char *tb_impure(long *now)
{
    *now = (long)time(NULL);
    return getenv("TZ");
}
