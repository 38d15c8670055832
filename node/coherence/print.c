// SPDX-License-Identifier: Apache-2.0
#include "node/coherence/print.h"

#include <string.h>

#include "node/coherence/step.h"
#include "proto/base/message.h"

#define LINES_MAX (CELL_ACTIONS_MAX + 1)
#define TEXT_MAX  20

// The text of one cell, a line per action and one for the next state.
struct cell_text {
    unsigned n;
    char line[LINES_MAX][TEXT_MAX];
};

// Any table: how many rows and columns, what they are called, what stands in a cell.
struct grid {
    const void *table;
    unsigned rows, columns;
    const char *(*row_name)(const void *table, unsigned row); // NULL: the row is not used
    const char *(*column_name)(unsigned column);
    void (*cell)(const void *table, unsigned row, unsigned column, struct cell_text *text);
};

static void add_line(struct cell_text *text, const char *prefix, const char *line)
{
    snprintf(text->line[text->n++], TEXT_MAX, "%s%s", prefix, line);
}

static unsigned larger(unsigned a, size_t b)
{
    return a > b ? a : (unsigned)b;
}

static unsigned column_width(const struct grid *grid, unsigned column)
{
    unsigned width = (unsigned)strlen(grid->column_name(column));
    for (unsigned row = 0; row < grid->rows; row++) {
        struct cell_text text = {0};
        if (grid->row_name(grid->table, row))
            grid->cell(grid->table, row, column, &text);
        for (unsigned i = 0; i < text.n; i++)
            width = larger(width, strlen(text.line[i]));
    }
    return width;
}

static bool column_is_empty(const struct grid *grid, unsigned column)
{
    for (unsigned row = 0; row < grid->rows; row++) {
        struct cell_text text = {0};
        if (grid->row_name(grid->table, row))
            grid->cell(grid->table, row, column, &text);
        if (text.n)
            return false;
    }
    return true;
}

struct block {
    unsigned n, column[32], width[32];
    unsigned first; // width of the states' column
};

static void print_rule(const struct block *block, FILE *out)
{
    unsigned width = block->first;
    for (unsigned i = 0; i < block->n; i++)
        width += block->width[i] + 2;
    while (width--)
        putc('-', out);
    putc('\n', out);
}

static void print_row(const struct grid *grid, const struct block *block, unsigned row, FILE *out)
{
    struct cell_text text[32] = {0};
    unsigned lines = 1;
    for (unsigned i = 0; i < block->n; i++) {
        grid->cell(grid->table, row, block->column[i], &text[i]);
        lines = larger(lines, text[i].n);
    }
    for (unsigned line = 0; line < lines; line++) {
        unsigned blank = block->first;
        if (line == 0)
            blank -= (unsigned)fprintf(out, "%s", grid->row_name(grid->table, row));
        for (unsigned i = 0; i < block->n; i++) {
            const char *word = line < text[i].n ? text[i].line[line] : "";
            if (*word)
                fprintf(out, "%*s  %s", (int)blank, "", word);
            blank = *word ? block->width[i] - (unsigned)strlen(word) : blank + block->width[i] + 2;
        }
        putc('\n', out);
    }
}

static bool row_is_empty(const struct grid *grid, const struct block *block, unsigned row)
{
    for (unsigned i = 0; i < block->n && grid->row_name(grid->table, row); i++) {
        struct cell_text text = {0};
        grid->cell(grid->table, row, block->column[i], &text);
        if (text.n)
            return false;
    }
    return true;
}

static void print_block(const struct grid *grid, const struct block *block, FILE *out)
{
    fprintf(out, "%*s", (int)block->first, "");
    for (unsigned i = 0; i < block->n; i++)
        fprintf(out, "  %-*s", i + 1 < block->n ? (int)block->width[i] : 0,
                grid->column_name(block->column[i]));
    putc('\n', out);
    print_rule(block, out);
    for (unsigned row = 0; row < grid->rows; row++)
        if (!row_is_empty(grid, block, row)) {
            print_row(grid, block, row, out);
            print_rule(block, out);
        }
    putc('\n', out);
}

