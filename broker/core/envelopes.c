#include "broker/core/envelopes.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

enum { PERSONAL_FIELD = 4, VARINT_BYTES_MAX = 10, TAG_BYTES_MAX = 16 };

enum {
    FIND,
    AT,
    LOAD,
    ADD,
    FILL,
    STORED,
    WAITS,
    OLD_STORED,
    OLD_WAITING,
    DROP,
    DROP_WIDENED,
    DROP_ASIDE,
    WIDENED,
    WIDEN,
    UNTOLD,
    ASIDE,
    DESTROY,
    BLANK,
    DESTROYED,
    DROP_DESTROYED,
    RAN,
    TALLY,
    STMTS
};

#define ROW "n, id, origin, world, kind, key_id, admitted_ms"

static const char *const texts[STMTS] = {
    [FIND] = "SELECT " ROW " FROM envelope WHERE id = ?",
    [AT] = "SELECT " ROW " FROM envelope WHERE n = ?",
    [LOAD] = "SELECT bytes, personal FROM envelope WHERE n = ?",
    [ADD] = "INSERT INTO envelope (id, bytes, personal, origin, world, kind, key_id, admitted_ms,"
            " admitted_ran_ms, stored_ran_ms)"
            " VALUES (?, ?, nullif(?, x''), ?, ?, ?, ?, ?, ?, NULL)",
    [FILL] = "UPDATE envelope SET personal = ? WHERE n = ? AND personal IS NULL",
    [STORED] = "UPDATE envelope SET stored_ran_ms = ? WHERE n = ? AND stored_ran_ms IS NULL",
    [WAITS] = "UPDATE envelope SET stored_ran_ms = NULL WHERE n = ? AND stored_ran_ms IS NOT NULL",
    [OLD_STORED] = "SELECT n FROM envelope WHERE stored_ran_ms IS NOT NULL AND stored_ran_ms < ?"
                   " ORDER BY stored_ran_ms, n LIMIT 1",
    [OLD_WAITING] = "SELECT n FROM envelope WHERE admitted_ran_ms < ?"
                    " ORDER BY admitted_ran_ms, n LIMIT 1",
    [DROP] = "DELETE FROM envelope WHERE n = ?",
    [DROP_WIDENED] = "DELETE FROM widened WHERE envelope_n = ?",
    [DROP_ASIDE] = "DELETE FROM aside WHERE envelope_n = ?",
    [WIDENED] = "SELECT envelope_n, office, statement_n, told FROM widened"
                " WHERE envelope_n = ? AND office = ?",
    [WIDEN] = "INSERT INTO widened (envelope_n, office, statement_n, told) VALUES (?, ?, ?, ?)"
              " ON CONFLICT DO UPDATE SET told = excluded.told",
    [UNTOLD] = "SELECT envelope_n, office, statement_n, told FROM widened"
               " WHERE told = 0 AND (envelope_n, office) > (?, ?)"
               " ORDER BY envelope_n, office LIMIT 1",
    [ASIDE] = "INSERT INTO aside (envelope_n, office, outcome, reason, at_ms)"
              " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET outcome = excluded.outcome,"
              " reason = excluded.reason, at_ms = excluded.at_ms",
    [DESTROY] = "INSERT INTO destroyed (id, origin, statement_n) VALUES (?, ?, ?)"
                " ON CONFLICT DO NOTHING",
    [BLANK] = "UPDATE envelope SET personal = NULL WHERE id = ? AND origin = ?"
              " AND personal IS NOT NULL",
    [DESTROYED] = "SELECT 1 FROM destroyed WHERE id = ? AND origin = ?",
    [DROP_DESTROYED] = "DELETE FROM destroyed WHERE statement_n = ?",
    [RAN] = "SELECT ran_ms FROM tally",
    [TALLY] = "INSERT INTO tally (one, ran_ms) VALUES (1, ?)"
              " ON CONFLICT DO UPDATE SET ran_ms = excluded.ran_ms",
};

