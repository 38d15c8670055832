// SPDX-License-Identifier: Apache-2.0
// Damage to one cell of a protocol's tables: what a slip of the pen could do.
#ifndef NP_TESTS_MODEL_DAMAGE_H
#define NP_TESTS_MODEL_DAMAGE_H

#include "tests/model/explore.h"

// The set of damages, for every cell that the tables have:
//   step    each other next state that the protocol uses; each action dropped; each doubled; each swapped
//   with
//           the next one; error cells (Error, Put-Error) made a no-op that stays in its state
//   stall   of an access: performed at once as a hit. Of a replacement: the line is dropped without a Put.
//           Of a message: the message is lost.
//   onboard each other next state; the other action (hit or bus; board dirty or not)
enum damage_kind {
    DAMAGE_NEXT,
    DAMAGE_DROP,
    DAMAGE_DOUBLE,
    DAMAGE_SWAP,
    DAMAGE_NO_OP,
    DAMAGE_STALL,
    DAMAGE_ONBOARD_NEXT,
    DAMAGE_ONBOARD_ACTION
};

enum damage_table { TABLE_CACHE, TABLE_DIRECTORY, TABLE_ONBOARD };

struct damage {
    uint8_t kind, table;
    uint8_t state, event; // on board: the L1's state
    uint8_t class;        // on board: the board's
    uint8_t parameter;    // next state, action, or the action's place
};

#define DAMAGES_MAX 4096
#define DAMAGE_TEXT 120

// Lists all damages of a protocol and, if `onboard`, of the on-board table.
unsigned damages_list(const struct protocol *protocol, bool onboard, struct damage out[DAMAGES_MAX]);

void damage_apply(const struct damage *damage, struct protocol *protocol, struct onboard_table *onboard);

// "cache SM_AD Inv: next I"
void damage_describe(const struct damage *damage, const struct protocol *protocol, char text[DAMAGE_TEXT]);

// True when the damaged cell was asked for in the exploration that filled `coverage`.
bool damage_is_covered(const struct damage *damage, const struct coverage *coverage);

#endif
