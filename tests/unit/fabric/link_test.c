// SPDX-License-Identifier: Apache-2.0
// Links over real sockets: who is let in, what is refused, and the wire protocol between real processes.
#include <CUnit/Basic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xxhash.h>
#include <zmq.h>

#include "fabric/link/exchange_wire.h"
#include "fabric/link/link_lossy.h"
#include "fabric/link/link_open.h"
#include "fabric/link/link_queue.h"
#include "fabric/link/link_zmq.h"
#include "fabric/link/member_wire.h"
#include "proto/base/assert.h"

#if defined(__SANITIZE_THREAD__)
#define THREAD_SANITIZER 1
#elif defined(__has_feature)
#define THREAD_SANITIZER __has_feature(thread_sanitizer)
#else
#define THREAD_SANITIZER 0
#endif

#define RUN     UINT64_C(0x6000000000000001)
#define WAIT_US 20000000 // far more than anything here takes; nothing is ever slept away

static char ipc_endpoint[64], unix_endpoint[64];

static struct link *bind_hub(const char *endpoint, uint32_t peers)
{
    struct link *link = NULL;
    struct err err = {0};
    struct link_config config = {.endpoint = endpoint, .run = RUN, .epoch = 1, .max_bytes = 100000};
    CU_ASSERT_EQUAL_FATAL(link_open_bind(&link, &config, peers, &err), ERR_OK);
    return link;
}

static struct link *connect_peer(const char *endpoint, uint32_t peer, uint64_t run, uint32_t epoch)
{
    struct link *link = NULL;
    struct err err = {0};
    struct link_config config = {.endpoint = endpoint, .run = run, .epoch = epoch};
    CU_ASSERT_EQUAL_FATAL(link_open_connect(&link, &config, peer, &err), ERR_OK);
    return link;
}

static void send_text(struct link *link, uint32_t peer, const char *text)
{
    CU_ASSERT_EQUAL(link->ops->send(link, peer, (const uint8_t *)text, strlen(text), NULL), ERR_OK);
}

// Waits for one frame; receive may come back early with nothing.
static bool next_text(struct link *link, uint32_t *peer, char *text, size_t room)
{
    const uint8_t *bytes = NULL;
    size_t size = 0;
    uint64_t end = wire_host_now_ns(NULL) + WAIT_US * NS_PER_US;
    while (!bytes && wire_host_now_ns(NULL) < end)
        if (link->ops->receive(link, 100000, peer, &bytes, &size, NULL))
            return false;
    NP_ASSERT(bytes && size < room);
    memcpy(text, bytes, size);
    text[size] = '\0';
    return true;
}

static void expect(struct link *link, uint32_t from, const char *text)
{
    char got[64] = "";
    uint32_t peer = 99;
    CU_ASSERT(next_text(link, &peer, got, sizeof got));
    CU_ASSERT_EQUAL(peer, from);
    CU_ASSERT_STRING_EQUAL(got, text);
}

static void close_link(struct link *link)
{
    link->ops->close(link);
}

// Where to connect: with ZeroMQ a port may have been chosen.
static const char *bound_endpoint(const struct link *hub, const char *endpoint)
{
    return endpoint == unix_endpoint ? endpoint : link_zmq_endpoint(hub);
}

static void both_ways(const char *endpoint)
{
    struct link *hub = bind_hub(endpoint, 2);
    struct link *peers[2];
    const char *bound = bound_endpoint(hub, endpoint);
    send_text(hub, 1, "lost: nobody is there yet");
    for (uint32_t i = 0; i < 2; i++) {
        peers[i] = connect_peer(bound, i, RUN, 1);
        send_text(peers[i], 0, i ? "one" : "zero");
        expect(hub, i, i ? "one" : "zero");
    }
    for (uint32_t i = 0; i < 2; i++) {
        send_text(hub, i, i ? "to one" : "to zero");
        expect(peers[i], 0, i ? "to one" : "to zero");
    }
    const uint8_t *bytes = (const uint8_t *)"";
    size_t size;
    uint32_t peer;
    CU_ASSERT_EQUAL(hub->ops->receive(hub, 500, &peer, &bytes, &size, NULL), ERR_OK); // below a millisecond
    CU_ASSERT_PTR_NULL(bytes);
    for (uint32_t i = 0; i < 2; i++)
        close_link(peers[i]);
    close_link(hub);
}

