// SPDX-License-Identifier: Apache-2.0
// What must be true of every page that we write, without a browser.
#ifndef NP_TESTS_LIB_HTML_CHECK_H
#define NP_TESTS_LIB_HTML_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#define HTML_REASON_SIZE 256

// Whether a page is sound: its elements are nested and closed; ids are unique; it loads nothing (no src, no
// address of another host, no url() or import in styles); the data of every chart are JSON, with series and
// with labels on both axes, and a unit where the label does not name what is counted. Else says why.
bool html_check(const char *page, char reason[HTML_REASON_SIZE]);

// How often `what` occurs.
size_t html_occurrences(const char *page, const char *what);

// Charts of a page.
size_t html_charts(const char *page);

#endif
