// SPDX-License-Identifier: Apache-2.0
// The runs that a console shows, each with one connection to its coordinator (hmc/client) that all browsers
// share. A run is opened when somebody first looks at it, and left alone when nobody has for a while; whether
// a console watches it changes nothing in it.
#ifndef NP_HMC_WEB_RUNS_H
#define NP_HMC_WEB_RUNS_H

#include "hmc/web/exchange.h"
#include "proto/base/limits.h"

struct run;

// `folder` holds run folders; `run` is the one that is shown when none is named, NULL: the newest that goes
// on.
struct runs *runs_new(struct web *web, const char *folder, const char *run);
void runs_free(struct runs *runs); // answers what waits; ends the streams

// [{"name", "scenario", "live", "state", "report", "failure", "selected"}], the newest first.
json_t *runs_json(struct runs *runs);

// The run of a name, "" for the one above; opens it. ERR_NO_RUN, ERR_REQUEST for what is no name.
enum err_code runs_find(struct runs *runs, const char *name, struct run **run, struct err *err);

// The folder of the run of a name, whether or not anything answers there. ERR_NO_RUN, ERR_REQUEST.
enum err_code runs_folder(struct runs *runs, const char *name, char path[PATH_MAX_BYTES], struct err *err);

// Notices connections that have been lost, and leaves runs alone that nobody looks at. It happens every
// second by itself.
void runs_tick(struct runs *runs);

unsigned runs_open(const struct runs *runs); // how many are being watched

const char *run_name(const struct run *run);
const char *run_link(const struct run *run); // "connecting", "up", "lost", "ended"

// Asks the run as the exchange's user; `kind` and its fields are set. `done` is called once: with the reply,
// or with one that says why there is none. It has to answer the exchange.
typedef void run_done(struct exchange *exchange, struct run *run, const struct api_reply *reply);
void run_ask(struct run *run, struct exchange *exchange, struct api_request *request, run_done *done);

// What the run last said of itself, at most a second ago or after its last event; NULL: ask it.
const struct api_snapshot *run_snapshot(const struct run *run);

// Number of the newest event that the run has told of; UINT64_MAX: it has told nothing yet.
uint64_t run_newest(const struct run *run);

struct hub *run_hub(struct run *run); // its browsers

#endif
