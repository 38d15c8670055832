// SPDX-License-Identifier: Apache-2.0
#include "coordinator/calibrate/bench.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "proto/base/assert.h"
#include "proto/base/results.h"

// Sizes of what is run, not of any machine. A chain is four times as long as the board cache and visited in
// one order again and again, so that with replacement of the least recently used line every load misses.
#define CHASE_SETS     16u
#define CHASE_LINES    (4u * CHASE_SETS)
#define CHASE_LOADS    (16u * CHASE_LINES)
#define DIRTY_LINES    32u
#define STREAM_SETS    128u
#define STREAM_WAYS    16u // as many as lines a board may have under way in a set
#define STREAM_L1_SETS 8u
#define STREAM_TIME    "1ms"
#define FLIGHT_STEP    UINT64_C(10000) // 10 ns, to see how often a way crosses

static uint32_t near_boards(const struct preset *preset)
{
    return preset->system.boards ? (uint32_t)preset->system.boards : BOARDS_PER_SYSTEM_MAX;
}

static unsigned no_such(struct err *err, const struct preset *preset, const struct published *item,
                        const char *why)
{
    err_set(err, ERR_IMPOSSIBLE_MACHINE, "preset %s, measure %s: %s; take it out of published:", preset->name,
            measure_key(item->measure), why);
    return 0;
}

static struct bench_run chase(uint32_t first, uint32_t n)
{
    return (struct bench_run){.kind = BENCH_CHASE, .boards = first + n, .first_home = first, .n_homes = n};
}

static unsigned plan_far(const struct preset *preset, const struct published *item,
                         struct bench_run runs[BENCH_RUNS_MAX], struct err *err)
{
    uint32_t quad = (uint32_t)preset->system.boards;
    if (quad == 0)
        return no_such(err, preset, item, "all boards share one crossbar");
    runs[0] = chase(quad, item->measure == MEASURE_FAR ? 1 : quad);
    return 1;
}

// Home on board 1, dirty in board 2. The second run has a longer flight: its loads show how often they cross.
static unsigned plan_dirty(const struct preset *preset, const struct published *item,
                           struct bench_run runs[BENCH_RUNS_MAX], struct err *err)
{
    if (near_boards(preset) < 3)
        return no_such(err, preset, item, "no crossbar has three boards");
    runs[0] = (struct bench_run){.kind = BENCH_DIRTY, .boards = 3, .first_home = 1, .n_homes = 1};
    runs[1] = runs[0];
    runs[1].flight = preset->system.flight + FLIGHT_STEP;
    return item->measure == MEASURE_DIRTY_HOPS ? 2 : 1;
}

static unsigned plan_stream(const struct preset *preset, const struct published *item,
                            struct bench_run runs[BENCH_RUNS_MAX])
{
    // One board alone is read from by one board only; three give more than the reader's port takes.
    uint32_t others = near_boards(preset) - 1 < 3 ? near_boards(preset) - 1 : 3;
    runs[0] = (struct bench_run){.kind = BENCH_STREAM, .boards = 1, .n_homes = 1};
    if (item->measure == MEASURE_BUS)
        runs[0].kind = BENCH_BUS;
    if (item->measure == MEASURE_CROSSBAR)
        runs[0] = (struct bench_run){
            .kind = BENCH_STREAM, .boards = 1 + others, .first_home = 1, .n_homes = others};
    return 1;
}

unsigned bench_plan(const struct preset *preset, const struct published *item,
                    struct bench_run runs[BENCH_RUNS_MAX], struct err *err)
{
    bool pair = near_boards(preset) >= 2;
    switch (item->measure) {
    case MEASURE_OWN:
        runs[0] = chase(0, 1);
        return 1;
    case MEASURE_NEAR:
    case MEASURE_RATIO:
        runs[0] = chase(1, 1);
        runs[1] = chase(0, 1);
        return pair ? 1 + (item->measure == MEASURE_RATIO)
                    : no_such(err, preset, item, "every crossbar has one board");
    case MEASURE_FAR:
    case MEASURE_FAR_MEAN:
        return plan_far(preset, item, runs, err);
    case MEASURE_INTERLEAVED:
        runs[0] = chase(0, item->boards);
        return 1;
    case MEASURE_DIRTY:
    case MEASURE_DIRTY_HOPS:
        return plan_dirty(preset, item, runs, err);
    case MEASURE_CROSSBAR:
        return pair ? plan_stream(preset, item, runs)
                    : no_such(err, preset, item, "every crossbar has one board");
    case MEASURE_BUS:
    case MEASURE_MEMORY:
        return plan_stream(preset, item, runs);
    case MEASURE_COUNT:
        break;
    }
    np_panic("a measure of number %d", (int)item->measure);
}

// Bytes of a program's region, a multiple of a page on each home.
static uint64_t region_of(const struct preset *preset, const struct bench_run *run)
{
    const struct board_params *p = &preset->figures.params;
    uint64_t line = p->line_bytes, l2_lines = (uint64_t)STREAM_SETS * STREAM_WAYS;
    if (run->kind == BENCH_BUS) // each CPU's slice is beyond its L1, and all are within the board cache
        return l2_lines / 2 * line;
    if (run->kind == BENCH_STREAM) // slices begin at different sets
        return (2 * l2_lines + STREAM_SETS) * line * p->cpus;
    return (uint64_t)CHASE_LINES * line;
}

