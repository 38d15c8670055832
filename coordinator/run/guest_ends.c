// SPDX-License-Identifier: Apache-2.0
#include "coordinator/run/guest_ends.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/machine/units.h"
#include "coordinator/run/guest_times.h"
#include "coordinator/run/text_files.h"
#include "proto/base/assert.h"
#include "proto/base/guest.h"

#define ROWS_MAX      64u  // CPUs that the summary lists
#define LAST_LINE_MAX 200u // bytes of a console in which it looks for the last line
#define REGISTERS_MAX 4u   // CPUs of which it shows the registers

const char *guest_end_name(enum guest_end end)
{
    static const char *const names[] = {
        [GUEST_NONE] = "none",
        [GUEST_RUNNING] = "running",
        [GUEST_WAITING] = "enabled wait",
        [GUEST_STOPPED] = "stopped",
        [GUEST_ENDED] = "ended",
        [GUEST_DISABLED_WAIT] = "disabled wait",
        [GUEST_CHECK_STOP] = "check stop",
        [GUEST_PROGRAM_LOOP] = "program interruption loop",
    };
    _Static_assert(NP_ARRAY_LEN(names) == GUEST_END_COUNT, "one name per end");
    return names[end];
}

const char *guest_verdict_name(enum guest_verdict verdict)
{
    static const char *const names[GUEST_VERDICT_COUNT] = {
        [GUEST_CLEAN] = "clean",
        [GUEST_FAILED] = "failed",
        [GUEST_STUCK] = "stuck",
        [GUEST_GOES_ON] = "running",
    };
    return names[verdict];
}

bool guest_cpu_runs(const struct outcome *outcome, const struct guest_cpu_results *cpu)
{
    return cpu->end == GUEST_RUNNING || (cpu->end == GUEST_WAITING && outcome->reason != PAUSE_DONE);
}

static bool cpu_failed(const struct guest_cpu_results *cpu)
{
    return cpu->end == GUEST_DISABLED_WAIT || cpu->end == GUEST_CHECK_STOP || cpu->end == GUEST_PROGRAM_LOOP;
}

static enum guest_verdict judge(const struct outcome *outcome, const struct guest_sum *sum)
{
    bool runs = false, waits = false;
    for (uint32_t i = 0; i < sum->desc->n_cpus; i++) {
        const struct guest_cpu_results *cpu = sum->cpus[i].guest;
        NP_ASSERT(cpu); // machine_invalid: every address has its CPU
        if (cpu_failed(cpu))
            return GUEST_FAILED;
        runs |= guest_cpu_runs(outcome, cpu);
        waits |= cpu->end == GUEST_WAITING;
    }
    return runs ? GUEST_GOES_ON : waits ? GUEST_STUCK : GUEST_CLEAN;
}

bool guest_sum(const struct outcome *outcome, const struct machine *machine, uint32_t partition,
               struct guest_sum *sum)
{
    memset(sum, 0, sizeof *sum);
    sum->desc = &machine->partitions[partition].guest;
    if (sum->desc->n_cpus == 0)
        return false;
    for (uint32_t i = 0; i < machine->n_cpus; i++) {
        const struct cpu_desc *cpu = &machine->cpus[i];
        if (cpu->kind != CPU_ZARCH || machine->boards[cpu->board].partition != partition)
            continue;
        const struct guest_cpu_results *guest = &outcome->boards[cpu->board].guest[cpu->index];
        sum->cpus[cpu->member] = (struct guest_member){cpu, guest};
        sum->instructions += guest->instructions;
    }
    sum->verdict = judge(outcome, sum);
    return true;
}

// Cycles per instruction while it ran; 0: it executed none.
static double cpi(const struct machine *machine, const struct guest_member *cpu)
{
    uint64_t hz = machine->boards[cpu->desc->board].params.cpu_hz;
    if (!cpu->guest->instructions)
        return 0;
    return (double)cpu->guest->busy_ps / (double)SIM_PS_PER_S * (double)hz / (double)cpu->guest->instructions;
}

// The image without its folder, which may be another one elsewhere.
static const char *image_name(const struct guest_desc *desc)
{
    const char *slash = strrchr(desc->image, '/');
    return slash ? slash + 1 : desc->image;
}

static void print_cpu(const struct machine *m, const struct guest_member *cpu, FILE *out)
{
    char place[NAME_MAX_BYTES + 16], count[GROUPED_SIZE];
    snprintf(place, sizeof place, "%s/%u", m->boards[cpu->desc->board].name, cpu->desc->index);
    fprintf(out, "    %-4" PRIu32 " %-10s %15s", cpu->desc->member, place,
            grouped(cpu->guest->instructions, count));
    if (cpu->guest->instructions)
        fprintf(out, " %9.2f", cpi(m, cpu));
    else
        fprintf(out, " %9s", "-");
    fprintf(out, "  %s", guest_end_name((enum guest_end)cpu->guest->end));
    if (cpu->guest->end != GUEST_STOPPED)
        fprintf(out, ", PSW %016" PRIx64 " %016" PRIx64, cpu->guest->psw_mask, cpu->guest->psw_address);
    fputc('\n', out);
}

