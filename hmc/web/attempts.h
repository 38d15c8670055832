// SPDX-License-Identifier: Apache-2.0
// How often passwords may be tried. Three leaky buckets stand in the way of a login: of the user from this
// address, of the address, and of the user from everywhere. Each attempt is counted before its password is
// looked at, so that many at once gain nothing; a login that succeeds takes its own back.
#ifndef NP_HMC_WEB_ATTEMPTS_H
#define NP_HMC_WEB_ATTEMPTS_H

#include "hmc/web/store.h"

// Counts an attempt, or refuses it: ERR_TOO_OFTEN says when to try again. *first (or NULL): it is the first
// refusal since an attempt was let through, which is worth a line in the log.
enum err_code attempts_take(struct store *store, const char *user, const char *address, int64_t now_ms,
                            bool *first, struct err *err);

// The attempt was a login: forgets the pair, and takes the attempt from the other two.
enum err_code attempts_forgive(struct store *store, const char *user, const char *address, struct err *err);

#endif
