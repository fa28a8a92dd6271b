#ifndef TB_ROOT_H
#define TB_ROOT_H

#include "base/bytes.h"

/*
 * root - the key of one province, as a machine pins it.
 *
 * "A node trusts a list of roots, each for its code prefix, pinned by
 * fingerprint."
 */
struct tb_root {
    uint32_t prefix; /* the first two digits of GB/T 2260 */
    struct tb_id fingerprint;
};

#endif
