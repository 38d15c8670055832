// SPDX-License-Identifier: Apache-2.0
// A watched line as a message chart in plain text. Time runs down; each part of a board that took part has a
// column: its CPUs' L1s, its board cache, its home.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/run/watch.h"
#include "proto/base/assert.h"

enum { TIME_WIDTH = 18, COLUMN_WIDTH = 20, LIFELINE = COLUMN_WIDTH / 2 };
enum part { PART_CPUS, PART_CACHE, PART_HOME, PART_COUNT };

struct chart {
    const struct machine *machine;
    FILE *out;
    int column_of[BOARDS_MAX][PART_COUNT]; // -1: took no part
    int columns;
    char *row;
    size_t width;
};

static enum part part_of(unsigned unit)
{
    return unit == WATCH_L1 ? PART_CPUS : unit == WATCH_HOME ? PART_HOME : PART_CACHE;
}

static void find_columns(struct chart *chart, const struct watch_story *story)
{
    bool seen[BOARDS_MAX][PART_COUNT] = {{false}};
    for (uint32_t i = 0; i < story->n; i++)
        seen[story->moments[i].board][part_of(story->moments[i].event->unit)] = true;
    chart->columns = 0;
    for (unsigned b = 0; b < BOARDS_MAX; b++)
        for (unsigned p = 0; p < PART_COUNT; p++)
            chart->column_of[b][p] = seen[b][p] ? chart->columns++ : -1;
    chart->width = TIME_WIDTH + (size_t)chart->columns * COLUMN_WIDTH;
    chart->row = calloc(chart->width + 1, 1);
    NP_ASSERT(chart->row);
}

static size_t lifeline(int column)
{
    return TIME_WIDTH + (size_t)column * COLUMN_WIDTH + LIFELINE;
}

static void clear_row(struct chart *chart)
{
    memset(chart->row, ' ', chart->width);
    for (int i = 0; i < chart->columns; i++)
        chart->row[lifeline(i)] = '|';
}

static void write_row(struct chart *chart)
{
    size_t length = chart->width;
    while (length && chart->row[length - 1] == ' ')
        length--;
    fprintf(chart->out, "%.*s\n", (int)length, chart->row);
}

// Writes a text around the middle of a stretch; what does not fit is cut at the end of the row.
static void centre(struct chart *chart, size_t middle, const char *text)
{
    size_t length = strlen(text), start = middle - length / 2;
    for (size_t i = 0; i < length && start + i < chart->width; i++)
        chart->row[start + i] = text[i];
}

static void draw_head(struct chart *chart)
{
    static const char *const parts[PART_COUNT] = {"CPUs", "cache", "home"};
    char text[COLUMN_WIDTH];
    memset(chart->row, ' ', chart->width);
    for (unsigned b = 0; b < chart->machine->n_boards; b++)
        for (unsigned p = 0; p < PART_COUNT; p++) {
            if (chart->column_of[b][p] < 0)
                continue;
            snprintf(text, sizeof text, "%.12s %s", chart->machine->boards[b].name, parts[p]);
            centre(chart, lifeline(chart->column_of[b][p]), text);
        }
    write_row(chart);
}

// An arrow from lifeline to lifeline, over those between, with the message's name in its middle.
static void draw_arrow(struct chart *chart, int from, int to, const char *name)
{
    char text[WATCH_WHAT_SIZE + 2];
    size_t left = lifeline(from < to ? from : to) + 1, right = lifeline(from < to ? to : from) - 1;
    memset(chart->row + left, '-', right - left + 1);
    chart->row[from < to ? right : left] = from < to ? '>' : '<';
    snprintf(text, sizeof text, " %s ", name);
    centre(chart, (left + right) / 2, text);
}

static void draw_message(struct chart *chart, const struct watch_event *event, int own)
{
    char text[WATCH_WHAT_SIZE + 16];
    int peer = event->peer < BOARDS_MAX ? chart->column_of[event->peer][part_of(event->peer_unit)] : -1;
    if (event->kind == WATCH_RECEIVE && peer >= 0 && peer != own) {
        draw_arrow(chart, peer, own, event->what);
        return;
    }
    bool leaves = event->kind == WATCH_SEND, left = peer >= 0 && peer < own;
    snprintf(text, sizeof text, "%s%s%s", leaves && left ? "<- " : "", event->what,
             leaves ? left ? "" : " ->" : " arrives");
    centre(chart, lifeline(own), text);
}

static void draw_state(struct chart *chart, const struct watch_event *event, int own)
{
    char text[WATCH_WHAT_SIZE + 16];
    if (event->unit == WATCH_L1)
        snprintf(text, sizeof text, "%u%s: %s", event->l1 / 2u, event->l1 % 2 ? "i" : "", event->what);
    else
        snprintf(text, sizeof text, "%s", event->what);
    centre(chart, lifeline(own), text);
}

// The time stands where it differs from that of the row above.
static void draw_moment(struct chart *chart, const struct watch_moment *moment, sim_time *before)
{
    char time[TIME_WIDTH];
    const struct watch_event *event = moment->event;
    clear_row(chart);
    if (event->key.time != *before) {
        int n = snprintf(time, sizeof time, "%" PRIu64 ".%03" PRIu64, event->key.time / SIM_PS_PER_NS,
                         event->key.time % SIM_PS_PER_NS);
        memcpy(chart->row + TIME_WIDTH - 3 - (n < TIME_WIDTH - 3 ? n : TIME_WIDTH - 3), time,
               (size_t)(n < TIME_WIDTH - 3 ? n : TIME_WIDTH - 3));
    }
    *before = event->key.time;
    int own = chart->column_of[moment->board][part_of(event->unit)];
    if (event->kind == WATCH_STATE)
        draw_state(chart, event, own);
    else
        draw_message(chart, event, own);
    write_row(chart);
}

void watch_chart_name(const struct machine *machine, const struct watch_list *list, uint32_t line,
                      char name[WATCH_NAME_SIZE])
{
    const struct watch_line *own = &list->lines[line];
    bool shared = false;
    for (uint32_t i = 0; i < list->n; i++)
        shared |= i != line && list->lines[i].line == own->line;
    snprintf(name, WATCH_NAME_SIZE, "watch-%s%s0x%" PRIx64 ".txt",
             shared ? machine->partitions[own->partition].name : "", shared ? "-" : "", own->line);
}

void watch_chart_write(const struct outcome *outcome, const struct machine *machine,
                       const struct watch_list *list, uint32_t line, FILE *out)
{
    static struct chart chart; // its table of columns is much for a stack
    struct watch_story story;
    sim_time before = SIM_NEVER;
    watch_story(outcome, machine, line, &story);
    chart = (struct chart){.machine = machine, .out = out};
    find_columns(&chart, &story);
    fprintf(out,
            "Line 0x%" PRIx64 " of partition %s: %u events, times in ns of simulated time.\n"
            "A message is named where it leaves and, on its arrow, where it has arrived. L1s bear the number "
            "of their "
            "CPU\n(i: its instruction L1); what a CPU writes silently (E -> M) shows at its board's next "
            "event.\n\n",
            list->lines[line].line, machine->partitions[list->lines[line].partition].name, story.n);
    draw_head(&chart);
    for (uint32_t i = 0; i < story.n; i++)
        draw_moment(&chart, &story.moments[i], &before);
    if (story.dropped)
        fprintf(out, "\n%" PRIu64 " later events are not shown: a board keeps %u of each line.\n",
                story.dropped, WATCH_EVENTS_MAX);
    free(chart.row);
    watch_story_free(&story);
}
