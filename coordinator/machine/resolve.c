// SPDX-License-Identifier: Apache-2.0
// The resolved form of a scenario: what the run really used, as a scenario file.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/machine/commands.h"
#include "coordinator/machine/directory.h"
#include "coordinator/machine/generators.h"
#include "coordinator/machine/guests.h"
#include "coordinator/machine/pools.h"
#include "coordinator/machine/preset.h"
#include "coordinator/machine/scenario.h"
#include "proto/base/assert.h"

// Decodes one UTF-8 character of at least two bytes; what is none becomes the replacement character. *length
// is what it takes, at least 1.
static uint32_t decode(const unsigned char *text, unsigned *length)
{
    static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    static const unsigned char masks[] = {0, 0, 0x1f, 0x0f, 0x07};
    *length = 1;
    for (unsigned n = 4; n >= 2; n--) {
        if ((text[0] & (unsigned char)~masks[n]) != leads[n])
            continue;
        uint32_t code = text[0] & masks[n];
        for (unsigned i = 1; i < n; i++) {
            if ((text[i] & 0xc0) != 0x80)
                return 0xfffd;
            code = code << 6 | (text[i] & 0x3f);
        }
        *length = n;
        return code;
    }
    return 0xfffd;
}

// In double quotes; all but printable ASCII is escaped, because YAML folds some characters and refuses
// others.
static void put_text(FILE *out, const char *text)
{
    fputc('"', out);
    for (const unsigned char *c = (const unsigned char *)text; *c;) {
        unsigned length = 1;
        if (*c == '"' || *c == '\\')
            fprintf(out, "\\%c", *c);
        else if (*c >= 0x20 && *c < 0x7f)
            fputc(*c, out);
        else if (*c < 0x80)
            fprintf(out, "\\x%02x", *c);
        else
            fprintf(out, "\\U%08" PRIx32, decode(c, &length));
        c += length;
    }
    fputc('"', out);
}

static void put_names(FILE *out, const struct machine *m, const uint16_t *boards, uint32_t n)
{
    fputc('[', out);
    for (uint32_t i = 0; i < n; i++)
        fprintf(out, "%s%s", i ? ", " : "", m->boards[boards[i]].name);
    fputc(']', out);
}

static void put_figure(FILE *out, int indent, const char *key, const char *value, const struct source *source)
{
    fprintf(out, "%*s%s: {value: %s, source: ", indent, "", key, value);
    put_text(out, source->text[0] ? source->text : "not given");
    fprintf(out, "}\n");
}

// Writes the figures of `board` that differ from those of `common` (NULL: all). Returns whether there were
// any; with out NULL it only looks.
static bool put_figures(const struct scenario *s, FILE *out, int indent, uint32_t board,
                        const uint32_t *common)
{
    const struct board_params *params = &s->machine.boards[board].params;
    bool any = false;
    for (unsigned i = 0; i < FIGURE_COUNT; i++) {
        enum figure figure = (enum figure)i;
        char value[UNIT_TEXT_SIZE], other[UNIT_TEXT_SIZE] = "";
        if (!figure_applies(params, figure))
            continue;
        figure_format(params, figure, value);
        if (common && figure_applies(&s->machine.boards[*common].params, figure))
            figure_format(&s->machine.boards[*common].params, figure, other);
        if (strcmp(value, other) == 0)
            continue;
        any = true;
        if (out)
            put_figure(out, indent, figure_key(figure), value, &s->sources[board][figure]);
    }
    return any;
}

static void put_marked(const struct machine *m, FILE *out, const struct system_desc *system, const char *key)
{
    bool floating = strcmp(key, "floating") == 0, any = false;
    for (uint32_t b = system->first_board; b < system->first_board + system->boards; b++) {
        if (!(floating ? m->boards[b].floating : m->boards[b].blacklisted))
            continue;
        if (!any)
            fprintf(out, "    %s: [", key);
        fprintf(out, "%s%s", any ? ", " : "", m->boards[b].name);
        any = true;
    }
    fputs(any ? "]\n" : "", out);
}

