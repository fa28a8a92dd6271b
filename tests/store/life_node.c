#include "life_node.h"

#include <string.h>

#include "base/fault.h"
#include "proto/wire.h"

void life_node(struct desk *desk, struct fixture *fix, const char *path)
{
    fix_init(fix);
    desk_start(desk, fix, 140925, (struct desk_make){.path = path, .alarm = true});
    desk_on_duty(desk);
    desk_greet(desk, 0, 1);
    struct tb_id own = desk_issue(desk, "汾河").id;
    (void)own;
    struct fix_say say = {.origin = 140926, .to = {140925, 140900}};
    struct tb_id id = desk_deliver_notice(desk, &say);
    tb_assert(desk_acknowledge(desk, &id).status == TB_OK);
    tb_db_checkpoint(&desk->db);
    desk_deliver_notice(desk, &say);
    desk_close(desk);
}
