// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/fake_run.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/base/assert.h"

#define PAGE         UINT64_C(4096)
#define NOW_PS       UINT64_C(2000000000) // 2 ms
#define PAGES_A_TURN 128u
#define CONSOLE_MAX  4096u

struct fake_run {
    struct fake_run_options options;
    struct api_server *server;
    struct api_snapshot now;
    struct api_command active; // of the operation under way
    bool threaded;
    uint32_t samples, commands;
    char console[CONSOLE_MAX];
    pthread_t thread;
    atomic_bool ended;
};

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static struct api_board *board_of(struct fake_run *run, const char *name)
{
    for (uint32_t i = 0; i < run->now.n_boards; i++)
        if (strcmp(run->now.boards[i].name, name) == 0)
            return &run->now.boards[i];
    return NULL;
}

static struct api_partition *partition_of(struct fake_run *run, const char *name)
{
    for (uint32_t i = 0; i < run->now.n_partitions; i++)
        if (strcmp(run->now.partitions[i].name, name) == 0)
            return &run->now.partitions[i];
    return NULL;
}

static struct api_operation *operation_under_way(struct fake_run *run)
{
    struct api_operation *last =
        run->now.n_operations ? &run->now.operations[run->now.n_operations - 1] : NULL;
    return last && !last->ended_ps ? last : NULL;
}

static void say(struct fake_run *run, const char *what, const char *board, const char *partition,
                const char *text)
{
    struct api_event event = {.time_ps = run->now.time_ps};
    const struct api_operation *operation = operation_under_way(run);
    snprintf(event.what, sizeof event.what, "%s", what);
    snprintf(event.board, sizeof event.board, "%s", board);
    snprintf(event.partition, sizeof event.partition, "%s", partition);
    snprintf(event.text, sizeof event.text, "%s", text);
    if (operation) {
        event.operation = operation->id;
        event.pages_done = operation->pages_done;
        event.pages_total = operation->pages_total;
        memcpy(event.user, operation->user, sizeof event.user);
    }
    api_server_event(run->server, &event);
}

static void place(struct api_board *board, const char *partition)
{
    bool in = partition[0] != '\0';
    snprintf(board->partition, sizeof board->partition, "%s", partition);
    strcpy(board->assignment, in ? "active" : "available");
    strcpy(board->receptacle, in ? "connected" : "disconnected");
    strcpy(board->occupant, in ? "configured" : "unconfigured");
    board->cpus_online = in ? board->cpus : 0;
    board->threads = in ? 4 : 0;
    board->used_bytes = in ? 6 << 20 : 0;
}

// Boards of the small machine, as the lecture has them after the move of SB6 to SMP1.
static const char *home_of(const struct fake_run *run, uint32_t board, char name[16])
{
    static const char *const eight[] = {"SMP1", "SMP1", "SMP2", "SMP2", "SMP3", "SMP3", "SMP1", "SMP3"};
    if (run->options.boards == 0)
        return eight[board];
    snprintf(name, 16, "SMP%u", board / 4 + 1);
    return name;
}

static void make_board(struct fake_run *run, uint32_t i)
{
    struct api_board *board = &run->now.boards[i];
    char name[16];
    snprintf(board->name, sizeof board->name, "%s%u", run->options.superdome ? "cell" : "SB", i);
    strcpy(board->system, "sun");
    strcpy(board->test, "passed");
    board->powered = board->use_on_next_boot = true;
    board->cpus = 4;
    board->memory_bytes = 16 << 20;
    board->clock_hz = 900000000;
    board->cache_bytes = 8 << 20;
    board->core = i % 4 == 0;
    board->real_base = (uint64_t)(i % 4) << 24;
    board->permanent_bytes = i % 4 == 0 ? 1 << 20 : 0;
    place(board, home_of(run, i, name));
}

static void make_machine(struct fake_run *run)
{
    uint32_t boards = run->options.boards ? run->options.boards : 8;
    uint32_t partitions = run->options.boards ? (boards + 3) / 4 : 3;
    struct api_snapshot *now = &run->now;
    strcpy(now->scenario, "fake");
    strcpy(now->state, "running");
    snprintf(now->folder, sizeof now->folder, "%s", run->options.folder);
    now->time_ps = NOW_PS;
    now->until_ps = 2 * NOW_PS;
    api_snapshot_init(now, 1, partitions, boards, API_OPERATIONS_MAX);
    now->n_operations = 0;
    strcpy(now->systems[0].name, "sun");
    strcpy(now->systems[0].family, run->options.superdome ? "superdome" : "sun");
    strcpy(now->systems[0].protocol, "mesi");
    now->systems[0].boards_per_crossbar = run->options.superdome ? 4 : 0;
    for (uint32_t i = 0; i < partitions; i++) {
        struct api_partition *p = &now->partitions[i];
        snprintf(p->name, sizeof p->name, "SMP%u", i + 1);
        strcpy(p->system, "sun");
        strcpy(p->state, "Running");
        strcpy(p->position, "on");
        p->has_guest = run->options.guest && i == 0;
        p->threads = p->running = 12;
        p->time_ps = NOW_PS;
        p->available[0] = i == 1 ? 0x4c : 0x43; // SMP2: SB2 SB3 SB6; others: SB0 SB1 SB6
    }
    for (uint32_t i = 0; i < boards; i++)
        make_board(run, i);
    if (run->options.guest)
        strcpy(run->console, "hello\n");
}

