// SPDX-License-Identifier: Apache-2.0
// Building a board, and running it: events in the one order, CPUs ahead of them as far as nothing can reach
// them.
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "fabric/crossbar/timing.h"
#include "node/board/internal.h"

void board_deliver(struct board *board, const struct message *message, const uint8_t *data)
{
    struct order_key key = {message->time, message->dst, message->src, message->seq};
    if (NP_UNLIKELY(key.time < board->reached)) { // only under a window, where it is counted and shown
        if (board->machine->window == 0)
            np_panic("NP0103: from board %u unit %u to board %u unit %u: arrival at %llu ps, reached %llu ps",
                     component_board(key.src), component_unit(key.src), component_board(key.dst),
                     component_unit(key.dst), (unsigned long long)key.time,
                     (unsigned long long)board->reached);
        key.time = board->reached;
        board_count(board, CNT_LATE, 1);
    }
    board_schedule(board, EV_ARRIVE, key, board_hold(board, message, data));
}

void board_deliver_frame(struct board *board, const struct frame *frame)
{
    struct order_key key = {frame->time, frame->dst, frame->src, frame->seq};
    if (frame->link == CROSSBAR_PACKET)
        packet_deliver(board, frame);
    else
        board_schedule(board, EV_FRAME_IN, key, adapter_hold(board, frame));
}

// Everything delivered enters the rolling hash, so that differences of order that heal are seen all the same.
// The trail keeps the hash at round times; when it is full, every other mark goes and the step doubles.
static void leave_trail(struct board *board)
{
    while (board->now >= board->trail_next) {
        if (board->trail_n == TRAIL_MAX) {
            for (uint32_t i = 0; i < TRAIL_MAX / 2; i++)
                board->trail[i] = board->trail[2 * i + 1];
            board->trail_n = TRAIL_MAX / 2;
            board->trail_step *= 2;
        }
        sim_time mark = board->now / board->trail_step * board->trail_step;
        board->trail[board->trail_n++] = (struct trail_mark){mark, board->delivered_hash};
        board->trail_next = mark + board->trail_step;
    }
}

void board_note_delivery(struct board *board, const struct order_key *key, uint64_t type, uint64_t what)
{
    uint64_t record[6] = {
        board->delivered_hash, key->time, (uint64_t)key->dst << 32 | key->src, key->seq, type, what};
    leave_trail(board);
    board->delivered_hash = XXH3_64bits(record, sizeof record);
}

static void deliver(struct board *board, const struct event *event)
{
    struct pool_item *item = pool_item(&board->pool, event->payload);
    struct message message = item->message;
    struct order_key key = {event->key.time, message.dst, message.src, message.seq};
    board_note_delivery(board, &key, message.type, message.line);
    if (NP_UNLIKELY(board->watch != NULL))
        watch_message(board, &message, WATCH_RECEIVE);
    if (NP_UNLIKELY(message_vnet(message.type) == VN_SIGNAL)) {
        pool_release(&board->pool, event->payload);
        signal_receive(board, &message);
        return;
    }
    if (component_unit(message.dst) == UNIT_HOME) {
        home_receive(board, event->payload);
        return;
    }
    uint8_t data[LINE_BYTES_MAX]; // the pool may move while the message is acted on
    if (item->has_data)
        memcpy(data, item->data, board->params->line_bytes);
    bool has_data = item->has_data;
    pool_release(&board->pool, event->payload);
    agent_receive(board, &message, has_data ? data : NULL);
}

static void apply_fault(struct board *board, uint32_t index)
{
    const struct fault_desc *fault = &board->machine->faults[index];
    segment_map_damage(&board->map, fault->segment, fault->home);
}

static void observe(struct board *board, const struct event *event)
{
    if (board->watch)
        watch_event(board, event);
    if (board->timeline)
        timeline_event(board);
}

static void dispatch(struct board *board, const struct event *event)
{
    board->now = event->key.time;
    board_count(board, CNT_TIES, event->key.time == board->last_event);
    board_count(board, CNT_EVENTS, 1);
    board->last_event = event->key.time;
    if (NP_UNLIKELY(board->observed))
        observe(board, event);
    switch ((enum event_type)event->type) {
    case EV_BUS:
        bus_event(board, event->payload);
        break;
    case EV_EGRESS:
        port_egress(board, event->payload);
        break;
    case EV_ARRIVE:
        port_arrive(board, event);
        break;
    case EV_DELIVER:
        deliver(board, event);
        break;
    case EV_HOME:
        home_event(board, event->payload);
        break;
    case EV_FAULT:
        apply_fault(board, event->payload);
        break;
    case EV_FRAME_OUT:
        adapter_egress(board, event->payload);
        break;
    case EV_FRAME_IN:
        adapter_arrive(board, event->payload);
        break;
    case EV_INPUT:
        service_element_input(board, event->payload);
        break;
    case EV_DUTY:
        firmware_duty(board);
        break;
    case EV_LINE:
        clean_event(board, event->payload);
        break;
    case EV_PACKET_OUT:
        packet_egress(board, event->payload);
        break;
    case EV_PACKET_ARRIVE:
        packet_arrive(board, event);
        break;
    case EV_PACKET_IN:
        packet_receive(board, event);
        break;
    case EV_TYPE_COUNT:
        np_panic("an event of type %u", event->type);
    }
}

static sim_time earliest_cpu(const struct board *board)
{
    sim_time earliest = SIM_NEVER;
    for (uint32_t i = 0; i < board->n_cpus; i++)
        earliest = sim_min(earliest, board->ready[i]);
    return earliest;
}

