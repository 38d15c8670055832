// SPDX-License-Identifier: Apache-2.0
// What somebody outside asks of a run that goes on.
#include "coordinator/run/drive_live.h"

#include <stdlib.h>
#include <string.h>

#include "coordinator/partition/words.h"
#include "coordinator/run/drive_state.h"
#include "proto/base/assert.h"

static const struct drive_live_hooks *hooks(const struct drive *drive)
{
    static const struct drive_live_hooks none;
    return drive->config->course->live ? drive->config->course->live : &none;
}

static void answer(const struct drive *drive, uint64_t ticket, const struct err *outcome)
{
    if (hooks(drive)->answer)
        hooks(drive)->answer(hooks(drive)->self, ticket, outcome, 0, NULL);
}

static bool ends(const struct drive *drive)
{
    return drive->phase > HELD || drive->interrupts || drive->live.end;
}

// What whoever waits is told of a run that fails. False: it does not.
static bool fill_failure(const struct drive *drive, struct err *err)
{
    const struct err *failure = &drive->failure;
    if (failure->code)
        err_set(err, ERR_OVER, "the run has ended with error %s: %.400s", err_id(failure->code),
                failure->text);
    return failure->code != ERR_OK;
}

static void say_over(const struct drive *drive, uint64_t ticket)
{
    struct err err;
    if (!fill_failure(drive, &err))
        err_set(&err, ERR_OVER, "the run has ended; its results are in %s", drive->config->folder->shown);
    answer(drive, ticket, &err);
}

// A pause soon, so that what was asked for is done; where the run stands already, at once.
static void want_cut(struct drive *drive)
{
    if (drive->phase == RUNNING && !drive->live.stop_asked) {
        drive->live.stop_asked = true;
        drive_stop(drive);
    } else if (drive->phase == HELD) {
        cut_begin(drive, PAUSE_STOPPED);
    }
}

static void add(struct drive *drive, const struct agenda_command *command)
{
    struct live *live = &drive->live;
    NP_ASSERT(command->ticket);
    if (ends(drive)) {
        say_over(drive, command->ticket);
        return;
    }
    live->commands = realloc(live->commands, (live->n_commands + 1) * sizeof *live->commands);
    NP_ASSERT(live->commands);
    live->commands[live->n_commands++] = *command;
    want_cut(drive);
}

void drive_command(struct drive *drive, uint64_t ticket, const struct sc_command *command)
{
    add(drive, &(struct agenda_command){.command = *command, .ticket = ticket});
}

void drive_type(struct drive *drive, uint64_t ticket, const struct sc_line *line)
{
    add(drive, &(struct agenda_command){.types = true, .line = *line, .ticket = ticket});
}

void drive_plan(struct drive *drive, uint64_t ticket, const struct sc_command *command)
{
    if (ends(drive)) {
        say_over(drive, ticket);
        return;
    }
    agenda_plan(drive->config->course->agenda, command, ticket);
    want_cut(drive);
}

void drive_look(struct drive *drive)
{
    if (ends(drive))
        return;
    drive->live.look = true;
    want_cut(drive);
}

sim_time live_furthest(const struct drive *drive)
{
    sim_time at = 0;
    for (uint32_t p = 0; p < drive->config->machine->n_partitions; p++)
        at = sim_max(at, drive->outcome->groups[p].time);
    return at;
}

void drive_pace(struct drive *drive, uint64_t ticket, enum drive_pace_kind kind, uint64_t value)
{
    struct live *live = &drive->live;
    struct err good = {.code = ERR_OK};
    if (ends(drive)) {
        say_over(drive, ticket);
        return;
    }
    live->held = kind == DRIVE_PAUSE || (kind == DRIVE_SLOW && live->held);
    live->end |= kind == DRIVE_END;
    live->step_until = SIM_NEVER;
    if (kind == DRIVE_STEP)
        live->step_until = sim_add(live_furthest(drive), value ? value : 1);
    if (kind == DRIVE_SLOW)
        live->pace = value;
    drive_log(drive, "pace: %s", (const char *const[]){"pause", "continue", "step", "slow", "end"}[kind]);
    answer(drive, ticket, &good);
    want_cut(drive);
}

// The earliest time that nobody has passed; journalled before anybody does.
static void journal(struct drive *drive, struct agenda_command *live, sim_time at)
{
    struct err err;
    live->at = at;
    if (journal_full(&drive->config->course->journal)) {
        err_set(&err, ERR_LIMIT,
                "this run has had %u commands and lines, which is as many as its journal holds",
                JOURNAL_LINES_MAX);
        answer(drive, live->ticket, &err);
        return;
    }
    if (!live->types)
        course_begin_history(drive->config->course, 0, at);
    if (course_live(drive->config->course, live, &err))
        drive_fail(drive, &err);
}

void live_at_cut(struct drive *drive)
{
    struct live *live = &drive->live;
    sim_time at = live_furthest(drive);
    if (live->step_until <= at) {
        live->step_until = SIM_NEVER;
        live->held = true;
    }
    if (drive->cut.over)
        return;
    for (uint32_t i = 0; i < live->n_commands && !drive->failure.code; i++)
        journal(drive, &live->commands[i], at);
    live->n_commands = 0;
}

// A command that waits for its time is worth a little way, even of a run that is held.
bool live_holds(struct drive *drive)
{
    return drive->live.held && agenda_stop(drive->config->course->agenda) > live_furthest(drive);
}

sim_time live_stop(const struct drive *drive)
{
    return drive->live.step_until;
}

void live_opened(struct drive *drive)
{
    if (hooks(drive)->opened)
        hooks(drive)->opened(hooks(drive)->self, drive, drive->base);
}

void live_over(struct drive *drive)
{
    struct live *live = &drive->live;
    struct err failure;
    for (uint32_t i = 0; i < live->n_commands; i++)
        say_over(drive, live->commands[i].ticket);
    live->n_commands = 0;
    agenda_over(drive->config->course->agenda, fill_failure(drive, &failure) ? &failure : NULL);
}

void drive_standing(const struct drive *drive, struct drive_standing *standing)
{
    *standing = (struct drive_standing){.groups = drive->outcome->groups,
                                        .time = live_furthest(drive),
                                        .pace = drive->live.pace,
                                        .held = drive->live.held,
                                        .ending = ends(drive)};
}

struct agenda *drive_agenda(struct drive *drive)
{
    return drive->config->course->agenda;
}
