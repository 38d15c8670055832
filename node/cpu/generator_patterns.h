// SPDX-License-Identifier: Apache-2.0
// The patterns that need no other CPU, to be compiled into loops: generator.c has those of real addresses,
// generator_virtual.c those of virtual ones, for threads of pools.
#ifndef NP_NODE_CPU_GENERATOR_PATTERNS_H
#define NP_NODE_CPU_GENERATOR_PATTERNS_H

#include "node/cpu/generator.h"

NP_INLINE bool exhausted(struct generator *gen)
{
    if (gen->n == gen->count)
        return true;
    gen->n++;
    return false;
}

// A word of the region, read or written.
NP_INLINE enum next access_word(struct generator *gen, struct access *access, uint64_t word, bool store)
{
    access->address = gen->base + word * 8;
    access->size = 8;
    access->op = 0;
    access->kind = (uint8_t)(ACCESS_LOAD + store);
    access->value = generator_value(access->address, gen->n);
    return NEXT_ACCESS;
}

NP_INLINE enum next next_random(struct cpu *cpu, struct access *access)
{
    struct generator *gen = generator_of(cpu);
    if (exhausted(gen))
        return NEXT_DONE;
    uint64_t random = rng_next(&cpu->rng);
    uint64_t word = (uint64_t)(((unsigned __int128)random * gen->words) >> 64);
    return access_word(gen, access, word, (random & 1023) < gen->write_threshold);
}

NP_INLINE enum next next_stream(struct cpu *cpu, struct access *access)
{
    struct generator *gen = generator_of(cpu);
    if (exhausted(gen))
        return NEXT_DONE;
    uint64_t at = gen->at;
    gen->at = at + gen->stride < gen->size ? at + gen->stride : (at + gen->stride) % gen->size;
    return access_word(gen, access, at / 8, (rng_next(&cpu->rng) & 1023) < gen->write_threshold);
}

NP_INLINE void complete_word(struct cpu *cpu, const struct access *access, enum access_status status,
                             sim_time at)
{
    (void)at;
    if (status != ACCESS_OK)
        return;
    cpu->checks++;
    if (NP_UNLIKELY(!generator_value_fits(access->address, access->value)))
        cpu_check_failed(cpu, access, "a value written to this address");
}

// Pointer chase: phase 0 writes a cyclic permutation of the region's lines, phase 1 follows it. The
// permutation is a full-period congruence (Hull, Dobell 1962) over a power of two of lines: multiplier 1 mod
// 4, odd increment.
NP_INLINE uint64_t chase_lines(const struct generator *gen)
{
    return UINT64_C(1) << (63 - __builtin_clzll(gen->size / gen->stride));
}

NP_INLINE uint64_t chase_next(const struct generator *gen, uint64_t line)
{
    return (line * UINT64_C(0x9e3779b5) + UINT64_C(0x6d2b79f5)) & (chase_lines(gen) - 1);
}

NP_INLINE enum next next_chase(struct cpu *cpu, struct access *access)
{
    struct generator *gen = generator_of(cpu);
    if (gen->waiting)
        return NEXT_WAIT;
    if (gen->phase == 1 && exhausted(gen))
        return NEXT_DONE;
    *access = (struct access){.address = gen->base + gen->at * gen->stride, .size = 8, .kind = ACCESS_LOAD};
    if (gen->phase == 0) {
        access->kind = ACCESS_STORE;
        access->value = gen->base + chase_next(gen, gen->at) * gen->stride;
        gen->at = gen->at + 1 < chase_lines(gen) ? gen->at + 1 : 0;
        gen->phase = gen->at == 0;
        return NEXT_ACCESS;
    }
    gen->waiting = true;
    return NEXT_ACCESS;
}

NP_INLINE void complete_chase(struct cpu *cpu, const struct access *access, enum access_status status,
                              sim_time at)
{
    struct generator *gen = generator_of(cpu);
    (void)at;
    if (access->kind != ACCESS_LOAD)
        return;
    uint64_t expected = gen->base + chase_next(gen, gen->at) * gen->stride;
    gen->waiting = false;
    gen->at = status == ACCESS_OK ? (access->value - gen->base) / gen->stride : 0;
    cpu->results.work++;
    cpu->checks += status == ACCESS_OK;
    if (status == ACCESS_OK && access->value != expected) {
        cpu_check_failed(cpu, access, "the next link of the chain");
        gen->at = (expected - gen->base) / gen->stride;
    }
}

NP_INLINE enum next next_burst(struct cpu *cpu, struct access *access)
{
    struct generator *gen = generator_of(cpu);
    gen->phase ^= 1;
    if (gen->phase == 0)
        return next_random(cpu, access);
    if (gen->n == gen->count)
        return NEXT_DONE;
    access->value = gen->compute;
    return NEXT_COMPUTE;
}

#endif
