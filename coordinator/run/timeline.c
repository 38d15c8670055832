// SPDX-License-Identifier: Apache-2.0
#include "coordinator/run/timeline.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "coordinator/machine/units.h"
#include "coordinator/run/whole.h"
#include "proto/base/assert.h"
#include "proto/base/results.h"

#define INTERVALS 1000u // of a range whose end is known

// Grants are tracks of the process that worked on them, after all boards.
#define GRANTS_PID 1000u

// Least 1, 2 or 5 times a power of ten that is not below `time`; at least a nanosecond, the viewer's
// resolution.
static sim_time round_up(sim_time time)
{
    sim_time step = SIM_PS_PER_NS;
    for (;; step *= 10)
        for (unsigned i = 1; i <= 5; i += i == 1 ? 1 : 3)
            if (step * i >= time)
                return step * i;
}

static enum err_code read_end(const char *range, const char *text, size_t length, sim_time *time,
                              struct err *err)
{
    char end[UNIT_TEXT_SIZE];
    snprintf(end, sizeof end, "%.*s", (int)length, text);
    const char *wrong = length < sizeof end ? unit_parse(UNIT_TIME, end, time) : "is too long";
    return wrong ? err_set(err, ERR_USAGE, "--timeline %s: '%s' %s", range, end, wrong) : ERR_OK;
}

static enum err_code read_range(const char *text, struct timeline_range *range, struct err *err)
{
    const char *dots = strstr(text, "..");
    if (!dots)
        return err_set(err, ERR_USAGE, "--timeline %s: write FROM..UNTIL, such as 100us..120us", text);
    if (dots > text && read_end(text, text, (size_t)(dots - text), &range->from, err))
        return err->code;
    if (dots[2] && read_end(text, dots + 2, strlen(dots + 2), &range->until, err))
        return err->code;
    if (range->from >= range->until)
        return err_set(err, ERR_USAGE,
                       "--timeline %s: the range ends where it begins, or before; name a later end", text);
    return ERR_OK;
}

enum err_code timeline_resolve(const struct run_command *command, const struct machine *machine,
                               struct timeline_range *range, struct err *err)
{
    *range = (struct timeline_range){.until = machine->until};
    if (!command->timeline)
        return ERR_OK;
    if (command->timeline_range && read_range(command->timeline_range, range, err))
        return err->code;
    if (range->from >= machine->until)
        return err_set(err, ERR_USAGE, "--timeline %s: the run ends before the range begins",
                       command->timeline_range);
    sim_time until = sim_min(range->until, machine->until);
    range->interval = until == SIM_NEVER ? SIM_PS_PER_US : round_up((until - range->from) / INTERVALS);
    return ERR_OK;
}

// Each event on a line of its own.
static void begin_event(struct timeline_file *file)
{
    fputs(file->events++ ? ",\n{" : "\n{", file->out);
}

// Whole nanoseconds, as the viewer keeps them: so that a slice that follows another never begins inside it.
static void put_time(struct timeline_file *file, const char *key, sim_time ns)
{
    fprintf(file->out, ",\"%s\":%" PRIu64 ".%03" PRIu64, key, ns / 1000, ns % 1000);
}

static void name_process(struct timeline_file *file, unsigned pid, const char *name, const char *more)
{
    begin_event(file);
    fprintf(file->out, "\"ph\":\"M\",\"pid\":%u,\"name\":\"process_name\",\"args\":{\"name\":\"%s%s%s%s\"}}",
            pid, name, more[0] ? " (" : "", more, more[0] ? ")" : "");
    begin_event(file);
    fprintf(file->out,
            "\"ph\":\"M\",\"pid\":%u,\"name\":\"process_sort_index\",\"args\":{\"sort_index\":%u}}", pid,
            pid);
}

static void name_track(struct timeline_file *file, unsigned pid, unsigned tid, const char *name)
{
    begin_event(file);
    fprintf(file->out,
            "\"ph\":\"M\",\"pid\":%u,\"tid\":%u,\"name\":\"thread_name\",\"args\":{\"name\":\"%s\"}}", pid,
            tid, name);
    begin_event(file);
    fprintf(file->out,
            "\"ph\":\"M\",\"pid\":%u,\"tid\":%u,\"name\":\"thread_sort_index\",\"args\":{\"sort_index\":%u}}",
            pid, tid, tid);
}

