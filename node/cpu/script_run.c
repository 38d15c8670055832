// SPDX-License-Identifier: Apache-2.0
// Running a script: in program order, one access at a time. What touches no memory takes one cycle.
#include <stdlib.h>

#include "node/cpu/drive.h"
#include "node/cpu/script.h"

struct script {
    struct script_text text;

    // State.
    uint64_t registers[SCRIPT_REGISTERS];
    uint32_t at;  // next instruction, or the one whose access is under way
    bool waiting; // for that access
    uint32_t depth;
    uint64_t rounds[SCRIPT_DEPTH_MAX]; // left, of each loop that has been entered
};

static struct script *script_of(const struct cpu *cpu)
{
    return cpu->program;
}

const uint64_t *script_registers(const struct cpu *cpu)
{
    return cpu->ops == &program_script ? script_of(cpu)->registers : NULL;
}

NP_INLINE uint64_t value_of(const struct script *script, struct script_value value)
{
    return value.is_register ? script->registers[value.number % SCRIPT_REGISTERS] : value.number;
}

static enum next issue(struct script *script, const struct script_instruction *in, struct access *access)
{
    static const uint8_t kinds[SCRIPT_OP_COUNT] = {
        [SCRIPT_LOAD] = ACCESS_LOAD, [SCRIPT_STORE] = ACCESS_STORE, [SCRIPT_ADD] = ACCESS_RMW,
        [SCRIPT_SWAP] = ACCESS_RMW,  [SCRIPT_CAS] = ACCESS_RMW,     [SCRIPT_WAIT] = ACCESS_LOAD};
    *access = (struct access){
        .address = in->address, .value = value_of(script, in->value), .kind = kinds[in->op], .size = 8};
    if (in->op == SCRIPT_SWAP)
        access->op = RMW_SWAP;
    if (in->op == SCRIPT_CAS) {
        access->op = RMW_COMPARE_SWAP;
        access->expected = value_of(script, in->value);
        access->value = value_of(script, in->second);
    }
    script->waiting = true;
    return NEXT_ACCESS;
}

// Loops: the rounds left lie on a small stack. Returns the instruction that follows.
static uint32_t enter_loop(struct script *script, const struct script_instruction *in)
{
    script->rounds[script->depth++] = in->count;
    return script->at + 1;
}

static uint32_t end_round(struct script *script, const struct script_instruction *in)
{
    if (--script->rounds[script->depth - 1] > 0)
        return in->partner + 1;
    script->depth--;
    return script->at + 1;
}

static void check(struct cpu *cpu, const struct script *script, const struct script_instruction *in)
{
    uint64_t found = script->registers[in->reg], expected = value_of(script, in->value);
    cpu->checks++;
    if ((found != expected) == in->unequal)
        return;
    cpu_fail(cpu, "script line %u: r%u holds 0x%llx, expected %s0x%llx", in->line, in->reg,
             (unsigned long long)found, in->unequal ? "anything but " : "", (unsigned long long)expected);
}

// An instruction that touches no memory. Returns the time it takes; 0 stands for a cycle.
static sim_time step(struct cpu *cpu, struct script *script, const struct script_instruction *in)
{
    sim_time time = 0;
    uint32_t next = script->at + 1;
    switch ((enum script_op)in->op) {
    case SCRIPT_COMPUTE:
        time = in->least;
        break;
    case SCRIPT_RANDOM_DELAY:
        time = in->least + rng_below(&cpu->rng, in->most - in->least + 1);
        break;
    case SCRIPT_CHECK:
        check(cpu, script, in);
        break;
    case SCRIPT_SET:
        script->registers[in->reg] = value_of(script, in->value);
        break;
    case SCRIPT_PLUS:
        script->registers[in->reg] += value_of(script, in->value);
        break;
    case SCRIPT_LOOP:
        next = enter_loop(script, in);
        break;
    case SCRIPT_END:
        next = end_round(script, in);
        break;
    default: // a fence with an empty store buffer: everything before it has been performed
        break;
    }
    script->at = next;
    return time;
}

static bool touches_memory(unsigned op)
{
    return op <= SCRIPT_CAS || op == SCRIPT_WAIT;
}

static enum next next_script(struct cpu *cpu, struct access *access)
{
    struct script *script = script_of(cpu);
    if (script->waiting)
        return NEXT_WAIT;
    if (script->at == script->text.n)
        return NEXT_DONE;
    const struct script_instruction *in = &script->text.instructions[script->at];
    if (touches_memory(in->op))
        return issue(script, in, access);
    if (in->op == SCRIPT_FENCE && cpu->buffer.n) {
        script->at++;
        return NEXT_FENCE;
    }
    sim_time time = step(cpu, script, in);
    access->value = time ? time : cpu->clock.step_ps;
    return NEXT_COMPUTE;
}

// A refused access leaves its register as it was and ends a wait: no script waits for what is gone.
static void complete_script(struct cpu *cpu, const struct access *access, enum access_status status,
                            sim_time at)
{
    struct script *script = script_of(cpu);
    const struct script_instruction *in = &script->text.instructions[script->at];
    (void)at;
    script->waiting = false;
    if (status == ACCESS_OK && in->op != SCRIPT_STORE && in->op != SCRIPT_WAIT)
        script->registers[in->reg] = access->value;
    bool holds = (access->value == value_of(script, in->value)) != in->unequal;
    if (in->op != SCRIPT_WAIT || status != ACCESS_OK || holds)
        script->at++;
}

static void run(struct cpu *cpu, sim_time limit)
{
    cpu_drive(cpu, limit, next_script, complete_script);
}

// The stack of loops must be the one that leads to the instruction: ends are executed inside their loops
// only.
static uint32_t depth_at(const struct script *script)
{
    uint32_t depth = 0;
    for (uint32_t i = 0; i < script->at; i++) {
        depth += script->text.instructions[i].op == SCRIPT_LOOP;
        depth -= script->text.instructions[i].op == SCRIPT_END;
    }
    return depth;
}

static void state(struct cpu *cpu, struct archive *ar)
{
    struct script *script = script_of(cpu);
    ar_mark(ar, "SCRI");
    for (unsigned i = 0; i < SCRIPT_REGISTERS; i++)
        ar_u64(ar, &script->registers[i]);
    ar_count(ar, &script->at, script->text.n);
    ar_bool(ar, &script->waiting);
    ar_count(ar, &script->depth, SCRIPT_DEPTH_MAX);
    for (uint32_t i = 0; i < script->depth; i++) {
        ar_u64(ar, &script->rounds[i]);
        if (script->rounds[i] == 0)
            ar_fail(ar, "a loop that has ended");
    }
    bool under_way = script->waiting || cpu->n_pending;
    if (script->depth != depth_at(script) ||
        (under_way &&
         (script->at == script->text.n || !touches_memory(script->text.instructions[script->at].op))))
        ar_fail(ar, "script instruction %u inside %u loops", script->at, script->depth);
}

static void free_script(struct cpu *cpu)
{
    script_text_free(&script_of(cpu)->text);
    free(cpu->program);
}

enum err_code script_open(struct cpu *cpu, struct err *err)
{
    struct script *script = calloc(1, sizeof *script);
    NP_ASSERT(script);
    enum err_code code = script_parse(cpu->desc->script, 1, &script->text, err);
    if (code) {
        free(script);
        return code;
    }
    cpu->ops = &program_script;
    cpu->program = script;
    return ERR_OK;
}

const struct program_ops program_script = {.kind = "script", .run = run, .state = state, .free = free_script};
