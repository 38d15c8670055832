// SPDX-License-Identifier: Apache-2.0
// Systems and their boards: preset, overrides for all boards, overrides for single boards, in this order.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/machine/directory.h"
#include "coordinator/machine/preset.h"
#include "coordinator/machine/reader.h"
#include "proto/base/assert.h"

struct system_text {
    char name[NAME_MAX_BYTES];
    struct value preset, protocol, family, directory_miss, boards, board, board_overrides, floating,
        blacklist, crossbar, smp_cpus, clm_steps, clm_small_cell, controller_latency, partitions;
};

#define LATER(key, presence)                                                                                 \
    {                                                                                                        \
#key, read_later, offsetof(struct system_text, key), presence, 0, 0, 0, 0                            \
    }
static const struct field fields[] = {
    {"name", read_name, offsetof(struct system_text, name), REQUIRED, 0, 0, 0, 0},
    LATER(preset, OPTIONAL),          // figures to begin with
    LATER(protocol, OPTIONAL),        // between boards; the preset's when absent
    LATER(family, OPTIONAL),          // how partitions are called and changed; the preset's when absent
    LATER(directory_miss, OPTIONAL),  // recall or broadcast; the preset's when absent
    LATER(boards, REQUIRED),          // names, or how many
    LATER(board, OPTIONAL),           // figures of all boards
    LATER(board_overrides, OPTIONAL), // figures of single boards, by name
    LATER(floating, OPTIONAL),        // boards that take no part in an interleave
    LATER(blacklist, OPTIONAL),       // boards that are not to be used
    LATER(crossbar, OPTIONAL),        // flight times, boards of each
    LATER(smp_cpus, OPTIONAL),        // advised for one partition
    LATER(clm_steps, OPTIONAL),       // of a cell's memory, for its local part
    LATER(clm_small_cell, OPTIONAL),
    LATER(controller_latency, OPTIONAL), // from a board's report to the next order
    LATER(partitions, REQUIRED),
};

static enum err_code read_protocol(struct reader *r, const struct system_text *text, struct value where,
                                   struct system_desc *system)
{
    if (value_present(text->protocol)) {
        enum err_code code = check_name(text->protocol, r->err);
        if (code)
            return code;
        strcpy(system->protocol, value_text(text->protocol));
        where = text->protocol;
    }
    if (!system->protocol[0])
        return value_fail(where, ERR_MISSING_KEY, r->err,
                          "key 'protocol' is missing; add protocol: mesi, for example");
    return protocol_check(system->protocol, where, r->err);
}

static enum err_code add_board(struct reader *r, struct value where, const char *name, uint32_t system)
{
    struct machine *m = &r->out->machine;
    if (m->n_boards == BOARDS_MAX || m->systems[system].boards == BOARDS_PER_SYSTEM_MAX)
        return value_fail(where, ERR_LIMIT, r->err,
                          "more than %u boards in a system or %u in all; remove some", BOARDS_PER_SYSTEM_MAX,
                          BOARDS_MAX);
    if (find_board(m, name) != NO_INDEX)
        return value_fail(where, ERR_IMPOSSIBLE_MACHINE, r->err,
                          "there are two boards '%s'; board names are unique in the whole complex", name);
    if (strcmp(name, "all") == 0 || strcmp(name, "rest") == 0)
        return value_fail(where, ERR_BAD_VALUE, r->err, "'%s' has a meaning in on:; name the board otherwise",
                          name);
    PUSH_BESIDE(r->out->sources, m->n_boards);
    struct board_desc *board = PUSH(m->boards, m->n_boards);
    snprintf(board->name, sizeof board->name, "%s", name);
    board->system = system;
    board->partition = NO_PARTITION;
    m->systems[system].boards++;
    return ERR_OK;
}

// `boards: 8` names them B0, B1 ... by their number in the complex; a list gives the names.
static enum err_code read_boards(struct reader *r, struct value v, uint32_t system)
{
    struct machine *m = &r->out->machine;
    enum err_code code = ERR_OK;
    if (value_is_list(v)) {
        for (unsigned i = 0; i < value_length(v) && !code; i++) {
            struct value name = list_at(v, i);
            code = check_name(name, r->err);
            if (!code)
                code = add_board(r, name, value_text(name), system);
        }
    } else {
        static const struct field count = {.unit = UNIT_COUNT, .min = 1, .max = BOARDS_PER_SYSTEM_MAX};
        uint32_t n = 0;
        code = read_number32(&count, v, &n, r->err);
        for (uint32_t i = 0; i < n && !code; i++) {
            char name[NAME_MAX_BYTES];
            snprintf(name, sizeof name, "B%" PRIu32, m->n_boards);
            code = add_board(r, v, name, system);
        }
    }
    if (!code && m->systems[system].boards == 0)
        code = value_fail(v, ERR_IMPOSSIBLE_MACHINE, r->err, "a system has at least one board; name one");
    return code;
}

