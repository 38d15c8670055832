// SPDX-License-Identifier: Apache-2.0
// Generators of threads of pools: the loops of generator.c once more, with virtual addresses translated
// before each access, and values checked by virtual address. An access is of an aligned word: it never
// crosses a page.
#include "node/cpu/generator_patterns.h"
#include "node/cpu/thread.h"

NP_INLINE enum next translate(struct cpu *cpu, struct generator *gen, struct access *access)
{
    uint64_t address = access->address, number = (address & VIRTUAL_MASK) / PAGE_BYTES;
    const struct page *page = &gen->space->pages[number];
    if (NP_UNLIKELY(page->unmapped)) {
        gen->holds = true;
        gen->held = *access;
        return pool_cpu_wants(cpu, gen->space, (uint32_t)number);
    }
    access->tag = address;
    access->address = page_real(page, address);
    return NEXT_ACCESS;
}

// An access that waited for its page comes before all others.
NP_INLINE enum next next_virtual(struct cpu *cpu, struct access *access, cpu_next_fn *pattern)
{
    struct generator *gen = generator_of(cpu);
    if (NP_UNLIKELY(cpu->pool->stop))
        return pool_cpu_pauses(cpu);
    if (NP_UNLIKELY(gen->holds)) {
        *access = gen->held;
        gen->holds = false;
        return translate(cpu, gen, access);
    }
    enum next what = pattern(cpu, access);
    return NP_LIKELY(what == NEXT_ACCESS) ? translate(cpu, gen, access) : what;
}

NP_INLINE void complete_virtual(struct cpu *cpu, const struct access *access, enum access_status status,
                                sim_time at, cpu_complete_fn *pattern)
{
    struct access seen = *access;
    seen.address = access->tag;
    pattern(cpu, &seen, status, at);
}

#define LOOP(name, next_of, complete_of)                                                                     \
    NP_INLINE enum next next_##name##_virtual(struct cpu *cpu, struct access *access)                        \
    {                                                                                                        \
        return next_virtual(cpu, access, next_of);                                                           \
    }                                                                                                        \
    NP_INLINE void complete_##name##_virtual(struct cpu *cpu, const struct access *access,                   \
                                             enum access_status status, sim_time at)                         \
    {                                                                                                        \
        complete_virtual(cpu, access, status, at, complete_of);                                              \
    }                                                                                                        \
    static void run_##name(struct cpu *cpu, sim_time limit)                                                  \
    {                                                                                                        \
        cpu_drive(cpu, limit, next_##name##_virtual, complete_##name##_virtual);                             \
    }

LOOP(random, next_random, complete_word)
LOOP(stream, next_stream, complete_word)
LOOP(burst, next_burst, complete_word)
LOOP(chase, next_chase, complete_chase)

bool generator_virtual_open(struct cpu *cpu, struct generator *gen)
{
    switch (cpu->desc->pattern) {
    case PATTERN_STREAM:
        gen->run = run_stream;
        return gen->words > 0;
    case PATTERN_BURST:
        gen->run = run_burst;
        return gen->words > 0;
    case PATTERN_POINTER_CHASE:
        gen->run = run_chase;
        return gen->size >= gen->stride;
    default: // private, random, hot-lines
        gen->run = run_random;
        return gen->words > 0;
    }
}

// Whatever indexes the page table is in range.
static bool in_range(const struct cpu *cpu, const struct generator *gen)
{
    bool chase = cpu->desc->pattern == PATTERN_POINTER_CHASE;
    return gen->at < (chase ? chase_lines(gen) : gen->size) &&
           (!gen->holds || (gen->held.address & VIRTUAL_MASK) / PAGE_BYTES < gen->space->n);
}

void generator_virtual_state(struct cpu *cpu, struct archive *ar)
{
    struct generator *gen = generator_of(cpu);
    ar_bool(ar, &gen->holds);
    if (gen->holds)
        cpu_access_state(&gen->held, ar);
    if (ar_loading(ar) && !in_range(cpu, gen))
        ar_fail(ar, "a thread beyond its virtual addresses");
}
