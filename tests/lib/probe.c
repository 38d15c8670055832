// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"
#include "proto/base/digest.h"

static void add_board(struct probe *probe, struct board *board, uint32_t number)
{
    struct board_results *results = malloc(sizeof *results);
    NP_ASSERT(results);
    board_results(board, results);
    for (unsigned i = 0; i < COUNTER_COUNT; i++)
        probe->counters[i] += results->counters[i];
    for (unsigned i = 0; i < results->cpus; i++) {
        probe->work[number][i] = results->cpu[i].work;
        if (results->cpu[i].done_at != SIM_NEVER)
            probe->done_at = sim_max(probe->done_at, results->cpu[i].done_at);
    }
    if (!probe->failure[0])
        memcpy(probe->failure, results->first_failure, sizeof probe->failure);
    free(results);
}

static void conclude(struct mini_complex *complex, bool ended, struct probe *probe)
{
    memset(probe, 0, sizeof *probe);
    probe->ended = ended;
    probe->digest = mini_digest(complex);
    for (uint32_t i = 0; i < complex->machine->n_boards; i++)
        add_board(probe, complex->boards[i], i);
}

bool probe_run(const struct machine *machine, const struct mini_options *options, sim_time until,
               struct probe *probe)
{
    struct mini_complex complex;
    struct err err;
    memset(probe, 0, sizeof *probe);
    if (mini_open(&complex, machine, options, &err)) {
        snprintf(probe->failure, sizeof probe->failure, "%s %.200s", err_id(err.code), err.text);
        return false;
    }
    bool ended = mini_run(&complex, until);
    conclude(&complex, ended, probe);
    mini_close(&complex);
    return true;
}

static bool agrees(const char *how, const struct probe *found, const struct probe *expected)
{
    if (digest_equal(found->digest, expected->digest) && found->ended == expected->ended)
        return true;
    printf("  %s: another digest (ended %d, expected %d) %s\n", how, found->ended, expected->ended,
           found->failure);
    return false;
}

// Runs to `cut`, saves, loads into a fresh complex, and goes on there.
static bool continued(const struct machine *machine, sim_time cut, sim_time until, struct probe *probe)
{
    struct mini_complex first, second;
    struct err err;
    struct archive saved, loaded;
    if (mini_open(&first, machine, NULL, &err) || mini_open(&second, machine, NULL, &err))
        return false;
    mini_run(&first, cut);
    ar_init_save(&saved);
    mini_state(&first, &saved);
    mini_close(&first);
    ar_init_load(&loaded, saved.bytes, saved.at);
    mini_state(&second, &loaded);
    bool whole = !ar_failed(&loaded) && loaded.at == saved.at;
    if (!whole)
        printf("  saved at %llu ps: %s\n", (unsigned long long)cut, loaded.err.text);
    bool ended = whole && mini_run(&second, until);
    conclude(&second, ended, probe);
    mini_close(&second);
    ar_free(&saved);
    return whole;
}

bool probe_same_everywhere(const struct machine *machine, sim_time until, const struct probe *expected)
{
    static struct probe probe; // large
    struct mini_options options = {.reference = true};
    bool same = probe_run(machine, &options, until, &probe) && agrees("reference", &probe, expected);
    options.reference = false;
    for (options.chop = 1; options.chop <= 3; options.chop++)
        same &= probe_run(machine, &options, until, &probe) && agrees("chopped", &probe, expected);
    struct rng rng = rng_for(1, machine->n_cpus);
    sim_time most = until == SIM_NEVER ? expected->done_at : until;
    for (unsigned i = 0; i < 8; i++) {
        sim_time cut = 1 + rng_below(&rng, most);
        same &= continued(machine, cut, until, &probe) && agrees("saved and continued", &probe, expected);
    }
    return same;
}

bool probe_same_saved(const struct machine *machine, sim_time from, sim_time to, sim_time step,
                      const struct probe *expected)
{
    static struct probe probe; // large
    for (sim_time cut = from; cut < to; cut += step)
        if (!continued(machine, cut, SIM_NEVER, &probe) || !agrees("saved", &probe, expected)) {
            printf("  at %llu ps\n", (unsigned long long)cut);
            return false;
        }
    return true;
}
