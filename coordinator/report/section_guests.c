// SPDX-License-Identifier: Apache-2.0
// Guests: how they ended, what their CPUs did, how they grew with CPUs by their own word, and their consoles.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/report/chart.h"
#include "coordinator/report/sections.h"
#include "proto/base/assert.h"
#include "proto/base/limits.h"

#define CONSOLE_SHOWN  (16u << 10) // bytes of each console that the page holds: its end
#define SERIES_MAX     8u          // that have colours of their own
#define CPUS_TABLE_MAX 128u
#define POINTS_MAX     GUEST_CPUS_MAX // of a line of the chart

struct guest {
    const json_t *partition, *json;
    const json_t *times; // regions of its program; NULL: no list
    char *console;       // the end of it, owned, NUL-terminated; NULL: there is none
    bool cut;            // there is more before that
};

struct guests {
    size_t n;
    struct guest *items;
};

static void free_guests(struct guests *guests)
{
    for (size_t i = 0; i < guests->n; i++)
        free(guests->items[i].console);
    free(guests->items);
}

// The end of a file, at most CONSOLE_SHOWN bytes; bytes 0 become what the page shows for them.
static char *read_end(const char *path, bool *cut)
{
    FILE *file = fopen(path, "rb");
    char *text = file ? malloc(CONSOLE_SHOWN + 1) : NULL;
    long size = text && fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    size_t n = 0;
    *cut = size > (long)CONSOLE_SHOWN;
    if (size >= 0) {
        fseek(file, *cut ? size - (long)CONSOLE_SHOWN : 0, SEEK_SET);
        n = fread(text, 1, CONSOLE_SHOWN, file);
    }
    if (file)
        fclose(file);
    for (size_t i = 0; text && i < n; i++)
        text[i] = text[i] ? text[i] : '\x7f';
    if (text)
        text[n] = '\0';
    return text;
}

// console-PARTITION.txt beside resolved.yaml. Results may come from anywhere: a name that would lead
// elsewhere names no file.
static char *read_console(const struct view *view, const char *partition, bool *cut)
{
    char path[2 * PATH_MAX_BYTES];
    const char *slash = view->resolved ? strrchr(view->resolved, '/') : NULL;
    if (!view->resolved || !partition[0] || strchr(partition, '/'))
        return NULL;
    int folder = slash ? (int)(slash - view->resolved) + 1 : 0;
    int n = snprintf(path, sizeof path, "%.*sconsole-%s.txt", folder, view->resolved, partition);
    return n < (int)sizeof path ? read_end(path, cut) : NULL;
}

static void find_guests(const struct view *view, struct guests *guests)
{
    size_t n = json_array_size(view->partitions);
    guests->items = calloc(n + 1, sizeof *guests->items);
    guests->n = 0;
    NP_ASSERT(guests->items);
    for (size_t i = 0; i < n; i++) {
        const json_t *partition = json_array_get(view->partitions, i);
        const json_t *json = json_object_get(partition, "guest");
        if (!json_is_object(json))
            continue;
        struct guest *guest = &guests->items[guests->n++];
        guest->partition = partition;
        guest->json = json;
        guest->times = json_object_get(json, "times");
        guest->console = read_console(view, view_text(partition, "name"), &guest->cut);
    }
}

static const char *end_words(const struct page *page, const char *end)
{
    static const struct {
        const char *name;
        enum text_id text;
    } ends[] = {{"clean", TEXT_GUEST_CLEAN},
                {"failed", TEXT_GUEST_FAILED},
                {"stuck", TEXT_GUEST_STUCK},
                {"running", TEXT_GUEST_RUNNING}};
    for (size_t i = 0; i < NP_ARRAY_LEN(ends); i++)
        if (strcmp(ends[i].name, end) == 0)
            return page_words(page, ends[i].text);
    return end;
}

static const char *cpu_end_words(const struct page *page, const char *end)
{
    static const enum text_id ends[] = {
        TEXT_GUEST_CPU_ENDED,    TEXT_GUEST_CPU_STOPPED,    TEXT_GUEST_CPU_RUNNING, TEXT_GUEST_CPU_WAITING,
        TEXT_GUEST_CPU_DISABLED, TEXT_GUEST_CPU_CHECK_STOP, TEXT_GUEST_CPU_LOOP};
    for (size_t i = 0; i < NP_ARRAY_LEN(ends); i++)
        if (strcmp(text_of(LANG_EN, ends[i]), end) == 0)
            return page_words(page, ends[i]);
    return end;
}

