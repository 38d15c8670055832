// SPDX-License-Identifier: Apache-2.0
// Generators that need no other CPU: private, stream, random, hot-lines, false-sharing, pointer-chase, burst.
// The synchronising patterns are in generator_sync.c.
#include "node/cpu/generator_patterns.h"

#include <stdlib.h>

#include "proto/base/pool.h"

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

static void run_chase(struct cpu *cpu, sim_time limit)
{
    cpu_drive(cpu, limit, next_chase, complete_chase);
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

uint64_t generator_slice(const struct cpu_desc *desc)
{
    return has_slice(desc->pattern) ? desc->size / desc->members / 8 * 8 : 0;
}

static struct generator *new_generator(struct cpu *cpu)
{
    const struct cpu_desc *desc = cpu->desc;
    struct generator *gen = calloc(1, sizeof *gen);
    NP_ASSERT(gen);
    gen->size = has_slice(desc->pattern) ? generator_slice(desc) : desc->size;
    gen->base = desc->base + generator_slice(desc) * desc->member;
    gen->words = gen->size / 8;
    gen->stride = desc->stride ? desc->stride : GENERATOR_LINE;
    gen->write_threshold = ((uint64_t)desc->write_permille * 1024 + 500) / 1000;
    gen->count = desc->count ? desc->count : UINT64_MAX;
    gen->compute = desc->compute;
    gen->member = desc->member;
    gen->members = desc->members;
    cpu->ops = &program_generator;
    cpu->program = gen;
    return gen;
}

static enum err_code region_too_small(const struct cpu_desc *desc, struct err *err)
{
    return err_set(err, ERR_IMPOSSIBLE_MACHINE,
                   "the region of %llu bytes is too small for a generator of %u members; make it larger",
                   (unsigned long long)desc->size, desc->members);
}

enum err_code generator_open(struct cpu *cpu, const struct machine *machine, struct err *err)
{
    struct generator *gen = new_generator(cpu);
    return choose_run(cpu, machine, gen) ? ERR_OK : region_too_small(cpu->desc, err);
}

enum err_code generator_open_thread(struct cpu *cpu, uint32_t pool, struct address_space *space,
                                    struct err *err)
{
    const struct cpu_desc *desc = cpu->desc;
    struct generator *gen = new_generator(cpu);
    gen->space = space;
    gen->base |= (uint64_t)(pool + 1) << VIRTUAL_SHIFT;
    if (!pattern_has_threads(desc->pattern) || gen->stride % 8)
        return err_set(
            err, ERR_IMPOSSIBLE_MACHINE,
            "threads run the patterns private, stream, random, hot-lines, burst and pointer-chase, "
            "with strides that are multiples of 8, and traces: give this program CPUs of its own");
    return generator_virtual_open(cpu, gen) ? ERR_OK : region_too_small(desc, err);
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
    if (gen->space)
        generator_virtual_state(cpu, ar);
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
