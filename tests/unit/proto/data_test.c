// SPDX-License-Identifier: Apache-2.0
// The data plane's codec: fixed bytes, round trips, truncation, damage, limits.
#include "proto/codec/data.h"

#include <CUnit/Basic.h>
#include <endian.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "proto/base/limits.h"
#include "proto/base/rng.h"

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

static void to_hex(const struct bytes *bytes, char *hex)
{
    for (size_t i = 0; i < bytes->size; i++)
        sprintf(hex + 2 * i, "%02x", bytes->data[i]);
}

// The form on the wire is a promise to other versions: these bytes change only together with DATA_VERSION.
static void golden_grant(void)
{
    struct grant grant = {.until = 123456789};
    message_list_init(&grant.arrivals, 16);
    add(&grant.arrivals, message_of(MSG_GETS));
    struct message data = message_of(MSG_DATA);
    data.time -= 1;
    data.acks = 2;
    data.flags = MSGF_DIRTY;
    add(&grant.arrivals, data);
    struct bytes out = {0};
    char hex[1024];
    CU_ASSERT_EQUAL(data_encode_grant(codec, &grant_envelope, &grant, &out, NULL), ERR_OK);
    to_hex(&out, hex);
    CU_ASSERT_STRING_EQUAL(hex, "080211887766554433221118022001280330e8073a4c08959aef3a12450810120580ade20401"
                                "1a04810e810e2204820482042a0252003204808108003a021200420202024a02000952020002"
                                "5a0200026a105a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a7952676c86471dc9fe");
    bytes_free(&out);
    grant_free(&grant);
}

static void golden_batch(void)
{
    uint8_t payload[] = {0xca, 0xfe};
    struct frame frame = {.time = 7000,
                          .dst = component(1, UNIT_ADAPTER),
                          .src = component(0, UNIT_ADAPTER),
                          .seq = 3,
                          .link = 1,
                          .size = 2,
                          .bytes = payload};
    struct batch batch = {
        .reached = 123456789, .bound = SIM_NEVER, .accesses = 77, .events = 88, .running = 4};
    frame_list_add(&batch.frames, &frame);
    time_list_add(&batch.reports, 300);
    time_list_add(&batch.reports, 5);
    struct bytes out = {0};
    char hex[1024];
    CU_ASSERT_EQUAL(data_encode_batch(codec, &batch_envelope, &batch, &out, NULL), ERR_OK);
    to_hex(&out, hex);
    CU_ASSERT_STRING_EQUAL(hex, "080211887766554433221118022001280330e807422a08959aef3a184d205828043a180a02b0"
                                "6d120285021a01052201062a01013201023a02cafe420305ac0279339a614afc0f58c6");
    bytes_free(&out);
    batch_free(&batch);
}

static struct message random_message(struct rng *rng, uint32_t line_bytes)
{
    unsigned type = (unsigned)rng_below(rng, MSG_TYPE_COUNT);
    bool signal = message_vnet(type) == VN_SIGNAL; // its parameter may be any number
    return (struct message){
        .time = rng_next(rng) >> rng_below(rng, 64),
        .dst = component((unsigned)rng_below(rng, BOARDS_MAX), (unsigned)rng_below(rng, 32)),
        .src = component((unsigned)rng_below(rng, BOARDS_MAX), (unsigned)rng_below(rng, 32)),
        .seq = rng_next(rng) >> rng_below(rng, 64),
        .line = signal ? rng_next(rng) : rng_below(rng, UINT64_C(1) << 52) & ~(uint64_t)(line_bytes - 1),
        .txn = (uint32_t)rng_next(rng),
        .requestor = (uint16_t)rng_below(rng, BOARDS_MAX),
        .acks = message_counts_acks(type) ? (int16_t)rng_below(rng, 65) : (int16_t)0,
        .type = (uint8_t)type,
        .flags = (uint8_t)rng_below(rng, MSGF_ALL + 1),
        .map_version = (uint16_t)rng_next(rng),
    };
}

static void fill_messages(struct rng *rng, struct message_list *list)
{
    message_list_init(list, LINE_BYTES_MIN << rng_below(rng, 5));
    for (uint64_t n = rng_below(rng, 60); n > 0; n--) {
        struct message message = random_message(rng, list->line_bytes);
        uint64_t line[LINE_BYTES_MAX / 8];
        for (size_t i = 0; i < LINE_BYTES_MAX / 8; i++)
            line[i] = rng_next(rng);
        message_list_add(list, &message, message_carries_data(message.type) ? (uint8_t *)line : NULL);
    }
    for (uint32_t i = 1; i < list->n && rng_below(rng, 2); i++) { // as after a sort: lines out of order
        struct message swap = list->items[i];
        list->items[i] = list->items[0];
        list->items[0] = swap;
    }
}

