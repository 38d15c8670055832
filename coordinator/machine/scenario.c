// SPDX-License-Identifier: Apache-2.0
// The scenario as a whole: top-level keys, the order of reading, and what the parts of the reader share.
#include "coordinator/machine/scenario.h"

#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/machine/reader.h"
#include "proto/base/assert.h"

struct scenario_text {
    char name[NAME_MAX_BYTES];
    uint64_t seed;
    sim_time until, window;
    struct value parameters, systems, links, faults, commands, claims;
};

#define LATER(key, presence)                                                                                 \
    {                                                                                                        \
#key, read_later, offsetof(struct scenario_text, key), presence, 0, 0, 0, 0                          \
    }
static const struct field fields[] = {
    {"scenario", read_name, offsetof(struct scenario_text, name), REQUIRED, 0, 0, 0, 0},
    {"seed", read_number, offsetof(struct scenario_text, seed), OPTIONAL, UNIT_COUNT, 0, UINT64_MAX, 0},
    {"until", read_number, offsetof(struct scenario_text, until), OPTIONAL, UNIT_TIME, 1, UINT64_C(1) << 62,
     0},
    {"window", read_number, offsetof(struct scenario_text, window), OPTIONAL, UNIT_TIME, 0, SIM_PS_PER_S, 0},
    LATER(parameters, OPTIONAL), // settings.c has read them
    LATER(systems, REQUIRED),
    LATER(links, OPTIONAL),
    LATER(faults, OPTIONAL),
    LATER(commands, OPTIONAL),
    LATER(claims, OPTIONAL),
};

static void *grow(void *array, size_t items, size_t item_size)
{
    void *grown = realloc(array, items * item_size);
    if (!grown)
        np_panic("out of memory for a scenario: %zu items of %zu bytes", items, item_size);
    return grown;
}

void *array_push(void *array_at, uint32_t *n, size_t item_size)
{
    char *array;
    memcpy(&array, array_at, sizeof array);
    if ((*n & (*n - 1)) == 0) { // full at every power of two
        array = grow(array, *n ? 2 * (size_t)*n : 1, item_size);
        memcpy(array_at, &array, sizeof array);
    }
    char *item = array + (size_t)(*n)++ * item_size;
    memset(item, 0, item_size);
    return item;
}

void *array_push_beside(void *array_at, uint32_t n, size_t item_size)
{
    return array_push(array_at, &n, item_size);
}

void warn(struct reader *r, struct value v, const char *fmt, ...)
{
    struct warning *warning = PUSH(r->out->warnings, r->out->n_warnings);
    int n = snprintf(warning->text, sizeof warning->text, "%.128s:%u: ", r->document.name, value_line(v));
    va_list args;
    va_start(args, fmt);
    vsnprintf(warning->text + n, sizeof warning->text - (size_t)n, fmt, args);
    va_end(args);
}

uint32_t find_board(const struct machine *machine, const char *name)
{
    for (uint32_t i = 0; i < machine->n_boards; i++)
        if (strcmp(machine->boards[i].name, name) == 0)
            return i;
    return NO_INDEX;
}

uint32_t find_partition(const struct machine *machine, const char *name)
{
    for (uint32_t i = 0; i < machine->n_partitions; i++)
        if (strcmp(machine->partitions[i].name, name) == 0)
            return i;
    return NO_INDEX;
}

enum err_code read_board(struct reader *r, struct value v, uint32_t *board)
{
    const struct machine *m = &r->out->machine;
    const char *names[BOARDS_MAX], *text = value_text(v);
    if (!text)
        return value_fail(v, ERR_BAD_VALUE, r->err, "must be the name of a board");
    *board = find_board(m, text);
    if (*board != NO_INDEX)
        return ERR_OK;
    for (uint32_t i = 0; i < m->n_boards; i++)
        names[i] = m->boards[i].name;
    return fail_not_one_of(v, ERR_BAD_VALUE, r->err, "board", text, names, m->n_boards);
}

enum err_code absolute_path(struct reader *r, struct value v, char path[PATH_MAX_BYTES])
{
    const char *text = value_text(v);
    if (!text || text[0] == '\0')
        return value_fail(v, ERR_BAD_VALUE, r->err, "must be the path of a file");
    bool absolute = text[0] == '/';
    int n = snprintf(path, PATH_MAX_BYTES, "%s%s%s", absolute ? "" : r->out->directory, absolute ? "" : "/",
                     text);
    if (n >= (int)PATH_MAX_BYTES)
        return value_fail(v, ERR_LIMIT, r->err, "the path is longer than %u bytes", PATH_MAX_BYTES - 1);
    return ERR_OK;
}