static void put_boards(const struct scenario *s, FILE *out, const struct system_desc *system)
{
    const struct machine *m = &s->machine;
    uint32_t first = system->first_board, end = first + system->boards;
    bool any = false;
    fprintf(out, "    boards: [");
    for (uint32_t b = first; b < end; b++)
        fprintf(out, "%s%s", b > first ? ", " : "", m->boards[b].name);
    fprintf(out, "]\n    board:\n");
    put_figures(s, out, 6, first, NULL);
    for (uint32_t b = first + 1; b < end; b++) {
        if (!put_figures(s, NULL, 0, b, &first))
            continue;
        fprintf(out, "%s      %s:\n", any ? "" : "    board_overrides:\n", m->boards[b].name);
        any = true;
        put_figures(s, out, 8, b, &first);
    }
}

static void put_segments(const struct machine *m, FILE *out, const struct partition_desc *p)
{
    char text[UNIT_TEXT_SIZE];
    uint64_t least = UINT64_MAX;
    for (uint32_t i = 0; i < p->n_boards; i++)
        if (m->boards[p->boards[i]].params.memory_bytes < least)
            least = m->boards[p->boards[i]].params.memory_bytes;
    if (p->permanent_bytes)
        fprintf(out, "        permanent: %s\n", unit_format(UNIT_SIZE, p->permanent_bytes, text));
    fprintf(out, "        frames: %s\n        memory:\n",
            unit_format(UNIT_SIZE, p->frames_offset < least ? least - p->frames_offset : 0, text));
    for (uint32_t i = 0; i < p->n_segments; i++) {
        const struct segment_desc *s = &p->segments[i];
        fprintf(out, "          - {base: 0x%" PRIx64, s->base);
        fprintf(out, ", size: %s", unit_format(UNIT_SIZE, s->size, text));
        fprintf(out, ", interleave: %s", s->granule ? unit_format(UNIT_SIZE, s->granule, text) : "none");
        fprintf(out, ", offset: %s, boards: ", unit_format(UNIT_SIZE, s->offset, text));
        put_names(out, m, s->boards, s->n_boards);
        fprintf(out, "}\n");
    }
}

// A block keeps the lines of a script as they are; an indicator is needed where YAML would guess or clip.
static void put_script(FILE *out, const char *script)
{
    size_t length = strlen(script);
    bool plain = script[0] != ' ' && script[0] != '\t' && script[0] != '\n' &&
                 (length < 2 || script[length - 2] != '\n');
    fprintf(out, "            script: %s\n", plain ? "|" : "|2+");
    while (*script) {
        int line = (int)strcspn(script, "\n");
        fprintf(out, "%*s%.*s\n", line ? 14 : 0, "", line, script);
        script += line + (script[line] == '\n');
    }
}

static void put_generator(const struct machine *m, FILE *out, const struct cpu_desc *cpu, bool threads)
{
    char text[UNIT_TEXT_SIZE];
    fprintf(out, "            generator: %s\n            region: {", pattern_name(cpu->pattern));
    if (!threads)
        fprintf(out, "base: 0x%" PRIx64 ", ", cpu->base);
    fprintf(out, "size: %s}\n", unit_format(UNIT_SIZE, cpu->size, text));
    fprintf(out, "            outstanding: %" PRIu32 "\n", cpu->outstanding);
    for (unsigned i = 0; i < GENERATOR_KEY_COUNT; i++) {
        enum generator_key key = (enum generator_key)i;
        if (pattern_has_key(cpu->pattern, key))
            fprintf(out, "            %s: %s\n", generator_key_name(key),
                    generator_key_format(cpu, key, text));
    }
    if (cpu->pattern == PATTERN_FRAMES)
        fprintf(out, "            link: %s\n", m->links[cpu->link].name);
}

static void put_trace(const struct scenario *s, FILE *out, const struct cpu_desc *cpu,
                      const struct program *program)
{
    static const char *const placements[] = {"first-touch", "round-robin"};
    if (strncmp(cpu->trace, RECORDING_PREFIX, strlen(RECORDING_PREFIX)) == 0 &&
        program->recording != NO_RECORDING) {
        const struct recording *recording = &s->recordings[program->recording];
        fprintf(out, "            record: [");
        for (char **argument = recording->argv; *argument; argument++) {
            fputs(argument == recording->argv ? "" : ", ", out);
            put_text(out, *argument);
        }
        fprintf(out, "]\n            name: %s\n            directory: ", recording->name);
        put_text(out, recording->directory);
        fprintf(out,
                "\n            max_refs: %" PRIu64 "\n            skip: %" PRIu64 "\n            tool: %s\n",
                recording->max_refs, recording->skip, scenario_tools[recording->tool]);
    } else {
        fprintf(out, "            trace: ");
        put_text(out, cpu->trace);
        fputc('\n', out);
    }
    fprintf(out, "            placement: %s\n",
            cpu->placement == PLACE_FIXED ? s->machine.boards[cpu->fixed_board].name
                                          : placements[cpu->placement]);
    fprintf(out, "            outstanding: %" PRIu32 "\n", cpu->outstanding);
    char backoff[UNIT_TEXT_SIZE], give_up[UNIT_TEXT_SIZE];
    fprintf(out, "            backoff: %s\n            give_up: %s\n",
            unit_format(UNIT_TIME, cpu->backoff, backoff), unit_format(UNIT_TIME, cpu->give_up, give_up));
}