static void ipc_carries_both_ways(void)
{
    both_ways(ipc_endpoint);
}

static void unix_carries_both_ways(void)
{
    both_ways(unix_endpoint);
}

static void tcp_carries_both_ways(void)
{
    both_ways("tcp://127.0.0.1:*");
}

static enum err_code bind_code(const char *endpoint, bool insecure, char *text)
{
    struct link *link;
    struct err err = {0};
    struct link_config config = {.endpoint = endpoint, .run = RUN, .epoch = 1, .insecure = insecure};
    enum err_code code = link_open_bind(&link, &config, 1, &err);
    if (!code)
        close_link(link);
    memcpy(text, err.text, sizeof err.text);
    return code;
}

static void endpoints_are_checked(void)
{
    char text[ERR_TEXT_SIZE], path[300];
    static const char *const open[] = {"tcp://0.0.0.0:*", "tcp://*:*", "tcp://192.0.2.1:99",
                                       "tcp://127.example.org:99", "tcp://localhost:99"};
    for (size_t i = 0; i < NP_ARRAY_LEN(open); i++) {
        CU_ASSERT_EQUAL(bind_code(open[i], false, text), ERR_USAGE);
        CU_ASSERT_PTR_NOT_NULL(strstr(text, "--insecure"));
    }
    static const char *const wrong[] = {"", "ipc://", "tcp://127.0.0.1", "udp://127.0.0.1:9", "/tmp/x"};
    for (size_t i = 0; i < NP_ARRAY_LEN(wrong); i++) {
        CU_ASSERT_EQUAL(bind_code(wrong[i], false, text), ERR_USAGE);
        CU_ASSERT_PTR_NOT_NULL(strstr(text, "ipc://PATH"));
    }
    snprintf(path, sizeof path, "ipc:///tmp/%0150d", 1);
    CU_ASSERT_EQUAL(bind_code(path, false, text), ERR_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "107"));
    CU_ASSERT_EQUAL(bind_code("ipc:///nowhere/at/all", false, text), ERR_SOCKET);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "cannot bind"));
    CU_ASSERT_EQUAL(bind_code("tcp://127.0.0.1:*", false, text), ERR_OK);
}

// Another run, another epoch, a number beyond the last, no id at all, a frame too many: refused, counted, and
// no harm to those who belong here.
static void strangers_are_refused(void)
{
    struct link *hub = bind_hub(ipc_endpoint, 2);
    struct link *strangers[] = {connect_peer(ipc_endpoint, 1, RUN + 1, 1),
                                connect_peer(ipc_endpoint, 1, RUN, 2), connect_peer(ipc_endpoint, 2, RUN, 1)};
    for (size_t i = 0; i < NP_ARRAY_LEN(strangers); i++)
        send_text(strangers[i], 0, "let me in");
    void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_DEALER);
    int linger = 0;
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
    CU_ASSERT_EQUAL(zmq_connect(socket, ipc_endpoint), 0);
    zmq_send(socket, "a", 1, ZMQ_SNDMORE);
    zmq_send(socket, "b", 1, 0);
    const uint8_t *bytes = NULL;
    size_t size;
    uint32_t peer;
    while (hub->foreign < 4 && !bytes)
        CU_ASSERT_EQUAL(hub->ops->receive(hub, 100000, &peer, &bytes, &size, NULL), ERR_OK);
    CU_ASSERT_PTR_NULL(bytes);
    struct link *friendly = connect_peer(ipc_endpoint, 1, RUN, 1);
    send_text(friendly, 0, "hello");
    expect(hub, 1, "hello");
    CU_ASSERT_EQUAL(hub->foreign, 4);
    for (size_t i = 0; i < NP_ARRAY_LEN(strangers); i++)
        close_link(strangers[i]);
    close_link(friendly);
    zmq_close(socket);
    zmq_ctx_term(context);
    close_link(hub);
}

