// SPDX-License-Identifier: Apache-2.0
// What is said to workers, and what follows from what they say.
#include <string.h>

#include "coordinator/run/drive_state.h"
#include "proto/base/assert.h"

void drive_tell(struct drive *drive, const struct worker *to, const struct control *control)
{
    struct err err;
    if (control_server_send(drive->server, to->process.id, control, &err)) {
        err_wrap(&err, "%s cannot be told %s", to->process.label, control_name(control->kind));
        drive_fail(drive, &err);
    }
}

void drive_send_to_all(struct drive *drive, const struct control *control)
{
    for (uint32_t i = 0; i < drive->n_workers; i++)
        drive_tell(drive, &drive->workers[i], control);
}

static struct run_options run_options(const struct drive_config *config)
{
    const struct run_command *command = config->command;
    return (struct run_options){.chop_seed = command->chop,
                                .host_fault_rate = command->host_faults,
                                .host_fault_seed = config->machine->seed,
                                .reference = command->reference,
                                .use_bounds = !command->no_bounds,
                                .skip_idle = !command->no_bounds,
                                .pin_core = command->pin,
                                .insecure = command->insecure,
                                .silence_ms = command->silence_s * 1000,
                                .watch = *config->watch,
                                .timeline = *config->timeline,
                                .trace = config->text_files->trace,
                                .text_limit = config->text_files->limit};
}

void drive_configure(struct drive *drive)
{
    static struct control control; // a machine and a table of boards are much for a stack
    const struct drive_config *config = drive->config;
    struct control_configure *c = &control.configure;
    memset(&control, 0, sizeof control);
    control.kind = CONTROL_CONFIGURE;
    c->run_id = drive->run_id;
    c->epoch = config->folder->epoch;
    c->machine = *config->machine; // borrowed: never freed through the message
    c->nodes = config->plan->nodes;
    c->threads = config->plan->threads;
    memcpy(c->node_of_board, config->plan->node_of_board, sizeof c->node_of_board);
    for (uint32_t b = 0; b < config->machine->n_boards; b++) {
        uint32_t partition = config->machine->boards[b].partition;
        c->group_of_board[b] = partition == NO_PARTITION ? NO_GROUP : partition;
    }
    memcpy(c->group_of_board, sc_groups(agenda_sc(config->course->agenda)), sizeof c->group_of_board);
    c->options = run_options(config);
    if (config->plan->fabrics)
        strcpy(c->data_endpoint, drive->endpoints.data);
    strcpy(c->run_folder, config->folder->path);
    strcpy(c->resume_folder, config->resume_folder);
    for (uint32_t i = 0; i < drive->n_workers; i++) {
        c->role = drive->workers[i].process.id.role;
        c->index = drive->workers[i].process.id.index;
        drive_tell(drive, &drive->workers[i], &control);
    }
}

void drive_run_on(struct drive *drive)
{
    const struct run_command *command = drive->config->command;
    struct wanted_reports wanted[PARTITIONS_MAX];
    struct control control = {.kind = CONTROL_START};
    control.start.stop_at_grant = command->save_grants;
    drive->stop_at = sim_min(agenda_stop(drive->config->course->agenda), live_stop(drive));
    control.start.stop_at_time = sim_min(command->save_time, drive->stop_at);
    control.start.pace = drive->live.pace;
    control.start.skew = drive->config->course->live && drive->config->course->live->open ? SKEW_WATCHED : 0;
    control.start.wanted = wanted;
    control.start.n_wanted = agenda_wanted(drive->config->course->agenda, wanted);
    drive_enter(drive, RUNNING);
    drive_tell(drive, &drive->workers[drive->conductor], &control);
}

static void start(struct drive *drive)
{
    drive_log(drive, "all processes are ready after %.3f s", 1e-6 * (double)(host_us() - drive->began_us));
    if (drive->live.held) // asked for while nobody was ready: there is no cut before the first grant
        drive->live.step_until = 1;
    drive_run_on(drive);
}

