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
struct wire_member {
    uint32_t group, member, node;
};
static const struct wire_member members[] = {{0, 0, 0}, {0, 1, 1}, {0, 2, 2}, {1, 0, 2}, {1, 1, 1}};
static struct group group_list[] = {{3, {{.worker = 0}, {.worker = 1}, {.worker = 2}}},
                                    {2, {{.worker = 2}, {.worker = 1}}}};
static const struct groups groups = {.n = 2, .group = group_list};
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
    struct exchange_wire_config config = {
        .run = RUN, .epoch = EPOCH, .groups = &groups, .clock = clock, .stats = &bench->stats};
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
    CU_ADD_TEST(suite, the_pace_adapts);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed != 0;
}
