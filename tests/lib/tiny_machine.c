// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/tiny_machine.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/assert.h"

// Caches small enough that tests see evictions, latencies short enough that races are close.
static const struct board_params params = {
    .cpu_hz = 1000000000,
    .line_bytes = 64,
    .l1 = {.bytes = 512, .ways = 2, .latency = 1000},
    .l1i = {.bytes = 512, .ways = 2, .latency = 1000},
    .l2 = {.bytes = 2048, .ways = 4, .latency = 3000},
    .mshrs = 8,
    .bus_order = 4000,
    .bus_return = 2000,
    .bus_occupancy = 1000,
    .agent_latency = 2000,
    .home_occupancy = 3000,
    .local_latency = 1000,
    .memory_latency = 20000,
    .memory_bytes_per_s = UINT64_C(10000000000),
    .port_bytes_per_s = UINT64_C(20000000000),
    .header_bytes = 8,
};

static void add_segment(struct partition_desc *partition, const struct tiny_shape *shape, unsigned first,
                        uint32_t n)
{
    struct segment_desc *segment = &partition->segments[partition->n_segments++];
    const struct segment_desc *before = partition->n_segments > 1 ? segment - 1 : NULL;
    segment->base = before ? before->base + before->size : 0;
    segment->size = shape->memory_bytes * n;
    segment->granule = n > 1 ? shape->granule : 0;
    segment->n_boards = n;
    for (unsigned i = 0; i < n; i++)
        segment->boards[i] = (uint16_t)(first + i);
}

static void init_partition(struct tiny_machine *tiny, const struct tiny_shape *shape, unsigned number)
{
    struct partition_desc *partition = &tiny->partitions[number];
    unsigned half = shape->boards / 2, first = number ? half : 0;
    partition->n_boards = shape->partitions == 1 ? shape->boards : number ? shape->boards - half : half;
    partition->frames_offset = shape->frames_offset;
    partition->seed = 1 + number;
    snprintf(partition->name, sizeof partition->name, "P%u", number);
    for (unsigned i = 0; i < partition->n_boards; i++) {
        partition->boards[i] = (uint16_t)(first + i);
        tiny->boards[first + i].partition = number;
    }
    if (shape->granule)
        add_segment(partition, shape, first, partition->n_boards);
    for (unsigned i = 0; i < partition->n_boards && !shape->granule; i++)
        add_segment(partition, shape, first + i, 1);
}

static void init_boards(struct tiny_machine *tiny, const struct tiny_shape *shape)
{
    for (unsigned i = 0; i < shape->boards; i++) {
        struct board_desc *board = &tiny->boards[i];
        board->params = params;
        board->params.cpus = shape->cpus;
        board->params.l1_split = shape->l1_split;
        board->params.store_buffer = shape->store_buffer;
        board->params.memory_bytes = shape->memory_bytes;
        snprintf(board->name, sizeof board->name, "SB%u", i);
    }
}

void tiny_machine_init(struct tiny_machine *tiny, const struct tiny_shape *shape)
{
    memset(tiny, 0, sizeof *tiny);
    NP_ASSERT(shape->boards <= TINY_BOARDS);
    tiny->system = (struct system_desc){.name = "tiny", .boards = shape->boards, .flight = 10000};
    snprintf(tiny->system.protocol, sizeof tiny->system.protocol, "%s", shape->protocol);
    init_boards(tiny, shape);
    for (unsigned i = 0; i < shape->partitions; i++)
        init_partition(tiny, shape, i);
    tiny->links[0] = (struct link_desc){
        .name = "link", .latency = SIM_PS_PER_US, .bytes_per_s = 1000000000, .board = {0, 0}};
    tiny->links[0].board[1] = (uint16_t)(shape->boards / 2);
    tiny->machine = (struct machine){.name = "tiny",
                                     .seed = 1,
                                     .until = SIM_NEVER,
                                     .n_systems = 1,
                                     .n_boards = shape->boards,
                                     .n_partitions = shape->partitions,
                                     .n_links = shape->partitions - 1,
                                     .systems = &tiny->system,
                                     .boards = tiny->boards,
                                     .partitions = tiny->partitions,
                                     .cpus = tiny->cpus,
                                     .links = tiny->links};
}

struct cpu_desc *tiny_machine_add(struct tiny_machine *tiny, unsigned board, unsigned index,
                                  enum cpu_kind kind)
{
    NP_ASSERT(tiny->machine.n_cpus < TINY_CPUS);
    struct cpu_desc *cpu = &tiny->cpus[tiny->machine.n_cpus++];
    cpu->board = (uint16_t)board;
    cpu->index = (uint16_t)index;
    cpu->kind = kind;
    cpu->outstanding = 1;
    cpu->members = 1;
    cpu->program = tiny->machine.n_cpus - 1; // each its own
    cpu->backoff = 200 * SIM_PS_PER_NS;
    cpu->give_up = SIM_PS_PER_S / 100;
    return cpu;
}