// Lays the overrides of one board over the figures of its system and enters the result.
static enum err_code finish_board(struct reader *r, const struct system_text *text, struct value where,
                                  const struct figures *common, uint32_t number)
{
    struct board_desc *board = &r->out->machine.boards[number];
    struct figures figures = *common;
    struct value own = mapping_get(text->board_overrides, board->name);
    enum err_code code = ERR_OK;
    if (value_present(own))
        code = figures_read(own, &figures, r->err);
    if (!code)
        code = figures_check(&figures, board->name, value_present(own) ? own : where, r->err);
    if (!code)
        code = directory_fits(&figures.params, board->name, r->out->machine.systems[board->system].protocol,
                              value_present(own) ? own : where, r->err);
    if (!figures.params.l1_split)
        figures.params.l1i = (struct cache_geometry){0};
    if (figures.params.directory_entries == 0)
        figures.params.directory_ways = 0;
    board->params = figures.params;
    memcpy(r->out->sources[number], figures.sources, sizeof figures.sources);
    return code;
}

static enum err_code check_overrides(struct reader *r, struct value overrides, uint32_t system)
{
    struct machine *m = &r->out->machine;
    if (value_present(overrides) && !value_is_mapping(overrides))
        return value_fail(overrides, ERR_BAD_VALUE, r->err, "must be a mapping from boards to their figures");
    for (unsigned i = 0; i < value_length(overrides); i++) {
        uint32_t board = NO_INDEX;
        enum err_code code = read_board(r, mapping_key_at(overrides, i), &board);
        if (code)
            return code;
        if (m->boards[board].system != system)
            return value_fail(mapping_key_at(overrides, i), ERR_IMPOSSIBLE_MACHINE, r->err,
                              "board %s belongs to another system; override it there", m->boards[board].name);
    }
    return ERR_OK;
}

// Needed only where there is a directory cache.
static enum err_code read_directory_miss(struct reader *r, const struct system_text *text, struct value where,
                                         const struct preset *preset, uint32_t system)
{
    struct machine *m = &r->out->machine;
    struct system_desc *s = &m->systems[system];
    enum err_code code = ERR_OK;
    s->directory_miss = preset->directory_miss;
    bool given = preset->directory_miss_given || value_present(text->directory_miss);
    if (value_present(text->directory_miss))
        code = directory_miss_read(text->directory_miss, &s->directory_miss, r->err);
    for (uint32_t b = s->first_board; b < s->first_board + s->boards && !code; b++)
        if (m->boards[b].params.directory_entries && !given)
            code = value_fail(where, ERR_MISSING_KEY, r->err,
                              "board %s has a directory cache, but key 'directory_miss' is missing; add "
                              "directory_miss: recall or broadcast",
                              m->boards[b].name);
    return code;
}

static enum err_code finish_boards(struct reader *r, const struct system_text *text, struct value where,
                                   const struct figures *common, uint32_t system)
{
    struct machine *m = &r->out->machine;
    const struct system_desc *s = &m->systems[system];
    enum err_code code = check_overrides(r, text->board_overrides, system);
    for (uint32_t b = s->first_board; b < s->first_board + s->boards && !code; b++) {
        code = finish_board(r, text, where, common, b);
        const struct board_desc *first = &m->boards[s->first_board];
        if (!code && m->boards[b].params.line_bytes != first->params.line_bytes)
            code = value_fail(where, ERR_IMPOSSIBLE_MACHINE, r->err,
                              "boards %s and %s differ in line size; all boards of a system share one",
                              first->name, m->boards[b].name);
    }
    return code;
}

