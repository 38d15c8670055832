// SPDX-License-Identifier: Apache-2.0
#include "coordinator/control/live.h"

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
#include "coordinator/control/machine_view.h"
#include "proto/base/assert.h"

#define LONGEST_US INT64_C(1000000) // the timer is looked at again

struct live {
    const struct machine *machine;
    char folder[PATH_MAX_BYTES];
    struct api_server *server;
    struct drive *drive; // NULL: not yet, or not any more
    struct event *readable, *timer;
    struct board_view views[BOARDS_MAX];
    bool seen[BOARDS_MAX];
    struct api_snapshot last; // of the run, once that is over
    struct event_base *hold;  // while consoles may still look; NULL: not
};

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void set_timer(struct live *live, int64_t wait_us)
{
    int64_t us = wait_us < LONGEST_US ? wait_us : LONGEST_US;
    event_add(live->timer, &(struct timeval){.tv_sec = us / 1000000, .tv_usec = us % 1000000});
}

static void serve(evutil_socket_t fd, short what, void *self)
{
    struct live *live = self;
    (void)fd;
    (void)what;
    api_server_serve(live->server, now_us());
    set_timer(live, api_server_wait_us(live->server, now_us()));
}

// Something is to be sent: soon, from the loop.
static void poke(struct live *live)
{
    if (live->timer)
        set_timer(live, 0);
}

static struct machine_view view_of(struct live *live, const struct drive_standing *standing)
{
    return (struct machine_view){live->machine, agenda_sc(drive_agenda(live->drive)), live->views, live->seen,
                                 standing->groups};
}

static void fill_run(const struct live *live, const struct drive_standing *standing, struct api_snapshot *to)
{
    memcpy(to->scenario, live->machine->name, sizeof to->scenario);
    memcpy(to->folder, live->folder, sizeof to->folder);
    to->time_ps = standing->time;
    to->until_ps = live->machine->until == SIM_NEVER ? 0 : live->machine->until;
    to->ps_per_s = standing->pace;
    strcpy(to->state, standing->ending ? "ended" : standing->held ? "paused" : "running");
}

static void snapshot(void *self, struct api_snapshot *to)
{
    struct live *live = self;
    struct drive_standing standing;
    if (!live->drive) { // the run is over, its consoles are not
        api_snapshot_copy(to, &live->last);
        return;
    }
    drive_standing(live->drive, &standing);
    struct machine_view view = view_of(live, &standing);
    fill_run(live, &standing, to);
    machine_view_fill(&view, to);
}

static void refuse(struct live *live, uint64_t ticket, const struct err *err)
{
    api_server_answer(live->server, ticket, err, 0, NULL);
}

static bool is_over(struct live *live, uint64_t ticket)
{
    struct err err;
    if (live->drive)
        return false;
    err_set(&err, ERR_OVER, "the run has ended");
    refuse(live, ticket, &err);
    return true;
}

static void command(void *self, uint64_t ticket, const struct api_command *asked, const char *user, bool plan)
{
    struct live *live = self;
    struct sc_command command;
    struct err err;
    if (is_over(live, ticket))
        return;
    if (machine_view_command(live->machine, asked, user, &command, &err))
        refuse(live, ticket, &err);
    else if (plan)
        drive_plan(live->drive, ticket, &command);
    else
        drive_command(live->drive, ticket, &command);
}

static void pace(void *self, uint64_t ticket, const struct api_pace *asked, const char *user)
{
    static const enum drive_pace_kind kinds[API_PACE_COUNT] = {[API_PAUSE] = DRIVE_PAUSE,
                                                               [API_CONTINUE] = DRIVE_CONTINUE,
                                                               [API_STEP] = DRIVE_STEP,
                                                               [API_SLOW] = DRIVE_SLOW,
                                                               [API_STOP] = DRIVE_END};
    struct live *live = self;
    struct api_event event = {.what = "pace"};
    struct drive_standing standing;
    if (live->hold && asked->kind == API_STOP) {
        api_server_answer(live->server, ticket, &(struct err){0}, 0, NULL);
        event_base_loopbreak(live->hold);
        return;
    }
    if (is_over(live, ticket))
        return;
    drive_standing(live->drive, &standing);
    event.time_ps = standing.time;
    snprintf(event.text, sizeof event.text, "pace: %s", api_pace_word(asked->kind));
    snprintf(event.user, sizeof event.user, "%s", user);
    api_server_event(live->server, &event);
    drive_pace(live->drive, ticket, kinds[asked->kind],
               asked->kind == API_STEP ? asked->step_ps : asked->ps_per_s);
}

static void type(void *self, uint64_t ticket, const struct api_type *asked, const char *user)
{
    struct live *live = self;
    char line[GUEST_INPUT_BYTES_MAX];
    uint32_t partition;
    struct err err;
    if (is_over(live, ticket))
        return;
    snprintf(line, sizeof line, "%s\n", asked->text);
    if (machine_view_partition(live->machine, asked->partition, &partition, &err))
        refuse(live, ticket, &err);
    else
        drive_type(live->drive, ticket, partition, line, user);
}

