// SPDX-License-Identifier: Apache-2.0
// The conductor's part of the conversation: START, progress, PAUSED, STOP; SAVE, COLLECT, ORDERS and REGROUP
// at a pause.
#ifndef NP_FABRIC_HOST_SERVE_H
#define NP_FABRIC_HOST_SERVE_H

#include "fabric/host/session.h"
#include "fabric/time/conductor.h"

struct serve {
    struct session *session;
    struct conductor *conductor;
    const struct groups *groups;
    void *self;
    // Before the first grant, e.g. to wait for the members; may be NULL.
    enum err_code (*begin)(void *self, struct err *err);
    // Answers COLLECT with RESULTS.
    enum err_code (*collect)(void *self, struct err *err);
    // Adds this worker's own parts to a saved state (boards of a packed node); may be NULL.
    enum err_code (*save)(void *self, const char *folder, struct control_saved *saved, struct err *err);

    // Sends what the boards have recorded meanwhile; called between grants. May be NULL.
    enum err_code (*report)(void *self, struct err *err);

    // Puts boards into other groups: those of the serve, and whatever follows from them. They have been
    // checked.
    enum err_code (*regroup)(void *self, const struct control_regroup *regroup, struct err *err);
    // Answers ORDERS with REPORTS; NULL where no boards are.
    enum err_code (*orders)(void *self, const struct control_orders *orders, struct err *err);

    // Its own.
    struct group_progress *progress;
    uint64_t last_progress_ns;
    bool exit;
    struct err poll_error;
};

// Options of the conductor as a CONFIGURE asks for them.
struct conductor_options serve_conductor_options(const struct control_configure *config);

// Restores the groups' part of a saved state, when the configuration names one.
enum err_code serve_resume(struct conductor *conductor, const struct control_configure *config,
                           const struct groups *groups, struct err *err);

// Serves until EXIT.
enum err_code serve_run(struct serve *serve, struct err *err);

#endif