static void snapshot(void *self, struct api_snapshot *to)
{
    struct fake_run *run = self;
    api_snapshot_copy(to, &run->now);
}

static enum err_code refused(struct fake_run *run, const struct api_command *command, struct err *err)
{
    const struct api_board *board = board_of(run, command->board);
    if (!board && (command->board[0] || command->verb <= API_MOVE))
        return err_set(err, ERR_UNKNOWN_NAME, "there is no board %s; boards are SB0 to SB%u", command->board,
                       run->now.n_boards - 1);
    if (command->partition[0] && !partition_of(run, command->partition))
        return err_set(err, ERR_UNKNOWN_NAME, "there is no partition %s", command->partition);
    if (command->verb > API_MOVE)
        return ERR_OK;
    if (operation_under_way(run))
        return err_set(err, ERR_BUSY, "%s: operation %llu has it", command->board,
                       (unsigned long long)operation_under_way(run)->id);
    if (strcmp(command->board, "SB3") == 0)
        return err_set(err, ERR_LAST, "SB3 is the last board of SMP2 with memory; add another one first");
    if (command->verb == API_ADD && board->partition[0])
        return err_set(err, ERR_STATE, "%s belongs to %s; delete it there first, or move it", board->name,
                       board->partition);
    if (command->verb == API_DELETE && !board->partition[0])
        return err_set(err, ERR_STATE, "%s belongs to no partition", board->name);
    return ERR_OK;
}

static void fill_plan(struct fake_run *run, const struct api_command *command, struct api_plan *plan)
{
    const struct api_board *board = board_of(run, command->board);
    memset(plan, 0, sizeof *plan);
    if (!board)
        return;
    memcpy(plan->from, board->partition, sizeof plan->from);
    memcpy(plan->to, command->partition, sizeof plan->to);
    for (uint32_t i = 0; i < run->now.n_boards; i++) {
        const struct api_board *other = &run->now.boards[i];
        if (plan->from[0] && strcmp(other->partition, plan->from) == 0) {
            plan->cpus_from_before += other->cpus;
            plan->memory_from_before += other->memory_bytes;
        }
        if (plan->to[0] && strcmp(other->partition, plan->to) == 0) {
            plan->cpus_to_before += other->cpus;
            plan->memory_to_before += other->memory_bytes;
        }
    }
    plan->cpus_from_after = plan->from[0] ? plan->cpus_from_before - board->cpus : 0;
    plan->memory_from_after = plan->from[0] ? plan->memory_from_before - board->memory_bytes : 0;
    plan->cpus_to_after = plan->to[0] ? plan->cpus_to_before + board->cpus : 0;
    plan->memory_to_after = plan->to[0] ? plan->memory_to_before + board->memory_bytes : 0;
    plan->drain_bytes = board->used_bytes;
    plan->permanent_bytes = board->permanent_bytes;
    plan->threads = board->threads;
    if (plan->permanent_bytes)
        strcpy(plan->copy_target, "SB1");
}

static uint64_t begin(struct fake_run *run, const struct api_command *command, const char *user)
{
    NP_ASSERT(run->now.n_operations < API_OPERATIONS_MAX);
    struct api_board *board = board_of(run, command->board);
    NP_ASSERT(board); // else it was refused
    struct api_operation *o = &run->now.operations[run->now.n_operations++];
    *o = (struct api_operation){.id = run->now.n_operations, .began_ps = run->now.time_ps};
    snprintf(o->verb, sizeof o->verb, "%s", api_verb_word(command->verb));
    memcpy(o->board, command->board, sizeof o->board);
    memcpy(o->from, board->partition, sizeof o->from);
    memcpy(o->to, command->partition, sizeof o->to);
    snprintf(o->user, sizeof o->user, "%s", user);
    strcpy(o->step, "drain");
    o->pages_total = run->options.pages ? run->options.pages : 1024;
    run->active = *command;
    if (run->options.stuck) { // a quarter of it is done, for ever
        o->pages_done = o->pages_total / 4;
        board->drained_bytes = o->pages_done * PAGE;
        board->draining_bytes = (o->pages_total - o->pages_done) * PAGE;
    }
    say(run, "step", command->board, o->from, "begins to drain");
    return o->id;
}

