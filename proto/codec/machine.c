// SPDX-License-Identifier: Apache-2.0
// Fields that have the same name and range on both sides are listed once and copied either way from that
// list, so that the two directions cannot drift apart. What needs a check or an array is written out.
#include "proto/codec/machine.h"

#include <stdlib.h>
#include <string.h>

#include "proto/codec/wire.h"

#define GEOMETRY_FIELDS(X) X(bytes) X(ways) X(latency)

// clang-format off
#define PARAMS_FIELDS(X) \
    X(cpus) X(cpu_hz) X(line_bytes) X(l1_split) X(mshrs) X(bus_order) X(bus_return) X(bus_occupancy) \
    X(agent_latency) X(home_occupancy) X(local_latency) X(memory_bytes) X(memory_latency) \
    X(memory_bytes_per_s) X(port_bytes_per_s) X(header_bytes) X(store_buffer) X(sharer_pointers) \
    X(sharer_coarse) X(directory_entries) X(directory_ways)
// clang-format on

// clang-format off
#define SYSTEM_FIELDS(X) \
    X(first_board) X(boards) X(flight) X(far_flight) X(boards_per_crossbar) X(controller_latency)
// clang-format on

#define BOARD_FIELDS(X)     X(system) X(partition) X(floating) X(blacklisted)
#define SEGMENT_FIELDS(X)   X(size) X(granule) X(offset)
#define PARTITION_FIELDS(X) X(system) X(frames_offset) X(permanent_bytes) X(seed)
#define GUEST_FIELDS(X)     X(functional) X(n_cpus)

// clang-format off
#define CPU_FIELDS(X) \
    X(outstanding) X(size) X(member) X(members) X(write_permille) X(stride) X(count) \
    X(critical) X(parallel) X(locks) X(compute) X(link) X(frame_bytes) X(program) X(backoff) X(give_up)
// clang-format on

#define POOL_FIELDS(X)    X(partition) X(n_threads) X(quantum) X(switch_time) X(context_bytes)
#define LINK_FIELDS(X)    X(latency) X(bytes_per_s)
#define FAULT_FIELDS(X)   X(at) X(segment)
#define MACHINE_FIELDS(X) X(seed) X(until) X(window)

#define COPY(field) to->field = from->field;

static Np__CacheGeometry *geometry_to_wire(const struct cache_geometry *from, struct arena *arena)
{
    Np__CacheGeometry *to = arena_new(arena, 1, sizeof *to);
    np__cache_geometry__init(to);
    GEOMETRY_FIELDS(COPY)
    return to;
}

static Np__BoardParams *params_to_wire(const struct board_params *from, struct arena *arena)
{
    Np__BoardParams *to = arena_new(arena, 1, sizeof *to);
    np__board_params__init(to);
    PARAMS_FIELDS(COPY)
    to->l1 = geometry_to_wire(&from->l1, arena);
    to->l1i = geometry_to_wire(&from->l1i, arena);
    to->l2 = geometry_to_wire(&from->l2, arena);
    return to;
}

static void system_to_wire(const struct system_desc *from, Np__System *to, struct arena *arena)
{
    SYSTEM_FIELDS(COPY)
    to->name = arena_text(arena, from->name, sizeof from->name);
    to->protocol = arena_text(arena, from->protocol, sizeof from->protocol);
    to->directory_miss = from->directory_miss;
    to->family = from->family;
}

static void board_to_wire(const struct board_desc *from, Np__Board *to, struct arena *arena)
{
    BOARD_FIELDS(COPY)
    to->name = arena_text(arena, from->name, sizeof from->name);
    to->params = params_to_wire(&from->params, arena);
}

static void segment_to_wire(const struct segment_desc *from, Np__Segment *to, struct arena *arena)
{
    SEGMENT_FIELDS(COPY)
    to->start = from->base;
    to->n_boards = from->n_boards;
    to->boards = wire_from_u16(from->boards, from->n_boards, arena);
}

static Np__Guest *guest_to_wire(const struct guest_desc *from, struct arena *arena)
{
    Np__Guest *to = arena_new(arena, 1, sizeof *to);
    np__guest__init(to);
    GUEST_FIELDS(COPY)
    to->image = arena_text(arena, from->image, sizeof from->image);
    to->arguments = arena_text(arena, from->arguments, sizeof from->arguments);
    to->architecture = from->architecture;
    to->n_inputs = from->n_inputs;
    to->inputs = WIRE_ARRAY(arena, Np__GuestInput, np__guest_input__init, from->n_inputs);
    for (uint32_t i = 0; i < from->n_inputs; i++) {
        to->inputs[i]->at = from->inputs[i].at;
        to->inputs[i]->text = arena_text(arena, from->inputs[i].text, sizeof from->inputs[i].text);
    }
    return to;
}

