#include "node/core/query.h"

#include <string.h>

#include "base/text.h"
#include "node/core/ledger.h"
#include "node/core/state.h"

/* The official name of ${code}, or its division's, or "". */
void tb_query_name(struct tb_node *node, uint32_t code, char out[TB_NAME_BYTES_MAX])
{
    const Tongbao__Office *office = tb_directories_office(node->set, code);
    if (office != NULL) {
        tb_text_copy(out, TB_NAME_BYTES_MAX, office->name);
        return;
    }
    const struct tb_rivers *rivers = tb_atlas_for(node->atlas, node->set, code);
    if (rivers == NULL) {
        rivers = tb_atlas_for(node->atlas, node->set, node->config.office);
    }
    tb_text_copy(out, TB_NAME_BYTES_MAX, rivers == NULL ? "" : tb_rivers_name(rivers, code));
}

/* How many recipients of row ${n} no directory here knows either. */
static uint32_t count_outside(struct tb_node *node, int64_t n)
{
    struct sqlite3_stmt *sql = TB_SQL(node, QUERY_OUTSIDE);
    uint32_t count = 0;
    tb_db_ask(node->db, sql, "i", n);
    while (tb_db_next(node->db, sql)) {
        uint32_t office = (uint32_t)tb_db_int(sql, 0);
        count += tb_directories_office(node->set, office) == NULL ? 1 : 0;
    }
    return count;
}

/* The columns of NOTICE_COLUMNS, by place. */
static void read_notice(struct tb_node *node, struct sqlite3_stmt *sql, struct tb_notice_row *row)
{
    *row = (struct tb_notice_row){.n = tb_db_int(sql, 0)};
    (void)tb_db_id(sql, 1, &row->id);
    tb_text_copy(row->number, sizeof row->number, tb_db_text(sql, 2));
    row->world = (enum tb_world)tb_db_int(sql, 3);
    row->kind = (Tongbao__Notice__Kind)tb_db_int(sql, 4);
    row->grade = (Tongbao__Notice__Grade)tb_db_int(sql, 5);
    row->origin = (uint32_t)tb_db_int(sql, 6);
    tb_query_name(node, row->origin, row->origin_name);
    struct tb_bytes incident = tb_db_bytes(sql, 7);
    if (incident.size == TB_INCIDENT_BYTES) {
        memcpy(row->incident, incident.data, TB_INCIDENT_BYTES);
    }
    tb_text_copy(row->title, sizeof row->title, tb_db_text(sql, 8));
    tb_text_copy(row->river, sizeof row->river, tb_db_text(sql, 9));
    row->issued_ms = tb_db_int(sql, 10);
    row->own = tb_db_int(sql, 12) != 0;
    row->received_ms = row->own ? 0 : tb_db_int(sql, 11);
    row->key_retired = (tb_db_int(sql, 13) & TB_MARK_RETIRED) != 0;
    row->key_revoked = (tb_db_int(sql, 13) & TB_MARK_REVOKED) != 0;
    row->twin = tb_db_int(sql, 14) != 0;
    row->mine_acknowledged = tb_db_int(sql, 15) != 0;
    row->forked = tb_db_int(sql, 16) != 0;
    row->gap_before = tb_db_int(sql, 17) != 0;
    row->subject_missing = tb_db_int(sql, 18) != 0;
    row->deliveries = (uint32_t)tb_db_int(sql, 19);
    row->held = (uint32_t)tb_db_int(sql, 20);
    row->acknowledged = (uint32_t)tb_db_int(sql, 21);
    row->outside = count_outside(node, row->n);
}

/* Read the rest of a list that was asked for. */
static size_t read_notices(struct tb_node *node, struct sqlite3_stmt *sql,
                           struct tb_notice_row *rows, size_t rows_max)
{
    size_t count = 0;
    while (tb_db_next(node->db, sql)) {
        tb_assert(count < rows_max);
        read_notice(node, sql, &rows[count++]);
    }
    return count;
}

size_t tb_query_notices(struct tb_node *node, int64_t before, struct tb_notice_row *rows,
                        size_t rows_max)
{
    struct sqlite3_stmt *sql = TB_SQL(node, QUERY_NOTICES);
    tb_db_ask(node->db, sql, "iii", (int64_t)node->config.office, before == 0 ? INT64_MAX : before,
              (int64_t)rows_max);
    return read_notices(node, sql, rows, rows_max);
}

