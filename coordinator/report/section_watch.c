// SPDX-License-Identifier: Apache-2.0
// Watched lines (--watch-line): each as a message chart and a table.
#include <inttypes.h>
#include <stdlib.h>

#include "coordinator/report/sections.h"
#include "coordinator/report/watch_story.h"
#include "proto/base/assert.h"

static const char *words_of(const struct page *page, const char *kind)
{
    switch (kind[0]) { // state, send, receive
    case 's':
        return page_words(page, kind[1] == 't' ? TEXT_STORY_STATE : TEXT_STORY_SENDS);
    case 'r':
        return page_words(page, TEXT_STORY_RECEIVES);
    default:
        return "";
    }
}

static void table(struct page *page, const json_t *events, size_t n)
{
    const struct page_column columns[] = {
        {page_words(page, TEXT_STORY_TIME), "ns", true, false},
        {page_words(page, TEXT_BOARD), NULL, false, false},
        {page_words(page, TEXT_STORY_PART), NULL, false, false},
        {page_words(page, TEXT_STORY_KIND), NULL, false, false},
        {page_words(page, TEXT_STORY_WHAT), NULL, false, true},
        {page_words(page, TEXT_STORY_PEER), NULL, false, false},
    };
    char text[NUMBER_TEXT_SIZE];
    page_details_begin(page, page_words(page, TEXT_DATA_TABLE));
    page_table_begin(page, NULL, columns, NP_ARRAY_LEN(columns));
    for (size_t i = 0; i < n; i++) {
        const json_t *e = json_array_get(events, i);
        page_row_begin(page);
        page_cell(page, &columns[0],
                  number_fixed(page->language, 1e-3 * (double)view_count(e, "time_ps"), 3, text));
        page_cell(page, &columns[1], view_text(e, "board"));
        page_cell(page, &columns[2], view_text(e, "unit"));
        page_cell(page, &columns[3], words_of(page, view_text(e, "kind")));
        page_cell(page, &columns[4], view_text(e, "what"));
        page_cell(page, &columns[5], view_text(e, "peer"));
        page_row_end(page);
    }
    page_table_end(page);
    page_details_end(page);
}

static void line_story(struct page *page, const json_t *watch, struct story *story)
{
    char title[256], line[NUMBER_TEXT_SIZE], shown[NUMBER_TEXT_SIZE], all[NUMBER_TEXT_SIZE];
    enum language l = page->language;
    snprintf(line, sizeof line, "0x%" PRIx64, view_count(watch, "line"));
    text_fill(title, sizeof title, page_words(page, TEXT_STORY_LINE),
              ARGS(line, view_text(watch, "partition")));
    story_read(story, watch);
    page_heading(page, title);
    if (story->n_events == 0) {
        page_paragraph(page, page_words(page, TEXT_STORY_NOTHING), NULL);
        return;
    }
    uint64_t happened = story->recorded + view_count(watch, "dropped");
    if (happened > story->n_events)
        page_paragraph(page, page_words(page, TEXT_STORY_SHOWN),
                       ARGS(number_count(l, story->n_events, shown), number_count(l, happened, all)));
    story_draw(page, story, title);
    table(page, json_object_get(watch, "events"), story->n_events);
}

static void legend(struct page *page)
{
    static const struct {
        const char *class;
        enum text_id text;
    } rows[] = {{"req", TEXT_STORY_REQUEST},
                {"fwd", TEXT_STORY_FORWARD},
                {"rsp", TEXT_STORY_RESPONSE},
                {"d", TEXT_STORY_DATA}};
    fputs("<p class=\"legend\">", page->out);
    for (size_t i = 0; i < NP_ARRAY_LEN(rows); i++)
        fprintf(page->out,
                "<span><svg class=\"story\" width=\"36\" height=\"10\" aria-hidden=\"true\"><g "
                "class=\"%s\"><path "
                "class=\"a\" d=\"M0 5h36\"/></g></svg> %s</span> ",
                rows[i].class, page_words(page, rows[i].text));
    fputs("</p>\n", page->out);
}

void section_watch(struct page *page, const struct view *view)
{
    const json_t *lines = json_object_get(view->results, "watch");
    if (json_array_size(lines) == 0)
        return;
    struct story *story = malloc(sizeof *story);
    NP_ASSERT(story);
    page_section_begin(page, "watch", page_words(page, TEXT_STORY_HEADING));
    page_paragraph(page, page_words(page, TEXT_STORY_ABOUT), NULL);
    legend(page);
    for (size_t i = 0; i < json_array_size(lines); i++)
        line_story(page, json_array_get(lines, i), story);
    page_section_end(page);
    free(story);
}
