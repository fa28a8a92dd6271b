#ifndef SIM_LAND_H
#define SIM_LAND_H

#include "base/bytes.h"
#include "proto/directory.h"
#include "tests/unit/fixture.h"

/*
 * land - where a simulated day takes place: twelve offices on the Fen, the Huihe and
 * the Sanggan, one of them across the border in Hebei, two brokers in Shanxi, two
 * provinces with root keys. All keys are made from the seed.
 *
 * Change what stands in it, then publish the next version of a prefix.
 */
enum { SIM_OFFICES = 12, SIM_BROKERS = 2, SIM_PLACES = SIM_OFFICES + SIM_BROKERS };
enum { SIM_KEYS_MAX = 4, SIM_SHANXI = 14, SIM_HEBEI = 13 };

struct sim_office {
    uint32_t code;
    const char *name;
    const char *river; /* on which its incidents happen */
    bool reads[SIM_BROKERS];
    bool listed; /* stands in the next directory */
    struct fix_key key[SIM_KEYS_MAX];
    size_t keys; /* the last is the one it signs with */
};

struct sim_land {
    struct fix_key root[2]; /* 14, 13 */
    struct tb_id fingerprint[2];
    uint64_t version[2]; /* last published; 0: none */
    struct sim_office office[SIM_OFFICES];
    struct fix_key broker[SIM_BROKERS];
    bool cut_short; /* the next rivers lack the Fen's reach 静乐-娄烦: an old topology */
};

extern const char *const sim_broker_name[SIM_BROKERS];

void sim_land_init(struct sim_land *land, uint64_t seed);
/* Append the next version of ${prefix}'s directory to ${out}, emptied first. */
void sim_land_publish(struct sim_land *land, uint32_t prefix, int64_t at_ms, struct tb_buf *out);
/* The index of the office ${code}; SIM_OFFICES when it is none of ours. */
size_t sim_land_find(const struct sim_land *land, uint32_t code);

#endif
