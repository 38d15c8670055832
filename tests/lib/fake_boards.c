// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/fake_boards.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"
#include "proto/base/digest.h"

#define MEMORY (FAKE_FRAMES * (uint64_t)PAGE_BYTES + 16 * PAGE_BYTES) // frames, and 16 pages below them

static void describe_board(struct fake *fake, uint16_t board)
{
    static const uint32_t partition[FAKE_BOARDS] = {0, 0, 0, 1, 1, 2, 2, NO_PARTITION, NO_PARTITION};
    struct board_desc *b = &fake->boards[board];
    snprintf(b->name, sizeof b->name, "%s%u", board == FAKE_BOARDS - 1 ? "X" : "SB",
             board % (FAKE_BOARDS - 1));
    b->system = board == FAKE_BOARDS - 1;
    b->partition = partition[board];
    b->params.cpus = 4;
    b->params.memory_bytes = MEMORY;
}

static void describe_partition(struct fake *fake, uint32_t partition)
{
    struct partition_desc *p = &fake->partitions[partition];
    snprintf(p->name, sizeof p->name, "SMP%u", partition + 1);
    p->frames_offset = MEMORY - FAKE_FRAMES * (uint64_t)PAGE_BYTES;
    p->permanent_bytes = PAGE_BYTES;
    for (uint16_t b = 0; b < FAKE_BOARDS; b++) {
        if (fake->boards[b].partition != partition)
            continue;
        p->segments[p->n_segments++] =
            (struct segment_desc){.base = p->n_boards * MEMORY, .size = MEMORY, .n_boards = 1, .boards = {b}};
        p->boards[p->n_boards++] = b;
    }
    fake->pools[partition] = (struct pool_desc){.partition = partition, .n_threads = 4 * p->n_boards};
}

static void describe(struct fake *fake, enum family family)
{
    fake->systems[0] = (struct system_desc){
        .name = "sun", .boards = FAKE_BOARDS - 1, .family = family, .controller_latency = FAKE_LATENCY};
    fake->systems[1] = (struct system_desc){.name = "other", .first_board = FAKE_BOARDS - 1, .boards = 1};
    for (uint16_t b = 0; b < FAKE_BOARDS; b++)
        describe_board(fake, b);
    for (uint32_t p = 0; p < FAKE_PARTITIONS; p++)
        describe_partition(fake, p);
    fake->machine = (struct machine){.n_systems = 2,
                                     .n_boards = FAKE_BOARDS,
                                     .n_partitions = FAKE_PARTITIONS,
                                     .n_pools = FAKE_PARTITIONS,
                                     .systems = fake->systems,
                                     .boards = fake->boards,
                                     .partitions = fake->partitions,
                                     .cpus = fake->cpus,
                                     .pools = fake->pools};
}

static bool has_guest(const struct fake *fake, uint32_t partition)
{
    return partition != NO_PARTITION && fake->partitions[partition].guest.image[0];
}

void fake_guest(struct fake *fake, uint32_t partition)
{
    struct partition_desc *p = &fake->partitions[partition];
    strcpy(p->guest.image, "guest.elf");
    p->permanent_bytes = 0;
    p->guest.n_cpus = 4 * p->n_boards;
    fake->pools[partition].partition = NO_PARTITION;
    for (uint32_t i = 0; i < p->guest.n_cpus; i++)
        fake->cpus[fake->machine.n_cpus++] = (struct cpu_desc){
            .kind = CPU_ZARCH, .board = p->boards[i / 4], .index = (uint16_t)(i % 4), .member = i};
}

static uint32_t pages_of(const struct fake_board *board)
{
    uint32_t n = 0;
    for (unsigned i = 0; i < FAKE_FRAMES; i++)
        n += board->frame[i];
    return n;
}

static uint16_t in_system(const struct fake *fake, uint16_t board)
{
    return (uint16_t)(board - fake->systems[fake->boards[board].system].first_board);
}

static void start_guest(struct fake_board *board, uint16_t number)
{
    bool described = board->domain.cpu_addresses[number] == CPU_ADDRESSES_DESCRIBED;
    board->online = false;
    board->guest_cpus = described ? 0xf : 0;
    board->guest_bytes = described ? MEMORY : 0;
}

static void start_board(struct fake *fake, uint16_t b, const struct domain *domain)
{
    struct fake_board *board = &fake->board[b];
    *board = (struct fake_board){.domain = *domain, .powered = true, .online = true, .lines = 7};
    if (has_guest(fake, domain->partition)) {
        start_guest(board, in_system(fake, b));
        return;
    }
    board->threads = 4;
    for (unsigned i = 0; i < 40; i++)
        board->frame[i] = true;
    board->permanent = (domain->members & ((UINT64_C(1) << in_system(fake, b)) - 1)) == 0 ? PAGE_BYTES : 0;
}

