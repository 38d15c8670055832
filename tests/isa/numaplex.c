// SPDX-License-Identifier: Apache-2.0
#include "tests/isa/numaplex.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/board/board.h"
#include "proto/base/big_endian.h"
#include "tests/lib/tiny_machine.h"

// Simulated time between two looks at how far the harness is. No case takes a hundredth of it.
#define LOOK (SIM_PS_PER_S / 100)

enum err_code numaplex_open(struct isa_numaplex *numaplex, enum architecture level, struct err *err)
{
    *numaplex = (struct isa_numaplex){.level = level};
    void *memory =
        mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return err_errno(err, ERR_MEMORY, "memory of a batch");
    numaplex->memory = memory;
    return ERR_OK;
}

void numaplex_close(struct isa_numaplex *numaplex)
{
    if (numaplex->pid > 0) {
        kill(numaplex->pid, SIGKILL);
        waitpid(numaplex->pid, NULL, 0);
    }
    if (numaplex->memory)
        munmap(numaplex->memory, MEMORY_BYTES);
    *numaplex = (struct isa_numaplex){0};
}

static void describe(const struct isa_numaplex *numaplex, struct tiny_machine *tiny, const char *image)
{
    const struct tiny_shape shape = {.protocol = "mesi",
                                     .boards = 1,
                                     .cpus = 1,
                                     .partitions = 1,
                                     .memory_bytes = MEMORY_BYTES,
                                     .frames_offset = MEMORY_BYTES,
                                     .l1_split = true};
    tiny_machine_init(tiny, &shape);
    struct board_params *params = &tiny->boards[0].params;
    if (!numaplex->small_caches) {
        params->line_bytes = 256;
        params->l1 = params->l1i = (struct cache_geometry){.bytes = 128 << 10, .ways = 8, .latency = 1000};
        params->l2 = (struct cache_geometry){.bytes = 1 << 20, .ways = 8, .latency = 3000};
    }
    struct guest_desc *guest = &tiny->partitions[0].guest;
    snprintf(guest->image, sizeof guest->image, "%s", image);
    guest->architecture = numaplex->level;
    guest->functional = !numaplex->small_caches;
    guest->n_cpus = 1;
    tiny_machine_add(tiny, 0, 0, CPU_ZARCH);
}

// Runs until the CPU ends, or a whole look passes without a case.
static enum err_code run(struct board *board, uint8_t *memory, struct err *err)
{
    uint64_t done = 0;
    for (sim_time until = LOOK;; until += LOOK) {
        while (!board_run(board, until, 1 << 20))
            ;
        board_peek(board, HEADER_AT, memory + HEADER_AT, 64);
        if (!board_running(board))
            return ERR_OK;
        if (batch_done(memory) == done)
            return err_set(err, ERR_NO_PROGRESS, "numaplex makes no progress behind case %lu", done);
        done = batch_done(memory);
    }
}

static enum err_code run_batch(const struct isa_numaplex *numaplex, const char *image, struct err *err)
{
    static struct tiny_machine tiny;
    describe(numaplex, &tiny, image);
    const struct board_options options = {0};
    struct board *board = board_new(&tiny.machine, 0, &options, err);
    if (!board)
        return err->code;
    enum err_code code = run(board, numaplex->memory, err);
    uint64_t done = batch_done(numaplex->memory), dirty = get64(numaplex->memory + HEADER_AT + 32);
    board_peek(board, RESULTS_AT, numaplex->memory + RESULTS_AT, done * RESULT_BYTES);
    if (dirty > DIRTY_AT && dirty < DIRTY_END)
        board_peek(board, DIRTY_AT, numaplex->memory + DIRTY_AT, dirty - DIRTY_AT);
    board_free(board);
    return code;
}

enum err_code numaplex_start(struct isa_numaplex *numaplex, const char *image, struct err *err)
{
    if (madvise(numaplex->memory, MEMORY_BYTES, MADV_REMOVE))
        return err_errno(err, ERR_MEMORY, "memory of a batch");
    fflush(NULL);
    numaplex->pid = fork();
    if (numaplex->pid < 0)
        return err_errno(err, ERR_PROCESS, "a process for numaplex");
    if (numaplex->pid == 0) {
        struct err own = {0};
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        int status = run_batch(numaplex, image, &own) ? err_report(&own) : 0;
        fflush(NULL);
        _exit(status);
    }
    return ERR_OK;
}

enum err_code numaplex_wait(struct isa_numaplex *numaplex, struct err *err)
{
    int status = 0;
    pid_t ended = waitpid(numaplex->pid, &status, 0);
    numaplex->pid = 0;
    if (ended < 0)
        return err_errno(err, ERR_PROCESS, "the process of numaplex");
    if (!WIFEXITED(status) || WEXITSTATUS(status))
        return err_set(err, ERR_PROCESS, "numaplex ended with status %d behind case %lu",
                       WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status),
                       batch_done(numaplex->memory));
    return ERR_OK;
}
