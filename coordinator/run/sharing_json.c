// SPDX-License-Identifier: Apache-2.0
#include "coordinator/run/sharing_json.h"

#include <stdlib.h>

#include "proto/base/assert.h"

json_t *sharing_sent_to(const struct machine *machine, const struct board_results *board)
{
    const struct system_desc *system = &machine->systems[machine->boards[board->board].system];
    json_t *list = json_array();
    for (uint32_t i = 0; i < system->boards && i < BOARDS_PER_SYSTEM_MAX; i++) {
        const struct traffic *traffic = &board->sent_to[i];
        if (traffic->messages)
            json_array_append_new(list, json_pack("{s:s, s:I, s:I}", "board",
                                                  machine->boards[system->first_board + i].name, "messages",
                                                  (json_int_t)traffic->messages, "bytes",
                                                  (json_int_t)traffic->bytes));
    }
    return list;
}

struct home_page {
    const struct page_results *page;
    uint32_t home; // board
};

static int by_use(const void *one, const void *other)
{
    const struct page_results *a = ((const struct home_page *)one)->page;
    const struct page_results *b = ((const struct home_page *)other)->page;
    if (a->remote != b->remote)
        return a->remote > b->remote ? -1 : 1;
    return (a->address > b->address) - (a->address < b->address);
}

static json_t *page_json(const struct machine *machine, const struct home_page *home)
{
    const struct page_results *page = home->page;
    json_t *object =
        json_pack("{s:I, s:s, s:I, s:I, s:I, s:i}", "address", (json_int_t)page->address, "home",
                  machine->boards[home->home].name, "requests", (json_int_t)page->requests, "remote",
                  (json_int_t)page->remote, "writes", (json_int_t)page->writes, "boards", (int)page->boards);
    NP_ASSERT(object);
    json_object_set_new(object, "virtual",
                        page->owned ? json_sprintf("0x%llx", (unsigned long long)page->virtual_address)
                                    : json_null());
    json_object_set_new(object, "process", page->owned ? json_integer(page->process) : json_null());
    json_t *symbol =
        page->owned && page->symbol[0] ? json_string(page->symbol) : NULL; // NULL too: it is no UTF-8
    json_object_set_new(object, "symbol", symbol ? symbol : json_null());
    return object;
}

json_t *sharing_pages(const struct machine *machine, const struct outcome *outcome, uint32_t partition)
{
    const struct stay *members[BOARDS_MAX];
    uint32_t n_members = outcome_members(outcome, machine, partition, members);
    struct home_page *pages = calloc((size_t)n_members * PAGES_REPORTED_MAX + 1, sizeof *pages);
    size_t n = 0;
    NP_ASSERT(pages);
    for (uint32_t b = 0; b < n_members; b++) {
        const struct board_results *board = &outcome->boards[members[b]->board];
        for (uint32_t i = 0; outcome_is_there(members[b]) && i < board->n_pages; i++)
            pages[n++] = (struct home_page){&board->pages[i], members[b]->board};
    }
    qsort(pages, n, sizeof *pages, by_use);
    json_t *list = json_array();
    for (size_t i = 0; i < n && i < PAGES_REPORTED_MAX; i++)
        json_array_append_new(list, page_json(machine, &pages[i]));
    free(pages);
    return list;
}