struct tb_envelopes {
    struct tb_db *db;
    int64_t ran_ms;      /* at all starts before this one */
    uint64_t since_ms;   /* monotonic, when this one began */
    uint64_t written_ms; /* monotonic, when the tally was written */
    struct sqlite3_stmt *stmts[STMTS];
};

struct tb_envelopes *tb_envelopes_new(struct tb_db *db, const struct tb_now *now)
{
    struct tb_envelopes *envelopes = calloc(1, sizeof *envelopes);
    tb_assert(envelopes != NULL);
    envelopes->db = db;
    tb_db_prepare(db, texts, envelopes->stmts, STMTS);
    if (tb_db_one(db, envelopes->stmts[RAN], "")) {
        envelopes->ran_ms = tb_db_int(envelopes->stmts[RAN], 0);
    }
    tb_db_done(envelopes->stmts[RAN]);
    envelopes->since_ms = now->mono_ms;
    envelopes->written_ms = now->mono_ms;
    return envelopes;
}

/* How long the store has been served, up to ${now}. */
static int64_t ran_ms(const struct tb_envelopes *envelopes, const struct tb_now *now)
{
    return envelopes->ran_ms + (int64_t)(now->mono_ms - envelopes->since_ms);
}

void tb_envelopes_tally(struct tb_envelopes *envelopes, const struct tb_now *now)
{
    if (now->mono_ms - envelopes->written_ms >= TB_TALLY_MS) {
        tb_db_do(envelopes->db, envelopes->stmts[TALLY], "i", ran_ms(envelopes, now));
        envelopes->written_ms = now->mono_ms;
    }
}

void tb_envelopes_free(struct tb_envelopes *envelopes)
{
    if (envelopes != NULL) {
        tb_db_unprepare(envelopes->stmts, STMTS);
        free(envelopes);
    }
}

static void take_row(struct sqlite3_stmt *stmt, struct tb_envelopes_row *row)
{
    struct tb_bytes key_id = tb_db_bytes(stmt, 5);
    row->n = tb_db_int(stmt, 0);
    row->origin = (uint32_t)tb_db_int(stmt, 2);
    row->world = (enum tb_world)tb_db_int(stmt, 3);
    row->kind = (enum tb_kind)tb_db_int(stmt, 4);
    row->admitted.ms = tb_db_int(stmt, 6);
    tb_assert(tb_db_id(stmt, 1, &row->id));
    tb_assert(key_id.size == TB_KEY_ID_BYTES);
    memcpy(row->key_id, key_id.data, TB_KEY_ID_BYTES);
}

bool tb_envelopes_find(struct tb_envelopes *envelopes, const struct tb_id *id,
                       struct tb_envelopes_row *row)
{
    struct sqlite3_stmt *stmt = envelopes->stmts[FIND];
    bool found = tb_db_one(envelopes->db, stmt, "d", id);
    if (found) {
        take_row(stmt, row);
    }
    tb_db_done(stmt);
    return found;
}

bool tb_envelopes_at(struct tb_envelopes *envelopes, int64_t n, struct tb_envelopes_row *row)
{
    struct sqlite3_stmt *stmt = envelopes->stmts[AT];
    bool found = tb_db_one(envelopes->db, stmt, "i", n);
    if (found) {
        take_row(stmt, row);
    }
    tb_db_done(stmt);
    return found;
}

