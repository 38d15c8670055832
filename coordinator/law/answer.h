// SPDX-License-Identifier: Apache-2.0
// What `numaplex law` was asked, and the forms in which it answers.
#ifndef NP_COORDINATOR_LAW_ANSWER_H
#define NP_COORDINATOR_LAW_ANSWER_H

#include <stdio.h>

#include "coordinator/law/columns.h"

#define LOSSES_MAX 8u

struct law_command {
    bool curves[CURVE_COUNT];
    uint32_t n_losses;
    double losses[LOSSES_MAX]; // as given; 0.1 is 10 %
    bool total;                // they are of both CPUs together: S(2) = 2 - n
    double rule;               // gain that makes a CPU worth while; 0: the curve's own
    uint32_t max_cpus;
    enum { LAW_TEXT, LAW_CSV, LAW_JSON, LAW_HTML } form;
    bool german;
    const char *out; // html: file
    // A fit instead.
    const char *fit; // CSV; NULL: none
    struct columns_request columns;
    bool speedup; // its y are speedups: one CPU is 1
};

// The loss of each of two CPUs that the command's number `i` means.
double law_loss(const struct law_command *command, uint32_t i);
double law_rule_of(const struct law_command *command, enum curve curve);

void law_print(const struct law_command *command, FILE *out);
void law_csv(const struct law_command *command, FILE *out);
enum err_code law_json(const struct law_command *command, FILE *out, struct err *err);
enum err_code law_html(const struct law_command *command, struct err *err);

// The fits of one file; `best` as fit_all says.
void fits_print(const struct law_command *command, const struct fit *fits, enum curve best,
                const struct fit_point *points, size_t n, FILE *out);
enum err_code fits_json(const struct law_command *command, const struct fit *fits, enum curve best, size_t n,
                        FILE *out, struct err *err);

#endif
