// SPDX-License-Identifier: Apache-2.0
// The synchronisation words of the recorded process (proto/trace/trace.h) and the order of what is done to
// them. Versions are taken from a counter per word, so recorded orders never go in a circle. That the
// recorded order is also the real one is seen to by a lock around atomic instructions and around plain stores
// that were seen to write such words before. Nobody waits for this lock longer than about a millisecond: its
// holder may be stopped by qemu itself.
#ifndef NP_COORDINATOR_RECORD_PLUGIN_WORDS_H
#define NP_COORDINATOR_RECORD_PLUGIN_WORDS_H

#include "coordinator/record/plugin/stream.h"

#define WORDS_FILTER_BITS (1u << 17)
#define WORDS_GRANULE     16u // bytes that share a bit of the filter

extern uint64_t words_filter[WORDS_FILTER_BITS / 64];

// False when no byte of the access can lie in a synchronisation word.
static inline bool words_touched(uint64_t address, unsigned size)
{
    uint64_t first = address / WORDS_GRANULE % WORDS_FILTER_BITS;
    uint64_t last = (address + size - 1) / WORDS_GRANULE % WORDS_FILTER_BITS;
    return (words_filter[first / 64] >> first % 64 | words_filter[last / 64] >> last % 64) & 1;
}

// Records an access of 1 to 256 bytes that may touch synchronisation words: stores to them as SYNC, loads as
// PEEK or, when another thread has written the word since this one looked, as SYNC, and the bytes between as
// they are.
void words_load(struct vcpu *vcpu, uint64_t address, unsigned size);
void words_store(struct vcpu *vcpu, uint64_t address, unsigned size);

// Records a SYNC on every word of the bytes, which are synchronisation words from now on.
void words_sync(struct vcpu *vcpu, uint64_t address, unsigned size);

// In a forked process: all versions begin anew.
void words_forget_versions(void);

// The lock. `take` may fail; words_give must be called anyway and does nothing then.
void words_take(struct vcpu *vcpu);
void words_give(struct vcpu *vcpu);

#endif
