// SPDX-License-Identifier: Apache-2.0
// Control messages and their envelope to bytes and back. tests/fuzz/corpus/control holds one message of each
// kind as it must look on the wire. `unit-control --write` writes them anew, after a deliberate change of the
// schema (then raise CONTROL_VERSION) or of the generator of random messages.
#include <CUnit/Basic.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/codec/control.h"
#include "proto/codec/control_envelope.h"
#include "tests/lib/random_control.h"

#define SEEDS 100

static void test_round_trip(void)
{
    struct bytes first = {0}, again = {0};
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        for (unsigned kind = 1; kind < CONTROL_KIND_COUNT; kind++) {
            struct rng rng = rng_for(seed, kind);
            struct control in, out;
            struct err err;
            random_control(&rng, (enum control_kind)kind, &in);
            CU_ASSERT_EQUAL_FATAL(control_encode(&in, &first, &err), ERR_OK);
            CU_ASSERT_EQUAL_FATAL(control_decode(first.data, first.size, &out, &err), ERR_OK);
            CU_ASSERT_TRUE(control_equal(&in, &out));
            CU_ASSERT_EQUAL(control_encode(&out, &again, &err), ERR_OK);
            CU_ASSERT_TRUE(first.size == again.size && memcmp(first.data, again.data, first.size) == 0);
            control_free(&in);
            control_free(&out);
        }
    bytes_free(&first);
    bytes_free(&again);
}

static void golden_path(enum control_kind kind, char path[PATH_MAX_BYTES])
{
    const char *source = getenv("NUMAPLEX_SOURCE");
    snprintf(path, PATH_MAX_BYTES, "%s/tests/fuzz/corpus/control/%s.bin", source ? source : ".",
             control_name(kind));
}

// The message of a kind whose bytes are on file: fixed for ever by its seed.
static void golden_message(enum control_kind kind, struct control *control)
{
    struct rng rng = rng_for(7, kind);
    random_control(&rng, kind, control);
}

static void test_golden_bytes(void)
{
    struct bytes bytes = {0};
    for (unsigned kind = 1; kind < CONTROL_KIND_COUNT; kind++) {
        char path[PATH_MAX_BYTES];
        static uint8_t on_file[1 << 20];
        golden_path((enum control_kind)kind, path);
        FILE *file = fopen(path, "rb");
        CU_ASSERT_PTR_NOT_NULL_FATAL(file);
        size_t size = fread(on_file, 1, sizeof on_file, file);
        fclose(file);
        struct control decoded, expected;
        struct err err;
        golden_message((enum control_kind)kind, &expected);
        CU_ASSERT_EQUAL(control_encode(&expected, &bytes, &err), ERR_OK);
        CU_ASSERT_TRUE(bytes.size == size && memcmp(bytes.data, on_file, size) == 0);
        CU_ASSERT_EQUAL(control_decode(on_file, size, &decoded, &err), ERR_OK);
        CU_ASSERT_TRUE(control_equal(&decoded, &expected));
        control_free(&decoded);
        control_free(&expected);
    }
    bytes_free(&bytes);
}

static int write_golden(void)
{
    struct bytes bytes = {0};
    for (unsigned kind = 1; kind < CONTROL_KIND_COUNT; kind++) {
        char path[PATH_MAX_BYTES];
        struct control control;
        golden_path((enum control_kind)kind, path);
        golden_message((enum control_kind)kind, &control);
        FILE *file = fopen(path, "wb");
        NP_ASSERT(file && control_encode(&control, &bytes, NULL) == ERR_OK);
        fwrite(bytes.data, 1, bytes.size, file);
        fclose(file);
        control_free(&control);
    }
    bytes_free(&bytes);
    return EXIT_SUCCESS;
}

static void expect_refused(const uint8_t *data, size_t size, const char *says)
{
    struct control out;
    struct err err;
    uint8_t *own = malloc(size + 1); // of its own size, so that reading beyond its end is seen
    if (size)
        memcpy(own, data, size);
    CU_ASSERT_EQUAL(control_decode(own, size, &out, &err), ERR_DAMAGED_MESSAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, says));
    CU_ASSERT_EQUAL(out.kind, CONTROL_NONE);
    control_free(&out);
    free(own);
}

static void test_truncated_at_every_byte(void)
{
    struct bytes bytes = {0};
    for (unsigned kind = 1; kind < CONTROL_KIND_COUNT; kind++) {
        struct control in;
        golden_message((enum control_kind)kind, &in);
        CU_ASSERT_EQUAL(control_encode(&in, &bytes, NULL), ERR_OK);
        for (size_t size = 0; size < bytes.size; size++)
            expect_refused(bytes.data, size, size ? "no Control message" : "no known kind");
        control_free(&in);
    }
    bytes_free(&bytes);
}

