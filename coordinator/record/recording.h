// SPDX-License-Identifier: Apache-2.0
// What both ways of recording share. Only this folder includes it.
#ifndef NP_COORDINATOR_RECORD_RECORDING_H
#define NP_COORDINATOR_RECORD_RECORDING_H

#include "coordinator/record/elf_file.h"
#include "coordinator/record/record.h"

// How a request is carried out.
struct recording_plan {
    enum recording_tool tool;     // QEMU or LACKEY
    enum elf_machine machine;     // of the program
    char program[PATH_MAX_BYTES]; // its path
    char runner[PATH_MAX_BYTES];  // qemu-x86_64, qemu-s390x or valgrind
    char plugin[PATH_MAX_BYTES];  // of qemu
    char version[NAME_MAX_BYTES]; // of the runner, as the trace names it
    const char *sysroot;          // libraries of another machine; NULL: none
    char note[256];               // for the result
};

// Looks at the program and at what is installed. ERR_PROCESS, ERR_FILE, ERR_MISSING_TOOL.
enum err_code recording_plan_make(struct recording_plan *plan, const struct recording_request *request,
                                  struct err *err);

// Plans again for a program that qemu could not start. ERR_MISSING_TOOL.
enum err_code recording_plan_lackey(struct recording_plan *plan, struct err *err);

// Fills in all but `complete`.
void recording_origin(const struct recording_request *request, const struct recording_plan *plan,
                      struct trace_origin *origin);

// Both take a plan for them; by_qemu says in *not_started that the program did not execute an instruction.
enum err_code record_by_lackey(const struct recording_request *request, const struct recording_plan *plan,
                               const char *path, struct recording_result *result, struct err *err);
enum err_code record_by_qemu(const struct recording_request *request, const struct recording_plan *plan,
                             const char *path, struct recording_result *result, bool *not_started,
                             struct err *err);

#endif
