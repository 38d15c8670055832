// SPDX-License-Identifier: Apache-2.0
// Computes passwords on a thread of its own: scrypt takes a third of a second, in which the event loop must
// not stand still.
#ifndef NP_HMC_WEB_WORKER_H
#define NP_HMC_WEB_WORKER_H

#include <event2/event.h>
#include <stdbool.h>

#include "hmc/web/password.h"

struct worker;

enum err_code worker_new(struct worker **worker, struct event_base *base, struct err *err);
void worker_free(
    struct worker *worker); // waits for the job under way; forgets the others, whose `done` is called

// Whether it is the password, of at most WEB_PASSWORD_BYTES_MAX bytes. `done` is called from the event loop
// (good: it is), or by worker_free. False, and nothing is done, while WEB_PASSWORD_JOBS_MAX wait.
bool worker_verify(struct worker *worker, const char *password, const struct password_record *record,
                   void (*done)(void *self, bool good, const struct password_record *record), void *self);

// Makes a record of a new password; likewise. good false: there was no memory.
bool worker_make(struct worker *worker, const char *password, const struct password_cost *cost,
                 void (*done)(void *self, bool good, const struct password_record *record), void *self);

#endif
