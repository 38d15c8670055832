// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/random_control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"
#include "tests/lib/random_machine.h"
#include "tests/lib/random_orders.h"

// Never two random numbers in one expression: compilers differ in which they draw first, and the bytes on
// file must not.

static uint32_t below(struct rng *rng, uint32_t bound)
{
    return (uint32_t)rng_below(rng, bound);
}

static void *zeroed(uint32_t count, size_t size)
{
    void *items = calloc(count ? count : 1, size);
    NP_ASSERT(items);
    return items;
}

// Small numbers as often as large ones, so that every length on the wire occurs.
static uint64_t number(struct rng *rng)
{
    uint64_t shift = rng_below(rng, 64);
    return rng_next(rng) >> shift;
}

static void numbers(struct rng *rng, uint64_t *to, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] = number(rng);
}

static void fill_latency(struct rng *rng, bool full, struct latency_histogram *h)
{
    h->count = number(rng);
    h->sum_ps = number(rng);
    h->min_ps = number(rng);
    h->max_ps = number(rng);
    for (unsigned i = 0; i < LATENCY_BUCKETS; i++)
        h->bucket[i] = full ? UINT64_MAX - i : below(rng, 4) ? 0 : number(rng);
}

static void fill_traffic(struct rng *rng, bool full, struct board_results *b)
{
    for (unsigned i = 0; i < BOARDS_PER_SYSTEM_MAX; i++) {
        if (!full && below(rng, 4))
            continue;
        b->sent_to[i].messages = 1 + number(rng) / 2;
        b->sent_to[i].bytes = number(rng);
    }
    b->n_pages = full ? PAGES_REPORTED_MAX : below(rng, 10);
    for (uint32_t i = 0; i < b->n_pages; i++) {
        b->pages[i].address = number(rng);
        b->pages[i].remote = number(rng) / 2;
        b->pages[i].requests = b->pages[i].remote + number(rng) / 2;
        b->pages[i].writes = number(rng);
        b->pages[i].boards = 1 + below(rng, BOARDS_PER_SYSTEM_MAX);
        b->pages[i].owned = below(rng, 2);
        b->pages[i].virtual_address = number(rng);
        b->pages[i].process = below(rng, 1000);
        snprintf(b->pages[i].symbol, sizeof b->pages[i].symbol, "counter+0x%x", below(rng, 4096));
    }
}

static void fill_guest(struct rng *rng, struct guest_cpu_results *guest)
{
    guest->end = (uint8_t)(1 + below(rng, GUEST_END_COUNT - 1));
    guest->instructions = number(rng);
    guest->busy_ps = number(rng);
    guest->psw_mask = rng_next(rng);
    guest->psw_address = rng_next(rng);
    numbers(rng, guest->gr, NP_ARRAY_LEN(guest->gr));
}

static void fill_board(struct rng *rng, bool full, struct board_results *b)
{
    b->cpus = full ? CPUS_PER_BOARD_MAX : below(rng, CPUS_PER_BOARD_MAX + 1);
    b->digest.low = rng_next(rng);
    b->digest.high = rng_next(rng);
    numbers(rng, b->counters, COUNTER_COUNT);
    numbers(rng, b->sent_by_type, MSG_TYPE_COUNT);
    for (unsigned i = 0; i < SERVED_COUNT; i++)
        fill_latency(rng, full, &b->latency[i]);
    for (uint32_t i = 0; i < b->cpus; i++)
        numbers(rng, (uint64_t *)(void *)&b->cpu[i], sizeof b->cpu[i] / sizeof(uint64_t)); // it is all such
    for (uint32_t i = 0; i < b->cpus; i++)
        if (full || below(rng, 4) == 0)
            fill_guest(rng, &b->guest[i]);
    fill_traffic(rng, full, b);
    b->trail_n = full ? TRAIL_MAX : below(rng, 20);
    for (uint32_t i = 0; i < b->trail_n; i++) {
        b->trail[i].time = UINT64_MAX - number(rng);
        b->trail[i].hash = rng_next(rng);
    }
    if (full || below(rng, 2))
        snprintf(b->first_failure, sizeof b->first_failure, "board %u: loaded %llx", b->board,
                 (unsigned long long)rng_next(rng));
}

