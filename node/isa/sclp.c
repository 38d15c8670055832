// SPDX-License-Identifier: Apache-2.0
// SERVICE CALL: the CPU reads the service-call control block (SCCB) with its own accesses, asks the service
// element once for what only that knows, writes the block back, and a service signal waits. IBM does not
// publish the interface; formats and response codes are those of QEMU (include/hw/s390x/sclp.h,
// event-facility.h) and Linux (drivers/s390/char/sclp.h).
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "node/isa/access.h"
#include "node/isa/ebcdic.h"
#include "node/isa/families.h"
#include "node/isa/service.h"
#include "node/isa/signal.h"
#include "proto/base/big_endian.h"

// Commands; those about what the guest has are sclp_configuration.c's.
enum {
    SCLP_WRITE_EVENT_DATA = 0x00760005,
    SCLP_READ_EVENT_DATA = 0x00770005,
    SCLP_WRITE_EVENT_MASK = 0x00780005,
};

enum {
    RC_BOUNDARY = 0x0100,
    RC_INVALID_FUNCTION = 0x40f0,
    RC_NO_EVENT = 0x60f0,
    RC_INVALID_SELECTION = 0x70f0,
    RC_LENGTHS = 0x72f0,
    RC_SYNTAX = 0x73f0,
    RC_MASK_LENGTH = 0x74f0,
};

enum { HEADER = SCCB_HEADER, EVENT_HEADER = 6, SCCB_FUNCTION = 2, SCCB_RESPONSE = 6 };

void isa_servc(struct zcpu *z, const struct instruction *in)
{
    uint32_t address = low(z, in->r2), block = address & ~UINT32_C(0x1fff);
    serialise(z);
    if (address & ~UINT32_C(0x7ffffff8) || block == 0 || block == z->prefix)
        program_check(z, PGM_SPECIFICATION);
    check_load(z, address, HEADER);
    if (z->signals->waiting & EXTERNAL_SERVICE && z->signals->service_parameter & ~UINT32_C(7)) {
        z->cc = 2; // the signal of an earlier command has not been taken
        return;
    }
    uint32_t size = (uint32_t)(load64(z, address) >> 48), rest = 4096 - (address & 0xfff);
    if (size < HEADER)
        program_check(z, PGM_SPECIFICATION);
    struct service *service = z->service;
    service->command = low(z, in->r1);
    service->address = address;
    service->size = size < rest ? size : rest;
    service->at = 0;
    z->cc = 0;
    service_begin(z, SERVICE_SCLP, DOING_INSTRUCTIONS);
}

static bool is_command(const struct service *service, uint32_t command)
{
    return service->command == command;
}

// Masks are of 4 bytes here, whatever length the guest's have: no event beyond number 32 exists.
static uint32_t mask_at(const uint8_t *at, unsigned length)
{
    uint8_t mask[4] = {0};
    memcpy(mask, at, length < 4 ? length : 4);
    return get32(mask);
}

static void put_mask(uint8_t *at, unsigned length, uint32_t mask)
{
    uint8_t bytes[4];
    put32(bytes, mask);
    memset(at, 0, length);
    memcpy(at, bytes, length < 4 ? length : 4);
}

// WRITE EVENT MASK: two reserved bytes, length of a mask, what the guest receives, what it sends, what the
// service element receives and sends.
static unsigned mask_length(const struct service *service)
{
    unsigned length = service->size >= HEADER + 4 ? get16(service->bytes + HEADER + 2) : 0;
    return length && HEADER + 4 + 4 * length <= service->size ? length : 0;
}

static bool in_block(const struct service *service)
{
    return get16(service->bytes) <= service->size;
}

void sclp_ask(struct zcpu *z)
{
    struct service *service = z->service;
    const uint8_t *bytes = service->bytes;
    unsigned length = mask_length(service);
    if (is_command(service, SCLP_WRITE_EVENT_MASK) && in_block(service) && length) {
        uint64_t receives = mask_at(bytes + HEADER + 4, length);
        uint32_t sends = mask_at(bytes + HEADER + 4 + length, length);
        signal_post(z, z->configuration->service, SIGNAL_SERVICE_MASK, receives << 32 | sends);
    } else if (is_command(service, SCLP_READ_EVENT_DATA) && service->size == SERVICE_BYTES_MAX &&
               bytes[SCCB_FUNCTION] <= 1) {
        uint32_t selected = bytes[SCCB_FUNCTION] ? get32(bytes + HEADER) : UINT32_MAX;
        signal_post(z, z->configuration->service, SIGNAL_SERVICE_READ, selected);
    } else if (!in_block(service) || !sclp_ask_configuration(z)) {
        signal_post(z, z->configuration->service, SIGNAL_SERVICE_CALL, service->command);
    }
}