static void test_random_damage(void)
{
    struct bytes bytes = {0}, again = {0};
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        for (unsigned kind = 1; kind < CONTROL_KIND_COUNT; kind++) {
            struct rng rng = rng_for(seed, 100 + kind);
            struct control in, out;
            struct err err;
            random_control(&rng, (enum control_kind)kind, &in);
            CU_ASSERT_EQUAL(control_encode(&in, &bytes, &err), ERR_OK);
            for (uint64_t n = rng_below(&rng, 3) + 1; n > 0; n--)
                bytes.data[rng_below(&rng, bytes.size)] ^= (uint8_t)(1u << rng_below(&rng, 8));
            if (control_decode(bytes.data, bytes.size, &out, &err) == ERR_OK)
                CU_ASSERT_EQUAL(control_encode(&out, &again, &err),
                                ERR_OK); // it obeys all that encoding asserts
            control_free(&in);
            control_free(&out);
        }
    bytes_free(&bytes);
    bytes_free(&again);
}

static void test_unknown_kinds(void)
{
    static const uint8_t field_99[] = {0x9a, 0x06, 0x00}, no_sense[] = {0xff, 0xff, 0xff, 0xff};
    expect_refused(field_99, sizeof field_99, "no known kind");
    expect_refused(no_sense, sizeof no_sense, "no Control message");
    CU_ASSERT_STRING_EQUAL(control_name(CONTROL_NONE), "?");
    CU_ASSERT_STRING_EQUAL(control_name(CONTROL_KIND_COUNT), "?");
    CU_ASSERT_STRING_EQUAL(control_name(CONTROL_EXIT), "EXIT");
    CU_ASSERT_EQUAL(control_side_of(CONTROL_BYE), FROM_WORKER);
    CU_ASSERT_EQUAL(control_side_of(CONTROL_EXIT), FROM_COORDINATOR);
}

// A message of kind `kind` that holds `count` empty elements of repeated field `field`.
static void expect_count_refused(enum control_kind kind, unsigned field, uint32_t count, const char *says)
{
    uint32_t size = 2 * count;
    unsigned tag = (unsigned)kind << 3 | 2;
    uint8_t *data = calloc(size + 6, 1), *at = data;
    for (; tag >= 0x80; tag >>= 7)
        *at++ = (uint8_t)(tag | 0x80);
    *at++ = (uint8_t)tag;
    for (; size >= 0x80; size >>= 7)
        *at++ = (uint8_t)(size | 0x80);
    *at++ = (uint8_t)size;
    for (uint32_t i = 0; i < count; i++, at += 2)
        *at = (uint8_t)(field << 3 | 2);
    expect_refused(data, (size_t)(at - data), says);
    free(data);
}

static void test_absurd_counts(void)
{
    expect_count_refused(CONTROL_PROGRESS, 1, 257, "257 groups, where 256");
    expect_count_refused(CONTROL_PAUSED, 2, 257, "257 groups, where 256");
    expect_count_refused(CONTROL_SAVED, 1, 513, "513 parts, where 512");
    expect_count_refused(CONTROL_RESULTS, 1, 257, "257 boards");
    expect_count_refused(CONTROL_START, 5, 257, "257 groups, where 256");
    expect_count_refused(CONTROL_ORDERS, 5, 1025, "1025 orders");
    expect_count_refused(CONTROL_REPORTS, 1, 65537, "65537 reports");
    expect_count_refused(CONTROL_REPORTS, 2, 257, "257 views");
    expect_count_refused(CONTROL_PROGRESS, 1, 8000000, "unpacks to more than");
    expect_count_refused(CONTROL_CONFIGURE, 3, 1, "epoch 0");
    uint8_t *large = calloc(CONTROL_BYTES_MAX + 1, 1);
    expect_refused(large, CONTROL_BYTES_MAX + 1, "is the most");
    free(large);
}

// What makes a random message wrong, and what the refusal must say.
#define WRONG(name, change)                                                                                  \
    static void name(struct control *control)                                                                \
    {                                                                                                        \
        change;                                                                                              \
    }
