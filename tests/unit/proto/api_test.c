// SPDX-License-Identifier: Apache-2.0
// Requests and replies of the control API to bytes and back. tests/fuzz/corpus/api holds one of each kind as
// it must look on the wire; `unit-api --write` writes them anew after a deliberate change of the schema.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/random_api.h"

#define SEEDS 200

static void test_requests(void)
{
    struct bytes first = {0}, again = {0};
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        for (unsigned kind = API_SHOW; kind <= API_SERIES; kind++) {
            struct rng rng = rng_for(seed, kind);
            struct api_request in, out;
            struct err err;
            random_api_request(&rng, (enum api_kind)kind, &in);
            CU_ASSERT_EQUAL_FATAL(api_request_encode(&in, &first, &err), ERR_OK);
            CU_ASSERT_EQUAL_FATAL(api_request_decode(first.data, first.size, &out, &err), ERR_OK);
            CU_ASSERT_TRUE(api_request_equal(&in, &out));
            CU_ASSERT_EQUAL(api_request_encode(&out, &again, &err), ERR_OK);
            CU_ASSERT_TRUE(first.size == again.size && memcmp(first.data, again.data, first.size) == 0);
            api_request_free(&in);
            api_request_free(&out);
        }
    bytes_free(&first);
    bytes_free(&again);
}

static void test_replies(void)
{
    struct bytes bytes = {0};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct rng rng = rng_for(seed, 0);
        struct api_reply in, out;
        struct err err;
        random_api_reply(&rng, &in);
        CU_ASSERT_EQUAL_FATAL(api_reply_encode(&in, &bytes, &err), ERR_OK);
        CU_ASSERT_EQUAL_FATAL(api_reply_decode(bytes.data, bytes.size, &out, &err), ERR_OK);
        CU_ASSERT_TRUE(api_reply_equal(&in, &out));
        api_reply_free(&in);
        api_reply_free(&out);
    }
    bytes_free(&bytes);
}

static void golden_path(unsigned kind, char path[PATH_MAX_BYTES])
{
    static const char *const names[] = {"reply", "show", "watch",   "command", "plan",
                                        "pace",  "type", "console", "series"};
    const char *source = getenv("NUMAPLEX_SOURCE");
    snprintf(path, PATH_MAX_BYTES, "%s/tests/fuzz/corpus/api/%s.bin", source ? source : ".", names[kind]);
}

// Kind 0: a reply; else a request of that kind.
static void golden_bytes(unsigned kind, struct bytes *bytes)
{
    struct rng rng = rng_for(7, kind);
    struct api_request request = {0};
    struct api_reply reply = {0};
    struct err err;
    if (kind) {
        random_api_request(&rng, (enum api_kind)kind, &request);
        api_request_encode(&request, bytes, &err);
    } else {
        random_api_reply(&rng, &reply);
        api_reply_encode(&reply, bytes, &err);
    }
    api_request_free(&request);
    api_reply_free(&reply);
}

static void test_golden_bytes(void)
{
    struct bytes bytes = {0};
    for (unsigned kind = 0; kind <= API_SERIES; kind++) {
        static uint8_t on_file[1 << 16];
        char path[PATH_MAX_BYTES];
        golden_path(kind, path);
        FILE *file = fopen(path, "rb");
        CU_ASSERT_PTR_NOT_NULL_FATAL(file);
        size_t size = fread(on_file, 1, sizeof on_file, file);
        fclose(file);
        golden_bytes(kind, &bytes);
        CU_ASSERT_TRUE(bytes.size == size && memcmp(bytes.data, on_file, size) == 0);
    }
    bytes_free(&bytes);
}

static int write_golden(void)
{
    struct bytes bytes = {0};
    for (unsigned kind = 0; kind <= API_SERIES; kind++) {
        char path[PATH_MAX_BYTES];
        golden_path(kind, path);
        FILE *file = fopen(path, "wb");
        NP_ASSERT(file);
        golden_bytes(kind, &bytes);
        fwrite(bytes.data, 1, bytes.size, file);
        fclose(file);
    }
    bytes_free(&bytes);
    return EXIT_SUCCESS;
}

// What makes a request wrong, and what its sender is told.
#define WRONG(name, change)                                                                                  \
    static void name(struct api_request *r)                                                                  \
    {                                                                                                        \
        change;                                                                                              \
    }
WRONG(no_id, r->id = 0)
WRONG(no_role, r->role = API_ROLE_COUNT)
WRONG(control_character, strcpy(r->user, "a\x1b[2J"))
WRONG(cut_character, strcpy(r->user, "caf\xc3"))
WRONG(overlong, strcpy(r->user, "\xe0\x82\xb0"))
WRONG(surrogate, strcpy(r->user, "\xed\xa0\x80"))
WRONG(c1_control, strcpy(r->user, "\xc2\x9b"))
WRONG(beyond, strcpy(r->user, "\xf4\x90\x80\x80"))
WRONG(many_domains, r->n_domains = PARTITIONS_MAX + 1;
      r->domains = realloc(r->domains, sizeof *r->domains * r->n_domains);
      memset(r->domains, 0, sizeof *r->domains * r->n_domains))
