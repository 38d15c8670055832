// SPDX-License-Identifier: Apache-2.0
// Instruction text: fetched a line at a time through the CPU's L1, decoded once.
//
// A CPU has a fetch buffer of one line, that of the instruction under way. Entering a line (by going on into
// it, or by a branch into another) is one fetch access; while the line stays in the L1, instructions of it
// cost no further access. Before every instruction the line must still be in the L1, or it is fetched anew:
// so code that another CPU has written is executed as stored once its store has been performed, and own
// stores at once.
//
// Decoded instructions are kept per line beside a copy of its bytes, and used again while the bytes are the
// same.
#ifndef NP_NODE_ISA_FETCH_H
#define NP_NODE_ISA_FETCH_H

#include "node/isa/access.h"

void fetch_init(struct zcpu *z);
void fetch_free(struct zcpu *z);

// All decoded instructions are forgotten: what decoding depends on (AFP registers) has changed.
void fetch_forget(struct zcpu *z);

// A line came into one of the L1s.
void fetch_filled(struct zcpu *z, uint64_t line, unsigned kind);

// At the beginning of a run: the line under way may have been lost meanwhile. Counts nothing.
void fetch_check(struct zcpu *z);

// Which line is in the fetch buffer is state: entering it again would count. After the L1s and the prefix.
void fetch_state(struct zcpu *z, struct archive *ar);

// 2, 4 or 6 bytes of instruction text at `address`, which must be even; unused bytes are zero.
void fetch_text(struct zcpu *z, uint64_t address, uint8_t text[6]);

// The instruction at `address`, which must be even, with `change` ORed into its second byte: the target of
// EXECUTE. One fetch access, unless it lies in the line under way.
void fetch_target(struct zcpu *z, uint64_t address, uint8_t change, struct instruction *in);

// The decoded instruction at this address, or the pseudo-instruction that leads to it: the loop's next one.
const struct instruction *fetch_locate(struct zcpu *z, uint64_t address);

#endif
