// SPDX-License-Identifier: Apache-2.0
// Entries that replay: recorded references (`trace:`, `record:`) and small programs of a few lines
// (`script:`).
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "coordinator/machine/reader.h"
#include "proto/base/assert.h"
#include "proto/trace/trace.h"

#define MAX_REFS_DEFAULT 1000000
#define MAX_REFS_MOST    UINT64_C(1000000000000)
#define ARGUMENTS_MAX    64

// Longest pause of a waiting thread between two looks: about what a look costs when another board has the
// line, so that waiting neither floods the crossbar nor sleeps through the change.
#define BACKOFF_DEFAULT (200 * SIM_PS_PER_NS)

// Whoever joins a thread waits as long as that one runs: in a second it makes a hundred million references.
#define GIVE_UP_DEFAULT SIM_PS_PER_S

const char *const scenario_tools[RECORDING_TOOLS] = {"auto", "qemu", "lackey"};

// first-touch, round-robin, or the board that holds all pages.
static enum err_code read_placement(struct reader *r, struct entry *e, struct value v)
{
    const struct machine *m = &r->out->machine;
    e->cpu.placement = PLACE_FIRST_TOUCH;
    if (!value_present(v) || value_is(v, "first-touch"))
        return ERR_OK;
    if (value_is(v, "round-robin")) {
        e->cpu.placement = PLACE_ROUND_ROBIN;
        return ERR_OK;
    }
    uint32_t board = value_text(v) ? find_board(m, value_text(v)) : NO_INDEX;
    if (board == NO_INDEX || m->boards[board].partition != e->partition)
        return value_fail(v, ERR_BAD_VALUE, r->err,
                          "must be first-touch, round-robin or a board of partition %s",
                          m->partitions[e->partition].name);
    e->cpu.placement = PLACE_FIXED;
    e->cpu.fixed_board = (uint16_t)board;
    return ERR_OK;
}

// All keys of entries that replay references or run a script; each kind has its part of the table.
struct replay_text {
    struct runner runner; // first: see runner_rows
    struct value what, placement, name, directory, tool;
    uint32_t outstanding;
    uint64_t max_refs, skip, backoff, give_up;
};

#define LATER(key, member, presence)                                                                         \
    {                                                                                                        \
        key, read_later, offsetof(struct replay_text, member), presence, 0, 0, 0, 0                          \
    }
#define OUTSTANDING                                                                                          \
    {                                                                                                        \
        "outstanding", read_number32, offsetof(struct replay_text, outstanding), OPTIONAL, UNIT_COUNT, 1,    \
            OUTSTANDING_MAX, 0                                                                               \
    }

#define WAITING                                                                                              \
    {                                                                                                        \
        "backoff", read_number, offsetof(struct replay_text, backoff), OPTIONAL, UNIT_TIME, 1, SIM_PS_PER_S, \
        0},                                                                                                  \
    {                                                                                                        \
        "give_up", read_number, offsetof(struct replay_text, give_up), OPTIONAL, UNIT_TIME, 1, GIVE_UP_MAX,  \
            0                                                                                                \
    }

static const struct field trace_fields[] = {
    LATER("trace", what, REQUIRED), // file
    LATER("placement", placement, OPTIONAL),
    OUTSTANDING,
    WAITING,
};

static const struct field record_fields[] = {
    LATER("record", what, REQUIRED), // program and its arguments
    LATER("name", name, OPTIONAL),
    LATER("directory", directory, OPTIONAL), // to run it in; by default the scenario's
    {"max_refs", read_number, offsetof(struct replay_text, max_refs), OPTIONAL, UNIT_COUNT, 1, MAX_REFS_MOST,
     0},
    {"skip", read_number, offsetof(struct replay_text, skip), OPTIONAL, UNIT_COUNT, 0, MAX_REFS_MOST, 0},
    LATER("tool", tool, OPTIONAL),
    LATER("placement", placement, OPTIONAL),
    OUTSTANDING,
    WAITING,
};

static const struct field script_fields[] = {
    LATER("script", what, REQUIRED), // file, or the text itself as a block
};

// The keys of a kind and of who runs the entry.
static enum err_code read_rows(struct reader *r, const struct entry *e, const struct field *fields, size_t n,
                               struct replay_text *text)
{
    struct field rows[NP_ARRAY_LEN(record_fields) + RUNNER_KEYS];
    NP_ASSERT(n <= NP_ARRAY_LEN(record_fields));
    memcpy(rows, fields, n * sizeof *fields);
    return fields_read(e->where, rows, n + runner_rows(e, rows + n), text, r->err);
}

