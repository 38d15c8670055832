// SPDX-License-Identifier: Apache-2.0
// The rules of struct machine. They are written as sentences about a machine that is wrong, because a
// sentence is what the caller prints. Everything that indexes an array, bounds a loop or divides elsewhere is
// a rule here; the reader of scenario files says the same with file, line and remedy before it comes to this.
#include "proto/base/machine.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/guest.h"
#include "proto/base/pool.h"
#include "proto/base/rules.h"

// Longest single latency that makes sense, and the bound that keeps sums of many of them far below SIM_NEVER.
#define LATENCY_MAX      SIM_PS_PER_S
#define UNTIL_MAX        (UINT64_C(1) << 62)
#define HEADER_BYTES_MAX 1024u
#define MSHRS_MAX        1024u
// Slower ports than 1 MB/s would make one 64 KiB frame last longer than LATENCY_MAX allows for.
#define BANDWIDTH_MIN UINT64_C(1000000)
#define BANDWIDTH_MAX UINT64_C(1000000000000000)

void machine_free(struct machine *machine)
{
    for (uint32_t i = 0; machine->cpus && i < machine->n_cpus; i++)
        free(machine->cpus[i].script);
    for (uint32_t i = 0; machine->partitions && i < machine->n_partitions; i++)
        free(machine->partitions[i].guest.inputs);
    for (uint32_t i = 0; machine->pools && i < machine->n_pools; i++)
        free(machine->pools[i].what.script);
    free(machine->systems);
    free(machine->boards);
    free(machine->partitions);
    free(machine->cpus);
    free(machine->links);
    free(machine->faults);
    free(machine->pools);
    *machine = (struct machine){0};
}

static bool power_of_two(uint64_t v)
{
    return v && !(v & (v - 1));
}

// Names go into file names, messages and `on: SB0/1`: letters, digits, dot, dash and underline, never empty.
static bool name_ok(const char name[NAME_MAX_BYTES])
{
    size_t length = strnlen(name, NAME_MAX_BYTES);
    if (length == 0 || length == NAME_MAX_BYTES)
        return false;
    for (size_t i = 0; i < length; i++) {
        char c = name[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '.' || c == '-')))
            return false;
    }
    return true;
}

static bool bandwidth_ok(uint64_t bytes_per_s)
{
    return bytes_per_s == 0 || (bytes_per_s >= BANDWIDTH_MIN && bytes_per_s <= BANDWIDTH_MAX);
}

static const char *geometry_invalid(const struct cache_geometry *cache, uint32_t line_bytes)
{
    RULE(cache->ways >= 1 && cache->ways <= WAYS_MAX, "a cache has no ways or more than WAYS_MAX");
    RULE(cache->bytes > 0 && cache->bytes <= MEMORY_PER_BOARD_MAX, "a cache has no bytes or far too many");
    uint64_t way_bytes = (uint64_t)cache->ways * line_bytes;
    RULE(cache->bytes % way_bytes == 0, "a cache is not a whole number of sets");
    RULE(power_of_two(cache->bytes / way_bytes), "a cache's number of sets is not a power of two");
    RULE(cache->latency <= LATENCY_MAX, "a cache's latency is above one second");
    return NULL;
}

static const char *latencies_invalid(const struct board_params *p)
{
    RULE(p->bus_order > 0, "a board's bus_order is 0: a CPU could not run ahead of its board");
    const sim_time all[] = {p->bus_order,      p->bus_return,    p->bus_occupancy, p->agent_latency,
                            p->home_occupancy, p->local_latency, p->memory_latency};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        RULE(all[i] <= LATENCY_MAX, "a latency of a board is above one second");
    return NULL;
}

static const char *directory_invalid(const struct board_params *p)
{
    RULE(p->sharer_pointers <= BOARDS_PER_SYSTEM_MAX && p->sharer_coarse <= BOARDS_PER_SYSTEM_MAX,
         "a directory has more pointers or coarser bits than a system has boards");
    RULE(p->sharer_pointers == 0 || p->sharer_coarse == 0, "a directory has both pointers and coarse bits");
    if (p->directory_entries == 0)
        return NULL;
    RULE(p->directory_ways >= 1 && p->directory_ways <= WAYS_MAX,
         "a directory cache has no ways or more than WAYS_MAX");
    RULE(p->directory_entries <= DIRECTORY_ENTRIES_MAX && p->directory_entries % p->directory_ways == 0 &&
             power_of_two(p->directory_entries / p->directory_ways),
         "a directory cache's number of sets is not a power of two, or it is too large");
    return NULL;
}