static enum err_code read_crossbar(struct reader *r, const struct system_text *text, struct value where,
                                   struct system_figures *figures, uint32_t system)
{
    struct system_desc *desc = &r->out->machine.systems[system];
    enum err_code code = ERR_OK;
    if (value_present(text->crossbar))
        code = crossbar_read(text->crossbar, figures, r->err);
    if (!code)
        code = system_figure_read(text->smp_cpus, SYS_SMP_CPUS, figures, r->err);
    if (!code)
        code = system_figure_read(text->clm_steps, SYS_CLM_STEPS, figures, r->err);
    if (!code)
        code = system_figure_read(text->clm_small_cell, SYS_CLM_SMALL_CELL, figures, r->err);
    if (!code)
        code = system_figure_read(text->controller_latency, SYS_CONTROLLER, figures, r->err);
    if (!code && figures->flight == 0)
        code = value_fail(where, ERR_MISSING_KEY, r->err,
                          "figure 'flight' is missing; name a preset or add crossbar: {flight: 100ns}");
    bool far = figures->boards && desc->boards > figures->boards;
    if (!code && far && figures->far_flight == 0)
        code = value_fail(where, ERR_MISSING_KEY, r->err,
                          "figure 'far_flight' is missing: %u boards do not fit on one crossbar of %u; add "
                          "crossbar: {far_flight: 200ns}",
                          desc->boards, (unsigned)figures->boards);
    desc->controller_latency = figures->controller_latency;
    desc->flight = figures->flight;
    // A system that fits on one crossbar has one: its boards per crossbar say nothing of it.
    desc->far_flight = far ? figures->far_flight : 0;
    desc->boards_per_crossbar = far ? (uint32_t)figures->boards : 0;
    r->out->system_figures[system] = *figures;
    return code;
}

// The boards that a list names are given a mark.
static enum err_code mark_boards(struct reader *r, struct value list, uint32_t system, bool floating)
{
    struct machine *m = &r->out->machine;
    if (value_present(list) && !value_is_list(list))
        return value_fail(list, ERR_BAD_VALUE, r->err, "must be a list of boards such as [SB7]");
    for (unsigned i = 0; i < value_length(list); i++) {
        uint32_t board = NO_INDEX;
        enum err_code code = read_board(r, list_at(list, i), &board);
        if (code)
            return code;
        if (m->boards[board].system != system)
            return value_fail(list_at(list, i), ERR_IMPOSSIBLE_MACHINE, r->err,
                              "board %s belongs to another system; name it there", m->boards[board].name);
        *(floating ? &m->boards[board].floating : &m->boards[board].blacklisted) = true;
    }
    return ERR_OK;
}

static enum err_code read_marks(struct reader *r, const struct system_text *text, uint32_t system)
{
    enum err_code code = mark_boards(r, text->floating, system, true);
    return code ? code : mark_boards(r, text->blacklist, system, false);
}

static enum err_code fill_system(struct reader *r, const struct system_text *text, struct value where,
                                 struct preset *preset, uint32_t system)
{
    struct machine *m = &r->out->machine;
    struct system_desc *desc = &m->systems[system];
    strcpy(desc->protocol, preset->protocol);
    desc->family = preset->family;
    enum err_code code = family_read(text->family, &desc->family, r->err);
    if (!code)
        code = read_protocol(r, text, where, desc);
    if (!code)
        code = read_boards(r, text->boards, system);
    if (!code && value_present(text->board))
        code = figures_read(text->board, &preset->figures, r->err);
    if (!code)
        code = finish_boards(r, text, where, &preset->figures, system);
    if (!code)
        code = read_directory_miss(r, text, where, preset, system);
    if (!code)
        code = read_crossbar(r, text, where, &preset->system, system);
    if (!code)
        code = read_marks(r, text, system);
    return code ? code : partitions_read(r, text->partitions, system);
}

static enum err_code read_system(struct reader *r, struct value v)
{
    struct machine *m = &r->out->machine;
    struct system_text text = {0};
    struct preset preset = {0};
    enum err_code code = fields_read(v, fields, NP_ARRAY_LEN(fields), &text, r->err);
    if (!code && value_present(text.preset))
        code = preset_read(text.preset, r->out->directory, &preset, r->err);
    if (code)
        return code;
    for (uint32_t i = 0; i < m->n_systems; i++)
        if (strcmp(m->systems[i].name, text.name) == 0)
            return value_fail(v, ERR_IMPOSSIBLE_MACHINE, r->err, "there are two systems '%s'; rename one",
                              text.name);
    uint32_t system = m->n_systems;
    PUSH_BESIDE(r->out->system_figures, system);
    struct system_desc *desc = PUSH(m->systems, m->n_systems);
    strcpy(desc->name, text.name);
    desc->first_board = m->n_boards;
    return fill_system(r, &text, v, &preset, system);
}

enum err_code systems_read(struct reader *r, struct value list)
{
    if (!value_is_list(list) || value_length(list) == 0)
        return value_fail(list, ERR_BAD_VALUE, r->err, "must be a list of systems, each with '- name:'");
    if (value_length(list) > SYSTEMS_MAX)
        return value_fail(list, ERR_LIMIT, r->err, "more than %u systems; remove some", SYSTEMS_MAX);
    enum err_code code = ERR_OK;
    for (unsigned i = 0; i < value_length(list) && !code; i++)
        code = read_system(r, list_at(list, i));
    return code;
}
