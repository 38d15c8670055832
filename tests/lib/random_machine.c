// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/random_machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"
#include "proto/base/pool.h"

static uint64_t between(struct rng *rng, uint64_t low, uint64_t high)
{
    return low + rng_below(rng, high - low + 1);
}

static uint32_t between32(struct rng *rng, uint32_t low, uint32_t high)
{
    return (uint32_t)between(rng, low, high);
}

static void *zeroed(uint32_t count, size_t size)
{
    void *items = calloc(count ? count : 1, size);
    NP_ASSERT(items);
    return items;
}

void random_machine_name(char name[NAME_MAX_BYTES], const char *stem, uint32_t number)
{
    snprintf(name, NAME_MAX_BYTES, "%s%u", stem, number);
}

static void fill_cache(struct rng *rng, struct cache_geometry *cache, uint32_t line_bytes, uint64_t sets)
{
    cache->ways = between32(rng, 1, WAYS_MAX);
    cache->bytes = (uint64_t)cache->ways * line_bytes * sets;
    cache->latency = between(rng, 1, 100000);
}

static void fill_params(struct rng *rng, struct board_params *p, uint32_t line_bytes)
{
    p->cpus = between32(rng, 1, CPUS_PER_BOARD_MAX);
    p->cpu_hz = between(rng, 1, SIM_PS_PER_S);
    p->line_bytes = line_bytes;
    p->l1_split = rng_below(rng, 2);
    fill_cache(rng, &p->l1, line_bytes, UINT64_C(1) << rng_below(rng, 8));
    fill_cache(rng, &p->l1i, line_bytes, UINT64_C(1) << rng_below(rng, 8));
    fill_cache(rng, &p->l2, line_bytes, UINT64_C(1) << between(rng, 13, 20)); // above 32 ways of 128 sets
    p->mshrs = between32(rng, 1, 1024);
    p->bus_order = between(rng, 1, SIM_PS_PER_US);
    p->bus_return = between(rng, 0, SIM_PS_PER_US);
    p->bus_occupancy = between(rng, 0, SIM_PS_PER_US);
    p->agent_latency = between(rng, 0, SIM_PS_PER_US);
    p->home_occupancy = between(rng, 0, SIM_PS_PER_US);
    p->local_latency = between(rng, 0, SIM_PS_PER_US);
    p->memory_bytes = between(rng, 512, 1u << 30) * PAGE_BYTES;
    p->memory_latency = between(rng, 0, SIM_PS_PER_S);
    p->memory_bytes_per_s = between(rng, 1000000, UINT64_C(1000000000000));
    p->port_bytes_per_s = between(rng, 1000000, UINT64_C(1000000000000));
    p->header_bytes = between32(rng, 1, 1024);
    p->store_buffer = between32(rng, 0, STORE_BUFFER_MAX);
    if (rng_below(rng, 2))
        p->sharer_pointers = between32(rng, 0, BOARDS_PER_SYSTEM_MAX);
    else
        p->sharer_coarse = between32(rng, 0, BOARDS_PER_SYSTEM_MAX);
    p->directory_ways = between32(rng, 1, WAYS_MAX);
    p->directory_entries = p->directory_ways << rng_below(rng, 10);
}

static void fill_system(struct rng *rng, struct machine *m, uint32_t index)
{
    struct system_desc *s = &m->systems[index];
    random_machine_name(s->name, "system", index);
    random_machine_name(s->protocol, "mesi", between32(rng, 0, 9));
    s->first_board = m->n_boards;
    s->boards = between32(rng, 1, 4);
    s->flight = between(rng, 1, SIM_PS_PER_S);
    s->far_flight = between(rng, 1, SIM_PS_PER_S);
    s->boards_per_crossbar = between32(rng, 0, 4);
    s->directory_miss = (enum directory_miss)between32(rng, 0, DIRECTORY_MISS_COUNT - 1);
    s->family = (enum family)between32(rng, 0, FAMILY_COUNT - 1);
    s->controller_latency = between(rng, 0, SIM_PS_PER_S);
    uint32_t line_bytes = LINE_BYTES_MIN << rng_below(rng, 5);
    for (uint32_t i = 0; i < s->boards; i++) {
        struct board_desc *b = &m->boards[m->n_boards++];
        random_machine_name(b->name, "SB", m->n_boards - 1);
        b->system = index;
        b->partition = NO_PARTITION;
        b->blacklisted = rng_below(rng, 8) == 0;
        fill_params(rng, &b->params, line_bytes);
    }
}

