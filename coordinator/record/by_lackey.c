// SPDX-License-Identifier: Apache-2.0
#include "coordinator/record/recording.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "coordinator/record/guardian.h"
#include "coordinator/record/guest.h"
#include "coordinator/record/pipes.h"
#include "proto/base/assert.h"
#include "proto/trace/trace_writer.h"

// Between two visits to the pipes. Waking up for each line would halve valgrind's speed; in a millisecond it
// writes some 40 KB, which any pipe holds.
#define TICK_NS 1000000

// After being asked to end (SIGTERM, so that it removes its temporary files), before it is made to (SIGKILL).
#define GRACE_S 2.0

#define PROGRESS_S 0.1

enum phase { RECORDING, ASKED_TO_END, MADE_TO_END };

struct recording {
    const struct recording_request *request;
    const struct recording_plan *plan;
    struct pipes pipes;
    struct leash leash;
    struct guardian guardian;
    struct guest guest;
    struct trace_writer *writer;
    enum phase phase;
    bool cancelled;
    uint64_t skipped;
    uint32_t processes;
    double began, asked_at, told_at; // host seconds
    char remark[200];                // what valgrind said last besides references
};

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void ask_to_end(struct recording *recording)
{
    if (recording->phase != RECORDING)
        return;
    recording->phase = ASKED_TO_END;
    recording->asked_at = now_s();
    leash_kill(&recording->leash, SIGTERM);
}

static void new_process(struct recording *recording, struct source *source)
{
    source->process = recording->processes++;
    for (uint32_t i = 0; i < source->n_streams; i++)
        source->streams[i] = UINT32_MAX;
}

// The stream of the thread that is running, made when it is seen for the first time.
static enum err_code stream_of(struct recording *recording, struct source *source, uint32_t *stream,
                               struct err *err)
{
    uint32_t thread = source->text->thread;
    if (thread > TRACE_STREAMS_MAX)
        return err_set(err, ERR_LIMIT, "%s: thread number %u", recording->request->argv[0], thread);
    if (thread >= source->n_streams) {
        uint32_t *larger = realloc(source->streams, (thread + 1) * sizeof *larger);
        if (!larger)
            return err_set(err, ERR_MEMORY, "no memory for threads");
        for (uint32_t i = source->n_streams; i <= thread; i++)
            larger[i] = UINT32_MAX;
        source->streams = larger;
        source->n_streams = thread + 1;
    }
    uint32_t *found = &source->streams[thread];
    if (*found == UINT32_MAX) {
        if (trace_add_stream(recording->writer, source->process, thread, source->text->command, stream, err))
            return err->code;
        *found = *stream;
    }
    *stream = *found;
    return ERR_OK;
}

static enum err_code take_ref(struct recording *recording, struct source *source, struct err *err)
{
    if (recording->skipped < recording->request->skip) {
        recording->skipped++;
        return ERR_OK;
    }
    uint32_t stream = 0;
    if (stream_of(recording, source, &stream, err) ||
        trace_put(recording->writer, stream, &source->text->ref, err))
        return err->code;
    uint64_t most = recording->request->max_refs;
    if (most && trace_written(recording->writer) == most)
        ask_to_end(recording);
    return ERR_OK;
}

// Takes what is in a source's buffer. Once the program is to end, its text is only read away, so that it
// never waits for room in its pipe.
static enum err_code take_text(struct recording *recording, struct source *source, struct err *err)
{
    for (;;) {
        enum lackey_event event = lackey_next(source->text);
        if (event == LACKEY_NEEDS_TEXT)
            break;
        if (recording->phase != RECORDING)
            continue;
        if (event == LACKEY_COMMAND)
            new_process(recording, source);
        else if (event == LACKEY_REF && take_ref(recording, source, err))
            return err->code;
    }
    if (source->text->remark[0])
        memcpy(recording->remark, source->text->remark, sizeof recording->remark);
    return ERR_OK;
}

// Visits every source once. A source gives at most a buffer per visit: no process can keep us from the
// others.
static enum err_code sweep(struct recording *recording, size_t *bytes, struct err *err)
{
    *bytes = 0;
    for (uint32_t i = 0; i < recording->pipes.n; i++) {
        struct source *source = recording->pipes.sources[i];
        size_t got = source_read(source);
        if (got > 0 && take_text(recording, source, err))
            return err->code;
        *bytes += got;
    }
    return ERR_OK;
}