// The columns in use, with their widths.
static struct block used_columns(const struct grid *grid)
{
    struct block all = {0};
    for (unsigned row = 0; row < grid->rows; row++)
        if (grid->row_name(grid->table, row))
            all.first = larger(all.first, strlen(grid->row_name(grid->table, row)));
    for (unsigned column = 0; column < grid->columns; column++) {
        unsigned width = column_width(grid, column);
        if (column_is_empty(grid, column))
            continue;
        all.width[all.n] = width;
        all.column[all.n++] = column;
    }
    return all;
}

// A table wider than a terminal is split into blocks of about the same width.
static void print_grid(const struct grid *grid, FILE *out)
{
    const struct block all = used_columns(grid);
    unsigned total = 0, room = PRINT_WIDTH - all.first;
    for (unsigned i = 0; i < all.n; i++)
        total += all.width[i] + 2;
    unsigned blocks = (total + room - 1) / room, used = 0;
    struct block block = {.first = all.first};
    for (unsigned i = 0; i < all.n; i++) {
        if (block.n && used + (all.width[i] + 2) / 2 > total / blocks) {
            print_block(grid, &block, out);
            block.n = used = 0;
        }
        block.width[block.n] = all.width[i];
        block.column[block.n++] = all.column[i];
        used += all.width[i] + 2;
    }
    print_block(grid, &block, out);
}

static void print_cell(const struct cell *cell, unsigned state, const char *(*action_name)(unsigned),
                       const char *(*state_name)(unsigned), struct cell_text *text)
{
    if (cell->kind == CELL_STALL)
        add_line(text, "", "stall");
    if (cell->kind != CELL_STEP)
        return;
    for (unsigned i = 0; i < CELL_ACTIONS_MAX && cell->actions[i]; i++)
        add_line(text, "", action_name(cell->actions[i]));
    if (cell->next != state || text->n == 0)
        add_line(text, "/ ", state_name(cell->next));
}

static const char *cache_row(const void *table, unsigned row)
{
    const struct protocol *protocol = table;
    for (unsigned event = 0; event < CACHE_EVENT_COUNT; event++)
        if (protocol->cache[row][event].kind != CELL_IMPOSSIBLE)
            return cache_state_name(row);
    return NULL;
}

static void cache_text(const void *table, unsigned row, unsigned column, struct cell_text *text)
{
    const struct protocol *protocol = table;
    print_cell(cache_cell(protocol, row, column), row, cache_action_name, cache_state_name, text);
}

static const char *dir_row(const void *table, unsigned row)
{
    const struct protocol *protocol = table;
    for (unsigned event = 0; event < DIR_EVENT_COUNT; event++)
        if (protocol->directory[row][event].kind != CELL_IMPOSSIBLE)
            return dir_state_name(row);
    return NULL;
}

static void dir_text(const void *table, unsigned row, unsigned column, struct cell_text *text)
{
    const struct protocol *protocol = table;
    print_cell(dir_cell(protocol, row, column), row, dir_action_name, dir_state_name, text);
}

static bool speaks(const struct protocol *protocol, unsigned type)
{
    bool of_four_hops = type == MSG_OWNER || type == MSG_RECALL || type == MSG_UNBLOCK ||
                        type == MSG_UNBLOCK_DATA || type == MSG_UNBLOCK_ERROR;
    bool of_owned = type == MSG_ACK_COUNT || type == MSG_PUTO;
    return (protocol->four_hop || !of_four_hops) && (dir_row(protocol, D_O) || !of_owned);
}

static void print_networks(const struct protocol *protocol, FILE *out)
{
    static const char *const order[VN_SIGNAL] = {
        "requests, board to home; may be reordered:",
        "forwards, home to board; first-in first-out per pair of boards:",
        "responses, to boards and homes; may be reordered:",
    };
    fprintf(out, "Virtual networks\n");
    for (unsigned vnet = 0; vnet < VN_SIGNAL; vnet++) { // signals are no coherence
        fprintf(out, "  %s", order[vnet]);
        for (unsigned type = 0; type < MSG_TYPE_COUNT; type++)
            if (message_vnet(type) == vnet && speaks(protocol, type))
                fprintf(out, " %s", message_name(type));
        putc('\n', out);
    }
    fprintf(
        out,
        "  A stalled request waits at its home. A stalled forward is parked with its line and holds back\n"
        "  only later forwards of that line.%s\n\n",
        protocol->four_hop ? " A requestor sends Fwd-GetS and Fwd-GetM to the owner itself." : "");
}

