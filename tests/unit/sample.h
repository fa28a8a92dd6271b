#ifndef TB_SAMPLE_H
#define TB_SAMPLE_H

#include "base/bytes.h"
#include "proto/envelope.h"
#include "proto/tongbao.pb-c.h"

/*
 * sample - fixed statements, keys and a directory for the tests of proto and for
 * the test vectors. The same call always gives the same bytes.
 */
struct sample_key {
    uint8_t seed[32];
    uint8_t public_key[TB_KEY_BYTES];
    struct tb_sign_secret secret;
};

/* The key whose seed is BLAKE2b-256 of ${name}. */
void sample_key(struct sample_key *key, const char *name);
/* BLAKE2b-256 of ${name}, as an id that names nothing. */
void sample_id(uint8_t out[TB_ID_BYTES], const char *name);

enum { SAMPLE_RECIPIENTS = 3 };

/* A body with all that it points at. */
struct sample {
    Tongbao__Body body;
    Tongbao__Recipient recipient[SAMPLE_RECIPIENTS];
    Tongbao__Recipient *recipients[SAMPLE_RECIPIENTS];
    Tongbao__Officer officer;
    Tongbao__Notice notice;
    Tongbao__Substance substance;
    Tongbao__Substance *substances[1];
    Tongbao__Measurement measurement;
    Tongbao__Measurement *measurements[1];
    Tongbao__Attachment attachment;
    Tongbao__Attachment *attachments[1];
    uint32_t article4[2];
    Tongbao__Receipt receipt;
    ProtobufCBinaryData ids[2];
    Tongbao__Acknowledgement acknowledgement;
    Tongbao__Call call;
    Tongbao__Objection objection;
    Tongbao__Widening widening;
    Tongbao__Disclosure disclosure;
    Tongbao__Deed deed;
    Tongbao__Destruction destruction;
    Tongbao__Recall recall;
    ProtobufCMessageUnknownField unknown;
    uint8_t chain[TB_CHAIN_BYTES];
    uint8_t incident[TB_INCIDENT_BYTES];
    uint8_t previous[TB_ID_BYTES];
    uint8_t subject[TB_ID_BYTES];
    uint8_t second[TB_ID_BYTES];
    uint8_t digest[TB_ID_BYTES];
};

void sample_notice(struct sample *sample, Tongbao__Notice__Kind kind);
void sample_receipt(struct sample *sample);
void sample_acknowledgement(struct sample *sample);
void sample_call(struct sample *sample);
void sample_objection(struct sample *sample);
void sample_widening(struct sample *sample);
/* Published, with one piece of evidence. */
void sample_disclosure(struct sample *sample);
void sample_deed(struct sample *sample);
void sample_destruction(struct sample *sample);
/* The province is asked; it answers. */
void sample_recall(struct sample *sample);
void sample_recall_answer(struct sample *sample);
/* A statement of field 40, which this version does not know. */
void sample_unknown(struct sample *sample);
/* Bind ${personal} to the body. */
void sample_personal(struct sample *sample, struct tb_bytes personal);

/* A literal as protobuf-c wants it: it has no const, and only reads. */
char *sample_text(const char *text);

/* The signed bytes L‖context‖L‖head‖L‖body appended to ${out}, made without any
 * of proto's code. */
void sample_signed(struct tb_buf *out, const char *context, struct tb_bytes head,
                   struct tb_bytes body);
/* An envelope of ${head} and ${body} as they are, signed in ${context} with
 * libsodium alone: for what the product's own seal refuses to make. */
void sample_craft(struct tb_buf *out, const char *context, struct tb_bytes head,
                  struct tb_bytes body, const struct sample_key *key);
/* Append a field of ${number} with ${content}, shortest form. */
void sample_field(struct tb_buf *out, uint32_t number, struct tb_bytes content);
/* The packed bytes of ${message} in ${out}. */
void sample_pack(struct tb_buf *out, const ProtobufCMessage *message);

enum { SAMPLE_OFFICES = 4, SAMPLE_BROKERS = 2, SAMPLE_KEYS = 3 };

/* Shanxi as it might be: a province, a city, two counties, two brokers. */
struct sample_directory {
    Tongbao__DirectoryBody body;
    Tongbao__Office office[SAMPLE_OFFICES];
    Tongbao__Office *offices[SAMPLE_OFFICES];
    Tongbao__Key key[SAMPLE_OFFICES][SAMPLE_KEYS];
    Tongbao__Key *keys[SAMPLE_OFFICES][SAMPLE_KEYS];
    struct sample_key sign[SAMPLE_OFFICES][SAMPLE_KEYS];
    struct sample_key link[SAMPLE_OFFICES][SAMPLE_KEYS];
    char *reads[SAMPLE_BROKERS];
    Tongbao__Phone phone;
    Tongbao__Phone *phones[1];
    Tongbao__Broker broker[SAMPLE_BROKERS];
    Tongbao__Broker *brokers[SAMPLE_BROKERS];
    Tongbao__Key broker_key[SAMPLE_BROKERS];
    struct sample_key broker_sign[SAMPLE_BROKERS];
    struct sample_key broker_link[SAMPLE_BROKERS];
    char *endpoints[1];
    Tongbao__File file;
    Tongbao__File *files[1];
    struct sample_key root;
};

/* The offices are ${prefix}0000, ${prefix}0900, ${prefix}0925 and ${prefix}0926;
 * each key is active but the second (retired) and third (revoked) of the last. */
void sample_directory(struct sample_directory *sample, uint32_t prefix);

#endif
