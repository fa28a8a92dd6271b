#include "broker/core/greet.h"

#include <string.h>

#include "base/text.h"
#include "broker/core/exchange.h"
#include "proto/wire.h"

/* What the Hello led to; nothing is changed in memory until it is all known. */
struct greeting {
    const char *repair; /* the reason; NULL: none is needed */
    uint64_t after[TB_LANES + 1];
    uint64_t gap[TB_LANES + 1]; /* the highest seq that is missing; 0: none */
};

/* One cursor of a Hello whose epoch is this store's ${epoch_k}. */
static void resume(struct tb_broker *broker, uint32_t office, int64_t epoch_k,
                   const Tongbao__Cursor *cursor, struct greeting *greeting)
{
    enum tb_lane lane = (enum tb_lane)cursor->lane;
    struct tb_id id;
    memset(&id, 0, sizeof id);
    (void)tb_id_take(&id, tb_wire_bytes(cursor->id));
    switch (tb_mailbox_place(broker->mailbox, office, lane, epoch_k, cursor->seq, &id)) {
    case TB_PLACE_HELD:
    case TB_PLACE_PRUNED:
        greeting->after[lane] = cursor->seq;
        break;
    case TB_PLACE_STRANGE:
        greeting->repair = "the cursor is not known here";
        break;
    }
}

/* "A broker that lacks either asks that office, and it alone, for repair." */
static void check_accepted(struct tb_broker *broker, uint32_t office, int64_t epoch_k,
                           const Tongbao__Position *accepted, struct greeting *greeting)
{
    struct tb_envelopes_row row;
    struct tb_id id;
    if (accepted == NULL || accepted->position == 0) {
        return;
    }
    /* A position given out after that epoch was given to another envelope there, if
     * it now fits by chance. */
    if (!tb_id_take(&id, tb_wire_bytes(accepted->id)) ||
        accepted->position > (uint64_t)tb_epochs_end(broker->epochs, epoch_k)) {
        greeting->repair = "the last accepted is not known here";
        return;
    }
    int64_t position = (int64_t)accepted->position;
    bool held = tb_envelopes_at(broker->envelopes, position, &row) && tb_id_equal(&row.id, &id);
    if (!held && !tb_dossier_accepted(broker->dossier, office, position, &id)) {
        greeting->repair = "the last accepted is not known here";
    }
}

/* In which epoch of this store the office got its cursors; 0: in none. The present
 * one may not have been written yet. */
static int64_t came_in(struct tb_broker *broker, struct tb_bytes name)
{
    bool present = tb_bytes_equal(name, tb_bytes_of(broker->epoch.name, TB_BROKER_EPOCH_BYTES));
    return present ? broker->epoch.k : tb_epochs_find(broker->epochs, name);
}

static void judge(struct tb_broker *broker, const Tongbao__Hello *hello, struct greeting *greeting)
{
    bool linked_before = hello->epoch.len > 0;
    int64_t epoch_k = came_in(broker, tb_wire_bytes(hello->epoch));
    if (linked_before && epoch_k == 0) {
        greeting->repair = "this store has another past";
    } else if (linked_before) {
        for (size_t i = 0; i < hello->n_cursors; i++) {
            resume(broker, hello->office, epoch_k, hello->cursors[i], greeting);
        }
        check_accepted(broker, hello->office, epoch_k, hello->accepted, greeting);
    }
    if (greeting->repair != NULL) {
        /* From the beginning of what is held: the office drops what it has. */
        memset(greeting->after, 0, sizeof greeting->after);
    }
    for (enum tb_lane lane = TB_LANE_FIRST; lane <= TB_LANE_REST; lane++) {
        uint64_t pruned = tb_mailbox_pruned(broker->mailbox, hello->office, lane);
        greeting->gap[lane] = greeting->after[lane] < pruned ? pruned : 0;
    }
}

