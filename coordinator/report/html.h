// SPDX-License-Identifier: Apache-2.0
// Text from anywhere, written so that it stays text: in HTML, and in JSON inside a script element.
#ifndef NP_COORDINATOR_REPORT_HTML_H
#define NP_COORDINATOR_REPORT_HTML_H

#include <stdio.h>

// Writes `text` for element content and quoted attributes: < > & " ' become references, control characters
// and bytes that are not UTF-8 become U+FFFD. NULL is nothing.
void html_text(FILE *out, const char *text);

// Writes `text` as a JSON string with its quotes. Nothing in it can end a script element: < > & are escaped.
void html_json_string(FILE *out, const char *text);

// Writes a figure for JSON: 9 significant digits, null when it is not finite.
void html_json_number(FILE *out, double value);

#endif
