// SPDX-License-Identifier: Apache-2.0
// Two ends of a control channel over a network that loses, doubles, delays and reorders frames by seed, in
// virtual time: every message arrives once and in order, and both ends come to rest.
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "fabric/link/control_channel.h"
#include "proto/base/rng.h"

#define SESSION  77
#define MESSAGES 60
#define SEEDS    50
#define IN_AIR   4096

// A frame on its way; the body is a message's number.
struct flight {
    int64_t at_us;
    unsigned to;
    struct control_envelope envelope;
    uint64_t body;
};

struct net {
    struct rng rng;
    struct control_channel end[2];
    uint64_t sent[2], expected[2]; // numbers in bodies: last queued by, next expected at
    struct flight air[IN_AIR];
    unsigned n_air;
    unsigned loss_percent;
    bool wrong;
};

static void queue_number(struct control_channel *channel, uint64_t number, bool replaceable)
{
    struct bytes message = {0};
    memcpy(bytes_resize(&message, sizeof number), &number, sizeof number);
    control_channel_queue(channel, &message, replaceable);
}

static void launch(struct net *net, unsigned from, const struct control_envelope *envelope, int64_t now)
{
    uint64_t copies = rng_below(&net->rng, 100) < net->loss_percent ? 0 : 1 + (rng_below(&net->rng, 10) == 0);
    for (; copies > 0 && net->n_air < IN_AIR; copies--) {
        struct flight *flight = &net->air[net->n_air++];
        *flight = (struct flight){
            .at_us = now + (int64_t)rng_below(&net->rng, 300000), .to = 1 - from, .envelope = *envelope};
        if (envelope->size)
            memcpy(&flight->body, envelope->body, sizeof flight->body);
    }
}

static void land(struct net *net, const struct flight *flight, int64_t now)
{
    struct control_envelope envelope = flight->envelope;
    envelope.body = (const uint8_t *)&flight->body;
    if (control_channel_accept(&net->end[flight->to], &envelope, now) != CONTROL_FRESH)
        return;
    if (flight->body != net->expected[flight->to]++)
        net->wrong = true;
}

static void step(struct net *net, int64_t now)
{
    for (unsigned i = 0; i < 2; i++) {
        struct control_envelope envelope = {0};
        if (net->sent[i] < MESSAGES && rng_below(&net->rng, 5) == 0)
            queue_number(&net->end[i], ++net->sent[i], false);
        while (control_channel_next(&net->end[i], now, &envelope))
            launch(net, i, &envelope, now);
    }
    for (unsigned i = 0; i < net->n_air;) {
        if (net->air[i].at_us > now) {
            i++;
            continue;
        }
        struct flight flight = net->air[i];
        net->air[i] = net->air[--net->n_air];
        land(net, &flight, now);
    }
}

static bool at_rest(const struct net *net)
{
    return net->sent[0] == MESSAGES && net->sent[1] == MESSAGES && control_channel_delivered(&net->end[0]) &&
           control_channel_delivered(&net->end[1]);
}

static void test_bad_network(void)
{
    static struct net net;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        net = (struct net){.rng = rng_for(seed, 1), .expected = {1, 1}};
        net.loss_percent = (unsigned)(seed % 5) * 10;
        control_channel_init(&net.end[0], SESSION);
        control_channel_init(&net.end[1], SESSION);
        int64_t now = 0;
        while (!at_rest(&net) && now < INT64_C(1000000000))
            step(&net, now += 10000);
        CU_ASSERT_TRUE(at_rest(&net));
        CU_ASSERT_FALSE(net.wrong);
        CU_ASSERT_EQUAL(net.expected[0], MESSAGES + 1);
        CU_ASSERT_EQUAL(net.expected[1], MESSAGES + 1);
        CU_ASSERT_TRUE(net.end[0].resends > 0);
        CU_ASSERT_TRUE(net.end[0].duplicates > 0);
        control_channel_free(&net.end[0]);
        control_channel_free(&net.end[1]);
    }
}

// The timer doubles from its least to its greatest interval.
static void test_timer(void)
{
    struct control_channel channel;
    struct control_envelope envelope = {0};
    control_channel_init(&channel, SESSION);
    queue_number(&channel, 1, false);
    int64_t now = 5, interval = CONTROL_RESEND_MIN_US;
    CU_ASSERT_EQUAL(control_channel_wait_us(&channel, now), 0);
    CU_ASSERT_TRUE(control_channel_next(&channel, now, &envelope));
    CU_ASSERT_EQUAL(envelope.number, 1);
    for (int sent = 1; sent < 8; sent++) {
        CU_ASSERT_FALSE(control_channel_next(&channel, now, &envelope));
        for (int64_t due = now + interval; now < due; now += control_channel_wait_us(&channel, now))
            if (control_channel_next(&channel, now, &envelope))
                CU_ASSERT_EQUAL(envelope.number, 0); // beats go on in between
        CU_ASSERT_TRUE(control_channel_next(&channel, now, &envelope));
        CU_ASSERT_EQUAL(envelope.number, 1);
        CU_ASSERT_EQUAL(envelope.size, sizeof(uint64_t));
        interval = 2 * interval < CONTROL_RESEND_MAX_US ? 2 * interval : CONTROL_RESEND_MAX_US;
    }
    CU_ASSERT_EQUAL(channel.resends, 7);
    control_channel_free(&channel);
}

