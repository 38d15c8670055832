// SPDX-License-Identifier: Apache-2.0
// A reason for everything that a message of the data plane may not say.
#include <CUnit/Basic.h>
#include <endian.h>
#include <string.h>
#include <xxhash.h>

#include "proto/base/limits.h"
#include "proto/codec/data.h"

#define RUN  UINT64_C(0x1122334455667788)
#define LINE 64u

static struct data_codec *codec;

static const struct envelope grant_envelope = {RUN, 2, DATA_GRANT, 1, 3, 1000};
static const struct envelope batch_envelope = {RUN, 2, DATA_BATCH, 1, 3, 1000};

static struct message message_of(enum message_type type)
{
    return (struct message){.time = 5000000,
                            .dst = component(7, UNIT_HOME),
                            .src = component(2, UNIT_AGENT),
                            .seq = 41,
                            .line = 0x10040,
                            .txn = 9,
                            .requestor = 2,
                            .type = (uint8_t)type};
}

static void add(struct message_list *list, struct message message)
{
    uint8_t line[LINE_BYTES_MAX];
    memset(line, 0x5a, sizeof line);
    message_list_add(list, &message, message_carries_data(message.type) ? line : NULL);
}

// --- messages that no encoder of ours writes, put together field by field ---

struct raw {
    uint8_t bytes[2 * REPORTS_WAITING_MAX];
    size_t size;
};

static void put_varint(struct raw *raw, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        raw->bytes[raw->size++] = (uint8_t)(value | 0x80);
    raw->bytes[raw->size++] = (uint8_t)value;
}

static void put_number(struct raw *raw, unsigned field, uint64_t value)
{
    put_varint(raw, field << 3);
    put_varint(raw, value);
}

static void put_bytes(struct raw *raw, unsigned field, const void *bytes, size_t size)
{
    put_varint(raw, field << 3 | 2);
    put_varint(raw, size);
    memcpy(raw->bytes + raw->size, bytes, size);
    raw->size += size;
}

static void put_fixed(struct raw *raw, unsigned field, uint64_t value)
{
    put_varint(raw, field << 3 | 1);
    value = htole64(value);
    memcpy(raw->bytes + raw->size, &value, 8);
    raw->size += 8;
}

static void put_head(struct raw *raw, uint64_t version)
{
    put_number(raw, 1, version);
    put_fixed(raw, 2, RUN);
    put_number(raw, 6, 1);
}

static const char *reason_of(struct raw raw)
{
    struct envelope envelope;
    const char *reason;
    put_fixed(&raw, 15, XXH3_64bits(raw.bytes, raw.size));
    enum data_verdict verdict = data_decode(codec, raw.bytes, raw.size, RUN, &envelope, &reason);
    CU_ASSERT(verdict == DATA_GOOD || verdict == DATA_IMPOSSIBLE);
    return verdict == DATA_GOOD ? "good" : reason;
}

// A grant of one message whose columns are given as raw bytes; one field may be replaced or added.
static const char *reason_of_columns(unsigned field, const char *bytes, size_t size)
{
    static const char *const plain[14] = {
        [2] = "\x02", [3] = "\x01", [4] = "\x02",  [5] = "\x02", [6] = "\x00", [7] = "\x02",
        [8] = "\x01", [9] = "\x01", [10] = "\x02", [11] = NULL,  [12] = NULL,  [13] = NULL};
    struct raw columns = {.size = 0}, grant = {.size = 0}, raw = {.size = 0};
    put_number(&columns, 1, LINE);
    for (unsigned i = 2; i < 14; i++) {
        if (i == field)
            put_bytes(&columns, i, bytes, size);
        else if (plain[i])
            put_bytes(&columns, i, plain[i], 1);
    }
    if (field >= 14)
        put_bytes(&columns, field, bytes, size);
    put_bytes(&grant, 2, columns.bytes, columns.size);
    put_head(&raw, DATA_VERSION);
    put_bytes(&raw, 7, grant.bytes, grant.size);
    return reason_of(raw);
}

