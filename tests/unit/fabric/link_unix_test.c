// SPDX-License-Identifier: Apache-2.0
// link_unix from both ends: long frames, full sockets, lost connections, and strangers who say what no link
// says. What all links have in common is in link_test.c.
#include <CUnit/Basic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fabric/link/link_id.h"
#include "fabric/link/link_unix.h"
#include "fabric/link/unix_connection.h"
#include "fabric/link/wire.h"
#include "proto/base/assert.h"
#include "proto/base/limits.h"
#include "proto/base/rng.h"

#define RUN       UINT64_C(0x6000000000000001)
#define MAX_BYTES 9000000 // of one frame, to the hub of these tests
#define WAIT_US   20000000

static char endpoint[64];

static struct link *bind_hub(uint32_t peers)
{
    struct link *link = NULL;
    struct link_config config = {.endpoint = endpoint, .run = RUN, .epoch = 1, .max_bytes = MAX_BYTES};
    CU_ASSERT_EQUAL_FATAL(link_unix_bind(&link, &config, peers, NULL), ERR_OK);
    return link;
}

static struct link *connect_peer(uint32_t peer, uint64_t run, uint32_t epoch)
{
    struct link *link = NULL;
    struct link_config config = {.endpoint = endpoint, .run = run, .epoch = epoch};
    CU_ASSERT_EQUAL_FATAL(link_unix_connect(&link, &config, peer, NULL), ERR_OK);
    return link;
}

static void close_link(struct link *link)
{
    link->ops->close(link);
}

static void send_text(struct link *link, uint32_t peer, const char *text)
{
    CU_ASSERT_EQUAL(link->ops->send(link, peer, (const uint8_t *)text, strlen(text), NULL), ERR_OK);
}

// Looks once, for a millisecond at most.
static const uint8_t *look(struct link *link, uint32_t *peer, size_t *size)
{
    const uint8_t *bytes;
    CU_ASSERT_EQUAL_FATAL(link->ops->receive(link, 1000, peer, &bytes, size, NULL), ERR_OK);
    return bytes;
}

static void expect(struct link *link, uint32_t from, const char *text)
{
    size_t size = 0;
    uint32_t peer = 99;
    const uint8_t *bytes = NULL;
    uint64_t end = wire_host_now_ns(NULL) + WAIT_US * NS_PER_US;
    while (!bytes && wire_host_now_ns(NULL) < end)
        bytes = look(link, &peer, &size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    CU_ASSERT_EQUAL(peer, from);
    CU_ASSERT(size == strlen(text) && memcmp(bytes, text, size) == 0);
}

// Until the hub has refused so many; no frame may come meanwhile.
static void await_foreign(struct link *hub, uint64_t foreign)
{
    size_t size;
    uint32_t peer;
    uint64_t end = wire_host_now_ns(NULL) + WAIT_US * NS_PER_US;
    while (hub->foreign < foreign && wire_host_now_ns(NULL) < end)
        CU_ASSERT_PTR_NULL(look(hub, &peer, &size));
    CU_ASSERT_EQUAL(hub->foreign, foreign);
}

// A socket that is connected to the hub and has said nothing yet.
static int knock(void)
{
    struct sockaddr_un address;
    CU_ASSERT_EQUAL_FATAL(unix_address(&address, endpoint, NULL), ERR_OK);
    int fd = unix_socket();
    CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void say(int fd, const void *bytes, size_t size)
{
    CU_ASSERT_EQUAL(send(fd, bytes, size, MSG_NOSIGNAL), (ssize_t)size);
}

// Whether the other end has closed the socket.
static bool was_closed(int fd)
{
    char byte;
    return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

static enum err_code bind_code(const char *where, char *text)
{
    struct err err = {0};
    struct link *link = NULL;
    struct link_config config = {.endpoint = where, .run = RUN, .epoch = 1};
    enum err_code code = link_unix_bind(&link, &config, 1, &err);
    if (!code)
        close_link(link);
    memcpy(text, err.text, sizeof err.text);
    return code;
}

static void endpoints_are_checked(void)
{
    char text[ERR_TEXT_SIZE], path[300];
    static const char *const wrong[] = {"", "unix://", "/tmp/x", "ipc:///tmp/x"};
    for (size_t i = 0; i < NP_ARRAY_LEN(wrong); i++) {
        CU_ASSERT_EQUAL(bind_code(wrong[i], text), ERR_USAGE);
        CU_ASSERT_PTR_NOT_NULL(strstr(text, "unix://PATH"));
    }
    snprintf(path, sizeof path, "unix:///tmp/%0150d", 1);
    CU_ASSERT_EQUAL(bind_code(path, text), ERR_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "107"));
    CU_ASSERT_EQUAL(bind_code("unix:///nowhere/at/all", text), ERR_SOCKET);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "cannot bind"));
}

