// SPDX-License-Identifier: Apache-2.0
// Patterns in which CPUs wait for one another: producer-consumer, ping-pong, lock.
#include "node/cpu/generator_sync.h"

#define WORDS_OF_PAYLOAD  (GENERATOR_LINE / 8 - 1) // the first word of a line is its number
#define LEAVE_AND_GIVE_UP UINT64_MAX               // lock: gen->at after an error while the lock is held

// Ping-pong. The line's first word counts turns; turn t belongs to the member t mod members. Whoever's turn
// it is checks the second word, writes a new one there, and only then passes the turn on.
enum { PING_LOOK, PING_CHECK, PING_WRITE, PING_PASS };

NP_INLINE uint64_t ping_turn(const struct generator *gen)
{
    return gen->n * gen->members + gen->member;
}

NP_INLINE enum next next_ping(struct cpu *cpu, struct access *access)
{
    struct generator *gen = generator_of(cpu);
    uint64_t turn = gen->base, word = gen->base + 8;
    enum next what;
    if (!may_go_on(gen, &what))
        return what;
    switch (gen->phase) {
    case PING_LOOK:
        return gen->n == gen->count ? NEXT_DONE : issue(gen, access, ACCESS_LOAD, turn, 0);
    case PING_CHECK:
        return issue(gen, access, ACCESS_LOAD, word, 0);
    case PING_WRITE:
        return issue(gen, access, ACCESS_STORE, word, generator_value(word, ping_turn(gen)));
    default:
        return issue(gen, access, ACCESS_STORE, turn, ping_turn(gen) + 1);
    }
}

NP_INLINE void ping_looked(struct cpu *cpu, struct generator *gen, const struct access *access)
{
    uint64_t mine = ping_turn(gen);
    check(cpu, access, mine - access->value < gen->members, "a turn since this CPU's last");
    if (access->value == mine)
        go_to(gen, PING_CHECK);
    else
        found_nothing_new(gen);
}

NP_INLINE void complete_ping(struct cpu *cpu, const struct access *access, enum access_status status,
                             sim_time at)
{
    struct generator *gen = generator_of(cpu);
    (void)at;
    gen->waiting = false;
    if (status != ACCESS_OK) {
        gen->phase = GIVEN_UP;
        return;
    }
    uint64_t mine = ping_turn(gen);
    if (gen->phase == PING_LOOK) {
        ping_looked(cpu, gen, access);
    } else if (gen->phase == PING_PASS) {
        round_done(cpu, gen, PING_LOOK);
    } else {
        if (gen->phase == PING_CHECK)
            check(cpu, access, access->value == (mine ? generator_value(access->address, mine - 1) : 0),
                  "the word of the turn before");
        gen->phase++;
    }
}

static void run_ping_pong(struct cpu *cpu, sim_time limit)
{
    cpu_drive(cpu, limit, next_ping, complete_ping);
}

// Producer and consumer. The first line holds the consumer's acknowledgement: how many items it has taken.
// Item n lies in slot n mod slots: a number, written last and read first, and words of payload.
enum { QUEUE_LOOK, QUEUE_PAYLOAD, QUEUE_NUMBER };

NP_INLINE uint64_t queue_slot(const struct generator *gen)
{
    return gen->base + gen->stride * (1 + gen->n % gen->words);
}

NP_INLINE enum next next_producer(struct cpu *cpu, struct access *access)
{
    struct generator *gen = generator_of(cpu);
    enum next what;
    if (!may_go_on(gen, &what))
        return what;
    if (gen->phase == QUEUE_LOOK) {
        if (gen->n == gen->count)
            return NEXT_DONE;
        if (gen->n - gen->seen == gen->words) // all slots are full, as far as is known
            return issue(gen, access, ACCESS_LOAD, gen->base, 0);
        gen->at = 0;
        go_to(gen, QUEUE_PAYLOAD);
    }
    uint64_t slot = queue_slot(gen);
    if (gen->phase == QUEUE_NUMBER)
        return issue(gen, access, ACCESS_STORE, slot, gen->n + 1);
    uint64_t address = slot + 8 + gen->at * 8;
    return issue(gen, access, ACCESS_STORE, address, generator_value(address, gen->n));
}

