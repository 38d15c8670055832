// SPDX-License-Identifier: Apache-2.0
// Generators: named patterns of accesses with checked values (README.md of this folder documents each). A
// pattern is a pair of `next` and `complete` for cpu_drive over one struct generator.
#ifndef NP_NODE_CPU_GENERATOR_H
#define NP_NODE_CPU_GENERATOR_H

#include "node/cpu/drive.h"
#include "node/cpu/placement.h"

#define GENERATOR_LINE                                                                                       \
    64u // patterns that keep data apart use lines of this many bytes, whatever the machine's

struct generator {
    // From the description, never changing.
    uint64_t base, size; // the member's own slice or the shared region, bytes
    uint64_t words;      // size / 8
    uint64_t stride;
    uint64_t write_threshold; // an access writes when the low 10 bits of its random number are below this (of
                              // 1024)
    uint64_t count;           // accesses or rounds; UINT64_MAX: endless
    sim_time compute;
    uint32_t member, members;
    uint64_t polls_max; // synchronising patterns: reads in vain, one after another, before a member gives up

    // State. What each means is the pattern's; all of it is saved.
    uint64_t n;      // accesses issued or rounds begun
    uint64_t at;     // position, address or index
    uint64_t seen;   // last value that matters
    uint64_t stored; // last value written
    uint64_t polls;  // reads in vain so far
    uint32_t phase;
    bool waiting; // for the access in flight
    void *extra;  // frames: buffers, owned

    // Of a thread of a pool; NULL: addresses are real. Then `base` is virtual, and so are the addresses that
    // values carry; the bits from VIRTUAL_SHIFT on name the pool, so that data of another one show, too.
    struct address_space *space;
    bool holds; // an access that has been drawn waits until its page is mapped; state
    struct access held;

    void (*run)(struct cpu *cpu, sim_time limit);
};

#define VIRTUAL_SHIFT 52u // above all real addresses
#define VIRTUAL_MASK  ((UINT64_C(1) << VIRTUAL_SHIFT) - 1)

static inline struct generator *generator_of(struct cpu *cpu)
{
    return cpu->program;
}

// A word's value carries its address, so that data from another place shows: the high half is a hash of the
// address, the low half the writer's count. Zero: never written.
NP_INLINE uint64_t generator_value(uint64_t address, uint64_t n)
{
    return (address * UINT64_C(0x9e3779b97f4a7c15) & ~UINT64_C(0xffffffff)) | (uint32_t)(n + 1);
}

NP_INLINE bool generator_value_fits(uint64_t address, uint64_t value)
{
    return value == 0 || ((value ^ generator_value(address, 0)) >> 32) == 0;
}

// Bytes of the slice that each member has of its own; 0: they share the whole region.
uint64_t generator_slice(const struct cpu_desc *desc);

// Virtual addresses (generator_virtual.c): sets gen->run. False: the region is too small.
bool generator_virtual_open(struct cpu *cpu, struct generator *gen);
void generator_virtual_state(struct cpu *cpu, struct archive *ar);

// The synchronising patterns (generator_sync.c) and the frame exchange (generator_frames.c): each sets
// gen->run and prepares its state; false: the region is too small for it. The frames pattern also receives.
bool generator_sync_open(struct cpu *cpu, struct generator *gen);
bool generator_frames_open(struct cpu *cpu, const struct machine *machine, struct generator *gen);
void generator_frames_receive(struct cpu *cpu, const uint8_t *bytes, uint32_t size, sim_time at);
void generator_frames_state(struct generator *gen, struct archive *ar);
void generator_frames_free(struct generator *gen);

#endif
