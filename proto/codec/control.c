// SPDX-License-Identifier: Apache-2.0
// Each kind of message has a pair of functions and a row in `conversions`; encode and decode look it up
// there.
#include "proto/codec/control.h"

#include <stdlib.h>
#include <string.h>

#include "proto/codec/control_envelope.h"
#include "proto/codec/control_wire.h"

_Static_assert((int)NP__CONTROL__KIND_HELLO == CONTROL_HELLO &&
                   (int)NP__CONTROL__KIND_REGROUPED == CONTROL_REGROUPED &&
                   CONTROL_REGROUPED == CONTROL_KIND_COUNT - 1,
               "the schema numbers the kinds as enum control_kind does");

#define HELLO_FIELDS(X) X(version) X(run_id) X(index) X(pid)

enum err_code role_from_wire(uint32_t role, uint32_t index, enum control_role *to, struct err *err)
{
    if (role >= ROLE_COUNT || index >= (role == ROLE_NODE ? NODES_MAX : SYSTEMS_MAX))
        return REFUSE(err, "role %u with index %u", role, index);
    *to = (enum control_role)role;
    return ERR_OK;
}

static void hello_to_wire(const struct control *control, Np__Control *wire, struct arena *arena)
{
    const struct control_hello *from = &control->hello;
    NEW(Np__Hello, np__hello__init);
    HELLO_FIELDS(COPY)
    to->role = from->role;
    wire->hello = to;
}

static enum err_code hello_from_wire(const Np__Control *wire, struct control *control, struct err *err)
{
    const Np__Hello *from = wire->hello;
    struct control_hello *to = &control->hello;
    HELLO_FIELDS(COPY)
    return role_from_wire(from->role, from->index, &to->role, err);
}

static void ready_to_wire(const struct control *control, Np__Control *wire, struct arena *arena)
{
    NEW(Np__Ready, np__ready__init);
    to->index = control->ready.index;
    wire->ready = to;
}

static enum err_code ready_from_wire(const Np__Control *wire, struct control *control, struct err *err)
{
    control->ready.index = wire->ready->index;
    return wire->ready->index < NODES_MAX ? ERR_OK : REFUSE(err, "index %u", wire->ready->index);
}

static void failed_to_wire(const struct control *control, Np__Control *wire, struct arena *arena)
{
    NP_ASSERT(control->failed.code != ERR_OK);
    NEW(Np__Failed, np__failed__init);
    to->id = arena_text(arena, err_id(control->failed.code), NAME_MAX_BYTES);
    to->text = arena_text(arena, control->failed.text, sizeof control->failed.text);
    wire->failed = to;
}

static enum err_code failed_from_wire(const Np__Control *wire, struct control *control, struct err *err)
{
    control->failed.code = err_code_of_id(wire->failed->id);
    if (control->failed.code == ERR_OK)
        return REFUSE(err, "a failure without an error");
    return wire_text(control->failed.text, sizeof control->failed.text, wire->failed->text, "a text", err);
}

static void control_results_to_wire(const struct control *control, Np__Control *wire, struct arena *arena)
{
    wire->results = results_to_wire(&control->results, arena);
}

static enum err_code control_results_from_wire(const Np__Control *wire, struct control *control,
                                               struct err *err)
{
    return results_from_wire(wire->results, &control->results, err);
}

static void save_to_wire(const struct control *control, Np__Control *wire, struct arena *arena)
{
    NEW(Np__Save, np__save__init);
    to->folder = arena_text(arena, control->save.folder, sizeof control->save.folder);
    wire->save = to;
}

static enum err_code save_from_wire(const Np__Control *wire, struct control *control, struct err *err)
{
    if (!wire->save->folder[0])
        return REFUSE(err, "no folder");
    return wire_text(control->save.folder, sizeof control->save.folder, wire->save->folder, "a folder", err);
}

// Kinds that say all by their name.
#define EMPTY(stem, type, init)                                                                              \
    static void stem##_to_wire(const struct control *control, Np__Control *wire, struct arena *arena)        \
    {                                                                                                        \
        (void)control;                                                                                       \
        NEW(type, init);                                                                                     \
        wire->stem = to;                                                                                     \
    }
EMPTY(bye, Np__Bye, np__bye__init)
EMPTY(stop, Np__Stop, np__stop__init)
EMPTY(collect, Np__Collect, np__collect__init)
EMPTY(exit, Np__Exit, np__exit__init)
EMPTY(regrouped, Np__Regrouped, np__regrouped__init)

static enum err_code empty_from_wire(const Np__Control *wire, struct control *control, struct err *err)
{
    (void)wire;
    (void)control;
    (void)err;
    return ERR_OK;
}

