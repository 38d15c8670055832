// SPDX-License-Identifier: Apache-2.0
// The event streams of a run's browsers (server-sent events, HTML Living Standard 9.2). An event has its
// number as its id, so that a browser that comes back gets what it has missed, as long as it is kept here.
// Samples and snapshots have no id: the next one replaces them. Whoever reads slowly gets fewer of those; who
// does not read at all is cut off; nobody waits for anybody.
//
//     event: event     id: 42     what happened, in simulated order
//     event: sample               ten a second
//     event: snapshot             the state after events, at most ten a second
//     event: reset                events are missing: get a snapshot
//     event: link                 {"link": "up"}: of the console to the run; lost, ended
//     event: alive                nothing else has been said for WEB_KEEPALIVE_MS
//     event: logout               the session is over
#ifndef NP_HMC_WEB_EVENTS_H
#define NP_HMC_WEB_EVENTS_H

#include "hmc/web/exchange.h"

struct hub;

struct hub *hub_new(struct web *web);
void hub_free(struct hub *hub); // ends its streams

// Begins a stream of an exchange. `from`: the last event that the browser has, UINT64_MAX: from now on;
// beyond `newest`, the run's newest, it is one of another run. Refuses with ERR_TOO_OFTEN when there are too
// many.
void hub_join(struct hub *hub, struct exchange *exchange, uint64_t from, uint64_t newest);

// Each is given the JSON of what follows, a line without control characters.
void hub_event(struct hub *hub, uint64_t seq,
               const char *json); // seq: above those before, else it is dropped
void hub_sample(struct hub *hub, const char *json);
// Told to each browser that joins: a run that has ended sends no more.
void hub_last_sample(struct hub *hub, const char *json);

void hub_snapshot(struct hub *hub, const char *json);
void hub_link(struct hub *hub, const char *json);

// The run is another one than before, or events were missed: all browsers are told to begin again after
// `seq`.
void hub_reset(struct hub *hub, uint64_t seq);

// Ends streams whose session is over, and says something to those that have heard nothing for long.
void hub_sweep(struct hub *hub);

unsigned hub_streams(const struct hub *hub);

#endif
