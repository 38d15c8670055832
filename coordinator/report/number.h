// SPDX-License-Identifier: Apache-2.0
// Figures as people of a language write them: 1,234.5 in English, 1.234,5 in German. Independent of the
// host's locale. Every function writes into `text` and returns it.
#ifndef NP_COORDINATOR_REPORT_NUMBER_H
#define NP_COORDINATOR_REPORT_NUMBER_H

#include <stdint.h>

#include "coordinator/report/text.h"

#define NUMBER_TEXT_SIZE 48

// 1234567 as 1,234,567.
const char *number_count(enum language language, uint64_t value, char text[NUMBER_TEXT_SIZE]);

// With `decimals` digits (0 to 9) behind the point, in groups of three before it. A figure that is not
// finite, or beyond 10^15, is written with an exponent or as its name.
const char *number_fixed(enum language language, double value, unsigned decimals,
                         char text[NUMBER_TEXT_SIZE]);

// With at most `digits` (1 to 15) significant digits, no zeros at the end.
const char *number_short(enum language language, double value, unsigned digits, char text[NUMBER_TEXT_SIZE]);

// A time in ps with the unit that suits it: "212.0 ns".
const char *number_time(enum language language, uint64_t ps, char text[NUMBER_TEXT_SIZE]);

// A size with the unit that suits it: "1.5 MiB".
const char *number_bytes(enum language language, uint64_t bytes, char text[NUMBER_TEXT_SIZE]);

// part / whole as "96.2 %"; a dash when `whole` is 0.
const char *number_share(enum language language, uint64_t part, uint64_t whole, char text[NUMBER_TEXT_SIZE]);

#endif