static void partition_to_wire(const struct partition_desc *from, Np__Partition *to, struct arena *arena)
{
    PARTITION_FIELDS(COPY)
    to->name = arena_text(arena, from->name, sizeof from->name);
    to->n_boards = from->n_boards;
    to->boards = wire_from_u16(from->boards, from->n_boards, arena);
    to->n_segments = from->n_segments;
    to->segments = WIRE_ARRAY(arena, Np__Segment, np__segment__init, from->n_segments);
    for (uint32_t i = 0; i < from->n_segments; i++)
        segment_to_wire(&from->segments[i], to->segments[i], arena);
    if (from->guest.image[0])
        to->guest = guest_to_wire(&from->guest, arena);
}

static void cpu_to_wire(const struct cpu_desc *from, Np__Cpu *to, struct arena *arena)
{
    CPU_FIELDS(COPY)
    to->start = from->base;
    to->board = from->board;
    to->index = from->index;
    to->kind = from->kind;
    to->pattern = from->pattern;
    to->has_script = from->script != NULL;
    if (from->script)
        to->script = arena_text(arena, from->script, SCRIPT_BYTES_MAX);
    to->trace = arena_text(arena, from->trace, sizeof from->trace);
    to->placement = from->placement;
    to->fixed_board = from->fixed_board;
}

static void pool_to_wire(const struct pool_desc *from, Np__Pool *to, struct arena *arena)
{
    POOL_FIELDS(COPY)
    to->what = arena_new(arena, 1, sizeof *to->what);
    np__cpu__init(to->what);
    cpu_to_wire(&from->what, to->what, arena);
}

static void link_to_wire(const struct link_desc *from, Np__Link *to, struct arena *arena)
{
    LINK_FIELDS(COPY)
    to->name = arena_text(arena, from->name, sizeof from->name);
    to->n_board = NP_ARRAY_LEN(from->board);
    to->board = wire_from_u16(from->board, to->n_board, arena);
}

static void fault_to_wire(const struct fault_desc *from, Np__Fault *to, struct arena *arena)
{
    (void)arena;
    FAULT_FIELDS(COPY)
    to->kind = from->kind;
    to->board = from->board;
    to->home = from->home;
}

// The lists of a machine: X(list, generated type, its init function, conversion stem, most elements).
#define MACHINE_LISTS(X)                                                                                     \
    X(systems, Np__System, np__system__init, system, SYSTEMS_MAX)                                            \
    X(boards, Np__Board, np__board__init, board, BOARDS_MAX)                                                 \
    X(partitions, Np__Partition, np__partition__init, partition, PARTITIONS_MAX)                             \
    X(cpus, Np__Cpu, np__cpu__init, cpu, BOARDS_MAX *CPUS_PER_BOARD_MAX)                                     \
    X(links, Np__Link, np__link__init, link, LINKS_MAX)                                                      \
    X(faults, Np__Fault, np__fault__init, fault, FAULTS_MAX)                                                 \
    X(pools, Np__Pool, np__pool__init, pool, POOLS_MAX)