static enum err_code read_replay(struct reader *r, struct entry *e, const struct field *fields, size_t n,
                                 struct replay_text *text)
{
    *text = (struct replay_text){.outstanding = 1,
                                 .max_refs = MAX_REFS_DEFAULT,
                                 .backoff = BACKOFF_DEFAULT,
                                 .give_up = GIVE_UP_DEFAULT};
    enum err_code code = read_rows(r, e, fields, n, text);
    if (!code)
        code = read_placement(r, e, text->placement);
    e->cpu.kind = CPU_TRACE;
    e->cpu.outstanding = text->outstanding;
    e->cpu.backoff = text->backoff;
    e->cpu.give_up = text->give_up;
    return code;
}

static enum err_code check_has_frames(struct reader *r, const struct entry *e)
{
    const struct machine *m = &r->out->machine;
    const struct partition_desc *p = &m->partitions[e->partition];
    for (uint32_t i = 0; i < p->n_boards; i++)
        if (p->frames_offset >= m->boards[p->boards[i]].params.memory_bytes)
            return value_fail(
                e->where, ERR_IMPOSSIBLE_MACHINE, r->err,
                "a recorded program needs frames for its pages and partition %s has none; remove "
                "frames: 0, or write frames: 64MiB",
                p->name);
    return ERR_OK;
}

enum err_code trace_read(struct reader *r, struct entry *e)
{
    struct replay_text text;
    enum err_code code = read_replay(r, e, trace_fields, NP_ARRAY_LEN(trace_fields), &text);
    if (!code)
        code = absolute_path(r, text.what, e->cpu.trace);
    if (!code && access(e->cpu.trace, R_OK) != 0)
        code =
            value_fail(text.what, ERR_FILE, r->err,
                       "there is no such trace; make it with numaplex record, or use record: in its place");
    return code ? code : check_has_frames(r, e);
}

enum err_code trace_check_members(struct reader *r, const struct entry *e)
{
    struct trace_info info;
    struct err why;
    uint32_t needed;
    struct value what = mapping_get(e->where, "trace");
    const char *who = e->pool.n_threads ? "threads" : "CPUs";
    if (trace_info_read(e->cpu.trace, &info, &why))
        return value_fail(what, why.code, r->err, "%s", why.text);
    enum err_code code = ERR_OK;
    if (!info.n_streams)
        code = value_fail(what, ERR_BAD_VALUE, r->err,
                          "the trace is empty; record a program that does something");
    else if (!trace_cpus_suffice(&info, e->cpu.members, &needed))
        code = value_fail(mapping_get(e->where, e->pool.n_threads ? "threads" : "on"), ERR_IMPOSSIBLE_MACHINE,
                          r->err,
                          "the recorded threads wait for one another and need %" PRIu32
                          " %s, these are %" PRIu32 "; name %" PRIu32 " %s",
                          needed, who, e->cpu.members, needed, who);
    trace_info_free(&info);
    return code;
}

static bool recording_exists(const struct scenario *s, const char *name)
{
    for (uint32_t i = 0; i < s->n_recordings; i++)
        if (strcmp(s->recordings[i].name, name) == 0)
            return true;
    return false;
}