static const char *params_invalid(const struct board_params *p)
{
    RULE(p->cpus >= 1 && p->cpus <= CPUS_PER_BOARD_MAX,
         "a board has no CPUs or more than CPUS_PER_BOARD_MAX");
    RULE(p->cpu_hz >= 1 && p->cpu_hz <= SIM_PS_PER_S, "a CPU clock is not in 1 Hz .. 1 THz");
    RULE(power_of_two(p->line_bytes) && p->line_bytes >= LINE_BYTES_MIN && p->line_bytes <= LINE_BYTES_MAX,
         "a line size is not a power of two in LINE_BYTES_MIN .. LINE_BYTES_MAX");
    CHECK(geometry_invalid(&p->l1, p->line_bytes));
    if (p->l1_split)
        CHECK(geometry_invalid(&p->l1i, p->line_bytes));
    CHECK(geometry_invalid(&p->l2, p->line_bytes));
    RULE(p->l2.bytes >= p->l1.bytes && (!p->l1_split || p->l2.bytes >= p->l1i.bytes),
         "a board cache is smaller than an L1 that it must include");
    RULE(p->mshrs >= 1 && p->mshrs <= MSHRS_MAX, "a board has no MSHRs or more than 1024");
    CHECK(latencies_invalid(p));
    RULE(p->memory_bytes >= PAGE_BYTES && p->memory_bytes <= MEMORY_PER_BOARD_MAX &&
             p->memory_bytes % PAGE_BYTES == 0,
         "a board's memory is not a whole number of pages in PAGE_BYTES .. MEMORY_PER_BOARD_MAX");
    RULE(bandwidth_ok(p->memory_bytes_per_s) && bandwidth_ok(p->port_bytes_per_s),
         "a bandwidth is neither 0 (unlimited) nor in 1 MB/s .. 1 PB/s");
    RULE(p->header_bytes >= 1 && p->header_bytes <= HEADER_BYTES_MAX,
         "a message header is not 1 .. 1024 bytes");
    RULE(p->store_buffer <= STORE_BUFFER_MAX, "a store buffer has more than STORE_BUFFER_MAX entries");
    return directory_invalid(p);
}

static const char *systems_invalid(const struct machine *m)
{
    uint32_t next = 0;
    for (uint32_t i = 0; i < m->n_systems; i++) {
        const struct system_desc *s = &m->systems[i];
        RULE(name_ok(s->name) && name_ok(s->protocol), "a system's name or protocol is malformed");
        for (uint32_t j = 0; j < i; j++)
            RULE(strcmp(m->systems[j].name, s->name) != 0, "two systems have the same name");
        RULE(s->first_board == next && s->boards >= 1 && s->boards <= BOARDS_PER_SYSTEM_MAX &&
                 s->boards <= m->n_boards - next,
             "the systems do not divide the boards among them");
        RULE(s->flight > 0, "a crossbar's flight is 0: no board could run ahead of another");
        RULE(s->flight <= LATENCY_MAX && s->far_flight <= LATENCY_MAX,
             "a crossbar's flight is above one second");
        RULE(s->boards_per_crossbar == 0 || s->far_flight > 0,
             "a system of several crossbars has no flight between them");
        RULE(s->directory_miss < DIRECTORY_MISS_COUNT, "what a directory cache does on a miss is unknown");
        RULE(s->family < FAMILY_COUNT, "a system is of an unknown family");
        RULE(s->controller_latency <= LATENCY_MAX, "a system controller's latency is above one second");
        next += s->boards;
    }
    RULE(next == m->n_boards, "the systems do not divide the boards among them");
    return NULL;
}

static const char *boards_invalid(const struct machine *m)
{
    for (uint32_t i = 0; i < m->n_boards; i++) {
        const struct board_desc *b = &m->boards[i];
        RULE(name_ok(b->name), "a board's name is malformed");
        for (uint32_t j = 0; j < i; j++)
            RULE(strcmp(m->boards[j].name, b->name) != 0, "two boards have the same name");
        RULE(b->system < m->n_systems && i - m->systems[b->system].first_board < m->systems[b->system].boards,
             "a board names a system that does not hold it");
        RULE(b->partition == NO_PARTITION || b->partition < m->n_partitions,
             "a board names a partition that does not exist");
        RULE(b->partition == NO_PARTITION || !b->blacklisted, "a board on the blacklist is in a partition");
        CHECK(params_invalid(&b->params));
        RULE(b->params.line_bytes == m->boards[m->systems[b->system].first_board].params.line_bytes,
             "boards of one system differ in line size");
    }
    return NULL;
}

