// SPDX-License-Identifier: Apache-2.0
// Guest programs on z/Architecture CPUs: millions of instructions per host second, and the same images on
// QEMU and Hercules, by the guests' own clocks.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "coordinator/machine/scenario.h"
#include "coordinator/run/find.h"
#include "node/host/packed.h"
#include "proto/base/assert.h"
#include "tests/bench/bench.h"
#include "tests/bench/guest.h"

// How much a sample does at length 1.
static uint64_t amount(const struct guest_setup *guest, const struct bench_settings *settings)
{
    double n = (double)guest->amount * settings->length;
    return n < (double)guest->least ? guest->least : (uint64_t)n;
}

void guest_arguments(const struct row *row, const struct bench_settings *settings, char text[ARGUMENTS_SIZE])
{
    const struct guest_setup *guest = &row->setup.guest;
    uint32_t n_cpus = row->setup.boards * row->setup.cpus;
    snprintf(text, ARGUMENTS_SIZE, "cpus=%u boards=%u slice=64M %s%" PRIu64 "%s", n_cpus, row->setup.boards,
             guest->key, amount(guest, settings), guest->more ? guest->more : "");
}

enum err_code guest_image(const struct row *row, char path[PATH_MAX_BYTES], struct err *err)
{
    char program[PATH_MAX_BYTES];
    if (find_program("numaplex-coordinator", program, err))
        return err->code;
    *strrchr(program, '/') = '\0';
    int n = snprintf(path, PATH_MAX_BYTES, "%s/guests/zarch/%s.elf", program, row->setup.guest.image);
    FILE *file = n < (int)PATH_MAX_BYTES ? fopen(path, "r") : NULL;
    if (!file)
        return err_set(err, ERR_MISSING_TOOL, "%s: not built; it needs gcc-s390x-linux-gnu", path);
    fclose(file);
    return ERR_OK;
}

enum err_code guest_scenario(const struct row *row, const struct bench_settings *settings,
                             char path[PATH_MAX_BYTES], struct err *err)
{
    char image[PATH_MAX_BYTES], arguments[ARGUMENTS_SIZE];
    if (guest_image(row, image, err))
        return err->code;
    if (snprintf(path, PATH_MAX_BYTES, "%s/guest.yaml", settings->folder) >= (int)PATH_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "%s: the path is too long", settings->folder);
    guest_arguments(row, settings, arguments);
    FILE *out = fopen(path, "w");
    if (!out)
        return err_errno(err, ERR_FILE, "%s", path);
    fprintf(out,
            "scenario: guest\nsystems:\n  - name: z\n    preset: zec12\n    boards: %u\n"
            "    crossbar: {flight: %s}\n    board: {cpus: %u, memory: 64MiB, l2: 48MiB}\n    partitions:\n"
            "      - name: Z\n        boards: all\n        memory:\n",
            row->setup.boards, row->setup.guest.flight ? row->setup.guest.flight : "100ns", row->setup.cpus);
    for (uint32_t b = 0; b < row->setup.boards; b++)
        fprintf(out, "          - {size: 64MiB, interleave: none, boards: [B%u]}\n", b);
    fprintf(out, "        programs:\n          - {on: all, load: '%s', arguments: '%s', timing: %s}\n", image,
            arguments, row->setup.guest.functional ? "functional" : "full");
    return fclose(out) ? err_errno(err, ERR_FILE, "%s", path) : ERR_OK;
}

// What the guest has done; an error when one of its CPUs did not end as it should.
static enum err_code count_instructions(const struct packed *packed, uint64_t *instructions, struct err *err)
{
    static struct board_results results; // large
    *instructions = 0;
    for (uint32_t b = 0; b < packed->crew.machine->n_boards; b++) {
        board_results(packed->crew.boards[b], &results);
        for (uint32_t c = 0; c < results.cpus; c++) {
            *instructions += results.guest[c].instructions;
            if (results.guest[c].end != GUEST_ENDED && results.guest[c].end != GUEST_STOPPED)
                return err_set(err, ERR_PROCESS, "the guest's CPU %u on board %u did not end well", c, b);
        }
    }
    return ERR_OK;
}

struct guest_measured {
    uint64_t instructions, grants;
    double seconds;
};

static enum err_code run_scenario(const char *path, uint32_t threads, struct guest_measured *measured,
                                  struct err *err)
{
    static struct packed packed;
    struct scenario scenario;
    struct packed_options options = {.threads = threads,
                                     .conductor = {.horizon = {.stride = 100 * SIM_PS_PER_US}, .epoch = 1}};
    const struct conductor_stop stop = {.time = SIM_NEVER};
    enum pause_reason reason;
    struct group_progress progress;
    err_clear(err);
    if (scenario_read(path, &scenario, err))
        return err->code;
    if (packed_open(&packed, &scenario.machine, &options, err) == ERR_OK) {
        double start = bench_seconds();
        packed_run(&packed, &stop, &reason, err);
        measured->seconds = bench_seconds() - start;
        conductor_progress(packed.conductor, 0, &progress);
        measured->grants = progress.grants;
        if (err->code == ERR_OK)
            count_instructions(&packed, &measured->instructions, err);
        packed_close(&packed);
    }
    scenario_free(&scenario);
    return err->code;
}

