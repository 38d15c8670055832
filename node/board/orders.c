// SPDX-License-Identifier: Apache-2.0
// Orders of the system controller: taken at a cut, begun at once, looked after at duty events, answered with
// one report each.
#include <stdlib.h>
#include <string.h>

#include "node/board/internal.h"

void firmware_init(struct board *board)
{
    board->firmware.powered = board->partition != NULL;
    domain_init(board);
}

void firmware_free(struct board *board)
{
    struct firmware *firmware = &board->firmware;
    for (uint32_t i = 0; i < firmware->n_tasks; i++)
        order_free(&firmware->tasks[i].order);
    free(firmware->tasks);
    free(firmware->reports.items);
    free(firmware->unmappings.items);
    arriving_free(&firmware->arriving);
    stays_free(board);
}

void firmware_attend(struct board *board)
{
    struct firmware *firmware = &board->firmware;
    if (firmware->duty)
        return;
    component_id unit = board_unit(board, UNIT_FIRMWARE);
    sim_time at = board->now + board->params->bus_order;
    firmware->duty = true;
    board_schedule(board, EV_DUTY, (struct order_key){at, unit, unit, firmware->seq++}, 0);
}

static struct order copy_of(const struct order *order)
{
    struct order copy = *order;
    copy.shares = order->n_shares ? calloc(order->n_shares, sizeof *copy.shares) : NULL;
    copy.bytes = order->n_bytes ? malloc(order->n_bytes) : NULL;
    NP_ASSERT((copy.shares || !copy.n_shares) && (copy.bytes || !copy.n_bytes));
    if (copy.shares)
        memcpy(copy.shares, order->shares, order->n_shares * sizeof *copy.shares);
    if (copy.bytes)
        memcpy(copy.bytes, order->bytes, order->n_bytes);
    return copy;
}

static void add_task(struct board *board, const struct order *order)
{
    struct firmware *firmware = &board->firmware;
    if (firmware->n_tasks == firmware->tasks_capacity) {
        firmware->tasks_capacity = firmware->tasks_capacity ? 2 * firmware->tasks_capacity : 4;
        firmware->tasks = realloc(firmware->tasks, firmware->tasks_capacity * sizeof *firmware->tasks);
        NP_ASSERT(firmware->tasks);
    }
    firmware->tasks[firmware->n_tasks++] =
        (struct task){.order = copy_of(order), .serial = firmware->serial++};
    if (order->kind == ORDER_OFFLINE || order->kind == ORDER_SPREAD)
        leave_begin(board, &firmware->tasks[firmware->n_tasks - 1]);
    if (order->kind == ORDER_TEST)
        test_begin(board, &firmware->tasks[firmware->n_tasks - 1]);
    firmware_attend(board);
}

static void add_report(struct board *board, const struct report *report)
{
    struct report_list *reports = &board->firmware.reports;
    if (reports->n == reports->capacity) {
        reports->capacity = reports->capacity ? 2 * reports->capacity : 4;
        reports->items = realloc(reports->items, reports->capacity * sizeof *reports->items);
        NP_ASSERT(reports->items);
    }
    reports->items[reports->n++] = *report;
}

void task_end(struct board *board, struct task *task, uint64_t remaining)
{
    struct firmware *firmware = &board->firmware;
    add_report(board, &(struct report){.id = task->order.id,
                                       .board = board->number,
                                       .kind = task->order.kind,
                                       .status = task->status,
                                       .at = board->now,
                                       .done = task->done,
                                       .remaining = remaining});
    uint32_t index = (uint32_t)(task - firmware->tasks);
    order_free(&task->order);
    firmware->n_tasks--;
    memmove(task, task + 1, (firmware->n_tasks - index) * sizeof *task);
}

static void take_tables(struct board *board, const struct order *order)
{
    struct archive tables;
    if (!board->threads)
        return;
    ar_init_load(&tables, order->bytes, order->n_bytes);
    threads_tables(board->threads, &tables);
    if (ar_failed(&tables) || tables.at != tables.size)
        np_panic("NP0403: board %u: page tables of %llu bytes: %s", board->number,
                 (unsigned long long)order->n_bytes, tables.err.text);
}

static void change_domain(struct board *board, const struct domain *domain)
{
    const struct domain old = board->domain;
    domain_set(board, domain);
    guest_follow(board, &old);
}

// What is done the moment it is ordered. False: it takes time.
static bool obey_at_once(struct board *board, const struct order *order)
{
    switch (order->kind) {
    case ORDER_POWER:
        board->firmware.powered = order->number != 0;
        board_clear(board);
        return true;
    case ORDER_DOMAIN:
        if (order->domain.partition != board_partition(board))
            stays_change(board, order->at);
        change_domain(board, &order->domain);
        if (board->threads && board_partition(board) == NO_PARTITION && threads_here(board->threads))
            threads_end(board->threads, order->at);
        return true;
    case ORDER_TABLES:
        take_tables(board, order);
        return true;
    case ORDER_ONLINE:
        if (board->threads)
            threads_online(board->threads, board->domain.partition, order->at);
        return true;
    case ORDER_RESET:
        board_reset(board);
        return true;
    case ORDER_RESUME:
        quiesce_end(board);
        return true;
    default:
        return false;
    }
}

void board_order(struct board *board, const struct order *order)
{
    NP_ASSERT(order->kind < ORDER_KIND_COUNT && order->at >= board->reached);
    board->firmware.touched = true;
    board->now = board->reached = order->at;
    if (order->kind == ORDER_TYPE) {
        service_element_type(board, order->bytes, order->n_bytes);
        return;
    }
    if (obey_at_once(board, order)) {
        add_report(board, &(struct report){
                              .id = order->id, .board = board->number, .kind = order->kind, .at = order->at});
        return;
    }
    if (order->kind == ORDER_QUIESCE)
        quiesce_begin(board);
    add_task(board, order);
}

// Looks after one task. True: it has ended, and the next one is in its place.
static bool look_after(struct board *board, struct task *task)
{
    switch (task->order.kind) {
    case ORDER_QUIESCE:
        return quiesce_duty(board, task);
    case ORDER_TEST:
        return test_duty(board, task);
    case ORDER_OFFLINE:
    case ORDER_SPREAD:
        return leave_duty(board, task);
    case ORDER_DRAIN:
        return drain_duty(board, task);
    case ORDER_COPY:
        return copy_duty(board, task);
    case ORDER_FLUSH:
        return flush_duty(board, task);
    default:
        np_panic("NP0101: board %u has an order of kind %d under way", board->number, task->order.kind);
    }
}

void firmware_duty(struct board *board)
{
    struct firmware *firmware = &board->firmware;
    firmware->duty = false;
    unmap_duty(board);
    bool waits = clean_duty(board);
    waits |= unassign_duty(board);
    for (uint32_t i = 0; i < firmware->n_tasks;)
        i += !look_after(board, &firmware->tasks[i]);
    if (firmware->n_tasks || firmware->unmappings.n || waits)
        firmware_attend(board);
}

uint32_t board_reports(const struct board *board)
{
    return board->firmware.reports.n;
}

sim_time board_report_time(const struct board *board, uint32_t index)
{
    NP_ASSERT(index < board->firmware.reports.n);
    return board->firmware.reports.items[index].at;
}

bool board_take_report(struct board *board, struct report *report)
{
    struct report_list *reports = &board->firmware.reports;
    if (reports->n == 0)
        return false;
    *report = reports->items[0];
    reports->n--;
    memmove(reports->items, reports->items + 1, reports->n * sizeof *report);
    return true;
}
