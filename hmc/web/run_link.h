// SPDX-License-Identifier: Apache-2.0
// The connection to one run; see runs.h, which owns them.
#ifndef NP_HMC_WEB_RUN_LINK_H
#define NP_HMC_WEB_RUN_LINK_H

#include "hmc/client/client.h"
#include "hmc/client/last.h"
#include "hmc/web/runs.h"

struct pending;

struct run {
    struct run *next; // of struct runs
    struct web *web;
    char path[PATH_MAX_BYTES], name[NAME_MAX_BYTES * 4];
    struct client *client;   // NULL: there is none any more
    struct client_last last; // run_ended.h
    bool has_last;
    const char *link; // as told to the browsers
    struct event *readable, *flush;
    struct hub *hub;
    struct pending *pending;
    unsigned n_pending;
    int64_t used_ms, snapshot_ms; // host times: last looked at; the snapshot came
    int64_t foreign_pid;          // of a coordinator that speaks another version; 0: none
};

// Opens and watches. NULL with *err: ERR_NO_RUN, ERR_SOCKET.
struct run *run_open(struct web *web, const char *path, const char *name, struct err *err);
void run_close(struct run *run); // answers what waits, ends the streams

void run_tick(struct run *run); // every second: notices a lost run, or that it is back
bool run_is_idle(const struct run *run);

#endif
