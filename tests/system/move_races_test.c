// SPDX-License-Identifier: Apache-2.0
// Consoles that command the same board at once, many times: one wins, the other is told, never both and never
// none. Nonsense on the control socket while a board moves. All of it leaves a journal whose replay has the
// run's digest.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "proto/base/assert.h"
#include "proto/base/rng.h"
#include "tests/lib/live_run.h"
#include "tests/lib/random_api.h"

#define ROUNDS_HELD    12u
#define ROUNDS_RUNNING 40u
#define REQUESTS       3000u
#define US(n)          (UINT64_C(1000000) * (n))

static char root[PATH_MAX_BYTES], file[PATH_MAX_BYTES + 16];

static const char scenario[] =
    "scenario: races\nseed: 7\nuntil: 40ms\nsystems:\n"
    "  - name: sun\n    preset: sun-fire-15k\n    boards: [SB0, SB1, SB2, SB3, SB4]\n"
    "    board: {cpus: 2, memory: 256KiB, l2: 64KiB, l1: 4KiB}\n"
    "    partitions:\n"
    "      - {name: SMP1, boards: [SB0, SB1], memory: contiguous, programs: [{generator: "
    "burst, threads: 2, region: {size: 32KiB}}]}\n"
    "      - {name: SMP2, boards: [SB2, SB3], memory: contiguous, programs: [{generator: burst, threads: 2, "
    "region: {size: 32KiB}}]}\n"
    "      - {name: SMP3, boards: [SB4], memory: contiguous, programs: [{generator: burst, threads: 2, "
    "region: {size: 32KiB}}]}\n";

static int set_up(void)
{
    test_folder_make(root);
    snprintf(file, sizeof file, "%s/races.yaml", root);
    FILE *out = fopen(file, "w");
    NP_ASSERT(out);
    fputs(scenario, out);
    fclose(out);
    return 0;
}

static int tear_down(void)
{
    test_folder_remove(root);
    return 0;
}

static struct live_run begin(const char *name)
{
    struct live_run live;
    char place[PATH_MAX_BYTES + 32];
    snprintf(place, sizeof place, "%s/%s", root, name);
    live_begin(&live, place, (const char *const[]){file, "--nodes=1", NULL});
    return live;
}

// Stops the run where it is, and does it again.
static void end_and_replay(struct live_run *live)
{
    char to[sizeof live->place + 16];
    live_pace(live, API_STOP, 0);
    CU_ASSERT_EQUAL(live_end(live), EXIT_CLASS_INTERRUPTED);
    process_free(&live->process);
    snprintf(to, sizeof to, "%s-again", live->place);
    struct test_process p =
        process_run(test_program("numaplex"), "replay", live->place, "--to", to, "--nodes=1");
    CU_ASSERT_EQUAL(p.status, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.out, "The same digest as"));
    if (p.status != 0)
        printf("\n%s%s", p.out, p.err);
    process_free(&p);
}

// ---- two consoles

struct console {
    struct client *client;
    struct api_request request;
    bool answered;
    struct err outcome;
    uint64_t operation;
};

static void open_console(struct console *console, const char *place)
{
    struct err err;
    memset(console, 0, sizeof *console);
    if (client_open(&console->client, place, &err))
        np_panic("%s", err.text);
}

// The wish is another one in each round, always of SB1.
static void wish(struct console *console, struct rng *rng)
{
    static const char *const partitions[] = {"SMP1", "SMP2", "SMP3"};
    static const enum api_verb verbs[] = {API_MOVE, API_DELETE, API_ADD, API_TEST};
    struct err err;
    console->answered = false;
    console->request = (struct api_request){.kind = API_COMMAND};
    api_command_init(&console->request.command, verbs[rng_below(rng, NP_ARRAY_LEN(verbs))]);
    strcpy(console->request.command.board, "SB1");
    if (console->request.command.verb == API_MOVE || console->request.command.verb == API_ADD)
        strcpy(console->request.command.partition, partitions[rng_below(rng, 3)]);
    CU_ASSERT_EQUAL(client_send(console->client, &console->request, &err), ERR_OK);
}