static void fill_stay(struct rng *rng, bool full, struct stay *stay)
{
    stay->partition = below(rng, 3) ? below(rng, PARTITIONS_MAX) : NO_PARTITION;
    stay->joined = number(rng);
    stay->left = below(rng, 2) ? SIM_NEVER : stay->joined + below(rng, 100000);
    stay->earlier_ps = number(rng);
    numbers(rng, stay->counters, COUNTER_COUNT);
    numbers(rng, stay->sent_by_type, MSG_TYPE_COUNT);
    for (unsigned i = 0; i < SERVED_COUNT; i++)
        fill_latency(rng, full, &stay->latency[i]);
    numbers(rng, (uint64_t *)(void *)&stay->cpus, sizeof stay->cpus / sizeof(uint64_t)); // it is all such
}

// Of some of the boards.
static void fill_stays(struct rng *rng, bool full, struct results *results)
{
    results->stays = zeroed(3 * results->n_boards + 1, sizeof *results->stays);
    for (uint32_t b = 0; b < results->n_boards; b++)
        for (uint32_t n = full ? 1 : below(rng, 4); n > 0; n--) {
            results->stays[results->n_stays].board = (uint16_t)b;
            fill_stay(rng, full, &results->stays[results->n_stays++]);
        }
}

void random_results(struct rng *rng, uint32_t boards, bool full, struct results *results)
{
    memset(results, 0, sizeof *results);
    results->n_boards = boards;
    if (boards)
        results->boards = zeroed(boards, sizeof *results->boards);
    for (uint32_t i = 0; i < boards; i++) {
        results->boards[i].board = (uint16_t)i;
        fill_board(rng, full, &results->boards[i]);
    }
    fill_stays(rng, full, results);
    numbers(rng, (uint64_t *)(void *)&results->host, sizeof results->host / sizeof(uint64_t)); // all are such
}

static struct group_progress *groups(struct rng *rng, uint32_t *count)
{
    *count = below(rng, 10) ? below(rng, 8) : GROUPS_MAX;
    struct group_progress *list = zeroed(*count, sizeof *list);
    for (uint32_t i = 0; i < *count; i++) {
        list[i].time = number(rng);
        list[i].grants = number(rng);
        list[i].accesses = number(rng);
        list[i].running = below(rng, 9999);
        list[i].reported = below(rng, 2);
    }
    return list;
}

static void fill_saved(struct rng *rng, struct control_saved *saved)
{
    saved->n_parts = below(rng, 10) ? below(rng, 8) : SAVED_PARTS_MAX;
    saved->parts = zeroed(saved->n_parts, sizeof *saved->parts);
    for (uint32_t i = 0; i < saved->n_parts; i++) {
        struct saved_part *part = &saved->parts[i];
        part->kind = (enum saved_kind)below(rng, SAVED_KIND_COUNT);
        part->index = below(rng, 256);
        random_machine_name(part->name, part->kind == SAVED_BOARD ? "board." : "group.", part->index);
        part->bytes = number(rng);
        part->plain_bytes = number(rng);
        part->checksum = rng_next(rng);
    }
}

static void fill_options(struct rng *rng, struct run_options *options)
{
    options->chop_seed = number(rng);
    options->host_fault_rate = (double)below(rng, 1000) / 1000;
    options->host_fault_seed = number(rng);
    options->reference = below(rng, 2);
    options->use_bounds = below(rng, 2);
    options->skip_idle = below(rng, 2);
    options->pin_core = below(rng, 2);
    options->insecure = below(rng, 2);
    options->silence_ms = 1 + below(rng, 100000);
    options->watch.n = below(rng, WATCH_LINES_MAX + 1);
    for (uint32_t i = 0; i < options->watch.n; i++) {
        options->watch.lines[i].partition = below(rng, PARTITIONS_MAX);
        options->watch.lines[i].line = number(rng);
    }
    options->timeline.from = number(rng);
    options->timeline.until = number(rng);
    options->timeline.interval = number(rng);
    options->trace.on = below(rng, 2);
    options->trace.partition = below(rng, PARTITIONS_MAX);
    options->trace.cpu = below(rng, 2) ? TRACE_ALL_CPUS : below(rng, GUEST_CPUS_MAX);
    options->text_limit = 1 + number(rng) % TEXT_LIMIT_MAX;
}

