// SPDX-License-Identifier: Apache-2.0
#include "coordinator/control/consoles.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "coordinator/control/api_server.h"
#include "coordinator/control/last_state.h"
#include "coordinator/control/machine_view.h"
#include "proto/base/assert.h"

#define LONGEST_US INT64_C(1000000) // the timer is looked at again

struct consoles {
    const struct machine *machine;
    char folder[PATH_MAX_BYTES];
    struct api_server *server; // NULL: nobody may connect
    struct event_ring unheard; // events of a run without a server
    struct api_sample sample;  // of the last look: sums and the times that they belong to
    struct drive *drive;       // NULL: not yet, or not any more
    struct event *readable, *timer;
    struct board_view views[BOARDS_MAX];
    bool seen[BOARDS_MAX];
    struct throughput *work;
    int64_t looked_us;        // host time of the last look, whoever asked for it
    struct api_snapshot last; // of the run, once that is over
    bool paused;              // to be held at its beginning
    struct event_base *hold;  // while consoles may still look; NULL: not
};

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void set_timer(struct consoles *consoles, int64_t wait_us)
{
    int64_t us = wait_us < LONGEST_US ? wait_us : LONGEST_US;
    event_add(consoles->timer, &(struct timeval){.tv_sec = us / 1000000, .tv_usec = us % 1000000});
}

static void want_sample(void *self)
{
    struct consoles *consoles = self;
    if (!consoles->drive)
        return;
    consoles->looked_us = now_us();
    drive_look(consoles->drive);
}

static void serve(evutil_socket_t fd, short what, void *self)
{
    struct consoles *consoles = self;
    (void)fd;
    (void)what;
    api_server_serve(consoles->server, now_us());
    // A console that comes later begins with what there was before it.
    if (consoles->drive && now_us() - consoles->looked_us >= LONGEST_US)
        want_sample(consoles);
    set_timer(consoles, api_server_wait_us(consoles->server, now_us()));
}

// Something is to be sent: soon, from the loop.
static void poke(struct consoles *consoles)
{
    if (consoles->timer)
        set_timer(consoles, 0);
}

static struct machine_view view_of(struct consoles *consoles, const struct drive_standing *standing)
{
    return (struct machine_view){consoles->machine, agenda_sc(drive_agenda(consoles->drive)),
                                 consoles->views,   consoles->seen,
                                 standing->groups,  consoles->work};
}

static void fill_run(const struct consoles *consoles, const struct drive_standing *standing,
                     struct api_snapshot *to)
{
    memcpy(to->scenario, consoles->machine->name, sizeof to->scenario);
    memcpy(to->folder, consoles->folder, sizeof to->folder);
    to->time_ps = standing->time;
    to->until_ps = consoles->machine->until == SIM_NEVER ? 0 : consoles->machine->until;
    to->ps_per_s = standing->pace;
    strcpy(to->state, standing->ending ? "ended" : standing->held ? "paused" : "running");
}

static void snapshot(void *self, struct api_snapshot *to)
{
    struct consoles *consoles = self;
    struct drive_standing standing;
    if (!consoles->drive) { // the run is over, its consoles are not
        api_snapshot_copy(to, &consoles->last);
        return;
    }
    drive_standing(consoles->drive, &standing);
    struct machine_view view = view_of(consoles, &standing);
    fill_run(consoles, &standing, to);
    machine_view_fill(&view, to);
}

static void refuse(struct consoles *consoles, uint64_t ticket, const struct err *err)
{
    api_server_answer(consoles->server, ticket, err, 0, NULL);
}

static bool is_over(struct consoles *consoles, uint64_t ticket)
{
    struct err err;
    if (consoles->drive)
        return false;
    err_set(&err, ERR_OVER, "the run has ended");
    refuse(consoles, ticket, &err);
    return true;
}

static void command(void *self, uint64_t ticket, const struct api_command *asked, const char *user, bool plan)
{
    struct consoles *consoles = self;
    struct sc_command command;
    struct err err;
    if (is_over(consoles, ticket))
        return;
    if (machine_view_command(consoles->machine, asked, user, &command, &err))
        refuse(consoles, ticket, &err);
    else if (plan)
        drive_plan(consoles->drive, ticket, &command);
    else
        drive_command(consoles->drive, ticket, &command);
}

static void pace(void *self, uint64_t ticket, const struct api_pace *asked, const char *user)
{
    static const enum drive_pace_kind kinds[API_PACE_COUNT] = {[API_PAUSE] = DRIVE_PAUSE,
                                                               [API_CONTINUE] = DRIVE_CONTINUE,
                                                               [API_STEP] = DRIVE_STEP,
                                                               [API_SLOW] = DRIVE_SLOW,
                                                               [API_STOP] = DRIVE_END};
    struct consoles *consoles = self;
    struct api_event event = {.what = "pace"};
    struct drive_standing standing;
    if (consoles->hold && asked->kind == API_STOP) {
        api_server_answer(consoles->server, ticket, &(struct err){0}, 0, NULL);
        event_base_loopbreak(consoles->hold);
        return;
    }
    if (is_over(consoles, ticket))
        return;
    drive_standing(consoles->drive, &standing);
    event.time_ps = standing.time;
    snprintf(event.text, sizeof event.text, "pace: %s", api_pace_word(asked->kind));
    snprintf(event.user, sizeof event.user, "%s", user);
    api_server_event(consoles->server, &event);
    drive_pace(consoles->drive, ticket, kinds[asked->kind],
               asked->kind == API_STEP ? asked->step_ps : asked->ps_per_s);
}

