// SPDX-License-Identifier: Apache-2.0
// Both ends of the control plane over real sockets and between real processes: a whole conversation, a
// coordinator that is late, strangers, workers that die, a coordinator that goes. Waits have limits only so
// that a failure ends.
#include <CUnit/Basic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fabric/link/control_server.h"
#include "fabric/link/control_socket.h"
#include "proto/base/assert.h"
#include "tests/lib/control_worker.h"
#include "tests/lib/random_control.h"

#define RUN_ID   CONTROL_WORKER_RUN
#define EPOCH    4
#define NODES    2
#define LIMIT_US INT64_C(20000000)
#define FABRIC   ((struct worker_id){ROLE_FABRIC, 0})

static char folder[] = "/tmp/numaplex-control-XXXXXX";
static char endpoint[100]; // short enough for a socket address

static struct worker_id node(uint32_t index)
{
    return (struct worker_id){ROLE_NODE, index};
}

// A fresh endpoint per test.
static void next_endpoint(void)
{
    static unsigned count;
    snprintf(endpoint, sizeof endpoint, "ipc://%s/%u", folder, count++);
}

static struct control_server *open_server(const char *at)
{
    struct control_server *server;
    struct err err;
    const struct control_server_options options = {at, RUN_ID, EPOCH, NODES, 1};
    CU_ASSERT_EQUAL_FATAL(control_server_open(&server, &options, &err), ERR_OK);
    return server;
}

static void server_says(struct control_server *server, struct worker_id to, enum control_kind kind)
{
    struct control control;
    struct err err;
    control_worker_message(kind, to.index, &control);
    CU_ASSERT_EQUAL(control_server_send(server, to, &control, &err), ERR_OK);
    control_free(&control);
}

// The next message must come from `from` and be of this kind.
static void server_hears(struct control_server *server, struct worker_id from, enum control_kind kind,
                         struct control *control)
{
    struct worker_id who = {ROLE_COUNT, 0};
    struct err err;
    CU_ASSERT_EQUAL(control_server_receive(server, LIMIT_US, &who, control, &err), ERR_OK);
    CU_ASSERT_EQUAL(control->kind, kind);
    CU_ASSERT_EQUAL(who.role, from.role);
    CU_ASSERT_EQUAL(who.index, from.index);
}

static void server_hears_only(struct control_server *server, struct worker_id from, enum control_kind kind)
{
    struct control control;
    server_hears(server, from, kind, &control);
    control_free(&control);
}

static void ends_with(pid_t pid, int status)
{
    int got = 0;
    CU_ASSERT_EQUAL(waitpid(pid, &got, 0), pid);
    CU_ASSERT_EQUAL(WIFEXITED(got) ? WEXITSTATUS(got) : -WTERMSIG(got), status);
}

static void check_results(struct control_server *server, struct worker_id from)
{
    struct control control, expected;
    control_worker_message(CONTROL_RESULTS, from.index, &expected);
    server_hears(server, from, CONTROL_RESULTS, &control);
    CU_ASSERT_TRUE(control_equal(&control, &expected));
    control_free(&control);
    control_free(&expected);
}

static void converse(struct control_server *server, struct worker_id with)
{
    server_hears_only(server, with, CONTROL_READY);
    server_says(server, with, CONTROL_START);
    server_hears_only(server, with, CONTROL_PAUSED);
    server_says(server, with, CONTROL_SAVE);
    server_hears_only(server, with, CONTROL_SAVED);
    server_says(server, with, CONTROL_COLLECT);
    check_results(server, with);
    server_says(server, with, CONTROL_EXIT);
    server_hears_only(server, with, CONTROL_BYE);
}

