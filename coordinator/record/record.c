// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "coordinator/record/recording.h"
#include "proto/base/assert.h"

void recording_origin(const struct recording_request *request, const struct recording_plan *plan,
                      struct trace_origin *origin)
{
    *origin = (struct trace_origin){.skip = request->skip, .max_refs = request->max_refs};
    snprintf(origin->tool, sizeof origin->tool, "%s", plan->version);
    strcpy(origin->arch, plan->machine == ELF_S390X ? "s390x" : "x86_64");
    origin->page_bytes = (uint32_t)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; request->argv[i]; i++) {
        size_t bytes = strlen(request->argv[i]) + 1;
        if (bytes > sizeof origin->argv - origin->argv_bytes)
            break; // for people only; a longer command line is cut between two arguments
        memcpy(origin->argv + origin->argv_bytes, request->argv[i], bytes);
        origin->argv_bytes += (uint32_t)bytes;
    }
}

enum err_code record_program(const struct recording_request *request, const char *path,
                             struct recording_result *result, struct err *err)
{
    NP_ASSERT(request->argv && request->argv[0]);
    err_clear(err);
    struct recording_plan plan;
    if (recording_plan_make(&plan, request, err))
        return err->code;
    bool not_started = false;
    if (plan.tool == TOOL_QEMU)
        record_by_qemu(request, &plan, path, result, &not_started, err);
    if (not_started && request->tool == TOOL_AUTO && plan.machine == ELF_X86_64) {
        err_clear(err);
        recording_plan_lackey(&plan, err);
    }
    if (!err->code && plan.tool == TOOL_LACKEY)
        record_by_lackey(request, &plan, path, result, err);
    if (result)
        snprintf(result->note, sizeof result->note, "%s", plan.note);
    return err->code;
}
