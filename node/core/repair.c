#include "node/core/repair.h"

#include "node/core/ledger.h"
#include "node/core/link.h"
#include "node/core/offer.h"
#include "proto/wire.h"

/* The ids of one page; ${scanned_n} is the last ledger row it covers. */
static size_t page(struct tb_node *node, const struct tb_now *now, const struct tb_link *link,
                   struct tb_id ids[TB_LISTING_IDS_MAX], int64_t *scanned_n)
{
    struct sqlite3_stmt *sql = TB_SQL(node, LEDGER_LISTING);
    int64_t since_ms = now->wall.ms - (int64_t)TB_KEPT_DAYS * TB_DAY_MS;
    size_t count = 0;
    *scanned_n = link->listed_n + TB_LISTING_SCAN_MAX;
    tb_db_ask(node->db, sql, "iii", link->listed_n, (int64_t)TB_LISTING_SCAN_MAX, since_ms);
    while (tb_db_next(node->db, sql)) {
        tb_assert(count < TB_LISTING_IDS_MAX);
        bool taken = tb_db_id(sql, 1, &ids[count]);
        tb_assert(taken);
        count++;
        if (count == TB_LISTING_IDS_MAX) {
            *scanned_n = tb_db_int(sql, 0);
        }
    }
    return count;
}

static void list(struct tb_node *node, const struct tb_now *now, struct tb_outbox *out,
                 struct tb_link *link)
{
    struct tb_id ids[TB_LISTING_IDS_MAX];
    ProtobufCBinaryData data[TB_LISTING_IDS_MAX];
    int64_t scanned_n;
    size_t count = page(node, now, link, ids, &scanned_n);
    Tongbao__Listing listing = TONGBAO__LISTING__INIT;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    for (size_t i = 0; i < count; i++) {
        data[i] = tb_wire_id(&ids[i]);
    }
    listing.ids = data;
    listing.n_ids = count;
    listing.last = scanned_n >= tb_ledger_last(node);
    frame.kind_case = TONGBAO__FRAME__KIND_LISTING;
    frame.listing = &listing;
    if ((count > 0 || listing.last) && !tb_link_send(node, out, link, &frame)) {
        return;
    }
    link->listed_n = scanned_n;
    link->listing = !listing.last;
    link->unread += count > 0 || listing.last;
}

void tb_repair_pump(struct tb_node *node, const struct tb_now *now, struct tb_outbox *out)
{
    for (size_t i = 0; i < TB_LINKS_MAX; i++) {
        struct tb_link *link = &node->desk.links[i];
        if (link->up && link->greeted && link->listing) {
            list(node, now, out, link);
        }
    }
}

void tb_repair_want(struct tb_node *node, const struct tb_at *at, struct tb_link *link,
                    const Tongbao__Want *want)
{
    for (size_t i = 0; i < want->n_ids; i++) {
        struct tb_id id;
        if (tb_id_take(&id, tb_wire_bytes(want->ids[i]))) {
            tb_offer_repair(node, at, link, &id);
        }
    }
    /* Pages are answered in their order. What a broker sent before it read the last
     * one is no answer to it. */
    if (link->unread > 0) {
        link->unread--;
        if (link->unread == 0 && !link->listing) {
            tb_db_do(node->db, TB_SQL(node, LINK_REPAIRING), "it", (int64_t)0, link->broker);
        }
    }
}

void tb_repair_forget(struct tb_link *link)
{
    link->listing = false;
    link->unread = 0;
}