static void write_board(const struct preset *preset, const struct bench_run *run, FILE *out)
{
    const struct board_params *p = &preset->figures.params;
    bool stream = run->kind != BENCH_CHASE;
    uint32_t l1 = (stream ? STREAM_L1_SETS : 1) * p->line_bytes;
    uint32_t l2 = (stream ? STREAM_SETS * STREAM_WAYS : CHASE_SETS) * p->line_bytes;
    fprintf(out, "    board: {memory: 1GiB, l1: %" PRIu32 ", l1_ways: 1, l2: %" PRIu32 ", l2_ways: %u", l1,
            l2, stream ? STREAM_WAYS : 1);
    if (p->l1_split)
        fprintf(out, ", l1i: %" PRIu32 ", l1i_ways: 1", l1);
    fprintf(out, "}\n");
}

static void write_partition(const struct bench_run *run, FILE *out)
{
    fprintf(out,
            "    partitions:\n      - name: P\n        boards: all\n        memory:\n"
            "          - {size: %" PRIu32 "MiB, interleave: %s, boards: [",
            512 * run->n_homes, run->n_homes > 1 ? "line" : "none");
    for (uint32_t i = 0; i < run->n_homes; i++)
        fprintf(out, "%sB%" PRIu32, i ? ", " : "", run->first_home + i);
    fprintf(out, "]}\n        programs:\n");
}

static void write_dirty(const struct preset *preset, FILE *out)
{
    uint32_t line = preset->figures.params.line_bytes;
    fprintf(out, "          - on: B0/0\n            script: |\n              compute 1ms\n");
    for (uint32_t i = 0; i < DIRTY_LINES; i++)
        // Far enough apart that what a load leaves behind (an Unblock) is over before the next.
        fprintf(out, "              load r0, 0x%" PRIx32 "\n              compute 1us\n", i * line);
    fprintf(out, "          - on: B2/0\n            script: |\n");
    for (uint32_t i = 0; i < DIRTY_LINES; i++)
        fprintf(out, "              store 0x%" PRIx32 ", 1\n", i * line);
}

void bench_write(const struct preset *preset, const char *name, const struct bench_run *run, FILE *out)
{
    uint32_t line = preset->figures.params.line_bytes;
    bool stream = run->kind == BENCH_STREAM || run->kind == BENCH_BUS;
    char flight[UNIT_TEXT_SIZE];
    fprintf(out, "# Written by numaplex calibrate.\nscenario: calibrate\n%ssystems:\n  - name: machine\n",
            stream ? "until: " STREAM_TIME "\n" : "");
    fprintf(out, "    preset: \"%s\"\n    boards: %" PRIu32 "\n", name, run->boards);
    if (run->flight)
        fprintf(out, "    crossbar: {flight: %s}\n", unit_format(UNIT_TIME, run->flight, flight));
    write_board(preset, run, out);
    write_partition(run, out);
    uint64_t region = region_of(preset, run);
    if (run->kind == BENCH_DIRTY)
        write_dirty(preset, out);
    else if (run->kind == BENCH_CHASE)
        fprintf(out,
                "          - {on: B0/0, generator: pointer-chase, region: {size: %" PRIu64
                "}, stride: %" PRIu32 ", count: %u}\n",
                region, line, CHASE_LOADS);
    else
        fprintf(out,
                "          - {on: B0, generator: stream, region: {size: %" PRIu64 "}, stride: %" PRIu32
                ", writes: 0%%, outstanding: %u}\n",
                region, line, OUTSTANDING_MAX);
}

// Accesses of a kind, and the sum of their latencies.
struct tally {
    double count, sum_ps;
};

static void add(const json_t *latency, enum served served, struct tally *tally)
{
    const json_t *histogram = json_object_get(latency, served_name(served));
    tally->count += json_number_value(json_object_get(histogram, "count"));
    tally->sum_ps += json_number_value(json_object_get(histogram, "sum_ps"));
}

static void tally_up(const json_t *latency, enum bench_kind kind, struct tally *tally)
{
    if (kind == BENCH_DIRTY) {
        add(latency, SERVED_OWNER, tally);
        return;
    }
    if (kind == BENCH_BUS) // every miss of an L1 passes the bus, whoever serves it
        add(latency, SERVED_BOARD, tally);
    add(latency, SERVED_HOME_LOCAL, tally);
    add(latency, SERVED_HOME_REMOTE, tally);
}

enum err_code bench_read(const char *folder, const struct preset *preset, const struct bench_run *run,
                         double *value, struct err *err)
{
    char path[PATH_MAX_BYTES];
    json_error_t json_error;
    if (snprintf(path, sizeof path, "%s/results.json", folder) >= (int)sizeof path)
        return err_set(err, ERR_LIMIT, "%s: the path is too long", folder);
    json_t *json = json_load_file(path, 0, &json_error);
    if (!json)
        return err_set(err, ERR_FILE, "%s: %s", path, json_error.text);
    const json_t *partition = json_array_get(json_object_get(json, "partitions"), 0);
    struct tally tally = {0};
    tally_up(json_object_get(partition, "latency"), run->kind, &tally);
    double end_s = json_number_value(json_object_get(partition, "end_ps")) / (double)SIM_PS_PER_S;
    json_decref(json);
    if (tally.count < 1 || !(end_s > 0))
        return err_set(err, ERR_DAMAGED_STATE, "%s: it has no access of the kind that is measured", path);
    bool latency = run->kind == BENCH_CHASE || run->kind == BENCH_DIRTY;
    *value = latency ? tally.sum_ps / tally.count : tally.count * preset->figures.params.line_bytes / end_s;
    return ERR_OK;
}

double bench_combine(const struct published *item, const double *values)
{
    if (item->measure == MEASURE_RATIO)
        return 1000.0 * values[0] / values[1];
    if (item->measure == MEASURE_DIRTY_HOPS)
        return (values[1] - values[0]) / (double)FLIGHT_STEP;
    return values[0];
}