static enum err_code drain(struct recording *recording, struct err *err)
{
    size_t bytes;
    do
        if (sweep(recording, &bytes, err))
            return err->code;
    while (bytes > 0);
    return ERR_OK;
}

// Cancelling, the time limit of a polite end, and progress.
static void look_around(struct recording *recording)
{
    const struct recording_request *request = recording->request;
    double now = now_s();
    if (request->cancel && *request->cancel && !recording->cancelled) {
        recording->cancelled = true;
        ask_to_end(recording);
    }
    if (recording->phase == ASKED_TO_END && now - recording->asked_at > GRACE_S)
        recording->phase = MADE_TO_END;
    if (recording->phase == MADE_TO_END)
        leash_kill(&recording->leash, SIGKILL);
    if (request->progress && now - recording->told_at > PROGRESS_S) {
        recording->told_at = now;
        request->progress(request->context, trace_written(recording->writer), recording->skipped,
                          trace_bytes(recording->writer), now - recording->began);
    }
}

// Until no process is left. What they wrote before they ended is still in the pipes then.
static enum err_code follow(struct recording *recording, struct err *err)
{
    for (;;) {
        pipes_keep_ahead(&recording->pipes, &recording->leash);
        bool gone = leash_all_gone(&recording->leash);
        size_t bytes;
        if (gone || sweep(recording, &bytes, err))
            break;
        look_around(recording);
        guest_poll(&recording->guest);
        nanosleep(&(struct timespec){.tv_nsec = TICK_NS}, NULL);
    }
    if (!err->code)
        pipes_add_files(&recording->pipes);
    return err->code ? err->code : drain(recording, err);
}

// After an error: no process may stay behind, and what they write is of no interest.
static void make_end(struct recording *recording)
{
    while (!leash_all_gone(&recording->leash)) {
        leash_kill(&recording->leash, SIGKILL);
        nanosleep(&(struct timespec){.tv_nsec = TICK_NS}, NULL);
    }
}

static enum err_code run(struct recording *recording, struct err *err)
{
    const struct recording_request *request = recording->request;
    pipes_keep_ahead(&recording->pipes, &recording->leash);
    if (guest_start(&recording->guest, request, recording->plan, recording->pipes.folder, &recording->leash,
                    err))
        return err->code;
    if (follow(recording, err))
        make_end(recording);
    guest_finish(&recording->guest);
    if (!err->code && recording->processes == 0 && !recording->cancelled)
        err_set(err, ERR_PROCESS, "%s: valgrind cannot run it (exit status %d)%s%s", request->argv[0],
                guest_exit_status(&recording->guest), recording->remark[0] ? ": " : "", recording->remark);
    return err->code;
}

// Gives the trace its name, or removes it.
static enum err_code finish(struct recording *recording, struct recording_result *result, struct err *err)
{
    const struct recording_request *request = recording->request;
    bool stopped = recording->phase != RECORDING;
    struct trace_origin origin;
    recording_origin(request, recording->plan, &origin);
    origin.complete = !stopped;
    if (err->code || (recording->cancelled && !request->keep_partial))
        trace_abandon(recording->writer);
    else if (!trace_finish(recording->writer, &origin, result ? &result->info : NULL, err) && result) {
        result->seconds = now_s() - recording->began;
        result->stopped = stopped && !recording->cancelled;
        result->exit_status = guest_exit_status(&recording->guest);
    }
    if (recording->cancelled && !err->code)
        err_set(err, ERR_INTERRUPTED, "%s: recording was interrupted", request->argv[0]);
    return err->code;
}

enum err_code record_by_lackey(const struct recording_request *request, const struct recording_plan *plan,
                               const char *path, struct recording_result *result, struct err *err)
{
    struct recording *recording = calloc(1, sizeof *recording);
    if (!recording)
        return err_set(err, ERR_MEMORY, "no memory to record");
    recording->request = request;
    recording->plan = plan;
    recording->began = now_s();
    recording->leash = (struct leash){.reading = -1, .writing = -1};
    if (!trace_create(path, &recording->writer, err)) {
        if (!pipes_open(&recording->pipes, err) && !leash_open(&recording->leash, err) &&
            !guardian_start(&recording->guardian, &recording->leash, recording->pipes.folder,
                            trace_part_name(recording->writer), err))
            run(recording, err);
        guardian_dismiss(&recording->guardian);
        finish(recording, result, err);
    }
    pipes_close(&recording->pipes);
    leash_close(&recording->leash);
    free(recording);
    return err->code;
}