static bool send_welcome(struct tb_broker *broker, const struct tb_speaker *speaker,
                         uint32_t office, const struct greeting *greeting)
{
    Tongbao__Welcome welcome;
    Tongbao__Frame frame = TONGBAO__FRAME__INIT;
    Tongbao__DirectoryVersion versions[TB_ROOTS_MAX];
    Tongbao__DirectoryVersion *version_list[TB_ROOTS_MAX];
    struct tb_dossier_head heads[TB_DOSSIER_HEADS_MAX];
    Tongbao__ChainHead chains[TB_DOSSIER_HEADS_MAX];
    Tongbao__ChainHead *chain_list[TB_DOSSIER_HEADS_MAX];
    char reason[64] = "";
    char program[] = "tongbao-broker";
    tongbao__welcome__init(&welcome);
    welcome.version = TB_LINK_VERSION;
    welcome.broker = broker->config.name;
    welcome.software = program;
    welcome.epoch = tb_wire_data(tb_bytes_of(broker->epoch.name, TB_BROKER_EPOCH_BYTES));
    welcome.repair = greeting->repair != NULL;
    tb_text_copy(reason, sizeof reason, greeting->repair == NULL ? "" : greeting->repair);
    welcome.repair_reason = reason;
    welcome.wall_ms = speaker->now->wall.ms;
    welcome.n_directories = tb_exchange_versions(broker->directories, versions, version_list);
    welcome.directories = version_list;
    welcome.n_chains = tb_dossier_heads(broker->dossier, office, heads);
    welcome.chains = chain_list;
    for (size_t i = 0; i < welcome.n_chains; i++) {
        tongbao__chain_head__init(&chains[i]);
        chains[i].world = (Tongbao__World)heads[i].world;
        chains[i].chain = tb_wire_data(tb_bytes_of(heads[i].chain, TB_CHAIN_BYTES));
        chains[i].seq = heads[i].seq;
        chains[i].id = tb_wire_id(&heads[i].id);
        chain_list[i] = &chains[i];
    }
    frame.kind_case = TONGBAO__FRAME__KIND_WELCOME;
    frame.welcome = &welcome;
    return tb_house_send(broker, speaker->out, speaker->event->from, &frame);
}

/* "An older cursor gets what is left and a gap note." */
static bool send_gaps(struct tb_broker *broker, const struct tb_speaker *speaker,
                      const struct greeting *greeting)
{
    bool sent = true;
    for (enum tb_lane lane = TB_LANE_FIRST; lane <= TB_LANE_REST; lane++) {
        if (greeting->gap[lane] > 0) {
            Tongbao__Gap gap = TONGBAO__GAP__INIT;
            Tongbao__Frame frame = TONGBAO__FRAME__INIT;
            gap.lane = (uint32_t)lane;
            gap.before_seq = greeting->gap[lane] + 1;
            frame.kind_case = TONGBAO__FRAME__KIND_GAP;
            frame.gap = &gap;
            sent = sent && tb_house_send(broker, speaker->out, speaker->event->from, &frame);
        }
    }
    return sent;
}

enum tb_status tb_greet_hello(struct tb_broker *broker, const struct tb_speaker *speaker,
                              const Tongbao__Hello *hello)
{
    struct greeting greeting = {0};
    uint32_t office = speaker->holder.office->code;
    uint64_t handle = speaker->event->from;
    if (hello->office != office) {
        return TB_PEER;
    }
    judge(broker, hello, &greeting);
    if (!send_welcome(broker, speaker, office, &greeting) ||
        !send_gaps(broker, speaker, &greeting)) {
        return TB_FULL;
    }
    bool again = tb_peers_find(broker->peers, handle) != NULL;
    struct tb_peer *peer = tb_peers_greet(broker->peers, handle, speaker->event->key);
    if (peer == NULL) {
        return TB_FULL;
    }
    peer->office = office;
    peer->turn = broker->turn;
    peer->heard_ms = speaker->now->mono_ms;
    peer->hungry = true;
    for (enum tb_lane lane = TB_LANE_FIRST; lane <= TB_LANE_REST; lane++) {
        peer->sent[lane] = greeting.after[lane];
        /* Marked between turns: a Hello changes no row, so that mail goes out on a
         * full disk too. */
        peer->claim[lane] = greeting.after[lane];
        broker->tidy_more = broker->tidy_more || greeting.after[lane] > 0;
    }
    struct tb_speaker greeted = *speaker;
    greeted.peer = peer;
    (void)tb_exchange_compare(broker, &greeted, hello->directories, hello->n_directories);
    if (!again) {
        tb_outbox_note(speaker->out, TB_NOTE_PEER_UP, office, (unsigned long long)handle);
    }
    if (greeting.repair != NULL) {
        tb_outbox_note(speaker->out, TB_NOTE_REPAIR_ASKED, office, greeting.repair);
    }
    return TB_OK;
}
