// SPDX-License-Identifier: Apache-2.0
// Figures of one packed node, simulated in this process.
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/machine/scenario.h"
#include "fabric/crossbar/timing.h"
#include "node/host/packed.h"
#include "proto/base/assert.h"
#include "tests/bench/bench.h"

enum { WARM_UP_PERCENT = 5 };

// What the machine had done at a pause.
struct mark {
    double seconds; // host
    sim_time time;
    uint64_t accesses, grants;
    uint64_t counters[COUNTER_COUNT];
};

// One core, the last that this process may use: the first is where a host likes to put its own work.
static void keep_on_one_core(void)
{
    cpu_set_t allowed, one;
    CPU_ZERO(&one);
    NP_ASSERT(sched_getaffinity(0, sizeof allowed, &allowed) == 0);
    for (size_t i = CPU_SETSIZE; i-- > 0;)
        if (CPU_ISSET(i, &allowed)) {
            CPU_SET(i, &one);
            break;
        }
    NP_ASSERT(sched_setaffinity(0, sizeof one, &one) == 0);
}

static enum err_code open_packed(const struct row *row, const struct bench_settings *settings,
                                 struct scenario *scenario, struct packed *packed, struct err *err)
{
    char path[PATH_MAX_BYTES];
    if (setup_path(row, settings, path, err) || scenario_read(path, scenario, err))
        return err->code;
    struct machine *machine = &scenario->machine;
    machine->until = (sim_time)((double)machine->until * settings->length);
    struct packed_options options = {
        .threads = row->setup.threads,
        .board = {.reference = row->setup.reference},
        .conductor = {.horizon = {.stride = 100 * SIM_PS_PER_US}, .epoch = 1},
    };
    if (row->setup.threads == 1)
        keep_on_one_core();
    if (packed_open(packed, machine, &options, err))
        scenario_free(scenario);
    return err->code;
}

static void mark_here(struct packed *packed, struct mark *mark)
{
    static struct board_results results; // large
    *mark = (struct mark){0};
    for (uint32_t b = 0; b < packed->crew.machine->n_boards; b++) {
        board_results(packed->crew.boards[b], &results);
        for (uint32_t i = 0; i < COUNTER_COUNT; i++)
            mark->counters[i] += results.counters[i];
    }
    struct group_progress progress;
    conductor_progress(packed->conductor, 0, &progress); // the bench machine is one partition
    mark->time = progress.time;
    mark->accesses = progress.accesses;
    mark->grants = progress.grants;
    mark->seconds = bench_seconds();
}

static struct mark difference(const struct mark *from, const struct mark *to)
{
    struct mark between = {.seconds = to->seconds - from->seconds,
                           .time = to->time - from->time,
                           .accesses = to->accesses - from->accesses,
                           .grants = to->grants - from->grants};
    for (uint32_t i = 0; i < COUNTER_COUNT; i++)
        between.counters[i] = to->counters[i] - from->counters[i];
    return between;
}

// Runs to the end; *measured is what came after the warm-up.
static enum err_code run_measured(struct packed *packed, struct mark *measured, struct err *err)
{
    static struct mark begin, end;
    enum pause_reason reason;
    struct conductor_stop stop = {.time = packed->crew.machine->until / 100 * WARM_UP_PERCENT};
    if (packed_run(packed, &stop, &reason, err))
        return err->code;
    mark_here(packed, &begin);
    stop.time = SIM_NEVER;
    if (packed_run(packed, &stop, &reason, err))
        return err->code;
    double seconds = bench_seconds();
    mark_here(packed, &end);
    end.seconds = seconds;
    *measured = difference(&begin, &end);
    return ERR_OK;
}

static double share(uint64_t part, uint64_t whole)
{
    return whole ? (double)part / (double)whole : 0;
}

static struct ratios ratios_of(const struct mark *mark)
{
    const uint64_t *c = mark->counters;
    uint64_t misses = c[CNT_MISSES_LOCAL] + c[CNT_MISSES_REMOTE];
    uint64_t hits = c[CNT_L1_HITS] < mark->accesses ? c[CNT_L1_HITS] : mark->accesses;
    return (struct ratios){.known = true,
                           .miss = share(mark->accesses - hits, mark->accesses),
                           .remote = share(c[CNT_MISSES_REMOTE], misses),
                           .merged = share(c[CNT_MERGED], mark->accesses)};
}

static enum err_code run_packed(const struct row *row, const struct bench_settings *settings,
                                struct mark *measured, sim_time *lookahead, struct err *err)
{
    static struct packed packed;
    struct scenario scenario;
    err_clear(err);
    if (open_packed(row, settings, &scenario, &packed, err))
        return err->code;
    enum err_code code = run_measured(&packed, measured, err);
    *lookahead = crossbar_lookahead_least(&scenario.machine, 0); // boards of the bench machine are alike
    packed_close(&packed);
    scenario_free(&scenario);
    return code;
}

enum err_code measure_rate(const struct row *row, const struct bench_settings *settings,
                           struct sample *sample, struct err *err)
{
    struct mark measured;
    sim_time lookahead;
    if (run_packed(row, settings, &measured, &lookahead, err))
        return err->code;
    *sample = (struct sample){1e-6 * (double)measured.accesses / measured.seconds, ratios_of(&measured)};
    return ERR_OK;
}

enum err_code measure_cost(const struct row *row, const struct bench_settings *settings,
                           struct sample *sample, struct err *err)
{
    if (measure_rate(row, settings, sample, err))
        return err->code;
    sample->value = 1e3 / sample->value;
    return ERR_OK;
}

enum err_code measure_idle_grants(const struct row *row, const struct bench_settings *settings,
                                  struct sample *sample, struct err *err)
{
    struct mark measured;
    sim_time lookahead;
    if (run_packed(row, settings, &measured, &lookahead, err))
        return err->code;
    *sample = (struct sample){(double)measured.grants * (double)SIM_PS_PER_S / (double)measured.time, {0}};
    return ERR_OK;
}

enum err_code measure_idle_factor(const struct row *row, const struct bench_settings *settings,
                                  struct sample *sample, struct err *err)
{
    struct mark measured;
    sim_time lookahead;
    if (run_packed(row, settings, &measured, &lookahead, err))
        return err->code;
    double alone = (double)measured.time / (double)lookahead;
    *sample = (struct sample){alone / (double)measured.grants, ratios_of(&measured)};
    return ERR_OK;
}

// The most that this process had resident, MB (10^6 bytes).
static double most_resident(void)
{
    char line[256];
    double kib = 0;
    FILE *status = fopen("/proc/self/status", "r");
    NP_ASSERT(status);
    while (fgets(line, sizeof line, status))
        if (strncmp(line, "VmHWM:", 6) == 0)
            kib = strtod(line + 6, NULL);
    fclose(status);
    return kib * 1024e-6;
}

enum err_code measure_resident(const struct row *row, const struct bench_settings *settings,
                               struct sample *sample, struct err *err)
{
    struct mark measured;
    sim_time lookahead;
    if (run_packed(row, settings, &measured, &lookahead, err))
        return err->code;
    *sample = (struct sample){most_resident(), ratios_of(&measured)};
    return ERR_OK;
}