static void warn_of_failures(struct page *page, const struct guests *guests)
{
    for (size_t i = 0; i < guests->n; i++) {
        const char *end = view_text(guests->items[i].json, "end");
        if (strcmp(end, "failed") == 0 || strcmp(end, "stuck") == 0)
            page_warning(page, page_words(page, TEXT_GUEST_WARN),
                         ARGS(view_text(guests->items[i].partition, "name"), end_words(page, end)));
    }
}

static uint64_t misses(const json_t *partition)
{
    return view_counter(partition, "misses_local") + view_counter(partition, "misses_remote");
}

static void guest_row(struct page *page, const struct page_column *c, const struct guest *guest)
{
    char text[NUMBER_TEXT_SIZE];
    enum language l = page->language;
    const json_t *g = guest->json, *p = guest->partition;
    page_row_begin(page);
    page_cell(page, &c[0], view_text(p, "name"));
    page_cell(page, &c[1], view_text(g, "image"));
    page_cell(page, &c[2], view_text(g, "arguments"));
    page_cell(page, &c[3], end_words(page, view_text(g, "end")));
    page_cell(page, &c[4], number_count(l, json_array_size(json_object_get(g, "cpus")), text));
    page_cell(page, &c[5], number_count(l, view_count(g, "instructions"), text));
    page_cell(page, &c[6], number_fixed(l, 1e-6 * (double)view_count(g, "instructions_per_s"), 1, text));
    page_cell(page, &c[7], number_count(l, misses(p), text));
    page_cell(page, &c[8], number_fixed(l, percent(view_counter(p, "misses_remote"), misses(p)), 1, text));
    page_cell(page, &c[9], number_bytes(l, view_counter(p, "bytes_sent"), text));
    page_row_end(page);
}

static void guest_table(struct page *page, const struct guests *guests)
{
    const struct page_column columns[] = {
        {page_words(page, TEXT_PARTITION), NULL, false, false},
        {page_words(page, TEXT_GUEST_IMAGE), NULL, false, true},
        {page_words(page, TEXT_GUEST_ARGUMENTS), NULL, false, true},
        {page_words(page, TEXT_GUEST_END), NULL, false, false},
        {page_words(page, TEXT_CPUS), NULL, true, false},
        {page_words(page, TEXT_GUEST_INSTRUCTIONS), NULL, true, false},
        {page_words(page, TEXT_GUEST_INSTRUCTIONS), page_words(page, TEXT_GUEST_M_PER_S), true, false},
        {page_words(page, TEXT_GUEST_MISSES), NULL, true, false},
        {page_words(page, TEXT_GUEST_REMOTE), "%", true, false},
        {page_words(page, TEXT_GUEST_CROSSBAR), NULL, true, false},
    };
    page_table_begin(page, NULL, columns, NP_ARRAY_LEN(columns));
    for (size_t i = 0; i < guests->n; i++)
        guest_row(page, columns, &guests->items[i]);
    page_table_end(page);
}

// A region of a guest's program on several numbers of CPUs.
struct region {
    const struct guest *guest;
    const char *name;
    const json_t *on;
};