// A CPU alone would otherwise run to the end of its grant in one step, and whoever waits for the host with
// it.
#define STEP_ORDERS 4096u // of a step: this many times bus_order

// When the first and the second CPU could issue next.
struct front {
    uint32_t first;
    sim_time at, second_at;
};

static struct front front_of(const struct board *board)
{
    struct front front = {0, SIM_NEVER, SIM_NEVER};
    for (uint32_t i = 0; i < board->n_cpus; i++) {
        sim_time ready = board->ready[i];
        if (ready < front.at) {
            front.second_at = front.at;
            front.at = ready;
            front.first = i;
        } else {
            front.second_at = sim_min(front.second_at, ready);
        }
    }
    return front;
}

// No request made at or after a time takes effect before that time + bus_order. So a CPU may run to the next
// event, or to bus_order behind the earliest of the *others*; its own requests hold it back itself (drive.h).
static void run_cpus(struct board *board, sim_time limit)
{
    struct front front = front_of(board);
    sim_time order = board->options.reference ? 1 : board->params->bus_order;
    sim_time all = sim_min(limit, sim_add(front.at, order));
    sim_time alone = sim_min(limit, sim_add(front.at, order * STEP_ORDERS));
    if (!board->options.reference)
        alone = sim_min(alone, sim_add(front.second_at, order));
    for (uint32_t i = 0; i < board->n_cpus; i++) {
        sim_time until = i == front.first && !board->options.reference ? alone : all;
        if (board->ready[i] < until) {
            board->cpus[i].ops->run(&board->cpus[i], until);
            cpu_publish(&board->cpus[i]);
        }
    }
}

// Whether an event of this kind may give a CPU what it waits for.
static bool reaches_cpus(uint32_t type)
{
    return type == EV_BUS || type == EV_DELIVER || type >= EV_FRAME_IN;
}

// A step that went far counts for more.
static uint64_t long_step(const struct board *board, sim_time from)
{
    sim_time at = earliest_cpu(board);
    return at == SIM_NEVER ? 0 : (at - from) / board->params->bus_order;
}

bool board_run(struct board *board, sim_time until, uint64_t budget)
{
    sim_time cpu_at = earliest_cpu(board);
    for (;; budget--) {
        sim_time event_at = event_queue_time(&board->events);
        if (sim_min(event_at, cpu_at) >= until) {
            board->reached = until;
            return true;
        }
        if (budget == 0)
            return false;
        if (event_at <= cpu_at) {
            struct event event = event_queue_pop(&board->events);
            dispatch(board, &event);
            if (!reaches_cpus(event.type))
                continue;
        } else {
            run_cpus(board, sim_min(event_at, until));
            budget -= sim_min(budget - 1, long_step(board, cpu_at));
        }
        cpu_at = earliest_cpu(board);
    }
}

// From an event to the earliest egress it may cause.
static sim_time send_delay(const struct board *board, uint32_t type)
{
    const struct board_params *p = board->params;
    switch (type) {
    case EV_BUS:
        return p->agent_latency;
    case EV_ARRIVE:
        return crossbar_turnaround(p);
    case EV_DELIVER:
        return sim_min(p->home_occupancy, p->agent_latency);
    case EV_INPUT:
        return p->agent_latency;
    default:
        return 0;
    }
}

static sim_time event_bound(const struct board *board, const struct event *event)
{
    return sim_add(event->key.time, send_delay(board, event->type));
}

sim_time board_bound(const struct board *board)
{
    const struct event_queue *events = &board->events;
    sim_time bound = sim_add(earliest_cpu(board), board->params->bus_order);
    for (uint32_t i = 0; i < EVENT_LANES;
         i++) // of a lane, all of one kind and in order, the head is the least
        if (events->lane[i].n)
            bound = sim_min(bound, event_bound(board, event_lane_head(&events->lane[i])));
    for (uint32_t i = 0; i < events->n; i++)
        bound = sim_min(bound, event_bound(board, &events->heap[i]));
    return bound;
}

struct message_list *board_outbox(struct board *board)
{
    return &board->outbox;
}

struct frame_list *board_frames(struct board *board)
{
    return &board->frames_out;
}

const struct cpu *board_cpu(const struct board *board, unsigned index)
{
    return index < board->n_cpus ? &board->cpus[index] : NULL;
}

unsigned board_number(const struct board *board)
{
    return board->number;
}

// A guest that has nothing to do waits for an interruption. It is not stuck, and keeps no run from its end.
static bool waits_for_nothing(const struct cpu *cpu)
{
    struct guest_cpu_results guest;
    if (!cpu->ops->guest || cpu->n_under_way || cpu_ready(cpu) != SIM_NEVER)
        return false;
    cpu->ops->guest(cpu, &guest);
    return guest.end == GUEST_WAITING;
}

uint32_t board_running(const struct board *board)
{
    uint32_t running = 0;
    for (uint32_t i = 0; i < board->n_cpus; i++) {
        const struct cpu *cpu = &board->cpus[i];
        running += cpu->ops && !cpu->pool && !cpu->done && !waits_for_nothing(cpu);
    }
    return board->threads ? running + threads_running(board->threads) : running;
}

uint64_t board_accesses(const struct board *board)
{
    uint64_t accesses = 0;
    for (uint32_t i = 0; i < board->n_cpus; i++)
        accesses += board->cpus[i].results.accesses;
    return accesses;
}

const struct watch_event *board_watched(const struct board *board, uint32_t index, uint32_t *n,
                                        uint64_t *dropped)
{
    *n = 0;
    *dropped = 0;
    return board->watch ? watch_events(board->watch, index, n, dropped) : NULL;
}

uint64_t board_events(const struct board *board)
{
    return board->counters[CNT_EVENTS];
}
