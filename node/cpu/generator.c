// SPDX-License-Identifier: Apache-2.0
// Generators that need no other CPU: private, stream, random, hot-lines, false-sharing, pointer-chase, burst.
// The synchronising patterns are in generator_sync.c.
#include "node/cpu/generator.h"

#include <stdlib.h>

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

static void run_random(struct cpu *cpu, sim_time limit)
{
    cpu_drive(cpu, limit, next_random, complete_word);
}

static void run_stream(struct cpu *cpu, sim_time limit)
{
    cpu_drive(cpu, limit, next_stream, complete_word);
}

// False sharing: each member has a word of its own in every line, so what it reads must be what it wrote
// last.
NP_INLINE enum next next_false_sharing(struct cpu *cpu, struct access *access)
{
    struct generator *gen = generator_of(cpu);
    if (gen->waiting)
        return NEXT_WAIT;
    if (exhausted(gen))
        return NEXT_DONE;
    uint64_t lines = gen->size / GENERATOR_LINE, words = GENERATOR_LINE / 8;
    uint64_t line = gen->n / 2 % lines; // a store and a load of it in turn
    access_word(gen, access, line * words + gen->member % words, gen->n % 2 == 0);
    if (access->kind == ACCESS_STORE)
        gen->stored = access->value;
    gen->waiting = true;
    return NEXT_ACCESS;
}

NP_INLINE void complete_false_sharing(struct cpu *cpu, const struct access *access, enum access_status status,
                                      sim_time at)
{
    struct generator *gen = generator_of(cpu);
    (void)at;
    gen->waiting = false;
    if (status != ACCESS_OK || access->kind == ACCESS_STORE || gen->n < 2)
        return;
    cpu->checks++;
    if (access->value != gen->stored)
        cpu_check_failed(cpu, access, "the value this CPU stored last");
}

static void run_false_sharing(struct cpu *cpu, sim_time limit)
{
    cpu_drive(cpu, limit, next_false_sharing, complete_false_sharing);
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

static void run_chase(struct cpu *cpu, sim_time limit)
{
    cpu_drive(cpu, limit, next_chase, complete_chase);
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

static void run_burst(struct cpu *cpu, sim_time limit)
{
    cpu_drive(cpu, limit, next_burst, complete_word);
}

// Patterns in which every member has a slice of its own: `size` is the slice's, slices follow one another.
static bool has_slice(enum pattern pattern)
{
    return pattern == PATTERN_PRIVATE || pattern == PATTERN_STREAM || pattern == PATTERN_POINTER_CHASE ||
           pattern == PATTERN_BURST;
}

// False: the region is too small for the pattern.
static bool choose_run(struct cpu *cpu, const struct machine *machine, struct generator *gen)
{
    switch (cpu->desc->pattern) {
    case PATTERN_PRIVATE:
    case PATTERN_RANDOM:
    case PATTERN_HOT_LINES:
        gen->run = run_random;
        return gen->words > 0;
    case PATTERN_STREAM:
        gen->run = run_stream;
        return gen->words > 0;
    case PATTERN_FALSE_SHARING:
        gen->run = run_false_sharing;
        return gen->size >= GENERATOR_LINE;
    case PATTERN_POINTER_CHASE:
        gen->run = run_chase;
        return gen->size >= gen->stride;
    case PATTERN_BURST:
        gen->run = run_burst;
        return gen->words > 0;
    case PATTERN_FRAMES:
        return generator_frames_open(cpu, machine, gen);
    default:
        return generator_sync_open(cpu, gen);
    }
}

enum err_code generator_open(struct cpu *cpu, const struct machine *machine, struct err *err)
{
    const struct cpu_desc *desc = cpu->desc;
    struct generator *gen = calloc(1, sizeof *gen);
    NP_ASSERT(gen);
    bool slice = has_slice(desc->pattern);
    gen->size = slice ? desc->size / desc->members / 8 * 8 : desc->size;
    gen->base = desc->base + (slice ? desc->member * gen->size : 0);
    gen->words = gen->size / 8;
    gen->stride = desc->stride ? desc->stride : GENERATOR_LINE;
    gen->write_threshold = ((uint64_t)desc->write_permille * 1024 + 500) / 1000;
    gen->count = desc->count ? desc->count : UINT64_MAX;
    gen->compute = desc->compute;
    gen->member = desc->member;
    gen->members = desc->members;
    cpu->ops = &program_generator;
    cpu->program = gen;
    if (!choose_run(cpu, machine, gen))
        return err_set(err, ERR_IMPOSSIBLE_MACHINE,
                       "the region of %llu bytes is too small for a generator of %u members; make it larger",
                       (unsigned long long)desc->size, desc->members);
    return ERR_OK;
}

static void run(struct cpu *cpu, sim_time limit)
{
    generator_of(cpu)->run(cpu, limit);
}

static void state(struct cpu *cpu, struct archive *ar)
{
    struct generator *gen = generator_of(cpu);
    ar_mark(ar, "GEN ");
    ar_u64(ar, &gen->n);
    ar_u64(ar, &gen->at);
    ar_u64(ar, &gen->seen);
    ar_u64(ar, &gen->stored);
    ar_u64(ar, &gen->polls);
    ar_u32(ar, &gen->phase);
    ar_bool(ar, &gen->waiting);
    if (cpu->desc->pattern == PATTERN_FRAMES)
        generator_frames_state(gen, ar);
}

static void receive_frame(struct cpu *cpu, const uint8_t *bytes, uint32_t size, sim_time at)
{
    generator_frames_receive(cpu, bytes, size, at);
}

static void free_generator(struct cpu *cpu)
{
    struct generator *gen = generator_of(cpu);
    if (cpu->desc->pattern == PATTERN_FRAMES)
        generator_frames_free(gen);
    free(gen);
}

const struct program_ops program_generator = {
    .kind = "generator", .run = run, .frame = receive_frame, .state = state, .free = free_generator};