static void type(void *self, uint64_t ticket, const struct api_type *asked, const char *user)
{
    struct consoles *consoles = self;
    struct sc_line line = {0};
    struct err err;
    if (is_over(consoles, ticket))
        return;
    snprintf(line.text, sizeof line.text, "%s", asked->text);
    snprintf(line.user, sizeof line.user, "%s", user);
    if (machine_view_partition(consoles->machine, asked->partition, &line.partition, &err))
        refuse(consoles, ticket, &err);
    else
        drive_type(consoles->drive, ticket, &line);
}

// What a guest has written is in a file that grows while the run goes on.
static enum err_code console(void *self, const struct api_console *asked, uint8_t *bytes, uint32_t *n,
                             uint64_t *end, struct err *err)
{
    struct consoles *consoles = self;
    char path[PATH_MAX_BYTES + NAME_MAX_BYTES + 16];
    uint32_t partition;
    struct stat st;
    *n = 0;
    *end = 0;
    if (machine_view_partition(consoles->machine, asked->partition, &partition, err))
        return err->code;
    if (!consoles->machine->partitions[partition].guest.image[0])
        return err_set(err, ERR_STATE, "%s has no console: no guest runs there", asked->partition);
    snprintf(path, sizeof path, "%s/console-%s.txt", consoles->folder, asked->partition);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return err_errno(err, ERR_FILE, "%s", path);
    ssize_t size = asked->from_byte <= INT64_MAX
                       ? pread(file, bytes, API_CONSOLE_BYTES_MAX, (off_t)asked->from_byte)
                       : 0;
    if (size < 0 || fstat(file, &st) != 0) {
        err_errno(err, ERR_FILE, "%s", path);
    } else {
        *n = (uint32_t)size;
        *end = (uint64_t)st.st_size;
    }
    close(file);
    return err->code;
}

static void series(void *self, struct api_series *to)
{
    const struct consoles *consoles = self;
    throughput_series(consoles->work, to);
}

static void add_events(struct consoles *consoles, struct event_base *base)
{
    consoles->readable =
        event_new(base, api_server_fd(consoles->server), EV_READ | EV_PERSIST, serve, consoles);
    consoles->timer = evtimer_new(base, serve, consoles);
    NP_ASSERT(consoles->readable && consoles->timer);
    event_add(consoles->readable, NULL);
    poke(consoles);
}

static void remove_events(struct consoles *consoles)
{
    event_free(consoles->readable);
    event_free(consoles->timer);
    consoles->readable = consoles->timer = NULL;
}

static void opened(void *self, struct drive *drive, struct event_base *base)
{
    struct consoles *consoles = self;
    consoles->drive = drive;
    if (consoles->paused)
        drive_pace(drive, 0, DRIVE_STEP, 1); // a ps: there is no cut before the first grant
    if (consoles->server)
        add_events(consoles, base);
}

// A run is none the worse for it when this cannot be written.
static void leave_state(struct consoles *consoles)
{
    const struct event_ring *events =
        consoles->server ? api_server_events(consoles->server) : &consoles->unheard;
    struct drive_standing standing;
    struct api_series line;
    struct err err;
    drive_standing(consoles->drive, &standing);
    struct machine_view view = view_of(consoles, &standing);
    if (consoles->sample.n_boards == 0)
        machine_view_sample(&view, &consoles->sample);
    strcpy(consoles->sample.state, "ended");
    throughput_series(consoles->work, &line);
    consoles->last.last_seq = events->last;
    if (last_state_write(consoles->folder,
                         &(struct last_state){&consoles->last, &line, &consoles->sample, events}, &err))
        fprintf(stderr, "numaplex: warning: consoles will not find how the run ended: %s\n", err.text);
    api_series_free(&line);
}

static void tell(struct consoles *consoles, const struct api_event *event)
{
    if (consoles->server)
        api_server_event(consoles->server, event);
    else
        event_ring_add(&consoles->unheard, event);
}

// In the log of events, where people look for what was the last.
static void tell_failure(struct consoles *consoles, const struct err *failure)
{
    struct api_event event = {.what = "failed"};
    struct drive_standing standing;
    drive_standing(consoles->drive, &standing);
    event.time_ps = standing.time;
    snprintf(event.text, sizeof event.text, "%s: %.240s", err_id(failure->code), failure->text);
    tell(consoles, &event);
}

