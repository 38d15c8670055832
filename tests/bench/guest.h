// SPDX-License-Identifier: Apache-2.0
// Guests of rows: their scenario here, and the same image on other machines.
#ifndef NP_TESTS_BENCH_GUEST_H
#define NP_TESTS_BENCH_GUEST_H

#include "tests/bench/bench.h"

#define ARGUMENTS_SIZE 256

// The command line of the row's guest.
void guest_arguments(const struct row *row, const struct bench_settings *settings, char text[ARGUMENTS_SIZE]);

// Path of its image.
enum err_code guest_image(const struct row *row, char path[PATH_MAX_BYTES], struct err *err);

// Writes its scenario to settings->folder.
enum err_code guest_scenario(const struct row *row, const struct bench_settings *settings,
                             char path[PATH_MAX_BYTES], struct err *err);

// Runs it on another machine and returns what its console said; the caller frees. NULL and *err on failure.
char *guest_on_qemu(const struct row *row, const struct bench_settings *settings, struct err *err);
char *guest_on_hercules(const struct row *row, const struct bench_settings *settings, struct err *err);

#endif
