// SPDX-License-Identifier: Apache-2.0
// Who may do what, as a table: each role against each kind of request, each verb, their own and other
// partitions.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/control/api_rights.h"
#include "proto/base/assert.h"

static struct api_snapshot snapshot;

// SB0 in SMP1, SB1 in SMP2, SB2 and SB3 in none; SMP1 may have SB0 and SB2, SMP2 SB1 and SB3.
static int set_up(void)
{
    api_snapshot_init(&snapshot, 0, 2, 4, 0);
    strcpy(snapshot.partitions[0].name, "SMP1");
    strcpy(snapshot.partitions[1].name, "SMP2");
    snapshot.partitions[0].available[0] = 1 | 4;
    snapshot.partitions[1].available[0] = 2 | 8;
    for (uint32_t i = 0; i < 4; i++) {
        snprintf(snapshot.boards[i].name, NAME_MAX_BYTES, "SB%u", i);
        snprintf(snapshot.boards[i].partition, NAME_MAX_BYTES, "%s", i == 0 ? "SMP1" : i == 1 ? "SMP2" : "");
    }
    return 0;
}

static int tear_down(void)
{
    api_snapshot_free(&snapshot);
    return 0;
}

static enum err_code ask(struct api_request *request, enum api_role role, struct err *err)
{
    static char mine[1][NAME_MAX_BYTES] = {"SMP1"};
    strcpy(request->user, "ada");
    request->role = role;
    request->n_domains = role == API_DOMAIN_ADMINISTRATOR ? 1 : 0;
    request->domains = mine;
    err_clear(err);
    return api_rights(request, &snapshot, err);
}

// Who may, as a number: a bit per role.
enum { VIEWER = 1, DOMAIN = 2, OPERATOR = 4, PLATFORM = 8, ALL = 15 };

static void check(struct api_request *request, unsigned may, const char *what)
{
    for (unsigned role = 0; role < API_ROLE_COUNT; role++) {
        struct err err;
        enum err_code expected = may >> role & 1 ? ERR_OK : ERR_FORBIDDEN;
        if (ask(request, (enum api_role)role, &err) != expected) {
            printf("%s as %s: %s\n", what, api_role_word((enum api_role)role), err.text);
            CU_FAIL("rights");
        }
        CU_ASSERT_EQUAL(err.text[0] == '\0', expected == ERR_OK);
    }
    request->user[0] = '\0'; // the owner of the socket
    CU_ASSERT_EQUAL(api_rights(request, &snapshot, NULL), ERR_OK);
}

static const struct {
    enum api_verb verb;
    const char *board, *partition;
    enum api_level level;
    unsigned may;
} commands[] = {
    {API_ADD, "SB2", "SMP1", API_CONFIGURE, DOMAIN | PLATFORM},
    {API_ADD, "SB3", "SMP1", API_CONFIGURE, PLATFORM},          // not on the list
    {API_ADD, "SB3", "SMP2", API_CONFIGURE, PLATFORM},          // not theirs
    {API_ADD, "SB9", "SMP1", API_CONFIGURE, DOMAIN | PLATFORM}, // unknown: the machine says so better
    {API_ADD, "SB2", "SMP9", API_CONFIGURE, PLATFORM},
    {API_DELETE, "SB0", "", API_UNASSIGN, DOMAIN | PLATFORM},
    {API_DELETE, "SB1", "", API_UNASSIGN, PLATFORM},
    {API_MOVE, "SB0", "SMP2", API_CONFIGURE, PLATFORM},
    {API_MOVE, "SB1", "SMP1", API_CONFIGURE, PLATFORM},
    {API_MOVE, "SB2", "SMP1", API_ASSIGN, DOMAIN | PLATFORM},
    {API_KEYSWITCH, "", "SMP1", 0, DOMAIN | OPERATOR | PLATFORM},
    {API_KEYSWITCH, "", "SMP2", 0, OPERATOR | PLATFORM},
    {API_POWER, "SB0", "", 0, DOMAIN | OPERATOR | PLATFORM},
    {API_POWER, "SB1", "", 0, OPERATOR | PLATFORM},
    {API_TEST, "SB2", "", 0, DOMAIN | OPERATOR | PLATFORM},
    {API_TEST, "SB3", "", 0, OPERATOR | PLATFORM},
    {API_BLACKLIST, "SB0", "", 0, PLATFORM},
    {API_AVAILABLE, "SB0", "SMP1", 0, PLATFORM},
    {API_TAG, "", "SMP1", 0, DOMAIN | PLATFORM},
    {API_TAG, "", "SMP2", 0, PLATFORM},
    {API_CELL, "SB0", "", 0, DOMAIN | PLATFORM},
    {API_CELL, "SB1", "", 0, PLATFORM},
    {API_REBOOT, "", "SMP1", 0, DOMAIN | PLATFORM},
    {API_REBOOT, "", "SMP2", 0, PLATFORM},
};

static void test_commands(void)
{
    bool seen[API_VERB_COUNT] = {false};
    for (size_t i = 0; i < NP_ARRAY_LEN(commands); i++) {
        struct api_request request = {.kind = API_COMMAND};
        request.command = (struct api_command){.verb = commands[i].verb, .level = commands[i].level};
        strcpy(request.command.board, commands[i].board);
        strcpy(request.command.partition, commands[i].partition);
        check(&request, commands[i].may, api_verb_word(commands[i].verb));
        request.kind = API_PLAN;
        check(&request, ALL, "plan");
        seen[commands[i].verb] = true;
    }
    for (unsigned i = 0; i < API_VERB_COUNT; i++)
        CU_ASSERT_TRUE(seen[i]);
}

static void test_unassign_needs_the_list(void)
{
    struct api_request request = {.kind = API_COMMAND};
    request.command = (struct api_command){.verb = API_DELETE, .level = API_UNASSIGN, .board = "SB0"};
    snapshot.partitions[0].available[0] = 4; // SB0 could not come back
    check(&request, PLATFORM, "unassign");
    request.command.level = API_DISCONNECT;
    check(&request, DOMAIN | PLATFORM, "disconnect");
    snapshot.partitions[0].available[0] = 1 | 4;
}

static void test_other_requests(void)
{
    struct api_request request = {.kind = API_SHOW};
    check(&request, ALL, "show");
    request = (struct api_request){.kind = API_WATCH};
    check(&request, ALL, "watch");
    request = (struct api_request){.kind = API_SERIES};
    check(&request, ALL, "series");
    request = (struct api_request){.kind = API_CONSOLE};
    check(&request, ALL, "console");
    request = (struct api_request){.kind = API_TYPE, .type = {.partition = "SMP1"}};
    check(&request, DOMAIN | OPERATOR | PLATFORM, "type");
    strcpy(request.type.partition, "SMP2");
    check(&request, OPERATOR | PLATFORM, "type");
    for (unsigned pace = 0; pace < API_PACE_COUNT; pace++) {
        request = (struct api_request){.kind = API_PACE, .pace = {.kind = (enum api_pace_kind)pace}};
        check(&request, pace == API_STOP ? PLATFORM : OPERATOR | PLATFORM, "pace");
    }
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("api_rights", set_up, tear_down);
    CU_add_test(suite, "commands", test_commands);
    CU_add_test(suite, "unassigning needs the list", test_unassign_needs_the_list);
    CU_add_test(suite, "other requests", test_other_requests);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