// A file at the path stays; a socket that somebody left there does not stand in the way.
static void only_sockets_are_replaced(void)
{
    char text[ERR_TEXT_SIZE];
    const char *path = endpoint + strlen(LINK_UNIX_SCHEME);
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fclose(file);
    CU_ASSERT_EQUAL(bind_code(endpoint, text), ERR_SOCKET);
    CU_ASSERT_EQUAL(unlink(path), 0);
    struct link *left = bind_hub(1), *hub = bind_hub(1);
    struct link *peer = connect_peer(0, RUN, 1);
    send_text(peer, 0, "hello");
    expect(hub, 0, "hello");
    close_link(peer);
    close_link(hub);
    close_link(left);
}

// --- frames ---

static uint8_t *random_bytes(size_t size, uint64_t seed)
{
    struct rng rng = rng_for(seed, 0);
    uint8_t *bytes = malloc(size + 1);
    NP_ASSERT(bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)rng_next(&rng);
    return bytes;
}

// Sends a frame and takes it at the other end. What the socket does not take at once goes out while the
// sender waits for something itself.
static void carry(struct link *from, uint32_t to, struct link *at, const uint8_t *frame, size_t size)
{
    uint32_t peer;
    size_t got_size = 0, unused;
    const uint8_t *got = NULL;
    uint64_t end = wire_host_now_ns(NULL) + WAIT_US * NS_PER_US;
    CU_ASSERT_EQUAL(from->ops->send(from, to, frame, size, NULL), ERR_OK);
    while (!got && wire_host_now_ns(NULL) < end) {
        got = look(at, &peer, &got_size);
        if (!got)
            CU_ASSERT_PTR_NULL(look(from, &peer, &unused));
    }
    CU_ASSERT_PTR_NOT_NULL_FATAL(got);
    CU_ASSERT_EQUAL_FATAL(got_size, size);
    CU_ASSERT(memcmp(got, frame, size) == 0);
}

static void frames_of_all_sizes(void)
{
    static const size_t sizes[] = {0,      1,       65535,   65536,         65537,    131071,
                                   131072, 1000000, 7654321, MAX_BYTES - 1, MAX_BYTES};
    struct link *hub = bind_hub(2), *peer = connect_peer(1, RUN, 1);
    send_text(peer, 0, "hello");
    expect(hub, 1, "hello");
    for (size_t i = 0; i < NP_ARRAY_LEN(sizes); i++) {
        uint8_t *frame = random_bytes(sizes[i], i);
        carry(peer, 0, hub, frame, sizes[i]);
        carry(hub, 1, peer, frame, sizes[i]);
        free(frame);
    }
    CU_ASSERT_EQUAL(hub->foreign + peer->foreign, 0);
    close_link(peer);
    close_link(hub);
}