static void impossible_columns(void)
{
    static const uint8_t line[LINE];
    CU_ASSERT_STRING_EQUAL(reason_of_columns(0, "", 0), "good");
    for (unsigned field = 3; field <= 9; field++)
        CU_ASSERT_STRING_EQUAL(reason_of_columns(field, "\0\0", 2), "columns of different lengths");
    CU_ASSERT_STRING_EQUAL(reason_of_columns(2, "", 0), "columns of different lengths");
    CU_ASSERT_STRING_EQUAL(reason_of_columns(10, "\0\0", 2), "a sparse column of another length");
    CU_ASSERT_STRING_EQUAL(reason_of_columns(11, "\0\0", 2), "a sparse column of another length");
    CU_ASSERT_STRING_EQUAL(reason_of_columns(12, "\0\0", 2), "a sparse column of another length");
    const char beyond = MSG_TYPE_COUNT;
    CU_ASSERT_STRING_EQUAL(reason_of_columns(9, &beyond, 1), "an unknown message type");
    CU_ASSERT_STRING_EQUAL(reason_of_columns(9, "\xff", 1), "an unknown message type");
    CU_ASSERT_STRING_EQUAL(reason_of_columns(10, "\x10", 1), "an unknown flag");
    CU_ASSERT_STRING_EQUAL(reason_of_columns(3, "\x80\x80\x04", 3), "a component of no board");
    CU_ASSERT_STRING_EQUAL(reason_of_columns(4, "\x80\x80\x04", 3), "a component of no board");
    CU_ASSERT_STRING_EQUAL(reason_of_columns(8, "\x80\x02", 2), "a requestor that is no board");
    CU_ASSERT_STRING_EQUAL(reason_of_columns(11, "\x01", 1), "an impossible number of acknowledgements");
    CU_ASSERT_STRING_EQUAL(reason_of_columns(12, "\x80\x80\x04", 3), "an impossible segment-map version");
    CU_ASSERT_STRING_EQUAL(reason_of_columns(2, "\x01", 1), "a message that never arrives");
    CU_ASSERT_STRING_EQUAL(reason_of_columns(6, "\x02", 1), "an impossible line address");
    CU_ASSERT_STRING_EQUAL(reason_of_columns(6, "\x80\x80\x80\x80\x80\x80\x80\x10", 8),
                           "an impossible line address");
    CU_ASSERT_STRING_EQUAL(reason_of_columns(9, "\x09", 1), "data missing");
    CU_ASSERT_STRING_EQUAL(reason_of_columns(13, (const char *)line, LINE), "data where none belongs");
    CU_ASSERT_STRING_EQUAL(reason_of_columns(14, "?", 1), "an unknown field");
    CU_ASSERT_STRING_EQUAL(reason_of_columns(2, "\x80", 1), "not of the protocol's form");
}

static void impossible_envelopes(void)
{
    struct raw raw = {.size = 0};
    put_head(&raw, DATA_VERSION + 1);
    CU_ASSERT_STRING_EQUAL(reason_of(raw), "another version of the protocol");
    raw.size = 0;
    put_head(&raw, DATA_VERSION);
    CU_ASSERT_STRING_EQUAL(reason_of(raw), "no body");
    struct raw more = raw;
    put_number(&more, 9, 0);
    CU_ASSERT_STRING_EQUAL(reason_of(more), "an unknown signal");
    more = raw;
    put_number(&more, 9, 6);
    CU_ASSERT_STRING_EQUAL(reason_of(more), "an unknown signal");
    more = raw;
    put_number(&more, 9, 3);
    CU_ASSERT_STRING_EQUAL(reason_of(more), "good");
    put_number(&more, 12, 3);
    CU_ASSERT_STRING_EQUAL(reason_of(more), "an unknown field");
    more = raw;
    put_number(&more, 4, PARTITIONS_MAX);
    CU_ASSERT_STRING_EQUAL(reason_of(more), "an impossible group");
    more = raw;
    put_number(&more, 5, NODES_MAX);
    CU_ASSERT_STRING_EQUAL(reason_of(more), "an impossible member");
    more = raw;
    put_number(&more, 6, 0);
    put_bytes(&more, 7, "", 0);
    CU_ASSERT_STRING_EQUAL(reason_of(more), "a grant without a sequence");
    more = raw;
    put_number(&more, 6, 0);
    put_bytes(&more, 8, "", 0);
    CU_ASSERT_STRING_EQUAL(reason_of(more), "a batch without a sequence");
    more = raw;
    put_bytes(&more, 8, "\x28\x81\x40", 3);
    CU_ASSERT_STRING_EQUAL(reason_of(more), "more running CPUs than there can be");
    more = raw;
    put_bytes(&more, 7, "\xff", 1);
    CU_ASSERT_STRING_EQUAL(reason_of(more), "not of the protocol's form");
    more = raw; // thousands of tiny fields would want many times their size
    while (more.size < 4000)
        put_number(&more, 9, 1);
    CU_ASSERT_STRING_EQUAL(reason_of(more), "not of the protocol's form");
}

static const char *reason_of_lines(uint32_t line_bytes)
{
    struct grant grant = {.until = 1};
    struct bytes out = {0};
    struct envelope envelope;
    const char *reason;
    message_list_init(&grant.arrivals, line_bytes);
    add(&grant.arrivals, message_of(MSG_GETS));
    data_encode_grant(codec, &grant_envelope, &grant, &out, NULL);
    data_decode(codec, out.data, out.size, RUN, &envelope, &reason);
    grant_free(&grant);
    bytes_free(&out);
    return reason ? reason : "good";
}