static void whole_run(struct control_server *server)
{
    const struct worker_id all[] = {node(0), node(1), FABRIC};
    for (size_t i = 0; i < NP_ARRAY_LEN(all); i++) {
        pid_t pid = control_worker_start(PART_OBEDIENT, all[i], endpoint);
        server_hears_only(server, all[i], CONTROL_HELLO);
        server_says(server, all[i], CONTROL_CONFIGURE);
        converse(server, all[i]);
        ends_with(pid, 0);
    }
    CU_ASSERT_TRUE(control_server_delivered(server));
    CU_ASSERT_EQUAL(control_server_stats(server)->foreign, 0);
    CU_ASSERT_EQUAL(control_server_stats(server)->malformed, 0);
    control_server_close(server, LIMIT_US);
}

static void test_whole_run_over_ipc(void)
{
    next_endpoint();
    whole_run(open_server(endpoint));
}

static void test_whole_run_over_tcp(void)
{
    struct control_server *server = open_server("tcp://127.0.0.1:*");
    snprintf(endpoint, sizeof endpoint, "%s", control_server_endpoint(server));
    CU_ASSERT_PTR_NULL(strchr(endpoint, '*'));
    whole_run(server);
}

// The worker has said much, and some of it more than once, before there is anybody to hear it.
static void test_late_coordinator(void)
{
    next_endpoint();
    pid_t pid = control_worker_start(PART_CHATTY, node(1), endpoint);
    usleep(5 * (useconds_t)CONTROL_RESEND_MIN_US);
    struct control_server *server = open_server(endpoint);
    server_hears_only(server, node(1), CONTROL_HELLO);
    server_hears_only(server, node(1), CONTROL_READY);
    server_hears_only(server, node(1), CONTROL_PAUSED);
    server_hears_only(server, node(1), CONTROL_SAVED);
    server_hears_only(server, node(1), CONTROL_BYE);
    CU_ASSERT_TRUE(control_server_silence_us(server, node(1)) >= 0);
    CU_ASSERT_EQUAL(control_server_silence_us(server, node(0)), -1);
    control_server_close(server, LIMIT_US);
    ends_with(pid, 0);
}

// A stranger with a ZeroMQ socket of its own, under a given routing id.
struct stranger {
    struct control_socket socket;
    struct bytes scratch;
};

static void open_stranger(struct stranger *stranger, struct worker_id claims, uint64_t run_id)
{
    struct err err;
    struct control_routing_id id = control_routing_id(claims, run_id);
    memset(stranger, 0, sizeof *stranger);
    CU_ASSERT_EQUAL_FATAL(control_socket_connect(&stranger->socket, endpoint, &id, &err), ERR_OK);
}

static void close_stranger(struct stranger *stranger)
{
    control_socket_close(&stranger->socket);
    bytes_free(&stranger->scratch);
}

// Lets the server look for a moment; it must not hand anything to its caller.
static void hears_nothing(struct control_server *server)
{
    struct worker_id who;
    struct control control;
    struct err err;
    CU_ASSERT_EQUAL(control_server_receive(server, 10000, &who, &control, &err), ERR_OK);
    CU_ASSERT_EQUAL(control.kind, CONTROL_NONE);
}

// The server refuses so much in all, and says why.
static void refuses(struct control_server *server, uint64_t foreign, uint64_t malformed, const char *says)
{
    const struct control_stats *stats = control_server_stats(server);
    for (int64_t end = control_now_us() + LIMIT_US; control_now_us() < end;) {
        hears_nothing(server);
        if (stats->foreign >= foreign && stats->malformed >= malformed)
            break;
    }
    CU_ASSERT_EQUAL(stats->foreign, foreign);
    CU_ASSERT_EQUAL(stats->malformed, malformed);
    CU_ASSERT_PTR_NOT_NULL(strstr(stats->last_refusal.text, says));
}

static void stranger_says(struct stranger *stranger, uint64_t run_id, uint32_t epoch, const char *body)
{
    const struct control_envelope envelope = {.run_id = run_id,
                                              .epoch = epoch,
                                              .session = 5,
                                              .number = 1,
                                              .body = (const uint8_t *)body,
                                              .size = strlen(body)};
    control_socket_send(&stranger->socket, NULL, &envelope, &stranger->scratch);
}

