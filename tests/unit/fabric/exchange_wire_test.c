// SPDX-License-Identifier: Apache-2.0
// The wire protocol in one process and virtual time, over links that lose, double, delay, reorder and damage.
#include "fabric/link/exchange_wire.h"

#include <CUnit/Basic.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "fabric/link/link_lossy.h"
#include "fabric/link/link_queue.h"
#include "fabric/link/member_wire.h"
#include "fabric/link/pace.h"
#include "proto/base/limits.h"
#include "proto/base/rng.h"

#define RUN    UINT64_C(77)
#define EPOCH  5u
#define NODES  3u
#define GROUPS 2u
#define SEED   UINT64_C(20261122)

// Group 0 has all nodes, group 1 nodes 1 and 2 in the other order: a member's number is not its node's.
static const struct wire_member members[] = {{0, 0, 0}, {0, 1, 1}, {0, 2, 2}, {1, 0, 2}, {1, 1, 1}};
#define MEMBERS NP_ARRAY_LEN(members)

struct node {
    struct member_wire *wire;
    struct batch batch;
    uint64_t last_seq[GROUPS];
    struct grant *held; // a grant that takes long
    unsigned steps;     // until it is done
    struct rng rng;
    enum err_code code; // first failure
    bool mute;          // does nothing at all
    bool prompt;        // answers at once
};

struct bench {
    struct link_queue *queue;
    struct exchange *exchange;
    struct host_stats stats;
    struct node nodes[NODES];
    uint64_t busy_until_ns; // until then every grant is held, and its node says that it is busy
    uint64_t mistakes;      // grants that were not what was sent, or not in order
};

static uint64_t list_hash(const struct message_list *list)
{
    return XXH3_64bits(list->items, list->n * sizeof *list->items) ^
           XXH3_64bits(list->lines, (size_t)list->n_lines * list->line_bytes);
}

// Contents that both sides can make from who, which and where to; now and then too long to be sent again
// whole.
static void fill(struct message_list *list, unsigned salt, const struct wire_member *at, uint64_t seq)
{
    struct rng rng = rng_for(SEED + salt, seq << 16 | at->group << 8 | at->member);
    uint8_t line[64];
    message_list_clear(list);
    for (uint64_t n = rng_below(&rng, 10) ? rng_below(&rng, 5) : 300; n > 0; n--) {
        unsigned type = (unsigned)rng_below(&rng, MSG_TYPE_COUNT);
        struct message message = {.time = rng_below(&rng, 1000000),
                                  .dst = (component_id)rng_below(&rng, 256),
                                  .seq = n,
                                  .line = rng_below(&rng, 1 << 20) << 6,
                                  .type = (uint8_t)type};
        memset(line, (int)rng_below(&rng, 256), sizeof line);
        message_list_add(list, &message, message_carries_data(type) ? line : NULL);
    }
}

static const struct wire_member *member_of(uint32_t group, uint32_t node)
{
    for (size_t i = 0; i < MEMBERS; i++)
        if (members[i].group == group && members[i].node == node)
            return &members[i];
    abort();
}

static bool is_as_sent(const struct message_list *got, unsigned salt, const struct wire_member *at,
                       uint64_t seq)
{
    struct message_list sent;
    message_list_init(&sent, 64);
    fill(&sent, salt, at, seq);
    bool same = got->n == sent.n && list_hash(got) == list_hash(&sent);
    message_list_free(&sent);
    return same;
}

static void reply(struct bench *bench, uint32_t number)
{
    struct node *node = &bench->nodes[number];
    struct batch *batch = &node->batch;
    batch->group = node->held->group;
    batch->seq = node->held->seq;
    batch->reached = node->held->until;
    fill(&batch->messages, 1, member_of(batch->group, number), batch->seq);
    node->held = NULL;
    enum err_code code = member_wire_reply(node->wire, batch, NULL);
    node->code = node->code ? node->code : code;
    bench->mistakes += batch->messages.n != 0;
}

