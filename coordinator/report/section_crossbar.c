// SPDX-License-Identifier: Apache-2.0
// The crossbar as a map: senders down, receivers across, one grid for messages and one for bytes. Drawn as
// SVG in the page's colours, so that it is sharp at any size, light and dark, and on paper.
#include <stdlib.h>
#include <string.h>

#include "coordinator/report/html.h"
#include "coordinator/report/sections.h"
#include "proto/base/assert.h"
#include "proto/base/limits.h"

#define LABELLED_MAX 16u // boards up to which cells hold their figures
#define CELL         46u // pixels; page.css draws a cell one less
#define SMALL_CELL   11u
#define HIGH_SHARE                                                                                           \
    0.68 // of the greatest: from here on the paper's colour is easier to read on a cell than ink

// [sender][receiver]
struct grid {
    uint64_t of[BOARDS_PER_SYSTEM_MAX][BOARDS_PER_SYSTEM_MAX];
};

// The boards of one system, and what each sent to each.
struct map {
    const char *system;
    const struct view_board *boards[BOARDS_PER_SYSTEM_MAX];
    uint32_t n;
    struct grid messages, bytes;
    uint64_t sent; // all messages
};

static const char *name_of(const struct map *map, uint32_t i)
{
    return view_text(map->boards[i]->json, "name");
}

static void fill_row(struct map *map, uint32_t from)
{
    const json_t *sent = json_object_get(map->boards[from]->json, "sent_to");
    for (size_t i = 0; i < json_array_size(sent); i++) {
        const json_t *entry = json_array_get(sent, i);
        for (uint32_t to = 0; to < map->n; to++)
            if (strcmp(name_of(map, to), view_text(entry, "board")) == 0) {
                map->messages.of[from][to] = view_count(entry, "messages");
                map->bytes.of[from][to] = view_count(entry, "bytes");
                map->sent += map->messages.of[from][to];
            }
    }
}

// The map of one system. False when it sent nothing.
static bool fill(struct map *map, const struct view *view, const char *system)
{
    memset(map, 0, sizeof *map);
    map->system = system;
    for (size_t b = 0; b < view->n_boards && map->n < BOARDS_PER_SYSTEM_MAX; b++)
        if (strcmp(view_text(view->boards[b].partition, "system"), system) == 0)
            map->boards[map->n++] = &view->boards[b];
    for (uint32_t i = 0; i < map->n; i++)
        fill_row(map, i);
    return map->sent != 0;
}

static uint64_t greatest(const struct map *map, const struct grid *grid)
{
    uint64_t most = 0;
    for (uint32_t i = 0; i < map->n; i++)
        for (uint32_t j = 0; j < map->n; j++)
            most = grid->of[i][j] > most ? grid->of[i][j] : most;
    return most;
}

// A count in four characters or five: 999, 12k, 3.4M.
static const char *brief(enum language language, uint64_t value, char text[NUMBER_TEXT_SIZE])
{
    static const char *const suffixes[] = {"", "k", "M", "G", "T", "P"};
    double scaled = (double)value;
    size_t i = 0;
    for (; scaled >= 999.5 && i + 1 < NP_ARRAY_LEN(suffixes); i++)
        scaled /= 1000;
    number_fixed(language, scaled, i && scaled < 9.95 ? 1 : 0, text);
    return strcat(text, suffixes[i]);
}

// Measures of a drawing, in units of a pixel.
struct geometry {
    unsigned cell, left, top;
    bool labelled;
};

static struct geometry geometry_of(const struct map *map)
{
    size_t longest = 1;
    for (uint32_t i = 0; i < map->n; i++)
        longest = strlen(name_of(map, i)) > longest ? strlen(name_of(map, i)) : longest;
    bool labelled = map->n <= LABELLED_MAX;
    unsigned room = 16 + 7 * (unsigned)(longest < 12 ? longest : 12);
    return (struct geometry){labelled ? CELL : SMALL_CELL, room + 20, labelled ? 40 : room + 20, labelled};
}

static void draw_cell(struct page *page, const struct map *map, const struct geometry *g, uint32_t from,
                      uint32_t to, uint64_t value, uint64_t most)
{
    char text[NUMBER_TEXT_SIZE];
    double share = (double)value / (double)most;
    FILE *out = page->out;
    unsigned x = g->left + to * g->cell, y = g->top + from * g->cell;
    // Sizes of cells stand in the style sheet: a map of 64 boards has 4096.
    fprintf(out, "<rect class=\"h\" x=\"%u\" y=\"%u\" fill-opacity=\"%.2f\"><title>", x, y,
            0.06 + 0.94 * share);
    html_text(out, name_of(map, from));
    fputs(" → ", out);
    html_text(out, name_of(map, to));
    fprintf(out, ": %s</title></rect>\n", number_count(page->language, value, text));
    if (g->labelled)
        fprintf(out, "<text class=\"v%s\" x=\"%u\" y=\"%u\">%s</text>\n", share > HIGH_SHARE ? " hi" : "",
                x + g->cell / 2, y + g->cell / 2 + 4, brief(page->language, value, text));
}

