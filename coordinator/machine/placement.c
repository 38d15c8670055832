// SPDX-License-Identifier: Apache-2.0
// How many CPUs and which boards a partition has: the lecture's and HP's advice.
#include "coordinator/machine/placement.h"

#include <inttypes.h>

#include "coordinator/machine/reader.h"

// The lecture's rule for Unix transactions: hardly more than 3 boards of 4 CPUs (text 12.1.3, Abb. 12.1.5).
// It does not hold for machines of which more CPUs are advised than a Unix SMP's 16 (text 12.1.2).
#define REALISTIC_BOARDS 3
#define REALISTIC_CPUS   12
#define UNIX_CPUS        16

// From this load of links on a warning is due: nearer to 2, the bottleneck, than to 1, which is good.
#define LOAD_TOO_HIGH 1500

uint32_t placement_crossbars(const struct system_desc *system)
{
    uint32_t quad = system->boards_per_crossbar;
    return quad ? (system->boards + quad - 1) / quad : 1;
}

uint32_t placement_crossbar_of(const struct system_desc *system, uint32_t board)
{
    return system->boards_per_crossbar ? (board - system->first_board) / system->boards_per_crossbar : 0;
}

uint32_t placement_boards_on(const struct machine *machine, uint32_t partition, uint32_t crossbar)
{
    const struct partition_desc *p = &machine->partitions[partition];
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->n_boards; i++)
        n += placement_crossbar_of(&machine->systems[p->system], p->boards[i]) == crossbar;
    return n;
}

uint64_t placement_link_load(const struct machine *machine, uint32_t partition, uint32_t x, uint32_t y,
                             uint64_t links)
{
    uint64_t on_x = placement_boards_on(machine, partition, x),
             on_y = placement_boards_on(machine, partition, y);
    return on_x * on_y * 1000 / (machine->partitions[partition].n_boards * links);
}

static void advise_size(struct reader *r, const struct partition_desc *p, struct value where)
{
    const struct system_figures *figures = &r->out->system_figures[p->system];
    uint32_t cpus = 0;
    for (uint32_t i = 0; i < p->n_boards; i++)
        cpus += r->out->machine.boards[p->boards[i]].params.cpus;
    if (figures->smp_cpus && cpus > figures->smp_cpus)
        warn(r, where,
             "partition %s has %" PRIu32 " CPUs; up to %" PRIu64
             " are advised for one SMP of this machine (%.64s): divide it, or expect further CPUs to bring "
             "less",
             p->name, cpus, figures->smp_cpus, figures->sources[SYS_SMP_CPUS].text);
    if (p->n_boards > REALISTIC_BOARDS && cpus > REALISTIC_CPUS && figures->smp_cpus <= UNIX_CPUS)
        warn(r, where,
             "partition %s has %u boards with %u CPUs; for Unix transactions hardly more than %d boards (%d "
             "CPUs) are realistic: expect each further board to bring less",
             p->name, p->n_boards, cpus, REALISTIC_BOARDS, REALISTIC_CPUS);
}

static void advise_quads(struct reader *r, uint32_t partition, struct value where)
{
    const struct machine *m = &r->out->machine;
    const struct partition_desc *p = &m->partitions[partition];
    const struct system_desc *s = &m->systems[p->system];
    uint32_t first = placement_crossbar_of(s, p->boards[0]);
    uint32_t beside = p->n_boards - placement_boards_on(m, partition, first);
    if (s->boards_per_crossbar && p->n_boards <= s->boards_per_crossbar && beside)
        warn(r, where,
             "partition %s has %u boards, which one crossbar of %u could hold, and is spread over several: "
             "choose its boards on one",
             p->name, p->n_boards, s->boards_per_crossbar);
}

static void advise_links(struct reader *r, uint32_t partition, struct value where)
{
    const struct machine *m = &r->out->machine;
    const struct partition_desc *p = &m->partitions[partition];
    uint32_t crossbars = placement_crossbars(&m->systems[p->system]);
    uint64_t links = r->out->system_figures[p->system].links;
    for (uint32_t y = 1; links && y < crossbars; y++)
        for (uint32_t x = 0; x < y; x++) {
            uint64_t load = placement_link_load(m, partition, x, y, links);
            if (load >= LOAD_TOO_HIGH)
                warn(r, where,
                     "partition %s: load %u.%02u of the links between crossbars %u and %u (%u x %u boards of "
                     "%u over %u links); below 1 is good, near 2 a bottleneck: move boards to one crossbar",
                     p->name, (unsigned)(load / 1000), (unsigned)(load % 1000 / 10), x, y,
                     placement_boards_on(m, partition, x), placement_boards_on(m, partition, y), p->n_boards,
                     (unsigned)links);
        }
}

// Memory of a board that no other shares in an interleave: cell-local memory in HP's words.
static uint64_t local_memory(const struct partition_desc *p, uint16_t board)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < p->n_segments; i++)
        bytes += p->segments[i].n_boards == 1 && p->segments[i].boards[0] == board ? p->segments[i].size : 0;
    return bytes;
}

// Firmware gives a cell's local memory in steps ([S:HP-WIN116] facts 2), rounded up.
static void advise_local_memory(struct reader *r, const struct partition_desc *p, struct value where)
{
    const struct machine *m = &r->out->machine;
    const struct system_figures *figures = &r->out->system_figures[p->system];
    char local[UNIT_TEXT_SIZE], step_text[UNIT_TEXT_SIZE], rounded[UNIT_TEXT_SIZE];
    for (uint32_t i = 0; figures->clm_steps && p->n_boards > 1 && i < p->n_boards; i++) {
        uint64_t memory = m->boards[p->boards[i]].params.memory_bytes, bytes = local_memory(p, p->boards[i]);
        bool small = memory < figures->clm_small_cell;
        uint64_t step = memory / (small ? (figures->clm_steps + 1) / 2 : figures->clm_steps);
        if (step == 0 || bytes % step == 0)
            continue;
        warn(
            r, where,
            "cell %s has %s of local memory; the machine gives it in steps of %s and would make it %s: write "
            "that",
            m->boards[p->boards[i]].name, unit_format(UNIT_SIZE, bytes, local),
            unit_format(UNIT_SIZE, step, step_text),
            unit_format(UNIT_SIZE, (bytes / step + 1) * step, rounded));
    }
}

void advise_placement(struct reader *r, uint32_t partition)
{
    struct value where = r->drafts[partition].where;
    advise_size(r, &r->out->machine.partitions[partition], where);
    advise_quads(r, partition, where);
    advise_links(r, partition, where);
    advise_local_memory(r, &r->out->machine.partitions[partition], where);
}