// Progress that waits is replaced by newer progress; what is out, or is no progress, stays.
static void test_replaceable(void)
{
    struct control_channel channel;
    struct control_envelope envelope = {0}, answer = {.session = SESSION};
    control_channel_init(&channel, SESSION);
    queue_number(&channel, 1, true);
    CU_ASSERT_TRUE(control_channel_next(&channel, 0, &envelope));
    for (uint64_t i = 2; i <= 9; i++)
        queue_number(&channel, i, true);
    queue_number(&channel, 10, false);
    queue_number(&channel, 11, true);
    static const uint64_t arrive[] = {1, 9, 10, 11};
    for (size_t i = 0; i < NP_ARRAY_LEN(arrive); i++) {
        uint64_t body;
        CU_ASSERT_EQUAL_FATAL(envelope.size, sizeof body);
        memcpy(&body, envelope.body, sizeof body);
        CU_ASSERT_EQUAL(body, arrive[i]);
        answer.received = envelope.number;
        CU_ASSERT_EQUAL(control_channel_accept(&channel, &answer, 0), CONTROL_NOTHING);
        CU_ASSERT_EQUAL(control_channel_next(&channel, 0, &envelope), i + 1 < NP_ARRAY_LEN(arrive));
    }
    CU_ASSERT_TRUE(control_channel_delivered(&channel));
    control_channel_free(&channel);
}

// A coordinator may speak to a worker that is not there yet; what was meant for one that died is not given to
// the next.
static void test_sessions(void)
{
    struct control_channel channel;
    struct control_envelope envelope = {0};
    control_channel_init(&channel, 0);
    queue_number(&channel, 1, false);
    CU_ASSERT_FALSE(control_channel_next(&channel, 0, &envelope));
    CU_ASSERT_EQUAL(control_channel_wait_us(&channel, 0), INT64_MAX);
    control_channel_restart(&channel, SESSION);
    CU_ASSERT_TRUE(control_channel_next(&channel, 0, &envelope));
    CU_ASSERT_EQUAL(envelope.number, 1);
    CU_ASSERT_EQUAL(envelope.session, SESSION);
    control_channel_restart(&channel, SESSION + 1);
    CU_ASSERT_TRUE(control_channel_delivered(&channel));
    queue_number(&channel, 2, false);
    CU_ASSERT_TRUE(control_channel_next(&channel, 0, &envelope));
    CU_ASSERT_EQUAL(envelope.number, 1);
    control_channel_free(&channel);
}

// A message is acknowledged when it comes, also when it comes again, and not with the next beat.
static void test_answers_at_once(void)
{
    struct control_channel channel;
    struct control_envelope envelope = {0};
    const struct control_envelope message = {
        .session = SESSION, .number = 1, .body = (const uint8_t *)"x", .size = 1};
    control_channel_init(&channel, SESSION);
    CU_ASSERT_TRUE(control_channel_next(&channel, 0, &envelope));
    CU_ASSERT_FALSE(control_channel_next(&channel, 0, &envelope));
    CU_ASSERT_EQUAL(control_channel_accept(&channel, &message, 0), CONTROL_FRESH);
    for (int again = 0; again < 3; again++) {
        CU_ASSERT_EQUAL(control_channel_wait_us(&channel, 0), 0);
        CU_ASSERT_TRUE(control_channel_next(&channel, 0, &envelope));
        CU_ASSERT_EQUAL(envelope.number, 0);
        CU_ASSERT_EQUAL(envelope.received, 1);
        CU_ASSERT_FALSE(control_channel_next(&channel, 0, &envelope));
        CU_ASSERT_EQUAL(control_channel_accept(&channel, &message, 0), CONTROL_NOTHING);
    }
    CU_ASSERT_EQUAL(channel.duplicates, 3);
    control_channel_free(&channel);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("control channel", NULL, NULL);
    CU_add_test(suite, "bad network", test_bad_network);
    CU_add_test(suite, "answers at once", test_answers_at_once);
    CU_add_test(suite, "timer", test_timer);
    CU_add_test(suite, "replaceable", test_replaceable);
    CU_add_test(suite, "sessions", test_sessions);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
