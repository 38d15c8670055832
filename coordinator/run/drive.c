// SPDX-License-Identifier: Apache-2.0
#include "coordinator/run/drive.h"

#include <event2/event.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "coordinator/machine/units.h"
#include "coordinator/partition/words.h"
#include "coordinator/run/drive_state.h"
#include "coordinator/run/find.h"
#include "proto/base/assert.h"

#define TICK_US     50000            // half the shortest time after which a message is sent again
#define HURRY_US    INT64_C(500000)  // the same after an error: nothing is left to lose
#define PATIENCE_US INT64_C(3000000) // with a process that should leave, before a stronger word
#define STOPPED_US  INT64_C(2000000) // no tick for so long: we ourselves were stopped

int64_t host_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void drive_log(struct drive *drive, const char *fmt, ...)
{
    FILE *log = drive->config->folder->log;
    va_list args;
    fprintf(log, "%.3f s: ", 1e-6 * (double)(host_us() - drive->began_us));
    va_start(args, fmt);
    vfprintf(log, fmt, args);
    va_end(args);
    fputc('\n', log);
}

void drive_enter(struct drive *drive, enum phase phase)
{
    drive->phase = phase;
    drive->phase_us = host_us();
    for (uint32_t i = 0; i < drive->n_workers; i++)
        drive->workers[i].answered = false;
}

static void signal_all(struct drive *drive, int signal)
{
    for (uint32_t i = 0; i < drive->n_workers; i++)
        process_signal(&drive->workers[i].process, signal);
}

static bool all_ended(const struct drive *drive)
{
    for (uint32_t i = 0; i < drive->n_workers; i++)
        if (drive->workers[i].process.running)
            return false;
    return true;
}

// " at 12.3 us of simulated time": of the group that is furthest, as last reported.
static const char *when(const struct drive *drive, char *text, size_t size)
{
    char time[UNIT_TEXT_SIZE];
    sim_time at = 0;
    for (uint32_t p = 0; p < drive->config->machine->n_partitions; p++)
        at = sim_max(at, drive->outcome->groups[p].time);
    text[0] = '\0';
    if (at)
        snprintf(text, size, " at about %s of simulated time", unit_pretty_time(at, time));
    return text;
}

// "; operation 3 (move SB6 SMP2 configure) was at step drain": of the first that is under way.
static const char *doing(const struct drive *drive, char *text, size_t size)
{
    struct sc *sc = agenda_sc(drive->config->course->agenda);
    char command[SC_COMMAND_TEXT_SIZE];
    text[0] = '\0';
    for (uint64_t id = 1; id <= sc_operations(sc) && !text[0]; id++) {
        const struct sc_operation *op = sc_operation(sc, id);
        if (op->ended == SIM_NEVER)
            snprintf(text, size, "; operation %llu (%s) was at step %s", (unsigned long long)id,
                     sc_command_text(drive->config->machine, &op->command, command), op->step);
    }
    return text;
}

// A process that has a reason to end says FAILED before, and waits until that is heard.
static void on_death(struct drive *drive, struct worker *worker)
{
    char how[64], at[64], operation[SC_COMMAND_TEXT_SIZE + 80];
    struct err err;
    process_listen(&worker->process, drive->config->folder->log);
    drive_log(drive, "%s %s", worker->process.label, process_end(&worker->process, how, sizeof how));
    drive_serve(drive);
    if (drive->phase == LEAVING)
        return;
    drive->died = worker;
    err_set(&err, ERR_NODE_DIED,
            "%s %s%s%s; the other processes were ended, and there are no results. Run again%s; if the host "
            "had no "
            "memory left (dmesg), use fewer processes or a smaller machine",
            worker->process.label, how, when(drive, at, sizeof at), doing(drive, operation, sizeof operation),
            drive->config->course->journal.out ? " (numaplex replay does all that consoles commanded)" : "");
    drive_fail(drive, &err);
}

static void reap(struct drive *drive)
{
    for (uint32_t i = 0; i < drive->n_workers; i++)
        if (process_reap(&drive->workers[i].process))
            on_death(drive, &drive->workers[i]);
    if (drive->phase == LEAVING && all_ended(drive))
        event_base_loopbreak(drive->base);
}

// EXIT was said; who does not follow is asked by SIGTERM and then not asked any more.
static void press(struct drive *drive)
{
    static const int signals[] = {SIGTERM, SIGKILL};
    int64_t patience = drive->failure.code ? HURRY_US : PATIENCE_US;
    if (drive->phase != LEAVING || drive->pressure == NP_ARRAY_LEN(signals) ||
        host_us() - drive->phase_us < (drive->pressure + 1) * patience)
        return;
    drive_log(drive, "processes that are left get signal %d", signals[drive->pressure]);
    signal_all(drive, signals[drive->pressure++]);
}

