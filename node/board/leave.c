// SPDX-License-Identifier: Apache-2.0
// Threads that go to other boards: as many as the order says are asked to leave; each that has nothing under
// way any more travels as a message, a large one in parts, and joins a CPU over there.
#include <stdlib.h>
#include <string.h>

#include "node/board/internal.h"

#define PART_BYTES   32768u       // of a thread in one packet: half of what a frame may hold
#define THREAD_BYTES (64u << 20u) // of one thread: what its trace has stored in pages of its own

void leave_begin(struct board *board, struct task *task)
{
    const struct order *order = &task->order;
    task->at = 0; // threads that are to go
    if (!board->threads)
        return;
    if (order->kind == ORDER_OFFLINE) {
        threads_offline(board->threads, board->now);
        task->at = threads_here(board->threads);
    } else {
        for (uint32_t i = 0; i < order->n_shares; i++)
            task->at += order->shares[i].number;
    }
    NP_ASSERT(task->at == 0 || order->n_shares);
    threads_dismiss(board->threads, (uint32_t)task->at, board->now);
}

// The board for the next thread: shares are filled in their order; whoever is left over is dealt out anew.
static unsigned next_board(struct task *task)
{
    for (uint32_t turns = 0; turns <= 2 * task->order.n_shares; turns++) {
        const struct order_share *share = &task->order.shares[task->share];
        if (task->used < share->number) {
            task->used++;
            return share->board;
        }
        task->share = (task->share + 1) % task->order.n_shares;
        task->used = 0;
    }
    return task->order.shares[0].board; // all shares are empty
}

// What a CPU that runs ahead hands out reaches the port like its misses, through the bus. A context that is
// larger than what there is to say is filled up with zeros.
static void send_thread(struct board *board, unsigned to, uint8_t *bytes, uint32_t size, sim_time at)
{
    uint32_t total = (uint32_t)sim_max(size, threads_context(board->threads, bytes, size));
    bytes = realloc(bytes, total);
    NP_ASSERT(bytes && total <= THREAD_BYTES);
    memset(bytes + size, 0, total - size);
    for (uint32_t from = 0, n; from < total; from += n) {
        struct archive packet;
        n = total - from < PART_BYTES ? total - from : PART_BYTES;
        packet_begin(&packet, PACKET_THREAD);
        ar_u32(&packet, &size);
        ar_u32(&packet, &total);
        ar_u32(&packet, &from);
        ar_bytes(&packet, bytes + from, n);
        packet_send(board, to, &packet, at + board->params->bus_order);
    }
    free(bytes);
}

static void send_departed(struct board *board, struct task *task)
{
    uint8_t *bytes;
    uint32_t size;
    sim_time at;
    for (; task->taken < task->at && threads_depart(board->threads, &bytes, &size, &at); task->taken++)
        send_thread(board, next_board(task), bytes, size, at);
}

static struct task *leave_in_hand(struct board *board)
{
    struct firmware *firmware = &board->firmware;
    for (uint32_t i = 0; i < firmware->n_tasks; i++)
        if (firmware->tasks[i].order.kind == ORDER_OFFLINE || firmware->tasks[i].order.kind == ORDER_SPREAD)
            return &firmware->tasks[i];
    return NULL;
}

bool leave_duty(struct board *board, struct task *task)
{
    if (task != leave_in_hand(board))
        return false;
    if (board->threads)
        send_departed(board, task);
    if (task->done < task->at)
        return false;
    task_end(board, task, 0);
    return true;
}

void leave_taken(struct board *board, unsigned from, struct archive *packet)
{
    (void)from; // one answer per thread
    struct task *task = leave_in_hand(board);
    if (!task || task->done == task->taken)
        ar_fail(packet, "a thread has been taken that was never sent");
    else
        task->done++;
}

// A thread of which parts have come, by the board that sends it: one at a time.
static struct arriving *arriving_from(struct arriving_list *list, unsigned from)
{
    for (uint32_t i = 0; i < list->n; i++)
        if (list->items[i].from == from)
            return &list->items[i];
    list->items = realloc(list->items, (list->n + 1) * sizeof *list->items);
    NP_ASSERT(list->items);
    list->items[list->n] = (struct arriving){.from = (uint16_t)from};
    return &list->items[list->n++];
}

static void arrived_whole(struct board *board, struct arriving *thread)
{
    struct arriving_list *list = &board->firmware.arriving;
    struct archive answer;
    threads_arrive(board->threads, thread->bytes, thread->size, board->now);
    packet_begin(&answer, PACKET_THREAD_TAKEN);
    packet_send(board, thread->from, &answer, board->now);
    free(thread->bytes);
    *thread = list->items[--list->n];
}

void leave_arrived(struct board *board, unsigned from, struct archive *packet)
{
    uint32_t size = 0, total = 0, at = 0;
    ar_u32(packet, &size);
    ar_u32(packet, &total);
    ar_u32(packet, &at);
    struct arriving *thread = arriving_from(&board->firmware.arriving, from);
    bool begins = at == 0 && !thread->bytes && size <= total && total > 0 && total <= THREAD_BYTES;
    if (ar_failed(packet) || !board->threads ||
        (at ? at != thread->got || total != thread->total : !begins)) {
        ar_fail(packet, "byte %u of a thread of %u", at, size);
        return;
    }
    if (begins) {
        *thread =
            (struct arriving){.from = (uint16_t)from, .size = size, .total = total, .bytes = malloc(total)};
        NP_ASSERT(thread->bytes);
    }
    uint32_t n = total - at < PART_BYTES ? total - at : PART_BYTES;
    ar_bytes(packet, thread->bytes + at, n);
    thread->got = at + n;
    if (thread->got == total && !ar_failed(packet))
        arrived_whole(board, thread);
}

void arriving_state(struct arriving_list *list, struct archive *ar)
{
    uint32_t n = list->n;
    ar_count(ar, &n, BOARDS_PER_SYSTEM_MAX);
    for (uint32_t i = 0; i < n && !ar_failed(ar); i++) {
        struct arriving thread = {0};
        if (!ar_loading(ar))
            thread = list->items[i];
        ar_u16(ar, &thread.from);
        ar_count(ar, &thread.total, THREAD_BYTES);
        ar_count(ar, &thread.size, thread.total);
        ar_count(ar, &thread.got, thread.total);
        if (ar_loading(ar)) {
            thread.bytes = calloc(1, thread.total + 1);
            NP_ASSERT(thread.bytes);
            *arriving_from(list, thread.from) = thread;
        }
        ar_bytes(ar, thread.bytes, thread.got);
    }
}

void arriving_free(struct arriving_list *list)
{
    for (uint32_t i = 0; i < list->n; i++)
        free(list->items[i].bytes);
    free(list->items);
    *list = (struct arriving_list){0};
}
