#ifndef TB_FRAME_H
#define TB_FRAME_H

#include "base/arena.h"
#include "base/bytes.h"
#include "proto/tongbao.pb-c.h"

/*
 * frame - one unit of a link between an office and a broker.
 *
 * Frames are neither signed nor stored: who speaks is proved by the link's key,
 * and what is worth proving later is in an envelope.
 *
 *   office                               broker
 *     Hello (cursors, directories)  -->
 *                                   <--  Welcome (epoch, repair?, chain heads)
 *     Offer (envelope)              -->
 *                                   <--  Answer (stored, fsynced)
 *                                   <--  Deliver (lane, seq, envelope)
 *     Stored (cursor)               -->
 *
 * Each frame is a Frame message with exactly one kind set; one with an unknown
 * kind is passed over, so that a newer peer may say more.
 */
enum {
    TB_LINK_VERSION = 1,
    TB_LISTING_IDS_MAX = 1024, /* of one Listing, Want or Fetch */
    TB_CHAIN_HEADS_MAX = 256,  /* of one Welcome: newest chains first */
    TB_EPOCH_BYTES = 16,       /* drawn when a broker's store is made */
};

/*
 * Unpack and check ${bytes}: id lengths, counts, codes, lanes, the frame's size
 * limit. TB_MALFORMED, TB_TOOBIG, TB_MEMORY; ${frame} is then NULL. A frame
 * whose kind this program does not know is TB_OK with kind_case NOT_SET.
 */
enum tb_status tb_frame_read(struct tb_bytes bytes, struct tb_arena *arena,
                             const Tongbao__Frame **frame) TB_MUST_USE;

/* Pack ${frame} into ${out}, emptied first. TB_TOOBIG over the limit of a frame
 * or of ${out}, which then is empty. */
enum tb_status tb_frame_pack(struct tb_buf *out, const Tongbao__Frame *frame) TB_MUST_USE;

#endif
