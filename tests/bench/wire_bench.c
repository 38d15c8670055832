// SPDX-License-Identifier: Apache-2.0
// How much of a bare ZeroMQ barrier the wire protocol keeps: N processes over ipc, all granted, all
// answering, once with exchange_wire and once with plain ROUTER and DEALER sockets and messages of the same
// sizes. The two take turns, so that whatever else the host does meets both.
#include "tests/bench/wire_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#include "fabric/link/exchange_wire.h"
#include "fabric/link/link_zmq.h"
#include "fabric/link/member_wire.h"
#include "proto/base/assert.h"

#define RUN_ID  UINT64_C(0x6e756d6170)
#define LINE    64
#define WAIT_US 10000000
#define WARM_UP 10 // one part in so many of the rounds is not measured

static double seconds(void)
{
    return (double)wire_host_now_ns(NULL) * 1e-9;
}

static void fail(const struct err *err)
{
    exit(err_report(err));
}

// Messages as a busy board sends them: half of them with data.
static void fill(struct message_list *list, uint32_t n, sim_time time)
{
    static const uint8_t line[LINE] = {1, 2, 3};
    for (uint32_t i = 0; i < n; i++) {
        struct message message = {.time = time + 1000 * i,
                                  .dst = component(i % 8, UNIT_HOME),
                                  .src = component(1, UNIT_AGENT),
                                  .seq = time + i,
                                  .line = (uint64_t)(i * 7919 % 4096) * LINE,
                                  .txn = i,
                                  .requestor = 1,
                                  .type = i % 2 ? MSG_DATA : MSG_GETS};
        message_list_add(list, &message, i % 2 ? line : NULL);
    }
}

static void wire_worker(const struct wire_bench *bench, uint32_t node)
{
    struct err err = {0};
    struct link *link;
    struct member_wire *wire;
    struct link_config zmq = {.endpoint = bench->endpoint, .run = RUN_ID, .epoch = 1};
    struct member_wire_config config = {.run = RUN_ID, .epoch = 1, .node = node};
    if (link_zmq_connect(&link, &zmq, node, &err) || member_wire_open(&wire, link, &config, &err))
        fail(&err);
    struct batch batch = {.bound = SIM_NEVER};
    message_list_init(&batch.messages, LINE);
    while (!member_wire_ended(wire)) {
        struct grant *grant;
        if (member_wire_receive(wire, WAIT_US, &grant, &err))
            fail(&err);
        if (!grant)
            continue;
        batch.group = grant->group;
        batch.seq = grant->seq;
        batch.reached = grant->until;
        fill(&batch.messages, bench->messages, grant->until);
        if (member_wire_reply(wire, &batch, &err))
            fail(&err);
    }
    member_wire_close(wire);
    batch_free(&batch);
}

static void wire_round(const struct wire_bench *bench, struct exchange *exchange, uint64_t seq)
{
    struct err err = {0};
    struct grant grant = {.seq = seq, .until = seq * 100000};
    message_list_init(&grant.arrivals, LINE);
    for (uint32_t member = 0; member < bench->workers; member++) {
        fill(&grant.arrivals, bench->messages, grant.until);
        if (exchange->ops->grant(exchange, member, &grant, &err))
            fail(&err);
    }
    for (uint32_t answers = 0; answers < bench->workers;) {
        struct batch *batch;
        if (exchange->ops->collect(exchange, WAIT_US, &batch, &err))
            fail(&err);
        NP_ASSERT(batch);
        answers++;
    }
    grant_free(&grant);
}

static double wire_hub(const struct wire_bench *bench, struct host_stats *stats)
{
    struct err err = {0};
    struct link *link;
    struct exchange *exchange;
    struct group group = {.n_members = bench->workers};
    struct groups groups = {.n = 1, .group = &group};
    for (uint32_t i = 0; i < bench->workers; i++)
        group.members[i].worker = i;
    struct link_config zmq = {.endpoint = bench->endpoint, .run = RUN_ID, .epoch = 1};
    struct exchange_wire_config config = {.run = RUN_ID, .epoch = 1, .groups = &groups, .stats = stats};
    if (link_zmq_bind(&link, &zmq, bench->workers, &err) ||
        exchange_wire_open(&exchange, link, &config, &err) || exchange_wire_await(exchange, WAIT_US, &err))
        fail(&err);
    uint64_t seq = 0;
    while (seq < bench->rounds / WARM_UP)
        wire_round(bench, exchange, ++seq);
    double start = seconds();
    for (uint32_t i = 0; i < bench->rounds; i++)
        wire_round(bench, exchange, ++seq);
    double took = seconds() - start;
    exchange->ops->close(exchange);
    return bench->rounds / took;
}

// What one grant and one batch of this bench take on the wire.
static void measure_sizes(const struct wire_bench *bench, size_t *grant_size, size_t *batch_size)
{
    struct data_codec *codec = data_codec_new();
    struct bytes bytes = {0};
    struct envelope envelope = {RUN_ID, 1, DATA_GRANT, 0, 1, bench->rounds};
    struct grant grant = {.until = bench->rounds * UINT64_C(100000)};
    struct batch batch = {.reached = grant.until, .bound = SIM_NEVER};
    message_list_init(&grant.arrivals, LINE);
    message_list_init(&batch.messages, LINE);
    fill(&grant.arrivals, bench->messages, grant.until);
    fill(&batch.messages, bench->messages, grant.until);
    data_encode_grant(codec, &envelope, &grant, &bytes, NULL);
    *grant_size = bytes.size;
    data_encode_batch(codec, &envelope, &batch, &bytes, NULL);
    *batch_size = bytes.size;
    bytes_free(&bytes);
    grant_free(&grant);
    batch_free(&batch);
    data_codec_free(codec);
}

