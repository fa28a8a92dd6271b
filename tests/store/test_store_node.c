#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "census.h"
#include "life_node.h"
#include "proof.h"

static struct fixture fix;
static struct desk desk;

static bool judge(void *context, const char *path)
{
    static struct desk next;
    (void)context;
    desk_start(&next, &fix, 140925, (struct desk_make){.path = path, .bare = true});
    desk_close(&next);
    return true;
}

static void i1_i4_no_power_cut_costs_a_node_what_it_answered(void **state)
{
    struct past past;
    struct proof proof;
    struct tb_disk *disk = tb_disk_new("node");
    const struct subject subject = {
        .file = "store.db", .schema = tb_node_schema(), .judge = judge, .draws = 2};
    (void)state;
    past_begin(&past, disk, NULL);
    life_node(&desk, &fix, "/node/store.db");
    past_end(&past);
    print_message("%zu moments, %zu entries\n", past.count, tb_disk_log_count(past.log));
    bool held = proof_run(&proof, &past, &subject);
    print_message("%zu points, %zu cuts, %zu images opened, %zu moments judged, %zu kills\n",
                  proof.points, proof.cuts, proof.images, proof.moments, proof.kills);
    assert_true(held);
    past_free(&past);
    tb_disk_free(disk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(i1_i4_no_power_cut_costs_a_node_what_it_answered),
    };
    tb_disk_install();
    return cmocka_run_group_tests_name("store: node", tests, NULL, NULL);
}
