// SPDX-License-Identifier: Apache-2.0
// The self-test of a board in no partition. It gives itself a real address space of its own memory, its CPUs
// run the test (node/cpu/self_test.h) in the place of whatever is theirs, and it leaves memory and caches
// empty.
#include <stdlib.h>

#include "node/board/internal.h"
#include "node/cpu/self_test.h"

static void map_own_memory(struct board *board)
{
    struct segment_desc all = {.size = board->params->memory_bytes, .n_boards = 1, .boards = {board->number}};
    segment_map_set(&board->map, &all, 1, 0);
    board->home.decode = board->map;
    board->home.form.boards = UINT64_C(1) << (board->number - board->system->first_board);
}

// Puts the test in the place of each CPU's program. The CPUs of a domain that has stopped stand still: for
// the test they run.
void test_attach(struct board *board)
{
    map_own_memory(board);
    for (uint32_t i = 0; i < board->n_cpus; i++) {
        struct cpu *cpu = &board->cpus[i];
        struct aside *aside = &board->firmware.aside[i];
        aside->ops = cpu->ops;
        aside->program = cpu->program;
        cpu->ready = &board->ready[i];
        self_test_open(cpu, board->firmware.test_bytes, i, board->n_cpus);
    }
}

void test_begin(struct board *board, struct task *task)
{
    const struct order *order = &task->order;
    struct firmware *firmware = &board->firmware;
    NP_ASSERT(board->domain.partition == NO_PARTITION && board_under_way(board) == 0);
    uint64_t bytes = sim_max(order->size / PAGE_BYTES * PAGE_BYTES, SELF_TEST_BYTES_MIN);
    firmware->test_bytes = sim_min(bytes, board->params->memory_bytes);
    firmware->testing = true;
    reset_guest(board);
    for (uint32_t i = 0; i < board->n_cpus; i++) {
        struct cpu *cpu = &board->cpus[i];
        firmware->aside[i] =
            (struct aside){.done = cpu->done, .blocked = cpu->blocked, .wake_at = cpu->wake_at};
        cpu->n_pending = 0; // in a domain that has stopped: what was done last; it will begin anew
        cpu->due = SIM_NEVER;
        NP_ASSERT(cpu->buffer.n == 0);
        cpu->done = cpu->blocked = false;
        cpu->wake_at = SIM_NEVER;
        clock_align(&cpu->clock, board->now);
    }
    test_attach(board);
    for (uint32_t i = 0; i < board->n_cpus; i++)
        cpu_publish(&board->cpus[i]);
}

void test_put_back(struct board *board)
{
    for (uint32_t i = 0; i < board->n_cpus; i++) {
        struct cpu *cpu = &board->cpus[i];
        if (cpu->ops != &program_self_test) // a state that was damaged before it came to the CPUs
            continue;
        cpu->ops->free(cpu);
        cpu->ops = board->firmware.aside[i].ops;
        cpu->program = board->firmware.aside[i].program;
    }
}

static void detach(struct board *board)
{
    test_put_back(board);
    for (uint32_t i = 0; i < board->n_cpus; i++) {
        struct cpu *cpu = &board->cpus[i];
        const struct aside *aside = &board->firmware.aside[i];
        cpu->done = aside->done;
        cpu->blocked = aside->blocked;
        cpu->wake_at = aside->wake_at;
        cpu_hold_until(cpu, board->now);
        cpu_publish(cpu);
    }
    board->firmware.testing = false;
    if (board->firmware.quiesced)
        quiesce_hold(board);
    board_clear(board);
    domain_set(board, &board->domain);
}

bool test_duty(struct board *board, struct task *task)
{
    uint64_t failed = 0;
    for (uint32_t i = 0; i < board->n_cpus; i++)
        if (!board->cpus[i].done)
            return false;
    if (board_under_way(board))
        return false;
    for (uint32_t i = 0; i < board->n_cpus; i++) {
        task->done += self_test_tested(&board->cpus[i]);
        failed += self_test_failed(&board->cpus[i]);
    }
    task->done = sim_min(task->done, board->firmware.test_bytes);
    if (failed)
        task->status = REPORT_FAILED_TEST;
    detach(board);
    task_end(board, task, 0);
    return true;
}

void test_state(struct board *board, struct archive *ar)
{
    struct firmware *firmware = &board->firmware;
    ar_bool(ar, &firmware->testing);
    if (!firmware->testing)
        return;
    ar_u64(ar, &firmware->test_bytes);
    if (firmware->test_bytes < SELF_TEST_BYTES_MIN || firmware->test_bytes > board->params->memory_bytes) {
        ar_fail(ar, "a self-test of %llu bytes", (unsigned long long)firmware->test_bytes);
        firmware->testing = false;
    }
    for (uint32_t i = 0; i < board->n_cpus; i++) {
        ar_bool(ar, &firmware->aside[i].done);
        ar_bool(ar, &firmware->aside[i].blocked);
        ar_u64(ar, &firmware->aside[i].wake_at);
    }
}
