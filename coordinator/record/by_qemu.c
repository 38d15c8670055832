// SPDX-License-Identifier: Apache-2.0
// Records a program that runs under qemu-user with our plugin: takes references out of the shared rings and
// writes them, until no process of the program is left.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "coordinator/record/exchange.h"
#include "coordinator/record/guest.h"
#include "coordinator/record/keeper.h"
#include "coordinator/record/recording.h"
#include "coordinator/record/sync_order.h"
#include "proto/base/assert.h"
#include "proto/trace/trace_writer.h"

#define BATCH      2048u   // references of a stream before the next one has its turn
#define SLEEP_NS   1000000 // at most, when no ring has anything; a full ring rings the bell
#define GRACE_S    2.0     // after SIGTERM, before SIGKILL
#define PROGRESS_S 0.1

enum phase { RECORDING, ASKED_TO_END, MADE_TO_END };

struct recording {
    const struct recording_request *request;
    const struct recording_plan *plan;
    struct exchange *exchange;
    struct keeper keeper;
    struct trace_writer *writer;
    struct sync_order order;
    enum phase phase;
    bool cancelled;
    uint64_t skipped;
    double began, asked_at, told_at;  // host seconds
    uint32_t streams[EXCHANGE_SLOTS]; // of the trace, plus one; 0: none yet
    bool drained[EXCHANGE_SLOTS];     // over and taken whole
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
    atomic_store(&recording->exchange->closed, 1);
    keeper_kill(&recording->keeper, SIGTERM);
}

// The command line, for people, as far as it fits.
static void tell_command(const struct recording *recording, char command[TRACE_COMMAND_MAX])
{
    size_t used = 0;
    for (char *const *argument = recording->request->argv; *argument && used + 1 < TRACE_COMMAND_MAX;
         argument++) {
        int wanted = snprintf(command + used, TRACE_COMMAND_MAX - used, "%s%s", used ? " " : "", *argument);
        used += wanted > 0 ? (size_t)wanted : 0;
    }
}

static enum err_code put(struct recording *recording, uint32_t slot, const struct trace_ref *ref,
                         struct err *err)
{
    uint32_t *stream = &recording->streams[slot];
    if (*stream == 0) {
        const struct exchange_slot *from = &recording->exchange->slot[slot];
        char command[TRACE_COMMAND_MAX];
        tell_command(recording, command);
        if (trace_add_stream(recording->writer, from->process, from->thread, command, stream, err))
            return err->code;
        ++*stream;
    }
    if (trace_put(recording->writer, *stream - 1, ref, err))
        return err->code;
    uint64_t most = recording->request->max_refs;
    if (most && trace_written(recording->writer) == most)
        ask_to_end(recording);
    return ERR_OK;
}

// The memory is the program's too: what a wild store of it left there must not come into a trace.
static bool is_sound(const struct trace_ref *ref)
{
    if (ref->kind >= TRACE_KIND_COUNT || ref->size == 0 || ref->size > TRACE_SIZE_MAX ||
        ref->address > UINT64_MAX - ref->size)
        return false;
    if (ref->kind == TRACE_SYNC)
        return ref->size == TRACE_WORD && ref->address % TRACE_WORD == 0;
    return ref->version == 0;
}

// Takes one reference; false when it must wait for those of other threads, or on an error.
static bool take_ref(struct recording *recording, uint32_t slot, struct trace_ref ref, struct err *err)
{
    if (!is_sound(&ref))
        return true;
    bool skip = recording->skipped < recording->request->skip;
    if (ref.kind == TRACE_SYNC) {
        switch (sync_order_take(&recording->order, recording->exchange->slot[slot].process, &ref, skip)) {
        case SYNC_NOW:
            break;
        case SYNC_LATER:
            return false;
        case SYNC_NO_MEMORY:
            err_set(err, ERR_MEMORY, "no memory for the order of synchronisation");
            return false;
        }
    }
    recording->skipped += skip;
    return skip || put(recording, slot, &ref, err) == ERR_OK;
}

static void give_room(struct exchange_slot *slot, uint64_t read)
{
    atomic_store(&slot->read, read);
    if (atomic_exchange(&slot->waiting, 0))
        exchange_wake(&slot->waiting);
}

