// SPDX-License-Identifier: Apache-2.0
// The pages of a home that a board reports: what was counted, and what replayed programs call them.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/board/internal.h"
#include "node/cpu/placement.h"
#include "proto/trace/trace.h"

static bool covers(const struct trace_symbol *symbol, uint64_t address)
{
    return address - symbol->address < (symbol->bytes ? symbol->bytes : 1);
}

// "name+0x40" where the page begins inside a symbol, else the first that begins in the page; " ..." says that
// there are more.
static void name_page(const struct trace_symbol *symbols, uint32_t n, const struct frame_owner *owner,
                      char text[SYMBOL_TEXT_SIZE])
{
    const struct trace_symbol *first = NULL;
    uint64_t page = owner->virtual_address;
    uint32_t in_page = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (symbols[i].process != owner->process || !symbols[i].name[0])
            continue;
        bool begins = symbols[i].address - page < PAGE_BYTES, reaches = covers(&symbols[i], page);
        in_page += begins || reaches;
        if (!first && (begins || reaches))
            first = &symbols[i];
    }
    if (!first)
        return;
    const char *more = in_page > 1 ? " ..." : "";
    if (first->address < page)
        snprintf(text, SYMBOL_TEXT_SIZE, "%s+0x%llx%s", first->name,
                 (unsigned long long)(page - first->address), more);
    else
        snprintf(text, SYMBOL_TEXT_SIZE, "%s%s", first->name, more);
}

// All pages of one recording, whose symbols are read once.
static void name_pages(const char *trace, const struct frame_owner *owners, struct page_results *pages,
                       uint32_t n)
{
    struct trace_symbol *symbols = NULL;
    uint32_t n_symbols = 0;
    struct err err;
    if (trace_symbols_read(trace, &symbols, &n_symbols, &err))
        return; // names are a help, no result: what cannot be read any more stays without
    for (uint32_t i = 0; i < n; i++)
        if (owners[i].trace && strcmp(owners[i].trace, trace) == 0)
            name_page(symbols, n_symbols, &owners[i], pages[i].symbol);
    free(symbols);
}

static bool replays_traces(const struct board *board)
{
    for (uint32_t i = 0; i < board->machine->n_cpus; i++) {
        const struct cpu_desc *cpu = &board->machine->cpus[i];
        if (cpu->kind == CPU_TRACE && board->machine->boards[cpu->board].partition == board->desc->partition)
            return true;
    }
    return false;
}

static void find_owners(const struct board *board, const struct used_page *used, struct page_results *pages,
                        uint32_t n)
{
    struct frame_owner owners[PAGES_REPORTED_MAX] = {{0}};
    struct err err;
    for (uint32_t i = 0; i < n; i++)
        owners[i] = (struct frame_owner){.board = board->number, .offset = used[i].offset};
    if (address_spaces_owners(board->machine, board->partition, owners, n, &err))
        return;
    for (uint32_t i = 0; i < n; i++) {
        if (!owners[i].trace)
            continue;
        pages[i].owned = true;
        pages[i].virtual_address = owners[i].virtual_address;
        pages[i].process = owners[i].process;
        bool named = false; // with an earlier page of the same recording
        for (uint32_t j = 0; j < i; j++)
            named |= owners[j].trace && strcmp(owners[j].trace, owners[i].trace) == 0;
        if (!named)
            name_pages(owners[i].trace, owners, pages, n);
    }
}

// The most used of those that have a real address: all had one when they were used, but the board may have
// left its partition since.
static uint32_t mapped_pages(const struct board *board, struct used_page *used, struct page_results *pages)
{
    uint32_t found = memory_busiest(&board->home.memory, used, PAGES_REPORTED_MAX), n = 0;
    for (uint32_t i = 0; i < found; i++) {
        struct location where = {board->number, used[i].offset};
        used[n] = used[i];
        n += segment_map_real(&board->home.decode, where, &pages[n].address);
    }
    return n;
}

void board_pages(const struct board *board, struct board_results *results)
{
    struct used_page used[PAGES_REPORTED_MAX];
    uint32_t n = mapped_pages(board, used, results->pages);
    results->n_pages = n;
    for (uint32_t i = 0; i < n; i++) {
        const struct page_use *use = used[i].use;
        struct page_results *page = &results->pages[i];
        page->requests = use->requests;
        page->remote = use->remote;
        page->writes = use->writes;
        page->boards = (uint32_t)__builtin_popcountll(use->boards);
    }
    if (n && replays_traces(board))
        find_owners(board, used, results->pages, n);
}