static size_t put_varint(uint8_t *out, uint64_t value)
{
    size_t size = 0;
    while (value >= 0x80) {
        out[size++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    out[size++] = (uint8_t)value;
    return size;
}

bool tb_envelopes_load(struct tb_envelopes *envelopes, int64_t n, struct tb_buf *out)
{
    struct sqlite3_stmt *stmt = envelopes->stmts[LOAD];
    bool found = tb_db_one(envelopes->db, stmt, "i", n);
    bool fits = true;
    if (found) {
        struct tb_bytes personal = tb_db_bytes(stmt, 1);
        fits = tb_buf_add(out, tb_db_bytes(stmt, 0)) == TB_OK;
        if (personal.size > 0) {
            uint8_t tag[TAG_BYTES_MAX] = {PERSONAL_FIELD << 3 | 2};
            size_t size = 1 + put_varint(tag + 1, personal.size);
            fits = fits && tb_buf_add(out, tb_bytes_of(tag, size)) == TB_OK;
            fits = fits && tb_buf_add(out, personal) == TB_OK;
        }
    }
    tb_db_done(stmt);
    tb_assert(fits);
    return found;
}

/* Where the reading of an envelope's outer fields stands. */
struct walk {
    struct tb_bytes bytes;
    size_t at;
};

static uint64_t next_varint(struct walk *walk)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < VARINT_BYTES_MAX; i++) {
        tb_assert(walk->at < walk->bytes.size);
        uint8_t byte = walk->bytes.data[walk->at++];
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if ((byte & 0x80) == 0) {
            break;
        }
    }
    return value;
}

/* Step over one field and return its number. The bytes were read by
 * tb_envelope_read before, so a field that does not end is our bug. */
static uint64_t next_field(struct walk *walk)
{
    uint64_t tag = next_varint(walk);
    uint64_t skip = 0;
    switch (tag & 7) {
    case 0:
        (void)next_varint(walk);
        break;
    case 1:
        skip = 8;
        break;
    case 2:
        skip = next_varint(walk);
        break;
    default:
        tb_assert((tag & 7) == 5);
        skip = 4;
        break;
    }
    tb_assert(skip <= walk->bytes.size - walk->at);
    walk->at += (size_t)skip;
    return tag >> 3;
}

/* Append ${bytes} without their personal part; every other byte as it came. */
static void cut_personal(struct tb_buf *out, struct tb_bytes bytes)
{
    struct walk walk = {bytes, 0};
    while (walk.at < bytes.size) {
        size_t from = walk.at;
        if (next_field(&walk) != PERSONAL_FIELD) {
            enum tb_status status = tb_buf_add(out, tb_bytes_of(bytes.data + from, walk.at - from));
            tb_assert(status == TB_OK);
        }
    }
}

/* The personal part of ${envelope}, unless its origin has destroyed it. */
static struct tb_bytes personal_of(struct tb_envelopes *envelopes,
                                   const struct tb_envelope *envelope)
{
    struct sqlite3_stmt *stmt = envelopes->stmts[DESTROYED];
    if (envelope->personal.size == 0) {
        return envelope->personal;
    }
    bool destroyed = tb_db_one(envelopes->db, stmt, "di", &envelope->id, (int64_t)envelope->origin);
    tb_db_done(stmt);
    return destroyed ? tb_bytes_of(NULL, 0) : envelope->personal;
}

bool tb_envelopes_destroy(struct tb_envelopes *envelopes, const struct tb_id *id, uint32_t origin,
                          int64_t statement_n)
{
    tb_db_do(envelopes->db, envelopes->stmts[DESTROY], "dii", id, (int64_t)origin, statement_n);
    return tb_db_do(envelopes->db, envelopes->stmts[BLANK], "di", id, (int64_t)origin) > 0;
}

int64_t tb_envelopes_add(struct tb_envelopes *envelopes, const struct tb_envelope *envelope,
                         enum tb_kind kind, const struct tb_now *now)
{
    struct tb_buf bare;
    tb_buf_init(&bare, TB_ENVELOPES_BYTES_MAX);
    cut_personal(&bare, envelope->bytes);
    tb_db_do(envelopes->db, envelopes->stmts[ADD], "dbbiiibii", &envelope->id, tb_buf_bytes(&bare),
             personal_of(envelopes, envelope), (int64_t)envelope->origin, (int64_t)envelope->world,
             (int64_t)kind, tb_bytes_of(envelope->key_id, TB_KEY_ID_BYTES), now->wall.ms,
             ran_ms(envelopes, now));
    tb_buf_fini(&bare);
    return tb_db_last(envelopes->db);
}