static void take_up(struct bench *bench, uint32_t number, struct grant *grant)
{
    struct node *node = &bench->nodes[number];
    bench->mistakes += grant->seq != ++node->last_seq[grant->group];
    bench->mistakes += !is_as_sent(&grant->arrivals, 0, member_of(grant->group, number), grant->seq);
    node->held = grant;
    node->steps = node->prompt || rng_below(&node->rng, 8) ? 0 : (unsigned)rng_below(&node->rng, 20);
}

static void step_node(struct bench *bench, uint32_t number)
{
    struct node *node = &bench->nodes[number];
    struct grant *grant = NULL;
    if (node->mute || node->code)
        return;
    if (!node->held && !member_wire_ended(node->wire)) {
        node->code = member_wire_receive(node->wire, 0, &grant, NULL);
        if (grant)
            take_up(bench, number, grant);
    } else {
        node->code = member_wire_busy(node->wire, NULL);
    }
    struct wire_clock clock = link_queue_clock(bench->queue);
    if (node->held && clock.now_ns(clock.context) >= bench->busy_until_ns && node->steps-- == 0)
        reply(bench, number);
}

static void step(void *context)
{
    for (uint32_t number = 0; number < NODES; number++)
        step_node(context, number);
}

static struct bench *bench_new(double rate)
{
    struct bench *bench = calloc(1, sizeof *bench);
    bench->queue = link_queue_new(NODES);
    struct wire_clock clock = link_queue_clock(bench->queue);
    struct exchange_wire_config config = {.run = RUN,
                                          .epoch = EPOCH,
                                          .members = members,
                                          .n_members = MEMBERS,
                                          .clock = clock,
                                          .stats = &bench->stats};
    struct link *hub = link_queue_hub(bench->queue);
    exchange_wire_open(&bench->exchange, rate > 0 ? link_lossy_open(hub, SEED, rate) : hub, &config, NULL);
    for (uint32_t i = 0; i < NODES; i++) {
        struct node *node = &bench->nodes[i];
        struct member_wire_config mine = {.run = RUN, .epoch = EPOCH, .node = i, .clock = clock};
        struct link *link = link_queue_peer(bench->queue, i);
        member_wire_open(&node->wire, rate > 0 ? link_lossy_open(link, SEED + 1 + i, rate) : link, &mine,
                         NULL);
        message_list_init(&node->batch.messages, 64);
        node->rng = rng_for(SEED, i);
    }
    link_queue_on_wait(bench->queue, step, bench);
    return bench;
}

static void bench_free(struct bench *bench)
{
    bench->exchange->ops->close(bench->exchange);
    for (uint32_t i = 0; i < NODES; i++) {
        member_wire_close(bench->nodes[i].wire);
        batch_free(&bench->nodes[i].batch);
    }
    link_queue_free(bench->queue);
    free(bench);
}

static void grant_all(struct bench *bench, uint64_t seq)
{
    struct grant grant = {.seq = seq, .until = seq * 1000};
    message_list_init(&grant.arrivals, 64);
    for (size_t i = 0; i < MEMBERS; i++) {
        grant.group = members[i].group;
        fill(&grant.arrivals, 0, &members[i], seq);
        CU_ASSERT_EQUAL_FATAL(bench->exchange->ops->grant(bench->exchange, members[i].member, &grant, NULL),
                              0);
        CU_ASSERT_EQUAL(grant.arrivals.n, 0);
    }
    grant_free(&grant);
}

// Grants to everybody and collects every answer, exactly once.
static void one_round(struct bench *bench, uint64_t seq)
{
    bool answered[GROUPS][NODES] = {{false}};
    struct err err = {0};
    grant_all(bench, seq);
    for (size_t n = 0; n < MEMBERS;) {
        struct batch *batch;
        enum err_code code = bench->exchange->ops->collect(bench->exchange, 300, &batch, &err);
        CU_ASSERT_EQUAL_FATAL(code, ERR_OK);
        if (!batch)
            continue;
        const struct wire_member at = {batch->group, batch->member, 0};
        CU_ASSERT(!answered[batch->group][batch->member]);
        answered[batch->group][batch->member] = true;
        CU_ASSERT(batch->seq == seq && batch->reached == seq * 1000 && batch->epoch == EPOCH);
        CU_ASSERT(is_as_sent(&batch->messages, 1, &at, seq));
        n++;
    }
}