// Takes up to BATCH references of a stream. Once the program is to end, they are only thrown away. Returns
// how many.
static uint64_t take_slot(struct recording *recording, uint32_t number, struct err *err)
{
    struct exchange_slot *slot = &recording->exchange->slot[number];
    uint32_t state = atomic_load(&slot->state); // before `written`: after the last reference it is SLOT_OVER
    uint64_t read = atomic_load(&slot->read), begun = read;
    uint64_t written = atomic_load_explicit(&slot->written, memory_order_acquire);
    if (state == SLOT_UNUSED || written - read > EXCHANGE_RING)
        return 0;
    const struct trace_ref *ring = recording->exchange->ring[number];
    while (read < written && read - begun < BATCH && recording->phase == RECORDING) {
        if (!take_ref(recording, number, ring[read % EXCHANGE_RING], err))
            break;
        read++;
    }
    if (recording->phase != RECORDING)
        read = written;
    if (read != begun)
        give_room(slot, read);
    if (state == SLOT_OVER && read == written && !recording->drained[number]) {
        recording->drained[number] = true;
        madvise(recording->exchange->ring[number], sizeof recording->exchange->ring[number], MADV_REMOVE);
    }
    return read - begun;
}

static uint64_t sweep(struct recording *recording, struct err *err)
{
    uint32_t n = atomic_load(&recording->exchange->slots);
    uint64_t taken = 0;
    for (uint32_t i = 0; i < n && i < EXCHANGE_SLOTS && !err->code; i++)
        if (!recording->drained[i])
            taken += take_slot(recording, i, err);
    return taken;
}

// Cancelling, the time limit of a polite end, too many streams, and progress.
static void look_around(struct recording *recording)
{
    const struct recording_request *request = recording->request;
    double now = now_s();
    if (request->cancel && *request->cancel && !recording->cancelled) {
        recording->cancelled = true;
        ask_to_end(recording);
    }
    if (atomic_load(&recording->exchange->slots) > EXCHANGE_SLOTS)
        ask_to_end(recording);
    if (recording->phase == ASKED_TO_END && now - recording->asked_at > GRACE_S)
        recording->phase = MADE_TO_END;
    if (recording->phase == MADE_TO_END)
        keeper_kill(&recording->keeper, SIGKILL);
    if (request->progress && now - recording->told_at > PROGRESS_S) {
        recording->told_at = now;
        request->progress(request->context, trace_written(recording->writer), recording->skipped,
                          trace_bytes(recording->writer), now - recording->began);
    }
}

// Asleep until a ring is a good part full, or a millisecond later.
static void rest(struct exchange *exchange)
{
    uint32_t bell = atomic_load(&exchange->bell);
    atomic_store(&exchange->sleeping, 1);
    exchange_wait(&exchange->bell, bell, SLEEP_NS);
    atomic_store(&exchange->sleeping, 0);
}

static enum err_code follow(struct recording *recording, struct err *err)
{
    for (uint64_t round = 0;; round++) {
        bool gone = recording->keeper.all_gone;
        uint64_t taken = sweep(recording, err);
        if (err->code || (gone && taken == 0))
            break;
        keeper_poll(&recording->keeper);
        if (taken == 0 || round % 64 == 0)
            look_around(recording);
        if (taken == 0 && !recording->keeper.all_gone)
            rest(recording->exchange);
    }
    return err->code;
}

// After an error: no process may stay behind, and what they write is of no interest.
static void make_end(struct recording *recording)
{
    atomic_store(&recording->exchange->closed, 1);
    for (; !recording->keeper.all_gone; keeper_poll(&recording->keeper)) {
        keeper_kill(&recording->keeper, SIGKILL);
        nanosleep(&(struct timespec){.tv_nsec = SLEEP_NS}, NULL);
    }
}

// A comma in an option's value is written twice.
static void plugin_option(const char *plugin, int fd, char *option, size_t room)
{
    size_t used = 0;
    for (; *plugin && used + 32 < room; plugin++) {
        if (*plugin == ',')
            option[used++] = ',';
        option[used++] = *plugin;
    }
    snprintf(option + used, room - used, ",exchange=%d", fd);
}

static enum err_code start(struct recording *recording, int fd, struct err *err)
{
    const struct recording_plan *plan = recording->plan;
    char plugin[2 * PATH_MAX_BYTES];
    plugin_option(plan->plugin, fd, plugin, sizeof plugin);
    // The seed is that of the random bytes which every program finds on its stack.
    const char *options[10] = {plan->runner, "-seed", "1", "-plugin", plugin};
    size_t n = 5;
    if (plan->sysroot) {
        options[n++] = "-L";
        options[n++] = plan->sysroot;
    }
    options[n++] = plan->program;
    char **args = guest_arguments(options, n, recording->request, err);
    if (args)
        keeper_start(&recording->keeper, plan->runner, args, recording->request, fd,
                     trace_part_name(recording->writer), err);
    free(args);
    return err->code;
}

