// SPDX-License-Identifier: Apache-2.0
// A console's end of the control API, for the command line and the web console alike: finds a run, asks it,
// watches it, and keeps what it last said. One thread; everything happens inside the calls.
//
//     client_open (a run folder or an endpoint)
//     client_ask: one request, one reply                       simple programs
//     client_send ... client_receive, client_fd                event loops; many users over one connection
//     client_watch, then client_receive: events, samples       resumes by itself after a lost connection
#ifndef NP_HMC_CLIENT_CLIENT_H
#define NP_HMC_CLIENT_CLIENT_H

#include "proto/codec/api.h"

#define CLIENT_TIMEOUT_MS 10000 // a machine that simulates answers between two grants

struct client;

enum client_state {
    CLIENT_CONNECTING, // nothing has been heard yet
    CLIENT_UP,
    CLIENT_LOST, // silent for 3 s while watched; it is asked again every second
    CLIENT_ENDED // the run has ended, or its process is gone: nothing will come any more
};

// Where a run answers: RUN_DIR/control.json, written when the socket is open and removed when it closes.
struct client_place {
    char folder[PATH_MAX_BYTES];   // absolute; "": opened by its endpoint
    char endpoint[PATH_MAX_BYTES]; // "ipc://..."
    char scenario[NAME_MAX_BYTES];
    int64_t pid; // of the coordinator; 0: not known
};

// Finds a run. `where`: a run folder, an endpoint with "://", or NULL: the newest that is running, which is
// the one that $XDG_RUNTIME_DIR/numaplex-run or runs/latest names. ERR_NO_RUN says what to do.
enum err_code client_find(const char *where, struct client_place *place, struct err *err);

// Opens a connection; the run need not answer yet. ERR_NO_RUN, ERR_SOCKET. The caller owns *client.
enum err_code client_open(struct client **client, const char *where, struct err *err);
void client_close(struct client *client); // NULL is allowed
const struct client_place *client_place(const struct client *client);

// Sends a request, whose id is set. The reply comes from client_receive(), at some time or never.
enum err_code client_send(struct client *client, struct api_request *request, struct err *err);

// The next reply, waiting up to timeout_ms (0: looks only). Returns ERR_OK with *got false when there is
// none. A snapshot, and the last event's number, are taken into the cache first. Replies to client_watch()
// come with id 0 like all that watchers are sent. The caller frees *reply when *got. ERR_OVER when the run
// has ended, ERR_DAMAGED_MESSAGE when another version speaks.
enum err_code client_receive(struct client *client, int timeout_ms, struct api_reply *reply, bool *got,
                             struct err *err);

// One request and its reply; what watchers are sent meanwhile is kept for client_receive(). A reply with an
// error is that error: *err then says what the run said. timeout_ms 0: CLIENT_TIMEOUT_MS. ERR_NO_RUN when
// nothing answers in time. The caller frees *reply in any case (it is zeroed first).
enum err_code client_ask(struct client *client, struct api_request *request, int timeout_ms,
                         struct api_reply *reply, struct err *err);

// Watches from now on (from_seq 0) or from an event on; again with other values to change them. The cache's
// snapshot comes with the first reply. After a lost connection it goes on behind the last event that came.
enum err_code client_watch(struct client *client, uint64_t from_seq, uint32_t samples_ms, struct err *err);

enum client_state client_state(const struct client *client);

// What the run last said, NULL before that; valid until the next receive or ask. Whoever watches has every
// change of it: each batch of events comes with the state after them.
const struct api_snapshot *client_snapshot(const struct client *client);
const struct api_sample *client_sample(const struct client *client);
uint64_t client_last_seq(const struct client *client); // of events that came
bool client_missed(const struct client *client); // events were forgotten before this console could have them

// For event loops: readable edge; call client_receive(.., 0, ..) until nothing is got, then again when it is
// readable and at least every second (lost connections are noticed then).
int client_fd(const struct client *client);

// A board, partition or system of a snapshot by its name; NULL: none such.
const struct api_board *client_board(const struct api_snapshot *snapshot, const char *name);
const struct api_partition *client_partition(const struct api_snapshot *snapshot, const char *name);
const struct api_operation *client_operation(const struct api_snapshot *snapshot, uint64_t id);

#endif