// Names of rows and columns, and lines where one partition ends.
static void draw_frame(struct page *page, const struct map *map, const struct geometry *g)
{
    FILE *out = page->out;
    unsigned size = map->n * g->cell;
    for (uint32_t i = 0; i < map->n; i++) {
        unsigned middle = i * g->cell + g->cell / 2;
        fprintf(out, "<text class=\"r\" x=\"%u\" y=\"%u\">", g->left - 5, g->top + middle + 4);
        html_text(out, name_of(map, i));
        if (g->labelled)
            fprintf(out, "</text><text class=\"k\" x=\"%u\" y=\"%u\">", g->left + middle, g->top - 6);
        else
            fprintf(out,
                    "</text><text class=\"k\" transform=\"translate(%u %u) rotate(-90)\" x=\"0\" y=\"0\">",
                    g->left + middle + 4, g->top - 5);
        html_text(out, name_of(map, i));
        fputs("</text>\n", out);
        if (i && map->boards[i]->partition != map->boards[i - 1]->partition)
            fprintf(out, "<path class=\"p\" d=\"M%u %uh%uM%u %uv%u\"/>\n", g->left, g->top + i * g->cell,
                    size, g->left + i * g->cell, g->top, size);
    }
    fprintf(out, "<rect class=\"f\" x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\"/>\n", g->left, g->top, size,
            size);
}

static void draw_axes(struct page *page, const struct map *map, const struct geometry *g)
{
    FILE *out = page->out;
    unsigned middle = map->n * g->cell / 2;
    fprintf(out, "<text class=\"a\" x=\"%u\" y=\"14\">%s</text>\n", g->left + middle,
            page_words(page, TEXT_RECEIVER));
    fprintf(out, "<text class=\"a\" transform=\"translate(14 %u) rotate(-90)\">%s</text>\n", g->top + middle,
            page_words(page, TEXT_SENDER));
}

static void draw_scale(struct page *page, const char *unit, uint64_t most)
{
    char text[NUMBER_TEXT_SIZE];
    fprintf(page->out, "<p class=\"scale\">0 <span></span> %s ", number_count(page->language, most, text));
    html_text(page->out, unit);
    fputs("</p>\n", page->out);
}

static void draw(struct page *page, const struct map *map, const struct grid *grid, const char *unit,
                 const char *title)
{
    const struct geometry g = geometry_of(map);
    unsigned width = g.left + map->n * g.cell + 2, height = g.top + map->n * g.cell + 2;
    uint64_t most = greatest(map, grid);
    FILE *out = page->out;
    fputs("<figure>\n<figcaption>", out);
    html_text(out, title);
    fprintf(
        out,
        "</figcaption>\n<div class=\"scroll\"><svg class=\"heat%s\" role=\"img\" width=\"%u\" height=\"%u\" "
        "viewBox=\"0 0 %u %u\" aria-label=\"",
        g.labelled ? "" : " small", width, height, width, height);
    html_text(out, title);
    fputs("\">\n", out);
    for (uint32_t from = 0; from < map->n; from++)
        for (uint32_t to = 0; to < map->n; to++)
            if (grid->of[from][to])
                draw_cell(page, map, &g, from, to, grid->of[from][to], most);
    draw_frame(page, map, &g);
    draw_axes(page, map, &g);
    fputs("</svg></div>\n", out);
    draw_scale(page, unit, most);
    fputs("</figure>\n", out);
}

static void table(struct page *page, const struct map *map)
{
    const struct page_column columns[] = {
        {page_words(page, TEXT_SENDER), NULL, false, false},
        {page_words(page, TEXT_RECEIVER), NULL, false, false},
        {page_words(page, TEXT_SENT), page_words(page, TEXT_MESSAGES_UNIT), true, false},
        {page_words(page, TEXT_SENT), page_words(page, TEXT_BYTES_UNIT), true, false},
    };
    char text[NUMBER_TEXT_SIZE];
    page_details_begin(page, page_words(page, TEXT_DATA_TABLE));
    page_table_begin(page, map->system, columns, NP_ARRAY_LEN(columns));
    for (uint32_t i = 0; i < map->n; i++)
        for (uint32_t j = 0; j < map->n; j++) {
            if (!map->messages.of[i][j])
                continue;
            page_row_begin(page);
            page_cell(page, &columns[0], name_of(map, i));
            page_cell(page, &columns[1], name_of(map, j));
            page_cell(page, &columns[2], number_count(page->language, map->messages.of[i][j], text));
            page_cell(page, &columns[3], number_count(page->language, map->bytes.of[i][j], text));
            page_row_end(page);
        }
    page_table_end(page);
    page_details_end(page);
}

static void system_maps(struct page *page, const struct map *map)
{
    char title[256];
    page_grid_begin(page);
    text_fill(title, sizeof title, page_words(page, TEXT_CROSSBAR_MESSAGES), ARGS(map->system));
    draw(page, map, &map->messages, page_words(page, TEXT_MESSAGES_UNIT), title);
    text_fill(title, sizeof title, page_words(page, TEXT_CROSSBAR_BYTES), ARGS(map->system));
    draw(page, map, &map->bytes, page_words(page, TEXT_BYTES_UNIT), title);
    page_grid_end(page);
    table(page, map);
}

void section_crossbar(struct page *page, const struct view *view)
{
    struct map *map = malloc(sizeof *map);
    bool begun = false;
    NP_ASSERT(map);
    for (size_t i = 0; i < json_array_size(view->partitions); i++) {
        const char *system = view_text(json_array_get(view->partitions, i), "system");
        bool known = false;
        for (size_t k = 0; k < i; k++)
            known |= strcmp(system, view_text(json_array_get(view->partitions, k), "system")) == 0;
        if (known || !fill(map, view, system))
            continue;
        if (!begun) {
            page_section_begin(page, "crossbar", page_words(page, TEXT_CROSSBAR_HEADING));
            page_paragraph(page, page_words(page, TEXT_CROSSBAR_WHAT), NULL);
            begun = true;
        }
        system_maps(page, map);
    }
    if (begun)
        page_section_end(page);
    free(map);
}
