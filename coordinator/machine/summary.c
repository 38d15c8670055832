// SPDX-License-Identifier: Apache-2.0
// What `numaplex check` shows: the machine in a page, before anything runs.
#include <inttypes.h>

#include "coordinator/machine/directory.h"
#include "coordinator/machine/generators.h"
#include "coordinator/machine/guests.h"
#include "coordinator/machine/lookahead.h"
#include "coordinator/machine/placement.h"
#include "coordinator/machine/pools.h"
#include "coordinator/machine/preset.h"
#include "coordinator/machine/scenario.h"
#include "coordinator/machine/segments.h"
#include "coordinator/partition/words.h"

static uint32_t count_cpus(const struct machine *m, const struct partition_desc *p)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->n_boards; i++)
        n += m->boards[p->boards[i]].params.cpus;
    return n;
}

static void print_board_kind(const struct board_params *b, FILE *out)
{
    char clock[UNIT_TEXT_SIZE], l1[UNIT_TEXT_SIZE], l1i[UNIT_TEXT_SIZE], l2[UNIT_TEXT_SIZE],
        memory[UNIT_TEXT_SIZE];
    char port[UNIT_TEXT_SIZE];
    unit_format(UNIT_SIZE, b->l1.bytes, l1);
    unit_format(UNIT_SIZE, b->l1i.bytes, l1i);
    fprintf(out, "  each board   %" PRIu32 " CPUs at %s, lines of %" PRIu32 " bytes, %s of memory, port %s\n",
            b->cpus, unit_format(UNIT_FREQUENCY, b->cpu_hz, clock), b->line_bytes,
            unit_format(UNIT_SIZE, b->memory_bytes, memory),
            unit_format(UNIT_BANDWIDTH, b->port_bytes_per_s, port));
    fprintf(out,
            "  caches       L1 %s %" PRIu32 "-way%s%s%s, board cache %s %" PRIu32 "-way, %" PRIu32 " MSHRs\n",
            l1, b->l1.ways, b->l1_split ? " data and " : " unified", b->l1_split ? l1i : "",
            b->l1_split ? " instructions" : "", unit_format(UNIT_SIZE, b->l2.bytes, l2), b->l2.ways,
            b->mshrs);
}

static void print_latencies(const struct board_params *b, const struct system_desc *s, FILE *out)
{
    struct unloaded u = unloaded_latencies(b, s);
    const struct {
        const char *what;
        sim_time time;
    } rows[] = {{"L1 hit", u.l1},
                {"board cache", u.board},
                {"own memory", u.local},
                {"other board's memory", u.remote},
                {"dirty on a third board", u.remote_dirty},
                {"another crossbar's memory", u.far}};
    fprintf(out, "  a load alone ");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] - (u.far == 0); i++) {
        char text[UNIT_TEXT_SIZE];
        fprintf(out, "%s%s %s", i ? ", " : "", rows[i].what, unit_pretty_time(rows[i].time, text));
    }
    fprintf(out, "\n               (sums of the components it passes, with nothing else under way)\n");
}

static void print_system(const struct scenario *scenario, uint32_t number, FILE *out)
{
    const struct machine *m = &scenario->machine;
    const struct system_desc *s = &m->systems[number];
    const struct board_params *b = &m->boards[s->first_board].params;
    char flight[UNIT_TEXT_SIZE];
    fprintf(out, "\nSystem %s: %" PRIu32 " board%s, protocol %s, crossbar flight %s\n", s->name, s->boards,
            s->boards == 1 ? "" : "s", s->protocol, unit_pretty_time(s->flight, flight));
    if (s->boards_per_crossbar)
        fprintf(out, "  crossbars    %" PRIu32 " boards on each, flight between them %s\n",
                s->boards_per_crossbar, unit_pretty_time(s->far_flight, flight));
    if (s->controller_latency)
        fprintf(out, "  controller   family %s, %s from a board's report to its next order\n",
                family_name(s->family), unit_pretty_time(s->controller_latency, flight));
    char trust[PROVENANCES_TEXT_SIZE];
    struct provenances found = scenario_provenances(scenario, number);
    fprintf(out, "  figures      %s\n", provenances_text(&found, trust));
    print_board_kind(b, out);
    directory_print(b, s, out);
    print_latencies(b, s, out);
    bool any = false;
    for (uint32_t i = s->first_board; i < s->first_board + s->boards; i++)
        if (m->boards[i].partition == NO_PARTITION) {
            fprintf(out, "%s%s%s", any ? " " : "  free boards  ", m->boards[i].name,
                    m->boards[i].blacklisted ? " (blacklisted)" : "");
            any = true;
        }
    fputs(any ? "\n" : "", out);
}

