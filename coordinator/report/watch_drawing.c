// SPDX-License-Identifier: Apache-2.0
// A story as SVG. Every row has one event, so no two texts share a height; arrows run between rows. The
// drawing is cut into pieces of a sheet's height, each with the names of its columns.
#include <stdio.h>
#include <string.h>

#include "coordinator/report/html.h"
#include "coordinator/report/watch_story.h"
#include "proto/base/message.h"

enum { ROW = 23, COLUMN = 132, MARGIN = 104, HEAD = 44, PIECE = 32 /* rows */, LETTER = 7 };

// Where a row and a column lie, in pixels of a piece that starts at row `first`.
static int row_y(int row, int first)
{
    return (row - first) * ROW + ROW / 2;
}

static int column_x(unsigned column)
{
    return MARGIN + (int)column * COLUMN + COLUMN / 2;
}

const char *story_part_name(const struct page *page, enum story_part part)
{
    static const enum text_id names[STORY_PART_COUNT] = {[STORY_CPUS] = TEXT_STORY_CPUS,
                                                         [STORY_CACHE] = TEXT_STORY_CACHE,
                                                         [STORY_HOME] = TEXT_STORY_HOME,
                                                         [STORY_GATE] = TEXT_STORY_GATE};
    return page_words(page, names[part]);
}

static void draw_heads(struct page *page, const struct story *story)
{
    FILE *out = page->out;
    fprintf(out, "<text class=\"t\" x=\"%d\" y=\"36\">%s [ns]</text>\n", MARGIN - 16,
            page_words(page, TEXT_STORY_TIME));
    for (unsigned i = 0; i < story->n_columns; i++) {
        fprintf(out, "<text class=\"b\" x=\"%d\" y=\"18\">", column_x(i));
        html_text(out, story->columns[i].board);
        fprintf(out, "</text><text class=\"m\" x=\"%d\" y=\"34\">%s</text>\n", column_x(i),
                story_part_name(page, story->columns[i].part));
    }
}

static void draw_lifelines(FILE *out, const struct story *story, int rows)
{
    for (unsigned i = 0; i < story->n_columns; i++)
        fprintf(out, "<path class=\"l\" d=\"M%d 0v%d\"/>\n", column_x(i), rows * ROW);
}

// The class of a message: the virtual network it travels on.
static const char *class_of(const char *what)
{
    static const char *const classes[VN_COUNT] = {
        [VN_REQUEST] = "req", [VN_FORWARD] = "fwd", [VN_RESPONSE] = "rsp", [VN_SIGNAL] = "rsp"};
    for (unsigned t = 0; t < MSG_TYPE_COUNT; t++)
        if (strcmp(message_name(t), what) == 0)
            return classes[message_vnet(t)];
    return "rsp";
}

// The head of an arrow that comes from (x0, y0) to (x, y), without trigonometry: its sides by the unit
// vector.
static void draw_arrow_head(FILE *out, double x0, double y0, double x, double y)
{
    double dx = x - x0, dy = y - y0, length = dx * dx + dy * dy, root = length > 1 ? length : 1;
    for (int i = 0; i < 40; i++) // Newton's square root: the same bits on every host
        root = (root + length / root) / 2;
    dx /= root;
    dy /= root;
    fprintf(out, "<path class=\"x\" d=\"M%.1f %.1fL%.1f %.1fL%.1f %.1fz\"/>\n", x, y, x - 9 * dx + 4 * dy,
            y - 9 * dy - 4 * dx, x - 9 * dx - 4 * dy, y - 9 * dy + 4 * dx);
}

static void draw_label(FILE *out, const char *kind, int x, int y, int direction, const char *what)
{
    fprintf(out, "<text class=\"%s %s\" x=\"%d\" y=\"%d\">", kind, direction > 0 ? "s" : "e",
            x + direction * 7, y - 3);
    html_text(out, what);
    fputs("</text>\n", out);
}