// Whose gates are open to whom must be the same on both sides.
static void check_gates(const struct fake *fake)
{
    for (uint16_t a = 0; a < FAKE_BOARDS - 1; a++)
        for (uint16_t b = 0; b < FAKE_BOARDS - 1; b++) {
            const struct domain *d = &fake->board[a].domain, *e = &fake->board[b].domain;
            if (d->members >> b & 1)
                CU_ASSERT_FATAL(e->partition == d->partition && memcmp(d, e, sizeof *d) == 0);
        }
}

static void move_pages(struct fake *fake, struct fake_board *board, const struct order *order, uint64_t *done)
{
    unsigned from = 0;
    for (uint32_t i = 0; i < order->n_shares; i++)
        for (uint32_t k = 0; k < order->shares[i].number; k++) {
            struct fake_board *to = &fake->board[order->shares[i].board];
            uint32_t frame = order->shares[i].first + k;
            while (from < FAKE_FRAMES && !board->frame[from])
                from++;
            NP_ASSERT(from < FAKE_FRAMES && frame < FAKE_FRAMES);
            CU_ASSERT_FATAL(to != board && !to->frame[frame]);
            CU_ASSERT_FATAL(to->domain.partition == board->domain.partition);
            board->frame[from] = false;
            to->frame[frame] = true;
            (*done)++;
        }
    CU_ASSERT_EQUAL(*done, order->number);
}

static void move_threads(struct fake *fake, struct fake_board *board, const struct order *order)
{
    for (uint32_t i = 0; i < order->n_shares; i++) {
        struct fake_board *to = &fake->board[order->shares[i].board];
        CU_ASSERT_FATAL(to->online && to->domain.partition == board->domain.partition);
        CU_ASSERT_FATAL(board->threads >= order->shares[i].number);
        board->threads -= order->shares[i].number;
        to->threads += order->shares[i].number;
    }
}

static bool all_quiesced(const struct fake *fake, uint32_t partition)
{
    for (uint16_t b = 0; b < FAKE_BOARDS; b++)
        if (fake->board[b].domain.partition == partition && !fake->board[b].quiesced)
            return false;
    return true;
}

static void power(struct fake_board *board, uint64_t on)
{
    CU_ASSERT_EQUAL(board->domain.partition, NO_PARTITION);
    CU_ASSERT_EQUAL(board->permanent & ~UINT64_C(0), board->permanent);
    *board = (struct fake_board){.powered = on, .domain.partition = NO_PARTITION, .bound = board->bound};
}

static void copy(struct fake *fake, struct fake_board *board, const struct order *order)
{
    struct fake_board *target = &fake->board[order->target];
    CU_ASSERT(all_quiesced(fake, board->domain.partition));
    if (has_guest(fake, board->domain.partition)) {
        CU_ASSERT(board->guest_bytes <= order->size && target->guest_bytes == 0);
        CU_ASSERT(board->guest_cpus == 0 || fake->guests_over);
        target->guest_bytes = board->guest_bytes;
        board->guest_bytes = 0;
        return;
    }
    CU_ASSERT_EQUAL(order->size, board->permanent);
    CU_ASSERT_EQUAL(target->permanent, 0);
    target->permanent = board->permanent;
    board->permanent = 0;
}

static void set_domain(struct fake *fake, struct fake_board *board, const struct order *order)
{
    const struct domain *d = &order->domain;
    bool leaves = board->domain.partition != NO_PARTITION && d->partition == NO_PARTITION;
    if (leaves && !board->quiesced) { // alone; a halted domain loses all
        CU_ASSERT(!board->online && board->threads == 0 && board->lines == 0 && pages_of(board) == 0);
        CU_ASSERT_EQUAL(board->permanent, 0);
    }
    bool none = d->cpu_addresses[in_system(fake, order->board)] == CPU_ADDRESSES_NONE;
    if (has_guest(fake, d->partition) && none) {
        CU_ASSERT_EQUAL(board->guest_bytes, 0);
        CU_ASSERT(board->guest_cpus == 0 || fake->guests_over);
        board->guest_cpus = 0;
    }
    CU_ASSERT(board->powered);
    CU_ASSERT(d->partition == NO_PARTITION || (d->members >> in_system(fake, order->board) & 1));
    board->domain = *d;
}

