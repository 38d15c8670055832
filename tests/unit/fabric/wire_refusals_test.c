// SPDX-License-Identifier: Apache-2.0
// What each end of the wire protocol refuses, and what a member answers: one real end, and at the other a pen
// that writes any message.
#include <CUnit/Basic.h>
#include <string.h>

#include "fabric/link/exchange_wire.h"
#include "fabric/link/link_queue.h"
#include "fabric/link/member_wire.h"

#define RUN   UINT64_C(77)
#define EPOCH 5u
#define NODES 3u

// A member's number is not its node's.
static struct group group_list[] = {{3, {{.worker = 0}, {.worker = 1}, {.worker = 2}}},
                                    {2, {{.worker = 2}, {.worker = 1}}}};
static const struct groups groups = {.n = 2, .group = group_list};

struct pen {
    struct link_queue *queue;
    struct bytes bytes;
    struct data_codec *codec;
};

static struct pen pen_new(void)
{
    return (struct pen){link_queue_new(NODES), {0}, data_codec_new()};
}

static void pen_free(struct pen *pen)
{
    link_queue_free(pen->queue);
    bytes_free(&pen->bytes);
    data_codec_free(pen->codec);
}

static void write_to_hub(struct pen *pen, uint32_t from)
{
    struct link *link = link_queue_peer(pen->queue, from);
    link->ops->send(link, 0, pen->bytes.data, pen->bytes.size, NULL);
}

static void write_to_node(struct pen *pen, uint32_t node)
{
    struct link *link = link_queue_hub(pen->queue);
    link->ops->send(link, node, pen->bytes.data, pen->bytes.size, NULL);
}

static void pen_signal(struct pen *pen, struct envelope envelope)
{
    data_encode_signal(&envelope, &pen->bytes);
}

static void pen_grant(struct pen *pen, struct envelope envelope)
{
    struct grant grant = {.until = 10};
    data_encode_grant(pen->codec, &envelope, &grant, &pen->bytes, NULL);
}

static void pen_batch(struct pen *pen, struct envelope envelope, sim_time reached)
{
    struct batch batch = {.reached = reached};
    data_encode_batch(pen->codec, &envelope, &batch, &pen->bytes, NULL);
}

static struct exchange *open_hub(struct pen *pen, struct host_stats *stats)
{
    struct exchange *exchange;
    struct exchange_wire_config config = {
        .run = RUN, .epoch = EPOCH, .groups = &groups, .clock = link_queue_clock(pen->queue), .stats = stats};
    exchange_wire_open(&exchange, link_queue_hub(pen->queue), &config, NULL);
    return exchange;
}

static struct member_wire *open_node(struct pen *pen, struct host_stats *stats)
{
    struct member_wire *wire;
    struct member_wire_config config = {.run = RUN,
                                        .epoch = EPOCH,
                                        .node = 1,
                                        .silence_us = 120000000,
                                        .clock = link_queue_clock(pen->queue),
                                        .stats = stats};
    member_wire_open(&wire, link_queue_peer(pen->queue, 1), &config, NULL);
    return wire;
}

// What a conductor that has given grant 3 to member 1 of group 0 makes of the message in the pen, sent by
// `from`.
static enum err_code hub_says(struct pen *pen, uint32_t from, struct batch **batch, struct host_stats *stats,
                              struct err *err)
{
    struct exchange *exchange = open_hub(pen, stats);
    struct grant grant = {.seq = 3, .until = 1000};
    exchange->ops->grant(exchange, 1, &grant, NULL);
    write_to_hub(pen, from);
    enum err_code code = exchange->ops->collect(exchange, 0, batch, err);
    bool got = *batch != NULL;
    exchange->ops->close(exchange);
    *batch = got ? (struct batch *)1
                 : NULL; // it went with the exchange; only whether there was one is of interest
    return code;
}