// Events by number; in masks they are bits from the left.
#define EVENT_BIT(event) (UINT32_C(0x80000000) >> ((event)-1))
enum {
    EVENT_COMMAND = 1,
    EVENT_MESSAGE = 2,
    EVENT_CONFIGURATION = 4,
    EVENT_PRIORITY_MESSAGE = 9,
    EVENT_ASCII = 26,
    EVENT_QUIESCE = 29
};

static unsigned write_event_mask(struct service *service)
{
    unsigned length = mask_length(service);
    if (length == 0)
        return RC_MASK_LENGTH;
    uint8_t *mask = service->bytes + HEADER + 4 + 2 * length;
    put_mask(mask, length,
             EVENT_BIT(EVENT_MESSAGE) | EVENT_BIT(EVENT_PRIORITY_MESSAGE) | EVENT_BIT(EVENT_ASCII));
    put_mask(mask + length, length,
             EVENT_BIT(EVENT_COMMAND) | EVENT_BIT(EVENT_CONFIGURATION) | EVENT_BIT(EVENT_ASCII) |
                 EVENT_BIT(EVENT_QUIESCE));
    return RC_NORMAL;
}

static void print(struct zcpu *z, uint8_t *bytes, uint32_t size)
{
    struct cpu *cpu = z->cpu;
    struct text_piece piece = {.time = zcpu_now(z),
                               .seq = z->text_seq[TEXT_CONSOLE]++,
                               .stream = TEXT_CONSOLE,
                               .size = size,
                               .bytes = bytes};
    z->signals->console_hash = XXH3_64bits_withSeed(bytes, size, z->signals->console_hash);
    cpu->port.text(cpu->port.board, cpu, &piece);
}

// A line of EBCDIC, with a newline behind it.
struct line {
    uint32_t n;
    uint8_t text[SERVICE_BYTES_MAX + 1];
};

// A message data block: objects of length and type; those of type 4 are lines of text: flags in two bytes,
// an alarm, three reserved bytes, then the text.
static bool print_objects(struct zcpu *z, const uint8_t *at, uint32_t size, struct line *line)
{
    enum { OBJECT_TEXT = 4, TEXT_AT = 10 };
    while (size) {
        uint32_t length = size < 4 ? 0 : get16(at);
        if (length < 4 || length > size)
            return false;
        if (get16(at + 2) == OBJECT_TEXT && length >= TEXT_AT) {
            line->n = 0;
            for (uint32_t i = TEXT_AT; i < length; i++)
                line->text[line->n++] = ebcdic_to_ascii(at[i]);
            line->text[line->n++] = '\n';
            print(z, line->text, line->n);
        }
        at += length;
        size -= length;
    }
    return true;
}

// The block begins with its length, type 1, "MDB " and a revision.
static bool print_message(struct zcpu *z, const uint8_t *at, uint32_t size)
{
    struct line line;
    if (size < 12 || get16(at) != size || get16(at + 2) != 1 || get32(at + 4) != 0xd4c4c240)
        return false;
    return print_objects(z, at + 12, size - 12, &line);
}

// Returns the response to one event.
static unsigned write_event(struct zcpu *z, uint8_t *event, uint32_t length)
{
    uint8_t *text = event + EVENT_HEADER;
    uint32_t size = length - EVENT_HEADER;
    switch (event[2]) {
    case EVENT_MESSAGE:
    case EVENT_PRIORITY_MESSAGE:
        if (!print_message(z, text, size))
            return RC_SYNTAX;
        break;
    case EVENT_ASCII:
        if (size)
            print(z, text, size);
        break;
    default:
        return RC_INVALID_FUNCTION;
    }
    event[3] |= 0x80; // accepted
    return RC_NORMAL;
}

