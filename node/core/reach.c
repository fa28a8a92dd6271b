#include "node/core/reach.h"

#include <stdlib.h>
#include <string.h>

#include "topology/rule.h"

enum { CODES_MAX = 4096 };

/* A broker's handle: the first 8 bytes of its link key as a number, least
 * significant first; 0 is kept for no link. */
static uint64_t handle_of(const Tongbao__Broker *broker)
{
    const uint8_t *key = broker->key->link.data;
    return (uint64_t)tb_get_u32(key) | (uint64_t)tb_get_u32(key + 4) << 32;
}

static void add_broker(struct tb_node *node, const char *name, bool reads)
{
    const Tongbao__Broker *broker = tb_directories_broker(node->set, name);
    bool usable = broker != NULL && broker->key != NULL && broker->key->link.len == TB_KEY_BYTES &&
                  broker->key->state != TONGBAO__KEY_STATE__REVOKED;
    if (!usable || handle_of(broker) == 0) {
        return;
    }
    for (size_t i = 0; i < node->reach_count; i++) {
        if (node->reach[i].broker == broker) {
            node->reach[i].reads = node->reach[i].reads || reads;
            return;
        }
    }
    if (node->reach_count < TB_LINKS_MAX) {
        node->reach[node->reach_count++] =
            (struct tb_node_link){.handle = handle_of(broker), .broker = broker, .reads = reads};
    }
}

static void add_office(struct tb_node *node, uint32_t code)
{
    const Tongbao__Office *office = tb_directories_office(node->set, code);
    for (size_t i = 0; office != NULL && i < office->n_brokers; i++) {
        add_broker(node, office->brokers[i], code == node->config.office);
    }
}

static int by_name(const void *a, const void *b)
{
    const struct tb_node_link *left = a;
    const struct tb_node_link *right = b;
    return strcmp(left->broker->name, right->broker->name);
}

static void add_offered(struct tb_node *node)
{
    struct sqlite3_stmt *sql = TB_SQL(node, OFFER_BROKERS);
    tb_db_ask(node->db, sql, "");
    while (tb_db_next(node->db, sql)) {
        add_broker(node, tb_db_text(sql, 0), false);
    }
}

void tb_reach_compute(struct tb_node *node)
{
    uint32_t *codes = malloc(CODES_MAX * sizeof *codes);
    size_t count = 0;
    tb_assert(codes != NULL);
    node->reach_count = 0;
    add_office(node, node->config.office);
    add_office(node, node->config.office / 100 * 100);
    add_office(node, tb_province_of(node->config.office));
    for (size_t i = 0; i < tb_directories_count(node->set); i++) {
        const struct tb_directory *directory = tb_directories_at(node->set, i);
        const struct tb_rivers *rivers = tb_atlas_for(
            node->atlas, node->set, tb_directory_prefix(directory) * TB_CODES_OF_PROVINCE);
        /* Each province draws its rivers: another's may know this office too. */
        if (rivers != NULL &&
            tb_rule_reach(rivers, node->config.office, codes, CODES_MAX, &count, NULL) == TB_OK) {
            for (size_t j = 0; j < count; j++) {
                add_office(node, codes[j]);
            }
        }
    }
    free(codes);
    add_offered(node);
    qsort(node->reach, node->reach_count, sizeof node->reach[0], by_name);
}

bool tb_reach_extend(struct tb_node *node, const char *broker)
{
    size_t before = node->reach_count;
    add_broker(node, broker, false);
    if (node->reach_count == before) {
        return false;
    }
    qsort(node->reach, node->reach_count, sizeof node->reach[0], by_name);
    return true;
}

size_t tb_node_links(const struct tb_node *node, struct tb_node_link links[TB_LINKS_MAX])
{
    memcpy(links, node->reach, node->reach_count * sizeof node->reach[0]);
    return node->reach_count;
}
