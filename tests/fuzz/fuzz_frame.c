#include "base/limits.h"
#include "proto/frame.h"
#include "proto/wire.h"
#include "tests/fuzz/fuzz.h"

/*
 * One frame of a link, from whoever has a link key. What is read can be packed, and
 * packed it reads and packs the same for ever.
 */
static void pack_again(const Tongbao__Frame *frame)
{
    struct tb_buf first;
    struct tb_buf second;
    const Tongbao__Frame *again;
    tb_buf_init(&first, TB_FRAME_BYTES_MAX);
    tb_buf_init(&second, TB_FRAME_BYTES_MAX);
    enum tb_status status = tb_frame_pack(&first, frame);
    tb_assert(status == TB_OK || status == TB_TOOBIG);
    if (status == TB_OK) {
        tb_assert(tb_frame_read(tb_buf_bytes(&first), fuzz_arena(1), &again) == TB_OK);
        tb_assert(again->kind_case == frame->kind_case);
        tb_assert(tb_frame_pack(&second, again) == TB_OK);
        tb_assert(tb_bytes_equal(tb_buf_bytes(&first), tb_buf_bytes(&second)));
    } else {
        tb_assert(first.size == 0);
    }
    tb_buf_fini(&second);
    tb_buf_fini(&first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const Tongbao__Frame *frame;
    enum tb_status status = tb_frame_read((struct tb_bytes){data, size}, fuzz_arena(0), &frame);
    fuzz_ended(status);
    tb_assert((status == TB_OK) == (frame != NULL));
    tb_assert(status == TB_OK || status == TB_MALFORMED || status == TB_TOOBIG ||
              status == TB_MEMORY);
    if (status == TB_OK) {
        tb_assert(size <= TB_FRAME_BYTES_MAX);
        pack_again(frame);
    }
    return 0;
}