static bool partition_has(const struct partition_desc *p, uint16_t board)
{
    for (uint32_t i = 0; i < p->n_boards; i++)
        if (p->boards[i] == board)
            return true;
    return false;
}

static const char *segment_invalid(const struct machine *m, const struct partition_desc *p,
                                   const struct segment_desc *s)
{
    uint32_t line_bytes = m->boards[p->boards[0]].params.line_bytes;
    RULE(s->size > 0 && s->size % PAGE_BYTES == 0 && s->offset % PAGE_BYTES == 0,
         "a segment's size or offset is not a multiple of a page");
    RULE(s->n_boards >= 1 && s->n_boards <= p->n_boards,
         "a segment has no boards or more than its partition");
    RULE(s->granule != 0 || s->n_boards == 1, "a contiguous segment has more than one board");
    RULE(s->granule == 0 ||
             (power_of_two(s->granule) && s->granule >= line_bytes && s->granule <= MEMORY_PER_BOARD_MAX &&
              s->size / s->n_boards % s->granule == 0 && s->size % s->n_boards == 0),
         "an interleaved segment is not a whole number of granules on each of its boards");
    for (uint32_t i = 0; i < s->n_boards; i++) {
        RULE(partition_has(p, s->boards[i]), "a segment lies on a board outside its partition");
        RULE(s->n_boards == 1 || !m->boards[s->boards[i]].floating,
             "memory of a floating board is interleaved with others'");
        uint64_t memory = m->boards[s->boards[i]].params.memory_bytes;
        RULE(s->offset <= memory && s->size / s->n_boards <= memory - s->offset,
             "a segment reaches beyond the memory of one of its boards");
        for (uint32_t j = 0; j < i; j++)
            RULE(s->boards[j] != s->boards[i], "a segment names a board twice");
    }
    return NULL;
}

// Two segments may not use the same bytes of a board both have.
static bool segments_collide(const struct segment_desc *a, const struct segment_desc *b)
{
    uint64_t share_a = a->size / a->n_boards, share_b = b->size / b->n_boards;
    if (a->offset + share_a <= b->offset || b->offset + share_b <= a->offset)
        return false;
    for (uint32_t i = 0; i < a->n_boards; i++)
        for (uint32_t j = 0; j < b->n_boards; j++)
            if (a->boards[i] == b->boards[j])
                return true;
    return false;
}

static const char *segments_invalid(const struct machine *m, const struct partition_desc *p)
{
    uint64_t next = 0;
    RULE(p->n_segments >= 1 && p->n_segments <= SEGMENTS_MAX, "a partition has no segments or too many");
    for (uint32_t i = 0; i < p->n_segments; i++) {
        const struct segment_desc *s = &p->segments[i];
        RULE(s->base == next, "a partition's segments overlap or leave a gap");
        CHECK(segment_invalid(m, p, s));
        for (uint32_t j = 0; j < i; j++)
            RULE(!segments_collide(&p->segments[j], s), "two segments use the same memory of a board");
        next += s->size;
    }
    return NULL;
}

static const char *partition_boards_invalid(const struct machine *m, uint32_t index)
{
    const struct partition_desc *p = &m->partitions[index];
    RULE(p->n_boards >= 1 && p->n_boards <= BOARDS_PER_SYSTEM_MAX, "a partition has no boards or too many");
    for (uint32_t i = 0; i < p->n_boards; i++) {
        uint16_t board = p->boards[i];
        RULE(board < m->n_boards, "a partition names a board that does not exist");
        RULE(i == 0 || p->boards[i - 1] < board, "a partition's boards are not in ascending order");
        RULE(m->boards[board].system == p->system, "a partition has a board of another system");
        RULE(m->boards[board].partition == index, "a board and its partition do not agree");
    }
    return NULL;
}

static const char *permanent_invalid(const struct partition_desc *p)
{
    const struct segment_desc *first = &p->segments[0];
    RULE(p->permanent_bytes % PAGE_BYTES == 0, "permanent memory is not a whole number of pages");
    RULE(p->permanent_bytes <= p->frames_offset, "frames for virtual pages lie in permanent memory");
    RULE(p->permanent_bytes == 0 || (first->granule == 0 && first->boards[0] == p->boards[0] &&
                                     first->offset == 0 && first->size >= p->permanent_bytes),
         "permanent memory is not the beginning of the lowest board's memory");
    return NULL;
}