static void fill_configure(struct rng *rng, struct control_configure *c)
{
    random_machine(rng, &c->machine);
    c->run_id = rng_next(rng);
    c->epoch = 1 + below(rng, 1000);
    c->role = (enum control_role)below(rng, ROLE_COUNT);
    c->nodes = 1 + below(rng, NODES_MAX);
    c->index = c->role == ROLE_NODE ? below(rng, c->nodes) : below(rng, SYSTEMS_MAX);
    c->threads = 1 + below(rng, THREADS_MAX);
    for (uint32_t i = 0; i < c->machine.n_boards; i++)
        c->node_of_board[i] = c->machine.boards[i].partition == NO_PARTITION ? (uint16_t)NO_NODE
                                                                             : (uint16_t)below(rng, c->nodes);
    for (uint32_t i = 0; i < c->machine.n_boards; i++)
        c->group_of_board[i] = c->machine.boards[i].partition; // NO_PARTITION is NO_GROUP
    fill_options(rng, &c->options);
    snprintf(c->data_endpoint, sizeof c->data_endpoint, "tcp://127.0.0.1:%u", below(rng, 65536));
    snprintf(c->run_folder, sizeof c->run_folder, "/runs/%u", below(rng, 65536));
    if (below(rng, 2))
        snprintf(c->resume_folder, sizeof c->resume_folder, "/runs/%u/saved", below(rng, 65536));
}

static void fill_hello(struct rng *rng, struct control_hello *hello)
{
    hello->version = CONTROL_VERSION;
    hello->run_id = rng_next(rng);
    hello->role = (enum control_role)below(rng, ROLE_COUNT);
    hello->index = below(rng, SYSTEMS_MAX);
    hello->pid = number(rng);
}

static void fill_failed(struct rng *rng, struct control_failed *failed)
{
    failed->code = (enum err_code)(1 + below(rng, ERR_CODE_COUNT - 1));
    snprintf(failed->text, sizeof failed->text, "time %llu", (unsigned long long)rng_next(rng));
}

static void fill_watched(struct rng *rng, struct control_watched *watched)
{
    watched->board = below(rng, BOARDS_MAX);
    watched->line = below(rng, WATCH_LINES_MAX);
    watched->dropped = number(rng);
    watched->n_events = below(rng, 8);
    watched->events = zeroed(watched->n_events, sizeof *watched->events);
    for (uint32_t i = 0; i < watched->n_events; i++) {
        struct watch_event *event = &watched->events[i];
        event->key.time = number(rng);
        event->key.dst = below(rng, 65536);
        event->key.src = below(rng, 65536);
        event->key.seq = number(rng);
        event->unit = (uint8_t)below(rng, WATCH_UNIT_COUNT);
        event->l1 = (uint8_t)below(rng, L1S_PER_BOARD_MAX);
        event->kind = (uint8_t)below(rng, WATCH_KIND_COUNT);
        event->data = below(rng, 2);
        event->peer_unit = (uint8_t)below(rng, WATCH_UNIT_COUNT);
        event->peer = (uint16_t)below(rng, BOARDS_MAX);
        event->seq = number(rng);
        snprintf(event->what, sizeof event->what, "S%u -> M", below(rng, 100));
    }
}

static void fill_timeline(struct rng *rng, struct control_timeline *timeline)
{
    timeline->grants = below(rng, 2);
    timeline->source = below(rng, BOARDS_MAX);
    timeline->dropped = number(rng);
    timeline->n_records = below(rng, 20);
    timeline->records = zeroed(timeline->n_records, sizeof *timeline->records);
    for (uint32_t i = 0; i < timeline->n_records; i++) {
        struct timeline_record *record = &timeline->records[i];
        record->start = number(rng) / 2;
        record->end = record->start + number(rng) / 2;
        record->value = number(rng);
        record->kind = (uint8_t)(timeline->grants ? TIMELINE_GRANT : below(rng, TIMELINE_GRANT));
        record->what = (uint8_t)below(rng, record->kind == TIMELINE_GRANT ? 1 : SERVED_COUNT);
        record->access = (uint8_t)below(rng, TIMELINE_ACCESSES);
        record->cpu = (uint8_t)below(rng, CPUS_PER_BOARD_MAX);
        record->lane = (uint8_t)below(rng, OUTSTANDING_MAX);
    }
}

