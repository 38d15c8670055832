// SPDX-License-Identifier: Apache-2.0
// How busy the parts of each board were, and what boards said to each other.
#include <stdlib.h>

#include "coordinator/report/chart.h"
#include "coordinator/report/sections.h"
#include "proto/base/assert.h"
#include "proto/base/message.h"

static double busy(const struct view_board *board, const char *counter)
{
    bool moved = json_object_get(board->json, "stayed_ps");
    return percent(view_counter(board->json, counter),
                   moved ? view_count(board->json, "stayed_ps") : view_count(board->partition, "end_ps"));
}

#define BUSY(name)                                                                                           \
    static double name##_busy(const struct view_board *board)                                                \
    {                                                                                                        \
        return busy(board, #name "_busy_ps");                                                                \
    }
BUSY(home)
BUSY(memory)
BUSY(bus)
BUSY(egress)
BUSY(ingress)

// What the results hold: older ones know neither the memory's nor the bus's share.
static size_t busy_rows(const struct view *view, struct board_series rows[5])
{
    static const struct {
        const char *counter;
        struct board_series series;
    } all[] = {{"home_busy_ps", {TEXT_HOME, home_busy}},
               {"memory_busy_ps", {TEXT_MEMORY, memory_busy}},
               {"bus_busy_ps", {TEXT_BUS, bus_busy}},
               {"egress_busy_ps", {TEXT_PORT_OUT, egress_busy}},
               {"ingress_busy_ps", {TEXT_PORT_IN, ingress_busy}}};
    size_t n = 0;
    for (size_t i = 0; i < NP_ARRAY_LEN(all); i++)
        if (view->n_members && view_has_counter(view->members[0].json, all[i].counter))
            rows[n++] = all[i].series;
    return n;
}

static double mean_wait_ns(const struct view_board *board, const char *wait, const char *messages)
{
    uint64_t n = view_counter(board->json, messages);
    return n ? 1e-3 * (double)view_counter(board->json, wait) / (double)n : 0;
}

#define ROWS_OPEN_MAX 16u // a longer table is folded away

static void wait_table(struct page *page, const struct view *view)
{
    const char *title = page_words(page, TEXT_WAIT_TABLE);
    bool folded = view->n_members > ROWS_OPEN_MAX;
    const struct page_column columns[] = {
        {page_words(page, TEXT_BOARD), NULL, false, false},
        {page_words(page, TEXT_SENT), page_words(page, TEXT_MESSAGES_UNIT), true, false},
        {page_words(page, TEXT_WAIT_OUT), "ns", true, false},
        {page_words(page, TEXT_RECEIVED), page_words(page, TEXT_MESSAGES_UNIT), true, false},
        {page_words(page, TEXT_WAIT_IN), "ns", true, false},
        {page_words(page, TEXT_HOME_REQUESTS), page_words(page, TEXT_MESSAGES_UNIT), true, false},
        {page_words(page, TEXT_HOME_STALLED), page_words(page, TEXT_MESSAGES_UNIT), true, false},
    };
    static const char *const counters[] = {"messages_sent", "messages_received", "home_requests",
                                           "home_stalled"};
    if (folded)
        page_details_begin(page, title);
    page_table_begin(page, folded ? NULL : title, columns, NP_ARRAY_LEN(columns));
    for (size_t b = 0; b < view->n_members; b++) {
        const struct view_board *board = &view->members[b];
        char n[4][NUMBER_TEXT_SIZE], text[NUMBER_TEXT_SIZE];
        enum language l = page->language;
        for (unsigned i = 0; i < 4; i++)
            number_count(l, view_counter(board->json, counters[i]), n[i]);
        page_row_begin(page);
        page_cell(page, &columns[0], board->label);
        page_cell(page, &columns[1], n[0]);
        page_cell(page, &columns[2],
                  number_fixed(l, mean_wait_ns(board, "egress_wait_ps", "messages_sent"), 1, text));
        page_cell(page, &columns[3], n[1]);
        page_cell(page, &columns[4],
                  number_fixed(l, mean_wait_ns(board, "ingress_wait_ps", "messages_received"), 1, text));
        page_cell(page, &columns[5], n[2]);
        page_cell(page, &columns[6], n[3]);
        page_row_end(page);
    }
    page_table_end(page);
    if (folded)
        page_details_end(page);
}

void section_busy(struct page *page, const struct view *view)
{
    struct board_series rows[5];
    size_t n = busy_rows(view, rows);
    if (n == 0)
        return;
    struct chart chart = {.kind = CHART_BARS,
                          .title = page_words(page, TEXT_BUSY_CHART),
                          .y = {page_words(page, TEXT_BUSY), page_words(page, TEXT_PERCENT_OF_TIME), false},
                          .to_one = true};
    page_section_begin(page, "busy", page_words(page, TEXT_BUSY_HEADING));
    page_paragraph(page, page_words(page, TEXT_BUSY_WHAT), NULL);
    chart_of_boards(page, view, &chart, rows, n);
    wait_table(page, view);
    page_section_end(page);
}

// Messages of one type that the boards of a partition sent over the crossbar.
static uint64_t sent(const json_t *partition, const char *type)
{
    const json_t *members = json_object_get(partition, "members");
    const json_t *boards = members ? members : json_object_get(partition, "boards");
    uint64_t sum = 0;
    for (size_t i = 0; i < json_array_size(boards); i++)
        sum += view_count(json_object_get(json_array_get(boards, i), "messages_sent"), type);
    return sum;
}

static uint64_t sent_of_all(const struct view *view, const char *type)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < json_array_size(view->partitions); i++)
        sum += sent(json_array_get(view->partitions, i), type);
    return sum;
}

