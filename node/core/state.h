#ifndef TB_STATE_H
#define TB_STATE_H

#include <sqlite3.h>

#include "base/arena.h"
#include "base/fault.h"
#include "node/core/node.h"
#include "node/core/query.h"
#include "proto/frame.h"
#include "proto/statement.h"

/*
 * state - what the modules of the node share; nobody outside node/core reads it.
 *
 * What must last is in the store. What is kept beside it, struct tb_desk, is
 * plain values and copied whole before each turn and each event, so that an
 * event that is undone, or a turn that is rolled back, leaves it as it was.
 */
enum {
    /* Half of what a broker lets stand in its smaller window: it is told at once. */
    TB_STORED_SOON_ROWS = 16,
    TB_STORED_SOON_BYTES = 128 * 1024,
    TB_OFFERS_INFLIGHT_MAX = 64, /* per link, not yet answered */
    TB_LATER_MS = 60000,         /* "after `full` every 60 s" */
    TB_ALARM_MS = 60000,
    TB_CHOKED_MS = 1000,      /* until a full socket is tried again */
    TB_LACKING_MS = 600000,   /* until own envelopes that are lacking are asked for again */
    TB_DISKFULL_MS = 5000,    /* until mail is asked for again after a full disk */
    TB_PART_MS = 10000,       /* until a part that does not come is given up */
    TB_REPAIR_TRIES_MAX = 10, /* of an envelope of another office, in one repair */
    TB_SKEW_MS = 30000,       /* of a peer's clock, beyond which it is said */
    TB_PARK_ROWS_MAX = 1000,
    TB_PARK_BYTES_MAX = 16 * 1024 * 1024,
    TB_PARK_IDS_MAX = 100 * 1000,
    TB_REFUSED_ROWS_MAX = 1000,
    TB_FETCH_ROWS_MAX = 16,     /* of the park, asked for at once */
    TB_CHORE_ROWS_MAX = 64,     /* of the park or of old offers, in one event */
    TB_LISTING_SCAN_MAX = 4096, /* ledger rows looked at for one page */
    TB_KEPT_DAYS = 30,          /* of a repair, of answers to requests */
    TB_TITLE_BYTES_MAX = 256,
    TB_LACKING_HEADS_MAX = 256, /* that brokers alone named */
    TB_GIVING_ROWS_MAX = 16,    /* of a batch that is given back */
    TB_GIVING_SCAN_MAX = 64,    /* ledger rows looked at for one */
};

/* How an envelope's key stood when it came. */
enum tb_mark { TB_MARK_RETIRED = 1, TB_MARK_REVOKED = 2 };

/* An offer: pending -> accepted | refused | later -> pending … */
enum tb_offer_state { TB_OFFER_PENDING, TB_OFFER_ACCEPTED, TB_OFFER_REFUSED, TB_OFFER_LATER };

/* One link to a broker; see link.h for its states. */
struct tb_link {
    uint64_t handle; /* 0: a free place */
    char broker[TB_NAME_BYTES_MAX + 1];
    bool up;
    bool greeted;                /* its Welcome came */
    uint32_t inflight;           /* offers not answered yet */
    int64_t offered_n[TB_LANES]; /* the ledger row of the last offer, per lane */
    uint64_t later_ms;           /* offer again what is "later"; UINT64_MAX: nothing is */
    uint64_t hello_ms;           /* greet again; UINT64_MAX: no need */
    int64_t fetched_k;           /* of the park: fetched up to here, 0: not begun */
    uint32_t fetching;           /* asked for and not come yet */
    uint64_t fetch_ms;           /* until it is given up; UINT64_MAX: nothing is asked for */
    struct tb_id lacked;         /* own envelopes lacking: asked for up to this id … */
    uint64_t lacking_ms;         /* … and on behind it then; UINT64_MAX: none is */
    bool held;                   /* a full disk: its mail waits there, and it was told */
    bool listing;                /* a repair is being listed … */
    int64_t listed_n;            /* … up to this ledger row */
    uint32_t unread;             /* pages of it that no Want has answered yet */
    bool anew[TB_LANES];         /* a repair: the cursor follows the broker, back too */
    bool anew_position;          /* and so does what it accepted last */
    bool stored_due[TB_LANES];   /* a cursor moved in this turn */
    bool begun[TB_LANES];        /* its horizon is known in this lane */
    uint64_t stored_seq[TB_LANES];
    struct tb_id stored_id[TB_LANES];
    uint32_t unsaid_rows; /* passed since a frame last went at once … */
    size_t unsaid_bytes;  /* … which takes every Stored that waits along */
};