static void change_at_once(struct fake_run *run, const struct api_command *command)
{
    struct api_board *board = board_of(run, command->board);
    struct api_partition *partition = partition_of(run, command->partition);
    if (command->verb == API_POWER && board)
        board->powered = command->on;
    if (command->verb == API_BLACKLIST && board)
        board->blacklisted = command->on;
    if (command->verb == API_CELL && board)
        board->use_on_next_boot = command->on;
    if (command->verb == API_TAG && partition)
        memcpy(partition->tag, command->name, sizeof partition->tag);
    if (command->verb == API_AVAILABLE && board && partition) {
        uint64_t bit = UINT64_C(1) << (board - run->now.boards);
        partition->available[0] =
            command->on ? partition->available[0] | bit : partition->available[0] & ~bit;
    }
    if (command->verb == API_KEYSWITCH && partition) {
        bool runs = command->position != API_KEY_OFF && command->position != API_KEY_STANDBY;
        snprintf(partition->position, sizeof partition->position, "%s", api_position_word(command->position));
        strcpy(partition->state, runs                               ? "Running"
                                 : command->position == API_KEY_OFF ? "Powered Off"
                                                                    : "Keyswitch Standby");
    }
    say(run, "state", command->board, command->partition, api_verb_word(command->verb));
}

static void command(void *self, uint64_t ticket, const struct api_command *asked, const char *user, bool plan)
{
    struct fake_run *run = self;
    struct err err = {0};
    struct api_plan what;
    run->commands++;
    if (refused(run, asked, &err)) {
        bool known = plan && err.code != ERR_UNKNOWN_NAME;
        fill_plan(run, asked, &what);
        say(run, "refused", asked->board, asked->partition, err.text);
        api_server_answer(run->server, ticket, &err, 0, known ? &what : NULL);
    } else if (plan) {
        fill_plan(run, asked, &what);
        api_server_answer(run->server, ticket, &err, 0, &what);
    } else if (asked->verb <= API_MOVE) {
        api_server_answer(run->server, ticket, &err, begin(run, asked, user), NULL);
    } else {
        change_at_once(run, asked);
        api_server_answer(run->server, ticket, &err, 0, NULL);
    }
}

static void pace(void *self, uint64_t ticket, const struct api_pace *asked, const char *user)
{
    (void)user;
    struct fake_run *run = self;
    struct err err = {0};
    strcpy(run->now.state, asked->kind == API_PAUSE || asked->kind == API_STEP ? "paused" : "running");
    if (asked->kind == API_STEP)
        run->now.time_ps += asked->step_ps;
    run->now.ps_per_s = asked->kind == API_SLOW ? asked->ps_per_s : run->now.ps_per_s;
    say(run, "pace", "", "", api_pace_word(asked->kind));
    api_server_answer(run->server, ticket, &err, 0, NULL);
}

static void type(void *self, uint64_t ticket, const struct api_type *asked, const char *user)
{
    (void)user;
    struct fake_run *run = self;
    struct err err = {0};
    const struct api_partition *partition = partition_of(run, asked->partition);
    if (!partition)
        err_set(&err, ERR_UNKNOWN_NAME, "there is no partition %s", asked->partition);
    else if (!partition->has_guest)
        err_set(&err, ERR_STATE, "%s has no console: no guest runs there", asked->partition);
    else
        snprintf(run->console + strlen(run->console), CONSOLE_MAX - strlen(run->console), "%s\n",
                 asked->text);
    api_server_answer(run->server, ticket, &err, 0, NULL);
}

static enum err_code console(void *self, const struct api_console *asked, uint8_t *bytes, uint32_t *n,
                             uint64_t *end, struct err *err)
{
    struct fake_run *run = self;
    const struct api_partition *partition = partition_of(run, asked->partition);
    *n = 0;
    *end = strlen(run->console);
    if (!partition)
        return err_set(err, ERR_UNKNOWN_NAME, "there is no partition %s", asked->partition);
    if (!partition->has_guest)
        return err_set(err, ERR_STATE, "%s has no console: no guest runs there", asked->partition);
    if (asked->from_byte < *end) {
        *n = (uint32_t)(*end - asked->from_byte);
        memcpy(bytes, run->console + asked->from_byte, *n);
    }
    return ERR_OK;
}

