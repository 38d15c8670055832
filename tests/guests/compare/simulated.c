// SPDX-License-Identifier: Apache-2.0
#include "tests/guests/compare/simulated.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "coordinator/machine/scenario.h"
#include "node/host/packed.h"
#include "node/isa/zcpu.h"
#include "proto/base/assert.h"
#include "tests/lib/guest_console.h"
#include "tests/lib/process.h"

static enum err_code describe(const struct guest_case *test, struct scenario *scenario, struct err *err)
{
    char folder[PATH_MAX_BYTES], path[PATH_MAX_BYTES + 16];
    test_folder_make(folder);
    snprintf(path, sizeof path, "%s/guest.yaml", folder);
    FILE *file = fopen(path, "w");
    NP_ASSERT(file);
    fprintf(file,
            "scenario: compare\nsystems:\n  - name: s\n    preset: zec12\n    boards: %u\n"
            "    board: {memory: %" PRIu64 "MiB, cpus: %u, l2: 3MiB}\n    partitions:\n      - name: GUEST\n"
            "        boards: all\n        memory:\n",
            test->boards, (GUEST_MEMORY >> 20) / test->boards, test->cpus / test->boards);
    for (unsigned b = 0; b < test->boards; b++)
        fprintf(file, "          - {size: %" PRIu64 "MiB, interleave: none, boards: [B%u]}\n",
                (GUEST_MEMORY >> 20) / test->boards, b);
    fprintf(
        file,
        "        programs:\n          - {on: all, load: \"%s\", arguments: \"%s\", architecture: zec12}\n",
        test->image, test->arguments);
    fclose(file);
    bool failed = scenario_read(path, scenario, err) != 0;
    test_folder_remove(folder);
    return failed ? err->code : ERR_OK;
}

static void take_cpu(const struct board *board, struct case_outcome *outcome)
{
    const struct zcpu *z = zcpu_of(board_cpu(board, 0));
    outcome->psw_mask = z->psw_mask;
    outcome->psw_address = z->psw_address;
    outcome->clean = z->activity == DOING_ENDED && (z->psw_address & 0xfff) == 0xfff;
    memcpy(outcome->gr, z->gr, sizeof outcome->gr);
    memcpy(outcome->fpr, z->fpr, sizeof outcome->fpr);
    memcpy(outcome->cr, z->cr, sizeof outcome->cr);
}

static void take_memory(const struct board *board, struct case_outcome *outcome)
{
    outcome->memory = mmap(NULL, GUEST_MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    NP_ASSERT(outcome->memory != MAP_FAILED);
    for (uint64_t at = 0; at < GUEST_MEMORY; at += PAGE_BYTES) {
        uint8_t page[PAGE_BYTES];
        static const uint8_t zero[PAGE_BYTES];
        board_peek(board, at, page, sizeof page);
        if (memcmp(page, zero, sizeof page) != 0) // pages that nothing touched stay the host's
            memcpy(outcome->memory + at, page, sizeof page);
    }
}

static enum err_code run(const struct machine *machine, struct case_outcome *outcome, struct err *err)
{
    static struct packed packed;
    const struct packed_options options = {.threads = 2,
                                           .conductor = {.horizon = {.stride = 100 * SIM_PS_PER_US},
                                                         .epoch = 1,
                                                         .events_without_progress = 50000000}};
    const struct conductor_stop stop = {.time = SIM_NEVER};
    enum pause_reason reason;
    if (packed_open(&packed, machine, &options, err))
        return err->code;
    enum err_code code = packed_run(&packed, &stop, &reason, err);
    if (code == ERR_OK) {
        outcome->console = guest_console(packed.crew.boards, machine, 0);
        take_cpu(packed.crew.boards[0], outcome);
        if (machine->n_boards == 1)
            take_memory(packed.crew.boards[0], outcome);
    }
    packed_close(&packed);
    return code;
}

enum err_code simulated_run(const struct guest_case *test, struct case_outcome *outcome, struct err *err)
{
    struct scenario scenario;
    err_clear(err);
    *outcome = (struct case_outcome){0};
    if (describe(test, &scenario, err) == ERR_OK) {
        run(&scenario.machine, outcome, err);
        scenario_free(&scenario);
    }
    return err->code;
}