WRONG(domain_text, strcpy(r->domains[0], "\x01"))
WRONG(verb, r->command.verb = API_VERB_COUNT)
WRONG(level, r->command.level = API_LEVEL_COUNT)
WRONG(position, r->command.position = API_POSITION_COUNT)
WRONG(board_text, strcpy(r->command.board, "SB\n6"))
WRONG(pace, r->pace.kind = API_PACE_COUNT)
WRONG(no_step, r->pace = (struct api_pace){.kind = API_STEP})
WRONG(often, r->watch.samples_ms = API_SAMPLE_MS_MIN - 1)
WRONG(seldom, r->watch.samples_ms = API_SAMPLE_MS_MAX + 1)
WRONG(not_ascii, strcpy(r->type.text, "\xc3\xa4"))

static const struct {
    enum api_kind kind;
    void (*change)(struct api_request *request);
    const char *says;
} wrong[] = {
    {API_SHOW, no_id, "a request without a number"},
    {API_SHOW, no_role, "there is no role 4"},
    {API_SHOW, control_character, "user has a byte 0x1b at 1"},
    {API_SHOW, cut_character, "user has a byte 0xc3 at 3"},
    {API_SHOW, overlong, "user has a byte 0xe0 at 0"},
    {API_SHOW, surrogate, "user has a byte 0xed at 0"},
    {API_SHOW, c1_control, "user has a byte 0xc2 at 0"},
    {API_SHOW, beyond, "user has a byte 0xf4 at 0"},
    {API_SHOW, many_domains, "257 domains of a user, where 256 is the most"},
    {API_SHOW, domain_text, "domains has a byte 0x01"},
    {API_COMMAND, verb, "there is no verb '?'"},
    {API_PLAN, level, "there is no level '?'"},
    {API_COMMAND, position, "a keyswitch has no position '?'"},
    {API_COMMAND, board_text, "board has a byte 0x0a at 2"},
    {API_PACE, pace, "there is no pace '?'"},
    {API_PACE, no_step, "a step of no time"},
    {API_WATCH, often, "samples every 99 ms, where 100 to 60000"},
    {API_WATCH, seldom, "samples every 60001 ms"},
    {API_TYPE, not_ascii, "consoles take ASCII only"},
};

static void test_wrong_requests(void)
{
    for (size_t i = 0; i < NP_ARRAY_LEN(wrong); i++) {
        struct rng rng = rng_for(i, 1);
        struct api_request request;
        struct bytes bytes = {0};
        struct err err;
        do {
            random_api_request(&rng, wrong[i].kind, &request);
        } while (request.n_domains == 0 && (api_request_free(&request), true));
        wrong[i].change(&request);
        CU_ASSERT_EQUAL(api_request_encode(&request, &bytes, &err), ERR_REQUEST);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, wrong[i].says));
        api_request_free(&request);
        bytes_free(&bytes);
    }
}

static void test_wrong_bytes(void)
{
    static const uint8_t version_2[] = {0x08, 0x02, 0x10, 0x2a, 0x52, 0x00};
    static const uint8_t nothing_asked[] = {0x08, 0x01, 0x10, 0x2a};
    static uint8_t large[API_REQUEST_BYTES_MAX + 1];
    struct api_request request;
    struct err err;
    CU_ASSERT_EQUAL(api_request_decode(version_2, sizeof version_2, &request, &err), ERR_REQUEST);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "version 2 of the control API, where this run speaks 1"));
    CU_ASSERT_EQUAL(request.id, 42); // the refusal finds its way back
    CU_ASSERT_EQUAL(api_request_decode(nothing_asked, sizeof nothing_asked, &request, &err), ERR_REQUEST);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "nothing that is known"));
    CU_ASSERT_EQUAL(api_request_decode(large, sizeof large, &request, &err), ERR_REQUEST);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "65537 bytes, where 65536 is the most"));
    CU_ASSERT_EQUAL(api_request_decode(large, 100, &request, &err), ERR_REQUEST);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "no ApiRequest message"));
}

// Replies that no run sends, byte by byte.
static void test_wrong_replies(void)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *says;
    } replies[] = {
        {"\x08\x02", 2, "the run speaks version 2 of the control API, and this program 1"},
        {"\x08\x01\x32\x05\x4a\x03\x32\x01\x05", 9, "snapshot: partition 0: board 5 of 0 is available"},
        {"\x08\x01\x4a\x03\x1a\x01\x01", 7, "sample: partition_accesses has 0 entries"},
        {"\x08\x01\x42\x00", 4, "event 0: an event without a number"},
        {"\x08\x01\x1a\x06NP0000", 10, "an error that is none"},
        {"\x08\x01\x22\x01\x07", 5, "text has a byte 0x07 at 0"},
        {"\x08", 1, "no ApiReply message"},
    };
    for (size_t i = 0; i < NP_ARRAY_LEN(replies); i++) {
        struct api_reply reply;
        struct err err;
        CU_ASSERT_EQUAL(api_reply_decode((const uint8_t *)replies[i].bytes, replies[i].size, &reply, &err),
                        ERR_DAMAGED_MESSAGE);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, replies[i].says));
        CU_ASSERT_TRUE(!reply.events && !reply.console && !reply.snapshot.boards);
    }
}