static void check_silence(struct drive *drive)
{
    const int64_t most = drive->config->command->silence_s * INT64_C(1000000);
    for (uint32_t i = 0; i < drive->n_workers && drive->phase != LEAVING; i++) {
        const struct process *process = &drive->workers[i].process;
        int64_t silence = control_server_silence_us(drive->server, process->id);
        if ((silence < 0 ? host_us() - drive->began_us : silence) < most)
            continue;
        struct err err;
        err_set(&err, ERR_TIMEOUT,
                "%s has said nothing for %u s; the run was ended. Run again with fewer processes, or with a "
                "longer "
                "--silence if the host is that busy",
                process->label, drive->config->command->silence_s);
        drive->died = &drive->workers[i];
        drive_fail(drive, &err);
    }
}

static void on_tick(evutil_socket_t fd, short what, void *self)
{
    struct drive *drive = self;
    (void)fd;
    (void)what;
    bool was_stopped = host_us() - drive->tick_us > STOPPED_US;
    drive->tick_us = host_us();
    drive_serve(drive);
    if (!was_stopped) // else everybody's silence is our own
        check_silence(drive);
    press(drive);
    reap(drive);
}

static void on_socket(evutil_socket_t fd, short what, void *self)
{
    (void)fd;
    (void)what;
    drive_serve(self);
}

static void on_words(evutil_socket_t fd, short what, void *self)
{
    struct worker *worker = self;
    (void)fd;
    (void)what;
    if (!process_listen(&worker->process, worker->drive->config->folder->log))
        event_del(worker->words);
}

static void on_child(evutil_socket_t fd, short what, void *self)
{
    (void)fd;
    (void)what;
    reap(self);
}

// The first request pauses the run and collects what there is; the second kills.
static void on_interrupt(evutil_socket_t fd, short what, void *self)
{
    struct drive *drive = self;
    struct err err;
    (void)fd;
    (void)what;
    if (++drive->interrupts == 1 && drive->phase != STARTING) {
        drive_log(drive, "interrupted");
        if (drive->phase == RUNNING)
            drive_stop(drive);
        else if (drive->phase == HELD)
            cut_go_on(drive);
        return; // what comes after a pause is short
    }
    err_set(&err, ERR_INTERRUPTED, "interrupted; there are no results");
    drive_fail(drive, &err);
    if (drive->interrupts > 1)
        signal_all(drive, SIGKILL);
}

// Ctrl-Z: the processes are in groups of their own, so we stop and continue them ourselves. Continued, we
// speak first, so that they do not take our silence for our death.
static void on_suspend(evutil_socket_t fd, short what, void *self)
{
    struct drive *drive = self;
    (void)fd;
    (void)what;
    signal_all(drive, SIGSTOP);
    raise(SIGSTOP);
    drive_serve(drive);
    usleep(TICK_US);
    signal_all(drive, SIGCONT);
}

static void describe(struct drive *drive)
{
    const struct plan *plan = drive->config->plan;
    for (uint32_t i = 0; i < drive->n_workers; i++) {
        struct worker *worker = &drive->workers[i];
        bool node = i < plan->nodes;
        char boards[LABEL_SIZE - 32];
        worker->drive = drive;
        worker->process.words = -1;
        worker->process.id = (struct worker_id){node ? ROLE_NODE : ROLE_FABRIC, node ? i : i - plan->nodes};
        if (node)
            snprintf(worker->process.label, sizeof worker->process.label, "node %u (%s)", i,
                     plan_boards(plan, drive->config->machine, i, boards, sizeof boards));
        else
            strcpy(worker->process.label, "fabric");
    }
}

static enum err_code open_server(struct drive *drive, struct err *err)
{
    const struct plan *plan = drive->config->plan;
    struct control_server_options options = {.endpoint = drive->endpoints.control,
                                             .run_id = drive->run_id,
                                             .epoch = drive->config->folder->epoch,
                                             .nodes = plan->nodes,
                                             .fabrics = plan->fabrics};
    return control_server_open(&drive->server, &options, err);
}

static enum err_code start_workers(struct drive *drive, struct err *err)
{
    char node[PATH_MAX_BYTES], fabric[PATH_MAX_BYTES];
    if (find_program("numaplex-node", node, err) ||
        (drive->config->plan->fabrics && find_program("numaplex-fabric", fabric, err)))
        return err->code;
    for (uint32_t i = 0; i < drive->n_workers; i++) {
        struct process *process = &drive->workers[i].process;
        const char *program = process->id.role == ROLE_NODE ? node : fabric;
        if (process_start(process, program, control_server_endpoint(drive->server), drive->run_id, err))
            return err->code;
        drive_log(drive, "%s is process %d", process->label, (int)process->pid);
    }
    return ERR_OK;
}