static void hear_answer(struct console *console)
{
    struct api_reply reply;
    struct err err;
    bool got;
    for (unsigned i = 0; i < 1500 && !console->answered; i++) {
        if (client_receive(console->client, 20, &reply, &got, &err))
            np_panic("%s", err.text);
        if (!got)
            continue;
        if (reply.id == console->request.id) {
            console->answered = true;
            console->outcome = reply.outcome;
            console->operation = reply.operation;
        }
        api_reply_free(&reply);
    }
    CU_ASSERT_TRUE(console->answered);
}

static void show(struct live_run *live, struct api_reply *reply)
{
    struct api_request request = {.kind = API_SHOW};
    struct err err;
    if (live_ask(live, &request, reply, &err))
        np_panic("%s", err.text);
}

static bool is_busy(const struct api_snapshot *now)
{
    for (uint32_t i = 0; i < now->n_operations; i++)
        if (now->operations[i].ended_ps == 0)
            return true;
    return false;
}

// Steps until no operation is under way.
static void settle(struct live_run *live)
{
    for (unsigned i = 0; i < 100; i++) {
        struct api_reply reply;
        show(live, &reply);
        uint64_t at = reply.snapshot.time_ps;
        bool busy = is_busy(&reply.snapshot);
        api_reply_free(&reply);
        if (!busy)
            return;
        live_reach(live, at + US(50));
    }
    CU_FAIL("an operation does not end");
}

// Held, both stand at one simulated time: one begins, or both are refused for what they ask; never two.
static unsigned race_held(struct live_run *live, struct console consoles[2], struct rng *rng)
{
    for (unsigned i = 0; i < 2; i++)
        wish(&consoles[i], rng);
    for (unsigned i = 0; i < 2; i++)
        hear_answer(&consoles[i]);
    bool won[2] = {!consoles[0].outcome.code, !consoles[1].outcome.code};
    CU_ASSERT_FALSE(won[0] && won[1]);
    for (unsigned i = 0; i < 2; i++)
        if (won[i] && consoles[i].operation < consoles[!i].operation)
            CU_ASSERT_EQUAL(consoles[!i].outcome.code, ERR_BUSY);
    settle(live);
    return won[0] || won[1];
}

static void test_two_consoles_held(void)
{
    struct live_run live = begin("held");
    struct console consoles[2];
    struct rng rng = rng_for(11, 0);
    unsigned won = 0;
    live_reach(&live, US(10));
    for (unsigned i = 0; i < 2; i++)
        open_console(&consoles[i], live.place);
    for (unsigned round = 0; round < ROUNDS_HELD; round++)
        won += race_held(&live, consoles, &rng);
    CU_ASSERT(won >= ROUNDS_HELD / 4);
    for (unsigned i = 0; i < 2; i++)
        client_close(consoles[i].client);
    end_and_replay(&live);
}

// What both were told, against what was done: operations on the board never overlap.
static void expect_no_overlap(struct live_run *live)
{
    struct api_reply reply;
    uint64_t free_from = 0;
    show(live, &reply);
    for (uint32_t i = 0; i < reply.snapshot.n_operations; i++) {
        const struct api_operation *o = &reply.snapshot.operations[i];
        uint64_t at_once = o->began_ps ? o->began_ps : 1; // 0 stands for "under way"
        if (o->outcome.code == ERR_BUSY || (o->outcome.code && o->ended_ps == at_once))
            continue; // refused
        if (o->began_ps < free_from)
            printf("\n  operation %llu, from %llu to %llu ps, %s: the one before it ends at %llu ps\n",
                   (unsigned long long)o->id, (unsigned long long)o->began_ps,
                   (unsigned long long)o->ended_ps, o->outcome.code ? o->outcome.text : "good",
                   (unsigned long long)free_from);
        CU_ASSERT(o->began_ps >= free_from);
        free_from = o->ended_ps ? o->ended_ps : UINT64_MAX;
    }
    api_reply_free(&reply);
}

