#ifndef TB_ENVELOPE_H
#define TB_ENVELOPE_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/event.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/status.h"
#include "proto/tongbao.pb-c.h"

/*
 * envelope - the signed bytes that carry any statement.
 *
 *   signed bytes = L‖context‖L‖head‖L‖body, L = 4 bytes, least significant first
 *   signature    = Ed25519 over them;  id = BLAKE2b-256 of them
 *
 * The bytes are stored and passed on as they came, never packed again. The
 * head is read first, to find key and context; the body is parsed only after
 * the signature held. The world is in the context: an exercise can never
 * verify as actual (I7).
 *
 * Unknown fields are welcome in head and body, where the signature covers them.
 * The outer Envelope has exactly one encoding - its four fields in order, with
 * shortest lengths, an empty one absent - so that nobody can add to it or
 * change it on the way. The personal part alone can fall away (I11); it begins
 * with TB_PERSONAL_SALT_BYTES of salt, lest its digest be guessed back.
 */
enum {
    TB_SIGNATURE_BYTES = 64,
    TB_KEY_ID_BYTES = 8,
    TB_CHAIN_BYTES = 16,
    TB_INCIDENT_BYTES = 16,
    TB_PERSONAL_SALT_BYTES = 16,
    TB_PERSONAL_TEXT_BYTES_MAX = TB_PERSONAL_BYTES_MAX - TB_PERSONAL_SALT_BYTES,
    TB_ENVELOPE_VERSION = 1,
    TB_ALGORITHM_ED25519 = 1,
    /* An office's code: six digits of GB/T 2260, the first two its province. */
    TB_OFFICE_CODE_MIN = 100000,
    TB_OFFICE_CODE_MAX = 999999,
    TB_CODES_OF_PROVINCE = 10000,
};

/* The province of ${office}, itself if it is one: its code ends in four noughts. */
static inline uint32_t tb_province_of(uint32_t office)
{
    return office - office % TB_CODES_OF_PROVINCE;
}

enum tb_world { TB_WORLD_NONE, TB_WORLD_ACTUAL, TB_WORLD_EXERCISE, TB_WORLD_TEST };

/* "actual", "exercise", "test", "none"; as in JSON, on the command line and, with
 * "tongbao/1/" before it ("tongbao/1/broker" for none), as the context. */
const char *tb_world_text(enum tb_world world);
bool tb_world_parse(const char *text, enum tb_world *world); /* not "none" */

/* An envelope taken apart; everything points into the bytes it was read from. */
struct tb_envelope {
    struct tb_bytes bytes; /* the whole */
    struct tb_bytes head;
    struct tb_bytes body;
    struct tb_bytes signature;
    struct tb_bytes personal;
    uint32_t version;
    enum tb_world world;
    uint32_t origin;
    uint8_t key_id[TB_KEY_ID_BYTES];
    uint32_t algorithm;
    uint64_t directory_version;
    struct tb_id id;
};

/*
 * Take ${bytes} apart, read the head and compute the id. Nothing is verified.
 * Fails: TB_TOOBIG over a limit; TB_MALFORMED; TB_VERSION for a major version,
 * a world or an algorithm that this program does not know. Then id and head
 * fields are still set as far as they were read, an unknown world is
 * TB_WORLD_NONE, and the id is only the local name of what is parked: a
 * program that knows the version may compute another.
 */
enum tb_status tb_envelope_read(struct tb_envelope *envelope, struct tb_bytes bytes) TB_MUST_USE;

/* TB_OK when the signature over the signed bytes is ${key}'s (32 bytes) and the
 * personal part, if any, has the digest in the body; else TB_SIGNATURE. */
enum tb_status tb_envelope_verify(const struct tb_envelope *envelope,
                                  const uint8_t key[TB_KEY_BYTES]) TB_MUST_USE;

/* Unpack the body of a verified envelope into ${arena} and check the shape of
 * what it says (statement.h). TB_MALFORMED, TB_TOOBIG, or TB_MEMORY when the
 * arena's budget is used up; ${body} is then NULL. */
enum tb_status tb_envelope_body(const struct tb_envelope *envelope, struct tb_arena *arena,
                                const Tongbao__Body **body) TB_MUST_USE;

/* What a seal needs beside the body. */
struct tb_seal {
    enum tb_world world;
    uint32_t origin;
    uint64_t directory_version;
    const struct tb_sign_secret *secret;
    struct tb_bytes personal; /* may be empty; its digest must be in the body */
};

/*
 * Pack and sign ${body}, append the envelope to ${out}, give its id. What no
 * reader would take is not sealed: TB_TOOBIG over a limit, TB_MALFORMED for a
 * body without the right shape (statement.h), a text that is none, or a personal
 * part without salt or with another digest; ${out} is then as it was.
 */
enum tb_status tb_envelope_seal(struct tb_buf *out, const struct tb_seal *seal,
                                const Tongbao__Body *body, struct tb_id *id) TB_MUST_USE;

/* The first eight bytes of BLAKE2b-256 of a public signing key. */
void tb_key_id(uint8_t out[TB_KEY_ID_BYTES], const uint8_t key[TB_KEY_BYTES]);

/* BLAKE2b-256 of ${bytes}. */
void tb_digest(struct tb_id *out, struct tb_bytes bytes);

/* ${size} ≤ 64 bytes drawn from an event's seed for the purpose ${label}. */
void tb_draw(uint8_t *out, size_t size, const uint8_t seed[TB_SEED_BYTES], const char *label);

#endif
