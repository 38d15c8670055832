// SPDX-License-Identifier: Apache-2.0
// The table of a calibration: every published value of the chosen presets, measured and compared.
#ifndef NP_COORDINATOR_CALIBRATE_CALIBRATION_H
#define NP_COORDINATOR_CALIBRATE_CALIBRATION_H

#include "coordinator/calibrate/bench.h"

// A fitted value may be off by so much; beyond it the calibration has failed.
#define FITTED_TOLERANCE_PERCENT 1.0

struct calibrated_preset {
    char name[PATH_MAX_BYTES]; // as a scenario names it: a name, or an absolute path
    struct preset preset;
};

struct calibrated_row {
    uint32_t preset; // index
    const struct published *item;
    unsigned n_runs;
    struct bench_run runs[BENCH_RUNS_MAX];
    double values[BENCH_RUNS_MAX]; // of its runs
    double simulated;              // in the item's unit
    double error_percent;          // from the published value, or from the nearer end of its range
};

struct calibration {
    uint32_t n_presets, n_rows;
    struct calibrated_preset *presets;
    struct calibrated_row *rows;
};

// Reads the presets (n 0: all that can be found by name and have published values) and plans their rows.
// ERR_USAGE for a preset without published values that is asked for; errors of preset_open.
enum err_code calibration_plan(struct calibration *calibration, char *const *names, unsigned n,
                               struct err *err);

// Runs what was planned, `jobs` children at once (0: one per core), with their scenarios and run folders
// below `folder`, and fills in values and errors.
enum err_code calibration_run(struct calibration *calibration, const char *folder, uint32_t jobs,
                              struct err *err);

bool calibrated_row_fails(const struct calibrated_row *row);

enum calibration_format { CALIBRATION_TEXT, CALIBRATION_JSON, CALIBRATION_CSV };
void calibration_print(const struct calibration *calibration, enum calibration_format format, FILE *out);

void calibration_free(struct calibration *calibration);

#endif