// The name of a recording is given, or that of the program, with a number when there is one of that name
// already.
static enum err_code name_recording(struct reader *r, struct value given, const char *program,
                                    char name[NAME_MAX_BYTES])
{
    if (value_present(given)) {
        enum err_code code = check_name(given, r->err);
        if (!code && recording_exists(r->out, value_text(given)))
            code = value_fail(given, ERR_IMPOSSIBLE_MACHINE, r->err,
                              "there are two recordings '%s'; rename one", value_text(given));
        if (!code)
            strcpy(name, value_text(given));
        return code;
    }
    const char *slash = strrchr(program, '/');
    char base[NAME_MAX_BYTES - 16];
    snprintf(base, sizeof base, "%.*s", (int)sizeof base - 1, slash ? slash + 1 : program);
    for (char *c = base; *c; c++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789.-", *c))
            *c = '_';
    bool letter = base[0] == '_' || (base[0] >= 'A' && base[0] <= 'Z') || (base[0] >= 'a' && base[0] <= 'z');
    if (!letter) { // 7z is a program, but no name
        char copy[sizeof base];
        strcpy(copy, base);
        snprintf(base, sizeof base, "_%.*s", (int)sizeof base - 2, copy);
    }
    snprintf(name, NAME_MAX_BYTES, "%s", base);
    for (unsigned i = 2; recording_exists(r->out, name); i++)
        snprintf(name, NAME_MAX_BYTES, "%s-%u", base, i);
    return ERR_OK;
}

static enum err_code copy_arguments(struct reader *r, struct value list, char ***argv)
{
    unsigned n = value_length(list);
    if (!value_is_list(list) || n == 0)
        return value_fail(list, ERR_BAD_VALUE, r->err,
                          "must be a program with its arguments: [sort, -n, FILE]");
    if (n > ARGUMENTS_MAX)
        return value_fail(list, ERR_LIMIT, r->err, "more than %u arguments; use a script file",
                          ARGUMENTS_MAX);
    for (unsigned i = 0; i < n; i++)
        if (!value_text(list_at(list, i)))
            return value_fail(list_at(list, i), ERR_BAD_VALUE, r->err, "an argument must be a text");
    *argv = calloc(n + 1, sizeof **argv);
    NP_ASSERT(*argv);
    for (unsigned i = 0; i < n; i++) {
        (*argv)[i] = strdup(value_text(list_at(list, i)));
        NP_ASSERT((*argv)[i]);
    }
    return ERR_OK;
}

static enum err_code read_tool(struct reader *r, struct value v, unsigned *tool)
{
    for (*tool = 0; *tool < RECORDING_TOOLS; ++*tool)
        if (!value_present(v) || value_is(v, scenario_tools[*tool]))
            return ERR_OK;
    return value_fail(v, ERR_BAD_VALUE, r->err, "must be auto, qemu or lackey");
}

enum err_code record_read(struct reader *r, struct entry *e)
{
    struct replay_text text;
    struct recording made = {0};
    char **argv = NULL;
    enum err_code code = read_replay(r, e, record_fields, NP_ARRAY_LEN(record_fields), &text);
    if (!code)
        code = check_has_frames(r, e);
    if (!code)
        code = copy_arguments(r, text.what, &argv);
    if (code)
        return code;
    NP_ASSERT(argv);
    code = name_recording(r, text.name, argv[0], made.name);
    made.argv = argv; // from here on the scenario's, freed with it
    made.pool = NO_POOL;
    made.max_refs = text.max_refs;
    made.skip = text.skip;
    memcpy(made.directory, r->out->directory, sizeof made.directory);
    if (!code && value_present(text.directory))
        code = absolute_path(r, text.directory, made.directory);
    if (!code)
        code = read_tool(r, text.tool, &made.tool);
    e->recording = r->out->n_recordings;
    *(struct recording *)PUSH(r->out->recordings, r->out->n_recordings) = made;
    snprintf(e->cpu.trace, sizeof e->cpu.trace, "%s%s", RECORDING_PREFIX, made.name);
    return code;
}

// Scripts are plain ASCII lines; the last one ends like the others, so that a script is the same text in
// every form.
static enum err_code keep_script(struct reader *r, struct value v, const char *text, size_t size,
                                 char **script)
{
    if (size == 0 || size + 2 > SCRIPT_BYTES_MAX)
        return value_fail(v, ERR_LIMIT, r->err, "a script has 1 to %u bytes", SCRIPT_BYTES_MAX - 2);
    for (size_t i = 0; i < size; i++)
        if (text[i] != '\n' && text[i] != '\t' && (text[i] < 0x20 || text[i] > 0x7e))
            return value_fail(v, ERR_SCRIPT, r->err, "the script is not plain ASCII text at byte %zu", i);
    *script = malloc(size + 2);
    NP_ASSERT(*script);
    memcpy(*script, text, size);
    if (text[size - 1] != '\n')
        (*script)[size++] = '\n';
    (*script)[size] = '\0';
    return ERR_OK;
}

// A text of several lines is the script itself, of one line the file that holds it.
enum err_code script_read(struct reader *r, struct entry *e)
{
    struct replay_text text = {0};
    char path[PATH_MAX_BYTES], *bytes;
    size_t size;
    enum err_code code = read_rows(r, e, script_fields, NP_ARRAY_LEN(script_fields), &text);
    e->cpu.kind = CPU_SCRIPT;
    e->cpu.outstanding = 1;
    if (code)
        return code;
    const char *inline_text = value_text(text.what);
    if (inline_text && strchr(inline_text, '\n'))
        return keep_script(r, text.what, inline_text, strlen(inline_text), &e->cpu.script);
    code = absolute_path(r, text.what, path);
    if (!code && file_read(path, SCRIPT_BYTES_MAX, &bytes, &size, r->err)) {
        struct err reason = *r->err;
        return value_fail(text.what, reason.code, r->err,
                          "%s; name a script file, or write it here as a block", reason.text);
    }
    if (!code) {
        code = keep_script(r, text.what, bytes, size, &e->cpu.script);
        free(bytes);
    }
    return code;
}