static struct segment_desc *add_segment(struct partition_desc *p, uint64_t *base, uint64_t size)
{
    struct segment_desc *s = &p->segments[p->n_segments++];
    s->base = *base;
    s->size = size;
    *base += size;
    return s;
}

// Boards that take no part in an interleave may float.
static void fill_floating(struct rng *rng, struct machine *m, const struct partition_desc *p)
{
    for (uint32_t i = 0; i < p->n_boards; i++) {
        bool alone = true;
        for (uint32_t j = 0; j < p->n_segments; j++)
            for (uint32_t k = 0; k < p->segments[j].n_boards; k++)
                alone &= p->segments[j].n_boards == 1 || p->segments[j].boards[k] != p->boards[i];
        m->boards[p->boards[i]].floating = alone && rng_below(rng, 2);
    }
}

// Segments that are shared by some of the boards, then one for the frames of each.
static void fill_segments(struct rng *rng, const struct machine *m, struct partition_desc *p)
{
    uint32_t line_bytes = m->boards[p->boards[0]].params.line_bytes;
    uint64_t base = 0, offset = between(rng, 0, 8) * PAGE_BYTES;
    for (uint64_t n = between(rng, 1, 5); n > 0; n--) {
        uint64_t share = between(rng, 1, 32) * PAGE_BYTES;
        uint32_t boards = between32(rng, 1, p->n_boards);
        struct segment_desc *s = add_segment(p, &base, share * boards);
        s->n_boards = boards;
        memcpy(s->boards, p->boards, boards * sizeof s->boards[0]);
        if (boards > 1 || rng_below(rng, 2))
            s->granule = (uint64_t)line_bytes << rng_below(rng, 5); // 16 << 4 up to 4096: divides a page
        s->offset = offset;
        offset += share;
    }
    p->frames_offset = offset;
    const struct segment_desc *first = &p->segments[0];
    if (first->granule == 0 && first->offset == 0)
        p->permanent_bytes = rng_below(rng, first->size / PAGE_BYTES + 1) * PAGE_BYTES;
    for (uint32_t i = 0; i < p->n_boards; i++) {
        uint64_t memory = m->boards[p->boards[i]].params.memory_bytes;
        struct segment_desc *s = add_segment(p, &base, memory - offset);
        s->n_boards = 1;
        s->boards[0] = p->boards[i];
        s->offset = offset;
    }
}

// Deals the free boards of a system out to partitions; now and then one stays free.
static void fill_partitions(struct rng *rng, struct machine *m, uint32_t system)
{
    const struct system_desc *s = &m->systems[system];
    uint32_t next = s->first_board, end = next + s->boards;
    while (next < end) {
        if (m->n_partitions && rng_below(rng, 8) == 0) {
            next++;
            continue;
        }
        struct partition_desc *p = &m->partitions[m->n_partitions];
        random_machine_name(p->name, "domain", m->n_partitions);
        p->system = system;
        p->seed = rng_next(rng);
        for (uint32_t n = between32(rng, 1, end - next); n > 0; n--) {
            m->boards[next].partition = m->n_partitions;
            m->boards[next].blacklisted = false;
            p->boards[p->n_boards++] = (uint16_t)next++;
        }
        fill_segments(rng, m, p);
        fill_floating(rng, m, p);
        m->n_partitions++;
    }
}

static void fill_links(struct rng *rng, struct machine *m)
{
    for (uint32_t tries = 0; tries < 8; tries++) {
        uint16_t a = (uint16_t)rng_below(rng, m->n_boards), b = (uint16_t)rng_below(rng, m->n_boards);
        uint32_t pa = m->boards[a].partition, pb = m->boards[b].partition;
        if (pa == pb || pa == NO_PARTITION || pb == NO_PARTITION)
            continue;
        struct link_desc *l = &m->links[m->n_links];
        random_machine_name(l->name, "link", m->n_links++);
        l->board[0] = a;
        l->board[1] = b;
        l->latency = between(rng, 1, SIM_PS_PER_S);
        l->bytes_per_s = between(rng, 1000000, UINT64_C(1000000000000));
    }
}