// The peer that sends too much is cut off, comes back by itself, and is heard again.
static void oversized_frames_are_cut_off(void)
{
    struct link *hub = bind_hub(ipc_endpoint, 1);
    struct link *peer_link = connect_peer(ipc_endpoint, 0, RUN, 1);
    send_text(peer_link, 0, "first");
    expect(hub, 0, "first");
    uint8_t *huge = calloc(1, 200000);
    CU_ASSERT_EQUAL(peer_link->ops->send(peer_link, 0, huge, 200000, NULL), ERR_OK);
    free(huge);
    const uint8_t *bytes = NULL;
    for (unsigned i = 0; i < 400 && !bytes;
         i++) { // what is sent until it notices is lost with the connection
        uint32_t peer;
        size_t size;
        send_text(peer_link, 0, "again");
        CU_ASSERT_EQUAL(hub->ops->receive(hub, 50000, &peer, &bytes, &size, NULL), ERR_OK);
        if (bytes)
            CU_ASSERT_EQUAL(size, 5);
    }
    CU_ASSERT_PTR_NOT_NULL(bytes);
    close_link(peer_link);
    close_link(hub);
}

// Closing with frames waiting on both sides: nothing to see here but that it returns and the sanitizers are
// content.
static void closing_under_traffic(void)
{
    for (unsigned i = 0; i < 40; i++) {
        const char *endpoint = i < 20 ? ipc_endpoint : unix_endpoint;
        struct link *hub = bind_hub(endpoint, 1);
        struct link *peer_link = connect_peer(endpoint, 0, RUN, 1);
        send_text(peer_link, 0, "hello");
        expect(hub, 0, "hello");
        for (unsigned n = 0; n < 500; n++) {
            send_text(peer_link, 0, "unread");
            send_text(hub, 0, "unread");
        }
        close_link(i % 2 ? hub : peer_link);
        close_link(i % 2 ? peer_link : hub);
    }
}

// --- processes ---

#define NODES_HERE 3u

struct child {
    pid_t pid;
    int endpoint_to; // the pipe through which it learns where to connect
};

static void answer(struct member_wire *wire, const struct grant *grant, struct batch *batch)
{
    batch->group = grant->group;
    batch->seq = grant->seq;
    batch->reached = grant->until;
    batch->accesses = grant->seq * 3;
    if (member_wire_reply(wire, batch, NULL))
        _exit(3);
}

static void child_main(uint32_t node, int endpoint_from, double rate)
{
    char endpoint[256] = "";
    if (read(endpoint_from, endpoint, sizeof endpoint - 1) <= 0)
        _exit(1);
    struct link *link;
    struct member_wire *wire;
    struct grant *grant;
    struct link_config zmq = {.endpoint = endpoint, .run = RUN, .epoch = 1};
    struct member_wire_config config = {.run = RUN, .epoch = 1, .node = node, .silence_us = WAIT_US};
    if (link_open_connect(&link, &zmq, node, NULL))
        _exit(1);
    if (rate > 0)
        link = link_lossy_open(link, node, rate);
    if (member_wire_open(&wire, link, &config, NULL))
        _exit(1);
    struct batch batch = {.bound = SIM_NEVER};
    uint64_t last = 0;
    while (!member_wire_ended(wire)) {
        if (member_wire_receive(wire, WAIT_US, &grant, NULL))
            _exit(2);
        if (grant && grant->seq != ++last)
            _exit(4);
        if (grant)
            answer(wire, grant, &batch);
    }
    member_wire_close(wire);
    _exit(0);
}

// Before this process touches ZeroMQ in the test at hand: every context of an earlier one is gone.
static void start_children(struct child *children, double rate)
{
    fflush(NULL);
    for (uint32_t i = 0; i < NODES_HERE; i++) {
        int ends[2];
        NP_ASSERT(pipe(ends) == 0);
        children[i].pid = fork();
        NP_ASSERT(children[i].pid >= 0);
        if (children[i].pid == 0) {
            close(ends[1]);
            child_main(i, ends[0], rate);
        }
        close(ends[0]);
        children[i].endpoint_to = ends[1];
    }
}