void tb_envelopes_fill(struct tb_envelopes *envelopes, int64_t n,
                       const struct tb_envelope *envelope)
{
    struct tb_bytes personal = personal_of(envelopes, envelope);
    if (personal.size > 0) {
        tb_db_do(envelopes->db, envelopes->stmts[FILL], "bi", personal, n);
    }
}

void tb_envelopes_stored(struct tb_envelopes *envelopes, int64_t n, const struct tb_now *now)
{
    tb_db_do(envelopes->db, envelopes->stmts[STORED], "ii", ran_ms(envelopes, now), n);
}

void tb_envelopes_waits(struct tb_envelopes *envelopes, int64_t n)
{
    tb_db_do(envelopes->db, envelopes->stmts[WAITS], "i", n);
}

static bool oldest(struct tb_envelopes *envelopes, int which, int64_t before_ms, int64_t *n)
{
    struct sqlite3_stmt *stmt = envelopes->stmts[which];
    bool found = tb_db_one(envelopes->db, stmt, "i", before_ms);
    if (found) {
        *n = tb_db_int(stmt, 0);
    }
    tb_db_done(stmt);
    return found;
}

bool tb_envelopes_prunable(struct tb_envelopes *envelopes, const struct tb_now *now, int64_t *n)
{
    const int64_t day_ms = TB_DAY_MS;
    int64_t ran = ran_ms(envelopes, now);
    return oldest(envelopes, OLD_STORED, ran - TB_KEPT_STORED_DAYS * day_ms, n) ||
           oldest(envelopes, OLD_WAITING, ran - TB_KEPT_WAITING_DAYS * day_ms, n);
}

void tb_envelopes_drop(struct tb_envelopes *envelopes, int64_t n)
{
    tb_db_do(envelopes->db, envelopes->stmts[DROP_WIDENED], "i", n);
    tb_db_do(envelopes->db, envelopes->stmts[DROP_ASIDE], "i", n);
    tb_db_do(envelopes->db, envelopes->stmts[DROP_DESTROYED], "i", n);
    tb_db_do(envelopes->db, envelopes->stmts[DROP], "i", n);
}

static bool take_widened(struct tb_envelopes *envelopes, int which, int64_t n, uint32_t office,
                         struct tb_envelopes_widened *row)
{
    struct sqlite3_stmt *stmt = envelopes->stmts[which];
    bool found = tb_db_one(envelopes->db, stmt, "ii", n, (int64_t)office);
    if (found) {
        *row = (struct tb_envelopes_widened){.n = tb_db_int(stmt, 0),
                                             .office = (uint32_t)tb_db_int(stmt, 1),
                                             .statement_n = tb_db_int(stmt, 2),
                                             .told = tb_db_int(stmt, 3) != 0};
    }
    tb_db_done(stmt);
    return found;
}

bool tb_envelopes_widened(struct tb_envelopes *envelopes, int64_t n, uint32_t office,
                          struct tb_envelopes_widened *row)
{
    return take_widened(envelopes, WIDENED, n, office, row);
}

void tb_envelopes_widen(struct tb_envelopes *envelopes, const struct tb_envelopes_widened *row)
{
    tb_db_do(envelopes->db, envelopes->stmts[WIDEN], "iiii", row->n, (int64_t)row->office,
             row->statement_n, (int64_t)row->told);
}

bool tb_envelopes_untold(struct tb_envelopes *envelopes, struct tb_envelopes_widened *row)
{
    return take_widened(envelopes, UNTOLD, row->n, row->office, row);
}

void tb_envelopes_aside(struct tb_envelopes *envelopes, int64_t n, uint32_t office,
                        uint32_t outcome, uint32_t reason, struct tb_wall now)
{
    tb_db_do(envelopes->db, envelopes->stmts[ASIDE], "iiiii", n, (int64_t)office, (int64_t)outcome,
             (int64_t)reason, now.ms);
}