static void bare_worker(const struct wire_bench *bench, uint32_t node, size_t batch_size)
{
    void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_DEALER);
    uint8_t id[17] = {'n', (uint8_t)node};
    uint8_t *bytes = calloc(1, batch_size);
    zmq_setsockopt(socket, ZMQ_ROUTING_ID, id, sizeof id);
    NP_ASSERT(bytes && !zmq_connect(socket, bench->endpoint));
    zmq_msg_t message;
    zmq_msg_init(&message);
    uint64_t rounds = bench->rounds + bench->rounds / WARM_UP;
    zmq_send(socket, bytes, batch_size, 0); // HELLO
    for (uint64_t i = 0; i < rounds; i++) {
        NP_ASSERT(zmq_msg_recv(&message, socket, 0) >= 0);
        zmq_send(socket, bytes, batch_size, 0);
    }
    zmq_msg_recv(&message, socket, 0); // BYE
    zmq_msg_close(&message);
    zmq_close(socket);
    zmq_ctx_term(context);
    free(bytes);
}

static void bare_answers(const struct wire_bench *bench, void *socket)
{
    zmq_msg_t message;
    zmq_msg_init(&message);
    for (uint32_t i = 0; i < 2 * bench->workers; i++) // a routing id and a frame each
        NP_ASSERT(zmq_msg_recv(&message, socket, 0) >= 0);
    zmq_msg_close(&message);
}

static void bare_grants(const struct wire_bench *bench, void *socket, const uint8_t *bytes, size_t size)
{
    for (uint32_t node = 0; node < bench->workers; node++) {
        uint8_t id[17] = {'n', (uint8_t)node};
        zmq_send(socket, id, sizeof id, ZMQ_SNDMORE);
        zmq_send(socket, bytes, size, 0);
    }
}

static double bare_hub(const struct wire_bench *bench, size_t grant_size)
{
    void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_ROUTER);
    uint8_t *bytes = calloc(1, grant_size);
    NP_ASSERT(bytes && !zmq_bind(socket, bench->endpoint));
    bare_answers(bench, socket);
    double start = 0;
    for (uint32_t i = 0; i < bench->rounds + bench->rounds / WARM_UP; i++) {
        if (i == bench->rounds / WARM_UP)
            start = seconds();
        bare_grants(bench, socket, bytes, grant_size);
        bare_answers(bench, socket);
    }
    double took = seconds() - start;
    bare_grants(bench, socket, bytes, grant_size);
    zmq_close(socket);
    zmq_ctx_term(context);
    free(bytes);
    return bench->rounds / took;
}

// Starts the workers before this process touches ZeroMQ: its threads do not survive a fork.
double wire_bench_once(const struct wire_bench *bench, bool bare, struct host_stats *stats)
{
    NP_ASSERT(bench->workers <= WIRE_BENCH_WORKERS_MAX);
    size_t grant_size, batch_size;
    measure_sizes(bench, &grant_size, &batch_size);
    pid_t workers[WIRE_BENCH_WORKERS_MAX];
    fflush(NULL);
    for (uint32_t node = 0; node < bench->workers; node++) {
        workers[node] = fork();
        NP_ASSERT(workers[node] >= 0);
        if (workers[node] == 0) {
            if (bare)
                bare_worker(bench, node, batch_size);
            else
                wire_worker(bench, node);
            _exit(0);
        }
    }
    double rate = bare ? bare_hub(bench, grant_size) : wire_hub(bench, stats);
    for (uint32_t node = 0; node < bench->workers; node++)
        waitpid(workers[node], NULL, 0);
    return rate;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, uint32_t n)
{
    qsort(values, n, sizeof *values, by_value);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

struct wire_bench_result wire_bench_run(const struct wire_bench *bench)
{
    NP_ASSERT(bench->workers <= WIRE_BENCH_WORKERS_MAX && bench->runs && bench->runs <= WIRE_BENCH_RUNS_MAX);
    struct wire_bench_result result = {0};
    double wire[WIRE_BENCH_RUNS_MAX] = {0}, bare[WIRE_BENCH_RUNS_MAX] = {0}, ratio[WIRE_BENCH_RUNS_MAX] = {0};
    measure_sizes(bench, &result.grant_bytes, &result.batch_bytes);
    for (uint32_t i = 0; i < bench->runs; i++) {
        bool bare_first = i % 2;
        if (bare_first)
            bare[i] = wire_bench_once(bench, true, NULL);
        wire[i] = wire_bench_once(bench, false, &result.stats);
        if (!bare_first)
            bare[i] = wire_bench_once(bench, true, NULL);
        ratio[i] = wire[i] / bare[i];
    }
    result.wire = median(wire, bench->runs);
    result.bare = median(bare, bench->runs);
    result.ratio = median(ratio, bench->runs);
    return result;
}
