// SPDX-License-Identifier: Apache-2.0
// Programs as a test runs them: started with arguments, bounded in time, their output kept.
#ifndef NP_TESTS_LIB_PROCESS_H
#define NP_TESTS_LIB_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "proto/base/limits.h"

#define PROCESS_OUTPUT (1u << 20) // of each stream; the rest is read and dropped
#define HANG_S         300u       // after so long a process hangs: no loaded host makes one as slow

struct test_process {
    pid_t pid;
    int status;      // exit status, or 128 + signal; -1 while it runs
    bool timed_out;  // it was killed because its time was over
    char *out, *err; // standard output and error, terminated; valid after process_wait, freed by process_free
    int out_file, err_file;
};

struct process_options {
    const char *folder;    // working directory; NULL: this one
    const char *out_path;  // standard output goes to this file instead of being kept; NULL: kept
    size_t file_bytes_max; // RLIMIT_FSIZE; 0: none
};

// Path of a program of the build: $NUMAPLEX_BIN/NAME. Static storage, four at a time.
const char *test_program(const char *name);

// Starts a program; argv ends with NULL. Fails the test when that is not possible. options may be NULL.
struct test_process process_start_test(const char *program, const char *const *argv,
                                       const struct process_options *options);

// Waits up to `seconds` for its end, then kills it by its id. Reads what it said.
void process_wait(struct test_process *process, unsigned seconds);
void process_free(struct test_process *process);

// Both at once: PROGRAM ARGUMENTS... The caller frees.
#define process_run(program, ...) process_run_list(program, (const char *const[]){program, __VA_ARGS__, NULL})
struct test_process process_run_list(const char *program, const char *const *argv);

// Ids of the processes whose parent is `parent`. Returns their number, at most `max`.
size_t process_children(pid_t parent, pid_t *children, size_t max);

// Whether a process of that id is there (zombies are not).
bool process_alive(pid_t pid);
bool process_stopped(pid_t pid); // by a signal

// A folder for the test's files, and the removal of it with all that is in it.
void test_folder_make(char path[PATH_MAX_BYTES]);
void test_folder_remove(const char *path);

bool file_exists(const char *folder, const char *name);

// Content of a small file, terminated; the caller frees. NULL when it cannot be read.
char *file_content(const char *folder, const char *name);

void test_sleep_ms(unsigned ms);

#endif