static void closing(void *self, const struct err *failure)
{
    struct consoles *consoles = self;
    if (failure->code)
        tell_failure(consoles, failure);
    snapshot(consoles, &consoles->last);
    strcpy(consoles->last.state, "ended");
    leave_state(consoles);
    if (consoles->server)
        remove_events(consoles);
    consoles->drive = NULL;
}

static void answer(void *self, uint64_t ticket, const struct err *outcome, uint64_t operation,
                   const struct sc_plan *plan)
{
    struct consoles *consoles = self;
    struct api_plan shown;
    if (ticket == 0)
        return; // our own
    if (plan)
        machine_view_plan(consoles->machine, plan, &shown);
    api_server_answer(consoles->server, ticket, outcome, operation, plan ? &shown : NULL);
    poke(consoles);
}

static void look_at(struct consoles *consoles, const struct board_view *view)
{
    throughput_view(consoles->work, view);
    consoles->views[view->board] = *view;
    consoles->seen[view->board] = true;
}

static void event(void *self, const struct sc_event *event)
{
    struct consoles *consoles = self;
    struct drive_standing standing;
    struct api_event shown;
    if (!consoles->drive)
        return; // before the first cut, or after the last: a snapshot says it all
    drive_standing(consoles->drive, &standing);
    struct machine_view view = view_of(consoles, &standing);
    if (event->board != NO_BOARD && event->operation)
        look_at(consoles, agenda_view(drive_agenda(consoles->drive), event->board));
    machine_view_event(&view, event, &shown);
    tell(consoles, &shown);
    poke(consoles);
}

// Boards as they are, and a point of each partition's throughput.
static void recorded(void *self, const struct board_view *views, uint32_t n)
{
    struct consoles *consoles = self;
    struct drive_standing standing;
    for (uint32_t i = 0; i < n; i++)
        look_at(consoles, &views[i]);
    drive_standing(consoles->drive, &standing);
    struct machine_view view = view_of(consoles, &standing);
    for (uint32_t p = 0; p < consoles->machine->n_partitions; p++)
        throughput_point(consoles->work, p, machine_view_time(&view, p));
}

static void looked(void *self, const struct board_view *views, uint32_t n)
{
    struct consoles *consoles = self;
    struct drive_standing standing;
    struct api_sample *sample = &consoles->sample;
    recorded(consoles, views, n);
    drive_standing(consoles->drive, &standing);
    struct machine_view view = view_of(consoles, &standing);
    api_sample_free(sample);
    machine_view_sample(&view, sample);
    strcpy(sample->state, standing.ending ? "ended" : standing.held ? "paused" : "running");
    if (consoles->server)
        api_server_sample(consoles->server, sample);
    poke(consoles);
}

void consoles_shut(struct consoles **consoles, const struct machine *machine, const char *folder,
                   struct drive_live_hooks *hooks)
{
    struct consoles *c = *consoles = calloc(1, sizeof *c);
    NP_ASSERT(c);
    c->machine = machine;
    c->work = throughput_new(machine);
    snprintf(c->folder, sizeof c->folder, "%s", folder);
    *hooks = (struct drive_live_hooks){c, false, opened, closing, answer, event, looked, recorded};
}

enum err_code consoles_open(struct consoles **consoles, const struct machine *machine, const char *folder,
                            bool paused, struct drive_live_hooks *hooks, struct err *err)
{
    consoles_shut(consoles, machine, folder, hooks);
    struct consoles *c = *consoles;
    const struct api_run run = {c, snapshot, command, pace, type, console, series, want_sample};
    hooks->open = true;
    c->paused = paused;
    if (api_server_open(&c->server, folder, machine->name, &run, err) == ERR_OK)
        return ERR_OK;
    consoles_close(c, NULL);
    *consoles = NULL;
    return err->code;
}

static void interrupted(evutil_socket_t signal, short what, void *base)
{
    (void)signal;
    (void)what;
    event_base_loopbreak(base);
}

void consoles_hold(struct consoles *consoles)
{
    consoles->hold = event_base_new();
    NP_ASSERT(consoles->hold);
    struct event *signals[] = {evsignal_new(consoles->hold, SIGINT, interrupted, consoles->hold),
                               evsignal_new(consoles->hold, SIGTERM, interrupted, consoles->hold)};
    add_events(consoles, consoles->hold);
    for (unsigned i = 0; i < NP_ARRAY_LEN(signals); i++) {
        NP_ASSERT(signals[i]);
        event_add(signals[i], NULL);
    }
    event_base_dispatch(consoles->hold);
    for (unsigned i = 0; i < NP_ARRAY_LEN(signals); i++)
        event_free(signals[i]);
    remove_events(consoles);
    event_base_free(consoles->hold);
    consoles->hold = NULL;
}

void consoles_close(struct consoles *consoles, const struct err *why)
{
    if (!consoles)
        return;
    api_server_close(consoles->server, why);
    event_ring_free(&consoles->unheard);
    api_sample_free(&consoles->sample);
    api_snapshot_free(&consoles->last);
    throughput_free(consoles->work);
    free(consoles);
}