static void add_signal(struct drive *drive, unsigned i, int number, event_callback_fn callback)
{
    drive->signals[i] = evsignal_new(drive->base, number, callback, drive);
    NP_ASSERT(drive->signals[i]);
    evsignal_add(drive->signals[i], NULL);
}

static void watch(struct drive *drive)
{
    const struct timeval tick = {.tv_usec = TICK_US};
    drive->base = event_base_new();
    NP_ASSERT(drive->base);
    add_signal(drive, 0, SIGCHLD, on_child);
    add_signal(drive, 1, SIGINT, on_interrupt);
    add_signal(drive, 2, SIGTERM, on_interrupt);
    add_signal(drive, 3, SIGTSTP, on_suspend);
    add_signal(drive, 4, SIGHUP, on_interrupt);
    drive->timer = event_new(drive->base, -1, EV_PERSIST, on_tick, drive);
    event_add(drive->timer, &tick);
    drive->socket =
        event_new(drive->base, control_server_fd(drive->server), EV_READ | EV_PERSIST, on_socket, drive);
    event_add(drive->socket, NULL);
}

static void watch_words(struct drive *drive)
{
    for (uint32_t i = 0; i < drive->n_workers; i++) {
        struct worker *worker = &drive->workers[i];
        if (worker->process.words < 0)
            continue;
        worker->words = event_new(drive->base, worker->process.words, EV_READ | EV_PERSIST, on_words, worker);
        event_add(worker->words, NULL);
    }
}

static void free_event(struct event *event)
{
    if (event)
        event_free(event);
}

static void close_drive(struct drive *drive)
{
    for (uint32_t i = 0; i < drive->n_workers; i++) {
        free_event(drive->workers[i].words);
        if (drive->workers[i].process.words >= 0)
            close(drive->workers[i].process.words);
    }
    for (size_t i = 0; i < NP_ARRAY_LEN(drive->signals); i++)
        free_event(drive->signals[i]);
    free_event(drive->timer);
    free_event(drive->socket);
    cut_free(drive);
    if (drive->base)
        event_base_free(drive->base);
    control_server_close(drive->server, 0);
    endpoints_close(&drive->endpoints);
    free(drive->workers);
}

static void begin(struct drive *drive)
{
    struct err err;
    watch(drive);
    enum err_code code = start_workers(drive, &err);
    watch_words(drive);
    live_opened(drive);
    if (code)
        drive_fail(drive, &err);
    else
        drive_configure(drive);
    if (!(drive->phase == LEAVING && all_ended(drive)))
        event_base_dispatch(drive->base);
}

static void finish(struct drive *drive)
{
    live_over(drive);
    if (drive->config->course->live && drive->config->course->live->closing)
        drive->config->course->live->closing(drive->config->course->live->self, &drive->failure);
    drive->outcome->control = *control_server_stats(drive->server);
    const struct control_stats *stats = &drive->outcome->control;
    if (stats->foreign + stats->malformed)
        drive_log(drive, "refused %llu foreign and %llu malformed frames on the control socket; the last: %s",
                  (unsigned long long)stats->foreign, (unsigned long long)stats->malformed,
                  stats->last_refusal.text);
}

enum err_code drive_run(const struct drive_config *config, struct outcome *outcome,
                        char last_words[LAST_WORDS_SIZE], struct err *err)
{
    struct drive drive = {.config = config, .outcome = outcome, .endpoints.reservation = -1};
    drive.live.step_until = SIM_NEVER;
    drive.n_workers = config->plan->nodes + config->plan->fabrics;
    drive.conductor = drive.n_workers - 1; // the fabric, or the only node
    drive.workers = calloc(drive.n_workers, sizeof *drive.workers);
    NP_ASSERT(drive.workers);
    drive.began_us = drive.tick_us = host_us();
    last_words[0] = '\0';
    describe(&drive);
    if (getrandom(&drive.run_id, sizeof drive.run_id, 0) != sizeof drive.run_id)
        drive.run_id = (uint64_t)drive.began_us ^ (uint64_t)getpid() << 40;
    drive.run_id |= 1; // 0 names no run
    enum err_code code = endpoints_open(&drive.endpoints, config->command->link, err);
    if (!code)
        code = open_server(&drive, err);
    if (!code) {
        begin(&drive);
        finish(&drive);
        *err = drive.failure;
        code = err->code;
    }
    if (drive.died)
        memcpy(last_words, drive.died->process.last_words, LAST_WORDS_SIZE);
    close_drive(&drive);
    return code;
}