size_t tb_query_waiting(struct tb_node *node, struct tb_notice_row *rows, size_t rows_max)
{
    struct sqlite3_stmt *sql = TB_SQL(node, QUERY_WAITING);
    tb_db_ask(node->db, sql, "ii", (int64_t)node->config.office, (int64_t)rows_max);
    return read_notices(node, sql, rows, rows_max);
}

size_t tb_query_incident(struct tb_node *node, const uint8_t incident[TB_INCIDENT_BYTES],
                         enum tb_world world, struct tb_notice_row *rows, size_t rows_max)
{
    struct sqlite3_stmt *sql = TB_SQL(node, QUERY_INCIDENT);
    tb_db_ask(node->db, sql, "ibii", (int64_t)node->config.office,
              tb_bytes_of(incident, TB_INCIDENT_BYTES), (int64_t)world, (int64_t)rows_max);
    return read_notices(node, sql, rows, rows_max);
}

bool tb_query_notice(struct tb_node *node, const struct tb_id *id, struct tb_arena *arena,
                     struct tb_notice_row *row, const Tongbao__Body **body)
{
    struct sqlite3_stmt *sql = TB_SQL(node, QUERY_NOTICE);
    bool here = tb_db_one(node->db, sql, "id", (int64_t)node->config.office, id);
    if (here) {
        read_notice(node, sql, row);
    }
    tb_db_done(sql);
    if (here && body != NULL) {
        struct tb_envelope envelope;
        enum tb_status status = tb_envelope_read(&envelope, tb_ledger_bytes(node, row->n));
        tb_assert(status == TB_OK);
        here = tb_envelope_body(&envelope, arena, body) == TB_OK;
    }
    return here;
}

/* ---------------------------------------------------------------- by a name */

enum { PREFIX_DIGITS_MIN = 4 };

/* The lowest and highest id that begin with the hex digits ${name}. */
static bool prefix_range(const char *name, struct tb_id *low, struct tb_id *high)
{
    static const char digits[] = "0123456789abcdef";
    size_t length = strlen(name);
    *low = (struct tb_id){0};
    memset(high, 0xff, sizeof *high);
    if (length < PREFIX_DIGITS_MIN || length > TB_ID_HEX_CHARS) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        char lower = name[i] >= 'A' && name[i] <= 'F' ? (char)(name[i] - 'A' + 'a') : name[i];
        const char *digit = strchr(digits, lower);
        if (digit == NULL) {
            return false;
        }
        unsigned value = (unsigned)(digit - digits);
        bool upper_half = i % 2 == 0;
        uint8_t *from = &low->byte[i / 2];
        uint8_t *to = &high->byte[i / 2];
        *from = (uint8_t)(upper_half ? value << 4 : *from | value);
        *to = (uint8_t)(upper_half ? value << 4 | 0x0f : (*to & 0xf0) | value);
    }
    return true;
}

static size_t count_ids(struct tb_node *node, struct sqlite3_stmt *sql, struct tb_id *id)
{
    size_t count = 0;
    while (tb_db_next(node->db, sql)) {
        count += tb_db_id(sql, 0, id) ? 1 : 0;
    }
    return count;
}

size_t tb_query_find(struct tb_node *node, const char *name, struct tb_id *id)
{
    struct sqlite3_stmt *sql = TB_SQL(node, QUERY_NUMBER);
    struct tb_id low;
    struct tb_id high;
    tb_db_ask(node->db, sql, "t", name);
    size_t count = count_ids(node, sql, id);
    if (count > 0 || !prefix_range(name, &low, &high)) {
        return count;
    }
    sql = TB_SQL(node, QUERY_PREFIX);
    tb_db_ask(node->db, sql, "dd", &low, &high);
    return count_ids(node, sql, id);
}

/* --------------------------------------------------------- answers, stream */

size_t tb_query_acknowledgements(struct tb_node *node, const struct tb_id *id,
                                 struct tb_acknowledgement_row *rows, size_t rows_max)
{
    struct sqlite3_stmt *sql = TB_SQL(node, QUERY_ACKNOWLEDGEMENTS);
    size_t count = 0;
    tb_db_ask(node->db, sql, "di", id, (int64_t)rows_max);
    while (tb_db_next(node->db, sql)) {
        tb_assert(count < rows_max);
        struct tb_acknowledgement_row *row = &rows[count++];
        *row = (struct tb_acknowledgement_row){.office = (uint32_t)tb_db_int(sql, 0)};
        tb_query_name(node, row->office, row->name);
        row->level = (Tongbao__Acknowledgement__Level)tb_db_int(sql, 1);
        tb_text_copy(row->officer, sizeof row->officer, tb_db_text(sql, 2));
        tb_text_copy(row->officer_number, sizeof row->officer_number, tb_db_text(sql, 3));
        tb_text_copy(row->note, sizeof row->note, tb_db_text(sql, 4));
        row->given_ms = tb_db_int(sql, 5);
        row->received_ms = tb_db_int(sql, 7) != 0 ? 0 : tb_db_int(sql, 6);
    }
    return count;
}

