// SPDX-License-Identifier: Apache-2.0
// Which tool records a program: decided by the program's file and by what is installed.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "coordinator/record/recording.h"
#include "coordinator/run/find.h"
#include "proto/base/assert.h"

#define PLUGIN "numaplex-recorder.so"

// Where Debian's cross compilers put the libraries of s390x.
#define S390X_ROOT "/usr/s390x-linux-gnu"

const char *const recording_tool_names[TOOL_COUNT] = {"auto", "qemu", "lackey"};

static enum err_code find_runner(const char *name, const char *package, char path[PATH_MAX_BYTES],
                                 struct err *err)
{
    if (record_find_program(name, path, err) == ERR_OK)
        return ERR_OK;
    return err_set(err, ERR_MISSING_TOOL,
                   "%s is needed for this recording and is not installed; on Debian: apt install %s", name,
                   package);
}

// Word `number` of the first line that `RUNNER --version` prints.
static enum err_code ask_version(const char *name, unsigned number, char word[NAME_MAX_BYTES],
                                 struct err *err)
{
    char command[64], line[256] = "", more[256];
    snprintf(command, sizeof command, "exec %s --version 2>/dev/null", name);
    FILE *pipe = popen(command, "re");
    if (!pipe)
        return err_errno(err, ERR_PROCESS, "%s: cannot be started", name);
    const char *found = fgets(line, sizeof line, pipe);
    while (fgets(more, sizeof more, pipe))
        continue; // who closes a pipe early ends its writer
    int status = pclose(pipe);
    for (unsigned i = 0; found && i < number; i++)
        found = strchr(found, ' ') ? strchr(found, ' ') + 1 : NULL;
    if (status != 0 || !found)
        return err_set(err, ERR_MISSING_TOOL, "%s: does not run; reinstall it", name);
    snprintf(word, NAME_MAX_BYTES, "%.*s", (int)strcspn(found, " \n") % 40, found);
    return ERR_OK;
}

enum err_code recording_plan_lackey(struct recording_plan *plan, struct err *err)
{
    char version[NAME_MAX_BYTES];
    plan->tool = TOOL_LACKEY;
    if (find_runner("valgrind", "valgrind", plan->runner, err) || ask_version("valgrind", 0, version, err))
        return err->code;
    snprintf(plan->version, sizeof plan->version, "%.40s lackey", version);
    return ERR_OK;
}

// Beside our own program, where programs of ours are; tests, which are elsewhere, say where.
static enum err_code find_plugin(char path[PATH_MAX_BYTES], struct err *err)
{
    const char *folder = getenv("NUMAPLEX_BIN");
    if (folder && snprintf(path, PATH_MAX_BYTES, "%s/" PLUGIN, folder) < (int)PATH_MAX_BYTES &&
        access(path, R_OK) == 0)
        return ERR_OK;
    return find_program(PLUGIN, path, err);
}

static enum err_code plan_qemu(struct recording_plan *plan, struct err *err)
{
    const char *name = plan->machine == ELF_S390X ? "qemu-s390x" : "qemu-x86_64";
    char version[NAME_MAX_BYTES];
    plan->tool = TOOL_QEMU;
    if (find_runner(name, "qemu-user", plan->runner, err) || find_plugin(plan->plugin, err) ||
        ask_version(name, 2, version, err))
        return err->code;
    snprintf(plan->version, sizeof plan->version, "%s %.40s", name, version);
    return ERR_OK;
}

// What only valgrind follows: scripts.
static enum err_code plan_other(struct recording_plan *plan, enum recording_tool wanted, struct err *err)
{
    if (wanted == TOOL_QEMU)
        return err_set(
            err, ERR_PROCESS,
            "%s: is no x86-64 or s390x program, so qemu-user cannot record it; give the program that "
            "interprets it, or take --tool lackey",
            plan->program);
    snprintf(plan->note, sizeof plan->note,
             "recorded with valgrind's lackey: a script is not followed by qemu-user");
    return recording_plan_lackey(plan, err);
}

static enum err_code plan_x86(struct recording_plan *plan, enum recording_tool wanted, struct err *err)
{
    if (wanted == TOOL_LACKEY)
        return recording_plan_lackey(plan, err);
    if (plan_qemu(plan, err) == ERR_OK || wanted == TOOL_QEMU)
        return err->code;
    snprintf(plan->note, sizeof plan->note, "recorded with valgrind's lackey: %.200s", err->text);
    err_clear(err);
    return recording_plan_lackey(plan, err);
}

enum err_code recording_plan_make(struct recording_plan *plan, const struct recording_request *request,
                                  struct err *err)
{
    *plan = (struct recording_plan){0};
    struct elf_file elf;
    if (record_find_program(request->argv[0], plan->program, err))
        return err->code;
    if (elf_open(&elf, plan->program, err)) {
        // It may be executed but not read; then valgrind cannot read it either, and says so.
        err_clear(err);
        elf.machine = ELF_X86_64;
    }
    bool dynamic = elf.dynamic;
    plan->machine = elf.machine;
    elf_close(&elf);
    switch (plan->machine) {
    case ELF_X86_64:
        return plan_x86(plan, request->tool, err);
    case ELF_S390X:
        if (request->tool == TOOL_LACKEY)
            return err_set(err, ERR_PROCESS,
                           "%s: is an s390x program, which lackey cannot record; take --tool qemu",
                           plan->program);
        plan->sysroot = dynamic && access(S390X_ROOT "/lib", R_OK) == 0 ? S390X_ROOT : NULL;
        return plan_qemu(plan, err);
    case ELF_NONE:
        return plan_other(plan, request->tool, err);
    default:
        return err_set(err, ERR_PROCESS,
                       "%s: is a program for another machine; programs for x86-64 and s390x can be recorded",
                       plan->program);
    }
}
