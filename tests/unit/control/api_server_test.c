// SPDX-License-Identifier: Apache-2.0
// The server of the control API, served by hand with a host time that the test makes up: requests, watchers,
// consoles that do not read, limits. The consoles are the real client.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "coordinator/control/event_ring.h"
#include "hmc/client/client.h"
#include "tests/lib/fake_run.h"
#include "tests/lib/random_api.h"

static char folder[] = "/tmp/np-api-XXXXXX";
static struct fake_run *run;
static struct api_server *server;
static int64_t now = 1000000;

static int set_up(void)
{
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    if (!mkdtemp(folder))
        return 1;
    run = fake_run_by_hand(&(struct fake_run_options){.folder = folder, .stuck = true, .silent = true});
    server = fake_run_server(run);
    return 0;
}

static int tear_down(void)
{
    fake_run_close(run);
    return rmdir(folder); // fails when the server left something
}

static struct client *open_client(void)
{
    struct client *client;
    struct err err;
    if (client_open(&client, folder, &err))
        np_panic("%s", err.text);
    return client;
}

// Serves until a reply has come, a few times at most: frames take a moment from socket to socket.
static bool next(struct client *client, struct api_reply *reply)
{
    struct err err;
    bool got = false;
    for (int i = 0; i < 200 && !got; i++) {
        api_server_serve(server, now);
        CU_ASSERT_EQUAL_FATAL(client_receive(client, 5, reply, &got, &err), ERR_OK);
    }
    return got;
}

// Nothing comes: long enough for what would.
static bool silent(struct client *client)
{
    struct api_reply reply;
    struct err err;
    bool got = false;
    for (int i = 0; i < 10 && !got; i++) {
        api_server_serve(server, now);
        client_receive(client, 2, &reply, &got, &err);
    }
    if (got)
        api_reply_free(&reply);
    return !got;
}

static void ask(struct client *client, struct api_request *request, struct api_reply *reply)
{
    struct err err;
    CU_ASSERT_EQUAL_FATAL(client_send(client, request, &err), ERR_OK);
    CU_ASSERT_TRUE_FATAL(next(client, reply));
    CU_ASSERT_EQUAL(reply->id, request->id);
}

