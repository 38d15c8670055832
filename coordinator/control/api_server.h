// SPDX-License-Identifier: Apache-2.0
// The control API's end at a run: a ROUTER socket that consoles connect to. It checks what they send and
// whether they may, hands it to the run by callbacks, keeps the last events, and tells those who watch.
//
// It is part of the run's event loop: one thread, host time comes in as an argument, nothing happens outside
// of the calls. Watch api_server_fd() (an edge: call api_server_serve() whenever it is readable, after
// api_server_wait_us(), and after own calls), as with fabric/link/control_server.h. A console can make it
// neither wait nor grow: requests are taken a few at a time, and who does not read loses samples, then is
// sent the events from the ring when it reads again, and told if some have been forgotten.
#ifndef NP_COORDINATOR_CONTROL_API_SERVER_H
#define NP_COORDINATOR_CONTROL_API_SERVER_H

#include "proto/codec/api.h"

#define API_WATCHERS_MAX    64u              // consoles that watch at once
#define API_TICKETS_MAX     256u             // requests that wait for a cut
#define API_RING_EVENTS     10000u           // kept for consoles that come back
#define API_PUSH_US         INT64_C(50000)   // events that happen so close together are sent together
#define API_BEAT_US         INT64_C(1000000) // who watches hears something at least so often
#define API_REQUESTS_A_TURN 64u              // then the run has its turn

// The run, as consoles see it. Callbacks are called from within api_server_serve().
struct api_run {
    void *self;
    // Fills a zeroed snapshot as things stand, but for last_seq.
    void (*snapshot)(void *self, struct api_snapshot *snapshot);
    // Each of these three is answered exactly once by api_server_answer() with its ticket, from within the
    // call or later (commands wait for a cut). `plan`: says what the command would do. Rights were checked.
    void (*command)(void *self, uint64_t ticket, const struct api_command *command, const char *user,
                    bool plan);
    void (*pace)(void *self, uint64_t ticket, const struct api_pace *pace, const char *user);
    void (*type)(void *self, uint64_t ticket, const struct api_type *type, const char *user);
    // Up to API_CONSOLE_BYTES_MAX bytes of what a partition has written, from a place on; *end: how much that
    // is so far. ERR_UNKNOWN_NAME, ERR_STATE (it has no console).
    enum err_code (*console)(void *self, const struct api_console *console, uint8_t *bytes, uint32_t *n,
                             uint64_t *end, struct err *err);
    // What partitions have done so far, into a zeroed series.
    void (*series)(void *self, struct api_series *series);
    // Somebody watches and would like a sample: api_server_sample() brings it, soon or never. Called at most
    // once every API_SAMPLE_MS_MIN and not again before it came; never while nobody watches.
    void (*want_sample)(void *self);
};

struct api_server;

// Opens FOLDER/control.sock (mode 0600; in a new folder of mode 0700 below /tmp where the path is too long
// for a socket) and writes FOLDER/control.json, which says where, and the note by which consoles find the
// newest run. `folder` is absolute. The callbacks are copied. ERR_SOCKET, ERR_FILE. The caller owns *server.
enum err_code api_server_open(struct api_server **server, const char *folder, const char *scenario,
                              const struct api_run *run, struct err *err);

// Tells watchers what they have not heard, then that the run has ended, and why if that was an error (`why`
// NULL or ERR_OK: it was none); removes socket, control.json and note. NULL is allowed.
void api_server_close(struct api_server *server, const struct err *why);

int api_server_fd(const struct api_server *server);
void api_server_serve(struct api_server *server, int64_t now_us);
int64_t api_server_wait_us(const struct api_server *server, int64_t now_us); // INT64_MAX: only the socket

// `outcome` of ERR_OK: done, begun as `operation` (0: it needed no time), or planned. `plan` may be
// NULL; beside an error it says what the command would do if it were not refused.
void api_server_answer(struct api_server *server, uint64_t ticket, const struct err *outcome,
                       uint64_t operation, const struct api_plan *plan);

// Something happened: it is numbered, kept and sent. `seq` of the event is set here.
void api_server_event(struct api_server *server, const struct api_event *event);
void api_server_sample(struct api_server *server, const struct api_sample *sample);

const struct event_ring *api_server_events(const struct api_server *server); // those kept
uint32_t api_server_watchers(const struct api_server *server);               // how many there are

#endif
