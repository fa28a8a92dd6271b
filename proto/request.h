#ifndef TB_PROTO_REQUEST_H
#define TB_PROTO_REQUEST_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/diag.h"
#include "base/wall.h"
#include "proto/envelope.h"
#include "proto/tongbao.pb-c.h"

/*
 * request - an office asks its province to be admitted.
 *
 *   signed bytes = L‖"tongbao/1/request"‖L‖office‖L‖asked_at, where office is the
 *   Office's bytes as carried and asked_at 8 bytes, least significant first
 *
 * The office signs with the one key that it brings. That proves only that whoever
 * asks has the key: a person at the province compares the digest with the office
 * over the telephone before it goes into the directory.
 */
enum { TB_REQUEST_BYTES_MAX = 16 * 1024 };

/* Sign ${office}, whose one key is that of ${secret}, and append the request to
 * ${out}. TB_TOOBIG over a limit, TB_MALFORMED for an office that
 * tb_request_open would not take; ${out} is then as it was. */
enum tb_status tb_request_seal(struct tb_buf *out, const Tongbao__Office *office,
                               struct tb_wall asked_at,
                               const struct tb_sign_secret *secret) TB_MUST_USE;

/*
 * Verify ${bytes} and unpack them into ${arena}; ${digest}, BLAKE2b-256 of the
 * signed bytes, is what people compare. Fails: TB_TOOBIG; TB_MALFORMED (${diag}
 * says what: not exactly one active key, no code, no name); TB_SIGNATURE;
 * TB_MEMORY. ${request} is then NULL. The fields of the office are otherwise a
 * claim: the rules of a directory apply when one is made of it.
 */
enum tb_status tb_request_open(struct tb_bytes bytes, struct tb_arena *arena,
                               const Tongbao__Request **request, struct tb_id *digest,
                               struct tb_diag *diag) TB_MUST_USE;

#endif