/* A directory that a link offers; the first of those wanted is arriving, its bytes
 * are in tb_node.download. */
struct tb_wanted {
    uint64_t handle;
    uint32_t prefix;
    uint64_t version;
};

/* The batch that a province is giving back now; see giving.h. */
enum tb_giving_state { TB_GIVING_OPEN, TB_GIVING_TAKEN, TB_GIVING_REFUSED };
struct tb_giving_row {
    int64_t n;
    bool own; /* the office's own */
    bool answered;
    enum tb_giving_state state;
};
struct tb_giving {
    uint32_t office; /* 0: nothing is under way */
    uint64_t handle; /* of the link */
    uint64_t batch;  /* told apart in tags */
    struct tb_giving_row row[TB_GIVING_ROWS_MAX];
    size_t count;
    size_t sent;
    size_t answered;
    int64_t scanned_n; /* the last ledger row that the batch covers */
    int64_t tries;
    uint32_t looked_office; /* of this office nothing was found …  */
    int64_t looked_n;       /* … up to this row, which is not committed */
    bool later;             /* something of it must be offered again */
    uint64_t due_ms;
};

/* Where looking for clocks that fall due stands; see reminder.h. */
struct tb_reminding {
    uint64_t due_ms;    /* the next look */
    uint32_t seen;      /* incidents of this round that were looked at */
    int64_t soonest_ms; /* wall time at which one of them has something to tell */
};

struct tb_desk {
    struct tb_link links[TB_LINKS_MAX];
    struct tb_wanted wanted[TB_ROOTS_MAX]; /* at most one a prefix */
    size_t wanted_count;
    uint64_t asked_ms; /* when the last part was asked for */
    uint64_t mono_ms;  /* of the last turn */
    int64_t first_n;   /* the ledger's last row when the turn began */
    bool streamed;     /* the stream grew in this turn */
    bool alarm_fresh;  /* an actual notice came in this turn */
    uint64_t alarm_ms; /* the next run; UINT64_MAX: nothing waits */
    int64_t park_k;    /* the park is being tried again from here; -1: it is not */
    int64_t refresh_n; /* old offers are being renewed from here; -1: they are not */
    struct tb_giving giving;
    uint64_t pause_ms; /* nothing is due before: a full disk undid what was */
    struct tb_reminding reminder;
};

enum tb_sql {
#define SQL(name, text) TB_SQL_##name,
#include "node/core/sql.def"
#undef SQL
    TB_SQL_COUNT
};

/* Whom an envelope is for, as the rule, the officer or an earlier notice says. */
struct tb_addressee {
    uint32_t office;
    bool required;
    bool outside;
    uint32_t hops;
    char clause[TB_CLAUSE_BYTES_MAX];
    char river[TB_NAME_BYTES_MAX + 1];
};

struct tb_recipients {
    size_t count;
    struct tb_addressee at[TB_RECIPIENTS_MAX];
};

struct tb_law;

struct tb_node {
    struct tb_db *db;
    struct tb_node_config config;
    struct tb_directories *set; /* borrowed */
    struct tb_atlas *atlas;
    struct tb_law *law;
    struct sqlite3_stmt *sql[TB_SQL_COUNT];

    struct tb_desk desk;
    struct tb_desk before_event;
    struct tb_desk before_turn;
    bool inside_turn;
    bool scarce;    /* the disk is full: only what is our own is written */
    bool unsettled; /* a turn was rolled back: a directory is in force and not stored */

    struct tb_node_link reach[TB_LINKS_MAX]; /* tb_node_links, kept */
    size_t reach_count;

    struct tb_result failure; /* why the present request is being undone */

    /* Room that is used again and again, never across an event. */
    struct tb_arena frame_arena; /* of the frame that came in */
    struct tb_arena body_arena;  /* of the envelope being stored */
    struct tb_buf envelope;      /* an own envelope, or one with its personal part */
    struct tb_buf frame;         /* an outgoing frame */
    struct tb_buf download;      /* the directory that is arriving */
    struct tb_buf parked;        /* an envelope that is judged again */
    struct tb_recipients route;
    char password[TB_PASSWORD_HASH_BYTES_MAX]; /* of the last tb_query_password */
};

/* What the handlers of one event carry along. */
struct tb_at {
    const struct tb_now *now;
    const uint8_t *seed; /* NULL in finish */
    struct tb_outbox *out;
};

/* The official name of ${code} for people, "" if none is known (query.c). */
void tb_query_name(struct tb_node *node, uint32_t code, char out[TB_NAME_BYTES_MAX]);

#define TB_SQL(node, name) ((node)->sql[TB_SQL_##name])

#endif
