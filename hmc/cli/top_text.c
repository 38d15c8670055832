// SPDX-License-Identifier: Apache-2.0
#include "hmc/cli/top_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "hmc/cli/show.h"
#include "hmc/cli/table.h"

#define FRAME_ROWS 3 // the first line, the message, the keys
#define BAR        10

struct pen {
    struct top_screen *screen;
    unsigned row;
};

__attribute__((format(printf, 3, 4))) static void line(struct pen *pen, enum top_style style, const char *fmt,
                                                       ...)
{
    va_list args;
    if (pen->row >= pen->screen->rows)
        return;
    char *text = pen->screen->text[pen->row];
    va_start(args, fmt);
    vsnprintf(text, pen->screen->columns + 1, fmt, args);
    va_end(args);
    for (size_t n = strlen(text); n > 0 && text[n - 1] == ' '; n--)
        text[n - 1] = '\0';
    pen->screen->style[pen->row++] = style;
}

// How much a sum has grown between the two samples.
static uint64_t grown(const uint64_t *before, const uint64_t *after, size_t i)
{
    return after[i] > before[i] ? after[i] - before[i] : 0;
}

static bool has_rates(const struct top_view *view)
{
    return view->before && view->after && view->before->n_boards == view->after->n_boards &&
           view->after->n_boards == view->now->n_boards &&
           view->before->n_partitions == view->after->n_partitions &&
           view->after->n_partitions == view->now->n_partitions;
}

static double share(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0;
}

static void draw_head(const struct top_view *view, struct pen *pen)
{
    const struct api_snapshot *s = view->now;
    char now[UNIT_TEXT], until[UNIT_TEXT], pace[UNIT_TEXT + 16] = "", speed[UNIT_TEXT];
    if (s->ps_per_s)
        snprintf(pace, sizeof pace, ", slowed to %s/s", time_text(s->ps_per_s, speed));
    uint64_t at = view->after && view->after->time_ps > s->time_ps ? view->after->time_ps : s->time_ps;
    line(pen, TOP_HEAD, "numaplex top  %s: %s at %s%s%s%s%s", s->scenario, s->state, time_text(at, now),
         s->until_ps ? " of " : "", s->until_ps ? time_text(s->until_ps, until) : "", pace,
         view->lost ? "  -- connection lost, asking again --" : "");
}

static void draw_domains(const struct top_view *view, struct pen *pen)
{
    const struct api_snapshot *s = view->now;
    line(pen, TOP_HEAD, "%-10s %-20s %-8s %5s %7s %10s  %s", "DOMAIN", "STATE", "KEY", "CPUS", "RUNNING",
         "ACC/US", "BOARDS");
    for (uint32_t i = 0; i < s->n_partitions; i++) {
        const struct api_partition *p = &s->partitions[i];
        char list[256], rate[16] = "-";
        uint32_t cpus = 0;
        for (uint32_t b = 0; b < s->n_boards; b++)
            cpus += strcmp(s->boards[b].partition, p->name) == 0 ? s->boards[b].cpus_online : 0;
        uint64_t ps =
            has_rates(view) ? grown(view->before->partition_time_ps, view->after->partition_time_ps, i) : 0;
        if (ps)
            snprintf(rate, sizeof rate, "%.1f",
                     1e6 *
                         (double)grown(view->before->partition_accesses, view->after->partition_accesses, i) /
                         (double)ps);
        line(pen, TOP_PLAIN, "%-10.10s %-20.20s %-8.8s %5u %7u %10s  %s", p->tag[0] ? p->tag : p->name,
             p->state, p->position, cpus, p->running, rate, boards_of(s, p->name, list, sizeof list));
    }
}

// "[####......] 40 %" of a drain, or what else is to say of a board.
static const char *state_of(const struct api_board *b, char *text, size_t size)
{
    uint64_t all = b->drained_bytes + b->draining_bytes;
    char gauge[BAR + 1] = "..........";
    if (!b->draining_bytes) {
        snprintf(text, size, "%s%s%s%s", !b->powered ? "powered off" : b->assignment, b->core ? ", core" : "",
                 !b->standby                       ? ""
                 : b->cpus_online || b->used_bytes ? ", used by the guest"
                                                   : ", standby",
                 b->blacklisted ? ", blacklisted" : "");
        return text;
    }
    for (unsigned i = 0; i < b->drained_bytes * BAR / all; i++)
        gauge[i] = '#';
    snprintf(text, size, "drain [%s] %.0f %%", gauge, share(b->drained_bytes, all));
    return text;
}

