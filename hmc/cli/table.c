// SPDX-License-Identifier: Apache-2.0
#include "hmc/cli/table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"

#define COLUMNS_MAX 16u

struct table {
    unsigned columns;
    bool right[COLUMNS_MAX];
    int width[COLUMNS_MAX]; // in characters
    char **cells;           // row by row, the heads first; owned
    size_t n, capacity;
};

// Characters, not bytes: names may be UTF-8.
static int width_of(const char *text)
{
    int width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static void add(struct table *table, char *text)
{
    if (table->n == table->capacity) {
        table->capacity = table->capacity ? 2 * table->capacity : 256;
        table->cells = realloc(table->cells, table->capacity * sizeof *table->cells);
        NP_ASSERT(table->cells);
    }
    int width = width_of(text);
    unsigned column = (unsigned)(table->n % table->columns);
    if (width > table->width[column])
        table->width[column] = width;
    table->cells[table->n++] = text;
}

struct table *table_new(const char *heads)
{
    struct table *table = calloc(1, sizeof *table);
    NP_ASSERT(table);
    table->columns = 1;
    for (const char *c = heads; *c; c++)
        table->columns += *c == '|';
    NP_ASSERT(table->columns <= COLUMNS_MAX);
    for (unsigned i = 0; i < table->columns; i++) {
        table->right[i] = *heads == '>';
        heads += table->right[i];
        size_t length = strcspn(heads, "|");
        char *head = strndup(heads, length);
        NP_ASSERT(head);
        add(table, head);
        heads += length + (heads[length] == '|');
    }
    return table;
}

void table_cell(struct table *table, const char *fmt, ...)
{
    char *text;
    va_list args;
    va_start(args, fmt);
    int n = vasprintf(&text, fmt, args);
    va_end(args);
    NP_ASSERT(n >= 0);
    add(table, text);
}

static void print_row(const struct table *table, char *const *cells, FILE *out)
{
    int owed = 0; // blanks, printed when something follows: there are none at the ends of lines
    for (unsigned i = 0; i < table->columns; i++) {
        int pad = table->width[i] - width_of(cells[i]);
        owed += table->right[i] ? pad : 0;
        if (cells[i][0]) {
            fprintf(out, "%*s%s", owed, "", cells[i]);
            owed = 0;
        }
        owed += (table->right[i] ? 0 : pad) + 2;
    }
    fputc('\n', out);
}

void table_print(struct table *table, FILE *out)
{
    NP_ASSERT(table->n % table->columns == 0);
    for (size_t i = 0; i < table->n; i += table->columns)
        print_row(table, table->cells + i, out);
    for (size_t i = 0; i < table->n; i++)
        free(table->cells[i]);
    free(table->cells);
    free(table);
}

const char *bytes_text(uint64_t bytes, char text[UNIT_TEXT])
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    unsigned unit = 0;
    double value = (double)bytes;
    while (value >= 1024 && unit < NP_ARRAY_LEN(units) - 1) {
        value /= 1024;
        unit++;
    }
    snprintf(text, UNIT_TEXT, value == (double)(uint64_t)value ? "%.0f %s" : "%.1f %s", value, units[unit]);
    return text;
}

const char *time_text(uint64_t ps, char text[UNIT_TEXT])
{
    static const struct {
        uint64_t ps;
        const char *name;
    } units[] = {
        {UINT64_C(1000000000000), "s"}, {1000000000, "ms"}, {1000000, "us"}, {1000, "ns"}, {1, "ps"}};
    unsigned unit = 0;
    while (unit < NP_ARRAY_LEN(units) - 1 && ps < units[unit].ps)
        unit++;
    snprintf(text, UNIT_TEXT, "%.*f %s", units[unit].ps == 1 ? 0 : 3, (double)ps / (double)units[unit].ps,
             units[unit].name);
    return text;
}