WRONG(role, control->hello.role = ROLE_COUNT)
WRONG(index_of_node, control->hello = ((struct control_hello){.role = ROLE_NODE, .index = NODES_MAX}))
WRONG(index_ready, control->ready.index = NODES_MAX)
WRONG(reason, control->paused.reason = PAUSE_REASON_COUNT)
WRONG(rate_one, control->configure.options.host_fault_rate = 1)
WRONG(rate_negative, control->configure.options.host_fault_rate = -0.1)
WRONG(rate_nan, control->configure.options.host_fault_rate = NAN)
WRONG(silence, control->configure.options.silence_ms = 0)
WRONG(threads, control->configure.threads = THREADS_MAX + 1)
WRONG(no_nodes, control->configure.nodes = 0)
WRONG(no_epoch, control->configure.epoch = 0)
WRONG(no_node, control->configure.node_of_board[0] = NO_NODE)
WRONG(wrong_node, control->configure.node_of_board[0] = (uint16_t)control->configure.nodes)
WRONG(wrong_machine, control->configure.machine.boards[0].params.mshrs = 0)
WRONG(no_folder, control->save.folder[0] = '\0')
WRONG(escape, snprintf(control->saved.parts[0].name, NAME_MAX_BYTES, "../x"))
WRONG(parent, snprintf(control->saved.parts[0].name, NAME_MAX_BYTES, ".."))
WRONG(nameless, control->saved.parts[0].name[0] = '\0')
WRONG(part_index, control->saved.parts[0].index = 256)
WRONG(trace_of_nothing, control->configure.options.trace.partition = PARTITIONS_MAX)
WRONG(no_text, control->configure.options.text_limit = 0)
WRONG(endless_text, control->configure.options.text_limit = TEXT_LIMIT_MAX + 1)
WRONG(text_of_nothing, control->text.partition = PARTITIONS_MAX)
WRONG(text_by_a_home, control->text.pieces.items[0].source = component(3, UNIT_HOME))
WRONG(text_by_no_board, control->text.pieces.items[0].source = component(BOARDS_MAX, UNIT_CPU0))
WRONG(text_of_no_stream, control->text.pieces.items[0].stream = TEXT_STREAM_COUNT)
WRONG(empty_text, control->text.pieces.items[0].size = 0)

static void test_wrong_values(void)
{
    static const struct {
        enum control_kind kind;
        void (*change)(struct control *control);
        const char *says;
    } rows[] = {
        {CONTROL_HELLO, role, "HELLO: role 2"},
        {CONTROL_HELLO, index_of_node, "HELLO: role 0 with index 256"},
        {CONTROL_READY, index_ready, "READY: index 256"},
        {CONTROL_PAUSED, reason, "PAUSED: unknown reason 5"},
        {CONTROL_CONFIGURE, rate_one, "host fault rate"},
        {CONTROL_CONFIGURE, rate_negative, "host fault rate"},
        {CONTROL_CONFIGURE, rate_nan, "host fault rate"},
        {CONTROL_CONFIGURE, silence, "silence limit of 0"},
        {CONTROL_CONFIGURE, threads, "65 threads"},
        {CONTROL_CONFIGURE, no_nodes, "of 0"},
        {CONTROL_CONFIGURE, no_epoch, "epoch 0"},
        {CONTROL_CONFIGURE, no_node, "board 0 is placed on node 65535"},
        {CONTROL_CONFIGURE, wrong_node, "board 0 is placed on node"},
        {CONTROL_CONFIGURE, wrong_machine, "machine description: a board has no MSHRs"},
        {CONTROL_SAVE, no_folder, "no folder"},
        {CONTROL_SAVED, escape, "part 0: not the name of a file"},
        {CONTROL_SAVED, parent, "not the name of a file"},
        {CONTROL_SAVED, nameless, "not the name of a file"},
        {CONTROL_SAVED, part_index, "index 256"},
        {CONTROL_CONFIGURE, trace_of_nothing, "a trace of partition 256"},
        {CONTROL_CONFIGURE, no_text, "a text limit of 0"},
        {CONTROL_CONFIGURE, endless_text, "a text limit of"},
        {CONTROL_TEXT, text_of_nothing, "text of partition 256"},
        {CONTROL_TEXT, text_by_a_home, "piece 0 of source 0x301"},
        {CONTROL_TEXT, text_by_no_board, "piece 0 of source 0x10010"},
        {CONTROL_TEXT, text_of_no_stream, "stream 2"},
        {CONTROL_TEXT, empty_text, "stream"},
    };
    struct bytes bytes = {0};
    for (size_t i = 0; i < NP_ARRAY_LEN(rows); i++) {
        struct rng rng = rng_for(4, rows[i].kind);
        struct control control;
        random_control(&rng, rows[i].kind, &control);
        rows[i].change(&control);
        CU_ASSERT_EQUAL(control_encode(&control, &bytes, NULL), ERR_OK);
        expect_refused(bytes.data, bytes.size, rows[i].says);
        control_free(&control);
    }
    bytes_free(&bytes);
}

