// SPDX-License-Identifier: Apache-2.0
// The instruction trace of a CPU (--trace-insn): a line per instruction and interruption, when it is
// complete. A traced CPU does one instruction at a time; what it does, and when, is the same. One that is not
// traced asks whether it is only where it is careful anyway (zcpu.h).
//
//     time in ps, board and CPU address, instruction address, bytes, disassembly; then what it changed and
//     accessed:
//        r1=...          registers with their new values (r, f, a, c; fpc, cc; prefix; mask: of the PSW)
//        load 0x...=...  accesses with address and bytes, in the order of the instruction; store; update (=:
//        what
//                        was there); long ones end in ..
//        (owner 609100)  where an access that missed was served (as `latency` of results.json) and what it
//        took,
//                        in ps; without: own L1, or the store buffer
//        fetch 0x...     a line of instructions that was not in the L1
//        late 0x...      a store of an earlier instruction that has left the store buffer
//
// The time is that at which the instruction was complete. What was noted of an instruction that waits is no
// state: in a run that goes on from a saved state it is missing.
#ifndef NP_NODE_ISA_TRACE_H
#define NP_NODE_ISA_TRACE_H

#include "node/isa/zcpu.h"

enum trace_access { TRACE_LOAD, TRACE_STORE, TRACE_UPDATE, TRACE_ACCESS_COUNT };

// Only for a CPU that has a tracer. Before an instruction or an interruption, again after each miss; when it
// has been executed; when its stores have been performed, too.
void trace_begin(struct zcpu *z);
void trace_executed(struct zcpu *z);
void trace_done(struct zcpu *z);

// An operand of the instruction under way; bytes as in storage.
void trace_operand(struct zcpu *z, enum trace_access kind, uint64_t address, uint32_t size,
                   const uint8_t *bytes);
static inline void trace_note(struct zcpu *z, enum trace_access kind, uint64_t address, uint32_t size,
                              const uint8_t *bytes)
{
    if (NP_UNLIKELY(z->tracer != NULL))
        trace_operand(z, kind, address, size, bytes);
}

void trace_free(struct zcpu *z);

#endif