static const char *partitions_invalid(const struct machine *m)
{
    uint32_t taken = 0, assigned = 0;
    for (uint32_t i = 0; i < m->n_partitions; i++) {
        const struct partition_desc *p = &m->partitions[i];
        RULE(name_ok(p->name), "a partition's name is malformed");
        for (uint32_t j = 0; j < i; j++)
            RULE(strcmp(m->partitions[j].name, p->name) != 0, "two partitions have the same name");
        RULE(p->system < m->n_systems, "a partition names a system that does not exist");
        RULE(p->frames_offset % PAGE_BYTES == 0, "a partition's frames do not begin at a page");
        CHECK(partition_boards_invalid(m, i));
        CHECK(segments_invalid(m, p));
        CHECK(permanent_invalid(p));
        taken += p->n_boards;
    }
    for (uint32_t i = 0; i < m->n_boards; i++)
        assigned += m->boards[i].partition != NO_PARTITION;
    RULE(taken == assigned, "a board and its partition do not agree");
    return NULL;
}

static const char *generator_invalid(const struct machine *m, const struct cpu_desc *c)
{
    const struct partition_desc *p = &m->partitions[m->boards[c->board].partition];
    const struct segment_desc *last = &p->segments[p->n_segments - 1];
    uint64_t end = last->base + last->size;
    RULE((unsigned)c->pattern < PATTERN_COUNT, "a generator's pattern is unknown");
    RULE(c->base % 8 == 0 && c->size % 8 == 0, "a generator's region is not aligned to 8 bytes");
    RULE(c->base <= end && c->size <= end - c->base,
         "a generator's region leaves its partition's real memory");
    RULE(c->size >= 8, "a generator has no region");
    RULE(c->write_permille <= 1000, "a generator writes more than always");
    RULE(c->compute <= LATENCY_MAX, "a generator computes or pauses for more than a second");
    if (c->pattern == PATTERN_KERNEL) {
        RULE(c->locks >= 1, "a kernel has no lock");
        RULE(c->parallel >= 1, "CPUs do nothing between the services of a kernel");
    }
    if (c->pattern != PATTERN_FRAMES)
        return NULL;
    RULE(c->link < m->n_links, "a generator of frames names a link that does not exist");
    RULE(m->links[c->link].board[0] == c->board || m->links[c->link].board[1] == c->board,
         "a generator of frames is not on a board of its link");
    RULE(c->frame_bytes >= 1 && c->frame_bytes <= FRAME_BYTES_MAX,
         "a frame is empty or above FRAME_BYTES_MAX");
    return NULL;
}

static const char *trace_invalid(const struct machine *m, const struct cpu_desc *c)
{
    size_t length = strnlen(c->trace, PATH_MAX_BYTES);
    uint32_t partition = m->boards[c->board].partition;
    RULE(length > 0 && length < PATH_MAX_BYTES, "a trace has no file name or one that is too long");
    RULE((unsigned)c->placement <= PLACE_FIXED, "a trace's placement is unknown");
    RULE(c->backoff >= 1 && c->backoff <= LATENCY_MAX && c->give_up >= 1 && c->give_up <= GIVE_UP_MAX,
         "a trace's waiting is 0, its pauses above one second or its patience above a thousand");
    for (const struct cpu_desc *other = m->cpus; other < c; other++)
        RULE(other->kind != CPU_TRACE || other->program != c->program || other->member != c->member,
             "two CPUs replay as the same member of a program");
    RULE(frames_reachable(m, &m->partitions[partition]),
         "a trace runs where a board has no frames, or frames in no segment");
    RULE(c->placement != PLACE_FIXED ||
             (c->fixed_board < m->n_boards && m->boards[c->fixed_board].partition == partition),
         "a trace's pages are placed on a board outside its partition");
    return NULL;
}

static const char *cpu_invalid(const struct machine *m, const struct cpu_desc *c)
{
    RULE(c->board < m->n_boards, "a CPU is on a board that does not exist");
    RULE(c->index < m->boards[c->board].params.cpus, "a CPU's number is beyond its board's CPUs");
    RULE(m->boards[c->board].partition != NO_PARTITION, "a program runs on a board that is in no partition");
    RULE(c->outstanding >= 1 && c->outstanding <= OUTSTANDING_MAX,
         "a CPU has no accesses under way or too many");
    RULE(c->members >= 1 && c->members <= BOARDS_MAX * CPUS_PER_BOARD_MAX && c->member < c->members,
         "a CPU is not one of the members of its program");
    RULE((unsigned)c->kind <= CPU_ZARCH, "a CPU is of an unknown kind");
    if (c->kind == CPU_GENERATOR)
        return generator_invalid(m, c);
    if (c->kind == CPU_TRACE)
        return trace_invalid(m, c);
    RULE(c->kind != CPU_SCRIPT || (c->script && strnlen(c->script, SCRIPT_BYTES_MAX) < SCRIPT_BYTES_MAX),
         "a script is missing or too long");
    return NULL;
}