// Each partition's line: nothing at time 0, its number times a million now.
static void series(void *self, struct api_series *to)
{
    const struct fake_run *run = self;
    api_series_init(to, run->now.n_partitions);
    for (uint32_t i = 0; i < to->n_partitions; i++) {
        to->lines[i].n_points = 2;
        to->lines[i].time_ps[1] = run->now.time_ps;
        to->lines[i].accesses[1] = 1000000 * (i + 1);
    }
}

static void want_sample(void *self)
{
    struct fake_run *run = self;
    struct api_sample sample = {0};
    run->samples++;
    if (run->options.silent)
        return;
    uint32_t n = run->now.n_boards;
    api_sample_init(&sample, run->now.n_partitions, n);
    sample.time_ps = run->now.time_ps;
    strcpy(sample.state, run->now.state);
    for (uint32_t i = 0; i < run->now.n_partitions; i++) {
        sample.partition_time_ps[i] = run->samples * UINT64_C(100000000);
        sample.partition_accesses[i] = run->samples * UINT64_C(100000) * (i + 1);
    }
    for (uint32_t i = 0; i < n; i++) {
        sample.board_time_ps[i] = run->samples * UINT64_C(100000000);
        sample.board_accesses[i] = run->samples * UINT64_C(30000);
        sample.board_egress_busy_ps[i] = run->samples * UINT64_C(1000000) * (i + 1);
        sample.sent_bytes[i * n + (i + 1) % n] = run->samples * UINT64_C(64000);
    }
    api_server_sample(run->server, &sample);
    api_sample_free(&sample);
}

// A turn of the machine: what is under way goes on.
static void advance(struct fake_run *run)
{
    struct api_operation *o = operation_under_way(run);
    if (!o || run->options.stuck)
        return;
    struct api_board *board = board_of(run, run->active.board);
    NP_ASSERT(board);
    run->now.time_ps += 1000000;
    o->pages_done +=
        o->pages_total - o->pages_done < PAGES_A_TURN ? o->pages_total - o->pages_done : PAGES_A_TURN;
    board->drained_bytes = o->pages_done * PAGE;
    board->draining_bytes = (o->pages_total - o->pages_done) * PAGE;
    if (o->pages_done < o->pages_total) {
        say(run, "drained", o->board, o->from, "drains");
        return;
    }
    place(board, run->active.verb == API_DELETE ? "" : run->active.partition);
    board->drained_bytes = board->draining_bytes = 0;
    say(run, "ended", o->board, o->to, "done");
    strcpy(o->step, "done");
    o->ended_ps = run->now.time_ps;
}

static void *serve(void *self)
{
    struct fake_run *run = self;
    while (!atomic_load(&run->ended)) {
        int64_t now = now_us(), wait = api_server_wait_us(run->server, now);
        struct pollfd fd = {.fd = api_server_fd(run->server), .events = POLLIN};
        poll(&fd, 1, wait < 5000 ? (int)(wait / 1000) : 5);
        advance(run);
        api_server_serve(run->server, now_us());
    }
    return NULL;
}

struct fake_run *fake_run_by_hand(const struct fake_run_options *options)
{
    struct fake_run *run = calloc(1, sizeof *run);
    struct err err;
    char *folder = realpath(options->folder, NULL);
    NP_ASSERT(run && folder);
    run->options = *options;
    run->options.folder = folder;
    make_machine(run);
    struct api_run callbacks = {run, snapshot, command, pace, type, console, series, want_sample};
    if (api_server_open(&run->server, folder, run->now.scenario, &callbacks, &err))
        np_panic("%s", err.text);
    return run;
}

struct fake_run *fake_run_open(const struct fake_run_options *options)
{
    struct fake_run *run = fake_run_by_hand(options);
    int failed = pthread_create(&run->thread, NULL, serve, run);
    NP_ASSERT(!failed);
    run->threaded = true;
    return run;
}

void fake_run_close(struct fake_run *run)
{
    if (run->threaded) {
        atomic_store(&run->ended, true);
        pthread_join(run->thread, NULL);
    }
    strcpy(run->now.state, "ended");
    api_server_close(run->server, NULL);
    api_snapshot_free(&run->now);
    free((char *)(uintptr_t)run->options.folder);
    free(run);
}

struct api_server *fake_run_server(struct fake_run *run)
{
    return run->server;
}

void fake_run_event(struct fake_run *run, const char *text)
{
    say(run, "state", "SB0", "SMP1", text);
}

uint32_t fake_run_samples(const struct fake_run *run)
{
    return run->samples;
}

uint32_t fake_run_commands(const struct fake_run *run)
{
    return run->commands;
}