// In slices, because virtual time passes all at once when nothing comes.
static void await_all(struct bench *bench)
{
    enum err_code code = ERR_TIMEOUT;
    for (unsigned i = 0; i < 1000 && code == ERR_TIMEOUT; i++)
        code = exchange_wire_await(bench->exchange, 10000, NULL);
    CU_ASSERT_EQUAL_FATAL(code, ERR_OK);
}

static void run_at(double rate, uint64_t rounds)
{
    struct bench *bench = bench_new(rate);
    await_all(bench);
    for (uint64_t seq = 1; seq <= rounds; seq++)
        one_round(bench, seq);
    CU_ASSERT_EQUAL(bench->mistakes, 0);
    CU_ASSERT_EQUAL(bench->stats.grants, rounds * MEMBERS);
    CU_ASSERT_EQUAL(bench->stats.foreign, 0);
    if (rate > 0)
        CU_ASSERT(bench->stats.resends && bench->stats.duplicates && bench->stats.damaged);
    CU_ASSERT_EQUAL(exchange_wire_bye(bench->exchange, NULL), ERR_OK);
    for (uint32_t i = 0; i < NODES; i++)
        CU_ASSERT(member_wire_ended(bench->nodes[i].wire) && bench->nodes[i].code == ERR_OK);
    bench_free(bench);
}

static void a_good_link(void)
{
    run_at(0, 2000);
}

static void a_lossy_link(void)
{
    run_at(0.05, 3000);
}

static void a_terrible_link(void)
{
    run_at(0.3, 1500);
}

// Buffers are reused from grant to grant: what is allocated soon stops growing.
static void memory_stays_as_it_is(void)
{
    struct bench *bench = bench_new(0);
    size_t before = 0;
    await_all(bench);
    for (uint64_t seq = 1; seq <= 600; seq++) {
        if (seq == 300)
            before = mallinfo2().uordblks;
        one_round(bench, seq);
    }
    CU_ASSERT(mallinfo2().uordblks <= before + 65536); // a record length or two; 1500 grants take several MB
    CU_ASSERT_EQUAL(bench->stats.damaged, 0);
    CU_ASSERT(bench->stats.bytes_in > 1000000 && bench->stats.bytes_out > 1000000);
    bench_free(bench);
}

// Members that answer at once are never asked twice.
static void a_good_link_needs_no_resends(void)
{
    struct bench *bench = bench_new(0);
    await_all(bench);
    for (uint64_t seq = 1; seq <= 200; seq++) {
        for (uint32_t i = 0; i < NODES; i++)
            bench->nodes[i].prompt = true;
        one_round(bench, seq);
    }
    CU_ASSERT_EQUAL(bench->stats.resends, 0);
    CU_ASSERT_EQUAL(bench->stats.duplicates, 0);
    bench_free(bench);
}

static void a_silent_node_is_named(void)
{
    struct bench *bench = bench_new(0);
    struct err err = {0};
    struct batch *batch;
    enum err_code code = ERR_OK;
    bench->nodes[1].mute = true;
    grant_all(bench, 1);
    for (unsigned i = 0; i < 100 && !code; i++)
        code = bench->exchange->ops->collect(bench->exchange, 1000000, &batch, &err);
    CU_ASSERT_EQUAL(code, ERR_TIMEOUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "group 0, member 1 (node 1), grant 1"));
    bench_free(bench);
}