static void strangers(struct control_server *server)
{
    struct stranger unknown, liar;
    open_stranger(&unknown, node(0), RUN_ID + 1);
    stranger_says(&unknown, RUN_ID, EPOCH, "not under this name");
    refuses(server, 1, 0, "an unknown sender");
    open_stranger(&liar, node(NODES), RUN_ID);
    stranger_says(&liar, RUN_ID, EPOCH, "no such node");
    refuses(server, 2, 0, "an unknown sender");
    close_stranger(&liar);
    open_stranger(&liar, node(1), RUN_ID);
    stranger_says(&liar, RUN_ID + 1, EPOCH, "another run");
    stranger_says(&liar, RUN_ID, EPOCH + 1, "another epoch");
    refuses(server, 4, 0, "another run or epoch");
    zmq_send(liar.socket.socket, "no envelope", 11, 0);
    zmq_send(liar.socket.socket, "", 0, 0); // an envelope in which nothing is said: of version 0
    zmq_send(liar.socket.socket, "two", 3, ZMQ_SNDMORE);
    zmq_send(liar.socket.socket, "parts", 5, 0);
    refuses(server, 5, 2, "more or fewer parts");
    stranger_says(&liar, RUN_ID, EPOCH, "an envelope, but no message in it");
    refuses(server, 5, 3, "no Control message");
    close_stranger(&unknown);
    close_stranger(&liar);
}

// Bytes that are no ZeroMQ at all, and a frame far beyond the limit: the socket deals with both.
static void noise(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", endpoint + strlen("ipc://"));
    int raw = socket(AF_UNIX, SOCK_STREAM, 0);
    CU_ASSERT_EQUAL(connect(raw, (struct sockaddr *)&address, sizeof address), 0);
    char junk[4096];
    struct rng rng = rng_for(1, 1);
    for (size_t i = 0; i < sizeof junk; i++)
        junk[i] = (char)rng_next(&rng);
    CU_ASSERT_TRUE(send(raw, junk, sizeof junk, MSG_NOSIGNAL) > 0);
    close(raw);
    struct stranger giant;
    open_stranger(&giant, node(0), RUN_ID);
    char *much = calloc(CONTROL_BYTES_MAX + 1, 1);
    zmq_send(giant.socket.socket, much, CONTROL_BYTES_MAX + 1, 0);
    free(much);
    close_stranger(&giant);
}

// Whatever strangers do, node 1 is heard and the run goes on, even while another claims its place: the two
// take the place from each other whenever they connect, and what is lost in between is sent again.
static void test_strangers_cannot_stop_a_run(void)
{
    next_endpoint();
    struct control_server *server = open_server(endpoint);
    strangers(server);
    noise();
    struct stranger rival;
    open_stranger(&rival, node(1), RUN_ID);
    const struct control_stats *stats = control_server_stats(server);
    for (int64_t end = control_now_us() + LIMIT_US;
         !strstr(stats->last_refusal.text, "another run") && control_now_us() < end;) {
        stranger_says(&rival, RUN_ID + 1, EPOCH,
                      "another run"); // until it is what was refused last, after the noise
        hears_nothing(server);
    }
    pid_t pid = control_worker_start(PART_OBEDIENT, node(1), endpoint);
    server_hears_only(server, node(1), CONTROL_HELLO);
    server_says(server, node(1), CONTROL_CONFIGURE);
    converse(server, node(1));
    ends_with(pid, 0);
    close_stranger(&rival);
    control_server_close(server, LIMIT_US);
}

// Sending to the dead neither blocks nor fails; what was meant for the dead is not given to the successor.
static void test_worker_dies(void)
{
    next_endpoint();
    struct control_server *server = open_server(endpoint);
    pid_t pid = control_worker_start(PART_DYING, node(0), endpoint);
    server_hears_only(server, node(0), CONTROL_HELLO);
    server_says(server, node(0), CONTROL_CONFIGURE);
    ends_with(pid, -SIGKILL);
    for (int i = 0; i < 100; i++)
        server_says(server, node(0), CONTROL_COLLECT);
    CU_ASSERT_FALSE(control_server_delivered(server));
    pid = control_worker_start(PART_OBEDIENT, node(0), endpoint);
    server_hears_only(server, node(0), CONTROL_HELLO);
    CU_ASSERT_TRUE(control_server_delivered(server));
    server_says(server, node(0), CONTROL_CONFIGURE);
    converse(server, node(0));
    ends_with(pid, 0);
    control_server_close(server, LIMIT_US);
}