static void name_all(struct timeline_file *file)
{
    char name[NAME_MAX_BYTES + 32];
    for (uint32_t b = 0; b < file->machine->n_boards; b++) {
        const struct board_desc *board = &file->machine->boards[b];
        bool is_free = board->partition == NO_PARTITION;
        name_process(file, b + 1, board->name,
                     is_free ? "free at first" : file->machine->partitions[board->partition].name);
    }
    for (uint32_t n = 0; n < file->plan->nodes; n++) {
        snprintf(name, sizeof name, "HOST node %u: grants", n);
        name_process(file, GRANTS_PID + n, name, "in simulated time, host_us is host time");
    }
}

enum err_code timeline_open(struct timeline_file *file, const struct run_folder *folder,
                            const struct machine *machine, const struct plan *plan, struct err *err)
{
    memset(file, 0, sizeof *file);
    file->machine = machine;
    file->plan = plan;
    snprintf(file->path, sizeof file->path, "%s/timeline.json", folder->path);
    snprintf(file->temporary, sizeof file->temporary, "%s" WHOLE_SUFFIX, file->path);
    file->out = fopen(file->temporary, "we");
    if (!file->out)
        return err_errno(err, ERR_FILE, "%s cannot be written", file->path);
    fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[", file->out);
    name_all(file);
    return ERR_OK;
}

static unsigned track_of(const struct timeline_record *record)
{
    return record->cpu * OUTSTANDING_MAX + record->lane;
}

static void put_miss(struct timeline_file *file, uint32_t board, const struct timeline_record *record)
{
    char name[64];
    unsigned track = track_of(record);
    if (!file->named[board][track]) {
        file->named[board][track] = true;
        if (record->lane == 0)
            snprintf(name, sizeof name, "CPU %u", record->cpu);
        else if (record->lane == OUTSTANDING_MAX - 1)
            snprintf(name, sizeof name, "CPU %u, store buffer or access 16", record->cpu);
        else
            snprintf(name, sizeof name, "CPU %u, access %u", record->cpu, record->lane + 1u);
        name_track(file, board + 1, track + 1, name);
    }
    sim_time start = record->start / SIM_PS_PER_NS, end = record->end / SIM_PS_PER_NS;
    begin_event(file);
    fprintf(file->out, "\"ph\":\"X\",\"cat\":\"miss\",\"name\":\"%s\",\"pid\":%u,\"tid\":%u",
            served_name((enum served)record->what), board + 1, track + 1);
    put_time(file, "ts", start);
    put_time(file, "dur", end - start);
    fprintf(file->out, ",\"args\":{\"address\":\"0x%" PRIx64 "\",\"access\":\"%s\",\"ps\":%" PRIu64 "}}",
            record->value, timeline_access_name(record->access), record->end - record->start);
}

static void put_share(struct timeline_file *file, uint32_t board, const struct timeline_record *record)
{
    begin_event(file);
    fprintf(file->out, "\"ph\":\"C\",\"name\":\"%s busy %%\",\"pid\":%u",
            timeline_resource_name((enum timeline_resource)record->what), board + 1);
    put_time(file, "ts", record->start / SIM_PS_PER_NS);
    fprintf(file->out, ",\"args\":{\"busy\":%" PRIu64 ".%" PRIu64 "}}", record->value / 10,
            record->value % 10);
}

// One track per part of a sync group: a process with several threads has several.
static void name_grants(struct timeline_file *file, uint32_t host, uint32_t group, unsigned member,
                        unsigned tid)
{
    char name[NAME_MAX_BYTES + 48];
    uint64_t bit = UINT64_C(1) << member % 64;
    if (file->named_grants[host][group] & bit)
        return;
    file->named_grants[host][group] |= bit;
    snprintf(name, sizeof name, "sync group %s, part %u", file->machine->partitions[group].name, member + 1);
    name_track(file, GRANTS_PID + host, tid, name);
}

static void put_grant(struct timeline_file *file, uint32_t host, uint32_t group,
                      const struct timeline_record *record)
{
    unsigned member = record->lane * CPUS_PER_BOARD_MAX + record->cpu;
    unsigned tid = group * TIMELINE_TRACKS + member + 1;
    name_grants(file, host, group, member, tid);
    sim_time start = record->start / SIM_PS_PER_NS, end = record->end / SIM_PS_PER_NS;
    begin_event(file);
    fprintf(file->out, "\"ph\":\"X\",\"cat\":\"host\",\"name\":\"grant\",\"pid\":%u,\"tid\":%u",
            GRANTS_PID + host, tid);
    put_time(file, "ts", start);
    put_time(file, "dur", end - start);
    fprintf(file->out, ",\"args\":{\"host_us\":%" PRIu64 ".%03" PRIu64 "}}", record->value / 1000,
            record->value % 1000);
}

static enum err_code check_source(const struct timeline_file *file, uint32_t host,
                                  const struct control_timeline *chunk, struct err *err)
{
    uint32_t source = chunk->source;
    if (chunk->grants ? source < file->machine->n_partitions && host < file->plan->nodes
                      : source < file->machine->n_boards && file->plan->node_of_board[source] == host)
        return ERR_OK;
    return err_set(err, ERR_DAMAGED_MESSAGE, "process %u reports a timeline of %s %u, which is not its own",
                   host, chunk->grants ? "group" : "board", source);
}

enum err_code timeline_add(struct timeline_file *file, uint32_t host, const struct control_timeline *chunk,
                           struct err *err)
{
    if (!file->out)
        return err_set(err, ERR_DAMAGED_MESSAGE, "process %u reports a timeline that nobody asked for", host);
    if (check_source(file, host, chunk, err))
        return err->code;
    *(chunk->grants ? &file->dropped_grants : &file->dropped[chunk->source]) += chunk->dropped;
    for (uint32_t i = 0; i < chunk->n_records; i++) {
        const struct timeline_record *record = &chunk->records[i];
        if (record->kind == TIMELINE_MISS)
            put_miss(file, chunk->source, record);
        else if (record->kind == TIMELINE_SHARE)
            put_share(file, chunk->source, record);
        else
            put_grant(file, host, chunk->source, record);
    }
    return ferror(file->out)
               ? err_errno(err, ERR_FILE, "%s cannot be written; make room and run again", file->path)
               : ERR_OK;
}

enum err_code timeline_finish(struct timeline_file *file, struct err *err)
{
    if (!file->out)
        return ERR_OK;
    fprintf(file->out, "\n],\n\"otherData\":{\"scenario\":\"%s\",\"times\":\"simulated\",\"left out\":{",
            file->machine->name);
    const char *comma = "";
    for (uint32_t b = 0; b < file->machine->n_boards; b++)
        if (file->dropped[b]) {
            fprintf(file->out, "%s\"%s\":%" PRIu64, comma, file->machine->boards[b].name, file->dropped[b]);
            comma = ",";
        }
    if (file->dropped_grants)
        fprintf(file->out, "%s\"grants\":%" PRIu64, comma, file->dropped_grants);
    fputs("}}}\n", file->out);
    bool failed = ferror(file->out) || fflush(file->out) || fsync(fileno(file->out));
    failed |= fclose(file->out) != 0;
    file->out = NULL;
    if (!failed && rename(file->temporary, file->path) == 0)
        return ERR_OK;
    err_errno(err, ERR_FILE, "%s cannot be written; make room and run again", file->path);
    unlink(file->temporary);
    return err->code;
}

void timeline_warn(const struct timeline_file *file, FILE *out)
{
    uint64_t dropped = 0, boards = 0;
    for (uint32_t b = 0; b < BOARDS_MAX; b++) {
        dropped += file->dropped[b];
        boards += file->dropped[b] != 0;
    }
    if (dropped)
        fprintf(out,
                "numaplex: warning: timeline.json leaves out %" PRIu64 " later records of %" PRIu64
                " boards: each keeps %u misses and %u changes of load; a shorter --timeline=FROM..UNTIL "
                "shows all\n",
                dropped, boards, TIMELINE_MISSES_MAX, TIMELINE_SHARES_MAX);
    if (file->dropped_grants)
        fprintf(out, "numaplex: warning: timeline.json leaves out %" PRIu64 " later grants\n",
                file->dropped_grants);
}

void timeline_drop(struct timeline_file *file, bool keep)
{
    if (!file->out)
        return;
    fclose(file->out);
    file->out = NULL;
    if (!keep)
        unlink(file->temporary);
}