#define PARTITIONS_CHARTED_MAX 8u // colours; of more partitions the sum is shown

static void messages_chart(struct page *page, const struct view *view, const char *const *types, size_t n)
{
    size_t partitions = json_array_size(view->partitions);
    bool apart = partitions <= PARTITIONS_CHARTED_MAX;
    struct chart_series series[PARTITIONS_CHARTED_MAX];
    struct chart_point *points = calloc(n * PARTITIONS_CHARTED_MAX, sizeof *points);
    size_t n_series = apart ? partitions : 1;
    NP_ASSERT(points);
    for (size_t s = 0; s < n_series; s++) {
        const json_t *p = json_array_get(view->partitions, s);
        for (size_t i = 0; i < n; i++)
            points[s * n + i].y = (double)(apart ? sent(p, types[i]) : sent_of_all(view, types[i]));
        series[s] = (struct chart_series){.name = apart ? view_text(p, "name")
                                                        : page_words(page, TEXT_ALL_PARTITIONS),
                                          .points = points + s * n,
                                          .n = n};
    }
    const struct chart chart = {
        .kind = CHART_STACKED,
        .title = page_words(page, TEXT_MESSAGES_CHART),
        .x = {page_words(page, TEXT_MESSAGE_TYPE), NULL, false},
        .y = {page_words(page, TEXT_SENT), page_words(page, TEXT_MESSAGES_UNIT), false},
        .categories = types,
        .n_categories = n,
        .series = series,
        .n_series = n_series};
    chart_write(page, &chart);
    free(points);
}

void section_messages(struct page *page, const struct view *view)
{
    const char *types[MSG_TYPE_COUNT];
    size_t n = 0;
    for (unsigned t = 0; t < MSG_TYPE_COUNT; t++)
        if (sent_of_all(view, message_name(t)))
            types[n++] = message_name(t);
    if (n == 0)
        return;
    page_section_begin(page, "messages", page_words(page, TEXT_MESSAGES_HEADING));
    page_paragraph(page, page_words(page, TEXT_MESSAGES_WHAT), NULL);
    messages_chart(page, view, types, n);
    page_section_end(page);
}
