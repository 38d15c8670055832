// SPDX-License-Identifier: Apache-2.0
// Text of guests on its way from the boards of a process to the coordinator: gathered at the end of grants,
// by whichever thread simulated them, and sent from the thread that talks. With it goes how far the boards of
// a partition have come, without which the coordinator could put nothing in order.
#ifndef NP_NODE_HOST_TEXTS_H
#define NP_NODE_HOST_TEXTS_H

#include <pthread.h>

#include "fabric/link/control_client.h"
#include "node/host/crew.h"

struct texts {
    pthread_mutex_t mutex; // over what follows
    const struct crew *crew;
    bool wanted; // any partition of the machine has a guest
    uint32_t n_partitions;
    struct text_partition {
        bool wanted;    // it has a guest, and a board here is of its system
        sim_time said;  // how far its boards have come, as last sent
        uint32_t taken; // pieces at the head of what waits that are on their way
        struct text_list waiting;
    } * partitions;
    sim_time reached[BOARDS_MAX]; // by the boards that are here; SIM_NEVER: at the end
    uint64_t waiting;             // bytes, in all partitions
    uint64_t sent_ns;             // host time
};

// The crew is open, and outlives the texts. A worker that writes no text at all costs a branch per grant.
void texts_init(struct texts *texts, const struct crew *crew);
void texts_free(struct texts *texts);

// The board may have come into another partition, at `at`: that is how far it has come there.
void texts_follow(struct texts *texts, const struct board *board, sim_time at);

// A share has been simulated up to `until`.
void texts_grant(struct texts *texts, const struct share *share, sim_time until);

// The run has ended: all that is left waits to be sent. (At a save point text that lies beyond it is the
// boards' to save.)
void texts_end(struct texts *texts);

// Hands out a chunk of what waits, or says how far boards have come; the caller frees its pieces. False:
// there is nothing to say.
bool texts_next(struct texts *texts, struct control_text *chunk);

// Sends what waits when that is much, or when the last time is long ago; `all`: at once. now_ns: host time.
enum err_code texts_send(struct texts *texts, struct control_client *client, uint64_t now_ns, bool all,
                         struct err *err);

#endif