// Damaged bytes are refused, or mean something that is right.
static void test_damage(void)
{
    for (uint64_t seed = 1; seed <= 20 * SEEDS; seed++) {
        struct rng rng = rng_for(seed, 3);
        struct bytes bytes = {0}, again = {0};
        struct api_request request;
        struct api_reply reply;
        struct err err;
        golden_bytes((unsigned)rng_below(&rng, API_SERIES + 1), &bytes);
        for (uint64_t n = rng_below(&rng, 3) + 1; n > 0; n--)
            bytes.data[rng_below(&rng, bytes.size)] ^= (uint8_t)(1u << rng_below(&rng, 8));
        size_t size = rng_below(&rng, 2) ? bytes.size : rng_below(&rng, bytes.size);
        if (api_request_decode(bytes.data, size, &request, &err) == ERR_OK)
            CU_ASSERT_EQUAL(api_request_encode(&request, &again, &err), ERR_OK);
        if (api_reply_decode(bytes.data, size, &reply, &err) == ERR_OK)
            CU_ASSERT_EQUAL(api_reply_encode(&reply, &again, &err), ERR_OK);
        api_request_free(&request);
        api_reply_free(&reply);
        bytes_free(&bytes);
        bytes_free(&again);
    }
}

// A text of the run that is no UTF-8, or was cut in the middle of a character, still arrives.
static void test_texts_of_the_run(void)
{
    struct api_reply in = {.outcome = {ERR_STATE, "a\nb \xc3\xa4 \xc3"}}, out;
    struct bytes bytes = {0};
    struct err err;
    CU_ASSERT_EQUAL(api_reply_encode(&in, &bytes, &err), ERR_OK);
    CU_ASSERT_EQUAL(api_reply_decode(bytes.data, bytes.size, &out, &err), ERR_OK);
    CU_ASSERT_EQUAL(out.outcome.code, ERR_STATE);
    CU_ASSERT_STRING_EQUAL(out.outcome.text, "a?b \xc3\xa4 ?");
    api_reply_free(&out);
    bytes_free(&bytes);
}

static void test_limits_of_replies(void)
{
    struct api_reply in = {.has_sample = true}, out;
    struct bytes bytes = {0};
    struct err err;
    api_sample_init(&in.sample, PARTITIONS_MAX, BOARDS_MAX);
    CU_ASSERT_EQUAL(api_reply_encode(&in, &bytes, &err), ERR_OK);
    CU_ASSERT_EQUAL(api_reply_decode(bytes.data, bytes.size, &out, &err), ERR_OK);
    CU_ASSERT_EQUAL(out.sample.n_boards, BOARDS_MAX);
    api_reply_free(&out);
    memset(in.sample.sent_bytes, 0xff, sizeof(uint64_t) * BOARDS_MAX); // the longest numbers
    CU_ASSERT_EQUAL(api_reply_encode(&in, &bytes, &err), ERR_OK);
    CU_ASSERT_EQUAL(api_reply_decode(bytes.data, API_REPLY_BYTES_MAX + 1, &out, &err), ERR_DAMAGED_MESSAGE);
    api_reply_free(&in);
    bytes_free(&bytes);
}

static void test_words(void)
{
    enum api_verb verb = API_ADD;
    enum api_role role = API_VIEWER;
    for (unsigned i = 0; i < API_VERB_COUNT; i++) {
        CU_ASSERT_TRUE(api_verb_of(api_verb_word((enum api_verb)i), &verb));
        CU_ASSERT_EQUAL(verb, i);
    }
    CU_ASSERT_TRUE(api_role_of("platform administrator", &role));
    CU_ASSERT_EQUAL(role, API_PLATFORM_ADMINISTRATOR);
    CU_ASSERT_FALSE(api_role_of("Viewer", &role));
    CU_ASSERT_STRING_EQUAL(api_level_word(API_LEVEL_COUNT), "?");
    struct api_command command;
    api_command_init(&command, API_DELETE);
    CU_ASSERT_EQUAL(command.level, API_UNASSIGN);
    api_command_init(&command, API_MOVE);
    CU_ASSERT_EQUAL(command.level, API_CONFIGURE);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--write") == 0)
        return write_golden();
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("api", NULL, NULL);
    CU_add_test(suite, "requests come back as they were", test_requests);
    CU_add_test(suite, "replies come back as they were", test_replies);
    CU_add_test(suite, "bytes are those on file", test_golden_bytes);
    CU_add_test(suite, "wrong requests are told why", test_wrong_requests);
    CU_add_test(suite, "wrong bytes are told why", test_wrong_bytes);
    CU_add_test(suite, "wrong replies are told why", test_wrong_replies);
    CU_add_test(suite, "damage", test_damage);
    CU_add_test(suite, "texts of the run are cleaned", test_texts_of_the_run);
    CU_add_test(suite, "limits of replies", test_limits_of_replies);
    CU_add_test(suite, "words", test_words);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
