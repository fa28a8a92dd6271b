#ifndef TB_FLOOR_H
#define TB_FLOOR_H

/*
 * floor - what no program on this machine can go below.
 *
 * One signing and two verifications of 1 KiB (Ed25519), three appends of 1 KiB
 * each with its fdatasync, and two CURVE hops: a DEALER sends 1 KiB to a ROUTER
 * in another process, which hands it to a second DEALER. One after the other,
 * one in flight, by the bare libraries: no code of the product runs in it. The
 * file lies where the worlds lie, so that both use the same disk.
 */
struct tb_floor;

/* Start the relay and open the file in ${folder}. Fails the run if it cannot. */
struct tb_floor *tb_floor_open(const char *folder);
/* Go through the whole ${times} more. */
void tb_floor_run(struct tb_floor *floor, int times);
/* The median of all in milliseconds. */
double tb_floor_ms(struct tb_floor *floor);
/* Print the figure floor_ms, and its parts beside it. */
void tb_floor_print(struct tb_floor *floor);
void tb_floor_close(struct tb_floor *floor);

#endif
