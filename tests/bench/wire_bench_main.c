// SPDX-License-Identifier: Apache-2.0
// numaplex-bench-wire [WORKERS [ROUNDS [RUNS [MESSAGES [ENDPOINT]]]]]
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/bench/wire_bench.h"

static uint32_t number(int argc, char **argv, int at, uint32_t otherwise)
{
    return argc > at ? (uint32_t)strtoul(argv[at], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
    char endpoint[64];
    snprintf(endpoint, sizeof endpoint, "ipc:///tmp/numaplex-bench-%d", (int)getpid());
    struct wire_bench bench = {.endpoint = argc > 5 ? argv[5] : endpoint,
                               .workers = number(argc, argv, 1, 8),
                               .rounds = number(argc, argv, 2, 5000),
                               .runs = number(argc, argv, 3, 5),
                               .messages = number(argc, argv, 4, 0)};
    struct wire_bench_result result = wire_bench_run(&bench);
    printf("%u processes, %u rounds, medians of %u interleaved runs; grant %zu bytes, batch %zu bytes\n",
           bench.workers, bench.rounds, bench.runs, result.grant_bytes, result.batch_bytes);
    printf("wire %.0f rounds/s, bare ROUTER/DEALER %.0f rounds/s, ratio %.3f\n", result.wire, result.bare,
           result.ratio);
    printf("grants %" PRIu64 ", resends %" PRIu64 ", duplicates %" PRIu64 ", damaged %" PRIu64 "\n",
           result.stats.grants, result.stats.resends, result.stats.duplicates, result.stats.damaged);
    return 0;
}
