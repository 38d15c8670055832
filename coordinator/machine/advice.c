// SPDX-License-Identifier: Apache-2.0
// What is allowed and probably not meant. Each warning says what follows from it.
#include <string.h>

#include "coordinator/machine/lookahead.h"
#include "coordinator/machine/reader.h"

static bool power_of_two(uint32_t n)
{
    return (n & (n - 1)) == 0;
}

static uint32_t lower_power(uint32_t n)
{
    uint32_t power = 1;
    while (2 * power <= n)
        power *= 2;
    return power;
}

static void advise_memory(struct reader *r, const struct partition_desc *p, const struct draft *draft)
{
    const struct machine *m = &r->out->machine;
    bool explicit_ranges = value_is_list(draft->memory);
    // A rule of machines with several crossbars ([S:HP-RULES] facts 2); others deal pages to any number.
    bool cells = system_figure_given(&r->out->system_figures[p->system], SYS_BOARDS);
    for (uint32_t i = 0; cells && i < p->n_segments; i++)
        if (p->segments[i].n_boards > 1 && !power_of_two(p->segments[i].n_boards))
            warn(r, explicit_ranges ? list_at(draft->memory, i) : draft->where,
                 "partition %s interleaves over %u boards, not a power of two; HP's machines then interleave "
                 "part of the range over fewer boards, where pages have less bandwidth; use %u or %u",
                 p->name, p->segments[i].n_boards, lower_power(p->segments[i].n_boards),
                 2 * lower_power(p->segments[i].n_boards));
    bool interleaved = false;
    for (uint32_t i = 0; i < p->n_segments; i++)
        interleaved |= p->segments[i].n_boards > 1;
    for (uint32_t i = 1; interleaved && i < p->n_boards; i++)
        if (m->boards[p->boards[i]].params.memory_bytes != m->boards[p->boards[0]].params.memory_bytes) {
            warn(r, draft->where,
                 "the boards of partition %s differ in memory; what larger ones have beyond the "
                 "smallest is not interleaved unless memory: says how",
                 p->name);
            break;
        }
}

// Entries with regions of their own that overlap: their values and turns would disturb each other.
static void advise_regions(struct reader *r)
{
    const struct scenario *s = r->out;
    const struct cpu_desc *first[64];
    uint32_t entries[64], n = 0;
    for (uint32_t i = 0; i < s->machine.n_cpus && n < 64; i++)
        if (s->machine.cpus[i].kind == CPU_GENERATOR && s->machine.cpus[i].member == 0) {
            entries[n] = s->program_of[i];
            first[n++] = &s->machine.cpus[i];
        }
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < i; j++) {
            const struct program *a = &s->programs[entries[i]], *b = &s->programs[entries[j]];
            bool apart = first[i]->base >= first[j]->base + first[j]->size ||
                         first[j]->base >= first[i]->base + first[i]->size;
            if (a->partition == b->partition && !apart)
                warn(r, r->drafts[a->partition].where,
                     "the generators of lines %u and %u share a region; each counts on finding its own "
                     "values there",
                     a->line < b->line ? a->line : b->line, a->line < b->line ? b->line : a->line);
        }
}

static void advise_window(struct reader *r, struct value where)
{
    const struct machine *m = &r->out->machine;
    char window[UNIT_TEXT_SIZE], bound[UNIT_TEXT_SIZE];
    if (m->window == 0)
        return;
    sim_time least = SIM_NEVER;
    for (uint32_t i = 0; i < m->n_partitions; i++)
        least = sim_min(least, lookahead_of_partition(m, i));
    unit_pretty_time(m->window, window);
    unit_pretty_time(least, bound);
    if (m->window <= least)
        warn(r, where, "the window of %s is not above the lookahead of %s: it changes nothing, leave it out",
             window, bound);
    else
        warn(r, where,
             "the window of %s is above the lookahead of %s: messages between boards may be delivered late, "
             "results "
             "are an approximation, and late messages are counted",
             window, bound);
}

static void advise_idle(struct reader *r, const struct machine *m, uint32_t partition)
{
    for (uint32_t i = 0; i < m->n_pools; i++)
        if (m->pools[i].partition == partition)
            return;
    for (uint32_t i = 0; i < m->n_cpus; i++)
        if (m->boards[m->cpus[i].board].partition == partition)
            return;
    warn(r, r->drafts[partition].where,
         "partition %s runs nothing; add programs:", m->partitions[partition].name);
}

// A program that sends frames to an end where nobody answers waits there forever.
static void advise_links(struct reader *r, struct value links)
{
    const struct machine *m = &r->out->machine;
    for (uint32_t i = 0; i < m->n_links; i++) {
        uint32_t ends = 0;
        for (uint32_t c = 0; c < m->n_cpus; c++)
            ends += m->cpus[c].kind == CPU_GENERATOR && m->cpus[c].pattern == PATTERN_FRAMES &&
                    m->cpus[c].link == i;
        if (ends < 2)
            warn(r, list_at(links, i), "link %s has %s; add generator: frames at each of its ends",
                 m->links[i].name,
                 ends ? "a program at one end only, which will wait forever" : "no program at its ends");
    }
}

// A generator without an end, and no end of the run either.
static void advise_end(struct reader *r, struct value root)
{
    const struct machine *m = &r->out->machine;
    bool endless = false;
    for (uint32_t i = 0; i < m->n_cpus; i++)
        endless |= m->cpus[i].kind == CPU_GENERATOR && m->cpus[i].count == 0;
    for (uint32_t i = 0; i < m->n_pools; i++)
        endless |= m->pools[i].what.kind == CPU_GENERATOR && m->pools[i].what.count == 0;
    if (endless && m->until == SIM_NEVER)
        warn(r, root,
             "a generator has no count: and the scenario no until:; the run ends only when interrupted");
}

static void advise_parameters(struct reader *r, struct value parameters)
{
    const struct scenario *s = r->out;
    for (uint32_t i = 0; i < s->n_parameters; i++)
        if (!s->parameters[i].used)
            warn(r, mapping_get(parameters, s->parameters[i].name),
                 "parameter %s is used nowhere; write $%s where its value belongs", s->parameters[i].name,
                 s->parameters[i].name);
}

void advice_collect(struct reader *r, struct value root)
{
    const struct machine *m = &r->out->machine;
    for (uint32_t i = 0; i < m->n_partitions; i++) {
        advise_placement(r, i);
        advise_memory(r, &m->partitions[i], &r->drafts[i]);
        advise_addresses(r, i);
        advise_idle(r, m, i);
    }
    advise_regions(r);
    advise_window(r, mapping_get(root, "window"));
    advise_links(r, mapping_get(root, "links"));
    advise_end(r, root);
    advise_parameters(r, mapping_get(root, "parameters"));
}
