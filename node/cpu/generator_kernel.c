// SPDX-License-Identifier: Apache-2.0
// The kernel of an operating system that is divided into parts, each behind a lock (facts 4, text 12.1.1).
//
// Half of the region holds lock words, one to a line; the other half the kernel's data, a line to each of its
// objects, in the order in which services go through them. `locks` parts are equal stretches of the objects.
// A round is own work, then a service: from an object drawn at random through the objects that follow, four
// accesses to each, `critical` in all. Before the first object of a part its lock is taken, behind the last
// one it is released: locks are never held together, so there is no deadlock.
//
// What it shows: with few locks CPUs wait for each other. With more they meet less often; but a service
// crosses into another part every objects / locks objects and takes one more lock there, whose line was last
// written by another CPU. That is the price of division: nothing else is charged for it.
//
// Each object has two words that are equal whenever its part's lock is free.
#include "node/cpu/generator_sync.h"

enum { KERNEL_OWN_WORK, KERNEL_CALL, KERNEL_LOOK, KERNEL_TAKE, KERNEL_INSIDE, KERNEL_RELEASE, KERNEL_PAUSE };

#define PER_OBJECT        4          // accesses: both words read, both written
#define LEAVE_AND_GIVE_UP UINT64_MAX // gen->polls after an error while a lock is held

// The object that access `at` of the service concerns; gen->stored is the first one, gen->words their number.
NP_INLINE uint64_t object_of(const struct generator *gen, uint64_t at)
{
    return (gen->stored + at / PER_OBJECT) % gen->words;
}

NP_INLINE uint64_t part_of(const struct cpu *cpu, const struct generator *gen, uint64_t at)
{
    return object_of(gen, at) * cpu->desc->locks / gen->words;
}

NP_INLINE uint64_t lock_address(const struct cpu *cpu, const struct generator *gen, uint64_t at)
{
    return gen->base + gen->stride * part_of(cpu, gen, at);
}

NP_INLINE uint64_t object_address(const struct generator *gen)
{
    return gen->base + gen->stride * (gen->words + object_of(gen, gen->at));
}

// Own work, and pauses between looks at a lock: uniform between 0 and twice the mean. Equal CPUs would march
// in step, and those that win ties would keep all others from the lock.
NP_INLINE sim_time random_time(struct cpu *cpu, sim_time mean)
{
    return (sim_time)(((unsigned __int128)rng_next(&cpu->rng) * mean) >> 63);
}

NP_INLINE void begin_service(struct cpu *cpu, struct generator *gen)
{
    if (cpu->desc->critical == 0) { // there is no kernel
        round_done(cpu, gen, KERNEL_OWN_WORK);
        return;
    }
    gen->at = 0;
    gen->stored = rng_below(&cpu->rng, gen->words);
    go_to(gen, KERNEL_LOOK);
}

// The last accesses of a service that do not fill an object only read it.
NP_INLINE enum next next_inside(const struct cpu *cpu, struct generator *gen, struct access *access)
{
    uint64_t step = gen->at % PER_OBJECT;
    bool whole = gen->at - step + PER_OBJECT <= cpu->desc->critical;
    bool store = whole && step >= 2;
    return issue(gen, access, store ? ACCESS_STORE : ACCESS_LOAD, object_address(gen) + 8 * (step % 2),
                 gen->seen + 1);
}

NP_INLINE enum next next_kernel(struct cpu *cpu, struct access *access)
{
    struct generator *gen = generator_of(cpu);
    enum next what;
    if (!may_go_on(gen, &what))
        return what;
    if (gen->phase == KERNEL_CALL)
        begin_service(cpu, gen);
    switch (gen->phase) {
    case KERNEL_OWN_WORK:
        if (gen->n == gen->count)
            return NEXT_DONE;
        go_to(gen, KERNEL_CALL);
        access->value = random_time(cpu, gen->compute);
        return NEXT_COMPUTE;
    case KERNEL_PAUSE:
        gen->phase = KERNEL_LOOK;
        access->value = random_time(cpu, cpu->desc->compute);
        return NEXT_COMPUTE;
    case KERNEL_LOOK:
        return issue(gen, access, ACCESS_LOAD, lock_address(cpu, gen, gen->at), 0);
    case KERNEL_TAKE:
        issue(gen, access, ACCESS_RMW, lock_address(cpu, gen, gen->at), 1);
        access->op = RMW_SWAP;
        return NEXT_ACCESS;
    case KERNEL_INSIDE:
        return next_inside(cpu, gen, access);
    default: // the lock of the part that the last access was in
        return issue(gen, access, ACCESS_STORE, lock_address(cpu, gen, gen->at ? gen->at - 1 : 0), 0);
    }
}

NP_INLINE void inside(struct cpu *cpu, struct generator *gen, const struct access *access)
{
    if (access->kind == ACCESS_LOAD && gen->at % PER_OBJECT == 0)
        gen->seen = access->value;
    else if (access->kind == ACCESS_LOAD)
        check(cpu, access, access->value == gen->seen, "the same number in both words of the object");
    gen->at++;
    if (gen->at == cpu->desc->critical || part_of(cpu, gen, gen->at) != part_of(cpu, gen, gen->at - 1))
        gen->phase = KERNEL_RELEASE;
}

NP_INLINE void kernel_failed(struct generator *gen)
{
    bool held = gen->phase == KERNEL_INSIDE;
    gen->phase = held ? KERNEL_RELEASE : GIVEN_UP;
    gen->at += held; // an access of the part that is held now counts as the last one
    gen->polls = LEAVE_AND_GIVE_UP;
}

NP_INLINE void released(struct cpu *cpu, struct generator *gen)
{
    if (gen->polls == LEAVE_AND_GIVE_UP)
        gen->phase = GIVEN_UP;
    else if (gen->at == cpu->desc->critical)
        round_done(cpu, gen, KERNEL_OWN_WORK);
    else
        go_to(gen, KERNEL_LOOK);
}

NP_INLINE void complete_kernel(struct cpu *cpu, const struct access *access, enum access_status status,
                               sim_time at)
{
    struct generator *gen = generator_of(cpu);
    (void)at;
    gen->waiting = false;
    if (status != ACCESS_OK) {
        kernel_failed(gen);
    } else if (gen->phase == KERNEL_INSIDE) {
        inside(cpu, gen, access);
    } else if (gen->phase == KERNEL_RELEASE) {
        released(cpu, gen);
    } else if (check(cpu, access, access->value <= 1, "a lock, 0 or 1") && access->value == 0) {
        go_to(gen, gen->phase + 1); // free: try to take it; taken: inside
    } else {
        gen->phase = KERNEL_PAUSE;
        found_nothing_new(gen);
    }
}

static void run_kernel(struct cpu *cpu, sim_time limit)
{
    cpu_drive(cpu, limit, next_kernel, complete_kernel);
}

bool generator_kernel_open(struct cpu *cpu, struct generator *gen)
{
    gen->words = gen->size / gen->stride / 2;
    gen->compute = (sim_time)((unsigned __int128)cpu->desc->parallel * SIM_PS_PER_S / cpu->clock.hz);
    gen->polls_max *= (uint64_t)cpu->desc->critical + 1;
    gen->run = run_kernel;
    return gen->words >= cpu->desc->locks;
}