void drive_stop(struct drive *drive)
{
    struct control control = {.kind = CONTROL_STOP};
    drive_tell(drive, &drive->workers[drive->conductor], &control);
}

static void leave(struct drive *drive)
{
    drive_enter(drive, LEAVING);
    drive_send_to_all(drive, &(struct control){.kind = CONTROL_EXIT});
}

void drive_fail(struct drive *drive, const struct err *err)
{
    NP_ASSERT(err->code != ERR_OK);
    if (drive->failure.code)
        return;
    drive->failure = *err;
    drive_log(drive, "error %s: %s", err_id(err->code), err->text);
    if (drive->phase != LEAVING)
        leave(drive);
}

static void take_progress(struct drive *drive, const struct group_progress *groups, uint32_t n)
{
    const struct drive_config *config = drive->config;
    if (n > config->machine->n_partitions)
        n = config->machine->n_partitions;
    memcpy(drive->outcome->groups, groups, n * sizeof *groups);
    if (config->progress)
        config->progress(config->context, groups, n);
}

void drive_collect(struct drive *drive)
{
    live_over(drive);
    drive_enter(drive, COLLECTING);
    drive_send_to_all(drive, &(struct control){.kind = CONTROL_COLLECT});
}

void drive_save(struct drive *drive)
{
    struct control control = {.kind = CONTROL_SAVE};
    strcpy(control.save.folder, drive->config->save_folder);
    drive_enter(drive, SAVING);
    drive_send_to_all(drive, &control);
}

static void paused(struct drive *drive, const struct control_paused *paused)
{
    drive->outcome->seconds += 1e-6 * (double)(host_us() - drive->phase_us);
    drive->outcome->reason = paused->reason;
    drive->outcome->interrupted = paused->reason == PAUSE_STOPPED;
    take_progress(drive, paused->groups, paused->n_groups);
    cut_begin(drive, paused->reason);
}

static bool all_answered(const struct drive *drive)
{
    for (uint32_t i = 0; i < drive->n_workers; i++)
        if (!drive->workers[i].answered)
            return false;
    return true;
}

static void saved(struct drive *drive, const struct worker *worker, const struct control_saved *saved)
{
    struct outcome *outcome = drive->outcome;
    struct err err;
    if (outcome->n_parts + saved->n_parts > SAVED_PARTS_MAX) {
        err_set(&err, ERR_DAMAGED_MESSAGE, "%s reports more parts of a saved state than there can be",
                worker->process.label);
        drive_fail(drive, &err);
        return;
    }
    memcpy(outcome->parts + outcome->n_parts, saved->parts, saved->n_parts * sizeof *saved->parts);
    outcome->n_parts += saved->n_parts;
}

static void results(struct drive *drive, const struct worker *worker, const struct results *results)
{
    struct err err;
    if (outcome_add(drive->outcome, drive->config->machine, drive->config->plan,
                    (uint32_t)(worker - drive->workers), results, &err))
        drive_fail(drive, &err);
}

static void watched(struct drive *drive, const struct worker *worker, const struct control_watched *watched)
{
    struct err err;
    if (outcome_add_watched(drive->outcome, drive->config->machine, drive->config->plan,
                            (uint32_t)(worker - drive->workers), watched, &err))
        drive_fail(drive, &err);
}

static void timeline(struct drive *drive, const struct worker *worker, const struct control_timeline *chunk)
{
    struct err err;
    if (timeline_add(drive->config->timeline_file, (uint32_t)(worker - drive->workers), chunk, &err))
        drive_fail(drive, &err);
}

static void text(struct drive *drive, const struct worker *worker, struct control_text *chunk)
{
    struct err err;
    if (text_files_add(drive->config->text_files, (uint32_t)(worker - drive->workers), chunk, &err))
        drive_fail(drive, &err);
}

static void failed(struct drive *drive, const struct worker *worker, const struct control_failed *failed)
{
    struct err err = {.code = failed->code};
    memcpy(err.text, failed->text, sizeof err.text);
    err_wrap(&err, "%s", worker->process.label);
    drive_fail(drive, &err);
}