static double number_of(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static size_t find_regions(const struct guests *guests, struct region *regions, size_t max)
{
    size_t found = 0, i;
    const json_t *json;
    for (size_t g = 0; g < guests->n; g++)
        json_array_foreach(guests->items[g].times, i, json)
        {
            const json_t *on = json_object_get(json, "on");
            if (json_array_size(on) > 1 && found < max)
                regions[found++] = (struct region){&guests->items[g], view_text(json, "name"), on};
        }
    return found;
}

// The speed-ups of a region; *linear: from the fewest to the most CPUs of all of them.
static struct chart_series region_series(const struct region *region, const char *name,
                                         struct chart_point points[POINTS_MAX], struct chart_point linear[2])
{
    size_t i, n = 0;
    const json_t *json;
    json_array_foreach(region->on, i, json)
    {
        if (n == POINTS_MAX)
            break;
        double cpus = number_of(json, "cpus");
        points[n++] = (struct chart_point){.x = cpus, .y = number_of(json, "speedup")};
        linear[0].x = linear[0].y = fmin(linear[0].x, cpus);
        linear[1].x = linear[1].y = fmax(linear[1].x, cpus);
    }
    return (struct chart_series){name, points, n, MARKS_BOTH, SPREAD_NONE};
}

static void speedup_chart(struct page *page, const struct guests *guests)
{
    static struct chart_point points[SERIES_MAX - 1][POINTS_MAX];
    struct region regions[SERIES_MAX - 1];
    struct chart_series series[SERIES_MAX];
    char names[SERIES_MAX - 1][3 * NAME_MAX_BYTES];
    struct chart_point linear[2] = {{.x = INFINITY, .y = INFINITY}, {.x = 1, .y = 1}};
    size_t n = find_regions(guests, regions, NP_ARRAY_LEN(regions));
    for (size_t r = 0; r < n; r++) {
        snprintf(names[r], sizeof names[r], "%.64s%s%.64s",
                 guests->n > 1 ? view_text(regions[r].guest->partition, "name") : "",
                 guests->n > 1 ? " " : "", regions[r].name);
        series[r] = region_series(&regions[r], names[r], points[r], linear);
    }
    series[n] = (struct chart_series){page_words(page, TEXT_GUEST_LINEAR), linear, NP_ARRAY_LEN(linear),
                                      MARKS_LINE, SPREAD_NONE};
    const struct chart chart = {.kind = CHART_LINES,
                                .title = page_words(page, TEXT_GUEST_SPEEDUP_CHART),
                                .x = {page_words(page, TEXT_CPUS), NULL, false},
                                .y = {page_words(page, TEXT_GUEST_SPEEDUP), "×", false},
                                .series = series,
                                .n_series = n + 1};
    if (n)
        chart_write(page, &chart);
}

static void traffic_chart(struct page *page, const struct guests *guests)
{
    struct chart_point *points = calloc(2 * guests->n, sizeof *points);
    const char **names = calloc(guests->n, sizeof *names);
    NP_ASSERT(points && names);
    for (size_t i = 0; i < guests->n; i++) {
        const json_t *p = guests->items[i].partition;
        names[i] = view_text(p, "name");
        points[i].y = percent(view_counter(p, "misses_local"), misses(p));
        points[guests->n + i].y = percent(view_counter(p, "misses_remote"), misses(p));
    }
    const struct chart_series series[] = {
        {page_words(page, TEXT_GUEST_LOCAL_HOME), points, guests->n, MARKS_BOTH, SPREAD_NONE},
        {page_words(page, TEXT_GUEST_REMOTE_HOME), points + guests->n, guests->n, MARKS_BOTH, SPREAD_NONE}};
    const struct chart chart = {.kind = CHART_STACKED,
                                .title = page_words(page, TEXT_GUEST_TRAFFIC_CHART),
                                .x = {page_words(page, TEXT_PARTITION), NULL, false},
                                .y = {page_words(page, TEXT_GUEST_TRAFFIC), "%", false},
                                .categories = names,
                                .n_categories = guests->n,
                                .series = series,
                                .n_series = NP_ARRAY_LEN(series),
                                .first_colour =
                                    2, // own memory, another board's: as where accesses were served
                                .to_one = true};
    chart_write(page, &chart);
    free(points);
    free(names);
}

static void time_row(struct page *page, const struct page_column *c, const struct guest *guest,
                     const char *region, const json_t *on)
{
    char text[NUMBER_TEXT_SIZE];
    page_row_begin(page);
    page_cell(page, &c[0], view_text(guest->partition, "name"));
    page_cell(page, &c[1], region);
    page_cell(page, &c[2], number_count(page->language, view_count(on, "cpus"), text));
    page_cell(page, &c[3], number_fixed(page->language, number_of(on, "us"), 3, text));
    page_cell(page, &c[4], number_fixed(page->language, number_of(on, "speedup"), 2, text));
    page_row_end(page);
}

static void times_table(struct page *page, const struct guests *guests)
{
    const struct page_column c[] = {
        {page_words(page, TEXT_PARTITION), NULL, false, false},
        {page_words(page, TEXT_GUEST_REGION), NULL, false, true},
        {page_words(page, TEXT_CPUS), NULL, true, false},
        {page_words(page, TEXT_GUEST_TIME), "µs", true, false},
        {page_words(page, TEXT_GUEST_SPEEDUP), NULL, true, false},
    };
    const json_t *region, *on;
    size_t i, k;
    page_table_begin(page, page_words(page, TEXT_GUEST_TIMES), c, NP_ARRAY_LEN(c));
    for (size_t g = 0; g < guests->n; g++)
        json_array_foreach(guests->items[g].times, i, region)
            json_array_foreach(json_object_get(region, "on"), k, on)
                time_row(page, c, &guests->items[g], view_text(region, "name"), on);
    page_table_end(page);
}

static void cpu_row(struct page *page, const struct page_column *c, const json_t *cpu)
{
    char text[NUMBER_TEXT_SIZE], place[NAME_MAX_BYTES + 32], psw[96];
    const json_t *where = json_object_get(cpu, "psw");
    snprintf(place, sizeof place, "%.64s/%u", view_text(cpu, "board"), (unsigned)view_count(cpu, "cpu"));
    snprintf(psw, sizeof psw, "%.40s %.40s", view_text(where, "mask"), view_text(where, "address"));
    double cpi = json_number_value(json_object_get(cpu, "cpi"));
    page_row_begin(page);
    page_cell(page, &c[0], view_text(cpu, "name"));
    page_cell(page, &c[1], place);
    page_cell(page, &c[2], number_count(page->language, view_count(cpu, "instructions"), text));
    page_cell(page, &c[3], cpi > 0 ? number_fixed(page->language, cpi, 2, text) : "–");
    page_cell(page, &c[4], number_fixed(page->language, 1e-6 * (double)view_count(cpu, "busy_ps"), 1, text));
    page_cell(page, &c[5], cpu_end_words(page, view_text(cpu, "end")));
    page_cell(page, &c[6], psw);
    page_row_end(page);
}

static void cpu_table(struct page *page, const struct guest *guest)
{
    const struct page_column c[] = {
        {page_words(page, TEXT_CPU), NULL, true, false},
        {page_words(page, TEXT_GUEST_PLACE), NULL, false, false},
        {page_words(page, TEXT_GUEST_INSTRUCTIONS), NULL, true, false},
        {page_words(page, TEXT_GUEST_CPI), NULL, true, false},
        {page_words(page, TEXT_GUEST_BUSY), "µs", true, false},
        {page_words(page, TEXT_GUEST_END), NULL, false, false},
        {page_words(page, TEXT_GUEST_PSW), NULL, false, true},
    };
    const json_t *cpus = json_object_get(guest->json, "cpus");
    size_t n = json_array_size(cpus);
    page_table_begin(page, NULL, c, NP_ARRAY_LEN(c));
    for (size_t i = 0; i < n && i < CPUS_TABLE_MAX; i++)
        cpu_row(page, c, json_array_get(cpus, i));
    page_table_end(page);
}

// The last lines of a console.
static void console(struct page *page, const struct guest *guest)
{
    const char *text = guest->console;
    if (!text || !*text)
        return;
    if (guest->cut) {
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    page_details_begin(page, page_words(page, guest->cut ? TEXT_GUEST_CONSOLE_END : TEXT_GUEST_CONSOLE));
    page_lines(page, text);
    page_details_end(page);
}

void section_guests(struct page *page, const struct view *view)
{
    struct guests guests;
    size_t times = 0;
    find_guests(view, &guests);
    for (size_t i = 0; i < guests.n; i++)
        times += json_array_size(guests.items[i].times);
    if (guests.n) {
        page_section_begin(page, "guests", page_words(page, TEXT_GUEST_HEADING));
        page_paragraph(page, page_words(page, TEXT_GUEST_WHAT), NULL);
        warn_of_failures(page, &guests);
        guest_table(page, &guests);
        page_grid_begin(page);
        speedup_chart(page, &guests);
        traffic_chart(page, &guests);
        page_grid_end(page);
        if (times)
            times_table(page, &guests);
        for (size_t i = 0; i < guests.n; i++) {
            page_heading(page, view_text(guests.items[i].partition, "name"));
            cpu_table(page, &guests.items[i]);
            console(page, &guests.items[i]);
        }
        page_section_end(page);
    }
    free_guests(&guests);
}