Np__Machine *machine_to_wire(const struct machine *from, struct arena *arena)
{
    Np__Machine *to = arena_new(arena, 1, sizeof *to);
    np__machine__init(to);
    MACHINE_FIELDS(COPY)
    to->name = arena_text(arena, from->name, sizeof from->name);
#define X(list, type, init, stem, max)                                                                       \
    to->n_##list = from->n_##list;                                                                           \
    to->list = WIRE_ARRAY(arena, type, init, from->n_##list);                                                \
    for (uint32_t i = 0; i < from->n_##list; i++)                                                            \
        stem##_to_wire(&from->list[i], to->list[i], arena);
    MACHINE_LISTS(X)
#undef X
    return to;
}

static enum err_code geometry_from_wire(const Np__CacheGeometry *from, struct cache_geometry *to,
                                        struct err *err)
{
    if (!from)
        return REFUSE(err, "a cache has no geometry");
    GEOMETRY_FIELDS(COPY)
    return ERR_OK;
}

static enum err_code params_from_wire(const Np__BoardParams *from, struct board_params *to, struct err *err)
{
    if (!from)
        return REFUSE(err, "no parameters");
    PARAMS_FIELDS(COPY)
    if (geometry_from_wire(from->l1, &to->l1, err) || geometry_from_wire(from->l1i, &to->l1i, err))
        return err->code;
    return geometry_from_wire(from->l2, &to->l2, err);
}

static enum err_code system_from_wire(const Np__System *from, struct system_desc *to, struct err *err)
{
    SYSTEM_FIELDS(COPY)
    if (from->directory_miss >= DIRECTORY_MISS_COUNT)
        return REFUSE(err, "unknown directory miss %u", from->directory_miss);
    to->directory_miss = (enum directory_miss)from->directory_miss;
    if (from->family >= FAMILY_COUNT)
        return REFUSE(err, "unknown family %u", from->family);
    to->family = (enum family)from->family;
    if (wire_text(to->name, sizeof to->name, from->name, "a name", err))
        return err->code;
    return wire_text(to->protocol, sizeof to->protocol, from->protocol, "a protocol name", err);
}

static enum err_code board_from_wire(const Np__Board *from, struct board_desc *to, struct err *err)
{
    BOARD_FIELDS(COPY)
    if (wire_text(to->name, sizeof to->name, from->name, "a name", err))
        return err->code;
    return params_from_wire(from->params, &to->params, err);
}

static enum err_code board_list(const uint32_t *from, size_t count, uint32_t *to_count, uint16_t *to,
                                struct err *err)
{
    if (count > BOARDS_PER_SYSTEM_MAX)
        return REFUSE(err, "%zu boards, where %u is the most", count, BOARDS_PER_SYSTEM_MAX);
    *to_count = (uint32_t)count;
    return wire_to_u16(from, count, to, "board", err);
}

static enum err_code inputs_from_wire(const Np__Guest *from, struct guest_desc *to, struct err *err)
{
    if (from->n_inputs > GUEST_INPUTS_MAX)
        return REFUSE(err, "%zu inputs, where %u is the most", from->n_inputs, GUEST_INPUTS_MAX);
    if (from->n_inputs == 0)
        return ERR_OK;
    to->inputs = calloc(from->n_inputs, sizeof *to->inputs);
    if (!to->inputs)
        return err_set(err, ERR_MEMORY, "no memory for %zu inputs", from->n_inputs);
    to->n_inputs = (uint32_t)from->n_inputs;
    for (uint32_t i = 0; i < to->n_inputs; i++) {
        to->inputs[i].at = from->inputs[i]->at;
        if (wire_text(to->inputs[i].text, sizeof to->inputs[i].text, from->inputs[i]->text, "an input", err))
            return err->code;
    }
    return ERR_OK;
}

static enum err_code guest_from_wire(const Np__Guest *from, struct guest_desc *to, struct err *err)
{
    if (!from)
        return ERR_OK;
    GUEST_FIELDS(COPY)
    if (from->architecture >= ARCHITECTURE_COUNT)
        return REFUSE(err, "unknown architecture %u", from->architecture);
    to->architecture = (enum architecture)from->architecture;
    if (wire_text(to->image, sizeof to->image, from->image, "the path of an image", err) ||
        wire_text(to->arguments, sizeof to->arguments, from->arguments, "arguments", err))
        return err->code;
    return inputs_from_wire(from, to, err);
}

static enum err_code partition_from_wire(const Np__Partition *from, struct partition_desc *to,
                                         struct err *err)
{
    PARTITION_FIELDS(COPY)
    if (wire_text(to->name, sizeof to->name, from->name, "a name", err) ||
        board_list(from->boards, from->n_boards, &to->n_boards, to->boards, err))
        return err->code;
    if (from->n_segments > SEGMENTS_MAX)
        return REFUSE(err, "%zu segments, where %u is the most", from->n_segments, SEGMENTS_MAX);
    to->n_segments = (uint32_t)from->n_segments;
    for (uint32_t i = 0; i < to->n_segments; i++) {
        const Np__Segment *in = from->segments[i];
        struct segment_desc *out = &to->segments[i];
        if (board_list(in->boards, in->n_boards, &out->n_boards, out->boards, err))
            return err_wrap(err, "segment %u", i);
#define SEGMENT_COPY(field) out->field = in->field;
        SEGMENT_FIELDS(SEGMENT_COPY)
        out->base = in->start;
    }
    return guest_from_wire(from->guest, &to->guest, err);
}

static enum err_code script_from_wire(const Np__Cpu *from, struct cpu_desc *to, struct err *err)
{
    size_t length = strlen(from->script);
    if (length >= SCRIPT_BYTES_MAX)
        return REFUSE(err, "a script of %zu bytes, where %u is the most", length, SCRIPT_BYTES_MAX - 1);
    if (!from->has_script)
        return ERR_OK;
    to->script = strdup(from->script);
    return to->script ? ERR_OK : err_set(err, ERR_MEMORY, "no memory for a script");
}

static enum err_code cpu_from_wire(const Np__Cpu *from, struct cpu_desc *to, struct err *err)
{
    CPU_FIELDS(COPY)
    to->base = from->start;
    if (from->kind > CPU_ZARCH || from->pattern >= PATTERN_COUNT || from->placement > PLACE_FIXED)
        return REFUSE(err, "unknown kind %u, pattern %u or placement %u", from->kind, from->pattern,
                      from->placement);
    to->kind = (enum cpu_kind)from->kind;
    to->pattern = (enum pattern)from->pattern;
    to->placement = (enum placement)from->placement;
    if (wire_to_u16(&from->board, 1, &to->board, "board", err) ||
        wire_to_u16(&from->index, 1, &to->index, "index", err) ||
        wire_to_u16(&from->fixed_board, 1, &to->fixed_board, "board", err) ||
        wire_text(to->trace, sizeof to->trace, from->trace, "a trace path", err))
        return err->code;
    return script_from_wire(from, to, err);
}

static enum err_code pool_from_wire(const Np__Pool *from, struct pool_desc *to, struct err *err)
{
    POOL_FIELDS(COPY)
    return from->what ? cpu_from_wire(from->what, &to->what, err) : REFUSE(err, "threads without a program");
}

static enum err_code link_from_wire(const Np__Link *from, struct link_desc *to, struct err *err)
{
    LINK_FIELDS(COPY)
    if (from->n_board != NP_ARRAY_LEN(to->board))
        return REFUSE(err, "%zu ends, where a link has two", from->n_board);
    if (wire_to_u16(from->board, from->n_board, to->board, "board", err))
        return err->code;
    return wire_text(to->name, sizeof to->name, from->name, "a name", err);
}

static enum err_code fault_from_wire(const Np__Fault *from, struct fault_desc *to, struct err *err)
{
    FAULT_FIELDS(COPY)
    if (from->kind > FAULT_SEGMENT_ENTRY)
        return REFUSE(err, "unknown kind %u", from->kind);
    to->kind = (enum fault_kind)from->kind;
    if (wire_to_u16(&from->board, 1, &to->board, "board", err))
        return err->code;
    return wire_to_u16(&from->home, 1, &to->home, "home board", err);
}

static enum err_code list_count(size_t count, size_t max, const char *list, struct err *err)
{
    return count <= max ? ERR_OK : REFUSE(err, "%zu %s, where %zu is the most", count, list, max);
}

// Fills a machine that is all zero; what was filled when it fails is the caller's to free.
static enum err_code fill_machine(const Np__Machine *from, struct machine *to, struct err *err)
{
    MACHINE_FIELDS(COPY)
    if (wire_text(to->name, sizeof to->name, from->name, "a name", err))
        return err->code;
#define X(wire_list, type, init, stem, max)                                                                  \
    if (list_count(from->n_##wire_list, (max), #wire_list, err))                                             \
        return err->code;                                                                                    \
    if (from->n_##wire_list && !(to->wire_list = calloc(from->n_##wire_list, sizeof *to->wire_list)))        \
        return err_set(err, ERR_MEMORY, "no memory for %zu %s", from->n_##wire_list, #wire_list);            \
    to->n_##wire_list = (uint32_t)from->n_##wire_list;                                                       \
    for (uint32_t i = 0; i < to->n_##wire_list; i++)                                                         \
        if (stem##_from_wire(from->wire_list[i], &to->wire_list[i], err))                                    \
            return err_wrap(err, #stem " %u", i);
    MACHINE_LISTS(X)
#undef X
    const char *reason = machine_invalid(to);
    return reason ? REFUSE(err, "%s", reason) : ERR_OK;
}

enum err_code machine_from_wire(const Np__Machine *wire, struct machine *machine, struct err *err)
{
    *machine = (struct machine){0};
    if (fill_machine(wire, machine, err) == ERR_OK)
        return ERR_OK;
    machine_free(machine);
    return err_wrap(err, "machine description");
}

void machine_encode(const struct machine *machine, struct bytes *bytes)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    wire_pack(&machine_to_wire(machine, &arena)->base, bytes);
    arena_free(&arena);
}

enum err_code machine_decode(const uint8_t *data, size_t size, struct machine *machine, struct err *err)
{
    struct arena arena;
    arena_init(&arena, UNPACKED_BYTES_MAX);
    err_clear(err);
    ProtobufCMessage *wire = wire_unpack(&np__machine__descriptor, data, size, &arena, err);
    *machine = (struct machine){0};
    if (wire)
        machine_from_wire((const Np__Machine *)wire, machine, err);
    arena_free(&arena);
    return err->code;
}