static void test_socket_is_private(void)
{
    struct stat st;
    char path[256];
    snprintf(path, sizeof path, "%s/control.sock", folder);
    CU_ASSERT_EQUAL_FATAL(stat(path, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
}

static void test_show(void)
{
    struct client *client = open_client();
    struct api_request request = {.kind = API_SHOW};
    struct api_reply reply;
    ask(client, &request, &reply);
    CU_ASSERT_EQUAL(reply.outcome.code, ERR_OK);
    CU_ASSERT_TRUE_FATAL(reply.has_snapshot);
    CU_ASSERT_EQUAL(reply.snapshot.n_boards, 8);
    CU_ASSERT_STRING_EQUAL(client_board(client_snapshot(client), "SB6")->partition, "SMP1");
    api_reply_free(&reply);
    client_close(client);
}

static struct api_request command_of(enum api_verb verb, const char *board, const char *partition)
{
    struct api_request request = {.kind = API_COMMAND};
    api_command_init(&request.command, verb);
    strcpy(request.command.board, board);
    strcpy(request.command.partition, partition);
    return request;
}

static void test_commands_and_refusals(void)
{
    struct client *client = open_client();
    struct api_request request = command_of(API_MOVE, "SB9", "SMP2");
    struct api_reply reply;
    ask(client, &request, &reply);
    CU_ASSERT_EQUAL(reply.outcome.code, ERR_UNKNOWN_NAME);
    api_reply_free(&reply);
    request = command_of(API_MOVE, "SB6", "SMP2");
    request.kind = API_PLAN;
    ask(client, &request, &reply);
    CU_ASSERT_TRUE(reply.has_plan && reply.operation == 0);
    CU_ASSERT_EQUAL(reply.plan.cpus_to_after, 12);
    api_reply_free(&reply);
    request.kind = API_COMMAND;
    ask(client, &request, &reply);
    CU_ASSERT_TRUE(reply.operation == 1 && reply.outcome.code == ERR_OK && !reply.has_plan);
    api_reply_free(&reply);
    ask(client, &request, &reply); // twice at once
    CU_ASSERT_EQUAL(reply.outcome.code, ERR_BUSY);
    api_reply_free(&reply);
    client_close(client);
}

static void test_rights_are_asked(void)
{
    struct client *client = open_client();
    struct api_request request = command_of(API_POWER, "SB6", "");
    struct api_reply reply;
    uint32_t before = fake_run_commands(run);
    strcpy(request.user, "vera");
    request.role = API_VIEWER;
    ask(client, &request, &reply);
    CU_ASSERT_EQUAL(reply.outcome.code, ERR_FORBIDDEN);
    CU_ASSERT_EQUAL(fake_run_commands(run), before); // it got nowhere near the machine
    api_reply_free(&reply);
    request.role = API_OPERATOR;
    ask(client, &request, &reply);
    CU_ASSERT_EQUAL(reply.outcome.code, ERR_OK);
    CU_ASSERT_EQUAL(fake_run_commands(run), before + 1);
    api_reply_free(&reply);
    client_close(client);
}

// Bytes that are no request, frames of several parts and of none: one clear answer each.
static void test_nonsense(void)
{
    struct client *client = open_client();
    void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_DEALER);
    static uint8_t answer[65536];
    struct api_reply reply;
    struct err err;
    int linger = 0;
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
    zmq_connect(socket, client_place(client)->endpoint);
    zmq_send(socket, "nonsense", 8, 0);
    zmq_send(socket, "", 0, 0);
    zmq_send(socket, "two", 3, ZMQ_SNDMORE);
    zmq_send(socket, "parts", 5, 0);
    int answers = 0;
    for (int i = 0; i < 500 && answers < 3; i++) {
        api_server_serve(server, now);
        int size = zmq_recv(socket, answer, sizeof answer, ZMQ_DONTWAIT);
        if (size < 0) {
            usleep(1000);
            continue;
        }
        answers++;
        CU_ASSERT_EQUAL_FATAL(api_reply_decode(answer, (size_t)size, &reply, &err), ERR_OK);
        CU_ASSERT_EQUAL(reply.outcome.code, ERR_REQUEST);
        CU_ASSERT_TRUE(reply.id == 0 && strstr(reply.outcome.text, "request") != NULL);
        api_reply_free(&reply);
    }
    CU_ASSERT_EQUAL(answers, 3);
    zmq_close(socket);
    zmq_ctx_term(context);
    client_close(client);
}

// Requests with damage, sent raw: each is answered or means something; the server goes on, and a console
// beside them is served.
static void test_damaged_requests(void)
{
    struct client *client = open_client();
    void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_DEALER);
    static uint8_t answer[1 << 20];
    struct bytes bytes = {0};
    struct err err;
    int linger = 0, answers = 0;
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
    zmq_connect(socket, client_place(client)->endpoint);
    for (uint64_t seed = 1; seed <= 3000; seed++) {
        struct rng rng = rng_for(seed, 4);
        struct api_request request;
        random_api_request(&rng, (enum api_kind)(API_SHOW + rng_below(&rng, API_SERIES)), &request);
        api_request_encode(&request, &bytes, &err);
        api_request_free(&request);
        for (uint64_t n = rng_below(&rng, 3); n > 0; n--)
            bytes.data[rng_below(&rng, bytes.size)] ^= (uint8_t)(1u << rng_below(&rng, 8));
        zmq_send(socket, bytes.data, bytes.size, ZMQ_DONTWAIT);
        now += 1000;
        api_server_serve(server, now);
        while (zmq_recv(socket, answer, sizeof answer, ZMQ_DONTWAIT) >= 0)
            answers++;
    }
    for (int i = 0; i < 1000 && answers <= 100; i++) { // what a busy host still carries
        zmq_pollitem_t item = {.socket = socket, .events = ZMQ_POLLIN};
        api_server_serve(server, now);
        if (zmq_poll(&item, 1, 10) > 0 && zmq_recv(socket, answer, sizeof answer, ZMQ_DONTWAIT) >= 0)
            answers++;
    }
    CU_ASSERT_TRUE(answers > 100);
    struct api_request show = {.kind = API_SHOW};
    struct api_reply reply;
    ask(client, &show, &reply);
    CU_ASSERT_EQUAL(reply.snapshot.n_boards, 8);
    api_reply_free(&reply);
    bytes_free(&bytes);
    zmq_close(socket);
    zmq_ctx_term(context);
    client_close(client);
}

static uint64_t count_events(struct client *client, uint64_t expected)
{
    uint64_t seq = expected;
    struct api_reply reply;
    while (seq <= expected + 399 && next(client, &reply)) {
        for (uint32_t i = 0; i < reply.n_events; i++, seq++)
            CU_ASSERT_EQUAL(reply.events[i].seq, seq);
        CU_ASSERT_TRUE(reply.has_snapshot); // the state after them
        api_reply_free(&reply);
        now += 2 * API_PUSH_US;
    }
    return seq - expected;
}