// A worker notices that the coordinator is gone, and leaves without being kept.
static void test_coordinator_goes(void)
{
    next_endpoint();
    struct control_server *server = open_server(endpoint);
    pid_t pid = control_worker_start(PART_ORPHAN, node(0), endpoint);
    server_hears_only(server, node(0), CONTROL_HELLO);
    server_says(server, node(0), CONTROL_CONFIGURE);
    server_hears_only(server, node(0), CONTROL_READY);
    control_server_close(server, LIMIT_US);
    ends_with(pid, 0);
}

// Both ends in this process: the conversation of an event loop, which only ever looks.
static void test_looking_only(void)
{
    next_endpoint();
    struct control_server *server = open_server(endpoint);
    struct control_client *client = control_worker_open(FABRIC, endpoint);
    CU_ASSERT_TRUE(control_server_fd(server) >= 0 && control_client_fd(client) >= 0);
    for (int64_t end = control_now_us() + LIMIT_US;
         !control_server_pending(server) && control_now_us() < end;)
        control_client_pending(client);
    server_hears_only(server, FABRIC, CONTROL_HELLO);
    server_says(server, FABRIC, CONTROL_STOP);
    for (int64_t end = control_now_us() + LIMIT_US;
         !control_client_pending(client) && control_now_us() < end;)
        control_server_pending(server);
    struct control control;
    struct err err;
    CU_ASSERT_EQUAL(control_client_receive(client, 0, &control, &err), ERR_OK);
    CU_ASSERT_EQUAL(control.kind, CONTROL_STOP);
    CU_ASSERT_EQUAL(control_client_receive(client, 0, &control, &err), ERR_OK);
    CU_ASSERT_EQUAL(control.kind, CONTROL_NONE);
    CU_ASSERT_TRUE(control_server_wait_us(server) <= CONTROL_BEAT_US);
    control_client_close(client, 0);
    control_server_close(server, 0);
}

static void test_bad_endpoints(void)
{
    struct control_server *server;
    struct control_client *client;
    struct err err;
    const struct control_server_options nowhere = {"ipc:///no/such/folder/socket", RUN_ID, EPOCH, 1, 0};
    CU_ASSERT_EQUAL(control_server_open(&server, &nowhere, &err), ERR_SOCKET);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "cannot bind ipc:///no/such/folder/socket"));
    CU_ASSERT_PTR_NULL(server);
    const struct control_client_options nonsense = {"carrier-pigeon", RUN_ID, EPOCH, ROLE_NODE, 0};
    CU_ASSERT_EQUAL(control_client_open(&client, &nonsense, &err), ERR_SOCKET);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "cannot connect to carrier-pigeon"));
    CU_ASSERT_PTR_NULL(client);
}

int main(int argc, char **argv)
{
    control_worker_main(argc, argv);
    if (!mkdtemp(folder))
        return EXIT_FAILURE;
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("control plane", NULL, NULL);
    CU_add_test(suite, "whole run over ipc", test_whole_run_over_ipc);
    CU_add_test(suite, "whole run over tcp", test_whole_run_over_tcp);
    CU_add_test(suite, "late coordinator", test_late_coordinator);
    CU_add_test(suite, "strangers cannot stop a run", test_strangers_cannot_stop_a_run);
    CU_add_test(suite, "worker dies", test_worker_dies);
    CU_add_test(suite, "coordinator goes", test_coordinator_goes);
    CU_add_test(suite, "looking only", test_looking_only);
    CU_add_test(suite, "bad endpoints", test_bad_endpoints);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command) || failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
