// SPDX-License-Identifier: Apache-2.0
#include "node/isa/trace.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/isa/access.h"
#include "node/isa/isa.h"
#include "proto/base/assert.h"

enum { OPERANDS_MAX = 24, MISSES_MAX = 40, SHOWN_BYTES = 16, LINE_MAX_BYTES = 2048 };

struct operand {
    uint8_t kind; // enum trace_access
    uint64_t address, absolute;
    uint32_t size;
    uint8_t bytes[SHOWN_BYTES];
};

struct miss {
    uint64_t address; // absolute
    uint8_t kind;     // enum access_kind
    uint8_t served;   // enum served
    bool shown;
    sim_time took;
};

// What an instruction may change.
struct registers {
    uint64_t gr[16], fpr[16], cr[16], prefix, psw_mask;
    uint32_t ar[16], fpc;
    uint8_t cc;
};

struct tracer {
    uint64_t seq; // of pieces; a trace is of one run, so this is no state
    bool begun, executed;
    uint8_t activity, interruption;
    uint64_t address; // of the instruction
    uint8_t text[6];
    unsigned length; // of the text; 0: not known
    struct registers before;
    uint32_t n_operands, n_misses; // more than there is room for are counted only
    struct operand operands[OPERANDS_MAX];
    struct miss misses[MISSES_MAX];
    // Who else is told of misses.
    void (*missed)(struct cpu *cpu, const struct pending *pending, sim_time done_at, enum served served);
    size_t used;
    char line[LINE_MAX_BYTES];
};

static void note_miss(struct cpu *cpu, const struct pending *pending, sim_time done_at, enum served served)
{
    struct tracer *tracer = zcpu_of(cpu)->tracer;
    if (tracer->n_misses < MISSES_MAX)
        tracer->misses[tracer->n_misses] = (struct miss){.address = pending->access.address,
                                                         .kind = pending->access.kind,
                                                         .served = (uint8_t)served,
                                                         .took = done_at - pending->issued};
    tracer->n_misses++;
    if (tracer->missed)
        tracer->missed(cpu, pending, done_at, served);
}

void zarch_trace(struct cpu *cpu)
{
    struct zcpu *z = zcpu_of(cpu);
    z->tracer = calloc(1, sizeof *z->tracer);
    NP_ASSERT(z->tracer);
    z->tracer->missed = cpu->missed;
    cpu->missed = note_miss;
    zcpu_set_careful(z);
}

void trace_free(struct zcpu *z)
{
    free(z->tracer);
    z->tracer = NULL;
}

static void take_registers(const struct zcpu *z, struct registers *to)
{
    memcpy(to->gr, z->gr, sizeof to->gr);
    memcpy(to->fpr, z->fpr, sizeof to->fpr);
    memcpy(to->cr, z->cr, sizeof to->cr);
    memcpy(to->ar, z->ar, sizeof to->ar);
    to->prefix = z->prefix;
    to->psw_mask = z->psw_mask;
    to->fpc = z->fpc;
    to->cc = z->cc;
}

// A halfword of instruction text without a trace of having looked: from the L1, or from what a fetch brought.
static bool peek(const struct zcpu *z, uint64_t address, uint8_t bytes[2])
{
    uint64_t absolute = real_to_absolute(z, address & z->address_mask);
    int64_t index = l1_locate(z->text, absolute & ~(uint64_t)z->text->line_mask);
    if (index >= 0) {
        memcpy(bytes, l1_bytes(z->text, (uint32_t)index, absolute), 2);
        return true;
    }
    for (uint32_t i = 0; i < z->gather.n; i++) {
        const struct gathered *piece = &z->gather.pieces[i];
        if (piece->kind != ACCESS_FETCH || absolute - piece->address >= piece->size)
            continue;
        memcpy(bytes, piece->bytes + (absolute - piece->address), 2);
        return true;
    }
    return false;
}

