// SPDX-License-Identifier: Apache-2.0
// Programs with threads bound to no CPU, as text: for resolved.yaml and for `numaplex check`.
#ifndef NP_COORDINATOR_MACHINE_POOLS_H
#define NP_COORDINATOR_MACHINE_POOLS_H

#include <stdio.h>

#include "proto/base/machine.h"

// The keys of `threads:` as an entry of programs:, which its kind's keys follow.
void pool_write(const struct pool_desc *pool, FILE *out);

// One line for people; `kind` is what the threads run.
void pool_print(const struct pool_desc *pool, const char *kind, FILE *out);

#endif