NP_INLINE void complete_producer(struct cpu *cpu, const struct access *access, enum access_status status,
                                 sim_time at)
{
    struct generator *gen = generator_of(cpu);
    (void)at;
    gen->waiting = false;
    if (status != ACCESS_OK) {
        gen->phase = GIVEN_UP;
    } else if (gen->phase == QUEUE_NUMBER) {
        round_done(cpu, gen, QUEUE_LOOK);
    } else if (gen->phase == QUEUE_PAYLOAD) {
        if (++gen->at == WORDS_OF_PAYLOAD)
            gen->phase = QUEUE_NUMBER;
    } else if (!check(cpu, access, access->value - gen->seen <= gen->n - gen->seen,
                      "an acknowledgement of items sent, not below the last") ||
               access->value == gen->seen) {
        found_nothing_new(gen);
    } else {
        gen->seen = access->value;
    }
}

static void run_producer(struct cpu *cpu, sim_time limit)
{
    cpu_drive(cpu, limit, next_producer, complete_producer);
}

NP_INLINE enum next next_consumer(struct cpu *cpu, struct access *access)
{
    struct generator *gen = generator_of(cpu);
    enum next what;
    if (!may_go_on(gen, &what))
        return what;
    if (gen->phase == QUEUE_LOOK)
        return gen->n == gen->count ? NEXT_DONE : issue(gen, access, ACCESS_LOAD, queue_slot(gen), 0);
    if (gen->phase == QUEUE_PAYLOAD)
        return issue(gen, access, ACCESS_LOAD, queue_slot(gen) + 8 + gen->at * 8, 0);
    return issue(gen, access, ACCESS_STORE, gen->base, gen->n + 1);
}

NP_INLINE void complete_consumer(struct cpu *cpu, const struct access *access, enum access_status status,
                                 sim_time at)
{
    struct generator *gen = generator_of(cpu);
    (void)at;
    gen->waiting = false;
    uint64_t before = gen->n < gen->words ? 0 : gen->n + 1 - gen->words;
    if (status != ACCESS_OK) {
        gen->phase = GIVEN_UP;
    } else if (gen->phase == QUEUE_NUMBER) {
        round_done(cpu, gen, QUEUE_LOOK);
    } else if (gen->phase == QUEUE_PAYLOAD) {
        check(cpu, access, access->value == generator_value(access->address, gen->n), "this item's payload");
        if (++gen->at == WORDS_OF_PAYLOAD)
            gen->phase = QUEUE_NUMBER;
    } else if (check(cpu, access, access->value == gen->n + 1 || access->value == before,
                     "the number of this item or of the slot's last") &&
               access->value == gen->n + 1) {
        gen->at = 0;
        go_to(gen, QUEUE_PAYLOAD);
    } else {
        found_nothing_new(gen);
    }
}

static void run_consumer(struct cpu *cpu, sim_time limit)
{
    cpu_drive(cpu, limit, next_consumer, complete_consumer);
}

// Lock. A test-and-test-and-set lock on the first line guards counters, one on each line that follows. They
// are equal whenever the lock is free: a critical section reads them, finds them equal however often it
// looks, and writes each one higher.
enum { LOCK_LOOK, LOCK_TAKE, LOCK_INSIDE, LOCK_RELEASE, LOCK_PARALLEL };

NP_INLINE enum next next_inside(struct cpu *cpu, struct generator *gen, struct access *access)
{
    uint64_t counters = gen->words, critical = cpu->desc->critical;
    uint64_t reads = critical > counters ? critical - counters : 0;
    bool reading = gen->at < reads;
    uint64_t counter = reading ? gen->at % counters : gen->at - reads;
    uint64_t address = gen->base + gen->stride * (1 + counter);
    if (critical >= 2)
        return issue(gen, access, reading ? ACCESS_LOAD : ACCESS_STORE, address, gen->seen + 1);
    return issue(gen, access, ACCESS_RMW, address, 1); // RMW_ADD: the shortest section there is
}

NP_INLINE enum next next_lock(struct cpu *cpu, struct access *access)
{
    struct generator *gen = generator_of(cpu);
    enum next what;
    if (!may_go_on(gen, &what))
        return what;
    switch (gen->phase) {
    case LOCK_LOOK:
        return gen->n == gen->count ? NEXT_DONE : issue(gen, access, ACCESS_LOAD, gen->base, 0);
    case LOCK_TAKE:
        issue(gen, access, ACCESS_RMW, gen->base, 1);
        access->op = RMW_SWAP;
        return NEXT_ACCESS;
    case LOCK_INSIDE:
        return next_inside(cpu, gen, access);
    case LOCK_RELEASE:
        return issue(gen, access, ACCESS_STORE, gen->base, 0);
    default:
        go_to(gen, LOCK_LOOK);
        access->value = gen->compute;
        return NEXT_COMPUTE;
    }
}