static enum err_code read_machine(struct reader *r)
{
    struct value root = document_root(&r->document);
    struct machine *m = &r->out->machine;
    struct scenario_text text = {.seed = 1, .until = SIM_NEVER};
    enum err_code code = fields_read(root, fields, NP_ARRAY_LEN(fields), &text, r->err);
    if (code)
        return code;
    strcpy(m->name, text.name);
    m->until = text.until;
    m->window = text.window;
    code = systems_read(r, text.systems);
    if (!code && m->n_partitions == 0)
        code = value_fail(text.systems, ERR_IMPOSSIBLE_MACHINE, r->err,
                          "no system has a partition and nothing would run; add one under partitions:");
    scenario_set_seed(r->out, text.seed);
    if (!code)
        code = links_read(r, text.links);
    if (!code)
        code = programs_read(r);
    if (!code)
        code = faults_read(r, text.faults);
    if (!code)
        code = commands_read(r, text.commands);
    if (!code)
        code = claims_read(r, text.claims);
    const char *rule = code ? NULL : machine_invalid(m);
    if (rule) // the checks above should have said it better, with a line
        code = value_fail(root, ERR_IMPOSSIBLE_MACHINE, r->err, "%s", rule);
    if (!code)
        advice_collect(r, root);
    return code;
}

// The folder of the file, absolute: relative paths in a scenario do not depend on where it is read from.
static enum err_code find_directory(const char *path, char directory[PATH_MAX_BYTES], struct err *err)
{
    char folder[PATH_MAX_BYTES] = ".";
    const char *slash = strrchr(path, '/');
    if (slash && (size_t)(slash - path) < sizeof folder)
        snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    char *resolved = realpath(folder, NULL);
    if (!resolved)
        return err_errno(err, ERR_FILE, "%s", path);
    int n = snprintf(directory, PATH_MAX_BYTES, "%s", resolved);
    free(resolved);
    return n < (int)PATH_MAX_BYTES ? ERR_OK
                                   : err_set(err, ERR_LIMIT, "%s: its folder's path is too long", path);
}

static enum err_code read_any(const char *path, const char *text, size_t size, const char *name,
                              const struct settings *settings, struct scenario *out, struct err *err)
{
    struct err local = {0};
    struct reader *r = calloc(1, sizeof *r);
    *out = (struct scenario){0};
    if (!r)
        return err_set(err, ERR_MEMORY, "%s: out of memory", name);
    r->out = out;
    r->err = err ? err : &local;
    snprintf(out->file, sizeof out->file, "%s", name);
    enum err_code code = find_directory(path ? path : ".", out->directory, r->err);
    if (!code)
        code = path ? document_read_file(&r->document, path, r->err)
                    : document_read_text(&r->document, text, size, name, r->err);
    if (!code)
        code = settings_apply(&r->document, settings, out->parameters, &out->n_parameters, r->err);
    if (!code)
        code = read_machine(r);
    document_free(&r->document);
    free(r);
    if (code)
        scenario_free(out);
    return code;
}

int scenario_read(const char *path, struct scenario *out, struct err *err)
{
    return (int)read_any(path, NULL, 0, path, NULL, out, err);
}

int scenario_read_set(const char *path, const struct settings *settings, struct scenario *out,
                      struct err *err)
{
    return (int)read_any(path, NULL, 0, path, settings, out, err);
}

int scenario_read_text(const char *text, size_t size, const char *name, struct scenario *out, struct err *err)
{
    return (int)read_any(NULL, text, size, name, NULL, out, err);
}

struct provenances scenario_provenances(const struct scenario *scenario, uint32_t system)
{
    uint32_t first = scenario->machine.systems[system].first_board;
    return provenances_count(scenario->sources[first], &scenario->machine.boards[first].params,
                             &scenario->system_figures[system]);
}

void scenario_free(struct scenario *scenario)
{
    for (uint32_t i = 0; i < scenario->n_recordings; i++) {
        for (char **argument = scenario->recordings[i].argv; argument && *argument; argument++)
            free(*argument);
        free(scenario->recordings[i].argv);
        free(scenario->recordings[i].cpus);
    }
    machine_free(&scenario->machine);
    free(scenario->recordings);
    free(scenario->programs);
    free(scenario->warnings);
    free(scenario->claims);
    free(scenario->commands);
    free(scenario->program_of);
    free(scenario->program_of_pool);
    free(scenario->sources);
    free(scenario->system_figures);
    free(scenario->seed_given);
    *scenario = (struct scenario){0};
}

int scenario_set_trace(struct scenario *scenario, uint32_t recording, const char *path, struct err *err)
{
    NP_ASSERT(recording < scenario->n_recordings);
    const struct recording *from = &scenario->recordings[recording];
    if (strlen(path) >= PATH_MAX_BYTES)
        return (int)err_set(err, ERR_LIMIT, "%s: the path is longer than %u bytes", path, PATH_MAX_BYTES - 1);
    for (uint32_t i = 0; i < from->n_cpus; i++)
        strcpy(scenario->machine.cpus[from->cpus[i]].trace, path);
    if (from->pool != NO_POOL)
        strcpy(scenario->machine.pools[from->pool].what.trace, path);
    return ERR_OK;
}