// A worker has done what the phase asks of all; the last one opens the next phase.
static void answered(struct drive *drive, struct worker *worker)
{
    worker->answered = true;
    if (!all_answered(drive))
        return;
    if (drive->phase == STARTING)
        start(drive);
    else if (phase_is_cut(drive->phase))
        cut_answered(drive);
    else
        leave(drive);
}

// Which phase a message belongs to; what comes at another time is logged and has no effect.
static bool fits_phase(const struct drive *drive, const struct worker *worker, enum control_kind kind)
{
    bool conducts = worker == &drive->workers[drive->conductor];
    switch (kind) {
    case CONTROL_READY:
        return drive->phase == STARTING;
    case CONTROL_PROGRESS:
    case CONTROL_PAUSED:
        return drive->phase == RUNNING && conducts;
    case CONTROL_SAVED:
        return drive->phase == SAVING && !worker->answered;
    case CONTROL_REGROUPED:
        return drive->phase == REGROUPING && !worker->answered;
    case CONTROL_REPORTS:
        return (drive->phase == LOOKING || drive->phase == ORDERING) && worker->pending;
    case CONTROL_TIMELINE:
        return drive->phase == RUNNING || phase_is_cut(drive->phase) ||
               (drive->phase == COLLECTING && !worker->answered);
    case CONTROL_TEXT:
        return drive->phase == RUNNING || phase_is_cut(drive->phase) ||
               ((drive->phase == SAVING || drive->phase == COLLECTING) && !worker->answered);
    case CONTROL_RESULTS:
    case CONTROL_WATCHED:
        return drive->phase == COLLECTING && !worker->answered;
    case CONTROL_FAILED:
    case CONTROL_HELLO:
    case CONTROL_BYE:
        return true;
    default:
        return false;
    }
}

static void obey(struct drive *drive, struct worker *worker, struct control *control)
{
    switch (control->kind) {
    case CONTROL_PROGRESS:
        take_progress(drive, control->progress.groups, control->progress.n_groups);
        break;
    case CONTROL_PAUSED:
        paused(drive, &control->paused);
        break;
    case CONTROL_FAILED:
        failed(drive, worker, &control->failed);
        break;
    case CONTROL_SAVED:
        saved(drive, worker, &control->saved);
        break;
    case CONTROL_RESULTS:
        results(drive, worker, &control->results);
        break;
    case CONTROL_TIMELINE:
        timeline(drive, worker, &control->timeline);
        break;
    case CONTROL_TEXT:
        text(drive, worker, &control->text);
        break;
    case CONTROL_WATCHED:
        watched(drive, worker, &control->watched);
        break;
    case CONTROL_REPORTS:
        cut_reports(drive, worker, &control->reports);
        break;
    default: // READY; HELLO and BYE need nothing: the death of a process is seen by its parent
        break;
    }
    if (drive->phase != LEAVING && (control->kind == CONTROL_READY || control->kind == CONTROL_SAVED ||
                                    control->kind == CONTROL_RESULTS || control->kind == CONTROL_REGROUPED))
        answered(drive, worker);
}

static struct worker *worker_of(struct drive *drive, struct worker_id id)
{
    uint32_t index = id.role == ROLE_NODE ? id.index : drive->config->plan->nodes + id.index;
    NP_ASSERT(index < drive->n_workers);
    return &drive->workers[index];
}

void drive_serve(struct drive *drive)
{
    while (control_server_pending(drive->server)) {
        struct worker_id from;
        struct control control;
        struct err err;
        if (control_server_receive(drive->server, 0, &from, &control, &err)) {
            drive_fail(drive, &err);
            return;
        }
        if (control.kind == CONTROL_NONE)
            return;
        struct worker *worker = worker_of(drive, from);
        if (fits_phase(drive, worker, control.kind))
            obey(drive, worker, &control);
        else if (drive->phase != LEAVING)
            drive_log(drive, "%s said %s out of turn", worker->process.label, control_name(control.kind));
        control_free(&control);
    }
}
