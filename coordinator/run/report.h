// SPDX-License-Identifier: Apache-2.0
// What a finished run is reported as: for people on the terminal, for programs in files.
#ifndef NP_COORDINATOR_RUN_REPORT_H
#define NP_COORDINATOR_RUN_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "coordinator/machine/scenario.h"
#include "coordinator/run/folder.h"
#include "coordinator/run/options.h"
#include "coordinator/run/outcome.h"
#include "coordinator/run/watch.h"

struct run_report {
    const struct scenario *scenario;
    const struct run_command *command;
    const struct plan *plan;
    const struct outcome *outcome; // complete
    const struct run_folder *folder;
    const struct watch_list *watch;
};

// 1234567 as 1,234,567. Returns `text`.
#define GROUPED_SIZE 32
const char *grouped(uint64_t value, char text[GROUPED_SIZE]);

// A page for people, at most 100 columns wide.
void summary_print(const struct run_report *report, FILE *out);

// The part of it about host time: where it went, and what to try where the simulation was not the most of it.
void host_time_print(const struct run_report *report, FILE *out);

// results.json; its schema is described in README.md of this folder.
enum err_code results_json_write(const struct run_report *report, FILE *out, struct err *err);

// The same as a document; the caller's reference. NULL: out of memory.
json_t *results_document(const struct run_report *report);

// counters.csv: partition, board, counter, unit, value.
void counters_csv_write(const struct run_report *report, FILE *out);

// The file `digest`, see digest_file.h.
void digest_file_write(const struct run_report *report, FILE *out);

// Sets ERR_CHECK when a simulated program saw a wrong value, naming the first; else ERR_OK.
enum err_code report_checks(const struct run_report *report, struct err *err);

#endif
