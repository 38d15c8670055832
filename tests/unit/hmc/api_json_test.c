// SPDX-License-Identifier: Apache-2.0
// The control API as JSON: whatever a run says has a form, every field has its key, and what consoles send is
// read or refused by name.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hmc/client/json.h"
#include "tests/lib/random_api.h"

// Fields of a row, as many as the struct has, but for those that a shorter form leaves out.
static void test_rows(void)
{
    struct rng rng = rng_for(1, 1);
    struct api_snapshot snapshot;
    random_api_snapshot(&rng, 6, &snapshot);
    strcpy(snapshot.boards[0].partition, "");
    json_t *board = api_board_json(&snapshot, 0), *whole = api_snapshot_json(&snapshot);
    CU_ASSERT_EQUAL(json_object_size(board), 26);
    CU_ASSERT_TRUE(json_is_null(json_object_get(board, "partition")));
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(board, "name")), snapshot.boards[0].name);
    CU_ASSERT_EQUAL(json_object_size(whole), 11);
    CU_ASSERT_EQUAL(json_array_size(json_object_get(whole, "boards")), 6);
    CU_ASSERT_EQUAL(json_array_size(json_object_get(whole, "partitions")), snapshot.n_partitions);
    json_decref(board);
    json_decref(whole);
    api_snapshot_free(&snapshot);
}

// Any reply: the text of its JSON is read back, whatever bytes its texts hold.
static void test_replies(void)
{
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct rng rng = rng_for(seed, 2);
        struct api_reply reply;
        json_error_t why;
        random_api_reply(&rng, &reply);
        if (reply.n_events)
            strcpy(reply.events[0].text, "\xff\xfe"); // no text: null
        json_t *json = api_reply_json(&reply);
        char *text = json_dumps(json, JSON_COMPACT);
        CU_ASSERT_PTR_NOT_NULL_FATAL(text);
        json_t *again = json_loads(text, JSON_REJECT_DUPLICATES, &why);
        CU_ASSERT_TRUE(again && json_equal(json, again));
        CU_ASSERT_EQUAL(json_is_null(json_object_get(json, "code")), reply.outcome.code == ERR_OK);
        CU_ASSERT_EQUAL(json_object_get(json, "plan") != NULL, reply.has_plan);
        json_decref(again);
        json_decref(json);
        free(text);
        api_reply_free(&reply);
    }
}

static void test_errors(void)
{
    struct err err = {ERR_LAST, "no"};
    json_t *json = api_error_json(&err);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json, "code")), "NP0804");
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json, "text")), "no");
    CU_ASSERT_PTR_NOT_NULL(json_string_value(json_object_get(json, "meaning")));
    json_decref(json);
}

static enum err_code read_command(const char *text, struct api_command *command, struct err *err)
{
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(json);
    enum err_code code = api_command_of_json(json, command, err);
    json_decref(json);
    return code;
}

static enum err_code read_pace(const char *text, struct api_pace *pace, struct err *err)
{
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(json);
    enum err_code code = api_pace_of_json(json, pace, err);
    json_decref(json);
    return code;
}

static void test_commands(void)
{
    struct api_command command;
    struct api_pace pace;
    struct err err;
    CU_ASSERT_EQUAL(
        read_command("{\"verb\": \"move\", \"board\": \"SB6\", \"partition\": \"SMP2\", \"force\": true, "
                     "\"name\": null}",
                     &command, &err),
        ERR_OK);
    CU_ASSERT_TRUE(command.verb == API_MOVE && command.level == API_CONFIGURE && command.force &&
                   !command.on);
    CU_ASSERT_STRING_EQUAL(command.board, "SB6");
    CU_ASSERT_EQUAL(read_command("{\"level\": \"disconnect\", \"verb\": \"delete\"}", &command, &err),
                    ERR_OK);
    CU_ASSERT_EQUAL(command.level, API_DISCONNECT);
    CU_ASSERT_EQUAL(
        read_command("{\"verb\": \"keyswitch\", \"position\": \"diag\", \"on\": false}", &command, &err),
        ERR_OK);
    CU_ASSERT_EQUAL(command.position, API_KEY_DIAG);
    CU_ASSERT_EQUAL(read_pace("{\"pace\": \"step\", \"step_ps\": 1000}", &pace, &err), ERR_OK);
    CU_ASSERT_TRUE(pace.kind == API_STEP && pace.step_ps == 1000);
    CU_ASSERT_EQUAL(read_pace("{\"pace\": \"slow\", \"ps_per_s\": 7}", &pace, &err), ERR_OK);
    CU_ASSERT_EQUAL(pace.ps_per_s, 7);
}

static void test_refusals(void)
{
    static const struct {
        const char *text, *says;
    } commands[] = {
        {"[]", "a command is an object"},
        {"{}", "\"verb\" is no word"},
        {"{\"verb\": 3}", "\"verb\" is no word"},
        {"{\"verb\": \"fly\"}", "\"verb\" is no word"},
        {"{\"verb\": \"move\", \"bord\": \"SB6\"}", "\"bord\" is no key of a command"},
        {"{\"verb\": \"move\", \"board\": 6}", "\"board\" is no text"},
        {"{\"verb\": \"move\", \"board\": "
         "\"0123456789012345678901234567890123456789012345678901234567890123\"}",
         "\"board\" is too long"},
        {"{\"verb\": \"move\", \"level\": \"up\"}", "\"level\" is no word"},
        {"{\"verb\": \"keyswitch\", \"position\": 1}", "\"position\" is no word"},
        {"{\"verb\": \"power\", \"on\": 1}", "\"on\" is neither true nor false"},
    };
    static const struct {
        const char *text, *says;
    } paces[] = {
        {"3", "a pace is an object"},
        {"{\"pace\": \"run\"}", "\"pace\" is no word"},
        {"{\"pace\": \"step\", \"step_ps\": -1}", "\"step_ps\" is no whole number"},
        {"{\"pace\": \"step\", \"step_ps\": 1.5}", "\"step_ps\" is no whole number"},
        {"{\"pace\": \"step\", \"steps\": 1}", "\"steps\" is no key of a pace"},
    };
    struct api_command command;
    struct api_pace pace;
    struct err err;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        CU_ASSERT_EQUAL(read_command(commands[i].text, &command, &err), ERR_REQUEST);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, commands[i].says));
    }
    for (size_t i = 0; i < sizeof paces / sizeof *paces; i++) {
        CU_ASSERT_EQUAL(read_pace(paces[i].text, &pace, &err), ERR_REQUEST);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, paces[i].says));
    }
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("api_json", NULL, NULL);
    CU_add_test(suite, "rows", test_rows);
    CU_add_test(suite, "replies", test_replies);
    CU_add_test(suite, "errors", test_errors);
    CU_add_test(suite, "commands and paces", test_commands);
    CU_add_test(suite, "refusals", test_refusals);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
