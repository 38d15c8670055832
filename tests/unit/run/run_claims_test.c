// SPDX-License-Identifier: Apache-2.0
// Claims: how they are read, what is refused, and when they hold.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

#include "coordinator/run/claims.h"

#define MACHINE                                                                                              \
    "scenario: s\nsystems:\n  - name: m\n    preset: teaching-board\n    boards: 1\n    partitions:\n"       \
    "      - {name: P, boards: all}\nclaims:\n"

static enum err_code read_claims(const char *claims, struct scenario *scenario, struct err *err)
{
    char text[2048];
    snprintf(text, sizeof text, "%s%s", MACHINE, claims);
    err_clear(err);
    return (enum err_code)scenario_read_text(text, strlen(text), "s.yaml", scenario, err);
}

static void expect_refused(const char *claims, enum err_code code, const char *part)
{
    struct scenario scenario;
    struct err err;
    CU_ASSERT_EQUAL(read_claims(claims, &scenario, &err), code);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "s.yaml:9"));
    if (!strstr(err.text, part))
        printf("  '%s' not in '%s'\n", part, err.text);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, part));
}

static void test_refused(void)
{
    expect_refused("  - {says: a, value: P.x}\n", ERR_MISSING_KEY, "exactly one of");
    expect_refused("  - {says: a, value: P.x, above: 1, below: 2}\n", ERR_IMPOSSIBLE_MACHINE, "exactly one");
    expect_refused("  - {says: a, value: Q.x, above: 1}\n", ERR_BAD_VALUE, "'Q'");
    expect_refused("  - {says: a, value: P.x, above: R.y}\n", ERR_BAD_VALUE, "'R'");
    expect_refused("  - {says: a, value: P, above: 1}\n", ERR_BAD_VALUE, "'P'");
    expect_refused("  - {says: a, value: 'P.x y', above: 1}\n", ERR_BAD_VALUE, "a path such as");
    expect_refused("  - {says: a, value: P.x, above: 1, times: 2}\n", ERR_BAD_VALUE, "30%");
    expect_refused("  - {says: '', value: P.x, above: 1}\n", ERR_BAD_VALUE, "a text of 1 to");
    expect_refused("  - {value: P.x, above: 1}\n", ERR_MISSING_KEY, "says");
}

// Judges one claim about a small document; 1: holds, 0: does not, -1: the document has no such number.
static int holds(const char *value, const char *comparison)
{
    static const char text[] =
        "{'seed': 3, 'partitions': [{'name': 'P', 'cpus': 12, 'latency': {'l1': {'mean_ps': 2000}},"
        " 'boards': [{'name': 'B0', 'counters': {'loads': 7}}, {'name': 'B1', 'counters': {'loads': 9}}]}]}";
    char claims[256], json[sizeof text];
    struct scenario scenario;
    struct err err;
    snprintf(claims, sizeof claims, "  - {says: a, value: %s, %s}\n", value, comparison);
    enum err_code code = read_claims(claims, &scenario, &err);
    if (code)
        printf("  %s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(code, ERR_OK);
    strcpy(json, text);
    for (char *quote = json; (quote = strchr(quote, '\''));)
        *quote = '"';
    json_t *document = json_loads(json, 0, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(document);
    json_object_set_new(document, "claims", claims_judge(&scenario, document));
    const json_t *claim = json_array_get(json_object_get(document, "claims"), 0);
    int answer = json_object_get(claim, "why") ? -1 : json_is_true(json_object_get(claim, "holds"));
    CU_ASSERT_EQUAL(claims_check(&scenario, document, &err), answer == 1 ? ERR_OK : ERR_CLAIM);
    json_decref(document);
    scenario_free(&scenario);
    return answer;
}

static void test_relations(void)
{
    CU_ASSERT_EQUAL(holds("P.cpus", "equals: 12"), 1);
    CU_ASSERT_EQUAL(holds("P.cpus", "equals: 13"), 0);
    CU_ASSERT_EQUAL(holds("P.cpus", "above: 11"), 1);
    CU_ASSERT_EQUAL(holds("P.cpus", "above: 12"), 0);
    CU_ASSERT_EQUAL(holds("P.cpus", "least: 12"), 1);
    CU_ASSERT_EQUAL(holds("P.cpus", "below: 12"), 0);
    CU_ASSERT_EQUAL(holds("P.cpus", "below: 13"), 1);
    CU_ASSERT_EQUAL(holds("P.cpus", "most: 12"), 1);
    CU_ASSERT_EQUAL(holds("P.cpus", "most: 11"), 0);
}

static void test_operands(void)
{
    CU_ASSERT_EQUAL(holds("P.latency.l1.mean_ps", "equals: 2ns"), 1);
    CU_ASSERT_EQUAL(holds("P.boards.B1.counters.loads", "above: P.boards.B0.counters.loads"), 1);
    CU_ASSERT_EQUAL(holds("P.boards.B1.counters.loads", "above: P.boards.B0.counters.loads, times: 150%"), 0);
    CU_ASSERT_EQUAL(holds("run.seed", "equals: 3"), 1);
    CU_ASSERT_EQUAL(holds("P.boards.B2.counters.loads", "above: 1"), -1);
    CU_ASSERT_EQUAL(holds("P.cpus", "above: P.latency"), -1);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("claims", NULL, NULL);
    CU_add_test(suite, "refused", test_refused);
    CU_add_test(suite, "relations", test_relations);
    CU_add_test(suite, "operands", test_operands);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed ? 1 : 0;
}