// What a guest has written is in a file that grows while the run goes on.
static enum err_code console(void *self, const struct api_console *asked, uint8_t *bytes, uint32_t *n,
                             uint64_t *end, struct err *err)
{
    struct live *live = self;
    char path[PATH_MAX_BYTES + NAME_MAX_BYTES + 16];
    uint32_t partition;
    struct stat st;
    *n = 0;
    *end = 0;
    if (machine_view_partition(live->machine, asked->partition, &partition, err))
        return err->code;
    if (!live->machine->partitions[partition].guest.image[0])
        return err_set(err, ERR_STATE, "%s has no console: no guest runs there", asked->partition);
    snprintf(path, sizeof path, "%s/console-%s.txt", live->folder, asked->partition);
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

static void want_sample(void *self)
{
    struct live *live = self;
    if (live->drive)
        drive_look(live->drive);
}

static void add_events(struct live *live, struct event_base *base)
{
    live->readable = event_new(base, api_server_fd(live->server), EV_READ | EV_PERSIST, serve, live);
    live->timer = evtimer_new(base, serve, live);
    NP_ASSERT(live->readable && live->timer);
    event_add(live->readable, NULL);
    poke(live);
}

static void remove_events(struct live *live)
{
    event_free(live->readable);
    event_free(live->timer);
    live->readable = live->timer = NULL;
}

static void opened(void *self, struct drive *drive, struct event_base *base)
{
    struct live *live = self;
    live->drive = drive;
    add_events(live, base);
}

static void closing(void *self)
{
    struct live *live = self;
    snapshot(live, &live->last);
    strcpy(live->last.state, "ended");
    remove_events(live);
    live->drive = NULL;
}

static void answer(void *self, uint64_t ticket, const struct err *outcome, uint64_t operation,
                   const struct sc_plan *plan)
{
    struct live *live = self;
    struct api_plan shown;
    if (plan)
        machine_view_plan(live->machine, plan, &shown);
    api_server_answer(live->server, ticket, outcome, operation, plan ? &shown : NULL);
    poke(live);
}

static void look_at(struct live *live, const struct board_view *view)
{
    live->views[view->board] = *view;
    live->seen[view->board] = true;
}

static void event(void *self, const struct sc_event *event)
{
    struct live *live = self;
    struct drive_standing standing;
    struct api_event shown;
    if (!live->drive)
        return; // before the first cut, or after the last: a snapshot says it all
    drive_standing(live->drive, &standing);
    struct machine_view view = view_of(live, &standing);
    if (event->board != NO_BOARD && event->operation)
        look_at(live, agenda_view(drive_agenda(live->drive), event->board));
    machine_view_event(&view, event, &shown);
    api_server_event(live->server, &shown);
    poke(live);
}

static void looked(void *self, const struct board_view *views, uint32_t n)
{
    struct live *live = self;
    struct drive_standing standing;
    struct api_sample sample = {0};
    for (uint32_t i = 0; i < n; i++)
        look_at(live, &views[i]);
    drive_standing(live->drive, &standing);
    struct machine_view view = view_of(live, &standing);
    machine_view_sample(&view, &sample);
    strcpy(sample.state, standing.ending ? "ended" : standing.held ? "paused" : "running");
    api_server_sample(live->server, &sample);
    api_sample_free(&sample);
    poke(live);
}

enum err_code live_open(struct live **live, const struct machine *machine, const char *folder,
                        struct drive_live_hooks *hooks, struct err *err)
{
    struct live *l = calloc(1, sizeof *l);
    NP_ASSERT(l);
    const struct api_run run = {l, snapshot, command, pace, type, console, want_sample};
    l->machine = machine;
    snprintf(l->folder, sizeof l->folder, "%s", folder);
    *live = NULL;
    if (api_server_open(&l->server, folder, machine->name, &run, err)) {
        free(l);
        return err->code;
    }
    *hooks = (struct drive_live_hooks){l, opened, closing, answer, event, looked};
    *live = l;
    return ERR_OK;
}

static void interrupted(evutil_socket_t signal, short what, void *base)
{
    (void)signal;
    (void)what;
    event_base_loopbreak(base);
}

void live_hold(struct live *live)
{
    live->hold = event_base_new();
    NP_ASSERT(live->hold);
    struct event *signals[] = {evsignal_new(live->hold, SIGINT, interrupted, live->hold),
                               evsignal_new(live->hold, SIGTERM, interrupted, live->hold)};
    add_events(live, live->hold);
    for (unsigned i = 0; i < NP_ARRAY_LEN(signals); i++) {
        NP_ASSERT(signals[i]);
        event_add(signals[i], NULL);
    }
    event_base_dispatch(live->hold);
    for (unsigned i = 0; i < NP_ARRAY_LEN(signals); i++)
        event_free(signals[i]);
    remove_events(live);
    event_base_free(live->hold);
    live->hold = NULL;
}

void live_close(struct live *live)
{
    if (!live)
        return;
    api_server_close(live->server);
    api_snapshot_free(&live->last);
    free(live);
}