static void what_the_conductor_refuses(void)
{
    const struct envelope good = {RUN, EPOCH, DATA_BATCH, 0, 1, 3};
    static const struct {
        uint32_t from, epoch, group, member;
        uint64_t run, seq, reached;
        enum err_code code;
        bool taken;
        const char *text;
    } cases[] = {
        {1, EPOCH, 0, 1, RUN, 3, 1000, ERR_OK, true, ""},
        {1, EPOCH, 0, 1, RUN, 2, 1000, ERR_OK, false, ""},     // an old answer
        {1, EPOCH - 1, 0, 1, RUN, 3, 1000, ERR_OK, false, ""}, // of an earlier conductor's
        {1, EPOCH, 0, 1, RUN + 1, 3, 1000, ERR_OK, false, ""}, // of another run
        {1, EPOCH + 1, 0, 1, RUN, 3, 1000, ERR_EPOCH, false, "epoch 6"},
        {1, EPOCH, 0, 1, RUN, 4, 1000, ERR_DAMAGED_MESSAGE, false, "never given"},
        {1, EPOCH, 0, 1, RUN, 3, 999, ERR_DAMAGED_MESSAGE, false, "does not reach"},
        {2, EPOCH, 0, 1, RUN, 3, 1000, ERR_DAMAGED_MESSAGE, false, "in the name of group 0, member 1"},
        {1, EPOCH, 0, 7, RUN, 3, 1000, ERR_DAMAGED_MESSAGE, false, "in the name of group 0, member 7"},
        {1, EPOCH, 1, 2, RUN, 3, 1000, ERR_DAMAGED_MESSAGE, false, "in the name of group 1, member 2"},
    };
    for (size_t i = 0; i < NP_ARRAY_LEN(cases); i++) {
        struct pen pen = pen_new();
        struct host_stats stats = {0};
        struct err err = {0};
        struct batch *batch;
        struct envelope envelope = good;
        envelope.run = cases[i].run;
        envelope.epoch = cases[i].epoch;
        envelope.group = cases[i].group;
        envelope.member = cases[i].member;
        envelope.seq = cases[i].seq;
        pen_batch(&pen, envelope, cases[i].reached);
        CU_ASSERT_EQUAL(hub_says(&pen, cases[i].from, &batch, &stats, &err), cases[i].code);
        CU_ASSERT_EQUAL(batch != NULL, cases[i].taken);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, cases[i].text));
        CU_ASSERT_EQUAL(stats.foreign, cases[i].run != RUN);
        CU_ASSERT_EQUAL(stats.duplicates, cases[i].seq < 3 || cases[i].epoch < EPOCH);
        pen_free(&pen);
    }
}

// HELLOs that gathered while the conductor was away do not bring as many copies of the grant.
static void one_answer_to_many_hellos(void)
{
    struct pen pen = pen_new();
    struct host_stats stats = {0};
    struct exchange *exchange = open_hub(&pen, &stats);
    struct grant grant = {.seq = 1, .until = 1000};
    struct batch *batch;
    struct link *hub = link_queue_hub(pen.queue);
    uint32_t peer;
    const uint8_t *bytes;
    size_t size;
    exchange->ops->grant(exchange, 1, &grant, NULL);
    hub->ops->receive(hub, 1000, &peer, &bytes, &size, NULL); // a millisecond passes
    pen_signal(&pen, (struct envelope){RUN, EPOCH, DATA_HELLO, 0, 1, 0});
    for (unsigned i = 0; i < 100; i++)
        write_to_hub(&pen, 1);
    for (unsigned i = 0; i < 100; i++)
        CU_ASSERT_EQUAL(exchange->ops->collect(exchange, 0, &batch, NULL), ERR_OK);
    CU_ASSERT_EQUAL(stats.resends, 1);
    exchange->ops->close(exchange);
    pen_free(&pen);
}

static void what_only_the_other_side_may_say(void)
{
    static const enum data_kind not_from_members[] = {DATA_ASK, DATA_BYE};
    static const enum data_kind not_from_conductors[] = {DATA_BUSY};
    struct err err;
    struct batch *batch;
    for (size_t i = 0; i < NP_ARRAY_LEN(not_from_members); i++) {
        struct pen pen = pen_new();
        pen_signal(&pen, (struct envelope){RUN, EPOCH, not_from_members[i], 0, 1, 3});
        CU_ASSERT_EQUAL(hub_says(&pen, 1, &batch, NULL, &err), ERR_DAMAGED_MESSAGE);
        pen_free(&pen);
    }
    for (size_t i = 0; i < NP_ARRAY_LEN(not_from_conductors); i++) {
        struct pen pen = pen_new();
        struct member_wire *wire = open_node(&pen, NULL);
        struct grant *grant;
        pen_signal(&pen, (struct envelope){RUN, EPOCH, not_from_conductors[i], 0, 1, 3});
        write_to_node(&pen, 1);
        CU_ASSERT_EQUAL(member_wire_receive(wire, 0, &grant, &err), ERR_DAMAGED_MESSAGE);
        member_wire_close(wire);
        pen_free(&pen);
    }
}

