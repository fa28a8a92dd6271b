#ifndef TB_LIMITS_H
#define TB_LIMITS_H

/*
 * limits - every bound that more than one module must know (I10).
 *
 * A bound that only one module knows stands in that module's header. Reaching
 * one gives a clear refusal to the peer that did it and harms nobody else.
 */
enum {
    /* The envelope (design: 3, "The envelope"). */
    TB_HEAD_BYTES_MAX = 256,
    TB_BODY_BYTES_MAX = 64 * 1024,
    TB_PERSONAL_BYTES_MAX = 16 * 1024,
    TB_ENVELOPE_BYTES_MAX = TB_HEAD_BYTES_MAX + TB_BODY_BYTES_MAX + TB_PERSONAL_BYTES_MAX + 256,

    TB_RECIPIENTS_MAX = 512,  /* of one envelope */
    TB_RECEIPT_IDS_MAX = 256, /* named by one receipt */
    TB_ATTACHMENTS_MAX = 16,  /* of one notice */
    TB_TEXT_BYTES_MAX = 8192, /* of one text field */
    TB_NAME_BYTES_MAX = 128,  /* of an officer's, office's or river's name */
    TB_NUMBER_BYTES_MAX = 40, /* of a notice's number: 演140926-20250117-01 */

    /* A directory is carried in parts no larger than a frame. */
    TB_DIRECTORY_BYTES_MAX = 4 * 1024 * 1024,
    TB_DIRECTORY_PART_BYTES_MAX = 64 * 1024,
    TB_ROOTS_MAX = 40,         /* provinces trusted by one machine */
    TB_OFFICES_MAX = 400,      /* of one directory */
    TB_OFFICE_KEYS_MAX = 16,   /* of one office, old ones included */
    TB_OFFICE_BROKERS_MAX = 4, /* where one office reads */
    TB_DIRECTORY_BROKERS_MAX = 16,
    TB_OFFICE_PHONES_MAX = 8,

    /* One frame of a link: an envelope and what surrounds it. */
    TB_FRAME_BYTES_MAX = 128 * 1024,

    /* One turn. */
    TB_TURN_EVENTS_MAX = 64,
    TB_TURN_WORK_MS = 5,
    TB_OUTBOX_BYTES_MAX = 64 * 1024 * 1024,

    /* A parse takes at most this much memory in this many pieces. */
    TB_PARSE_BYTES_MAX = 1024 * 1024,
    TB_PARSE_COUNT_MAX = 16 * 1024,
    TB_WIRE_DEPTH_MAX = 8, /* of nested messages */

    TB_LINKS_MAX = 64, /* brokers that one node is linked to */
};

#endif