static void fill_text(struct rng *rng, struct control_text *text)
{
    text->partition = below(rng, PARTITIONS_MAX);
    text->reached = number(rng);
    for (uint32_t n = below(rng, 8); n > 0; n--) {
        uint8_t bytes[300];
        struct text_piece piece = {.bytes = bytes};
        piece.time = number(rng);
        piece.source = (component_id)(below(rng, BOARDS_MAX) << 8);
        piece.source |= UNIT_CPU0 + below(rng, CPUS_PER_BOARD_MAX);
        piece.seq = number(rng);
        piece.stream = (uint8_t)below(rng, TEXT_STREAM_COUNT);
        piece.size = 1 + below(rng, sizeof bytes);
        for (uint32_t i = 0; i < piece.size; i++)
            bytes[i] = (uint8_t)below(rng, 256);
        text_list_add(&text->pieces, &piece);
    }
}

void random_control(struct rng *rng, enum control_kind kind, struct control *control)
{
    memset(control, 0, sizeof *control);
    control->kind = kind;
    switch (kind) {
    case CONTROL_HELLO:
        fill_hello(rng, &control->hello);
        break;
    case CONTROL_READY:
        control->ready.index = below(rng, NODES_MAX);
        break;
    case CONTROL_FAILED:
        fill_failed(rng, &control->failed);
        break;
    case CONTROL_PROGRESS:
        control->progress.groups = groups(rng, &control->progress.n_groups);
        break;
    case CONTROL_PAUSED:
        control->paused.reason = (enum pause_reason)below(rng, PAUSE_REASON_COUNT);
        control->paused.groups = groups(rng, &control->paused.n_groups);
        break;
    case CONTROL_RESULTS:
        random_results(rng, below(rng, 5), false, &control->results);
        break;
    case CONTROL_SAVED:
        fill_saved(rng, &control->saved);
        break;
    case CONTROL_CONFIGURE:
        fill_configure(rng, &control->configure);
        break;
    case CONTROL_START:
    case CONTROL_ORDERS:
    case CONTROL_REPORTS:
    case CONTROL_REGROUP:
        random_partitioning(rng, control);
        break;
    case CONTROL_SAVE:
        snprintf(control->save.folder, sizeof control->save.folder, "/runs/%u/saved", below(rng, 65536));
        break;
    case CONTROL_WATCHED:
        fill_watched(rng, &control->watched);
        break;
    case CONTROL_TIMELINE:
        fill_timeline(rng, &control->timeline);
        break;
    case CONTROL_TEXT:
        fill_text(rng, &control->text);
        break;
    case CONTROL_NONE:
    case CONTROL_BYE:
    case CONTROL_STOP:
    case CONTROL_COLLECT:
    case CONTROL_EXIT:
    case CONTROL_REGROUPED:
    case CONTROL_KIND_COUNT:
        break;
    }
}

static bool same_items(const void *a, const void *b, uint32_t count_a, uint32_t count_b, size_t size)
{
    return count_a == count_b && (count_a == 0 || memcmp(a, b, count_a * size) == 0);
}

static bool cpu_equal(const struct cpu_desc *a, const struct cpu_desc *b)
{
    struct cpu_desc plain_a, plain_b; // memcpy, not assignment: padding is compared too
    memcpy(&plain_a, a, sizeof plain_a);
    memcpy(&plain_b, b, sizeof plain_b);
    plain_a.script = plain_b.script = NULL;
    bool same_script =
        (!a->script && !b->script) || (a->script && b->script && !strcmp(a->script, b->script));
    return same_script && memcmp(&plain_a, &plain_b, sizeof plain_a) == 0;
}

#define SAME_LIST(list) same_items(a->list, b->list, a->n_##list, b->n_##list, sizeof a->list[0])

static bool partition_equal(const struct partition_desc *a, const struct partition_desc *b)
{
    struct partition_desc plain_a, plain_b;
    memcpy(&plain_a, a, sizeof plain_a);
    memcpy(&plain_b, b, sizeof plain_b);
    plain_a.guest.inputs = plain_b.guest.inputs = NULL;
    return memcmp(&plain_a, &plain_b, sizeof plain_a) == 0 &&
           same_items(a->guest.inputs, b->guest.inputs, a->guest.n_inputs, b->guest.n_inputs,
                      sizeof a->guest.inputs[0]);
}