static void draw_arrow(FILE *out, const struct story_arrow *a, int first, int rows)
{
    if (a->from_row >= first + rows || a->to_row < first)
        return;
    int x0 = column_x(a->from), y0 = row_y(a->from_row, first), x1 = column_x(a->to),
        y1 = row_y(a->to_row, first);
    int direction = x1 >= x0 ? 1 : -1;
    fprintf(out, "<g class=\"%s%s\"><path class=\"a\" d=\"M%d %dL%d %d\"/>\n", class_of(a->what),
            a->data ? " d" : "", x0, y0, x1, y1);
    draw_arrow_head(out, x0, y0, x1, y1);
    draw_label(out, "n", x0, y0, direction, a->what);
    if (a->to_row - a->from_row > 2) // the name again where its arrow ends
        draw_label(out, "n r", x1, y1 + 7, direction, a->what);
    fputs("</g>\n", out);
}

// "I -> IS_D" with an arrow; the number of the CPU before it.
static void draw_state(FILE *out, const struct story_event *event, int y)
{
    const char *arrow = strstr(event->what, "->");
    size_t letters = strlen(event->what) + (event->cpu[0] ? strlen(event->cpu) + 2 : 0);
    int width = (int)(letters < 40 ? letters : 40) * LETTER + 8, x = column_x(event->column);
    fprintf(out, "<rect class=\"b\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"3\"/>", x - width / 2,
            y - ROW / 2 + 3, width, ROW - 6);
    fprintf(out, "<text class=\"m\" x=\"%d\" y=\"%d\">", x, y + 4);
    html_text(out, event->cpu);
    fputs(event->cpu[0] ? ": " : "", out);
    if (arrow) {
        char before[64];
        snprintf(before, sizeof before, "%.*s", (int)(arrow - event->what), event->what);
        html_text(out, before);
        fputs("→", out);
    }
    html_text(out, arrow ? arrow + 2 : event->what);
    fputs("</text>\n", out);
}

static void draw_events(struct page *page, const struct story *story, int first, int rows)
{
    FILE *out = page->out;
    char text[NUMBER_TEXT_SIZE];
    for (int i = first; i < first + rows; i++) {
        const struct story_event *event = &story->events[i];
        int y = row_y(i, first);
        if (i == first || event->time_ps != story->events[i - 1].time_ps)
            fprintf(out, "<text class=\"t\" x=\"%d\" y=\"%d\">%s</text>\n", MARGIN - 16, y + 4,
                    number_fixed(page->language, 1e-3 * (double)event->time_ps, 3, text));
        if (event->state && event->column < story->n_columns)
            draw_state(out, event, y);
    }
}

static void draw_piece(struct page *page, const struct story *story, int first, int rows, const char *title)
{
    int width = MARGIN + (int)story->n_columns * COLUMN, height = rows * ROW;
    FILE *out = page->out;
    fprintf(
        out,
        "<div class=\"scroll\"><svg class=\"story\" role=\"img\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d "
        "%d\" aria-label=\"",
        width, HEAD + height, width, HEAD + height);
    html_text(out, title);
    fputs("\">\n", out);
    draw_heads(page, story);
    fprintf(out, "<svg x=\"0\" y=\"%d\" width=\"%d\" height=\"%d\">\n", HEAD, width, height);
    draw_lifelines(out, story, rows);
    for (unsigned i = 0; i < story->n_arrows; i++)
        draw_arrow(out, &story->arrows[i], first, rows);
    draw_events(page, story, first, rows);
    fputs("</svg>\n</svg></div>\n", out);
}

void story_draw(struct page *page, const struct story *story, const char *title)
{
    fputs("<figure class=\"story\">\n", page->out);
    for (int first = 0; first < (int)story->n_events; first += PIECE) {
        int left = (int)story->n_events - first;
        draw_piece(page, story, first, left < PIECE ? left : PIECE, title);
    }
    fputs("</figure>\n", page->out);
}