static enum err_code run_guest(const struct row *row, const struct bench_settings *settings,
                               struct guest_measured *measured, struct err *err)
{
    char path[PATH_MAX_BYTES];
    if (guest_scenario(row, settings, path, err))
        return err->code;
    return run_scenario(path, row->setup.threads, measured, err);
}

enum err_code measure_guest(const struct row *row, const struct bench_settings *settings,
                            struct sample *sample, struct err *err)
{
    struct guest_measured measured;
    if (run_guest(row, settings, &measured, err) == ERR_OK)
        sample->value = 1e-6 * (double)measured.instructions / measured.seconds;
    return err->code;
}

enum err_code measure_guest_grant(const struct row *row, const struct bench_settings *settings,
                                  struct sample *sample, struct err *err)
{
    struct guest_measured measured;
    if (run_guest(row, settings, &measured, err) == ERR_OK)
        sample->value = (double)measured.instructions / (double)measured.grants / row->setup.boards;
    return err->code;
}

struct apart {
    struct guest_measured measured;
    struct err err;
};

static _Noreturn void run_and_leave(const char *path, uint32_t threads, int out)
{
    struct apart apart = {0};
    run_scenario(path, threads, &apart.measured, &apart.err);
    _exit(write(out, &apart, sizeof apart) == sizeof apart ? 0 : EXIT_CLASS_HOST);
}

// The same machine in this process and in another at the same time, each at the pace of its own core.
static enum err_code run_twice(const char *path, uint32_t threads, struct apart apart[2], struct err *err)
{
    int ends[2];
    if (pipe(ends))
        return err_errno(err, ERR_PROCESS, "%s", path);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        run_and_leave(path, threads, ends[1]);
    close(ends[1]);
    if (child < 0)
        err_errno(err, ERR_PROCESS, "%s", path);
    else
        run_scenario(path, threads, &apart[0].measured, err);
    bool whole = child > 0 && read(ends[0], &apart[1], sizeof apart[1]) == sizeof apart[1];
    close(ends[0]);
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    if (err->code == ERR_OK && !whole)
        return err_set(err, ERR_PROCESS, "%s: the process of the second machine ended", path);
    if (err->code == ERR_OK)
        *err = apart[1].err;
    return err->code;
}

enum err_code measure_guest_apart(const struct row *row, const struct bench_settings *settings,
                                  struct sample *sample, struct err *err)
{
    char path[PATH_MAX_BYTES];
    struct apart apart[2];
    err_clear(err);
    if (guest_scenario(row, settings, path, err) || run_twice(path, row->setup.threads, apart, err))
        return err->code;
    const struct guest_measured *a = &apart[0].measured, *b = &apart[1].measured;
    double longer = a->seconds > b->seconds ? a->seconds : b->seconds;
    sample->value = 1e-6 * (double)(a->instructions + b->instructions) / longer;
    return ERR_OK;
}

// A guest's own clock stops at the end of what it measures; on another machine that clock is the host's. The
// instructions are those that it takes here.
static enum err_code rate_elsewhere(const struct row *row, const struct bench_settings *settings,
                                    const char *console, struct sample *sample, struct err *err)
{
    struct guest_measured measured;
    const char *line = console ? strstr(console, "time: ") : NULL;
    const char *colon = line ? strchr(line + 6, ':') : NULL;
    double ns = colon ? strtod(colon + 1, NULL) : 0;
    if (ns <= 0)
        return err_set(err, ERR_PROCESS, "%s: no line with a time on the console: %s", row->name,
                       console ? console : "nothing");
    if (run_guest(row, settings, &measured, err) == ERR_OK)
        sample->value = 1e3 * (double)measured.instructions / ns;
    return err->code;
}

enum err_code measure_guest_qemu(const struct row *row, const struct bench_settings *settings,
                                 struct sample *sample, struct err *err)
{
    err_clear(err);
    char *console = guest_on_qemu(row, settings, err);
    enum err_code code = err->code ? err->code : rate_elsewhere(row, settings, console, sample, err);
    free(console);
    return code;
}

enum err_code measure_guest_hercules(const struct row *row, const struct bench_settings *settings,
                                     struct sample *sample, struct err *err)
{
    err_clear(err);
    char *console = guest_on_hercules(row, settings, err);
    enum err_code code = err->code ? err->code : rate_elsewhere(row, settings, console, sample, err);
    free(console);
    return code;
}
