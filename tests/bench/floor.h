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
 *
 * Gone through without a pause it is the floor. Gone through with a rest before
 * each it says what the machine itself asks for having been left alone: disks and
 * processors of virtual machines wake slowly, and a quiet system meets that.
 */
struct tb_floor;

/* Start the relay and open the file in ${folder}. Fails the run if it cannot. */
struct tb_floor *tb_floor_open(const char *folder);
/* Go through the whole ${times} more, without a pause. */
void tb_floor_run(struct tb_floor *floor, int times);
/* The same with ${rest_ms} before each; kept apart. */
void tb_floor_run_rested(struct tb_floor *floor, int times, int rest_ms);
/* Print the figure floor_ms, and its parts beside it. */
void tb_floor_print(struct tb_floor *floor);
void tb_floor_close(struct tb_floor *floor);

#endif
