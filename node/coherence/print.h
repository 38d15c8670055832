// SPDX-License-Identifier: Apache-2.0
// A protocol's tables as text for people, printed from the structs that run.
#ifndef NP_NODE_COHERENCE_PRINT_H
#define NP_NODE_COHERENCE_PRINT_H

#include <stdio.h>

#include "node/coherence/onboard.h"
#include "node/coherence/protocol.h"

#define PRINT_WIDTH 160 // columns of a terminal; wider tables are split into blocks of events

// Prints source, networks, states and both controllers' tables.
void protocol_print(const struct protocol *protocol, FILE *out);

// Prints the table inside a board.
void onboard_print(const struct onboard_table *table, FILE *out);

#endif
