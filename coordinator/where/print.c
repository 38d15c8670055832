// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <jansson.h>

#include "coordinator/machine/placement.h"
#include "coordinator/machine/units.h"
#include "coordinator/where/where.h"
#include "proto/base/assert.h"

static const char *distance(const struct machine *m, uint32_t from, uint32_t to)
{
    const struct system_desc *s = &m->systems[m->boards[from].system];
    if (from == to)
        return "own board";
    return placement_crossbar_of(s, from) == placement_crossbar_of(s, to)
               ? "another board on the same crossbar"
               : "a board on another crossbar";
}

static void print_place(const struct machine *m, const struct where_question *question,
                        const struct where_answer *answer, FILE *out)
{
    const struct partition_desc *p = &m->partitions[answer->partition];
    const struct segment_place *place = &answer->place;
    const struct segment_desc *s = &p->segments[place->segment];
    const struct board_desc *home = &m->boards[place->board];
    char text[UNIT_TEXT_SIZE];
    uint64_t line = question->address & ~(uint64_t)(home->params.line_bytes - 1);
    fprintf(out, "Address 0x%" PRIx64 " of partition %s\n", question->address, p->name);
    fprintf(out, "  home         board %s, 0x%" PRIx64 " of its %s%s\n", home->name, place->offset,
            unit_format(UNIT_SIZE, home->params.memory_bytes, text),
            place->offset >= p->frames_offset ? ", a frame of virtual pages" : "");
    fprintf(out, "  line         0x%" PRIx64 " .. 0x%" PRIx64 "\n", line, line + home->params.line_bytes - 1);
    fprintf(out, "  segment      %" PRIu32 ", 0x%" PRIx64 " .. 0x%" PRIx64 ", ", place->segment, s->base,
            s->base + s->size - 1);
    if (s->granule == 0) {
        fprintf(out, "contiguous on %s\n", home->name);
        return;
    }
    fprintf(out, "by %s over", unit_format(UNIT_SIZE, s->granule, text));
    for (uint32_t i = 0; i < s->n_boards; i++)
        fprintf(out, " %s", m->boards[s->boards[i]].name);
    fprintf(out, "\n  interleave   piece %" PRIu64 " of it, the turn of board %" PRIu32 " of %" PRIu32 "\n",
            place->granule, place->position + 1, s->n_boards);
}

static void print_path(const struct machine *m, const struct path *path, FILE *out)
{
    for (uint32_t i = 0; i < path->n; i++)
        fprintf(out, "  %-28s %-16s %12.3f ns\n", path->parts[i].what, m->boards[path->parts[i].board].name,
                (double)path->parts[i].time / 1e3);
    fprintf(out, "  %-28s %-16s %12.3f ns\n", "sum", "", (double)path->sum / 1e3);
}

// The clean load from every board of the partition.
static void print_all(const struct machine *m, const struct where_answer *answer, FILE *out)
{
    const struct partition_desc *p = &m->partitions[answer->partition];
    fprintf(out, "\nFrom each board, clean:");
    for (uint32_t i = 0; i < p->n_boards; i++) {
        struct path path;
        path_clean(m, p->boards[i], answer->place.board, &path);
        fprintf(out, "%s %s %.1f ns", i ? "," : "", m->boards[p->boards[i]].name, (double)path.sum / 1e3);
    }
    fputc('\n', out);
}

void where_print(const struct scenario *scenario, const struct where_question *question,
                 const struct where_answer *answer, FILE *out)
{
    const struct machine *m = &scenario->machine;
    print_place(m, question, answer, out);
    fprintf(
        out,
        "\nA load by a CPU of board %s (%s) that misses all caches, nobody has the line, nothing else under "
        "way:\n",
        m->boards[answer->from].name, distance(m, answer->from, answer->place.board));
    print_path(m, &answer->clean, out);
    print_all(m, answer, out);
    if (answer->owner == NO_OWNER_BOARD)
        return;
    fprintf(out,
            "\nThe same, the line dirty in the cache of board %s (%" PRIu32 " crossings, protocol %s):\n",
            m->boards[answer->owner].name, answer->dirty.crossings,
            m->systems[m->boards[answer->from].system].protocol);
    print_path(m, &answer->dirty, out);
}

static json_t *path_json(const struct machine *m, const struct path *path)
{
    json_t *parts = json_array();
    for (uint32_t i = 0; i < path->n; i++)
        json_array_append_new(parts, json_pack("{s:s, s:s, s:I}", "what", path->parts[i].what, "board",
                                               m->boards[path->parts[i].board].name, "ps",
                                               (json_int_t)path->parts[i].time));
    return json_pack("{s:I, s:i, s:o}", "sum_ps", (json_int_t)path->sum, "crossings", (int)path->crossings,
                     "parts", parts);
}

void where_print_json(const struct scenario *scenario, const struct where_question *question,
                      const struct where_answer *answer, FILE *out)
{
    const struct machine *m = &scenario->machine;
    const struct segment_place *place = &answer->place;
    json_t *json =
        json_pack("{s:s, s:i, s:s, s:I, s:s, s:I, s:i, s:i, s:s, s:o}", "format", "numaplex-where", "version",
                  1, "partition", m->partitions[answer->partition].name, "address",
                  (json_int_t)question->address, "home", m->boards[place->board].name, "offset",
                  (json_int_t)place->offset, "segment", (int)place->segment, "position", (int)place->position,
                  "from", m->boards[answer->from].name, "clean", path_json(m, &answer->clean));
    NP_ASSERT(json);
    if (answer->owner != NO_OWNER_BOARD) {
        json_object_set_new(json, "owner", json_string(m->boards[answer->owner].name));
        json_object_set_new(json, "dirty", path_json(m, &answer->dirty));
    }
    json_dumpf(json, out, JSON_INDENT(1));
    fputc('\n', out);
    json_decref(json);
}