// Events are sent together, in order, without gaps, more than fit in one reply in several.
static void test_watch(void)
{
    struct client *client = open_client();
    struct api_reply reply;
    struct err err;
    client_watch(client, 0, 0, &err);
    CU_ASSERT_TRUE_FATAL(next(client, &reply));
    CU_ASSERT_TRUE(reply.id == 0 && reply.has_snapshot && reply.n_events == 0 && reply.oldest_seq >= 1);
    uint64_t first = reply.snapshot.last_seq + 1;
    api_reply_free(&reply);
    CU_ASSERT_EQUAL(api_server_watchers(server), 1);
    fake_run_event(run, "first");
    CU_ASSERT_TRUE(silent(client)); // not yet: others may follow
    for (int i = 1; i < 400; i++)
        fake_run_event(run, "another");
    now += API_PUSH_US;
    CU_ASSERT_EQUAL(count_events(client, first), 400);
    CU_ASSERT_EQUAL(client_last_seq(client), first + 399);
    now += API_BEAT_US;
    CU_ASSERT_TRUE(next(client, &reply)); // a sign of life, with the state
    CU_ASSERT_TRUE(reply.n_events == 0 && reply.has_snapshot);
    api_reply_free(&reply);
    client_close(client);
    for (int i = 0; i < 100 && api_server_watchers(server); i++) { // who has gone is forgotten
        now += API_BEAT_US;
        api_server_serve(server, now);
        usleep(1000);
    }
    CU_ASSERT_EQUAL(api_server_watchers(server), 0);
}

// A console that comes back asks for what it missed; one that was away too long is told.
static void test_resume(void)
{
    struct client *client = open_client();
    struct api_reply reply;
    struct err err;
    for (int i = 0; i < 5; i++)
        fake_run_event(run, "while nobody watched");
    struct api_request show = {.kind = API_SHOW};
    ask(client, &show, &reply);
    uint64_t last = reply.snapshot.last_seq;
    api_reply_free(&reply);
    client_watch(client, last - 2, 0, &err);
    CU_ASSERT_TRUE_FATAL(next(client, &reply));
    CU_ASSERT_EQUAL_FATAL(reply.n_events, 3);
    CU_ASSERT_EQUAL(reply.events[0].seq, last - 2);
    CU_ASSERT_FALSE(client_missed(client));
    api_reply_free(&reply);
    for (uint32_t i = 0; i < API_RING_EVENTS; i++)
        fake_run_event(run, "many");
    client_watch(client, last - 2, 0, &err);
    CU_ASSERT_TRUE_FATAL(next(client, &reply));
    CU_ASSERT_EQUAL(reply.oldest_seq, last + 1);
    CU_ASSERT_EQUAL(reply.events[0].seq, last + 1);
    CU_ASSERT_TRUE(client_missed(client));
    api_reply_free(&reply);
    client_close(client);
}

// Samples only while somebody watches, and no more than were asked for.
static void test_samples(void)
{
    struct client *client = open_client();
    struct api_reply reply;
    struct err err;
    uint32_t before = fake_run_samples(run);
    now += 10 * API_BEAT_US;
    api_server_serve(server, now);
    CU_ASSERT_EQUAL(fake_run_samples(run), before);
    client_watch(client, 0, API_SAMPLE_MS_MIN, &err);
    CU_ASSERT_TRUE_FATAL(next(client, &reply));
    api_reply_free(&reply);
    CU_ASSERT_EQUAL(fake_run_samples(run), before + 1);
    now += 1000 * API_SAMPLE_MS_MIN;
    api_server_serve(server, now);
    CU_ASSERT_EQUAL(fake_run_samples(run), before + 1); // the first has not come
    struct api_sample sample = {.time_ps = 77};
    api_sample_init(&sample, 3, 8);
    api_server_sample(server, &sample);
    CU_ASSERT_TRUE_FATAL(next(client, &reply));
    CU_ASSERT_TRUE(reply.has_sample && reply.sample.time_ps == 77);
    CU_ASSERT_EQUAL(client_sample(client)->n_boards, 8);
    api_reply_free(&reply);
    CU_ASSERT_TRUE(silent(client));
    CU_ASSERT_EQUAL(fake_run_samples(run), before + 1); // the next is not due
    now += 1000 * API_SAMPLE_MS_MIN;
    api_server_serve(server, now);
    CU_ASSERT_EQUAL(fake_run_samples(run), before + 2);
    api_server_sample(server, &sample);
    api_sample_free(&sample);
    client_close(client);
}

