// SPDX-License-Identifier: Apache-2.0
// isa_compare: random instructions on numaplex and on QEMU, case by case.
#include <argp.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"
#include "proto/base/guest.h"
#include "tests/isa/coverage.h"
#include "tests/isa/generate.h"
#include "tests/isa/numaplex.h"
#include "tests/isa/qemu.h"
#include "tests/isa/rules.h"
#include "tests/isa/tally.h"

#define QEMU_SECONDS  300 // for a batch that takes one
#define BATCH_DEFAULT 40000

enum key {
    KEY_PER = 'n',
    KEY_SEED = 's',
    KEY_ONLY = 'o',
    KEY_TABLE = 't',
    KEY_SHOW = 'e',
    KEY_STATES = 256,
    KEY_COMPLETE,
    KEY_SMALL,
    KEY_SELF,
    KEY_LEVEL,
    KEY_BATCH
};

struct command {
    const char *harness, *rules_path, *only;
    unsigned long per, shown, show;
    unsigned states, batch_cases;
    uint64_t seed;
    bool table, complete, small_caches, self;
    enum architecture level;

    struct isa_insns insns;
    struct rules rules;
    struct isa_batch batch;
    struct isa_generator generator;
    struct isa_qemu qemu, twin;
    struct isa_numaplex numaplex;
    struct coverage coverage;
    struct tally tally;
    unsigned long cases, differing, excused;
    bool broken; // a machine did not finish a batch
};

static const struct argp_option options[] = {
    {"per", KEY_PER, "N", 0, "cases of each mnemonic (8)", 0},
    {"states", KEY_STATES, "N", 0, "cases that run the same instruction (4)", 0},
    {"batch", KEY_BATCH, "N", 0, "cases that are run at once (40000)", 0},
    {"seed", KEY_SEED, "N", 0, "another seed makes other cases (1)", 0},
    {"only", KEY_ONLY, "PATTERN", 0, "mnemonics that match, as in the shell", 0},
    {"level", KEY_LEVEL, "NAME", 0, "facility level (z196)", 0},
    {"small-caches", KEY_SMALL, 0, 0, "numaplex with caches of a few lines and full timing", 0},
    {"self", KEY_SELF, 0, 0, "QEMU in the place of numaplex too: shows what is no function of its inputs", 0},
    {"table", KEY_TABLE, 0, 0, "print what each mnemonic has reached", 0},
    {"complete", KEY_COMPLETE, 0, 0, "fail when a condition code or an exception was not reached", 0},
    {"show", KEY_SHOW, "N", 0, "kinds of differences shown with registers (5)", 0},
    {0},
};

