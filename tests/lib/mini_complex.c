// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/mini_complex.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "fabric/crossbar/timing.h"
#include "proto/base/assert.h"
#include "proto/base/digest.h"

// Between boards that may come to be in one partition.
static sim_time shortest_pair(const struct machine *machine)
{
    sim_time shortest = SIM_NEVER;
    for (uint32_t i = 0; i < machine->n_boards; i++)
        for (uint32_t j = 0; j < machine->n_boards; j++)
            if (i != j && machine->boards[i].system == machine->boards[j].system)
                shortest = sim_min(shortest, crossbar_lookahead(machine, i, j));
    return shortest;
}

static sim_time shortest_way(const struct machine *machine)
{
    sim_time shortest = SIM_NEVER;
    for (uint32_t i = 0; i < machine->n_boards; i++)
        shortest = sim_min(shortest, machine->boards[i].partition == NO_PARTITION
                                         ? shortest_pair(machine)
                                         : crossbar_lookahead_least(machine, i));
    for (uint32_t i = 0; i < machine->n_links; i++)
        shortest = sim_min(shortest, machine->links[i].latency);
    return shortest;
}

enum err_code mini_open(struct mini_complex *complex, const struct machine *machine,
                        const struct mini_options *options, struct err *err)
{
    static const struct mini_options plain;
    *complex = (struct mini_complex){.machine = machine, .options = options ? *options : plain};
    complex->chopping = rng_for(complex->options.chop, 0);
    complex->lookahead = shortest_way(machine);
    struct board_options board = {.reference = complex->options.reference};
    for (uint32_t i = 0; i < machine->n_boards; i++) {
        complex->boards[i] = board_new(machine, i, &board, err);
        if (!complex->boards[i]) {
            mini_close(complex);
            return err->code;
        }
    }
    return ERR_OK;
}

void mini_close(struct mini_complex *complex)
{
    for (uint32_t i = 0; i < complex->machine->n_boards; i++)
        board_free(complex->boards[i]);
    *complex = (struct mini_complex){0};
}

static void hand_over(struct mini_complex *complex, struct board *board)
{
    struct message_list *messages = board_outbox(board);
    for (uint32_t i = 0; i < messages->n; i++) {
        const struct message *message = &messages->items[i];
        board_deliver(complex->boards[component_board(message->dst)], message,
                      message_list_data(messages, message));
    }
    message_list_clear(messages);
    struct frame_list *frames = board_frames(board);
    for (uint32_t i = 0; i < frames->n; i++)
        board_deliver_frame(complex->boards[component_board(frames->items[i].dst)], &frames->items[i]);
    frame_list_clear(frames);
}

struct stretch {
    struct mini_complex *complex;
    uint32_t first;
    sim_time end;
};

static void *run_every_other(void *self)
{
    const struct stretch *stretch = self;
    for (uint32_t i = stretch->first; i < stretch->complex->machine->n_boards; i += 2)
        board_run(stretch->complex->boards[i], stretch->end, UINT64_MAX);
    return NULL;
}

// Everything before `end`, or before some earlier time when windows are cut at random.
static void run_window(struct mini_complex *complex, sim_time end)
{
    if (complex->options.chop)
        end = complex->reached + 1 + rng_below(&complex->chopping, end - complex->reached);
    struct stretch odd = {complex, 1, end}, even = {complex, 0, end};
    pthread_t thread;
    if (complex->options.two_threads && pthread_create(&thread, NULL, run_every_other, &odd) == 0) {
        run_every_other(&even);
        pthread_join(thread, NULL);
    } else {
        run_every_other(&even);
        run_every_other(&odd);
    }
    for (uint32_t i = 0; i < complex->machine->n_boards; i++)
        hand_over(complex, complex->boards[i]);
    complex->reached = end;
}

bool mini_run(struct mini_complex *complex, sim_time until)
{
    for (;;) {
        sim_time bound = SIM_NEVER;
        uint32_t running = 0;
        for (uint32_t i = 0; i < complex->machine->n_boards; i++) {
            bound = sim_min(bound, board_bound(complex->boards[i]));
            running += board_running(complex->boards[i]);
        }
        if (bound == SIM_NEVER || complex->reached >= until)
            return running == 0;
        run_window(complex, sim_min(until, sim_add(bound, complex->lookahead)));
    }
}

void mini_order(struct mini_complex *complex, const struct order *order)
{
    struct order copy = *order;
    copy.at = complex->reached;
    board_order(complex->boards[order->board], &copy);
}

static uint32_t waiting_reports(const struct mini_complex *complex, sim_time *last)
{
    uint32_t n = 0;
    *last = 0;
    for (uint32_t i = 0; i < complex->machine->n_boards; i++) {
        uint32_t own = board_reports(complex->boards[i]);
        n += own;
        if (own)
            *last = sim_max(*last, board_report_time(complex->boards[i], own - 1));
    }
    return n;
}

static sim_time earliest(const struct mini_complex *complex)
{
    sim_time bound = SIM_NEVER;
    for (uint32_t i = 0; i < complex->machine->n_boards; i++)
        bound = sim_min(bound, board_bound(complex->boards[i]));
    return bound;
}

sim_time mini_reports(struct mini_complex *complex, uint32_t wanted, sim_time latency, struct report *reports)
{
    sim_time last;
    while (waiting_reports(complex, &last) < wanted) {
        sim_time bound = earliest(complex);
        NP_ASSERT(bound != SIM_NEVER);
        sim_time end = sim_add(sim_max(bound, complex->reached), complex->lookahead);
        run_window(complex, sim_min(end, complex->reached + latency));
    }
    sim_time until = last + latency;
    while (complex->reached < until)
        run_window(complex,
                   sim_min(until, sim_add(sim_max(earliest(complex), complex->reached), complex->lookahead)));
    uint32_t n = 0;
    for (uint32_t i = 0; i < complex->machine->n_boards; i++)
        while (n < wanted && board_take_report(complex->boards[i], &reports[n]))
            n++;
    return last;
}

void mini_state(struct mini_complex *complex, struct archive *ar)
{
    ar_u64(ar, &complex->reached);
    for (uint32_t i = 0; i < complex->machine->n_boards; i++)
        board_state(complex->boards[i], ar);
}

struct digest mini_digest(struct mini_complex *complex)
{
    struct digest digests[BOARDS_MAX];
    for (uint32_t i = 0; i < complex->machine->n_boards; i++) {
        struct archive ar;
        ar_init_hash(&ar);
        board_state(complex->boards[i], &ar);
        digests[i] = ar_digest(&ar);
        ar_free(&ar);
    }
    return digest_combine(digests, complex->machine->n_boards);
}

static struct board_results *results_of(struct mini_complex *complex, uint32_t board)
{
    struct board_results *results = malloc(sizeof *results);
    NP_ASSERT(results);
    board_results(complex->boards[board], results);
    return results;
}

uint64_t mini_counter(struct mini_complex *complex, enum counter counter)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < complex->machine->n_boards; i++) {
        struct board_results *results = results_of(complex, i);
        sum += results->counters[counter];
        free(results);
    }
    return sum;
}

void mini_failure(struct mini_complex *complex, char *text, size_t size)
{
    text[0] = '\0';
    for (uint32_t i = 0; i < complex->machine->n_boards && !text[0]; i++) {
        struct board_results *results = results_of(complex, i);
        snprintf(text, size, "%s", results->first_failure);
        free(results);
    }
}
