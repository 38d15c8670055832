// SPDX-License-Identifier: Apache-2.0
// What the patterns share in which CPUs wait for one another. Each is a small machine of phases; every access
// depends on the one before, so one is under way at a time whatever the CPU could do. An access that is
// refused or finds lost data ends the member's pattern, and a member that has polled gen->polls_max times in
// vain gives up as well: after a machine fault nobody waits forever for the dead.
#ifndef NP_NODE_CPU_GENERATOR_SYNC_H
#define NP_NODE_CPU_GENERATOR_SYNC_H

#include "node/cpu/generator.h"

#define GIVEN_UP  UINT32_MAX // a phase of all patterns
#define POLLS_MAX (UINT64_C(1) << 16)

NP_INLINE enum next issue(struct generator *gen, struct access *access, enum access_kind kind,
                          uint64_t address, uint64_t value)
{
    *access = (struct access){.address = address, .value = value, .kind = (uint8_t)kind, .size = 8};
    gen->waiting = true;
    return NEXT_ACCESS;
}

// What every pattern asks first. Returns false when `next` is to answer *what.
NP_INLINE bool may_go_on(const struct generator *gen, enum next *what)
{
    *what = gen->waiting ? NEXT_WAIT : NEXT_DONE;
    return !gen->waiting && gen->phase != GIVEN_UP;
}

NP_INLINE void found_nothing_new(struct generator *gen)
{
    if (++gen->polls >= gen->polls_max)
        gen->phase = GIVEN_UP;
}

NP_INLINE void go_to(struct generator *gen, uint32_t phase)
{
    gen->phase = phase;
    gen->polls = 0;
}

NP_INLINE bool check(struct cpu *cpu, const struct access *access, bool holds, const char *expected)
{
    cpu->checks++;
    if (NP_UNLIKELY(!holds))
        cpu_check_failed(cpu, access, expected);
    return holds;
}

NP_INLINE void round_done(struct cpu *cpu, struct generator *gen, uint32_t phase)
{
    gen->n++;
    cpu->results.work++;
    go_to(gen, phase);
}

// generator_kernel.c; false: the region is too small.
bool generator_kernel_open(struct cpu *cpu, struct generator *gen);

#endif