static void peek_text(const struct zcpu *z, struct tracer *tracer)
{
    memset(tracer->text, 0, sizeof tracer->text);
    tracer->length = 0;
    if ((tracer->address & 1) || !peek(z, tracer->address, tracer->text))
        return;
    unsigned length = isa_length(tracer->text[0]);
    for (unsigned i = 2; i < length; i += 2)
        if (!peek(z, tracer->address + i, tracer->text + i))
            return;
    tracer->length = length;
}

void trace_begin(struct zcpu *z)
{
    struct tracer *tracer = z->tracer;
    tracer->begun = true;
    tracer->executed = false;
    tracer->activity = z->activity;
    tracer->interruption = z->interruption;
    tracer->address = z->psw_address;
    tracer->n_operands = 0;
    take_registers(z, &tracer->before);
    if (z->activity == DOING_INSTRUCTIONS)
        peek_text(z, tracer);
}

void trace_operand(struct zcpu *z, enum trace_access kind, uint64_t address, uint32_t size,
                   const uint8_t *bytes)
{
    struct tracer *tracer = z->tracer;
    if (!tracer->begun || tracer->executed)
        return;
    if (tracer->n_operands < OPERANDS_MAX) {
        struct operand *operand = &tracer->operands[tracer->n_operands];
        *operand = (struct operand){.kind = (uint8_t)kind,
                                    .address = address,
                                    .absolute = real_to_absolute(z, address),
                                    .size = size};
        memcpy(operand->bytes, bytes, size < SHOWN_BYTES ? size : SHOWN_BYTES);
    }
    tracer->n_operands++;
}

void trace_executed(struct zcpu *z)
{
    z->tracer->executed = z->tracer->begun;
}