static void print_segments(const struct machine *m, const struct partition_desc *p, FILE *out)
{
    char size[UNIT_TEXT_SIZE], granule[UNIT_TEXT_SIZE];
    for (uint32_t i = 0; i < p->n_segments; i++) {
        const struct segment_desc *s = &p->segments[i];
        fprintf(out, "  segment %-4" PRIu32 " 0x%012" PRIx64 " .. 0x%012" PRIx64 "  %8s  ", i, s->base,
                s->base + s->size - 1, unit_format(UNIT_SIZE, s->size, size));
        if (s->granule)
            fprintf(out, "by %s over", unit_format(UNIT_SIZE, s->granule, granule));
        else
            fprintf(out, "contiguous on");
        for (uint32_t j = 0; j < s->n_boards; j++)
            fprintf(out, " %s", m->boards[s->boards[j]].name);
        fputc('\n', out);
    }
}

static const char *kind_of(const struct scenario *s, const struct cpu_desc *cpu, uint32_t program)
{
    if (cpu->kind == CPU_GENERATOR)
        return pattern_name(cpu->pattern);
    uint32_t recording = s->programs[program].recording;
    if (cpu->kind == CPU_TRACE)
        return recording == NO_RECORDING ? "trace" : s->recordings[recording].name;
    if (cpu->kind == CPU_ZARCH)
        return "guest";
    return cpu->kind == CPU_SCRIPT ? "script" : "idle";
}

// One row per entry of programs:, at its first member.
static void print_programs(const struct scenario *s, uint32_t partition, FILE *out)
{
    const struct machine *m = &s->machine;
    uint32_t busy = 0;
    for (uint32_t i = 0; i < m->n_cpus; i++) {
        const struct cpu_desc *cpu = &m->cpus[i];
        if (m->boards[cpu->board].partition != partition)
            continue;
        busy++;
        if (cpu->member == 0)
            fprintf(out, "  program      %-18s %3" PRIu32 " CPU%s from %s/%u, %" PRIu32 " outstanding%s\n",
                    kind_of(s, cpu, s->program_of[i]), cpu->members, cpu->members == 1 ? " " : "s",
                    m->boards[cpu->board].name, cpu->index, cpu->outstanding,
                    cpu->outstanding > 1                        ? " (weakly ordered)"
                    : m->boards[cpu->board].params.store_buffer ? " (total store order)"
                                                                : "");
    }
    bool threads = false;
    for (uint32_t i = 0; i < m->n_pools; i++)
        if (m->pools[i].partition == partition) {
            pool_print(&m->pools[i], kind_of(s, &m->pools[i].what, s->program_of_pool[i]), out);
            threads = true;
        }
    fprintf(out, "  %s %" PRIu32 " CPUs\n", threads ? "for threads " : "idle        ",
            count_cpus(m, &m->partitions[partition]) - busy);
}

// Links between crossbars that a partition on several of them has to share (HP's rule, placement.h).
static void print_link_loads(const struct scenario *s, uint32_t number, FILE *out)
{
    const struct machine *m = &s->machine;
    uint32_t system = m->partitions[number].system;
    uint64_t links = s->system_figures[system].links;
    for (uint32_t y = 1; links && y < placement_crossbars(&m->systems[system]); y++)
        for (uint32_t x = 0; x < y; x++) {
            uint64_t load = placement_link_load(m, number, x, y, links);
            if (load)
                fprintf(out,
                        "  links        crossbars %" PRIu32 " and %" PRIu32
                        ": load %u.%02u (below 1 is good, "
                        "near 2 a bottleneck)\n",
                        x, y, (unsigned)(load / 1000), (unsigned)(load % 1000 / 10));
        }
}