static const struct {
    void (*to_wire)(const struct control *control, Np__Control *wire, struct arena *arena);
    enum err_code (*from_wire)(const Np__Control *wire, struct control *control, struct err *err);
} conversions[CONTROL_KIND_COUNT] = {
    [CONTROL_HELLO] = {hello_to_wire, hello_from_wire},
    [CONTROL_READY] = {ready_to_wire, ready_from_wire},
    [CONTROL_FAILED] = {failed_to_wire, failed_from_wire},
    [CONTROL_PROGRESS] = {progress_to_wire, progress_from_wire},
    [CONTROL_PAUSED] = {paused_to_wire, paused_from_wire},
    [CONTROL_RESULTS] = {control_results_to_wire, control_results_from_wire},
    [CONTROL_SAVED] = {saved_to_wire, saved_from_wire},
    [CONTROL_BYE] = {bye_to_wire, empty_from_wire},
    [CONTROL_CONFIGURE] = {configure_to_wire, configure_from_wire},
    [CONTROL_START] = {start_to_wire, start_from_wire},
    [CONTROL_STOP] = {stop_to_wire, empty_from_wire},
    [CONTROL_SAVE] = {save_to_wire, save_from_wire},
    [CONTROL_COLLECT] = {collect_to_wire, empty_from_wire},
    [CONTROL_EXIT] = {exit_to_wire, empty_from_wire},
    [CONTROL_WATCHED] = {watched_to_wire, watched_from_wire},
    [CONTROL_TIMELINE] = {timeline_to_wire, timeline_from_wire},
    [CONTROL_TEXT] = {text_to_wire, text_from_wire},
    [CONTROL_ORDERS] = {orders_to_wire, orders_from_wire},
    [CONTROL_REPORTS] = {reports_to_wire, reports_from_wire},
    [CONTROL_REGROUP] = {regroup_to_wire, regroup_from_wire},
    [CONTROL_REGROUPED] = {regrouped_to_wire, empty_from_wire},
};

static const struct {
    const char *name;
    enum control_side side;
} kinds[CONTROL_KIND_COUNT] = {
#define X(kind, text, from) [kind] = {text, from},
    CONTROL_KINDS(X)
#undef X
};

static bool known(unsigned kind)
{
    return kind != CONTROL_NONE && kind < CONTROL_KIND_COUNT;
}

const char *control_name(enum control_kind kind)
{
    return known(kind) ? kinds[kind].name : "?";
}

enum control_side control_side_of(enum control_kind kind)
{
    NP_ASSERT(known(kind));
    return kinds[kind].side;
}

enum err_code control_encode(const struct control *control, struct bytes *bytes, struct err *err)
{
    NP_ASSERT(known(control->kind));
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    Np__Control wire = NP__CONTROL__INIT;
    wire.kind_case = (Np__Control__KindCase)control->kind;
    conversions[control->kind].to_wire(control, &wire, &arena);
    size_t size = protobuf_c_message_get_packed_size(&wire.base);
    if (size <= CONTROL_BODY_MAX)
        wire_pack(&wire.base, bytes);
    arena_free(&arena);
    return size <= CONTROL_BODY_MAX
               ? ERR_OK
               : err_set(err, ERR_LIMIT, "a %s message of %zu bytes, where %zu is the most",
                         control_name(control->kind), size, CONTROL_BODY_MAX);
}

static enum err_code from_wire(const Np__Control *wire, struct control *control, struct err *err)
{
    unsigned kind = (unsigned)wire->kind_case;
    if (!known(kind))
        return REFUSE(err, "a control message of no known kind");
    if (conversions[kind].from_wire(wire, control, err))
        return err_wrap(err, "%s", kinds[kind].name);
    control->kind = (enum control_kind)kind;
    return ERR_OK;
}

enum err_code control_decode(const uint8_t *data, size_t size, struct control *control, struct err *err)
{
    struct arena arena;
    arena_init(&arena, UNPACKED_BYTES_MAX);
    err_clear(err);
    memset(control, 0, sizeof *control); // an initialiser clears only the first member of a union
    ProtobufCMessage *wire = wire_unpack(&np__control__descriptor, data, size, &arena, err);
    if (wire && from_wire((const Np__Control *)wire, control, err))
        memset(control, 0,
               sizeof *control); // nothing half read is left behind, and nothing of it needs freeing
    arena_free(&arena);
    return err->code;
}

void control_free(struct control *control)
{
    switch (control->kind) {
    case CONTROL_PROGRESS:
        free(control->progress.groups);
        break;
    case CONTROL_PAUSED:
        free(control->paused.groups);
        break;
    case CONTROL_RESULTS:
        results_free(&control->results);
        break;
    case CONTROL_SAVED:
        free(control->saved.parts);
        break;
    case CONTROL_CONFIGURE:
        machine_free(&control->configure.machine);
        break;
    case CONTROL_WATCHED:
        free(control->watched.events);
        break;
    case CONTROL_TIMELINE:
        free(control->timeline.records);
        break;
    case CONTROL_TEXT:
        text_list_free(&control->text.pieces);
        break;
    case CONTROL_START:
        free(control->start.wanted);
        break;
    case CONTROL_ORDERS:
        control_orders_free(&control->orders);
        break;
    case CONTROL_REPORTS:
        free(control->reports.reports);
        free(control->reports.views);
        free(control->reports.bytes);
        break;
    default:
        break;
    }
    memset(control, 0, sizeof *control);
}
