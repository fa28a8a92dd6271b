#include "base/io/crowd.h"

#include <dirent.h>
#include <sys/resource.h>

#include "base/io/say.h"

void tb_crowd_init(struct tb_crowd *crowd, struct tb_sock *door)
{
    *crowd = (struct tb_crowd){.door = door};
}

long tb_crowd_held(void)
{
    DIR *dir = opendir("/proc/self/fd");
    long count = -3; /* ".", ".." and the folder itself */
    if (dir == NULL) {
        return -1;
    }
    while (readdir(dir) != NULL) {
        count++;
    }
    closedir(dir);
    return count;
}

long tb_crowd_limit(void)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < INT32_MAX
               ? (long)limit.rlim_cur
               : (long)INT32_MAX;
}

static long reserve(long limit)
{
    long part = limit / TB_CROWD_RESERVE_PART;
    return part > TB_CROWD_RESERVE_MIN ? part : TB_CROWD_RESERVE_MIN;
}

void tb_crowd_tick(struct tb_crowd *crowd, uint64_t now_ms)
{
    if (now_ms < crowd->look_ms) {
        return;
    }
    crowd->look_ms = now_ms + TB_CROWD_LOOK_MS;
    long limit = tb_crowd_limit();
    long held = tb_crowd_held();
    /* If it cannot be counted, there is not one left to count with. */
    long free_ones = held < 0 ? 0 : limit - held;
    if (!crowd->shut && free_ones < reserve(limit) && tb_sock_shut(crowd->door) == TB_OK) {
        crowd->shut = true;
        tb_say(TB_NOTE_DOOR_SHUT, held, limit);
    } else if (crowd->shut && free_ones >= 2 * reserve(limit) &&
               tb_sock_open(crowd->door) == TB_OK) {
        crowd->shut = false;
        tb_say(TB_NOTE_DOOR_OPEN, held, limit);
    }
}

uint64_t tb_crowd_due_ms(const struct tb_crowd *crowd)
{
    return crowd->look_ms;
}