static void put(struct tracer *tracer, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

// A line that does not fit loses its end.
static void put(struct tracer *tracer, const char *fmt, ...)
{
    va_list args;
    size_t room = LINE_MAX_BYTES - tracer->used;
    va_start(args, fmt);
    int n = vsnprintf(tracer->line + tracer->used, room, fmt, args);
    va_end(args);
    tracer->used += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
}

static void put_instruction(struct tracer *tracer)
{
    char bytes[16] = "?", text[DISASSEMBLY_MAX] = "\t";
    for (unsigned i = 0; i < tracer->length; i++)
        snprintf(bytes + 2 * i, 3, "%02x", tracer->text[i]);
    if (tracer->length)
        isa_disassemble(tracer->text, tracer->address, text);
    size_t mnemonic = strcspn(text, "\t");
    put(tracer, "%016" PRIx64 "  %-12s  %-7.*s %-24s", tracer->address, bytes, (int)mnemonic, text,
        text[mnemonic] ? text + mnemonic + 1 : "");
}

static void put_interruption(struct zcpu *z, struct tracer *tracer)
{
    static const char *const names[INTERRUPTION_COUNT] = {
        [INT_RESTART] = "restart", [INT_EXTERNAL] = "external",     [INT_SVC] = "supervisor call",
        [INT_PROGRAM] = "program", [INT_MACHINE] = "machine check", [INT_IO] = "I/O"};
    put(tracer, "%016" PRIx64 "  -- %s interruption", tracer->address, names[tracer->interruption]);
    if (tracer->interruption == INT_PROGRAM)
        put(tracer, " 0x%04x", z->program_code);
    if (tracer->interruption == INT_SVC)
        put(tracer, " %u", z->svc_code);
    put(tracer, ", on at %016" PRIx64, z->psw_address);
}

static void put_wide(struct tracer *tracer, char name, const uint64_t *before, const uint64_t *now)
{
    for (unsigned i = 0; i < 16; i++)
        if (before[i] != now[i])
            put(tracer, " %c%u=%016" PRIx64, name, i, now[i]);
}

static void put_registers(struct zcpu *z, struct tracer *tracer)
{
    const struct registers *before = &tracer->before;
    put_wide(tracer, 'r', before->gr, z->gr);
    put_wide(tracer, 'f', before->fpr, z->fpr);
    put_wide(tracer, 'c', before->cr, z->cr);
    for (unsigned i = 0; i < 16; i++)
        if (before->ar[i] != z->ar[i])
            put(tracer, " a%u=%08" PRIx32, i, z->ar[i]);
    if (before->cc != z->cc)
        put(tracer, " cc=%u", z->cc);
    if (before->fpc != z->fpc)
        put(tracer, " fpc=%08" PRIx32, z->fpc);
    if (before->prefix != z->prefix)
        put(tracer, " prefix=%" PRIx64, z->prefix);
    if (before->psw_mask != z->psw_mask)
        put(tracer, " mask=%016" PRIx64, z->psw_mask);
}

static void put_miss(struct tracer *tracer, struct miss *miss)
{
    put(tracer, " (%s %" PRIu64 ")", served_name((enum served)miss->served), miss->took);
    miss->shown = true;
}

static struct miss *next_miss(struct tracer *tracer, uint32_t *i)
{
    uint32_t kept = tracer->n_misses < MISSES_MAX ? tracer->n_misses : MISSES_MAX;
    while (*i < kept && tracer->misses[*i].shown)
        (*i)++;
    return *i < kept ? &tracer->misses[(*i)++] : NULL;
}

static void put_operand(struct tracer *tracer, const struct operand *operand)
{
    static const char *const names[TRACE_ACCESS_COUNT] = {"load", "store", "update"};
    static const uint8_t kinds[TRACE_ACCESS_COUNT] = {ACCESS_LOAD, ACCESS_STORE, ACCESS_RMW};
    put(tracer, " %s 0x%" PRIx64 "=", names[operand->kind], operand->address);
    for (uint32_t i = 0; i < operand->size && i < SHOWN_BYTES; i++)
        put(tracer, "%02x", operand->bytes[i]);
    if (operand->size > SHOWN_BYTES)
        put(tracer, "..(%u bytes)", operand->size);
    uint32_t i = 0;
    for (struct miss *miss; (miss = next_miss(tracer, &i));)
        if (miss->kind == kinds[operand->kind] && miss->address - operand->absolute < operand->size)
            put_miss(tracer, miss);
}

// What missed and is no operand of this instruction.
static void put_others(struct tracer *tracer)
{
    uint32_t i = 0;
    for (struct miss *miss; (miss = next_miss(tracer, &i));) {
        put(tracer, " %s 0x%" PRIx64, miss->kind == ACCESS_FETCH ? "fetch" : "late", miss->address);
        put_miss(tracer, miss);
    }
}

static void emit(struct zcpu *z, struct tracer *tracer)
{
    struct text_piece piece = {.time = z->cpu->clock.now,
                               .seq = tracer->seq++,
                               .stream = TEXT_INSTRUCTIONS,
                               .size = (uint32_t)tracer->used,
                               .bytes = (uint8_t *)tracer->line};
    z->cpu->port.text(z->cpu->port.board, z->cpu, &piece);
}

void trace_done(struct zcpu *z)
{
    struct tracer *tracer = z->tracer;
    if (!tracer->executed)
        return;
    const struct board_desc *board = &z->machine->boards[component_board(z->cpu->id)];
    tracer->used = 0;
    put(tracer, "%14" PRIu64 "  %s CPU %-3u  ", z->cpu->clock.now, board->name, z->address);
    if (tracer->activity == DOING_INTERRUPTION)
        put_interruption(z, tracer);
    else
        put_instruction(tracer);
    put_registers(z, tracer);
    for (uint32_t i = 0; i < tracer->n_operands && i < OPERANDS_MAX; i++)
        put_operand(tracer, &tracer->operands[i]);
    if (tracer->n_operands > OPERANDS_MAX)
        put(tracer, " and %u more", tracer->n_operands - OPERANDS_MAX);
    put_others(tracer);
    while (tracer->used && tracer->line[tracer->used - 1] == ' ')
        tracer->used--;
    if (tracer->used == LINE_MAX_BYTES - 1)
        tracer->used--;
    tracer->line[tracer->used++] = '\n';
    emit(z, tracer);
    tracer->begun = tracer->executed = false;
    tracer->n_misses = 0;
}
