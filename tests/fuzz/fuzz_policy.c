#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "topology/policy.h"

/* The rules of time that a province carries in its directory. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tb_policy policy;
    static struct tb_policy again;
    struct tb_bytes bytes = {data, size};
    struct tb_diag diag = {0};
    enum tb_status status = tb_policy_load(&policy, TB_POLICY_FILE, bytes, &diag);
    fuzz_ended(status);
    tb_assert(status == TB_OK || status == TB_INPUT);
    fuzz_told(status, &diag, fuzz_lines(bytes));
    if (status != TB_OK) {
        return 0;
    }
    tb_assert(policy.count <= TB_POLICY_RULES_MAX);
    tb_assert(strlen(policy.digest) == TB_POLICY_DIGEST_CHARS);
    for (size_t i = 0; i < policy.count; i++) {
        const struct tb_policy_rule *rule = &policy.rule[i];
        tb_assert(rule->id[0] != '\0');
        tb_assert(rule->clause[0] != '\0');
        tb_assert(rule->hours <= TB_POLICY_HOURS_MAX);
        tb_assert(rule->applies != 0);
        tb_assert(tb_policy_owner_text(rule->owner)[0] != '\0');
        tb_assert(tb_policy_addressee_text(rule->addressee)[0] != '\0');
        for (size_t k = 0; k < i; k++) {
            tb_assert(strcmp(policy.rule[k].id, rule->id) != 0);
        }
    }
    /* I9: the same table gives the same rules. */
    tb_assert(tb_policy_load(&again, TB_POLICY_FILE, bytes, &diag) == TB_OK);
    tb_assert(strcmp(again.digest, policy.digest) == 0);
    tb_assert(again.count == policy.count);
    return 0;
}