static unsigned write_event_data(struct zcpu *z)
{
    struct service *service = z->service;
    if (service->bytes[SCCB_FUNCTION])
        return RC_INVALID_FUNCTION;
    uint32_t at = HEADER, size = service->size;
    unsigned response = RC_NORMAL;
    while (at < size && response == RC_NORMAL) {
        uint32_t length = size - at < EVENT_HEADER ? 0 : get16(service->bytes + at);
        if (length < EVENT_HEADER || length > size - at)
            return RC_LENGTHS;
        response = write_event(z, service->bytes + at, length);
        at += length;
    }
    return response;
}

// The lengths of subvectors are of one byte, and two of them, each with a header of two bytes, enclose the
// text: the end of a longer line is lost.
#define COMMAND_TEXT_MAX (UINT8_MAX - 4u)

static uint32_t copy_line(uint8_t *to, const char *text)
{
    uint32_t n = 0;
    for (; n < COMMAND_TEXT_MAX && text[n] && text[n] != '\n'; n++)
        to[n] = ascii_to_ebcdic((uint8_t)text[n]);
    return n;
}

// A typed line as a message data unit: GDS vectors of a command, down to its text (Linux sclp_tty.c reads
// them, QEMU sclpconsole-lm.c does not write them: its line mode has the same nesting).
static uint32_t put_command(uint8_t *event, const char *text)
{
    enum { CPMSU = 0x1212, TEXT_COMMAND = 0x1320, SELF_DEFINING = 0x31, TEXT = 0x30 };
    uint8_t *vector = event + EVENT_HEADER;
    uint32_t n = copy_line(vector + 12, text);
    put16(vector, n + 12); // length and identifier of each vector, then of the subvectors
    put16(vector + 2, CPMSU);
    put16(vector + 4, n + 8);
    put16(vector + 6, TEXT_COMMAND);
    vector[8] = (uint8_t)(n + 4);
    vector[9] = SELF_DEFINING;
    vector[10] = (uint8_t)(n + 2);
    vector[11] = TEXT;
    return n + 12;
}

// The event that the service element hands out, into a buffer of its own in the block.
static void put_event(struct zcpu *z, unsigned event, const char *text)
{
    struct service *service = z->service;
    uint8_t *to = service->bytes + HEADER;
    memset(to, 0, service->size - HEADER);
    uint32_t n = (uint32_t)strlen(text);
    if (event == EVENT_COMMAND)
        n = put_command(to, text);
    else if (event == EVENT_ASCII) // the first byte says that ASCII data follow
        memcpy(to + EVENT_HEADER + 1, text, n++);
    else if (event == EVENT_CONFIGURATION)
        to[EVENT_HEADER + 1] = 1, n = 2; // CPUs have come or gone (Linux sclp_config.c, QEMU sclpcpu.c)
    else
        n = 2; // quiesce: timeout of no unit
    put16(to, EVENT_HEADER + n);
    to[2] = (uint8_t)event;
    service->size = HEADER + EVENT_HEADER + n;
    put16(service->bytes, service->size);
}

static unsigned read_event_data(struct zcpu *z)
{
    struct service *service = z->service;
    if (service->size != SERVICE_BYTES_MAX)
        return RC_TOO_SHORT;
    if (service->bytes[SCCB_FUNCTION] > 1)
        return RC_INVALID_FUNCTION;
    unsigned event = (unsigned)(service->answer >> 32);
    if (service->cc)
        return RC_INVALID_SELECTION;
    if (event == 0)
        return RC_NO_EVENT;
    put_event(z, event, service->text);
    if (service->answer & SERVICE_MORE)
        z->signals->service_parameter |= 1;
    return RC_NORMAL;
}

static unsigned perform(struct zcpu *z)
{
    struct service *service = z->service;
    switch (service->command & 0xffff00ff) {
    case SCLP_WRITE_EVENT_DATA:
        return in_block(service) ? write_event_data(z) : RC_BOUNDARY;
    case SCLP_READ_EVENT_DATA:
        return in_block(service) ? read_event_data(z) : RC_BOUNDARY;
    case SCLP_WRITE_EVENT_MASK:
        return in_block(service) ? write_event_mask(service) : RC_BOUNDARY;
    default:
        return in_block(service) ? sclp_perform_configuration(z) : RC_BOUNDARY;
    }
}

void sclp_perform(struct zcpu *z)
{
    put16(z->service->bytes + SCCB_RESPONSE, perform(z));
}
