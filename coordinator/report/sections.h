// SPDX-License-Identifier: Apache-2.0
// The sections of report.html, in their order. Each leaves itself out when the results have nothing for it.
#ifndef NP_COORDINATOR_REPORT_SECTIONS_H
#define NP_COORDINATOR_REPORT_SECTIONS_H

#include "coordinator/report/page.h"
#include "coordinator/report/view.h"

void section_head(struct page *page, const struct view *view);       // facts and warnings; has no heading
void section_claims(struct page *page, const struct view *view);     // what the scenario says of its results
void section_throughput(struct page *page, const struct view *view); // partitions
void section_moves(struct page *page, const struct view *view);      // partitions that changed
void section_guests(struct page *page, const struct view *view);     // ends, speed-up, consoles
void section_served(struct page *page, const struct view *view);     // where accesses were served
void section_latency(struct page *page, const struct view *view);    // histograms by kind
void section_hits(struct page *page, const struct view *view);       // boards and CPUs
void section_busy(struct page *page, const struct view *view);       // homes, memory, bus, ports
void section_crossbar(struct page *page, const struct view *view);   // boards x boards
void section_messages(struct page *page, const struct view *view);   // by type
void section_sharing(struct page *page, const struct view *view);    // pages of memory
void section_watch(struct page *page, const struct view *view);      // message charts of watched lines
void section_figures(struct page *page, const struct view *view);    // of the machine, with their sources
void section_host(struct page *page, const struct view *view);       // host time: differs from run to run

// A chart over all boards: one category each, one series per row.
struct board_series {
    enum text_id name;
    double (*of)(const struct view_board *board);
};
struct chart;
// `chart` gives kind, title and y axis; x, categories and series are filled in.
void chart_of_boards(struct page *page, const struct view *view, struct chart *chart,
                     const struct board_series *rows, size_t n);

// part / whole in percent; 0 when `whole` is 0.
double percent(uint64_t part, uint64_t whole);

// The number of figures of the machine, and how many of them are unverified defaults.
void figures_count(const struct view *view, uint64_t *all, uint64_t *unverified);

#endif
