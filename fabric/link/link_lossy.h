// SPDX-License-Identifier: Apache-2.0
// A link that wraps another and misbehaves by seed, in both directions: it drops, doubles, delays, reorders
// and damages frames. For tests, and for `--host-faults RATE`: the results of a run must not show it.
#ifndef NP_FABRIC_LINK_LINK_LOSSY_H
#define NP_FABRIC_LINK_LINK_LOSSY_H

#include <stdint.h>

#include "fabric/link/link.h"

// Each frame suffers one of the five faults with probability `rate` (0 .. 0.9). Takes over `inner`.
struct link *link_lossy_open(struct link *inner, uint64_t seed, double rate);

// Frames that suffered so far.
uint64_t link_lossy_faults(const struct link *link);

#endif