static struct exchange *start_hub(const char *endpoint, struct child *children, double rate,
                                  struct host_stats *stats)
{
    static struct group group = {.n_members = NODES_HERE};
    static const struct groups groups = {.n = 1, .group = &group};
    struct exchange *exchange;
    struct link *link = bind_hub(endpoint, NODES_HERE);
    for (uint32_t i = 0; i < NODES_HERE; i++) {
        const char *bound = bound_endpoint(link, endpoint);
        NP_ASSERT(write(children[i].endpoint_to, bound, strlen(bound)) > 0);
        close(children[i].endpoint_to);
        group.members[i].worker = i;
    }
    struct exchange_wire_config config = {.run = RUN, .epoch = 1, .groups = &groups, .stats = stats};
    if (rate > 0)
        link = link_lossy_open(link, 99, rate);
    CU_ASSERT_EQUAL_FATAL(exchange_wire_open(&exchange, link, &config, NULL), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(exchange_wire_await(exchange, WAIT_US, NULL), ERR_OK);
    return exchange;
}

static void stop_all(struct exchange *exchange, const struct child *children)
{
    CU_ASSERT_EQUAL(exchange_wire_bye(exchange, NULL), ERR_OK);
    exchange->ops->close(exchange);
    for (uint32_t i = 0; i < NODES_HERE; i++) {
        int status = -1;
        waitpid(children[i].pid, &status, 0);
        CU_ASSERT_EQUAL(status, 0);
    }
}

static void grant_all(struct exchange *exchange, uint64_t seq)
{
    struct grant grant = {.seq = seq, .until = seq * 10};
    for (uint32_t i = 0; i < NODES_HERE; i++)
        CU_ASSERT_EQUAL_FATAL(exchange->ops->grant(exchange, i, &grant, NULL), ERR_OK);
}

// Collects the answers of `n` members.
static void collect_all(struct exchange *exchange, uint64_t seq, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        struct batch *batch = NULL;
        CU_ASSERT_EQUAL_FATAL(exchange->ops->collect(exchange, WAIT_US, &batch, NULL), ERR_OK);
        CU_ASSERT_PTR_NOT_NULL_FATAL(batch);
        CU_ASSERT(batch->seq == seq && batch->reached == seq * 10 && batch->accesses == seq * 3);
    }
}

static void run_processes(const char *endpoint, double rate, uint64_t rounds)
{
    struct child children[NODES_HERE];
    struct host_stats stats = {0};
    start_children(children, rate);
    struct exchange *exchange = start_hub(endpoint, children, rate, &stats);
    for (uint64_t seq = 1; seq <= rounds; seq++) {
        grant_all(exchange, seq);
        collect_all(exchange, seq, NODES_HERE);
    }
    CU_ASSERT_EQUAL(stats.grants, rounds * NODES_HERE);
    CU_ASSERT((rate > 0) == (stats.damaged > 0));
    stop_all(exchange, children);
}

static void processes_over_ipc(void)
{
    run_processes(ipc_endpoint, 0, 500);
}

static void processes_over_tcp(void)
{
    run_processes("tcp://127.0.0.1:*", 0, 500);
}

static void processes_over_unix(void)
{
    run_processes(unix_endpoint, 0, 500);
}

static void processes_over_lossy_unix(void)
{
    run_processes(unix_endpoint, 0.1, 500);
}

static void processes_over_lossy_ipc(void)
{
    run_processes(ipc_endpoint, 0.1, 500);
}

