// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/whole_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"

void whole_read(const char *path, struct scenario *scenario)
{
    const char *source = getenv("NUMAPLEX_SOURCE");
    char whole[PATH_MAX_BYTES];
    struct err err;
    snprintf(whole, sizeof whole, "%s/%s", source ? source : ".", path);
    if (scenario_read(whole, scenario, &err))
        exit(err_report(&err));
}

static struct packed_options packed_options_of(const struct whole_options *o, uint32_t threads)
{
    return (struct packed_options){
        .threads = threads ? threads : 1,
        .board = {.reference = o->reference},
        .conductor = {.horizon = {.no_bounds = o->no_bounds, .stride = 100 * SIM_PS_PER_US, .chop = o->chop},
                      .epoch = 1,
                      .events_without_progress =
                          o->events_without_progress ? o->events_without_progress : 5000000},
    };
}

// Takes the complex through its saved form into a fresh one.
static enum err_code reopen(struct packed *packed, const struct machine *machine,
                            const struct whole_options *o, struct err *err)
{
    struct archive saved, loaded;
    ar_init_save(&saved);
    packed_state(packed, &saved);
    packed_close(packed);
    struct packed_options options = packed_options_of(o, o->threads_after_save);
    if (packed_open(packed, machine, &options, err) == ERR_OK) {
        ar_init_load(&loaded, saved.bytes, saved.at);
        packed_state(packed, &loaded);
        *err = loaded.err;
        NP_ASSERT(ar_failed(&loaded) || loaded.at == saved.at);
    }
    ar_free(&saved);
    return err->code;
}

static uint64_t grants_of(const struct packed *packed, uint64_t *accesses)
{
    uint64_t grants = 0;
    for (uint32_t g = 0; g < packed->groups.n; g++) {
        struct group_progress progress;
        conductor_progress(packed->conductor, g, &progress);
        grants += progress.grants;
        *accesses += progress.accesses;
    }
    return grants;
}

struct visit {
    const struct whole_options *options;
    const struct packed *packed;
};

static bool between_grants(void *self)
{
    const struct visit *visit = self;
    uint64_t accesses = 0;
    if (visit->options->between)
        visit->options->between(visit->options->self, visit->packed, grants_of(visit->packed, &accesses));
    return false;
}

static void take_results(struct packed *packed, const struct machine *machine, struct whole_result *result)
{
    static struct board_results board;
    for (unsigned b = 0; b < machine->n_boards; b++) {
        if (!packed->crew.boards[b])
            continue;
        board_results(packed->crew.boards[b], &board);
        for (unsigned i = 0; i < COUNTER_COUNT; i++)
            result->counters[i] += board.counters[i];
        if (board.first_failure[0] && !result->first_failure[0])
            memcpy(result->first_failure, board.first_failure, sizeof result->first_failure);
    }
    result->grants = grants_of(packed, &result->accesses);
    result->digest = packed_digest(packed, result->partition);
}

enum err_code whole_try(const struct machine *machine, const struct whole_options *o,
                        struct whole_result *result, struct err *err)
{
    struct packed *packed = malloc(sizeof *packed);
    NP_ASSERT(packed);
    memset(result, 0, sizeof *result);
    err_clear(err);
    struct packed_options options = packed_options_of(o, o->threads);
    struct visit visit = {o, packed};
    struct conductor_stop stop = {
        .time = SIM_NEVER, .grants = o->save_at, .poll = between_grants, .self = &visit};
    if (packed_open(packed, machine, &options, err)) {
        free(packed);
        return err->code;
    }
    enum err_code code = packed_run(packed, &stop, &result->reason, err);
    if (code == ERR_OK && result->reason == PAUSE_SAVE_POINT) {
        code = reopen(packed, machine, o, err);
        stop.grants = 0;
        if (code == ERR_OK)
            code = packed_run(packed, &stop, &result->reason, err);
    }
    if (code == ERR_OK)
        take_results(packed, machine, result);
    if (code == ERR_OK && o->ended)
        o->ended(o->self, packed);
    packed_close(packed);
    free(packed);
    return code;
}

void whole_run(const struct machine *machine, const struct whole_options *options,
               struct whole_result *result)
{
    struct err err;
    if (whole_try(machine, options, result, &err))
        exit(err_report(&err));
}
