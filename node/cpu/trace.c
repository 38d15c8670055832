// SPDX-License-Identifier: Apache-2.0
// Replaying a recorded program: its fetches, loads and stores at the virtual addresses it used. The recording
// has addresses, not values: what is stored here is made up. In pages of one thread every read is compared
// with what that thread stored there last; in shared pages, with the mark of its address (marks.h).
#include <stdio.h>
#include <stdlib.h>

#include "node/cpu/drive.h"
#include "node/cpu/marks.h"
#include "node/cpu/replay.h"
#include "node/cpu/thread.h"

static struct replay *replay_of(const struct cpu *cpu)
{
    return cpu->program;
}

void replay_failed(struct cpu *cpu, struct replay *replay, const struct err *err)
{
    replay->ended = true;
    cpu_fail(cpu, "%s: %s", err_id(err->code), err->text);
}

// Reads the next reference.
NP_INLINE bool next_ref(struct cpu *cpu, struct replay *replay)
{
    struct err err;
    enum trace_step step = trace_next(replay->reader, &replay->ref, &err);
    if (NP_LIKELY(step == TRACE_STEP_REF)) {
        replay->at = 0;
        replay->pass = replay->ref.kind == TRACE_STORE ? WRITES : READS;
        return true;
    }
    replay->ended = true;
    if (step == TRACE_STEP_FAILED)
        replay_failed(cpu, replay, &err);
    return false;
}

static void end_replay(struct replay *replay)
{
    replay->ended = true;
    replay->pass = REF_DONE;
}

static enum next page_not_listed(struct cpu *cpu, struct replay *replay, uint64_t address)
{
    end_replay(replay);
    cpu_fail(cpu,
             "virtual page 0x%llx is not in the trace's list of pages, the replay ends; the file is damaged: "
             "record it again",
             (unsigned long long)(address / PAGE_BYTES * PAGE_BYTES));
    return NEXT_DONE;
}

// Instructions and data have L1s of their own, and accesses under way keep their order in one of them only.
// A fetch of what is being stored waits, as does a store to what is being fetched.
static bool crosses_under_way(const struct cpu *cpu, uint64_t real, bool fetch, bool store)
{
    uint64_t line = l1_line(&cpu->l1[0], real);
    for (uint32_t i = 0; i < cpu->n_pending; i++) {
        const struct pending *p = &cpu->pending[i];
        if (l1_line(&cpu->l1[0], p->access.address) == line && (p->l1 == 1) != fetch &&
            (store || p->access.kind >= ACCESS_STORE))
            return true;
    }
    return false;
}

NP_INLINE uint32_t piece_size(const struct cpu *cpu, uint64_t address, uint32_t left)
{
    uint64_t line_bytes = UINT64_C(1) << cpu->l1[0].line_shift;
    uint64_t in_line = line_bytes - (address & (line_bytes - 1));
    uint32_t size = left < 8 ? left : 8;
    return in_line < size ? (uint32_t)in_line : size;
}

NP_INLINE void piece_issued(struct replay *replay, uint32_t size)
{
    replay->at += size;
    if (replay->at < replay->ref.size)
        return;
    replay->at = 0;
    replay->pass = replay->ref.kind == TRACE_MODIFY ? replay->pass + 1 : REF_DONE;
}

// A plain store may reach, in the replay, a synchronisation word that was none yet when it was recorded: it
// initialised the word, or raced. A version must not be lost to it, so it takes the line and changes nothing.
static bool meets_word(const struct replay *replay, const struct page *page, uint64_t address, uint32_t size)
{
    return page->n_words && page_has_word(replay->space, page, address, size);
}

// What is stored in, or asked of, a page that several threads share.
NP_INLINE void shared_piece(struct replay *replay, const struct page *page, uint64_t address,
                            struct access *access)
{
    uint64_t salt = replay->space->salt;
    access->tag |= TAG_SHARED;
    if (access->kind != ACCESS_STORE) {
        access->expected = address;
    } else if (meets_word(replay, page, address, access->size)) {
        access->tag |= TAG_UNCHECKED;
        access->kind = ACCESS_RMW;
        access->op = RMW_ADD;
    } else {
        access->value = marked_value(salt, address, access->size, replay->stores++);
    }
}