static bool pool_equal(const struct pool_desc *a, const struct pool_desc *b)
{
    return a->partition == b->partition && a->n_threads == b->n_threads && a->quantum == b->quantum &&
           a->switch_time == b->switch_time && a->context_bytes == b->context_bytes &&
           cpu_equal(&a->what, &b->what);
}

bool machine_equal(const struct machine *a, const struct machine *b)
{
    bool same = memcmp(a->name, b->name, sizeof a->name) == 0 && a->seed == b->seed && a->until == b->until &&
                a->window == b->window && SAME_LIST(systems) && SAME_LIST(boards) && SAME_LIST(links) &&
                SAME_LIST(faults) && a->n_partitions == b->n_partitions && a->n_cpus == b->n_cpus &&
                a->n_pools == b->n_pools;
    for (uint32_t i = 0; same && i < a->n_partitions; i++)
        same = partition_equal(&a->partitions[i], &b->partitions[i]);
    for (uint32_t i = 0; same && i < a->n_cpus; i++)
        same = cpu_equal(&a->cpus[i], &b->cpus[i]);
    for (uint32_t i = 0; same && i < a->n_pools; i++)
        same = pool_equal(&a->pools[i], &b->pools[i]);
    return same;
}

bool results_equal(const struct results *a, const struct results *b)
{
    return SAME_LIST(boards) && SAME_LIST(stays) && memcmp(&a->host, &b->host, sizeof a->host) == 0;
}

static bool text_equal(const struct control_text *a, const struct control_text *b)
{
    bool same = a->partition == b->partition && a->reached == b->reached && a->pieces.n == b->pieces.n;
    for (uint32_t i = 0; same && i < a->pieces.n; i++) {
        const struct text_piece *one = &a->pieces.items[i], *other = &b->pieces.items[i];
        same = one->time == other->time && one->source == other->source && one->seq == other->seq &&
               one->stream == other->stream && one->size == other->size &&
               memcmp(one->bytes, other->bytes, one->size) == 0;
    }
    return same;
}

bool control_equal(const struct control *a, const struct control *b)
{
    if (a->kind != b->kind)
        return false;
    struct control plain_a, plain_b;
    memcpy(&plain_a, a, sizeof plain_a);
    memcpy(&plain_b, b, sizeof plain_b);
    bool same = true;
    if (a->kind == CONTROL_RESULTS)
        return results_equal(&a->results, &b->results);
    if (a->kind == CONTROL_TEXT)
        return text_equal(&a->text, &b->text);
    if (a->kind == CONTROL_ORDERS || a->kind == CONTROL_REPORTS || a->kind == CONTROL_START)
        return partitioning_equal(a, b);
    if (a->kind == CONTROL_CONFIGURE) {
        same = machine_equal(&a->configure.machine, &b->configure.machine);
        memset(&plain_a.configure.machine, 0, sizeof plain_a.configure.machine);
        memset(&plain_b.configure.machine, 0, sizeof plain_b.configure.machine);
    } else if (a->kind == CONTROL_PROGRESS) {
        same = memcmp(a->progress.groups, b->progress.groups,
                      a->progress.n_groups * sizeof *a->progress.groups) == 0;
        plain_a.progress.groups = plain_b.progress.groups = NULL;
    } else if (a->kind == CONTROL_PAUSED) {
        same = memcmp(a->paused.groups, b->paused.groups, a->paused.n_groups * sizeof *a->paused.groups) == 0;
        plain_a.paused.groups = plain_b.paused.groups = NULL;
    } else if (a->kind == CONTROL_SAVED) {
        same = memcmp(a->saved.parts, b->saved.parts, a->saved.n_parts * sizeof *a->saved.parts) == 0;
        plain_a.saved.parts = plain_b.saved.parts = NULL;
    } else if (a->kind == CONTROL_WATCHED) {
        same = same_items(a->watched.events, b->watched.events, a->watched.n_events, b->watched.n_events,
                          sizeof *a->watched.events);
        plain_a.watched.events = plain_b.watched.events = NULL;
    } else if (a->kind == CONTROL_TIMELINE) {
        same = same_items(a->timeline.records, b->timeline.records, a->timeline.n_records,
                          b->timeline.n_records, sizeof *a->timeline.records);
        plain_a.timeline.records = plain_b.timeline.records = NULL;
    }
    return same && memcmp(&plain_a, &plain_b, sizeof plain_a) == 0;
}