static void test_unknown_failures_are_internal(void)
{
    static const uint8_t of_tomorrow[] = {0x1a, 8, 0x0a, 6, 'N', 'P', '0', '9', '9', '8'};
    static const uint8_t no_failure[] = {0x1a, 8, 0x0a, 6, 'N', 'P', '0', '0', '0', '0'};
    struct control out;
    struct err err;
    CU_ASSERT_EQUAL(control_decode(of_tomorrow, sizeof of_tomorrow, &out, &err), ERR_OK);
    CU_ASSERT_EQUAL(out.failed.code, ERR_INTERNAL);
    expect_refused(no_failure, sizeof no_failure, "a failure without an error");
}

// A machine of so many long scripts that it fits no message is refused where it is made.
static void test_too_large_to_send(void)
{
    struct rng rng = rng_for(1, CONTROL_CONFIGURE);
    struct control control;
    struct bytes bytes = {0};
    struct err err;
    random_control(&rng, CONTROL_CONFIGURE, &control);
    struct machine *machine = &control.configure.machine;
    free(machine->cpus[0].script);
    uint32_t count = CONTROL_BYTES_MAX / SCRIPT_BYTES_MAX + 1;
    machine->cpus = realloc(machine->cpus, (machine->n_cpus + count) * sizeof *machine->cpus);
    for (uint32_t i = 0; i <= count; i++) {
        struct cpu_desc *cpu = &machine->cpus[i ? machine->n_cpus++ : 0];
        *cpu = machine->cpus[0];
        cpu->script = malloc(SCRIPT_BYTES_MAX);
        memset(cpu->script, '\n', SCRIPT_BYTES_MAX - 1);
        cpu->script[SCRIPT_BYTES_MAX - 1] = '\0';
    }
    CU_ASSERT_EQUAL(control_encode(&control, &bytes, &err), ERR_LIMIT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "a CONFIGURE message of"));
    control_free(&control);
    bytes_free(&bytes);
}

static void test_envelope(void)
{
    static const uint8_t text[] = "a message";
    const struct control_envelope in = {.run_id = 0x1122334455667788,
                                        .epoch = 3,
                                        .session = 99,
                                        .number = 7,
                                        .received = 6,
                                        .body = text,
                                        .size = sizeof text};
    struct control_envelope out;
    struct bytes bytes = {0}, body = {0};
    struct err err;
    control_envelope_encode(&in, &bytes);
    CU_ASSERT_EQUAL(control_envelope_decode(bytes.data, bytes.size, &out, &body, &err), ERR_OK);
    CU_ASSERT_TRUE(out.run_id == in.run_id && out.epoch == in.epoch && out.session == in.session &&
                   out.number == in.number && out.received == in.received);
    CU_ASSERT_EQUAL(out.size, sizeof text);
    CU_ASSERT_EQUAL(memcmp(out.body, text, sizeof text), 0);
    for (size_t size = 0; size < bytes.size; size++)
        CU_ASSERT_NOT_EQUAL(control_envelope_decode(bytes.data, size, &out, &body, &err), ERR_OK);
    for (size_t bit = 0; bit < 8 * bytes.size; bit++) {
        bytes.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CU_ASSERT_NOT_EQUAL(control_envelope_decode(bytes.data, bytes.size, &out, &body, &err), ERR_OK);
        CU_ASSERT_TRUE(strlen(err.text) > 10);
        bytes.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    CU_ASSERT_EQUAL(bytes.data[0], 0x08); // field 1, the version
    bytes.data[1]++;
    CU_ASSERT_EQUAL(control_envelope_decode(bytes.data, bytes.size, &out, &body, &err), ERR_FOREIGN_PEER);
    bytes_free(&bytes);
    bytes_free(&body);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--write") == 0)
        return write_golden();
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("control codec", NULL, NULL);
    CU_add_test(suite, "round trip", test_round_trip);
    CU_add_test(suite, "golden bytes", test_golden_bytes);
    CU_add_test(suite, "truncated at every byte", test_truncated_at_every_byte);
    CU_add_test(suite, "random damage", test_random_damage);
    CU_add_test(suite, "unknown kinds", test_unknown_kinds);
    CU_add_test(suite, "absurd counts", test_absurd_counts);
    CU_add_test(suite, "wrong values", test_wrong_values);
    CU_add_test(suite, "unknown failures are internal", test_unknown_failures_are_internal);
    CU_add_test(suite, "too large to send", test_too_large_to_send);
    CU_add_test(suite, "envelope", test_envelope);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
