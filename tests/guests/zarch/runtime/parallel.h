// SPDX-License-Identifier: Apache-2.0
// A team of CPUs, and what its members do together. CPU 0 leads; the others wait, in an enabled wait, for
// work.
#ifndef TESTS_GUESTS_ZARCH_RUNTIME_PARALLEL_H
#define TESTS_GUESTS_ZARCH_RUNTIME_PARALLEL_H

#include <stdbool.h>
#include <stdint.h>

// From CPU 0: runs work(argument) on CPUs 0 to n - 1, and returns when all are done. Returns the time it
// took, in units of the TOD clock.
uint64_t team_run(unsigned n, void (*work)(void *), void *argument);

// Inside of work:
unsigned team_size(void);
unsigned team_member(void); // 0 to team_size() - 1
void team_barrier(void);

// All members get the result; every member calls it, with its own value. Sums of doubles are made in the
// order of CPUs.
uint64_t reduce_sum(uint64_t value);
uint64_t reduce_max(uint64_t value);
double reduce_double(double value);

// A member's part of 0 .. n - 1: [begin, end). The parts are as those of deal().
struct range {
    uint64_t begin, end;
};
struct range part_of(uint64_t n, unsigned member, unsigned members);
struct range my_part(uint64_t n);

// From CPU 0: body(range, argument) on n_cpus CPUs, each with its part of 0 .. n - 1. Returns the time as
// team_run does.
uint64_t parallel_for(unsigned n_cpus, uint64_t n, void (*body)(struct range, void *), void *argument);

// A kernel: what main gives to measure().
struct kernel {
    const char *name;
    void (*prepare)(unsigned n_cpus); // from CPU 0, before each run, with nothing placed; may be NULL
    void (*work)(void *);             // on n_cpus CPUs; timed
    void (*verify)(unsigned n_cpus);  // from CPU 0, after each run; ends the program if the result is wrong
};

// Runs the kernel on one CPU and on all, options.repeat times each, prints the speed-up and "NAME: ok".
// Before each run every CPU takes the data that are placed for it into its caches, as far as they go in.
void measure(const struct kernel *kernel);

// Prints the line of measure().
void print_speed_up(const char *name, uint64_t time_one, uint64_t time_all);

#endif