NP_INLINE void inside(struct cpu *cpu, struct generator *gen, const struct access *access)
{
    if (access->kind != ACCESS_STORE && gen->at == 0) {
        check(cpu, access, access->value >= gen->stored, "at least what this CPU left there");
        gen->seen = access->value;
    } else if (access->kind != ACCESS_STORE) {
        check(cpu, access, access->value == gen->seen, "the same number as in the first counter");
    }
    if (++gen->at < cpu->desc->critical)
        return;
    gen->stored = gen->seen + 1;
    gen->phase = LOCK_RELEASE;
}

NP_INLINE void lock_failed(struct generator *gen)
{
    bool held = gen->phase == LOCK_INSIDE;
    gen->phase = held ? LOCK_RELEASE : GIVEN_UP;
    gen->at = LEAVE_AND_GIVE_UP;
}

NP_INLINE void complete_lock(struct cpu *cpu, const struct access *access, enum access_status status,
                             sim_time at)
{
    struct generator *gen = generator_of(cpu);
    (void)at;
    gen->waiting = false;
    if (status != ACCESS_OK) {
        lock_failed(gen);
    } else if (gen->phase == LOCK_INSIDE) {
        inside(cpu, gen, access);
    } else if (gen->phase == LOCK_RELEASE) {
        if (gen->at == LEAVE_AND_GIVE_UP)
            gen->phase = GIVEN_UP;
        else
            round_done(cpu, gen, LOCK_PARALLEL);
    } else if (check(cpu, access, access->value <= 1, "a lock, 0 or 1") && access->value == 0) {
        gen->at = 0;
        gen->phase++; // free: try to take it; taken: inside
    } else {
        gen->phase = LOCK_LOOK;
        found_nothing_new(gen);
    }
}

static void run_lock(struct cpu *cpu, sim_time limit)
{
    cpu_drive(cpu, limit, next_lock, complete_lock);
}

// Cuts the region into equal parts, one per group, and takes the group's; parts begin at lines of their own
// as far as the region allows.
static void take_part(struct generator *gen, uint64_t group, uint64_t groups)
{
    gen->size = gen->size / groups / gen->stride * gen->stride;
    gen->base += group * gen->size;
}

static bool open_ping_pong(struct generator *gen)
{
    uint32_t groups = gen->members >= 2 ? gen->members / 2 : 1, group = gen->member / 2;
    if (group >= groups)
        group = groups - 1; // an odd number of members: the last three take turns
    take_part(gen, group, groups);
    uint32_t in_group = group == groups - 1 ? gen->members - 2 * group : 2;
    gen->member -= 2 * group;
    gen->members = in_group;
    gen->run = run_ping_pong;
    return gen->size >= gen->stride;
}

static bool open_producer_consumer(struct generator *gen)
{
    take_part(gen, gen->member / 2, (gen->members + 1) / 2);
    uint64_t lines = gen->size / gen->stride;
    gen->words = lines > 1 ? lines - 1 : 1;
    gen->run = gen->member % 2 ? run_consumer : run_producer;
    return lines >= 2;
}

static bool open_lock(struct cpu *cpu, struct generator *gen)
{
    uint64_t lines = gen->size / gen->stride, half = cpu->desc->critical / 2;
    gen->words = half < 1 ? 1 : half < lines ? half : lines - 1;
    gen->compute = (sim_time)((unsigned __int128)cpu->desc->parallel * SIM_PS_PER_S / cpu->clock.hz);
    gen->polls_max *= (uint64_t)cpu->desc->critical + 1;
    gen->run = run_lock;
    return lines >= 2;
}

bool generator_sync_open(struct cpu *cpu, struct generator *gen)
{
    uint64_t line = UINT64_C(1) << cpu->l1[0].line_shift;
    gen->stride = line > GENERATOR_LINE ? line : GENERATOR_LINE;
    gen->polls_max = POLLS_MAX * gen->members;
    if (cpu->desc->pattern == PATTERN_PING_PONG)
        return open_ping_pong(gen);
    if (cpu->desc->pattern == PATTERN_PRODUCER_CONSUMER)
        return open_producer_consumer(gen);
    if (cpu->desc->pattern == PATTERN_KERNEL)
        return generator_kernel_open(cpu, gen);
    return open_lock(cpu, gen);
}