// HELLOs that never come: what waits for the hub is taken away, and the nodes stay silent.
static void a_missing_node_is_named(void)
{
    struct bench *bench = bench_new(0);
    struct err err = {0};
    struct link *hub = link_queue_hub(bench->queue);
    uint32_t peer;
    const uint8_t *bytes;
    size_t size;
    for (unsigned i = 0; i < NODES; i++) {
        hub->ops->receive(hub, 0, &peer, &bytes, &size, NULL);
        bench->nodes[i].mute = true;
    }
    CU_ASSERT_EQUAL(exchange_wire_await(bench->exchange, 1000, &err), ERR_TIMEOUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "node 0"));
    CU_ASSERT_EQUAL(exchange_wire_bye(bench->exchange, &err), ERR_TIMEOUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "node 0"));
    bench_free(bench);
}

static void busy_is_not_dead(void)
{
    struct bench *bench = bench_new(0);
    bench->busy_until_ns = 100 * NS_PER_S; // far beyond what silence is allowed
    one_round(bench, 1);
    struct wire_clock clock = link_queue_clock(bench->queue);
    CU_ASSERT(clock.now_ns(clock.context) >= 100 * NS_PER_S);
    CU_ASSERT_EQUAL(bench->mistakes, 0);
    bench_free(bench);
}

// --- one real end, and a stranger with a pen at the other ---

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
    struct exchange_wire_config config = {.run = RUN,
                                          .epoch = EPOCH,
                                          .members = members,
                                          .n_members = MEMBERS,
                                          .clock = link_queue_clock(pen->queue),
                                          .stats = stats};
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

static void the_pace_adapts(void)
{
    struct pace pace = {0};
    uint64_t now = 1;
    pace_start(&pace, now);
    CU_ASSERT_EQUAL(pace.ask_at, now + PACE_FIRST);
    for (unsigned i = 0; i < 50; i++, now += 40000) { // 40 us each: soon the floor
        pace_start(&pace, now);
        pace_answered(&pace, now + 40000);
    }
    pace_start(&pace, now);
    CU_ASSERT_EQUAL(pace.interval, PACE_MIN);
    for (unsigned i = 0; i < 20; i++)
        pace_ask(&pace, now);
    CU_ASSERT_EQUAL(pace.interval, PACE_MAX);
    CU_ASSERT(pace.silent > 5 * PACE_MAX);
    pace_busy(&pace, now);
    CU_ASSERT_EQUAL(pace.silent, 0);
    CU_ASSERT_EQUAL(pace.interval, PACE_BUSY);
    // Grants take 5 ms from now on; each is asked after too early until duplicates prove it.
    for (unsigned i = 0; i < 50; i++, now += 5000000) {
        pace_start(&pace, now);
        if (pace.interval < 5000000) {
            pace.resent = true;
            pace_ask(&pace, now);
        }
        pace_answered(&pace, now + 5000000);
        pace_duplicate(&pace);
    }
    pace_start(&pace, now);
    CU_ASSERT(pace.interval > 5000000);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("exchange_wire", NULL, NULL);
    CU_ADD_TEST(suite, a_good_link);
    CU_ADD_TEST(suite, a_lossy_link);
    CU_ADD_TEST(suite, a_terrible_link);
    CU_ADD_TEST(suite, memory_stays_as_it_is);
    CU_ADD_TEST(suite, a_good_link_needs_no_resends);
    CU_ADD_TEST(suite, a_silent_node_is_named);
    CU_ADD_TEST(suite, a_missing_node_is_named);
    CU_ADD_TEST(suite, busy_is_not_dead);
    CU_ADD_TEST(suite, what_the_conductor_refuses);
    CU_ADD_TEST(suite, one_answer_to_many_hellos);
    CU_ADD_TEST(suite, what_only_the_other_side_may_say);
    CU_ADD_TEST(suite, what_a_member_refuses);
    CU_ADD_TEST(suite, what_a_member_answers);
    CU_ADD_TEST(suite, a_silent_conductor_is_noticed);
    CU_ADD_TEST(suite, the_pace_adapts);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed != 0;
}
