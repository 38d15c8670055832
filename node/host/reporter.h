// SPDX-License-Identifier: Apache-2.0
// Timelines on their way from the boards of a process to the coordinator: gathered at the end of grants, by
// whichever thread simulated them, and sent in messages of bounded length from the thread that talks.
#ifndef NP_NODE_HOST_REPORTER_H
#define NP_NODE_HOST_REPORTER_H

#include <pthread.h>

#include "fabric/link/control_client.h"
#include "node/host/crew.h"

struct reporter {
    struct timeline_range range;
    pthread_mutex_t mutex; // over the queue
    uint32_t n, capacity;
    struct control_timeline *queue; // full chunks, owned
    struct grant_log {
        sim_time from;  // end of the last grant
        uint32_t given; // recorded so far
        uint64_t dropped;
        uint32_t n, capacity;
        struct timeline_record *records;
    } * grants; // [group x MEMBERS_MAX + member]; of a member one thread at a time
    uint32_t n_groups;
};

// resumed: from a saved state; where the first grant then begins is not known here, and it is left out.
void reporter_init(struct reporter *reporter, const struct timeline_range *range, uint32_t groups,
                   bool resumed);
void reporter_free(struct reporter *reporter);

// Groups have changed at the cut `at`; a group has members anew where `changed` says so.
void reporter_regroup(struct reporter *reporter, uint32_t groups, const bool *changed, sim_time at);

// A member has simulated a grant up to `until` in `host_ns` of host time.
void reporter_grant(struct reporter *reporter, const struct share *share, uint32_t group, uint32_t member,
                    sim_time until, uint64_t host_ns);

// The run has ended, or pauses: all that is left goes to the queue.
void reporter_end(struct reporter *reporter, const struct crew *crew);

// Sends what is in the queue.
enum err_code reporter_send(struct reporter *reporter, struct control_client *client, struct err *err);

#endif