static void fill_frames(struct rng *rng, struct frame_list *list)
{
    uint8_t bytes[300];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)rng_next(rng);
    for (uint64_t n = rng_below(rng, 5); n > 0; n--) {
        struct frame frame = {.time = rng_next(rng) >> 1,
                              .dst = component((unsigned)rng_below(rng, BOARDS_MAX), UNIT_ADAPTER),
                              .src = component((unsigned)rng_below(rng, BOARDS_MAX), UNIT_ADAPTER),
                              .seq = rng_next(rng),
                              .link = (uint32_t)rng_below(rng, LINKS_MAX),
                              .size = (uint32_t)rng_below(rng, sizeof bytes),
                              .bytes = bytes};
        if (rng_below(rng, 3) == 0) {
            frame.link = CROSSBAR_PACKET;
            frame.dst = component(component_board(frame.dst), UNIT_PORT);
        }
        frame_list_add(list, &frame);
    }
}

static bool same_message(const struct message_list *a, const struct message_list *b, uint32_t i)
{
    struct message x = a->items[i], y = b->items[i];
    const uint8_t *data_x = message_list_data(a, &x), *data_y = message_list_data(b, &y);
    if (!data_x != !data_y || (data_x && memcmp(data_x, data_y, a->line_bytes) != 0))
        return false;
    x.data = y.data = 0;
    return memcmp(&x, &y, sizeof x) == 0;
}

static bool same_messages(const struct message_list *a, const struct message_list *b)
{
    if (a->n != b->n || a->n_lines != b->n_lines || (a->n && a->line_bytes != b->line_bytes))
        return false;
    for (uint32_t i = 0; i < a->n; i++)
        if (!same_message(a, b, i))
            return false;
    return true;
}

static bool same_frames(const struct frame_list *a, const struct frame_list *b)
{
    if (a->n != b->n)
        return false;
    for (uint32_t i = 0; i < a->n; i++) {
        const struct frame *x = &a->items[i], *y = &b->items[i];
        if (x->time != y->time || x->dst != y->dst || x->src != y->src || x->seq != y->seq ||
            x->link != y->link || x->size != y->size || memcmp(x->bytes, y->bytes, x->size) != 0)
            return false;
    }
    return true;
}

static void batches_round_trip(void)
{
    struct rng rng = rng_for(1, 0);
    struct bytes out = {0};
    struct batch back = {0}; // reused, with whatever line size the last one left
    for (unsigned i = 0; i < 500; i++) {
        struct envelope sent = {RUN, (uint32_t)rng_next(&rng), DATA_BATCH, 255, 17, rng_next(&rng) | 1}, got;
        struct batch batch = {.reached = rng_next(&rng),
                              .bound = rng_next(&rng),
                              .accesses = rng_next(&rng),
                              .events = rng_next(&rng),
                              .running = (uint32_t)rng_below(&rng, 8000)};
        const char *reason;
        fill_messages(&rng, &batch.messages);
        fill_frames(&rng, &batch.frames);
        for (uint64_t n = rng_below(&rng, 4); n > 0; n--)
            time_list_add(&batch.reports, rng_next(&rng));
        CU_ASSERT_EQUAL(data_encode_batch(codec, &sent, &batch, &out, NULL), ERR_OK);
        CU_ASSERT_EQUAL_FATAL(data_decode(codec, out.data, out.size, RUN, &got, &reason), DATA_GOOD);
        data_take_batch(codec, &back);
        CU_ASSERT(memcmp(&sent, &got, sizeof got) == 0);
        CU_ASSERT(back.epoch == sent.epoch && back.group == 255 && back.member == 17 && back.seq == sent.seq);
        CU_ASSERT(back.reached == batch.reached && back.bound == batch.bound && back.events == batch.events);
        CU_ASSERT(back.accesses == batch.accesses && back.running == batch.running);
        CU_ASSERT(same_messages(&batch.messages, &back.messages));
        CU_ASSERT(same_frames(&batch.frames, &back.frames));
        CU_ASSERT(batch.reports.n == back.reports.n);
        for (uint32_t r = 0; r < back.reports.n; r++)
            CU_ASSERT(batch.reports.items[r] == back.reports.items[r]);
        batch_free(&batch);
    }
    batch_free(&back);
    bytes_free(&out);
}

static void grants_round_trip(void)
{
    struct rng rng = rng_for(2, 0);
    struct bytes out = {0};
    struct grant back = {0};
    for (unsigned i = 0; i < 200; i++) {
        struct envelope got;
        struct grant grant = {.until = rng_next(&rng)};
        const char *reason;
        fill_messages(&rng, &grant.arrivals);
        fill_frames(&rng, &grant.frames);
        CU_ASSERT_EQUAL(data_encode_grant(codec, &grant_envelope, &grant, &out, NULL), ERR_OK);
        CU_ASSERT_EQUAL_FATAL(data_decode(codec, out.data, out.size, RUN, &got, &reason), DATA_GOOD);
        data_take_grant(codec, &back);
        CU_ASSERT(back.epoch == 2 && back.group == 1 && back.seq == 1000 && back.until == grant.until);
        CU_ASSERT(same_messages(&grant.arrivals, &back.arrivals));
        CU_ASSERT(same_frames(&grant.frames, &back.frames));
        grant_free(&grant);
    }
    grant_free(&back);
    bytes_free(&out);
}