NP_INLINE void private_piece(struct replay *replay, struct page *page, uint64_t address,
                             struct access *access)
{
    if (access->kind == ACCESS_STORE) {
        access->value = store_value(replay, replay->stores++, access->size);
        page_write(page, address, access->size, access->value);
    } else {
        access->expected = page_read(page, address, access->size);
    }
}

// A SYNC waits for everything before it and holds back everything behind it.
NP_INLINE enum next next_sync(struct cpu *cpu, struct replay *replay, struct access *access, bool threads)
{
    if (cpu->n_pending)
        return NEXT_WAIT;
    access->value = sync_pause(&replay->wait);
    if (access->value)
        return NEXT_COMPUTE;
    uint32_t index = page_of(replay, replay->ref.address);
    if (NP_UNLIKELY(index == NO_PAGE))
        return page_not_listed(cpu, replay, replay->ref.address);
    if (threads && NP_UNLIKELY(replay->space->pages[index].unmapped))
        return pool_cpu_wants(cpu, replay->space, index);
    access->address = page_real(&replay->space->pages[index], replay->ref.address);
    access->tag = index | TAG_SYNC;
    access->size = TRACE_WORD;
    access->kind = replay->wait.looks ? ACCESS_LOAD : ACCESS_RMW;
    access->op = replay->ref.version == 1 ? RMW_SWAP : RMW_COMPARE_SWAP;
    access->expected = replay->ref.version - 1;
    access->value = replay->ref.version;
    return NEXT_ACCESS;
}

// `threads`: it is a thread of a pool, which gives way to others, and whose pages may be on their way.
NP_INLINE enum next next_of(struct cpu *cpu, struct access *access, bool threads)
{
    struct replay *replay = replay_of(cpu);
    if (threads && NP_UNLIKELY(cpu->pool->stop))
        return pool_cpu_pauses(cpu);
    if (replay->pass == REF_DONE && cpu->n_under_way == 0 && cpu->n_pending == 0 &&
        replay_runs(cpu, replay)) {
        access->value = 0; // the time that has passed is on the clock
        return NEXT_COMPUTE;
    }
    if (replay->pass == REF_DONE && (replay->ended || !next_ref(cpu, replay)))
        return NEXT_DONE;
    if (NP_UNLIKELY(replay->ref.kind == TRACE_SYNC))
        return next_sync(cpu, replay, access, threads);
    uint64_t address = replay->ref.address + replay->at;
    uint32_t size = piece_size(cpu, address, replay->ref.size - replay->at);
    uint32_t index = page_of(replay, address);
    if (NP_UNLIKELY(index == NO_PAGE))
        return page_not_listed(cpu, replay, address);
    struct page *page = &replay->space->pages[index];
    if (threads && NP_UNLIKELY(page->unmapped))
        return pool_cpu_wants(cpu, replay->space, index);
    bool fetch = replay->ref.kind == TRACE_FETCH, store = replay->pass == WRITES;
    access->address = page_real(page, address);
    if (NP_UNLIKELY(cpu->n_pending) && cpu->split && crosses_under_way(cpu, access->address, fetch, store))
        return NEXT_WAIT;
    access->kind = (uint8_t)(fetch ? ACCESS_FETCH : ACCESS_LOAD + store);
    access->size = (uint8_t)size;
    access->op = 0;
    access->tag = index;
    access->value = 0;
    if (NP_UNLIKELY(page->shared))
        shared_piece(replay, page, address, access);
    else
        private_piece(replay, page, address, access);
    if (NP_UNLIKELY(replay->ref.kind == TRACE_PEEK))
        access->tag |= TAG_UNCHECKED;
    piece_issued(replay, size);
    return NEXT_ACCESS;
}

NP_INLINE enum next next_replay(struct cpu *cpu, struct access *access)
{
    return next_of(cpu, access, false);
}

NP_INLINE enum next next_replay_of_thread(struct cpu *cpu, struct access *access)
{
    return next_of(cpu, access, true);
}