static void what_a_member_refuses(void)
{
    struct pen pen = pen_new();
    struct host_stats stats = {0};
    struct err err = {0};
    struct grant *grant;
    struct member_wire *wire = open_node(&pen, &stats);
    pen_grant(&pen, (struct envelope){RUN + 1, EPOCH, DATA_GRANT, 0, 1, 8});
    write_to_node(&pen, 1); // another run's
    pen_grant(&pen, (struct envelope){RUN, EPOCH - 1, DATA_GRANT, 0, 1, 8});
    write_to_node(&pen, 1); // an earlier conductor's
    pen_grant(&pen, (struct envelope){RUN, EPOCH, DATA_GRANT, 0, 1, 8});
    pen.bytes.data[9] ^= 1;
    write_to_node(&pen, 1); // damaged
    for (unsigned i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(member_wire_receive(wire, 0, &grant, &err), ERR_OK);
        CU_ASSERT_PTR_NULL(grant);
    }
    CU_ASSERT(stats.foreign == 1 && stats.duplicates == 1 && stats.damaged == 1);
    pen_grant(&pen, (struct envelope){RUN, EPOCH, DATA_GRANT, 0, 1, 8});
    write_to_node(&pen, 1);
    CU_ASSERT_EQUAL(member_wire_receive(wire, 0, &grant, &err), ERR_OK);
    CU_ASSERT(grant && grant->seq == 8 && grant->until == 10 && grant->epoch == EPOCH);
    pen_grant(&pen, (struct envelope){RUN, EPOCH, DATA_GRANT, 0, 1, 9});
    write_to_node(&pen, 1); // before the answer
    CU_ASSERT_EQUAL(member_wire_busy(wire, &err), ERR_DAMAGED_MESSAGE);
    pen_grant(&pen, (struct envelope){RUN, EPOCH + 1, DATA_GRANT, 0, 1, 9});
    write_to_node(&pen, 1); // a later conductor's
    CU_ASSERT_EQUAL(member_wire_receive(wire, 0, &grant, &err), ERR_EPOCH);
    member_wire_close(wire);
    pen_free(&pen);
}

static enum data_kind next_at_hub(struct pen *pen)
{
    struct link *hub = link_queue_hub(pen->queue);
    struct envelope envelope;
    const uint8_t *bytes;
    const char *reason;
    uint32_t peer;
    size_t size;
    hub->ops->receive(hub, 0, &peer, &bytes, &size, NULL);
    if (!bytes || data_decode(pen->codec, bytes, size, RUN, &envelope, &reason) != DATA_GOOD)
        return DATA_KIND_COUNT;
    return envelope.kind;
}

static void ask_node(struct pen *pen, struct member_wire *wire, uint64_t seq)
{
    struct grant *grant;
    pen_signal(pen, (struct envelope){RUN, EPOCH, DATA_ASK, 0, 1, seq});
    write_to_node(pen, 1);
    CU_ASSERT_EQUAL(member_wire_receive(wire, 0, &grant, NULL), ERR_OK);
    CU_ASSERT_PTR_NULL(grant);
}

// "What became of grant N?" has three answers: never seen, at work on it, here is the batch.
static void what_a_member_answers(void)
{
    struct pen pen = pen_new();
    struct member_wire *wire = open_node(&pen, NULL);
    struct grant *grant;
    CU_ASSERT_EQUAL(next_at_hub(&pen), DATA_HELLO);
    ask_node(&pen, wire, 4);
    CU_ASSERT_EQUAL(next_at_hub(&pen), DATA_HELLO);
    pen_grant(&pen, (struct envelope){RUN, EPOCH, DATA_GRANT, 0, 1, 4});
    write_to_node(&pen, 1);
    CU_ASSERT_EQUAL(member_wire_receive(wire, 0, &grant, NULL), ERR_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(grant);
    write_to_node(&pen, 1); // doubled: no second execution
    ask_node(&pen, wire, 4);
    CU_ASSERT_EQUAL(next_at_hub(&pen), DATA_BUSY);
    CU_ASSERT_EQUAL(next_at_hub(&pen), DATA_KIND_COUNT); // one answer to both
    struct batch batch = {.seq = 4, .reached = 10};
    CU_ASSERT_EQUAL(member_wire_reply(wire, &batch, NULL), ERR_OK);
    CU_ASSERT_EQUAL(batch.member, 1);
    CU_ASSERT_EQUAL(next_at_hub(&pen), DATA_BATCH);
    ask_node(&pen, wire, 4);
    CU_ASSERT_EQUAL(next_at_hub(&pen), DATA_BATCH);
    ask_node(&pen, wire, 3); // long past: nobody waits for it
    CU_ASSERT_EQUAL(next_at_hub(&pen), DATA_KIND_COUNT);
    member_wire_close(wire);
    pen_free(&pen);
}

static void a_silent_conductor_is_noticed(void)
{
    struct pen pen = pen_new();
    struct member_wire *wire = open_node(&pen, NULL);
    struct err err = {0};
    struct grant *grant;
    CU_ASSERT_EQUAL(member_wire_receive(wire, 119000000, &grant, &err), ERR_OK);
    CU_ASSERT_EQUAL(member_wire_receive(wire, 10000000, &grant, &err), ERR_TIMEOUT);
    member_wire_close(wire);
    pen_free(&pen);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("wire_refusals", NULL, NULL);
    CU_ADD_TEST(suite, what_the_conductor_refuses);
    CU_ADD_TEST(suite, one_answer_to_many_hellos);
    CU_ADD_TEST(suite, what_only_the_other_side_may_say);
    CU_ADD_TEST(suite, what_a_member_refuses);
    CU_ADD_TEST(suite, what_a_member_answers);
    CU_ADD_TEST(suite, a_silent_conductor_is_noticed);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed != 0;
}
