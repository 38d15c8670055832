// SPDX-License-Identifier: Apache-2.0
// Random tester: seeded machines of random shape, CPUs that race small loads, stores and atomics of 1 to 8
// bytes on a few lines, every value checked. The check is strict: all accesses of the machine, sorted by the
// simulated time at which they were performed, must read what the latest write before them left, byte for
// byte. Nothing weaker than coherence and exact time passes it. A store in a store buffer is performed when
// it leaves; a load that reads from there must read its own CPU's latest stores.
//
//     sim-random [SEEDS [FIRST]]     runs that many seeds; the default takes some seconds
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/board/internal.h"
#include "node/cpu/drive.h"
#include "node/host/packed.h"

enum { REGION = 1024, ACCESSES = 300, LOG_MAX = 1 << 20, SEEDS = 400 };

// One performed access. `late`: by a CPU running ahead; board events at the same time come first.
struct entry {
    sim_time at;
    uint64_t order; // in which this board performed it
    uint64_t address, read, written;
    uint8_t size, kind, late;
    uint32_t cpu;
};

struct tester {
    uint64_t left;
    struct rng rng;
    uint8_t own[REGION]; // what its stores have left, in program order
    uint64_t last_store; // its address
    uint64_t performed;  // tag of the access performed last at the board's order point
};

static struct entry *entries;
static size_t n_entries;
static uint64_t n_forwarded, n_passed_by;

static enum next tester_next(struct cpu *cpu, struct access *access)
{
    struct tester *tester = cpu->program;
    uint64_t random = rng_next(&tester->rng);
    if (tester->left == 0)
        return NEXT_DONE;
    if (random % 8 == 0) {
        access->value = random >> 40 & 0xffff;
        return NEXT_COMPUTE;
    }
    tester->left--;
    access->size = (uint8_t)(1u << (random >> 8) % 4);
    access->address = (random >> 16) % (REGION / access->size) * access->size;
    if (random >> 62 == 0) // near its last store: the store buffer may have to answer
        access->address = tester->last_store / access->size * access->size;
    access->kind = (uint8_t)(ACCESS_FETCH + (random >> 32) % 4);
    access->op = (uint8_t)((random >> 36) % RMW_PROGRAM);
    access->value = rng_next(&tester->rng);
    access->expected = (random >> 44) % 3;
    access->tag = access->value; // the operand: value becomes what was read
    if (access->kind == ACCESS_STORE) {
        tester->last_store = access->address;
        memcpy(tester->own + access->address, &access->value, access->size);
    }
    return NEXT_ACCESS;
}

static uint64_t low_bytes(uint64_t value, unsigned size)
{
    return size == 8 ? value : value & ((UINT64_C(1) << 8 * size) - 1);
}

static uint64_t rmw_result(const struct access *access, uint64_t old)
{
    if (access->op == RMW_ADD)
        return old + access->tag;
    return access->op == RMW_COMPARE_SWAP && old != access->expected ? old : access->tag;
}

// No load may go past a store of its own CPU to the same bytes.
static void expect_no_store_before(const struct cpu *cpu, const struct access *access)
{
    for (uint32_t i = 0; i < cpu->buffer.n; i++) {
        const struct access *store = &cpu->buffer.stores[i].access;
        if (access->kind != ACCESS_STORE && store->address < access->address + access->size &&
            access->address < store->address + store->size)
            n_passed_by++;
    }
}

static void record(struct cpu *cpu, const struct access *access, sim_time at, bool late)
{
    if (n_entries == LOG_MAX)
        abort();
    expect_no_store_before(cpu, access);
    struct entry *entry = &entries[n_entries];
    *entry = (struct entry){.at = at,
                            .order = n_entries++,
                            .address = access->address,
                            .size = access->size,
                            .kind = access->kind,
                            .cpu = cpu->id,
                            .late = late};
    entry->read = access->kind == ACCESS_STORE ? 0 : low_bytes(access->value, access->size);
    entry->written = low_bytes(access->tag, access->size);
    if (access->kind == ACCESS_RMW)
        entry->written = low_bytes(rmw_result(access, entry->read), access->size);
}

enum { RECORDED = RMW_PROGRAM };

// Latencies after the order point are zero in these machines: `at` is the moment at which the access was
// performed.
static void tester_watch(struct cpu *cpu, struct access *access, sim_time at)
{
    struct tester *tester = cpu->program;
    record(cpu, access, at, false);
    access->op = RECORDED;
    tester->performed = access->tag;
}

// A store that had to wait for room in the buffer completes when it enters: it is there, or was performed.
static bool took_at_last(const struct cpu *cpu, const struct access *access)
{
    const struct tester *tester = cpu->program;
    bool found = tester->performed == access->tag;
    for (uint32_t i = 0; i < cpu->buffer.n; i++)
        found |= cpu->buffer.stores[i].access.tag == access->tag;
    return access->kind == ACCESS_STORE && found;
}