// A SYNC's access completed. A refused one ends the replay, as a fault does for all who synchronise; those
// who wait for this thread give up in their time.
static void complete_sync(struct cpu *cpu, struct replay *replay, uint32_t index, uint32_t found,
                          enum access_status status, sim_time at)
{
    struct page *page = &replay->space->pages[index];
    enum sync_outcome outcome =
        status == ACCESS_OK ? sync_found(&replay->wait, cpu, &replay->ref, found, at) : SYNC_OVER;
    if (outcome == SYNC_WAITS)
        return;
    if (outcome == SYNC_OVER) {
        end_replay(replay);
        return;
    }
    cpu->checks++;
    replay->pass = REF_DONE;
    if (!page->shared)
        page_write(page, replay->ref.address, TRACE_WORD, replay->ref.version);
}

// A read of a shared page whose bytes have not all the marks of their addresses: those of a synchronisation
// word need not.
static bool only_words_differ(const struct replay *replay, const struct page *page,
                              const struct access *access)
{
    for (unsigned i = 0; i < access->size; i++) {
        uint64_t address = access->expected + i;
        uint64_t byte = access->value >> 8 * i & 0xff;
        if (!marks_hold(byte, marks_at(replay->space->salt, address, 1)) &&
            !page_has_word(replay->space, page, address, 1))
            return false;
    }
    return true;
}

static void complete_shared(struct cpu *cpu, struct replay *replay, struct access access)
{
    uint64_t marks = marks_at(replay->space->salt, access.expected, access.size);
    if (access.tag & TAG_UNCHECKED || access.kind == ACCESS_STORE)
        return;
    cpu->checks++;
    if (NP_LIKELY(marks_hold(access.value, marks)) ||
        only_words_differ(replay, &replay->space->pages[access.tag & TAG_PAGE], &access))
        return;
    char text[128];
    snprintf(text, sizeof text, "bytes marked 0x%llx, those of virtual address 0x%llx, or 0",
             (unsigned long long)marks, (unsigned long long)access.expected);
    cpu_note_failure(cpu, access.address, access.value, text);
}

// What is not an access to a private page. By value: see cpu_suspend.
static void complete_special(struct cpu *cpu, struct access access, enum access_status status, sim_time at)
{
    struct replay *replay = replay_of(cpu);
    if (access.tag & TAG_SYNC)
        complete_sync(cpu, replay, (uint32_t)access.tag, (uint32_t)access.value, status, at);
    else if (access.tag & TAG_SHARED && status == ACCESS_OK)
        complete_shared(cpu, replay, access);
}

// A store that was refused, or went to a line whose data is lost, leaves a page nothing is known of.
static void access_failed(struct replay *replay, const struct access *access)
{
    if (access->kind == ACCESS_STORE)
        replay->space->pages[access->tag].unchecked = true;
}

NP_INLINE void complete_replay(struct cpu *cpu, const struct access *access, enum access_status status,
                               sim_time at)
{
    struct replay *replay = replay_of(cpu);
    if (NP_UNLIKELY(access->tag > TAG_PAGE)) {
        complete_special(cpu, *access, status, at);
        return;
    }
    if (NP_UNLIKELY(status != ACCESS_OK)) {
        access_failed(replay, access);
        return;
    }
    if (access->kind == ACCESS_STORE)
        return;
    cpu->checks++;
    if (NP_UNLIKELY(access->value != access->expected) && !replay->space->pages[access->tag].unchecked) {
        char text[64];
        snprintf(text, sizeof text, "0x%llx, what the program left there",
                 (unsigned long long)access->expected);
        cpu_check_failed(cpu, access, text);
    }
}

static void run(struct cpu *cpu, sim_time limit)
{
    cpu_drive(cpu, limit, next_replay, complete_replay);
}

static void run_thread(struct cpu *cpu, sim_time limit)
{
    cpu_drive(cpu, limit, next_replay_of_thread, complete_replay);
}

static void position_state(struct replay *replay, struct archive *ar)
{
    struct err err;
    uint64_t position = trace_position(replay->reader);
    ar_u64(ar, &position);
    if (ar_loading(ar) && !ar_failed(ar) && trace_seek(replay->reader, position, &err))
        ar_fail(ar, "%s", err.text);
}

// A reference that is done is no state: it may have been one of a whole run.
static void ref_state(struct replay *replay, struct archive *ar)
{
    struct trace_ref *ref = &replay->ref;
    ar_u32(ar, &replay->pass);
    if (replay->pass == REF_DONE)
        return;
    ar_u64(ar, &ref->address);
    ar_u16(ar, &ref->size);
    ar_u8(ar, &ref->kind);
    ar_u32(ar, &ref->version);
    ar_u32(ar, &replay->at);
    if (replay->pass > REF_DONE || ref->kind >= TRACE_KIND_COUNT || ref->size > TRACE_SIZE_MAX ||
        (replay->pass != REF_DONE && replay->at >= ref->size))
        ar_fail(ar, "byte %u of a reference of %u", replay->at, ref->size);
}

