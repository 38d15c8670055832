// SPDX-License-Identifier: Apache-2.0
// Replaying a recorded program: its fetches, loads and stores at the virtual addresses it used, on pages
// placed as they are first touched. The recording has addresses, not values: what is stored here is made up,
// and every read is compared with what this program stored there last.
#include <stdio.h>
#include <stdlib.h>

#include "node/cpu/drive.h"
#include "node/cpu/placement.h"
#include "proto/trace/trace_reader.h"

enum { READS, WRITES, REF_DONE };

struct replay {
    struct trace_reader *reader;
    struct address_space space;

    // State. The reference in hand is cut into accesses that lie in one line and have 8 bytes at most; one
    // that modifies reads all of its bytes before it writes the first.
    struct trace_ref ref;
    uint32_t at;     // its bytes that have been issued
    uint32_t pass;   // READS, WRITES
    uint64_t stores; // issued so far, for their values
    bool ended;
};

static struct replay *replay_of(const struct cpu *cpu)
{
    return cpu->program;
}

// Reads the next reference. A trace that cannot be read on ends the program with a failure.
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
        cpu_fail(cpu, "%s: %s", err_id(err.code), err.text);
    return false;
}

static enum next out_of_frames(struct cpu *cpu, struct replay *replay)
{
    replay->ended = true;
    replay->pass = REF_DONE;
    cpu_fail(
        cpu,
        "virtual page 0x%llx is out of frames: board %u has no more for this CPU, the replay ends; write "
        "a larger frames: or another placement:",
        (unsigned long long)(replay->ref.address / PAGE_BYTES * PAGE_BYTES),
        address_space_next_home(&replay->space));
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

// The value of a store: of this CPU's stream and the count of its stores.
NP_INLINE uint64_t store_value(const struct cpu *cpu, uint64_t count, uint32_t size)
{
    uint64_t value = rng_mix((uint64_t)cpu->id << 44 ^ count);
    return size == 8 ? value : value & ((UINT64_C(1) << size * 8) - 1);
}

NP_INLINE void piece_issued(struct replay *replay, uint32_t size)
{
    replay->at += size;
    if (replay->at < replay->ref.size)
        return;
    replay->at = 0;
    replay->pass = replay->ref.kind == TRACE_MODIFY ? replay->pass + 1 : REF_DONE;
}

NP_INLINE enum next next_replay(struct cpu *cpu, struct access *access)
{
    struct replay *replay = replay_of(cpu);
    if (replay->pass == REF_DONE && (replay->ended || !next_ref(cpu, replay)))
        return NEXT_DONE;
    uint64_t address = replay->ref.address + replay->at;
    uint32_t size = piece_size(cpu, address, replay->ref.size - replay->at);
    uint32_t index = address_space_page(&replay->space, address);
    if (NP_UNLIKELY(index == NO_PAGE))
        return out_of_frames(cpu, replay);
    struct page *page = &replay->space.pages[index];
    bool fetch = replay->ref.kind == TRACE_FETCH, store = replay->pass == WRITES;
    access->address = page_real(page, address);
    if (NP_UNLIKELY(cpu->n_pending) && cpu->split && crosses_under_way(cpu, access->address, fetch, store))
        return NEXT_WAIT;
    access->kind = (uint8_t)(fetch ? ACCESS_FETCH : ACCESS_LOAD + store);
    access->size = (uint8_t)size;
    access->op = 0;
    access->tag = index;
    access->value = 0;
    if (store) {
        access->value = store_value(cpu, replay->stores++, size);
        page_write(page, address, size, access->value);
    } else {
        access->expected = page_read(page, address, size);
    }
    piece_issued(replay, size);
    return NEXT_ACCESS;
}

// A store that was refused, or went to a line whose data is lost, leaves a page nothing is known of.
static void access_failed(struct replay *replay, const struct access *access)
{
    if (access->kind == ACCESS_STORE)
        replay->space.pages[access->tag].unchecked = true;
}

NP_INLINE void complete_replay(struct cpu *cpu, const struct access *access, enum access_status status,
                               sim_time at)
{
    struct replay *replay = replay_of(cpu);
    (void)at;
    if (NP_UNLIKELY(status != ACCESS_OK)) {
        access_failed(replay, access);
        return;
    }
    if (access->kind == ACCESS_STORE)
        return;
    cpu->checks++;
    if (NP_UNLIKELY(access->value != access->expected) && !replay->space.pages[access->tag].unchecked) {
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

static void position_state(struct replay *replay, struct archive *ar)
{
    struct err err;
    uint64_t position = trace_position(replay->reader);
    ar_u64(ar, &position);
    if (ar_loading(ar) && !ar_failed(ar) && trace_seek(replay->reader, position, &err))
        ar_fail(ar, "%s", err.text);
}

static void state(struct cpu *cpu, struct archive *ar)
{
    struct replay *replay = replay_of(cpu);
    struct trace_ref *ref = &replay->ref;
    ar_mark(ar, "TRAC");
    ar_u64(ar, &ref->address);
    ar_u16(ar, &ref->size);
    ar_u8(ar, &ref->kind);
    ar_u32(ar, &replay->at);
    ar_u32(ar, &replay->pass);
    ar_u64(ar, &replay->stores);
    ar_bool(ar, &replay->ended);
    if (replay->pass > REF_DONE || ref->kind >= TRACE_KIND_COUNT || ref->size > TRACE_SIZE_MAX ||
        (replay->pass != REF_DONE && replay->at >= ref->size))
        ar_fail(ar, "byte %u of a reference of %u", replay->at, ref->size);
    position_state(replay, ar);
    address_space_state(&replay->space, ar);
    for (uint32_t i = 0; i < cpu->n_pending; i++)
        if (cpu->pending[i].access.tag >= replay->space.n)
            ar_fail(ar, "an access to page %llu", (unsigned long long)cpu->pending[i].access.tag);
}

static void free_replay(struct cpu *cpu)
{
    struct replay *replay = replay_of(cpu);
    trace_close(replay->reader);
    address_space_free(&replay->space);
    free(replay);
}

// Members of one entry replay the streams of a recording in turn: process i of it runs on member i.
static enum err_code open_stream(const struct cpu_desc *desc, struct trace_reader **reader, struct err *err)
{
    struct trace_info info;
    uint32_t stream = 0;
    if (desc->member > 0) {
        enum err_code code = trace_info_read(desc->trace, &info, err);
        if (code)
            return code;
        stream = info.n_streams ? desc->member % info.n_streams : 0;
        trace_info_free(&info);
    }
    return trace_open(desc->trace, stream, reader, err);
}

enum err_code trace_open_program(struct cpu *cpu, const struct machine *machine,
                                 const struct partition_desc *partition, struct err *err)
{
    struct replay *replay = calloc(1, sizeof *replay);
    NP_ASSERT(replay);
    enum err_code code = open_stream(cpu->desc, &replay->reader, err);
    if (code) {
        free(replay);
        return code;
    }
    replay->pass = REF_DONE;
    address_space_init(&replay->space, machine, partition, cpu->desc);
    cpu->ops = &program_trace;
    cpu->program = replay;
    return ERR_OK;
}

static void store_failed(struct cpu *cpu, const struct access *access)
{
    access_failed(replay_of(cpu), access);
}

const struct program_ops program_trace = {
    .kind = "trace", .run = run, .store_failed = store_failed, .state = state, .free = free_replay};