// One entry: its members in their order, and what they share.
static void put_program(const struct scenario *s, FILE *out, uint32_t number)
{
    const struct machine *m = &s->machine;
    const struct cpu_desc **members = calloc(m->n_cpus, sizeof *members);
    uint32_t n = 0;
    NP_ASSERT(members);
    for (uint32_t i = 0; i < m->n_cpus; i++)
        if (s->program_of[i] == number) {
            members[m->cpus[i].member] = &m->cpus[i];
            n = m->cpus[i].members;
        }
    NP_ASSERT(n > 0);
    fprintf(out, "          - on: [");
    for (uint32_t i = 0; i < n; i++)
        fprintf(out, "%s%s/%u", i ? ", " : "", m->boards[members[i]->board].name, members[i]->index);
    fprintf(out, "]\n");
    if (members[0]->kind == CPU_GENERATOR)
        put_generator(m, out, members[0], false);
    else if (members[0]->kind == CPU_SCRIPT)
        put_script(out, members[0]->script);
    else if (members[0]->kind == CPU_ZARCH)
        guest_write(&m->partitions[s->programs[number].partition].guest, out, put_text);
    else
        put_trace(s, out, members[0], &s->programs[number]);
    free(members);
}

static void put_pool(const struct scenario *s, FILE *out, uint32_t number)
{
    const struct pool_desc *pool = &s->machine.pools[number];
    pool_write(pool, out);
    if (pool->what.kind == CPU_GENERATOR)
        put_generator(&s->machine, out, &pool->what, true);
    else
        put_trace(s, out, &pool->what, &s->programs[s->program_of_pool[number]]);
}

// An entry of `programs:`, which CPUs or a pool came from.
static void put_entry(const struct scenario *s, FILE *out, uint32_t number)
{
    for (uint32_t i = 0; i < s->machine.n_pools; i++)
        if (s->program_of_pool[i] == number) {
            put_pool(s, out, i);
            return;
        }
    put_program(s, out, number);
}

static void put_partition(const struct scenario *s, FILE *out, uint32_t number)
{
    const struct partition_desc *p = &s->machine.partitions[number];
    bool any = false;
    fprintf(out, "      - name: %s\n        boards: ", p->name);
    put_names(out, &s->machine, p->boards, p->n_boards);
    fprintf(out, "\n        seed: 0x%016" PRIx64 "\n", p->seed);
    put_segments(&s->machine, out, p);
    for (uint32_t i = 0; i < s->n_programs; i++) {
        if (s->programs[i].partition != number)
            continue;
        fputs(any ? "" : "        programs:\n", out);
        any = true;
        put_entry(s, out, i);
    }
}

static void put_system_figure(FILE *out, int indent, const struct system_figures *figures,
                              enum system_figure figure)
{
    char value[UNIT_TEXT_SIZE];
    if (system_figure_given(figures, figure))
        put_figure(out, indent, system_figure_key(figure), system_figure_format(figures, figure, value),
                   &figures->sources[figure]);
}

