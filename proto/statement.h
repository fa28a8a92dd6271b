#ifndef TB_STATEMENT_H
#define TB_STATEMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "proto/envelope.h"
#include "proto/tongbao.pb-c.h"

/*
 * statement - what an envelope says, and who may say it.
 *
 * A kind that this program does not know is stored, receipted and shown as
 * 不识别的内容, never refused (design: The envelope).
 */
enum tb_kind {
    TB_KIND_UNKNOWN,
    TB_KIND_NOTICE,
    TB_KIND_RECEIPT,
    TB_KIND_ACKNOWLEDGEMENT,
    TB_KIND_CALL,
    TB_KIND_OBJECTION,
    TB_KIND_WIDENING,
    TB_KIND_DISCLOSURE,
    TB_KIND_DEED,
    TB_KIND_RECALL,
    TB_KIND_DESTRUCTION,
};

/* Bounds that only statements know (I10). Times are 0 (not known) or a
 * millisecond of the years 1970 to 9999: whatever lies outside is no time. */
enum {
    TB_SUBSTANCES_MAX = 64,    /* of one notice */
    TB_MEASUREMENTS_MAX = 256, /* of one notice */
    TB_ARTICLE4_MAX = 16,      /* of one notice; conditions 1 to 6 are known */
    TB_CONDITIONS = 6,         /* of Order 17 Art. 4 */
    TB_ATTACHMENT_BYTES_MAX = 20 * 1024 * 1024,
};
#define TB_TIME_MS_MAX INT64_C(253402300799999)

enum tb_lane { TB_LANE_FIRST = 1, TB_LANE_REST = 2 };
enum { TB_LANES = 2 };

enum tb_kind tb_statement_kind(const Tongbao__Body *body);
const char *tb_kind_text(enum tb_kind kind); /* "notice", … "unknown" */

/* Lane 1 carries actual notices of every kind; lane 2 everything else. */
enum tb_lane tb_statement_lane(enum tb_world world, enum tb_kind kind);

/* Notices, acknowledgements, calls, disclosures, deeds and destructions are chained; receipts,
 * objections, widenings and recalls are not. Of an unknown kind nothing is known: false. */
bool tb_kind_chained(enum tb_kind kind);
/* True when ${body}, which was checked, stands in a chain; right for unknown
 * kinds too. */
bool tb_statement_chained(const Tongbao__Body *body);

/* "first", "follow_up" …; "unknown" for a kind from a newer program. */
const char *tb_notice_kind_text(Tongbao__Notice__Kind kind);
/* Follow-up, correction, all-clear and final continue a notice. */
bool tb_notice_continues(Tongbao__Notice__Kind kind);

/*
 * The shape of a verified body: lengths of ids, counts and names within limits,
 * chain fields present exactly where the kind is chained (an unknown kind may
 * have all or none), an incident where there is a notice, times that are times,
 * offices that are codes and stand once among the recipients, a named officer
 * behind an acknowledgement (I4), a disclosure, a deed and a destruction, evidence for what was
 * published. TB_MALFORMED or TB_TOOBIG. What a notice
 * lacks beyond that is shown and chased, never refused (I6).
 */
enum tb_status tb_statement_check(const Tongbao__Body *body) TB_MUST_USE;

/*
 * Who may say what (design: Trust). ${subject_origin} is the origin of the
 * notice that the statement is about and ${subject_world} its world; 0 and
 * TB_WORLD_NONE when that notice has not arrived, and then only what can be
 * judged without it is judged.
 *
 * A key signs only for its office (the caller has established that). First
 * notice, planned release, inquiry: any office. Follow-up, correction,
 * all-clear, final: only the origin of the notice that they continue, same
 * world. Acknowledgement: same world (I7), any office for itself. Call: any
 * office. Deed: any office for itself. Destruction: any office, for itself alone unless
 * it is the origin of the notice. Disclosure: the origin of the notice, its
 * city, its province. Recall: any office for itself in the actual world, and a
 * province's answer to one. Widening: a broker, about an actual notice. Offices speak in a world,
 * brokers in none. Whatever is about a notice is of its world (I7).
 * TB_AUTHORITY otherwise, final. An unknown kind is judged by its signer alone.
 */
enum tb_status tb_statement_authority(const struct tb_envelope *envelope, const Tongbao__Body *body,
                                      uint32_t subject_origin, enum tb_world subject_world,
                                      bool signer_is_broker) TB_MUST_USE;

/* "Disclosure: the incident's origin, its city, its province", by their codes. */
bool tb_statement_discloses(uint32_t office, uint32_t origin);

/* True for a Recall that asks, false for the province's answer. */
bool tb_recall_asks(const Tongbao__Recall *recall);

/* The id of the envelope that a statement is about: what a notice regards, an
 * acknowledgement, call, disclosure, deed or destruction is about, an objection or widening names.
 * False when it has none; a receipt has many and so none. */
bool tb_statement_subject(const Tongbao__Body *body, struct tb_id *subject);

/* True when ${office} is among the recipients. */
bool tb_statement_names(const Tongbao__Body *body, uint32_t office);

#endif