// A store that the buffer took will be recorded when it is performed; a load was answered from there.
static void aside(const struct cpu *cpu, const struct access *access)
{
    const struct tester *tester = cpu->program;
    if (access->kind == ACCESS_STORE)
        return;
    n_forwarded++;
    n_passed_by += memcmp(tester->own + access->address, &access->value, access->size) != 0;
}

static void tester_complete(struct cpu *cpu, const struct access *access, enum access_status status,
                            sim_time at)
{
    if (status != ACCESS_OK)
        abort();
    if (access == &cpu->aside)
        aside(cpu, access);
    else if (access->op != RECORDED && !took_at_last(cpu, access))
        record(cpu, access, at, true);
}

static void tester_run(struct cpu *cpu, sim_time limit)
{
    cpu_drive(cpu, limit, tester_next, tester_complete);
}

static void tester_state(struct cpu *cpu, struct archive *ar)
{
    (void)cpu;
    (void)ar;
}

static void tester_free(struct cpu *cpu)
{
    free(cpu->program);
}

static const struct program_ops tester_ops = {
    .kind = "tester", .run = tester_run, .state = tester_state, .free = tester_free};

static uint64_t pick(struct rng *rng, uint64_t low, uint64_t high)
{
    return low + rng_below(rng, high - low + 1);
}

static struct board_params random_params(struct rng *rng, uint32_t line)
{
    struct board_params p = {.cpus = (uint32_t)pick(rng, 1, 3), .line_bytes = line};
    p.cpu_hz = pick(rng, 300, 2000) * 1000000;
    p.l1_split = rng_below(rng, 2);
    p.l1 = (struct cache_geometry){.ways = 1u << rng_below(rng, 2), .latency = pick(rng, 1, 3000)};
    p.l1.bytes = (uint64_t)p.l1.ways * line << rng_below(rng, 2);
    p.l1i = p.l1;
    p.l2 = (struct cache_geometry){.ways = 1u << pick(rng, 1, 2)};
    p.l2.bytes = (uint64_t)p.l2.ways * line << pick(rng, 0, 2);
    p.mshrs = (uint32_t)pick(rng, 1, 4);
    p.bus_order = pick(rng, 1, 5000);
    p.bus_occupancy = rng_below(rng, 2) * pick(rng, 1, 3000);
    p.agent_latency = pick(rng, 0, 4000);
    p.home_occupancy = pick(rng, 0, 9000);
    p.local_latency = pick(rng, 0, 2000);
    p.memory_bytes = 1 << 20;
    p.memory_latency = pick(rng, 0, 60000);
    p.memory_bytes_per_s = rng_below(rng, 2) * pick(rng, 1, 20) * 1000000000;
    p.port_bytes_per_s = rng_below(rng, 2) * pick(rng, 1, 20) * 1000000000;
    p.header_bytes = (uint32_t)pick(rng, 1, 16);
    return p;
}

// A home that names too many sharers, or has fewer entries than lines: only where the protocol allows it.
static void random_directory(struct board_params *p, struct rng *rng)
{
    unsigned form = (unsigned)rng_below(rng, 3);
    if (form == 1)
        p->sharer_pointers = (uint32_t)pick(rng, 1, 3);
    if (form == 2)
        p->sharer_coarse = (uint32_t)pick(rng, 2, 4);
    if (rng_below(rng, 4) == 0)
        return;
    p->directory_ways = (uint32_t)pick(rng, 1, 3);
    p->directory_entries = p->directory_ways << rng_below(rng, 3);
}

struct shape {
    struct system_desc system;
    struct board_desc boards[5];
    struct partition_desc partition;
    struct machine machine;
};

static void random_shape(struct shape *shape, struct rng *rng)
{
    memset(shape, 0, sizeof *shape);
    uint32_t n = (uint32_t)pick(rng, 1, 5), line = 16u << rng_below(rng, 3);
    shape->system = (struct system_desc){.name = "s",
                                         .boards = n,
                                         .flight = pick(rng, 1, 100000),
                                         .far_flight = pick(rng, 1, 100000),
                                         .boards_per_crossbar = (uint32_t)rng_below(rng, n)};
    unsigned protocols = 0;
    while (protocol_at(protocols))
        protocols++;
    strcpy(shape->system.protocol, protocol_at((unsigned)rng_below(rng, protocols))->name);
    bool any_directory = protocol_by_name(shape->system.protocol)->four_hop;
    shape->system.directory_miss = (enum directory_miss)rng_below(rng, DIRECTORY_MISS_COUNT);
    shape->partition =
        (struct partition_desc){.name = "p", .n_boards = n, .n_segments = 1, .seed = rng_next(rng)};
    struct segment_desc *segment = &shape->partition.segments[0];
    *segment =
        (struct segment_desc){.size = (uint64_t)n << 19, .granule = line << rng_below(rng, 3), .n_boards = n};
    for (uint32_t b = 0; b < n; b++) {
        shape->boards[b] = (struct board_desc){.params = random_params(rng, line)};
        if (any_directory)
            random_directory(&shape->boards[b].params, rng);
        snprintf(shape->boards[b].name, NAME_MAX_BYTES, "b%u", b);
        shape->partition.boards[b] = segment->boards[b] = (uint16_t)b;
    }
    shape->machine = (struct machine){.name = "random",
                                      .until = SIM_NEVER,
                                      .n_systems = 1,
                                      .n_boards = n,
                                      .n_partitions = 1,
                                      .systems = &shape->system,
                                      .boards = shape->boards,
                                      .partitions = &shape->partition};
}