static void draw_board(const struct top_view *view, struct pen *pen, uint32_t i)
{
    const struct api_board *b = &view->now->boards[i];
    char used[UNIT_TEXT], state[64], rates[64] = "     -     -          -";
    double busiest = 0;
    uint64_t ps = has_rates(view) ? grown(view->before->board_time_ps, view->after->board_time_ps, i) : 0;
    if (ps) {
        double out =
            share(grown(view->before->board_egress_busy_ps, view->after->board_egress_busy_ps, i), ps);
        double in =
            share(grown(view->before->board_ingress_busy_ps, view->after->board_ingress_busy_ps, i), ps);
        uint64_t accesses = grown(view->before->board_accesses, view->after->board_accesses, i);
        snprintf(rates, sizeof rates, "%6.1f%6.1f %10.1f", out, in, 1e6 * (double)accesses / (double)ps);
        busiest = out > in ? out : in;
    }
    enum top_style style = i == view->selected ? TOP_SELECTED
                           : busiest >= 90     ? TOP_HOT
                           : busiest >= 60     ? TOP_WARM
                                               : TOP_PLAIN;
    line(pen, style, "%-8.8s %-8.8s %2u/%-2u %4u %9s %s  %s", b->name, b->partition[0] ? b->partition : "-",
         b->cpus_online, b->cpus, b->threads, bytes_text(b->used_bytes, used), rates,
         state_of(b, state, sizeof state));
}

static void draw_boards(struct top_view *view, struct pen *pen, unsigned rows)
{
    uint32_t n = view->now->n_boards;
    line(pen, TOP_HEAD, "%-8s %-8s %5s %4s %9s %6s%6s %10s  %s", "BOARD", "DOMAIN", "CPUS", "THR", "USED",
         "OUT%", "IN%", "ACC/US", "STATE");
    if (n == 0 || rows == 0)
        return;
    view->selected = view->selected < n ? view->selected : n - 1;
    if (view->selected < view->first)
        view->first = view->selected;
    if (view->selected >= view->first + rows)
        view->first = view->selected - rows + 1;
    for (uint32_t i = view->first; i < n && i < view->first + rows; i++)
        draw_board(view, pen, i);
}

// A character to a pair of boards: how much of the busiest pair's bytes it sends.
static void draw_traffic(const struct top_view *view, struct pen *pen)
{
    static const char shades[] = " .:-=+*#%@";
    uint32_t n = view->now->n_boards;
    uint64_t most = 1;
    for (size_t i = 0; i < (size_t)n * n; i++) {
        uint64_t bytes = grown(view->before->sent_bytes, view->after->sent_bytes, i);
        most = bytes > most ? bytes : most;
    }
    line(pen, TOP_HEAD, "BYTES SENT, row to column: ' ' none, '@' as the busiest pair");
    for (uint32_t from = 0; from < n; from++) {
        char row[2 * BOARDS_MAX + 1];
        for (uint32_t to = 0; to < n; to++) {
            uint64_t bytes = grown(view->before->sent_bytes, view->after->sent_bytes, (size_t)from * n + to);
            size_t shade = bytes ? 1 + (size_t)(8.999 * (double)bytes / (double)most) : 0;
            row[2 * to] = ' ';
            row[2 * to + 1] = shades[shade < sizeof shades - 1 ? shade : sizeof shades - 2];
        }
        row[2 * n] = '\0';
        line(pen, TOP_PLAIN, "%8.8s %s", view->now->boards[from].name, row);
    }
}

void top_draw(struct top_view *view, struct top_screen *screen)
{
    struct pen pen = {screen, 0};
    unsigned rows = screen->rows, n = view->now->n_boards;
    for (unsigned i = 0; i < rows; i++) {
        screen->text[i][0] = '\0';
        screen->style[i] = TOP_PLAIN;
    }
    if (rows < FRAME_ROWS)
        return;
    draw_head(view, &pen);
    draw_domains(view, &pen);
    unsigned used = pen.row + FRAME_ROWS; // one line for the boards' head
    draw_boards(view, &pen, used < rows ? rows - used : 0);
    if (has_rates(view) && pen.row + 1 + n + FRAME_ROWS - 1 <= rows)
        draw_traffic(view, &pen);
    pen.row = rows - 2;
    line(&pen, TOP_PLAIN, "%s", view->message);
    line(&pen, TOP_HEAD, "q quit  p pause or continue  space step  arrows select a board");
}
