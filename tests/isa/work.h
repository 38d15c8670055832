// SPDX-License-Identifier: Apache-2.0
// What the work area holds: operands with edges, where the operands of each kind of instruction are found.
#ifndef NP_TESTS_ISA_WORK_H
#define NP_TESTS_ISA_WORK_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/rng.h"
#include "tests/isa/layout.h"

// Offsets in the work area. Operands of 256 bytes fit behind any of the first 0x700.
#define WORK_TEXT     0x000 // characters; each value below 4 within any 64 bytes
#define WORK_INTEGERS 0x200
#define WORK_FLOATS   0x380 // the first WORK_HUGE next to the largest
#define WORK_HUGE     6
#define WORK_DECIMALS 0x500 // 16 packed numbers of 16 bytes, each ending in a sign
#define WORK_PATTERNS 0x600 // for EDIT
#define WORK_PSWS     0x640 // 12 of 16 bytes, then 8 of 8 bytes
#define WORK_MASKS    0x740 // system masks, a byte each
#define WORK_PREFIXES 0x750 // 8 words

#define PSWS_LONG  12
#define PSWS_SHORT 8
#define WORK_SHORT (WORK_PSWS + 16 * PSWS_LONG)

// Edge values of general registers, of binary floating point by length (in the register's high part when
// short; the low half of an extended one is any long).
uint64_t edge_integer(struct rng *rng);
uint64_t edge_short(struct rng *rng);
uint64_t edge_long(struct rng *rng);
uint64_t edge_extended(struct rng *rng);
uint64_t edge_huge(struct rng *rng, bool is_short); // next to the largest

// Fills the work area and the guard.
void work_fill(struct rng *rng, uint8_t work[WORK_BYTES], uint8_t guard[GUARD_BYTES]);

#endif