// What the order does, when it is done.
static void obey(struct fake *fake, const struct order *order, struct report *report)
{
    struct fake_board *board = &fake->board[order->board];
    switch (order->kind) {
    case ORDER_POWER:
        power(board, order->number);
        break;
    case ORDER_TEST:
        CU_ASSERT(board->powered && board->domain.partition == NO_PARTITION && order->size <= MEMORY);
        break;
    case ORDER_DOMAIN:
        set_domain(fake, board, order);
        break;
    case ORDER_TABLES:
        CU_ASSERT_EQUAL(order->n_bytes, 1 + board->domain.partition);
        break;
    case ORDER_ONLINE:
        board->online = true;
        break;
    case ORDER_OFFLINE:
        move_threads(fake, board, order);
        CU_ASSERT_EQUAL(board->threads, 0);
        board->online = false;
        break;
    case ORDER_SPREAD:
        move_threads(fake, board, order);
        break;
    case ORDER_DRAIN:
        move_pages(fake, board, order, &report->done);
        report->remaining = pages_of(board);
        break;
    case ORDER_QUIESCE:
        board->quiesced = true;
        break;
    case ORDER_RESUME:
        board->quiesced = false;
        break;
    case ORDER_COPY:
        copy(fake, board, order);
        break;
    case ORDER_FLUSH:
        board->lines = 0;
        break;
    case ORDER_RESET: {
        const struct domain domain = board->domain;
        start_board(fake, order->board, &domain);
        break;
    }
    default:
        CU_FAIL_FATAL("an order of an unknown kind");
    }
}

static bool fails(struct fake *fake, const struct order *order)
{
    if (fake->fail_status == REPORT_DONE || fake->fail_kind != order->kind ||
        (fake->fail_board != NO_BOARD && fake->fail_board != order->board))
        return false;
    return true;
}

// Gates change at the time of the order, on all boards at once; the rest is done when it is reported, but
// here it may as well happen now: nothing looks in between.
static void on_order(void *self, struct order *order)
{
    struct fake *fake = self;
    struct report report = {.id = order->id, .board = order->board, .kind = order->kind};
    CU_ASSERT_EQUAL(order->at, fake->now);
    CU_ASSERT_FATAL(order->board < FAKE_BOARDS && fake->n_reports < 4 * FAKE_BOARDS);
    CU_ASSERT_NOT_EQUAL(fake->groups[order->board], NO_GROUP);
    fake->orders[order->kind]++;
    if (order->kind == ORDER_TYPE) { // is not reported
        fake->board[order->board].typed++;
        order_free(order);
        return;
    }
    if (fails(fake, order)) {
        report.status = fake->fail_status;
        fake->fail_status = REPORT_DONE;
    } else {
        obey(fake, order, &report);
    }
    report.at = fake->now + (order->kind == ORDER_DOMAIN ? 0 : 1 + rng_below(&fake->rng, 5 * FAKE_LATENCY));
    fake->reports[fake->n_reports++] = (struct fake_report){report, fake->groups[order->board]};
    order_free(order);
}

static void on_view(void *self, uint16_t board, struct board_view *view)
{
    const struct fake *fake = self;
    const struct fake_board *b = &fake->board[board];
    uint32_t running = fake->guests_over ? 0 : (uint32_t)__builtin_popcount(b->guest_cpus);
    *view = (struct board_view){.board = board,
                                .partition = b->domain.partition,
                                .powered = b->powered,
                                .quiesced = b->quiesced,
                                .cpus = 4,
                                .cpus_online = b->online ? 4 : 0,
                                .bound = b->bound + running,
                                .guest_cpus = b->guest_cpus,
                                .guest_bytes = b->guest_bytes,
                                .threads = b->threads,
                                .threads_running = b->threads,
                                .frames = FAKE_FRAMES,
                                .frames_used = pages_of(b),
                                .lines_cached = b->lines,
                                .typed_waiting = b->typed};
}

static void on_tables(void *self, uint16_t board, uint8_t **bytes, uint64_t *n_bytes)
{
    const struct fake *fake = self;
    *n_bytes = 1 + fake->board[board].domain.partition;
    *bytes = calloc(1, *n_bytes);
}

static void on_regroup(void *self, const uint32_t group_of_board[BOARDS_MAX])
{
    struct fake *fake = self;
    memcpy(fake->groups, group_of_board, sizeof fake->groups);
}

static void note_state(struct fake *fake, uint16_t board)
{
    enum board_state now = board_state_of(sc_board(fake->sc, board));
    fake->seen[fake->state[board]][now] = true;
    fake->state[board] = now;
}

static void on_event(void *self, const struct sc_event *event)
{
    struct fake *fake = self;
    if (strcmp(event->what, "state") == 0 && event->board != NO_BOARD)
        note_state(fake, event->board);
    char *text = fake->events[fake->n_events++ % FAKE_EVENTS];
    snprintf(text, sizeof fake->events[0], "%llu %s %s", (unsigned long long)event->operation, event->what,
             event->text);
    CU_ASSERT_EQUAL(event->at, fake->now);
    struct archive ar;
    ar_init_hash(&ar);
    ar_u64(&ar, &fake->history);
    ar_bytes(&ar, text, strlen(text));
    fake->history = ar_digest(&ar).low;
    ar_free(&ar);
}

