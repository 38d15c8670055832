// SPDX-License-Identifier: Apache-2.0
// Text for people: tables in columns, sizes, simulated times.
#ifndef NP_HMC_CLI_TABLE_H
#define NP_HMC_CLI_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct table;

// `heads` as "Board|Domain|>CPUs": columns, right-aligned where a > stands before. At most 16.
struct table *table_new(const char *heads);

// The next cell, row by row.
void table_cell(struct table *table, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

void table_print(struct table *table, FILE *out); // two blanks between columns; frees it

#define UNIT_TEXT 32
const char *bytes_text(uint64_t bytes, char text[UNIT_TEXT]); // "16 MiB", "1.5 GiB"
const char *time_text(uint64_t ps, char text[UNIT_TEXT]);     // "2.000 ms", "350.0 ns"

#endif