static void a_stopped_process_survives_over(const char *endpoint)
{
    struct child children[NODES_HERE];
    struct batch *batch = NULL;
    struct host_stats stats = {0};
    int status;
    start_children(children, 0);
    struct exchange *exchange = start_hub(endpoint, children, 0, &stats);
    grant_all(exchange, 1);
    collect_all(exchange, 1, NODES_HERE);
    kill(children[1].pid, SIGSTOP);
    waitpid(children[1].pid, &status, WUNTRACED); // until it is really stopped
    grant_all(exchange, 2);
    collect_all(exchange, 2, NODES_HERE - 1);
    CU_ASSERT_EQUAL(exchange->ops->collect(exchange, 100000, &batch, NULL), ERR_OK);
    CU_ASSERT_PTR_NULL(batch);
    CU_ASSERT(stats.resends > 0);
    kill(children[1].pid, SIGCONT);
    collect_all(exchange, 2, 1);
    grant_all(exchange, 3);
    collect_all(exchange, 3, NODES_HERE);
    stop_all(exchange, children);
}

static void a_stopped_process_survives(void)
{
    a_stopped_process_survives_over(ipc_endpoint);
    a_stopped_process_survives_over(unix_endpoint);
}

static void misbehaviour_follows_its_seed(void)
{
    uint64_t arrived[2] = {0, 0}, faults[2];
    for (unsigned round = 0; round < 2; round++) {
        struct link_queue *queue = link_queue_new(1);
        struct link *lossy = link_lossy_open(link_queue_peer(queue, 0), 7, 0.5), *hub = link_queue_hub(queue);
        const uint8_t *bytes;
        size_t size;
        uint32_t peer;
        unsigned next = 0, swapped = 0, doubled = 0, damaged = 0, count = 0;
        for (unsigned i = 1; i <= 1000; i++) {
            char text[8];
            snprintf(text, sizeof text, "%06u", i);
            send_text(lossy, 0, text);
            for (;;) {
                hub->ops->receive(hub, 0, &peer, &bytes, &size, NULL);
                if (!bytes)
                    break;
                char got[8] = "";
                memcpy(got, bytes, size < 7 ? size : 7);
                unsigned number = (unsigned)strtoul(got, NULL, 10);
                bool whole = strspn(got, "0123456789") == 6 && number <= 1000;
                damaged += !whole;
                doubled += whole && number == next;
                swapped += whole && number < next;
                next = whole ? number : next;
                count++;
                arrived[round] = arrived[round] * 31 + XXH3_64bits(bytes, size);
            }
        }
        faults[round] = link_lossy_faults(lossy);
        CU_ASSERT(swapped > 50 && doubled + swapped > 100 && damaged > 50 && count < 1000 && count > 700);
        CU_ASSERT(faults[round] > 400 && faults[round] < 600);
        close_link(lossy);
        link_queue_free(queue);
    }
    CU_ASSERT_EQUAL(arrived[0], arrived[1]);
    CU_ASSERT_EQUAL(faults[0], faults[1]);
}

int main(void)
{
    snprintf(ipc_endpoint, sizeof ipc_endpoint, "ipc:///tmp/numaplex-link-test-%d", (int)getpid());
    snprintf(unix_endpoint, sizeof unix_endpoint, "unix:///tmp/numaplex-link-test-%d.unix", (int)getpid());
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("link", NULL, NULL);
    CU_ADD_TEST(suite, misbehaviour_follows_its_seed);
    CU_ADD_TEST(suite, endpoints_are_checked);
    CU_ADD_TEST(suite, ipc_carries_both_ways);
    CU_ADD_TEST(suite, tcp_carries_both_ways);
    CU_ADD_TEST(suite, unix_carries_both_ways);
    CU_ADD_TEST(suite, strangers_are_refused);
    CU_ADD_TEST(suite, oversized_frames_are_cut_off);
    CU_ADD_TEST(suite, closing_under_traffic);
    if (!THREAD_SANITIZER) { // which does not follow threads that a forked child starts
        CU_ADD_TEST(suite, processes_over_ipc);
        CU_ADD_TEST(suite, processes_over_tcp);
        CU_ADD_TEST(suite, processes_over_lossy_ipc);
        CU_ADD_TEST(suite, processes_over_unix);
        CU_ADD_TEST(suite, processes_over_lossy_unix);
        CU_ADD_TEST(suite, a_stopped_process_survives);
    }
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    unlink(ipc_endpoint + strlen("ipc://"));
    return failed != 0;
}