static struct sc_machine machine_of(struct fake *fake)
{
    return (struct sc_machine){fake, on_order, on_view, on_tables, on_regroup, on_event};
}

void fake_restart(struct fake *fake)
{
    const struct sc_machine io = machine_of(fake);
    sc_free(fake->sc);
    fake->sc = sc_new(&fake->machine, &io);
    memcpy(fake->groups, sc_groups(fake->sc), sizeof fake->groups);
    for (uint16_t b = 0; b < FAKE_BOARDS; b++) {
        uint32_t partition = fake->boards[b].partition;
        fake->state[b] = board_state_of(sc_board(fake->sc, b));
        fake->board[b].domain.partition = NO_PARTITION;
        if (partition != NO_PARTITION)
            start_board(fake, b, &sc_partition(fake->sc, partition)->domain);
    }
}

void fake_init(struct fake *fake, enum family family, uint64_t seed)
{
    memset(fake, 0, sizeof *fake);
    describe(fake, family);
    fake->rng = rng_for(seed, 1);
    fake->fail_board = NO_BOARD;
    fake_restart(fake);
}

void fake_free(struct fake *fake)
{
    sc_free(fake->sc);
}

enum err_code fake_begin(struct fake *fake, const struct sc_command *command, struct err *err)
{
    enum err_code code = sc_begin(fake->sc, command, fake->now, NULL, err);
    check_gates(fake);
    return code;
}

static int by_time(const void *a, const void *b)
{
    const struct report *x = &((const struct fake_report *)a)->report;
    const struct report *y = &((const struct fake_report *)b)->report;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return x->board < y->board ? -1 : x->board > y->board;
}

// The time of the group's next cut: a latency after the report that completes what is wanted.
static sim_time cut_of(const struct fake *fake, uint32_t group)
{
    uint32_t wanted = sc_wanted(fake->sc, group), seen = 0;
    for (uint32_t i = 0; i < fake->n_reports && wanted; i++)
        if (fake->reports[i].group == group && ++seen == wanted)
            return fake->reports[i].report.at + FAKE_LATENCY;
    CU_ASSERT_EQUAL_FATAL(wanted, 0);
    return SIM_NEVER;
}

bool fake_advance(struct fake *fake)
{
    struct report taken[4 * FAKE_BOARDS];
    uint32_t n = 0, kept = 0, group = 0;
    sim_time cut = SIM_NEVER;
    qsort(fake->reports, fake->n_reports, sizeof fake->reports[0], by_time);
    for (uint32_t g = 0; g < FAKE_PARTITIONS; g++)
        if (cut_of(fake, g) < cut)
            cut = cut_of(fake, group = g);
    if (cut == SIM_NEVER)
        return false;
    for (uint32_t i = 0; i < fake->n_reports; i++)
        if (fake->reports[i].group == group && fake->reports[i].report.at < cut)
            taken[n++] = fake->reports[i].report;
        else
            fake->reports[kept++] = fake->reports[i];
    fake->n_reports = kept;
    fake->now = cut > fake->now ? cut : fake->now;
    sc_step(fake->sc, fake->now, taken, n);
    check_gates(fake);
    return true;
}

void fake_finish(struct fake *fake)
{
    while (fake_advance(fake))
        ;
    CU_ASSERT_FALSE_FATAL(sc_busy(fake->sc));
    CU_ASSERT_EQUAL(fake->n_reports, 0);
}

void fake_reload(struct fake *fake)
{
    struct archive out, in;
    const struct sc_machine io = machine_of(fake);
    ar_init_save(&out);
    sc_state(fake->sc, &out);
    sc_free(fake->sc);
    fake->sc = sc_new(&fake->machine, &io);
    ar_init_load(&in, out.bytes, out.at);
    sc_state(fake->sc, &in);
    CU_ASSERT_EQUAL_FATAL(in.err.code, ERR_OK);
    CU_ASSERT_EQUAL(in.at, out.at);
    ar_free(&in);
    ar_free(&out);
}

uint32_t fake_pages(const struct fake *fake)
{
    uint32_t n = 0;
    for (unsigned b = 0; b < FAKE_BOARDS; b++)
        n += pages_of(&fake->board[b]);
    return n;
}

uint32_t fake_threads(const struct fake *fake)
{
    uint32_t n = 0;
    for (unsigned b = 0; b < FAKE_BOARDS; b++)
        n += fake->board[b].threads;
    return n;
}