size_t tb_query_calls(struct tb_node *node, const struct tb_id *id, struct tb_call_row *rows,
                      size_t rows_max)
{
    struct sqlite3_stmt *sql = TB_SQL(node, QUERY_CALLS);
    size_t count = 0;
    tb_db_ask(node->db, sql, "di", id, (int64_t)rows_max);
    while (tb_db_next(node->db, sql)) {
        tb_assert(count < rows_max);
        struct tb_call_row *row = &rows[count++];
        *row = (struct tb_call_row){.by = (uint32_t)tb_db_int(sql, 1)};
        (void)tb_db_id(sql, 0, &row->notice);
        row->office = (uint32_t)tb_db_int(sql, 2);
        tb_text_copy(row->person, sizeof row->person, tb_db_text(sql, 3));
        tb_text_copy(row->phone, sizeof row->phone, tb_db_text(sql, 4));
        tb_text_copy(row->caller, sizeof row->caller, tb_db_text(sql, 5));
        row->claimed_ms = tb_db_int(sql, 6);
        row->entered_ms = tb_db_int(sql, 7);
        row->read_back = (Tongbao__Call__ReadBack)tb_db_int(sql, 8);
        tb_text_copy(row->result, sizeof row->result, tb_db_text(sql, 9));
    }
    return count;
}

const char *tb_stream_kind_text(enum tb_stream_kind kind)
{
    static const char *const text[] = {
        [TB_STREAM_NOTICE] = "notice",
        [TB_STREAM_HELD] = "held",
        [TB_STREAM_ACKNOWLEDGEMENT] = "acknowledgement",
        [TB_STREAM_CALL] = "call",
        [TB_STREAM_OBJECTION] = "objection",
        [TB_STREAM_WIDENED] = "widened",
        [TB_STREAM_UNKNOWN] = "unknown",
        [TB_STREAM_PARKED] = "parked",
        [TB_STREAM_FORK] = "fork",
        [TB_STREAM_CHAIN] = "chain",
        [TB_STREAM_DIRECTORY] = "directory",
        [TB_STREAM_DISCLOSURE] = "disclosure",
        [TB_STREAM_DEED] = "deed",
        [TB_STREAM_DESTRUCTION] = "destruction",
        [TB_STREAM_CLOCK] = "clock",
    };
    tb_assert((size_t)kind < sizeof text / sizeof text[0]);
    return text[kind];
}

size_t tb_query_stream(struct tb_node *node, int64_t after, struct tb_stream_row *rows,
                       size_t rows_max)
{
    struct sqlite3_stmt *sql = TB_SQL(node, QUERY_STREAM);
    size_t count = 0;
    tb_db_ask(node->db, sql, "ii", after, (int64_t)rows_max);
    while (tb_db_next(node->db, sql)) {
        tb_assert(count < rows_max);
        struct tb_stream_row *row = &rows[count++];
        *row = (struct tb_stream_row){.n = tb_db_int(sql, 0)};
        row->kind = (enum tb_stream_kind)tb_db_int(sql, 1);
        (void)tb_db_id(sql, 2, &row->id);
        (void)tb_db_id(sql, 3, &row->subject);
        row->office = (uint32_t)tb_db_int(sql, 4);
        row->world = (enum tb_world)tb_db_int(sql, 5);
        row->at_ms = tb_db_int(sql, 6);
        tb_text_copy(row->text, sizeof row->text, tb_db_text(sql, 7));
    }
    return count;
}

bool tb_query_ledger(struct tb_node *node, int64_t after, struct tb_ledger_row *row)
{
    struct sqlite3_stmt *sql = TB_SQL(node, LEDGER_NEXT);
    bool more = tb_db_one(node->db, sql, "i", after);
    if (more) {
        *row = (struct tb_ledger_row){.n = tb_db_int(sql, 0)};
        (void)tb_db_id(sql, 1, &row->id);
        row->received_ms = tb_db_int(sql, 7) != 0 ? 0 : tb_db_int(sql, 9);
        tb_text_copy(row->broker, sizeof row->broker, tb_db_text(sql, 10));
    }
    tb_db_done(sql);
    if (more) {
        row->bytes = tb_ledger_bytes(node, row->n);
    }
    return more;
}
