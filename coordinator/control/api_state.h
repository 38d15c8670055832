// SPDX-License-Identifier: Apache-2.0
// What the files of the server share; nothing else includes it.
#ifndef NP_COORDINATOR_CONTROL_API_STATE_H
#define NP_COORDINATOR_CONTROL_API_STATE_H

#include "coordinator/control/api_place.h"
#include "coordinator/control/api_server.h"
#include "coordinator/control/event_ring.h"

// How the socket names a console: ZeroMQ makes these up, one to a connection.
struct console_id {
    uint8_t bytes[255];
    uint8_t size;
};

struct watcher {
    struct console_id console;
    uint64_t next_seq;   // of events that it has not been sent
    uint32_t samples_ms; // 0: none
    int64_t sample_us;   // host time at which the next sample is due
    int64_t sent_us;     // host time of the last that was sent
    int64_t blocked_us;  // it did not read: nothing is sent before this
    bool answer_due;     // to WATCH: the state now, and where the ring begins
};

struct ticket {
    uint64_t number; // 0: free
    uint64_t request;
    struct console_id console;
    struct err forbidden; // of a plan: what the command would be told
};

struct api_server {
    void *context, *socket;
    int fd;
    struct api_place place;
    struct api_run run;
    struct event_ring ring;
    struct watcher watchers[API_WATCHERS_MAX];
    uint32_t n_watchers;
    struct ticket tickets[API_TICKETS_MAX];
    uint64_t last_ticket;
    struct api_sample sample; // the newest
    bool has_sample, sample_wanted;
    bool more;       // the last turn ended before the socket was empty
    int64_t now_us;  // of the turn
    int64_t push_us; // not before this are events sent
    struct bytes out;
};

enum delivery { DELIVERED, FULL, GONE };

// Sends a reply without waiting. FULL: the console does not read; GONE: it is not there any more.
enum delivery api_send(struct api_server *server, const struct console_id *console,
                       const struct api_reply *reply);

// WATCH: puts a console among the watchers, changes what it watches, or takes it out. ERR_LIMIT.
enum err_code api_watch_set(struct api_server *server, const struct console_id *console,
                            const struct api_watch *watch, struct err *err);

// Sends watchers what is due to them, and asks the run for a sample if somebody needs one.
void api_push(struct api_server *server);
void api_push_rest(struct api_server *server); // all events that there are, to who reads them
int64_t api_push_wait_us(const struct api_server *server, int64_t now_us);

// The snapshot of now, which the caller frees.
void api_snapshot_now(struct api_server *server, struct api_snapshot *snapshot);

#endif