// Nobody takes anything: frames are lost, nothing blocks, and what comes through later is whole.
static void full_sockets_lose_frames(void)
{
    struct link *hub = bind_hub(1), *peer = connect_peer(0, RUN, 1);
    uint8_t *frame = random_bytes(100000, 1);
    uint32_t from;
    size_t size;
    unsigned arrived = 0;
    for (unsigned i = 0; i < 100; i++)
        CU_ASSERT_EQUAL(peer->ops->send(peer, 0, frame, 100000, NULL), ERR_OK);
    for (unsigned idle = 0; idle < 20; idle++) {
        const uint8_t *bytes = look(hub, &from, &size);
        if (bytes) {
            CU_ASSERT(size == 100000 && memcmp(bytes, frame, size) == 0);
            arrived++;
            idle = 0;
        }
        CU_ASSERT_PTR_NULL(look(peer, &from, &size));
    }
    CU_ASSERT(arrived > 0 && arrived < 100);
    carry(peer, 0, hub, frame, 100000);
    free(frame);
    close_link(peer);
    close_link(hub);
}

// Who sends more than the hub takes is cut off, comes back by itself, and is heard again.
static void oversized_frames_are_cut_off(void)
{
    struct link *hub = bind_hub(1), *peer = connect_peer(0, RUN, 1);
    uint8_t *huge = calloc(1, (size_t)WIRE_BYTES_MAX + 1);
    NP_ASSERT(huge);
    CU_ASSERT_EQUAL(peer->ops->send(peer, 0, huge, MAX_BYTES + 1, NULL), ERR_OK);
    await_foreign(hub, 1);
    const uint8_t *bytes = NULL;
    for (unsigned i = 0; i < 10000 && !bytes; i++) {
        uint32_t from;
        size_t size;
        send_text(peer, 0, "again");
        bytes = look(hub, &from, &size);
    }
    CU_ASSERT_PTR_NOT_NULL(bytes);
    struct err err = {0};
    CU_ASSERT_EQUAL(peer->ops->send(peer, 0, huge, (size_t)WIRE_BYTES_MAX + 1, &err), ERR_LIMIT);
    CU_ASSERT_EQUAL(hub->ops->send(hub, 0, huge, (size_t)WIRE_BYTES_MAX + 1, &err), ERR_LIMIT);
    free(huge);
    close_link(peer);
    close_link(hub);
}

// --- strangers ---

// Another run, another epoch, a number beyond the last; too short, too long, nothing at all.
static void strangers_are_refused(void)
{
    struct link *hub = bind_hub(2), *friendly = connect_peer(1, RUN, 1);
    const struct link_id ids[] = {link_id_of(RUN + 1, 1, 1), link_id_of(RUN, 2, 1), link_id_of(RUN, 1, 2)};
    uint8_t *huge = calloc(1, 2 * UNIX_PACKET_MAX);
    NP_ASSERT(huge);
    struct link_id right = link_id_of(RUN, 1, 1);
    memcpy(huge, right.bytes, sizeof right.bytes);
    const struct {
        const void *bytes;
        size_t size;
    } rows[] = {{ids[0].bytes, sizeof ids[0].bytes},
                {ids[1].bytes, sizeof ids[1].bytes},
                {ids[2].bytes, sizeof ids[2].bytes},
                {right.bytes, sizeof right.bytes - 1},
                {huge, sizeof right.bytes + 1},
                {huge, 2 * UNIX_PACKET_MAX},
                {"", 0}};
    for (unsigned i = 0; i < NP_ARRAY_LEN(rows); i++) {
        int fd = knock();
        say(fd, rows[i].bytes, rows[i].size);
        await_foreign(hub, i + 1);
        CU_ASSERT(was_closed(fd));
        close(fd);
    }
    send_text(friendly, 0, "hello");
    expect(hub, 1, "hello");
    free(huge);
    close_link(friendly);
    close_link(hub);
}