static void print_partition(const struct scenario *s, uint32_t number, FILE *out)
{
    const struct machine *m = &s->machine;
    const struct partition_desc *p = &m->partitions[number];
    char text[UNIT_TEXT_SIZE];
    fprintf(out, "\nPartition %s of system %s: %" PRIu32 " board%s, %" PRIu32 " CPUs, %s\n", p->name,
            m->systems[p->system].name, p->n_boards, p->n_boards == 1 ? "" : "s", count_cpus(m, p),
            unit_format(UNIT_SIZE, segments_end(p), text));
    fprintf(out, "  boards       ");
    for (uint32_t i = 0; i < p->n_boards; i++)
        fprintf(out, "%s%s%s", i ? " " : "", m->boards[p->boards[i]].name,
                m->boards[p->boards[i]].floating ? " (floating)" : "");
    fputc('\n', out);
    if (p->permanent_bytes)
        fprintf(out, "  permanent    %s from address 0, moved by copy-rename only\n",
                unit_format(UNIT_SIZE, p->permanent_bytes, text));
    print_segments(m, p, out);
    print_link_loads(s, number, out);
    print_programs(s, number, out);
    if (p->guest.image[0])
        guest_print(&p->guest, out);
    sim_time lookahead = lookahead_of_partition(m, number);
    fprintf(out, "  sync group   %" PRIu32 ", %s%s\n", number,
            lookahead == SIM_NEVER ? "one board: no lookahead needed" : "lookahead ",
            lookahead == SIM_NEVER ? "" : unit_pretty_time(lookahead, text));
}

static void print_rest(const struct scenario *s, FILE *out)
{
    const struct machine *m = &s->machine;
    char text[UNIT_TEXT_SIZE], speed[UNIT_TEXT_SIZE];
    for (uint32_t i = 0; i < m->n_links; i++)
        fprintf(out, "\nLink %s: %s - %s, %s, %s", m->links[i].name, m->boards[m->links[i].board[0]].name,
                m->boards[m->links[i].board[1]].name, unit_pretty_time(m->links[i].latency, text),
                unit_format(UNIT_BANDWIDTH, m->links[i].bytes_per_s, speed));
    fputs(m->n_links ? "\n" : "", out);
    for (uint32_t i = 0; i < m->n_faults; i++)
        fprintf(out, "\nFault at %s: segment %" PRIu32 " of board %s names home %s",
                unit_pretty_time(m->faults[i].at, text), m->faults[i].segment,
                m->boards[m->faults[i].board].name, m->boards[m->faults[i].home].name);
    fputs(m->n_faults ? "\n" : "", out);
    for (uint32_t i = 0; i < s->n_commands; i++) {
        char command[SC_COMMAND_TEXT_SIZE];
        fprintf(out, "%sCommand at %s: %s%s\n", i ? "" : "\n", unit_pretty_time(s->commands[i].at, text),
                sc_command_text(m, &s->commands[i].command, command),
                s->commands[i].command.force ? ", forced" : "");
    }
    for (uint32_t i = 0; i < s->n_recordings; i++) {
        const struct recording *recording = &s->recordings[i];
        bool pool = recording->pool != NO_POOL;
        uint32_t n = pool ? m->pools[recording->pool].n_threads : recording->n_cpus;
        fprintf(out, "%sRecording %s: up to %" PRIu64 " references of %s for %" PRIu32 " %s%s\n",
                i ? "" : "\n", recording->name, recording->max_refs, recording->argv[0], n,
                pool ? "thread" : "CPU", n == 1 ? "" : "s");
    }
    for (uint32_t i = 0; i < s->n_warnings; i++)
        fprintf(out, "%swarning: %s\n", i ? "" : "\n", s->warnings[i].text);
}

void scenario_print(const struct scenario *scenario, FILE *out)
{
    const struct machine *m = &scenario->machine;
    char until[UNIT_TEXT_SIZE], window[UNIT_TEXT_SIZE];
    fprintf(out, "Scenario %s: seed %" PRIu64 ", until %s", m->name, m->seed,
            m->until == SIM_NEVER ? "all programs are done" : unit_pretty_time(m->until, until));
    if (m->window)
        fprintf(out, ", window %s (an approximation)", unit_pretty_time(m->window, window));
    fputc('\n', out);
    for (uint32_t i = 0; i < m->n_systems; i++)
        print_system(scenario, i, out);
    for (uint32_t i = 0; i < m->n_partitions; i++)
        print_partition(scenario, i, out);
    if (m->n_partitions > 1)
        fprintf(out, "\nReal addresses are unique within a partition only: each has its own from 0.\n");
    print_rest(scenario, out);
}
