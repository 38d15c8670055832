// SPDX-License-Identifier: Apache-2.0
// A question, and its answer point by point: the cross product of some axes, each point run with some seeds.
#ifndef NP_COORDINATOR_CAMPAIGN_SWEEP_H
#define NP_COORDINATOR_CAMPAIGN_SWEEP_H

#include <stdio.h>

#include "coordinator/campaign/axis.h"
#include "coordinator/campaign/metrics.h"
#include "coordinator/law/fit.h"

#define AXES_MAX   6u
#define POINTS_MAX 65536u
#define SEEDS_MAX  1024u

struct question {
    char name[NAME_MAX_BYTES];     // of its CSV and picture
    char scenario[PATH_MAX_BYTES]; // absolute path
    struct settings settings;      // of all points
    uint32_t n_axes;
    struct axis axes[AXES_MAX]; // the first is the x axis of tables and pictures
    uint32_t seeds;             // runs of each point, with the scenario's seed and those that follow it
    uint32_t n_metrics;         // shown in tables and pictures; 0: the throughput
    enum metric metrics[METRIC_COUNT];
    struct setting against; // name of an axis and its value that others are compared with; name "": none
    uint32_t nodes;         // processes of boards of each run; 0: one
};

enum point_state {
    POINT_PENDING,
    POINT_DONE,
    POINT_KEPT,       // done by an earlier sweep
    POINT_IMPOSSIBLE, // the scenario refuses these values
    POINT_FAILED
};
const char *point_state_name(enum point_state state); // of the CSV; "done" for both

struct point {
    uint32_t combination; // of the axes; the last axis varies fastest
    uint64_t seed;
    enum point_state state;
    uint32_t twin;  // an earlier point that is the same run, or its own number
    char key[17];   // of scenario content, parameters, seed and program; names its folder
    char *message;  // owned; why it is impossible or failed
    bool has_twins; // later points that are the same run
    struct run_metrics metrics;
};

struct sweep {
    struct question *question;
    char folder[PATH_MAX_BYTES];
    uint32_t combinations, n_points;
    struct point *points; // combination after combination, seed after seed
    uint32_t kept, done, impossible, failed;
    double wall_s, cpu_s; // host time of what was run now, and of its processes
    uint32_t jobs;
};

// The value of an axis at a combination.
const char *sweep_value(const struct sweep *sweep, uint32_t combination, uint32_t axis);

// "cpus=12 locks=4". Returns `text`.
const char *sweep_place(const struct sweep *sweep, uint32_t combination, char text[512]);

// Makes the points: reads the scenario at every combination, so that impossible ones are known, and looks for
// what is done already. Errors: ERR_USAGE (a setting that names nothing), ERR_LIMIT, ERR_FILE; what
// the scenario says when no combination at all is possible. The caller frees in any case.
enum err_code sweep_plan(struct sweep *sweep, struct question *question, const char *folder, struct err *err);

// Runs what is not done yet over the host's cores: `jobs` at once, 0: as pool_default() says. ERR_INTERRUPTED
// when the user ended it (what is done is kept), ERR_PROCESS.
enum err_code sweep_run(struct sweep *sweep, uint32_t jobs, bool quiet, struct err *err);

// FOLDER/NAME.csv; columns as in README.md. ERR_FILE, ERR_DISK_FULL.
enum err_code sweep_csv(const struct sweep *sweep, struct err *err);

// FOLDER/NAME.html: the series as pictures. ERR_FILE, ERR_DISK_FULL.
enum err_code sweep_html(const struct sweep *sweep, enum language language, struct err *err);

// The series as tables, and what became of the points.
void sweep_print(const struct sweep *sweep, FILE *out);

void sweep_free(struct sweep *sweep);
void question_free(struct question *question);

// series.c: what tables and pictures show.
struct cell {
    double mean, half;      // half the width of the 95 % interval over seeds; NAN with one seed
    uint32_t n;             // runs; 0: nothing there
    enum point_state state; // of the first that has no result when n is 0
};
uint32_t sweep_partitions(const struct sweep *sweep);
const char *sweep_partition(const struct sweep *sweep, uint32_t partition);
struct cell sweep_cell(const struct sweep *sweep, uint32_t combination, uint32_t partition,
                       enum metric metric);
// The metrics to show; those of the question, or the throughput that the runs have. Returns their number.
uint32_t sweep_metrics(const struct sweep *sweep, enum metric metrics[METRIC_COUNT]);
// Relative difference of a metric from the point that the question compares with; NAN when there is none.
double sweep_error(const struct sweep *sweep, uint32_t point, uint32_t partition, enum metric metric);

// How many series there are: combinations of all axes but the first. Combination i * series + s belongs to
// series s.
uint32_t sweep_series(const struct sweep *sweep);
// "locks=4 protocol=msi"; the metric's name when there is one axis only. Returns `text`.
const char *sweep_series_name(const struct sweep *sweep, uint32_t series, enum metric metric, char text[256]);
// Fits the curves of the law to one series, if the first axis is a number of CPUs (it is called cpus) and the
// metric a throughput. Returns the best, CURVE_COUNT when there is nothing to fit.
enum curve sweep_fit(const struct sweep *sweep, uint32_t series, uint32_t partition, enum metric metric,
                     struct fit fits[CURVE_COUNT]);

#endif