static void print_registers(const struct guest_member *cpu, FILE *out)
{
    for (unsigned i = 0; i < 16; i += 4)
        fprintf(out,
                "    %s%-2" PRIu32 " R%-2u %016" PRIx64 " %016" PRIx64 " %016" PRIx64 " %016" PRIx64 "\n",
                i ? "    " : "CPU ", cpu->desc->member, i, cpu->guest->gr[i], cpu->guest->gr[i + 1],
                cpu->guest->gr[i + 2], cpu->guest->gr[i + 3]);
}

static void print_cpus(const struct machine *m, const struct guest_sum *sum, FILE *out)
{
    uint32_t shown = 0, n = sum->desc->n_cpus;
    fprintf(out, "    %-4s %-10s %15s %9s  %s\n", "CPU", "place", "instructions", "CPI", "at the end");
    for (uint32_t i = 0; i < n && i < ROWS_MAX; i++)
        print_cpu(m, &sum->cpus[i], out);
    if (n > ROWS_MAX)
        fprintf(out, "    and %" PRIu32 " more, in results.json\n", n - ROWS_MAX);
    for (uint32_t i = 0; i < n && shown < REGISTERS_MAX; i++) {
        if (sum->cpus[i].guest->end == GUEST_ENDED || sum->cpus[i].guest->end == GUEST_STOPPED)
            continue;
        print_registers(&sum->cpus[i], out);
        shown++;
    }
}

static void print_verdict(enum guest_verdict verdict, const char *time, FILE *out)
{
    static const char *const texts[GUEST_VERDICT_COUNT][2] = {
        [GUEST_CLEAN] = {"ended clean at ", ""},
        [GUEST_FAILED] = {"FAILED; the last CPU ended at ", ""},
        [GUEST_STUCK] = {"STUCK at ", ": it waits for an interruption that never comes"},
        [GUEST_GOES_ON] = {"still running at the end, at ", ""},
    };
    fprintf(out, "%s%s%s\n", texts[verdict][0], time, texts[verdict][1]);
}

static void console_path(const struct run_report *report, uint32_t partition,
                         char path[PATH_MAX_BYTES + TEXT_NAME_SIZE])
{
    char name[TEXT_NAME_SIZE];
    text_file_name(report->scenario->machine.partitions[partition].name, TEXT_CONSOLE, name);
    snprintf(path, PATH_MAX_BYTES + TEXT_NAME_SIZE, "%s/%s", report->folder->path, name);
}

// The last line of the console that is not empty, where a guest says why it gave up.
static void print_last_line(const struct run_report *report, uint32_t partition, FILE *out)
{
    char path[PATH_MAX_BYTES + TEXT_NAME_SIZE], text[LAST_LINE_MAX];
    console_path(report, partition, path);
    FILE *file = fopen(path, "rb");
    if (!file)
        return;
    if (fseek(file, -(long)sizeof text, SEEK_END) != 0)
        rewind(file); // it is shorter
    size_t end = fread(text, 1, sizeof text, file), begin;
    fclose(file);
    while (end > 0 && strchr(" \r\n", text[end - 1]))
        end--;
    for (begin = end; begin > 0 && text[begin - 1] != '\n';)
        begin--;
    if (begin == end)
        return;
    fputs("  console      ends: ", out);
    console_write(out, (const uint8_t *)text + begin, end - begin, true);
    fputc('\n', out);
}

void guest_ends_print(const struct run_report *report, uint32_t partition, sim_time end, FILE *out)
{
    const struct machine *m = &report->scenario->machine;
    struct guest_sum sum;
    char time[UNIT_TEXT_SIZE], count[GROUPED_SIZE];
    if (!guest_sum(report->outcome, m, partition, &sum))
        return;
    fprintf(out, "  guest        %s, %s, %s timing: ", image_name(sum.desc),
            architecture_names[sum.desc->architecture], sum.desc->functional ? "functional" : "full");
    print_verdict(sum.verdict, unit_pretty_time(end, time), out);
    if (sum.verdict == GUEST_FAILED || sum.verdict == GUEST_STUCK)
        print_last_line(report, partition, out);
    fprintf(out, "  instructions %s, %.1f M per simulated second over %" PRIu32 " CPU%s\n",
            grouped(sum.instructions, count),
            end ? 1e-6 * (double)sum.instructions / ((double)end / (double)SIM_PS_PER_S) : 0,
            sum.desc->n_cpus, sum.desc->n_cpus == 1 ? "" : "s");
    print_cpus(m, &sum, out);
}

static json_t *hex(uint64_t value)
{
    return json_sprintf("0x%016" PRIx64, value);
}