static void put_system(const struct scenario *s, FILE *out, uint32_t number)
{
    const struct system_desc *system = &s->machine.systems[number];
    const struct system_figures *figures = &s->system_figures[number];
    bool any = false;
    fprintf(out, "  - name: %s\n    protocol: %s\n    family: %s\n    directory_miss: %s\n", system->name,
            system->protocol, family_name(system->family), directory_miss_name(system->directory_miss));
    for (unsigned i = SYSTEM_KEY_FIRST; i < SYSTEM_FIGURE_COUNT; i++)
        put_system_figure(out, 4, figures, (enum system_figure)i);
    fprintf(out, "    crossbar:\n");
    for (unsigned i = 0; i < SYSTEM_KEY_FIRST; i++)
        put_system_figure(out, 6, figures, (enum system_figure)i);
    put_boards(s, out, system);
    put_marked(&s->machine, out, system, "floating");
    put_marked(&s->machine, out, system, "blacklist");
    for (uint32_t i = 0; i < s->machine.n_partitions; i++) {
        if (s->machine.partitions[i].system != number)
            continue;
        fputs(any ? "" : "    partitions:\n", out);
        any = true;
        put_partition(s, out, i);
    }
    fputs(any ? "" : "    partitions: []\n", out);
}

static void put_links(const struct machine *m, FILE *out)
{
    char latency[UNIT_TEXT_SIZE], bandwidth[UNIT_TEXT_SIZE];
    fputs(m->n_links ? "links:\n" : "", out);
    for (uint32_t i = 0; i < m->n_links; i++) {
        const struct link_desc *l = &m->links[i];
        fprintf(out, "  - {name: %s, between: [%s, %s], latency: %s, bandwidth: %s}\n", l->name,
                m->boards[l->board[0]].name, m->boards[l->board[1]].name,
                unit_format(UNIT_TIME, l->latency, latency),
                unit_format(UNIT_BANDWIDTH, l->bytes_per_s, bandwidth));
    }
}

static void put_faults(const struct machine *m, FILE *out)
{
    char at[UNIT_TEXT_SIZE];
    fputs(m->n_faults ? "faults:\n" : "", out);
    for (uint32_t i = 0; i < m->n_faults; i++) {
        const struct fault_desc *f = &m->faults[i];
        fprintf(out, "  - {at: %s, board: %s, segment: %" PRIu32 ", home: %s}\n",
                unit_format(UNIT_TIME, f->at, at), m->boards[f->board].name, f->segment,
                m->boards[f->home].name);
    }
}

static void put_commands(const struct scenario *s, FILE *out)
{
    fputs(s->n_commands ? "commands:\n" : "", out);
    for (uint32_t i = 0; i < s->n_commands; i++)
        command_write(&s->machine, &s->commands[i], out);
}

static void put_claims(const struct scenario *s, FILE *out)
{
    char share[UNIT_TEXT_SIZE];
    fputs(s->n_claims ? "claims:\n" : "", out);
    for (uint32_t i = 0; i < s->n_claims; i++) {
        const struct claim *c = &s->claims[i];
        fputs("  - says: ", out);
        put_text(out, c->says);
        fprintf(out, "\n    value: %s\n    %s: %s\n    times: %s\n", c->value,
                claim_relation_key(c->relation), c->operand, unit_format(UNIT_SHARE, c->permille, share));
    }
}

// As comments, for the reader: their values are in their places. Quoted, so that none goes on in the next
// line.
static void put_parameters(const struct scenario *s, FILE *out)
{
    for (uint32_t i = 0; i < s->n_parameters; i++) {
        fprintf(out, "# parameter %s: ", s->parameters[i].name);
        put_text(out, s->parameters[i].value);
        fputc('\n', out);
    }
}

int scenario_write_resolved(const struct scenario *scenario, FILE *out, struct err *err)
{
    const struct machine *m = &scenario->machine;
    char text[UNIT_TEXT_SIZE];
    fprintf(out, "# The scenario as it was run: presets filled in, everything written out, each figure with "
                 "its source.\n");
    put_parameters(scenario, out);
    fprintf(out, "scenario: %s\nseed: %" PRIu64 "\n", m->name, m->seed);
    if (m->until != SIM_NEVER)
        fprintf(out, "until: %s\n", unit_format(UNIT_TIME, m->until, text));
    if (m->window)
        fprintf(out, "window: %s\n", unit_format(UNIT_TIME, m->window, text));
    fprintf(out, "systems:\n");
    for (uint32_t i = 0; i < m->n_systems; i++)
        put_system(scenario, out, i);
    put_links(m, out);
    put_faults(m, out);
    put_commands(scenario, out);
    put_claims(scenario, out);
    if (fflush(out) || ferror(out))
        return (int)err_errno(err, ERR_FILE, "the resolved scenario could not be written");
    return ERR_OK;
}