void replay_check_pending(const struct cpu *cpu, struct archive *ar)
{
    for (uint32_t i = 0; i < cpu->n_pending; i++)
        if ((cpu->pending[i].access.tag & TAG_PAGE) >= replay_of(cpu)->space->n)
            ar_fail(ar, "an access to page %llu", (unsigned long long)cpu->pending[i].access.tag);
}

static void state(struct cpu *cpu, struct archive *ar)
{
    struct replay *replay = replay_of(cpu);
    ar_mark(ar, "TRAC");
    ref_state(replay, ar);
    ar_u64(ar, &replay->stores);
    ar_bool(ar, &replay->ended);
    sync_state(&replay->wait, ar);
    position_state(replay, ar);
    address_space_state(replay->space, replay->stream, ar);
    replay_check_pending(cpu, ar);
}

static void free_replay(struct cpu *cpu)
{
    struct replay *replay = replay_of(cpu);
    trace_close(replay->reader);
    run_plans_free(&replay->plans);
    free(replay);
}

// Members of one entry replay the streams of a recording in turn: stream i of it runs on member i, and when
// there are more members, on others once more, as another program.
static enum err_code open_stream(struct replay *replay, const struct cpu_desc *desc,
                                 struct address_spaces *spaces, struct err *err)
{
    struct trace_info info;
    if (trace_info_read(desc->trace, &info, err))
        return err->code;
    uint32_t n = info.n_streams;
    if (n) {
        replay->stream = desc->member % n;
        replay->space = address_spaces_find(spaces, desc, n, info.streams[replay->stream].process);
    }
    trace_info_free(&info);
    if (!n)
        return err_set(err, ERR_BAD_VALUE, "%s: the trace is empty; record a program that does something",
                       desc->trace);
    return trace_open(desc->trace, replay->stream, &replay->reader, err);
}

static enum err_code open_replay(struct cpu *cpu, struct address_spaces *spaces, uint64_t writer,
                                 struct err *err)
{
    struct replay *replay = calloc(1, sizeof *replay);
    NP_ASSERT(replay);
    err_clear(err);
    if (open_stream(replay, cpu->desc, spaces, err)) {
        free(replay);
        return err->code;
    }
    replay->pass = REF_DONE;
    replay->writer = writer;
    sync_init(&replay->wait, cpu);
    cpu->program = replay;
    return ERR_OK;
}

enum err_code trace_open_program(struct cpu *cpu, const struct machine *machine,
                                 struct address_spaces **spaces, struct err *err)
{
    if (!*spaces && address_spaces_open(machine, cpu->desc->board, spaces, err))
        return err->code;
    if (open_replay(cpu, *spaces, (uint64_t)cpu->id << 44, err))
        return err->code;
    cpu->ops = &program_trace;
    return ERR_OK;
}

enum err_code trace_open_thread(struct cpu *cpu, uint32_t pool, struct address_spaces *spaces,
                                struct err *err)
{
    uint64_t writer = rng_mix((uint64_t)(pool + 1) << 32 | cpu->desc->member);
    if (open_replay(cpu, spaces, writer, err))
        return err->code;
    cpu->ops = &program_trace_thread;
    return ERR_OK;
}

static void store_failed(struct cpu *cpu, const struct access *access, sim_time at)
{
    (void)at;
    if (access->tag <= TAG_PAGE)
        access_failed(replay_of(cpu), access);
}

const struct program_ops program_trace = {
    .kind = "trace", .run = run, .store_failed = store_failed, .state = state, .free = free_replay};

// A thread that is closed has ended, or goes on elsewhere: with what it stored.
static void free_thread(struct cpu *cpu)
{
    struct replay *replay = replay_of(cpu);
    address_space_forget(replay->space, replay->stream);
    free_replay(cpu);
}

const struct program_ops program_trace_thread = {
    .kind = "trace", .run = run_thread, .store_failed = store_failed, .state = state, .free = free_thread};