static const char *reason_of_frame(struct frame frame)
{
    uint8_t byte = 1;
    frame.bytes = &byte;
    struct batch batch = {.reached = 1};
    struct bytes out = {0};
    struct envelope envelope;
    const char *reason;
    frame_list_add(&batch.frames, &frame);
    data_encode_batch(codec, &batch_envelope, &batch, &out, NULL);
    data_decode(codec, out.data, out.size, RUN, &envelope, &reason);
    batch_free(&batch);
    bytes_free(&out);
    return reason ? reason : "good";
}

static void impossible_lines_and_frames(void)
{
    CU_ASSERT_STRING_EQUAL(reason_of_lines(64), "good");
    CU_ASSERT_STRING_EQUAL(reason_of_lines(0), "an impossible line size");
    CU_ASSERT_STRING_EQUAL(reason_of_lines(8), "an impossible line size");
    CU_ASSERT_STRING_EQUAL(reason_of_lines(48), "an impossible line size");
    CU_ASSERT_STRING_EQUAL(reason_of_lines(512), "an impossible line size");
    struct frame good = {.dst = component(1, UNIT_ADAPTER),
                         .src = component(2, UNIT_ADAPTER),
                         .size = 1,
                         .link = 3},
                 bad = good;
    CU_ASSERT_STRING_EQUAL(reason_of_frame(good), "good");
    bad.dst = component(BOARDS_MAX, UNIT_ADAPTER);
    CU_ASSERT_STRING_EQUAL(reason_of_frame(bad), "a frame of no board");
    bad = good;
    bad.src = component(2, UNIT_HOME);
    CU_ASSERT_STRING_EQUAL(reason_of_frame(bad), "a frame that is not between adapters");
    bad = good;
    bad.link = LINKS_MAX;
    CU_ASSERT_STRING_EQUAL(reason_of_frame(bad), "a frame of no link");
    bad = good;
    bad.time = SIM_NEVER;
    CU_ASSERT_STRING_EQUAL(reason_of_frame(bad), "a frame that never arrives");
    struct frame packet = {
        .dst = component(1, UNIT_PORT), .src = component(2, UNIT_HOME), .size = 1, .link = CROSSBAR_PACKET};
    CU_ASSERT_STRING_EQUAL(reason_of_frame(packet), "good");
    packet.src = component(BOARDS_MAX, UNIT_PORT);
    CU_ASSERT_STRING_EQUAL(reason_of_frame(packet), "a frame of no board");
}

static const char *reason_of_reports(const char *times, size_t size)
{
    struct raw batch = {.size = 0}, raw = {.size = 0};
    put_bytes(&batch, 8, times, size);
    put_head(&raw, DATA_VERSION);
    put_bytes(&raw, 8, batch.bytes, batch.size);
    return reason_of(raw);
}

static void impossible_reports(void)
{
    static char many[REPORTS_WAITING_MAX + 1];
    CU_ASSERT_STRING_EQUAL(reason_of_reports("\x01\x01\x05", 3), "good");
    CU_ASSERT_STRING_EQUAL(reason_of_reports("\x01\x05\x04", 3), "reports out of order");
    CU_ASSERT_STRING_EQUAL(reason_of_reports(many, sizeof many), "more waiting reports than are told");
}

static void impossible_frame_columns(void)
{
    static const struct {
        const char *frames, *reason;
        size_t size;
    } cases[] = {
        {"\x0a\x01\x02", "frame columns of different lengths", 3},
        {"\x3a\x01x", "frames of another size than their bytes", 3},
        {"\x42\x01x", "an unknown field", 3},
        {"\x0a\x01\x02\x12\x01\x05\x1a\x01\x05\x22\x01\x02\x2a\x01\x01\x32\x03\x81\x80\x04",
         "a frame that is too long", 20},
    };
    for (size_t i = 0; i < NP_ARRAY_LEN(cases); i++) {
        struct raw grant = {.size = 0}, raw = {.size = 0};
        put_bytes(&grant, 3, cases[i].frames, cases[i].size);
        put_head(&raw, DATA_VERSION);
        put_bytes(&raw, 7, grant.bytes, grant.size);
        CU_ASSERT_STRING_EQUAL(reason_of(raw), cases[i].reason);
    }
}

int main(void)
{
    codec = data_codec_new();
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("data_reasons", NULL, NULL);
    CU_ADD_TEST(suite, impossible_columns);
    CU_ADD_TEST(suite, impossible_envelopes);
    CU_ADD_TEST(suite, impossible_lines_and_frames);
    CU_ADD_TEST(suite, impossible_frame_columns);
    CU_ADD_TEST(suite, impossible_reports);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    data_codec_free(codec);
    return failed != 0;
}
