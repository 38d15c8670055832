// SPDX-License-Identifier: Apache-2.0
#include "proto/base/pool.h"

#include <string.h>

#include "proto/base/rules.h"

#define PAUSE_MAX SIM_PS_PER_S // longest time of one thing that a thread does

bool pattern_has_threads(enum pattern pattern)
{
    switch (pattern) {
    case PATTERN_PRIVATE:
    case PATTERN_STREAM:
    case PATTERN_RANDOM:
    case PATTERN_POINTER_CHASE:
    case PATTERN_HOT_LINES:
    case PATTERN_BURST:
        return true;
    default:
        return false;
    }
}

bool frames_reachable(const struct machine *m, const struct partition_desc *p)
{
    for (uint32_t i = 0; i < p->n_boards; i++) {
        uint64_t memory = m->boards[p->boards[i]].params.memory_bytes, covered = 0;
        if (p->frames_offset >= memory)
            return false;
        for (uint32_t j = 0; j < p->n_segments; j++) {
            const struct segment_desc *s = &p->segments[j];
            uint64_t end = s->offset + s->size / s->n_boards;
            uint64_t begin = s->offset > p->frames_offset ? s->offset : p->frames_offset;
            for (uint32_t k = 0; k < s->n_boards; k++)
                covered += s->boards[k] == p->boards[i] && end > begin ? end - begin : 0;
        }
        if (covered != memory - p->frames_offset)
            return false;
    }
    return true;
}

uint64_t partition_frames(const struct machine *m, uint32_t partition)
{
    const struct partition_desc *p = &m->partitions[partition];
    uint64_t frames = 0;
    for (uint32_t i = 0; i < p->n_boards; i++) {
        uint64_t memory = m->boards[p->boards[i]].params.memory_bytes;
        frames += memory > p->frames_offset ? (memory - p->frames_offset) / PAGE_BYTES : 0;
    }
    return frames;
}

uint64_t pool_pages(const struct machine *m, uint32_t partition)
{
    uint64_t pages = 0;
    for (uint32_t i = 0; i < m->n_pools; i++)
        if (m->pools[i].partition == partition && m->pools[i].what.kind == CPU_GENERATOR)
            pages += (m->pools[i].what.size + PAGE_BYTES - 1) / PAGE_BYTES;
    return pages;
}

static const char *generator_invalid(const struct cpu_desc *c)
{
    RULE((unsigned)c->pattern < PATTERN_COUNT && pattern_has_threads(c->pattern),
         "threads run a pattern whose members wait for one another");
    RULE(c->base == 0 && c->size >= 8 && c->size % 8 == 0 && c->size <= MEMORY_PER_BOARD_MAX,
         "virtual addresses of threads do not begin at 0, or are none, too many or not aligned to 8 bytes");
    RULE(c->write_permille <= 1000, "a thread writes more than always");
    RULE(c->compute <= PAUSE_MAX, "a thread computes for more than a second");
    return NULL;
}

static const char *trace_invalid(const struct cpu_desc *c)
{
    size_t length = strnlen(c->trace, PATH_MAX_BYTES);
    RULE(length > 0 && length < PATH_MAX_BYTES, "a trace has no file name or one that is too long");
    RULE(c->placement == PLACE_FIRST_TOUCH || c->placement == PLACE_ROUND_ROBIN,
         "threads' pages are placed on a board that may go");
    RULE(c->backoff >= 1 && c->backoff <= PAUSE_MAX && c->give_up >= 1 && c->give_up <= GIVE_UP_MAX,
         "a trace's waiting is 0, its pauses above one second or its patience above a thousand");
    return NULL;
}

static const char *pool_invalid(const struct machine *m, const struct pool_desc *pool)
{
    const struct cpu_desc *c = &pool->what;
    RULE(pool->partition < m->n_partitions, "threads run in a partition that does not exist");
    RULE(pool->n_threads >= 1 && pool->n_threads <= POOL_THREADS_MAX, "a pool has no threads or too many");
    RULE(c->member == 0 && c->members == pool->n_threads, "a pool's threads are not its members");
    RULE(c->outstanding >= 1 && c->outstanding <= OUTSTANDING_MAX,
         "a thread has no accesses under way or too many");
    RULE(pool->quantum >= 1 && pool->quantum <= PAUSE_MAX && pool->switch_time <= PAUSE_MAX,
         "a quantum is 0, or it or a switch of threads above one second");
    RULE(pool->context_bytes <= POOL_CONTEXT_MAX, "a thread's context is above POOL_CONTEXT_MAX");
    RULE(!m->partitions[pool->partition].guest.image[0], "a partition has both a guest and pools");
    RULE(frames_reachable(m, &m->partitions[pool->partition]),
         "threads run where a board has no frames, or frames in no segment");
    RULE(c->kind == CPU_GENERATOR || c->kind == CPU_TRACE, "threads run neither a generator nor a trace");
    return c->kind == CPU_GENERATOR ? generator_invalid(c) : trace_invalid(c);
}

const char *pools_invalid(const struct machine *machine)
{
    for (uint32_t i = 0; i < machine->n_pools; i++) {
        CHECK(pool_invalid(machine, &machine->pools[i]));
        RULE(i == 0 || machine->pools[i - 1].partition <= machine->pools[i].partition,
             "pools are not in ascending order of their partitions");
    }
    for (uint32_t p = 0; p < machine->n_partitions; p++)
        RULE(pool_pages(machine, p) <= partition_frames(machine, p),
             "threads have more pages than their partition has frames");
    return NULL;
}