// Fills also what the CPU's kind and pattern do not use.
static void fill_cpu(struct rng *rng, const struct machine *m, struct cpu_desc *c)
{
    const struct partition_desc *p = &m->partitions[m->boards[c->board].partition];
    c->kind = (enum cpu_kind)rng_below(rng, CPU_TRACE + 1);
    c->outstanding = between32(rng, 1, OUTSTANDING_MAX);
    c->pattern = (enum pattern)rng_below(rng, PATTERN_FRAMES); // frames need a link at this board
    c->base = 8 * between(rng, 0, 100);
    c->size = 8 * between(rng, 1, 100);
    c->members = between32(rng, 1, 100);
    c->member = between32(rng, 0, c->members - 1);
    c->write_permille = between32(rng, 0, 1000);
    c->stride = rng_next(rng);
    c->count = rng_next(rng);
    c->critical = (uint32_t)rng_next(rng);
    c->parallel = (uint32_t)rng_next(rng);
    c->compute = between(rng, 0, SIM_PS_PER_S);
    c->link = (uint32_t)rng_next(rng);
    c->frame_bytes = between32(rng, 1, FRAME_BYTES_MAX);
    if (c->kind == CPU_SCRIPT || rng_below(rng, 4) == 0) {
        c->script = zeroed(1000, 1);
        snprintf(c->script, 1000, "store %u 1\n", between32(rng, 0, UINT16_MAX));
    }
    snprintf(c->trace, sizeof c->trace, "/traces/%u.nptrace", between32(rng, 0, UINT16_MAX));
    c->placement = (enum placement)rng_below(rng, PLACE_FIXED + 1);
    c->backoff = between(rng, 1, SIM_PS_PER_S);
    c->give_up = between(rng, 1, SIM_PS_PER_S);
    c->fixed_board = p->boards[rng_below(rng, p->n_boards)];
}

// Now and then the CPUs of a partition that have programs run a guest instead.
static void fill_guest(struct rng *rng, struct machine *m, uint32_t partition)
{
    struct guest_desc *g = &m->partitions[partition].guest;
    if (rng_below(rng, 3))
        return;
    for (uint32_t i = 0; i < m->n_cpus; i++) {
        struct cpu_desc *c = &m->cpus[i];
        if (m->boards[c->board].partition != partition)
            continue;
        c->kind = CPU_ZARCH;
        c->outstanding = 1;
        c->member = g->n_cpus++;
    }
    for (uint32_t i = 0; i < m->n_cpus; i++)
        if (m->boards[m->cpus[i].board].partition == partition)
            m->cpus[i].members = g->n_cpus;
    if (g->n_cpus == 0)
        return;
    snprintf(g->image, sizeof g->image, "/guests/%u.elf", between32(rng, 0, UINT16_MAX));
    snprintf(g->arguments, sizeof g->arguments, "cpus=%u \"quoted\"", between32(rng, 0, UINT16_MAX));
    g->architecture = (enum architecture)rng_below(rng, ARCHITECTURE_COUNT);
    g->functional = rng_below(rng, 2);
    g->n_inputs = between32(rng, 0, 3);
    g->inputs = zeroed(g->n_inputs, sizeof *g->inputs);
    sim_time at = 0;
    for (uint32_t i = 0; i < g->n_inputs; i++) {
        g->inputs[i].at = at += between(rng, 0, SIM_PS_PER_S);
        snprintf(g->inputs[i].text, sizeof g->inputs[i].text, "line %u\n", i);
    }
}