static void test_two_consoles_running(void)
{
    struct live_run live = begin("running");
    struct console consoles[2];
    struct rng rng = rng_for(12, 0);
    uint64_t last = 0;
    for (unsigned i = 0; i < 2; i++)
        open_console(&consoles[i], live.place);
    struct api_request slow = {.kind = API_PACE, .pace = {.kind = API_SLOW, .ps_per_s = US(2000)}};
    struct api_reply reply;
    struct err err;
    CU_ASSERT_EQUAL(live_ask(&live, &slow, &reply, &err), ERR_OK); // that its end is far enough
    api_reply_free(&reply);
    live_pace(&live, API_CONTINUE, 0);
    for (unsigned round = 0; round < ROUNDS_RUNNING; round++) {
        for (unsigned i = 0; i < 2; i++)
            wish(&consoles[i], &rng);
        for (unsigned i = 0; i < 2; i++)
            hear_answer(&consoles[i]);
        CU_ASSERT_NOT_EQUAL(consoles[0].operation, consoles[1].operation);
        for (unsigned i = 0; i < 2; i++) {
            CU_ASSERT(consoles[i].operation > last); // each is one of the run's, also when it is refused
            CU_ASSERT(consoles[i].operation <= last + 2);
        }
        last += 2;
        expect_no_overlap(&live);
    }
    for (unsigned i = 0; i < 2; i++)
        client_close(consoles[i].client);
    end_and_replay(&live);
}

// ---- nonsense

// A request with random bits turned; not one that would be obeyed, since that would be a command.
static void damage(struct rng *rng, struct bytes *frame)
{
    struct api_request request, again;
    struct err err;
    bool harmless = false;
    while (!harmless) {
        random_api_request(rng, (enum api_kind)(1 + rng_below(rng, API_SERIES)), &request);
        enum err_code code = api_request_encode(&request, frame, &err);
        api_request_free(&request);
        if (code || frame->size == 0)
            continue;
        for (uint64_t n = 1 + rng_below(rng, 8); n > 0; n--)
            frame->data[rng_below(rng, frame->size)] ^= (uint8_t)(1u << rng_below(rng, 8));
        code = api_request_decode(frame->data, frame->size, &again, &err);
        harmless = code || again.kind == API_SHOW || again.kind == API_WATCH || again.kind == API_SERIES ||
                   again.kind == API_CONSOLE;
        if (!code)
            api_request_free(&again);
    }
}

static void send_nonsense(void *socket, struct rng *rng)
{
    struct bytes frame = {0};
    zmq_msg_t part;
    for (unsigned i = 0; i < REQUESTS; i++) {
        damage(rng, &frame);
        size_t size = rng_below(rng, 4) ? frame.size : rng_below(rng, frame.size + 1);
        int more = rng_below(rng, 16) == 0 ? ZMQ_SNDMORE : 0;
        CU_ASSERT_EQUAL(zmq_send(socket, frame.data, size, more), (int)size);
        zmq_msg_init(&part);
        while (zmq_msg_recv(&part, socket, ZMQ_DONTWAIT) >= 0)
            ;
        zmq_msg_close(&part);
    }
    zmq_send(socket, "", 0, 0);
    bytes_free(&frame);
}

// Until something answers what it can answer: then all before has been read.
static void test_nonsense(void)
{
    struct live_run live = begin("nonsense");
    struct rng rng = rng_for(13, 0);
    struct err err;
    void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_DEALER);
    int linger = 0;
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
    zmq_connect(socket, client_place(live.client)->endpoint);
    live_reach(&live, US(10));
    CU_ASSERT_EQUAL(live_command(&live, API_MOVE, "SB1", "SMP2", &err), ERR_OK);
    for (unsigned i = 0; i < 8; i++) {
        live_reach(&live, US(10 + 20 * (i + 1)));
        send_nonsense(socket, &rng);
    }
    live_reach(&live, US(500));
    CU_ASSERT_EQUAL(live_command(&live, API_DELETE, "SB1", "", &err), ERR_OK);
    live_reach(&live, US(800));
    struct api_reply reply;
    show(&live, &reply);
    CU_ASSERT_FALSE(is_busy(&reply.snapshot));
    CU_ASSERT_EQUAL(reply.snapshot.n_operations, 2); // nothing that was sent was taken for a command
    api_reply_free(&reply);
    zmq_close(socket);
    zmq_ctx_term(context);
    end_and_replay(&live);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("move_races", set_up, tear_down);
    CU_add_test(suite, "two consoles of a run that is held", test_two_consoles_held);
    CU_add_test(suite, "two consoles of a run that goes on", test_two_consoles_running);
    CU_add_test(suite, "nonsense while a board moves", test_nonsense);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