static enum architecture level_of(const char *name, struct argp_state *state)
{
    for (unsigned i = 0; i < ARCHITECTURE_COUNT; i++)
        if (strcmp(architecture_names[i], name) == 0)
            return (enum architecture)i;
    argp_error(state, "no facility level is named %s", name);
    return ARCH_Z196;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct command *command = state->input;
    switch (key) {
    case KEY_PER:
        command->per = strtoul(argument, NULL, 10);
        break;
    case KEY_STATES:
        command->states = (unsigned)strtoul(argument, NULL, 10);
        break;
    case KEY_BATCH:
        command->batch_cases = (unsigned)strtoul(argument, NULL, 10);
        break;
    case KEY_SEED:
        command->seed = strtoull(argument, NULL, 10);
        break;
    case KEY_ONLY:
        command->only = argument;
        break;
    case KEY_LEVEL:
        command->level = level_of(argument, state);
        break;
    case KEY_SMALL:
        command->small_caches = true;
        break;
    case KEY_SELF:
        command->self = true;
        break;
    case KEY_TABLE:
        command->table = true;
        break;
    case KEY_COMPLETE:
        command->complete = true;
        break;
    case KEY_SHOW:
        command->show = strtoul(argument, NULL, 10);
        break;
    case ARGP_KEY_ARG:
        if (state->arg_num > 1)
            return ARGP_ERR_UNKNOWN;
        *(state->arg_num ? &command->rules_path : &command->harness) = argument;
        break;
    case ARGP_KEY_END:
        if (state->arg_num < 2 || !command->states || !command->batch_cases ||
            command->batch_cases > CASES_MAX - command->states)
            argp_usage(state);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp parser = {
    options,
    parse,
    "HARNESS RULES",
    "Runs random instructions on numaplex and on QEMU and compares what came of each.",
    NULL,
    NULL,
    NULL};

static bool wanted(const struct command *command, unsigned row)
{
    const char *mnemonic = command->insns.rows[row].row->mnemonic;
    return !rules_lack(&command->rules, mnemonic) &&
           (!command->only || fnmatch(command->only, mnemonic, 0) == 0);
}

static void compare_case(struct command *command, uint64_t number, const struct outcome *qemu,
                         const struct outcome *numaplex)
{
    const struct isa_case *test = &command->batch.cases[number];
    struct coverage_row *row = &command->coverage.rows[test->row];
    const struct isa_insn *insn = &command->insns.rows[test->row];
    unsigned differences = outcome_compare(test, qemu, numaplex);
    bool mode64 = (test->psw_mask & PSW_MODE_64) == PSW_MODE_64;
    unsigned ends[2] = {outcome_program(qemu), outcome_program(numaplex)};
    coverage_note(row, numaplex);
    command->cases++;
    if (!differences)
        return;
    if (rules_excuse(&command->rules, insn->row->mnemonic, mode64, differences, ends[0], ends[1]) ||
        (test->target != NO_TARGET &&
         rules_excuse(&command->rules, command->insns.rows[test->target].row->mnemonic, mode64, differences,
                      ends[0], ends[1]))) {
        row->excused++;
        command->excused++;
        return;
    }
    row->differing++;
    command->differing++;
    if (tally_add(&command->tally, test->row, differences, ends[0], ends[1]) &&
        command->shown++ < command->show)
        outcome_explain(stdout, &command->batch, insn, number, qemu, numaplex, differences);
}

// A machine that did not finish: which instruction it was at.
static void report_stop(struct command *command, const char *who, const uint8_t *memory,
                        const struct err *err)
{
    command->broken = true;
    err_report(err);
    uint64_t done = batch_done(memory);
    if (done >= command->batch.n_cases)
        return;
    const struct isa_case *test = &command->batch.cases[done];
    printf("%s stopped in case %lu: ", who, done);
    outcome_print_case(stdout, &command->batch, &command->insns.rows[test->row], done);
}

static enum err_code start_other(struct command *command, const char *image, struct err *err)
{
    if (!command->self)
        return numaplex_start(&command->numaplex, image, err);
    char copy[300];
    qemu_image_path(&command->twin, copy, sizeof copy);
    return batch_write_elf(&command->batch, copy, err) ? err->code : qemu_start(&command->twin, err);
}

static enum err_code run_batch(struct command *command, struct err *err)
{
    char image[300];
    qemu_image_path(&command->qemu, image, sizeof image);
    if (batch_write_elf(&command->batch, image, err) || qemu_start(&command->qemu, err) ||
        start_other(command, image, err))
        return err->code;
    struct err reasons[2] = {0};
    bool stopped = command->self ? qemu_wait(&command->twin, QEMU_SECONDS, &reasons[0])
                                 : numaplex_wait(&command->numaplex, &reasons[0]);
    const uint8_t *other = command->self ? command->twin.memory : command->numaplex.memory;
    if (stopped)
        report_stop(command, command->self ? "the second qemu" : "numaplex", other, &reasons[0]);
    if (qemu_wait(&command->qemu, QEMU_SECONDS, &reasons[1]))
        report_stop(command, "qemu", command->qemu.memory, &reasons[1]);
    struct outcomes outcomes[2];
    outcomes_begin(&outcomes[0], command->qemu.memory);
    outcomes_begin(&outcomes[1], other);
    for (uint64_t i = 0;
         i < command->batch.n_cases && i < batch_done(command->qemu.memory) && i < batch_done(other); i++) {
        struct outcome qemu = outcomes_next(&outcomes[0]), numaplex = outcomes_next(&outcomes[1]);
        compare_case(command, i, &qemu, &numaplex);
    }
    return ERR_OK;
}

// Round after round of all mnemonics, in batches.
static enum err_code run_all(struct command *command, struct err *err)
{
    generate_begin(&command->generator);
    for (unsigned long round = 0; round < command->per; round += command->states)
        for (unsigned row = 0; row < command->insns.n; row++) {
            if (!wanted(command, row))
                continue;
            generate_add(&command->generator, row, command->states);
            if (command->batch.n_cases + command->states <= command->batch_cases)
                continue;
            if (run_batch(command, err))
                return err->code;
            generate_begin(&command->generator);
        }
    return command->batch.n_cases ? run_batch(command, err) : ERR_OK;
}

static enum err_code open_all(struct command *command, struct err *err)
{
    insns_make(&command->insns, command->level);
    if (rules_read(&command->rules, command->rules_path, err) ||
        batch_open(&command->batch, command->harness, err) || qemu_open(&command->qemu, err) ||
        qemu_open(&command->twin, err) || numaplex_open(&command->numaplex, command->level, err))
        return err->code;
    command->numaplex.small_caches = command->small_caches;
    command->generator = (struct isa_generator){
        .rng = rng_for(command->seed, 0), .insns = &command->insns, .batch = &command->batch};
    for (unsigned i = 0; i < command->insns.n; i++)
        command->generator.without[i] = rules_lack(&command->rules, command->insns.rows[i].row->mnemonic);
    return ERR_OK;
}

static int summarise(struct command *command)
{
    tally_print(stdout, &command->tally, &command->insns);
    unsigned long floor = command->only ? 0 : command->per;
    unsigned missed = coverage_print(stdout, &command->coverage, &command->insns, &command->rules, floor,
                                     command->complete && !command->only, command->table);
    printf(
        "%lu cases of %u mnemonics: %lu differ, %lu more where QEMU is known to be wrong; %u miss a floor\n",
        command->cases, command->insns.n, command->differing, command->excused, missed);
    return command->differing || missed || command->broken || !command->cases ? EXIT_CLASS_CHECK : 0;
}

int main(int argc, char **argv)
{
    static struct command command = {
        .per = 8, .show = 5, .states = 4, .batch_cases = BATCH_DEFAULT, .seed = 1, .level = ARCH_Z196};
    struct err err = {0};
    argp_parse(&parser, argc, argv, 0, NULL, &command);
    int status = open_all(&command, &err) || run_all(&command, &err) ? err_report(&err) : summarise(&command);
    qemu_close(&command.qemu);
    qemu_close(&command.twin);
    numaplex_close(&command.numaplex);
    batch_close(&command.batch);
    return status;
}