static void fill_cpus(struct rng *rng, struct machine *m)
{
    for (uint32_t board = 0; board < m->n_boards; board++)
        for (uint32_t i = 0; i < m->boards[board].params.cpus; i++) {
            if (m->boards[board].partition == NO_PARTITION || rng_below(rng, 2))
                continue;
            struct cpu_desc *c = &m->cpus[m->n_cpus++];
            c->board = (uint16_t)board;
            c->index = (uint16_t)i;
            fill_cpu(rng, m, c);
            c->program = m->n_cpus - 1;
        }
    for (uint32_t i = 0; i < m->n_cpus; i++)
        for (uint32_t l = 0; l < m->n_links; l++)
            if (m->links[l].board[0] == m->cpus[i].board) {
                m->cpus[i].pattern = PATTERN_FRAMES;
                m->cpus[i].link = l;
            }
}

static void fill_pools(struct rng *rng, struct machine *m)
{
    for (uint32_t p = 0; p < m->n_partitions; p++) {
        if (m->partitions[p].guest.image[0] || rng_below(rng, 2))
            continue;
        struct pool_desc *pool = &m->pools[m->n_pools++];
        struct cpu_desc *c = &pool->what;
        c->board = m->partitions[p].boards[0];
        fill_cpu(rng, m, c);
        pool->partition = p;
        pool->n_threads = c->members = between32(rng, 1, POOL_THREADS_MAX);
        pool->quantum = between(rng, 1, SIM_PS_PER_S);
        pool->switch_time = between(rng, 0, SIM_PS_PER_S);
        pool->context_bytes = between(rng, 0, POOL_CONTEXT_MAX);
        c->member = 0;
        c->kind = rng_below(rng, 2) ? CPU_GENERATOR : CPU_TRACE;
        c->pattern = rng_below(rng, 2) ? PATTERN_STREAM : PATTERN_BURST;
        c->base = 0;
        if (c->placement == PLACE_FIXED)
            c->placement = PLACE_ROUND_ROBIN;
        c->program = m->n_cpus + m->n_pools;
    }
}

static void fill_faults(struct rng *rng, struct machine *m)
{
    sim_time at = 0;
    for (uint32_t tries = 0; tries < 4; tries++) {
        uint16_t board = (uint16_t)rng_below(rng, m->n_boards);
        if (m->boards[board].partition == NO_PARTITION)
            continue;
        const struct system_desc *s = &m->systems[m->boards[board].system];
        struct fault_desc *f = &m->faults[m->n_faults++];
        f->kind = FAULT_SEGMENT_ENTRY;
        f->at = at += between(rng, 0, SIM_PS_PER_S);
        f->board = board;
        f->segment = between32(rng, 0, m->partitions[m->boards[board].partition].n_segments - 1);
        f->home = (uint16_t)between32(rng, s->first_board, s->first_board + s->boards - 1);
    }
}

void random_machine(struct rng *rng, struct machine *machine)
{
    struct machine *m = machine;
    memset(m, 0, sizeof *m);
    random_machine_name(m->name, "scenario", between32(rng, 0, 1000));
    m->seed = rng_next(rng);
    m->until = rng_below(rng, 2) ? SIM_NEVER : between(rng, 1, UINT64_C(1) << 62);
    m->window = between(rng, 0, SIM_PS_PER_S);
    m->n_systems = between32(rng, 1, 3);
    m->systems = zeroed(m->n_systems, sizeof *m->systems);
    m->boards = zeroed(4 * m->n_systems, sizeof *m->boards);
    m->partitions = zeroed(4 * m->n_systems, sizeof *m->partitions);
    m->cpus = zeroed(4 * m->n_systems * CPUS_PER_BOARD_MAX, sizeof *m->cpus);
    m->links = zeroed(8, sizeof *m->links);
    m->faults = zeroed(4, sizeof *m->faults);
    m->pools = zeroed(4 * m->n_systems, sizeof *m->pools);
    for (uint32_t i = 0; i < m->n_systems; i++)
        fill_system(rng, m, i);
    for (uint32_t i = 0; i < m->n_systems; i++)
        fill_partitions(rng, m, i);
    fill_links(rng, m);
    fill_cpus(rng, m);
    for (uint32_t i = 0; i < m->n_partitions; i++)
        fill_guest(rng, m, i);
    fill_pools(rng, m);
    fill_faults(rng, m);
    const char *reason = machine_invalid(m);
    if (reason)
        np_panic("the random machine is invalid: %s", reason);
}