static void signals_round_trip(void)
{
    struct bytes out = {0};
    for (enum data_kind kind = DATA_ASK; kind < DATA_KIND_COUNT; kind++) {
        struct envelope sent = {RUN, 7, kind, 0, 5, 0}, got;
        const char *reason;
        data_encode_signal(&sent, &out);
        CU_ASSERT_EQUAL(data_decode(codec, out.data, out.size, RUN, &got, &reason), DATA_GOOD);
        CU_ASSERT(memcmp(&sent, &got, sizeof got) == 0);
        CU_ASSERT_STRING_NOT_EQUAL(data_kind_name(kind), "?");
        CU_ASSERT_EQUAL(data_decode(codec, out.data, out.size, RUN + 1, &got, &reason), DATA_FOREIGN);
    }
    bytes_free(&out);
}

static void encode_sample(struct bytes *out)
{
    struct rng rng = rng_for(3, 0);
    struct batch batch = {.reached = 5, .bound = 6, .running = 7};
    do {
        batch_free(&batch);
        fill_messages(&rng, &batch.messages);
        fill_frames(&rng, &batch.frames);
    } while (!batch.messages.n_lines || !batch.frames.n);
    data_encode_batch(codec, &batch_envelope, &batch, out, NULL);
    batch_free(&batch);
}

// Cut anywhere: damaged. Cut and given a new checksum, as a malicious peer could: refused or read, never
// followed beyond its end (the sanitizers see that).
static void truncation(void)
{
    struct bytes whole = {0};
    encode_sample(&whole);
    for (size_t size = 0; size < whole.size; size++) {
        uint8_t *cut = malloc(size + 9);
        struct envelope envelope;
        const char *reason;
        memcpy(cut, whole.data, size);
        CU_ASSERT_EQUAL(data_decode(codec, cut, size, RUN, &envelope, &reason), DATA_DAMAGED);
        CU_ASSERT_PTR_NOT_NULL(reason);
        uint64_t checksum = htole64(XXH3_64bits(cut, size));
        cut[size] = 0x79;
        memcpy(cut + size + 1, &checksum, 8);
        enum data_verdict verdict = data_decode(codec, cut, size + 9, RUN, &envelope, &reason);
        CU_ASSERT(verdict == DATA_IMPOSSIBLE || verdict == DATA_FOREIGN ||
                  (verdict == DATA_GOOD && size == whole.size - 9));
        free(cut);
    }
    bytes_free(&whole);
}

static void damage(void)
{
    struct bytes whole = {0};
    encode_sample(&whole);
    for (size_t bit = 0; bit < 8 * whole.size; bit++) {
        struct envelope envelope;
        const char *reason;
        whole.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CU_ASSERT_EQUAL(data_decode(codec, whole.data, whole.size, RUN, &envelope, &reason), DATA_DAMAGED);
        whole.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    bytes_free(&whole);
}

static void limits(void)
{
    struct grant grant = {.until = 1, .arrivals = {.n = MESSAGES_MAX + 1, .line_bytes = LINE}};
    struct bytes out = {0};
    struct err err = {0};
    CU_ASSERT_EQUAL(data_encode_grant(codec, &grant_envelope, &grant, &out, &err), ERR_LIMIT);
    CU_ASSERT_EQUAL(err.code, ERR_LIMIT);
    grant.arrivals.n = MESSAGES_MAX;
    grant.arrivals.line_bytes = LINE_BYTES_MAX;
    CU_ASSERT_EQUAL(data_encode_grant(codec, &grant_envelope, &grant, &out, &err), ERR_LIMIT);
    bytes_free(&out);
}

static void nothing_is_allocated_in_the_long_run(void)
{
    struct bytes out = {0};
    struct batch batch = {0}, back = {0};
    struct rng rng = rng_for(4, 0);
    size_t before = 0;
    fill_messages(&rng, &batch.messages);
    for (unsigned i = 0; i < 100; i++) {
        struct envelope envelope;
        const char *reason;
        if (i == 10)
            before = mallinfo2().uordblks;
        data_encode_batch(codec, &batch_envelope, &batch, &out, NULL);
        CU_ASSERT_EQUAL(data_decode(codec, out.data, out.size, RUN, &envelope, &reason), DATA_GOOD);
        data_take_batch(codec, &back);
    }
    CU_ASSERT_EQUAL(mallinfo2().uordblks, before);
    bytes_free(&out);
    batch_free(&batch);
    batch_free(&back);
}

int main(void)
{
    codec = data_codec_new();
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("data", NULL, NULL);
    CU_ADD_TEST(suite, golden_grant);
    CU_ADD_TEST(suite, golden_batch);
    CU_ADD_TEST(suite, batches_round_trip);
    CU_ADD_TEST(suite, grants_round_trip);
    CU_ADD_TEST(suite, signals_round_trip);
    CU_ADD_TEST(suite, truncation);
    CU_ADD_TEST(suite, damage);
    CU_ADD_TEST(suite, limits);
    CU_ADD_TEST(suite, nothing_is_allocated_in_the_long_run);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    data_codec_free(codec);
    return failed != 0;
}
