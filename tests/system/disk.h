#ifndef TB_DISK_H
#define TB_DISK_H

#include <stddef.h>

/*
 * disk - a small real file system under a place's data folder, to be filled.
 *
 *   tb_disk_mount --> room --tb_disk_fill--> not a byte --tb_disk_room--> room
 *
 * A tmpfs of a fixed size in a mount namespace of the test program's own: nobody
 * else sees it, the programs that the test starts do, and it ends with them. An
 * ordinary user gets the right to mount by a user namespace. Where the kernel or
 * a container forbids both, the test fails and says what it needs; it is never
 * passed over.
 */

/* Lay one of ${bytes} over ${folder}, which is made if need be and must be empty. */
void tb_disk_mount(const char *folder, size_t bytes);
/* Take all room that is left, in one more file each time. */
void tb_disk_fill(const char *folder);
/* Remove what tb_disk_fill made. */
void tb_disk_room(const char *folder);
/* Nothing uses it any more. */
void tb_disk_unmount(const char *folder);

#endif
