// SPDX-License-Identifier: Apache-2.0
// The audit log: logins, refusals, and commands with their outcome. Rows are added only: the store's triggers
// refuse to change or delete one. Each carries a hash over itself and the hash before it, so that rows which
// somebody changed behind the triggers are found (a cut end is not: nothing follows it).
#ifndef NP_HMC_WEB_AUDIT_H
#define NP_HMC_WEB_AUDIT_H

#include "hmc/web/clock.h"
#include "hmc/web/store.h"

#define AUDIT_CHAIN_BYTES 32

struct audit_row {
    int64_t id, at_ms;   // set by audit_add
    const char *user;    // "": nobody
    const char *address; // "": the command line
    const char *run;     // its folder's name; ""
    const char *what;    // a stable word: "login", "logout", "command", "user", ...
    const char *outcome; // "NP0000" or the code of the refusal
    const char *text;    // for people
};

enum err_code audit_add(struct store *store, const struct audit_row *row, int64_t now_ms, struct err *err);

// Calls `each` for at most `n` rows with ids below `before` (0: the newest), the newest first.
enum err_code audit_read(struct store *store, int64_t before, unsigned n,
                         void (*each)(void *self, const struct audit_row *row), void *self, struct err *err);

// Checks the whole log. ERR_DAMAGED_STATE names the first row that is not as it was written, or is missing.
enum err_code audit_verify(struct store *store, int64_t *rows, struct err *err);

#endif
