// SPDX-License-Identifier: Apache-2.0
// The exchange without a machine: the window protocol, and a bare ZeroMQ barrier with messages of its sizes.
#include <stdio.h>

#include "tests/bench/bench.h"
#include "tests/bench/wire_bench.h"

enum { ROUNDS = 4000, ROUNDS_MIN = 20 };

static enum err_code measure(const struct row *row, const struct bench_settings *settings, bool bare,
                             struct sample *sample)
{
    char endpoint[PATH_MAX_BYTES + 16];
    snprintf(endpoint, sizeof endpoint, "ipc://%s/socket", settings->folder);
    double rounds = ROUNDS * settings->length;
    struct wire_bench bench = {.endpoint = endpoint,
                               .workers = row->setup.boards,
                               .rounds = rounds < ROUNDS_MIN ? ROUNDS_MIN : (uint32_t)rounds};
    struct host_stats stats = {0};
    sample->value = wire_bench_once(&bench, bare, &stats);
    return ERR_OK;
}

enum err_code measure_wire(const struct row *row, const struct bench_settings *settings,
                           struct sample *sample, struct err *err)
{
    (void)err;
    return measure(row, settings, false, sample);
}

enum err_code measure_bare(const struct row *row, const struct bench_settings *settings,
                           struct sample *sample, struct err *err)
{
    (void)err;
    return measure(row, settings, true, sample);
}