// A console that watches and does not read: the run goes on, nothing grows, and it has all events in the end.
static void test_slow_watcher(void)
{
    struct client *client = open_client();
    struct api_reply reply;
    struct err err;
    client_watch(client, 0, API_SAMPLE_MS_MIN, &err);
    CU_ASSERT_TRUE_FATAL(next(client, &reply));
    uint64_t first = reply.snapshot.last_seq + 1, seq = first;
    api_reply_free(&reply);
    struct api_sample sample = {0};
    api_sample_init(&sample, 3, 8);
    for (int i = 0; i < 2000; i++) {
        fake_run_event(run, "unread");
        api_server_sample(server, &sample);
        now += 2 * API_PUSH_US;
        api_server_serve(server, now);
    }
    api_sample_free(&sample);
    int samples = 0;
    while (seq < first + 2000 && next(client, &reply)) {
        samples += reply.has_sample;
        for (uint32_t i = 0; i < reply.n_events; i++)
            CU_ASSERT_EQUAL(reply.events[i].seq, seq++);
        api_reply_free(&reply);
        now += 2 * API_PUSH_US;
    }
    CU_ASSERT_EQUAL(seq, first + 2000);
    CU_ASSERT_TRUE(samples < 2000);
    CU_ASSERT_FALSE(client_missed(client));
    client_close(client);
}

static void test_limits(void)
{
    struct client *clients[API_WATCHERS_MAX + 1];
    struct api_reply reply;
    struct err err;
    while (api_server_watchers(server)) {
        now += API_BEAT_US;
        api_server_serve(server, now);
        usleep(1000);
    }
    for (uint32_t i = 0; i <= API_WATCHERS_MAX; i++) {
        clients[i] = open_client();
        client_watch(clients[i], 0, 0, &err);
        CU_ASSERT_TRUE_FATAL(next(clients[i], &reply));
        CU_ASSERT_EQUAL(reply.outcome.code, i < API_WATCHERS_MAX ? ERR_OK : ERR_LIMIT);
        api_reply_free(&reply);
    }
    CU_ASSERT_EQUAL(api_server_watchers(server), API_WATCHERS_MAX);
    for (uint32_t i = 0; i <= API_WATCHERS_MAX; i++)
        client_close(clients[i]);
}

static void test_ring(void)
{
    struct event_ring ring = {0};
    CU_ASSERT_PTR_NULL(event_ring_at(&ring, 0));
    CU_ASSERT_PTR_NULL(event_ring_at(&ring, 1));
    for (uint64_t i = 1; i <= API_RING_EVENTS + 123; i++) {
        event_ring_add(&ring, &(struct api_event){.time_ps = 10 * i});
        CU_ASSERT_PTR_NULL(event_ring_at(&ring, i + 1));
        uint64_t some = (i + event_ring_oldest(&ring)) / 2;
        CU_ASSERT_EQUAL(event_ring_at(&ring, some)->time_ps, 10 * some);
    }
    CU_ASSERT_EQUAL(event_ring_oldest(&ring), 124);
    CU_ASSERT_PTR_NULL(event_ring_at(&ring, 123));
    for (uint64_t i = 124; i <= ring.last; i++)
        CU_ASSERT_TRUE(event_ring_at(&ring, i)->seq == i && event_ring_at(&ring, i)->time_ps == 10 * i);
    event_ring_free(&ring);
}

// A folder whose path is too long for a socket.
static void test_long_path(void)
{
    char deep[512];
    snprintf(deep, sizeof deep, "%s/%0120d", folder, 7);
    CU_ASSERT_EQUAL_FATAL(mkdir(deep, 0755), 0);
    struct fake_run *far = fake_run_by_hand(&(struct fake_run_options){.folder = deep});
    struct client_place place;
    struct stat st;
    struct err err;
    CU_ASSERT_EQUAL_FATAL(client_find(deep, &place, &err), ERR_OK);
    CU_ASSERT_EQUAL(strncmp(place.endpoint, "ipc:///tmp/numaplex-", 20), 0);
    CU_ASSERT_TRUE(stat(place.endpoint + 6, &st) == 0 && (st.st_mode & 0777) == 0600);
    *strrchr(place.endpoint, '/') = '\0';
    CU_ASSERT_TRUE(stat(place.endpoint + 6, &st) == 0 && (st.st_mode & 0777) == 0700);
    fake_run_close(far);
    CU_ASSERT_NOT_EQUAL(stat(place.endpoint + 6, &st), 0);
    CU_ASSERT_EQUAL(rmdir(deep), 0);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("api_server", set_up, tear_down);
    CU_add_test(suite, "the socket is its owner's alone", test_socket_is_private);
    CU_add_test(suite, "show", test_show);
    CU_add_test(suite, "commands, plans and refusals", test_commands_and_refusals);
    CU_add_test(suite, "rights are asked", test_rights_are_asked);
    CU_add_test(suite, "nonsense is answered", test_nonsense);
    CU_add_test(suite, "watch", test_watch);
    CU_add_test(suite, "resume", test_resume);
    CU_add_test(suite, "samples on demand", test_samples);
    CU_add_test(suite, "a console that does not read", test_slow_watcher);
    CU_add_test(suite, "limits", test_limits);
    CU_add_test(suite, "ring", test_ring);
    CU_add_test(suite, "a long path", test_long_path);
    CU_add_test(suite, "damaged requests", test_damaged_requests);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