void protocol_print(const struct protocol *protocol, FILE *out)
{
    const struct grid cache = {protocol,  CACHE_STATE_COUNT, CACHE_EVENT_COUNT,
                               cache_row, cache_event_name,  cache_text};
    const struct grid directory = {protocol, DIR_STATE_COUNT, DIR_EVENT_COUNT,
                                   dir_row,  dir_event_name,  dir_text};
    fprintf(out,
            "Protocol %s\nSource: %s; what goes beyond the book stands at the top of the tables' files.\n",
            protocol->name, protocol->source);
    fprintf(out,
            "A cell lists its actions in order, then / the next state if it changes. Blank: impossible.\n\n");
    print_networks(protocol, out);
    fprintf(out, "States of a line at a board's cache controller\n");
    for (unsigned state = 0; state < CACHE_STATE_COUNT; state++)
        if (cache_row(protocol, state))
            fprintf(out, "  %-6s %s\n", cache_state_name(state), cache_state_meaning(state));
    fprintf(out, "\nStates of a line at its home\n");
    for (unsigned state = 0; state < DIR_STATE_COUNT; state++)
        if (dir_row(protocol, state))
            fprintf(out, "  %-6s %s\n", dir_state_name(state), dir_state_meaning(state));
    fprintf(out, "\nCache controller\n\n");
    print_grid(&cache, out);
    fprintf(out, "Directory\n\n");
    print_grid(&directory, out);
}

// Rows of the on-board table are pairs: the L1's state, the board's.
static const char *onboard_row(const void *table, unsigned row)
{
    static char name[TEXT_MAX];
    const struct onboard_table *onboard = table;
    unsigned l1 = row % L1_STATE_COUNT, board = row / L1_STATE_COUNT;
    for (unsigned event = 0; event < ONBOARD_EVENT_COUNT; event++)
        if (onboard->cell[l1][board][event].possible) {
            snprintf(name, sizeof name, "board %s, L1 %s", board_class_name(board), l1_state_name(l1));
            return name;
        }
    return NULL;
}

static void onboard_text(const void *table, unsigned row, unsigned column, struct cell_text *text)
{
    const struct onboard_table *onboard = table;
    unsigned l1 = row % L1_STATE_COUNT;
    const struct onboard_cell *cell = &onboard->cell[l1][row / L1_STATE_COUNT][column];
    if (!cell->possible)
        return;
    if (cell->action != OA_NONE)
        add_line(text, "", onboard_action_name(cell->action));
    if (cell->next != l1 || text->n == 0)
        add_line(text, "/ ", l1_state_name(cell->next));
}

void onboard_print(const struct onboard_table *table, FILE *out)
{
    static const char *const meanings[] = {
#define X(name, text, meaning) meaning,
        ONBOARD_EVENTS(X)
#undef X
    };
    const struct grid grid = {
        table,       L1_STATE_COUNT * BOARD_CLASS_COUNT, ONBOARD_EVENT_COUNT, onboard_row, onboard_event_name,
        onboard_text};
    fprintf(
        out,
        "Inside a board: one L1's line against the board's. All change at once at the order point of the "
        "bus,\n"
        "so there are no transients. A board in SM_AD or SM_A counts as S, in any other transient as I.\n"
        "Blank: impossible, it would break inclusion. bus: a request to the order point. board dirty: the\n"
        "board's line takes its store cell, because an L1 had written silently.\n\nEvents\n");
    for (unsigned event = 0; event < ONBOARD_EVENT_COUNT; event++)
        fprintf(out, "  %-12s %s\n", onboard_event_name(event), meanings[event]);
    putc('\n', out);
    print_grid(&grid, out);
}