static const char *cpus_invalid(const struct machine *m)
{
    for (uint32_t i = 0; i < m->n_cpus; i++) {
        const struct cpu_desc *c = &m->cpus[i], *before = i ? c - 1 : NULL;
        RULE(!before || before->board < c->board || (before->board == c->board && before->index < c->index),
             "CPUs are not listed in ascending order, each once");
        CHECK(cpu_invalid(m, c));
    }
    return NULL;
}

static const char *links_invalid(const struct machine *m)
{
    for (uint32_t i = 0; i < m->n_links; i++) {
        const struct link_desc *l = &m->links[i];
        RULE(name_ok(l->name), "a link's name is malformed");
        for (uint32_t j = 0; j < i; j++)
            RULE(strcmp(m->links[j].name, l->name) != 0, "two links have the same name");
        RULE(l->board[0] < m->n_boards && l->board[1] < m->n_boards,
             "a link ends at a board that does not exist");
        uint32_t a = m->boards[l->board[0]].partition, b = m->boards[l->board[1]].partition;
        RULE(a != NO_PARTITION && b != NO_PARTITION, "a link ends at a board that is in no partition");
        RULE(a != b, "a link has both ends in one partition");
        RULE(l->latency > 0 && l->latency <= LATENCY_MAX, "a link's latency is 0 or above one second");
        RULE(bandwidth_ok(l->bytes_per_s),
             "a link's bandwidth is neither 0 (unlimited) nor in 1 MB/s .. 1 PB/s");
    }
    return NULL;
}

static const char *faults_invalid(const struct machine *m)
{
    for (uint32_t i = 0; i < m->n_faults; i++) {
        const struct fault_desc *f = &m->faults[i];
        RULE(f->kind == FAULT_SEGMENT_ENTRY, "a fault is of an unknown kind");
        RULE(i == 0 || m->faults[i - 1].at <= f->at, "faults are not in ascending order of time");
        RULE(f->at <= UNTIL_MAX, "a fault lies beyond the end of simulated time");
        RULE(f->board < m->n_boards && f->home < m->n_boards, "a fault names a board that does not exist");
        uint32_t partition = m->boards[f->board].partition;
        RULE(partition != NO_PARTITION, "a fault strikes a board that is in no partition");
        RULE(f->segment < m->partitions[partition].n_segments, "a fault names a segment that does not exist");
        RULE(m->boards[f->home].system == m->boards[f->board].system,
             "a fault names a home that no crossbar of its board reaches");
    }
    return NULL;
}

static const char *counts_invalid(const struct machine *m)
{
    RULE(m->n_systems >= 1 && m->n_systems <= SYSTEMS_MAX && m->systems, "there is no system or too many");
    RULE(m->n_boards >= 1 && m->n_boards <= BOARDS_MAX && m->boards, "there is no board or too many");
    RULE(m->n_partitions >= 1 && m->n_partitions <= PARTITIONS_MAX && m->partitions,
         "there is no partition or too many");
    RULE(m->n_cpus <= m->n_boards * CPUS_PER_BOARD_MAX && (m->cpus || !m->n_cpus), "there are too many CPUs");
    RULE(m->n_links <= LINKS_MAX && (m->links || !m->n_links), "there are too many links");
    RULE(m->n_faults <= FAULTS_MAX && (m->faults || !m->n_faults), "there are too many faults");
    RULE(m->n_pools <= POOLS_MAX && (m->pools || !m->n_pools), "there are too many pools");
    return NULL;
}

const char *machine_invalid(const struct machine *machine)
{
    RULE(name_ok(machine->name), "the scenario's name is malformed");
    RULE(machine->until > 0 && (machine->until == SIM_NEVER || machine->until <= UNTIL_MAX),
         "the end of the run is 0 or beyond the end of simulated time");
    RULE(machine->window <= LATENCY_MAX, "the window is above one second");
    CHECK(counts_invalid(machine));
    CHECK(systems_invalid(machine));
    CHECK(boards_invalid(machine));
    CHECK(partitions_invalid(machine));
    CHECK(links_invalid(machine));
    CHECK(cpus_invalid(machine));
    CHECK(guests_invalid(machine));
    CHECK(pools_invalid(machine));
    return faults_invalid(machine);
}