// Connections that say nothing fill no table: beyond a number of them the oldest is closed.
static void silent_strangers_are_few(void)
{
    struct link *hub = bind_hub(1), *friendly = connect_peer(0, RUN, 1);
    int fds[40];
    send_text(friendly, 0, "first");
    expect(hub, 0, "first");
    for (unsigned i = 0; i < NP_ARRAY_LEN(fds); i++)
        fds[i] = knock();
    await_foreign(hub, NP_ARRAY_LEN(fds) - 16);
    send_text(friendly, 0, "hello");
    expect(hub, 0, "hello");
    for (unsigned i = 0; i < NP_ARRAY_LEN(fds); i++) {
        CU_ASSERT_EQUAL(was_closed(fds[i]), i + 16 < NP_ARRAY_LEN(fds));
        close(fds[i]);
    }
    close_link(friendly);
    close_link(hub);
}

// A node of the right id that sends pieces which no link cuts.
static void impossible_pieces_are_refused(void)
{
    static const struct {
        struct unix_piece first;
        uint32_t first_size;
        struct unix_piece second;
        uint32_t second_size; // with its head; 0: the first is refused already
    } rows[] = {
        {{10, 0}, 9, {0, 0}, 0},                                        // less than it says
        {{10, 0}, 11, {0, 0}, 0},                                       // more
        {{10, 10}, 0, {0, 0}, 0},                                       // nothing, at the end
        {{10, 11}, 0, {0, 0}, 0},                                       // beyond the end
        {{100000, UNIX_PIECE_MAX}, 100000 - UNIX_PIECE_MAX, {0, 0}, 0}, // the second without a first
        {{MAX_BYTES + 1, 0}, UNIX_PIECE_MAX, {0, 0}, 0},                // too long a frame
        {{UINT32_MAX, 0}, UNIX_PIECE_MAX, {0, 0}, 0},                   // far too long
        {{100000, 0}, 1000, {0, 0}, 0},                                 // cut too short
        {{100000, 0}, UNIX_PIECE_MAX + 1, {0, 0}, 0},                   // a packet that is too long
        {{100000, 0}, UNIX_PIECE_MAX, {100000, 0}, UNIX_PIECE_MAX + 8}, // the first again
        {{100000, 0}, UNIX_PIECE_MAX, {99999, UNIX_PIECE_MAX}, 34471},  // another frame's second
        {{100000, 0}, UNIX_PIECE_MAX, {100000, UNIX_PIECE_MAX}, 7},     // less than a head
    };
    struct link *hub = bind_hub(1);
    struct link_id id = link_id_of(RUN, 1, 0);
    uint8_t *packet = calloc(1, 2 * UNIX_PACKET_MAX);
    NP_ASSERT(packet);
    for (unsigned i = 0; i < NP_ARRAY_LEN(rows); i++) {
        int fd = knock();
        say(fd, id.bytes, sizeof id.bytes);
        memcpy(packet, &rows[i].first, sizeof rows[i].first);
        say(fd, packet, sizeof rows[i].first + rows[i].first_size);
        memcpy(packet, &rows[i].second, sizeof rows[i].second);
        if (rows[i].second_size)
            say(fd, packet, rows[i].second_size);
        await_foreign(hub, i + 1);
        close(fd);
    }
    free(packet);
    struct link *peer = connect_peer(0, RUN, 1);
    send_text(peer, 0, "hello");
    expect(hub, 0, "hello");
    close_link(peer);
    close_link(hub);
}

// --- lost connections ---

static void the_newest_connection_counts(void)
{
    struct link *hub = bind_hub(1);
    struct link_id id = link_id_of(RUN, 1, 0);
    const struct unix_piece empty = {0, 0};
    int old = knock();
    say(old, id.bytes, sizeof id.bytes);
    say(old, &empty, sizeof empty);
    expect(hub, 0, "");
    struct link *new = connect_peer(0, RUN, 1);
    send_text(new, 0, "new");
    expect(hub, 0, "new");
    CU_ASSERT(was_closed(old));
    send_text(hub, 0, "to the new one");
    expect(new, 0, "to the new one");
    CU_ASSERT_EQUAL(hub->foreign, 0);
    close(old);
    close_link(new);
    close_link(hub);
}

