// SPDX-License-Identifier: Apache-2.0
// PROGRESS, PAUSED and SAVED: the messages that carry lists.
#include <stdlib.h>
#include <string.h>

#include "proto/codec/control_wire.h"

#define GROUP_FIELDS(X) X(time) X(grants) X(accesses) X(running) X(reported)
#define PART_FIELDS(X)  X(index) X(bytes) X(plain_bytes) X(checksum)

static Np__GroupProgress **groups_to_wire(const struct group_progress *groups, uint32_t count,
                                          struct arena *arena)
{
    NP_ASSERT(count <= GROUPS_MAX);
    Np__GroupProgress **list = WIRE_ARRAY(arena, Np__GroupProgress, np__group_progress__init, count);
    for (uint32_t i = 0; i < count; i++) {
        const struct group_progress *from = &groups[i];
        Np__GroupProgress *to = list[i];
        GROUP_FIELDS(COPY)
    }
    return list;
}

static enum err_code groups_from_wire(Np__GroupProgress *const *list, size_t count,
                                      struct group_progress **groups, uint32_t *n_groups, struct err *err)
{
    if (count > GROUPS_MAX)
        return REFUSE(err, "%zu groups, where %u is the most", count, GROUPS_MAX);
    *groups = calloc(count ? count : 1, sizeof **groups);
    if (!*groups)
        return err_set(err, ERR_MEMORY, "no memory for %zu groups", count);
    *n_groups = (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        const Np__GroupProgress *from = list[i];
        struct group_progress *to = &(*groups)[i];
        GROUP_FIELDS(COPY)
    }
    return ERR_OK;
}

void progress_to_wire(const struct control *control, Np__Control *wire, struct arena *arena)
{
    NEW(Np__Progress, np__progress__init);
    to->n_groups = control->progress.n_groups;
    to->groups = groups_to_wire(control->progress.groups, control->progress.n_groups, arena);
    wire->progress = to;
}

enum err_code progress_from_wire(const Np__Control *wire, struct control *control, struct err *err)
{
    return groups_from_wire(wire->progress->groups, wire->progress->n_groups, &control->progress.groups,
                            &control->progress.n_groups, err);
}

void paused_to_wire(const struct control *control, Np__Control *wire, struct arena *arena)
{
    NEW(Np__Paused, np__paused__init);
    to->reason = control->paused.reason;
    to->n_groups = control->paused.n_groups;
    to->groups = groups_to_wire(control->paused.groups, control->paused.n_groups, arena);
    wire->paused = to;
}

enum err_code paused_from_wire(const Np__Control *wire, struct control *control, struct err *err)
{
    if (wire->paused->reason >= PAUSE_REASON_COUNT)
        return REFUSE(err, "unknown reason %u", wire->paused->reason);
    control->paused.reason = (enum pause_reason)wire->paused->reason;
    return groups_from_wire(wire->paused->groups, wire->paused->n_groups, &control->paused.groups,
                            &control->paused.n_groups, err);
}

void saved_to_wire(const struct control *control, Np__Control *wire, struct arena *arena)
{
    NP_ASSERT(control->saved.n_parts <= SAVED_PARTS_MAX);
    NEW(Np__Saved, np__saved__init);
    to->n_parts = control->saved.n_parts;
    to->parts = WIRE_ARRAY(arena, Np__SavedPart, np__saved_part__init, to->n_parts);
    wire->saved = to;
    for (size_t i = 0; i < wire->saved->n_parts; i++) {
        const struct saved_part *from = &control->saved.parts[i];
        Np__SavedPart *part = wire->saved->parts[i];
#define PART_COPY(field) part->field = from->field;
        PART_FIELDS(PART_COPY)
        part->kind = from->kind;
        part->name = arena_text(arena, from->name, sizeof from->name);
    }
}

// The coordinator joins the name to a folder: it must stay inside.
static bool is_plain_file_name(const char *name)
{
    return name[0] && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static enum err_code part_from_wire(const Np__SavedPart *from, struct saved_part *to, struct err *err)
{
    PART_FIELDS(COPY)
    if (from->kind >= SAVED_KIND_COUNT ||
        from->index >= (from->kind == SAVED_BOARD ? BOARDS_MAX : GROUPS_MAX))
        return REFUSE(err, "unknown kind %u or index %u", from->kind, from->index);
    to->kind = (enum saved_kind)from->kind;
    if (!is_plain_file_name(from->name))
        return REFUSE(err, "not the name of a file");
    return wire_text(to->name, sizeof to->name, from->name, "a file name", err);
}

enum err_code saved_from_wire(const Np__Control *wire, struct control *control, struct err *err)
{
    struct control_saved *to = &control->saved;
    if (wire->saved->n_parts > SAVED_PARTS_MAX)
        return REFUSE(err, "%zu parts, where %u is the most", wire->saved->n_parts, SAVED_PARTS_MAX);
    to->parts = calloc(wire->saved->n_parts ? wire->saved->n_parts : 1, sizeof *to->parts);
    if (!to->parts)
        return err_set(err, ERR_MEMORY, "no memory for %zu parts", wire->saved->n_parts);
    to->n_parts = (uint32_t)wire->saved->n_parts;
    for (uint32_t i = 0; i < to->n_parts; i++) {
        if (part_from_wire(wire->saved->parts[i], &to->parts[i], err) == ERR_OK)
            continue;
        free(to->parts);
        return err_wrap(err, "part %u", i);
    }
    return ERR_OK;
}