static json_t *cpu_json(const struct machine *m, const struct guest_member *cpu)
{
    const struct guest_cpu_results *g = cpu->guest;
    json_t *registers = json_array();
    for (size_t i = 0; i < NP_ARRAY_LEN(g->gr); i++)
        json_array_append_new(registers, hex(g->gr[i]));
    return json_pack("{s:o, s:s, s:i, s:s, s:I, s:I, s:o, s:{s:o, s:o}, s:o}", "name",
                     json_sprintf("%" PRIu32, cpu->desc->member), "board", m->boards[cpu->desc->board].name,
                     "cpu", cpu->desc->index, "end", guest_end_name((enum guest_end)g->end), "instructions",
                     (json_int_t)g->instructions, "busy_ps", (json_int_t)g->busy_ps, "cpi",
                     g->instructions ? json_real(cpi(m, cpu)) : json_null(), "psw", "mask", hex(g->psw_mask),
                     "address", hex(g->psw_address), "registers", registers);
}

// A region of the guest's program by its own word: "on" has every number of CPUs, the region itself the most.
static json_t *region_json(const struct guest_time *times, size_t n)
{
    json_t *on = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(
            on, json_pack("{s:o, s:i, s:f, s:f}", "name", json_sprintf("%" PRIu32, times[i].cpus), "cpus",
                          (int)times[i].cpus, "us", times[i].us, "speedup", times[i].speedup));
    return json_pack("{s:s%, s:i, s:f, s:f, s:o}", "name", times->name, strlen(times->name), "cpus",
                     (int)times[n - 1].cpus, "us", times[n - 1].us, "speedup", times[n - 1].speedup, "on",
                     on);
}

// What its console says of times. Names that are no UTF-8 are nobody's and left out.
static json_t *times_json(const struct run_report *report, uint32_t partition)
{
    struct guest_times *times = calloc(1, sizeof *times);
    json_t *list = json_array();
    char path[PATH_MAX_BYTES + TEXT_NAME_SIZE];
    NP_ASSERT(times && list);
    console_path(report, partition, path);
    guest_times_read_file(times, path);
    for (size_t i = 0, n; i < times->n; i += n) {
        for (n = 1; i + n < times->n && strcmp(times->items[i + n].name, times->items[i].name) == 0;)
            n++;
        json_t *region = region_json(&times->items[i], n);
        if (region)
            json_array_append_new(list, region);
    }
    free(times);
    return list;
}

json_t *guest_ends_json(const struct run_report *report, uint32_t partition, sim_time end)
{
    const struct machine *m = &report->scenario->machine;
    struct guest_sum sum;
    if (!guest_sum(report->outcome, m, partition, &sum))
        return NULL;
    json_t *cpus = json_array();
    for (uint32_t i = 0; i < sum.desc->n_cpus; i++)
        json_array_append_new(cpus, cpu_json(m, &sum.cpus[i]));
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:o, s:o}", "image", image_name(sum.desc),
                     "arguments", sum.desc->arguments, "architecture",
                     architecture_names[sum.desc->architecture], "timing",
                     sum.desc->functional ? "functional" : "full", "end", guest_verdict_name(sum.verdict),
                     "instructions", (json_int_t)sum.instructions, "instructions_per_s",
                     end ? (json_int_t)((unsigned __int128)sum.instructions * SIM_PS_PER_S / end) : 0,
                     "times", times_json(report, partition), "cpus", cpus);
}

static const struct guest_member *first_culprit(const struct guest_sum *sum)
{
    for (uint32_t i = 0; i < sum->desc->n_cpus; i++)
        if (cpu_failed(sum->cpus[i].guest))
            return &sum->cpus[i];
    for (uint32_t i = 0; i < sum->desc->n_cpus; i++)
        if (sum->cpus[i].guest->end == GUEST_WAITING)
            return &sum->cpus[i];
    return &sum->cpus[0];
}

enum err_code guest_ends_check(const struct run_report *report, struct err *err)
{
    const struct machine *m = &report->scenario->machine;
    for (uint32_t p = 0; p < m->n_partitions; p++) {
        struct guest_sum sum;
        if (!guest_sum(report->outcome, m, p, &sum) ||
            (sum.verdict != GUEST_FAILED && sum.verdict != GUEST_STUCK))
            continue;
        const struct guest_member *cpu = first_culprit(&sum);
        return err_set(err, ERR_GUEST,
                       "partition %s: the guest %s: %s on CPU %" PRIu32 ", PSW 0x%016" PRIx64 " 0x%016" PRIx64
                       "; see its console and registers in %s",
                       m->partitions[p].name, sum.verdict == GUEST_STUCK ? "waits for ever" : "failed",
                       guest_end_name((enum guest_end)cpu->guest->end), cpu->desc->member,
                       cpu->guest->psw_mask, cpu->guest->psw_address, report->folder->shown);
    }
    return ERR_OK;
}