// Two who both have much to say are heard in turn.
static void nobody_keeps_others_waiting(void)
{
    struct link *hub = bind_hub(2), *peers[] = {connect_peer(0, RUN, 1), connect_peer(1, RUN, 1)};
    unsigned heard[2] = {0, 0};
    for (uint32_t i = 0; i < 2; i++) {
        send_text(peers[i], 0, "first"); // both are known to the hub from here on
        expect(hub, i, "first");
    }
    for (unsigned i = 0; i < 40; i++)
        send_text(peers[i % 2], 0, "much");
    while (heard[0] + heard[1] < 20) {
        uint32_t peer;
        size_t size;
        if (look(hub, &peer, &size))
            heard[peer]++;
    }
    CU_ASSERT(heard[0] >= 9 && heard[1] >= 9);
    for (uint32_t i = 0; i < 2; i++)
        close_link(peers[i]);
    close_link(hub);
}

// The node is there first, and stays when the hub goes and another comes.
static void a_hub_may_come_late_and_again(void)
{
    struct link *peer = connect_peer(0, RUN, 1);
    for (unsigned i = 0; i < 3; i++) {
        const uint8_t *bytes = NULL;
        struct link *hub = bind_hub(1);
        for (unsigned n = 0; n < 10000 && !bytes; n++) {
            uint32_t from;
            size_t size;
            send_text(peer, 0, "is anybody there?");
            bytes = look(hub, &from, &size);
            look(peer, &from, &size);
        }
        CU_ASSERT_PTR_NOT_NULL(bytes);
        close_link(hub);
        send_text(peer, 0, "lost");
    }
    close_link(peer);
}

static pid_t start_child(void)
{
    fflush(NULL);
    pid_t pid = fork();
    NP_ASSERT(pid >= 0);
    if (pid > 0)
        return pid;
    struct link *link = connect_peer(0, RUN, 1);
    send_text(link, 0, "a process");
    for (;;)
        pause();
}

// A killed process leaves nothing behind that its successor would meet.
static void a_killed_process_is_replaced(void)
{
    struct link *hub = bind_hub(1);
    for (unsigned i = 0; i < 5; i++) {
        pid_t pid = start_child();
        expect(hub, 0, "a process");
        uint8_t *frame = random_bytes(1000000, i);
        CU_ASSERT_EQUAL(hub->ops->send(hub, 0, frame, 1000000, NULL), ERR_OK); // some of it waits here
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        if (i % 2)
            send_text(hub, 0, "lost");
        free(frame);
    }
    struct link *peer = connect_peer(0, RUN, 1);
    send_text(peer, 0, "the last one");
    expect(hub, 0, "the last one");
    send_text(hub, 0, "an answer");
    expect(peer, 0, "an answer");
    CU_ASSERT_EQUAL(hub->foreign, 0);
    close_link(peer);
    close_link(hub);
}

int main(void)
{
    snprintf(endpoint, sizeof endpoint, "unix:///tmp/numaplex-unix-test-%d", (int)getpid());
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("link_unix", NULL, NULL);
    CU_ADD_TEST(suite, endpoints_are_checked);
    CU_ADD_TEST(suite, only_sockets_are_replaced);
    CU_ADD_TEST(suite, frames_of_all_sizes);
    CU_ADD_TEST(suite, full_sockets_lose_frames);
    CU_ADD_TEST(suite, oversized_frames_are_cut_off);
    CU_ADD_TEST(suite, strangers_are_refused);
    CU_ADD_TEST(suite, silent_strangers_are_few);
    CU_ADD_TEST(suite, impossible_pieces_are_refused);
    CU_ADD_TEST(suite, the_newest_connection_counts);
    CU_ADD_TEST(suite, nobody_keeps_others_waiting);
    CU_ADD_TEST(suite, a_hub_may_come_late_and_again);
    CU_ADD_TEST(suite, a_killed_process_is_replaced);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed != 0;
}
