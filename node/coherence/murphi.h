// SPDX-License-Identifier: Apache-2.0
// Exports a protocol as a Murphi model, so that another checker can be set against the explorer.
#ifndef NP_NODE_COHERENCE_MURPHI_H
#define NP_NODE_COHERENCE_MURPHI_H

#include <stdio.h>

#include "node/coherence/protocol.h"

#define MURPHI_BOARDS_MAX 4

// Writes the model of one line on `boards` (2 to MURPHI_BOARDS_MAX) boards without L1s and one home. Cells
// are generated from the tables; data values, faults and their columns are left out. Its reachable states are
// those of the explorer's machines "murphi-N-boards", one for one (tests/model/README.md).
void murphi_print(const struct protocol *protocol, unsigned boards, FILE *out);

#endif