static void install_tester(struct board *board, struct rng *rng)
{
    for (uint32_t i = 0; i < board->n_cpus; i++) {
        struct cpu *cpu = &board->cpus[i];
        struct tester *tester = calloc(1, sizeof *tester);
        *tester = (struct tester){.left = ACCESSES, .rng = {rng_next(rng)}};
        cpu->ops = &tester_ops;
        cpu->program = tester;
        cpu->watch = tester_watch;
        cpu->outstanding = (uint32_t)pick(rng, 1, 6);
        if (cpu->outstanding < 3) {
            cpu->outstanding = 1;
            store_buffer_init(&cpu->buffer, (uint32_t)pick(rng, 0, 4));
        }
        cpu_publish(cpu);
    }
}

static int by_time(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    if (x->late != y->late)
        return x->late < y->late ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

// Replays the log on plain memory. Returns the first entry that read something else, or NULL.
static const struct entry *first_wrong(void)
{
    static uint8_t memory[REGION];
    memset(memory, 0, sizeof memory);
    qsort(entries, n_entries, sizeof entries[0], by_time);
    for (size_t i = 0; i < n_entries; i++) {
        const struct entry *entry = &entries[i];
        uint64_t held = 0;
        memcpy(&held, memory + entry->address, entry->size);
        if (entry->kind != ACCESS_STORE && held != entry->read)
            return entry;
        if (entry->kind >= ACCESS_STORE)
            memcpy(memory + entry->address, &entry->written, entry->size);
    }
    return NULL;
}

static int run_seed(uint64_t seed)
{
    static struct packed packed;
    static struct shape shape;
    struct rng rng = rng_for(seed, 0);
    random_shape(&shape, &rng);
    struct packed_options options = {
        .threads = 1,
        .board.reference = rng_below(&rng, 2),
        .conductor = {.horizon.chop = rng_below(&rng, 2) * seed, .events_without_progress = 1000000}};
    struct conductor_stop stop = {.time = SIM_NEVER};
    enum pause_reason reason;
    struct err err;
    n_entries = 0;
    if (packed_open(&packed, &shape.machine, &options, &err))
        return err_report(&err);
    for (uint32_t b = 0; b < shape.machine.n_boards; b++)
        install_tester(packed.crew.boards[b], &rng);
    enum err_code code = packed_run(&packed, &stop, &reason, &err);
    packed_close(&packed);
    if (code) {
        fprintf(stderr, "seed %llu: ", (unsigned long long)seed);
        return err_report(&err);
    }
    const struct entry *wrong = first_wrong();
    if (!wrong)
        return 0;
    fprintf(stderr, "seed %llu: CPU %u of board %u read 0x%llx at 0x%llx (%u bytes, kind %u) at %llu ps\n",
            (unsigned long long)seed, component_unit(wrong->cpu) - UNIT_CPU0, component_board(wrong->cpu),
            (unsigned long long)wrong->read, (unsigned long long)wrong->address, wrong->size, wrong->kind,
            (unsigned long long)wrong->at);
    return 1;
}

int main(int argc, char **argv)
{
    uint64_t seeds = argc > 1 ? strtoull(argv[1], NULL, 10) : SEEDS;
    uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1, passed = 0, accesses = 0;
    entries = malloc(LOG_MAX * sizeof *entries);
    if (!entries)
        return 1;
    for (uint64_t seed = first; seed < first + seeds; seed++) {
        passed += run_seed(seed) == 0;
        accesses += n_entries;
    }
    printf("%llu accesses checked; %llu forwarded, %llu stores passed by or misread\n",
           (unsigned long long)accesses, (unsigned long long)n_forwarded, (unsigned long long)n_passed_by);
    printf("%llu passed, %llu failed\n", (unsigned long long)passed, (unsigned long long)(seeds - passed));
    free(entries);
    return passed != seeds || accesses == 0 || n_passed_by || (seeds >= SEEDS && n_forwarded == 0);
}