static enum err_code share_memory(struct recording *recording, int *fd, struct err *err)
{
    *fd = memfd_create("numaplex-recording", MFD_CLOEXEC);
    if (*fd < 0 || ftruncate(*fd, sizeof(struct exchange)))
        return err_errno(err, ERR_MEMORY, "no memory to share with the recorded program");
    void *at = mmap(NULL, sizeof(struct exchange), PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
    if (at == MAP_FAILED)
        return err_errno(err, ERR_MEMORY, "no memory to share with the recorded program");
    recording->exchange = at;
    recording->exchange->version = EXCHANGE_VERSION;
    return ERR_OK;
}

static int exit_status(const struct recording *recording)
{
    int status = recording->keeper.status;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static enum err_code run(struct recording *recording, bool *not_started, struct err *err)
{
    int fd = -1;
    if (!share_memory(recording, &fd, err) && !start(recording, fd, err) && follow(recording, err))
        make_end(recording);
    if (fd >= 0)
        close(fd);
    keeper_finish(&recording->keeper);
    if (err->code || recording->cancelled || atomic_load(&recording->exchange->slots) > 0)
        return err->code;
    *not_started = true;
    return err_set(err, ERR_PROCESS, "%s: %s cannot run it (exit status %d)", recording->request->argv[0],
                   recording->plan->version, exit_status(recording));
}

// For the program and each of its forks, as many as a trace may hold.
static enum err_code put_symbols(struct recording *recording, struct err *err)
{
    struct elf_file elf;
    struct err unread;
    err_clear(&unread);
    if (elf_open(&elf, recording->plan->program, &unread))
        return ERR_OK; // it was there when it was started; its names are for people
    struct trace_symbol *list;
    size_t n;
    elf_symbols(&elf, recording->exchange->start_code - elf.start_code, &list, &n);
    bool done[EXCHANGE_SLOTS] = {false};
    size_t left = TRACE_SYMBOLS_MAX;
    for (uint32_t i = 0; i < EXCHANGE_SLOTS && n <= left && !err->code; i++) {
        uint32_t process = recording->exchange->slot[i].process;
        if (!recording->streams[i] || process >= EXCHANGE_SLOTS || done[process])
            continue;
        done[process] = true;
        left -= n;
        for (size_t k = 0; k < n && !err->code; k++) {
            list[k].process = process;
            trace_put_symbol(recording->writer, &list[k], err);
        }
    }
    free(list);
    elf_close(&elf);
    return err->code;
}

static void tell_result(const struct recording *recording, struct recording_result *result)
{
    struct exchange *exchange = recording->exchange;
    result->seconds = now_s() - recording->began;
    result->too_many_streams = atomic_load(&exchange->slots) > EXCHANGE_SLOTS;
    result->stopped = recording->phase != RECORDING && !recording->cancelled && !result->too_many_streams;
    result->exit_status = recording->cancelled ? 0 : exit_status(recording);
    result->unrecorded = atomic_load(&exchange->execs);
    result->unordered = atomic_load(&exchange->unordered);
    result->unseen_operands = atomic_load(&exchange->unseen_operands) != 0;
}

// Gives the trace its name, or removes it.
static enum err_code finish(struct recording *recording, struct recording_result *result, struct err *err)
{
    const struct recording_request *request = recording->request;
    struct trace_origin origin;
    recording_origin(request, recording->plan, &origin);
    origin.complete = recording->phase == RECORDING;
    if (err->code || (recording->cancelled && !request->keep_partial) || put_symbols(recording, err))
        trace_abandon(recording->writer);
    else if (!trace_finish(recording->writer, &origin, result ? &result->info : NULL, err) && result)
        tell_result(recording, result);
    if (recording->cancelled && !err->code)
        err_set(err, ERR_INTERRUPTED, "%s: recording was interrupted", request->argv[0]);
    return err->code;
}

enum err_code record_by_qemu(const struct recording_request *request, const struct recording_plan *plan,
                             const char *path, struct recording_result *result, bool *not_started,
                             struct err *err)
{
    struct recording *recording = calloc(1, sizeof *recording);
    if (!recording)
        return err_set(err, ERR_MEMORY, "no memory to record");
    recording->request = request;
    recording->plan = plan;
    recording->began = now_s();
    if (!trace_create(path, &recording->writer, err)) {
        run(recording, not_started, err);
        finish(recording, result, err);
    }
    if (recording->exchange)
        munmap(recording->exchange, sizeof *recording->exchange);
    sync_order_free(&recording->order);
    free(recording);
    return err->code;
}
