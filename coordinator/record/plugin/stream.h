// SPDX-License-Identifier: Apache-2.0
// The references of one thread of the recorded program, on their way to the recorder. A virtual CPU of
// qemu-user is a thread; only that thread touches its struct vcpu, so nothing here waits for another one
// except for room.
#ifndef NP_COORDINATOR_RECORD_PLUGIN_STREAM_H
#define NP_COORDINATOR_RECORD_PLUGIN_STREAM_H

#include "coordinator/record/exchange.h"
#include "proto/base/assert.h"

#define VCPUS_MAX (2 * EXCHANGE_SLOTS) // numbers that qemu may give; those of ended threads come again

#define VCPU_SEEN 64u // synchronisation words whose last look is remembered; forgetting one costs a SYNC

struct vcpu {
    uint64_t written, limit;     // references; at the limit there must be a look at the ring
    struct trace_ref *ring;      // EXCHANGE_RING references
    _Atomic uint64_t *published; // what the recorder may see of `written`
    struct exchange_slot *slot;  // NULL: nobody records this thread
    uint32_t thread;             // of its process, from 1, in the order in which they were made
    uint64_t first_word;         // a word that the parent used before this thread began; 0: none
    uint64_t exit_word;          // what the kernel clears when this thread ends; 0: none
    uint64_t waits_on;           // futex of the system call under way; 0: none
    uint64_t operands_at;        // address of the instruction that `operands` belongs to
    const uint8_t *operands;     // its bytes, until its storage operands are known; else NULL
    bool orders;                 // holds the lock of ordering (words.h)
    bool began;
    struct seen {
        uint64_t address;
        uint32_t version; // the last write that this thread has seen
    } seen[VCPU_SEEN];    // by address
};

// The shared memory, mapped by stream_open. Aborts nothing: returns false when it is not what it should be.
extern struct exchange *exchange;
bool stream_open(int fd);

// Announces a thread of this process (in the parent, before it runs), and a forked process, whose only thread
// is `vcpu` (may be NULL).
void stream_announce(struct vcpu *vcpu, uint64_t first_word);
void stream_forked(struct vcpu *vcpu);

// Makes room for `count` references (at most a sixteenth of the ring), waiting for the recorder if need be.
void stream_make_room(struct vcpu *vcpu, uint64_t count);

// Shows the recorder everything, and that no more comes.
void stream_end(struct vcpu *vcpu);

static inline void stream_publish(struct vcpu *vcpu)
{
    atomic_store_explicit(vcpu->published, vcpu->written, memory_order_release);
}

static inline void stream_reserve(struct vcpu *vcpu, uint64_t count)
{
    if (NP_UNLIKELY(vcpu->limit - vcpu->written < count))
        stream_make_room(vcpu, count);
}

static inline struct trace_ref *stream_put(struct vcpu *vcpu, uint64_t address, unsigned size, uint8_t kind)
{
    if (NP_UNLIKELY(vcpu->written == vcpu->limit))
        stream_make_room(vcpu, 1);
    struct trace_ref *ref = &vcpu->ring[vcpu->written++ % EXCHANGE_RING];
    *ref = (struct trace_ref){.address = address, .size = (uint16_t)size, .kind = kind};
    return ref;
}

#endif
