// SPDX-License-Identifier: Apache-2.0
// Formats: QEMU hw/char/sclpconsole*.c and hw/s390x/event-facility.c, Linux drivers/s390/char/sclp*.
#include "tests/guests/zarch/runtime/console.h"

#include "tests/guests/zarch/runtime/cpu.h"
#include "tests/guests/zarch/runtime/end.h"
#include "tests/guests/zarch/runtime/lock.h"
#include "tests/guests/zarch/runtime/memory.h"

#define SCLP_WRITE_EVENT_DATA 0x00760005u
#define SCLP_READ_EVENT_DATA  0x00770005u
#define SCLP_WRITE_EVENT_MASK 0x00780005u

// Events are bits from the left in masks: event 1 is 0x80000000.
enum { EVENT_COMMAND = 1, EVENT_MESSAGE = 2, EVENT_CHANGE = 4, EVENT_ASCII = 26 };
#define EVENT_MASK(event) (0x80000000u >> ((event)-1))

enum { RESPONSE_NORMAL = 0x0020, RESPONSE_NO_EVENT = 0x60f0 };

struct sccb_header {
    uint16_t length;
    uint8_t function, control[3];
    uint16_t response;
};

struct event_mask {
    uint16_t reserved, mask_bytes;
    uint32_t we_receive, we_send, sclp_receives, sclp_sends;
};

struct event_header {
    uint16_t length;
    uint8_t type, flags;
    uint16_t reserved;
};

// A message of line mode: a message data block with one text object.
struct message {
    uint16_t block_length, block_type;
    uint32_t tag, revision;
    uint16_t text_length, text_type, line_type;
    uint8_t alarm, reserved[3];
    uint8_t text[CONSOLE_COLUMNS];
} __attribute__((packed));

// Events are read into a whole page.
enum { INPUT_BYTES = 4096 - sizeof(struct sccb_header) - sizeof(struct event_header) };

// A service-call control block must not cross a page.
static struct {
    struct sccb_header header;
    union {
        struct event_mask mask;
        struct {
            struct event_header event;
            union {
                char ascii[CONSOLE_COLUMNS + 2];
                uint8_t typed[INPUT_BYTES];
                struct message message;
            };
        } __attribute__((packed));
    };
} sccb __attribute__((aligned(4096)));

static struct spin_lock lock;
static bool line_mode;

static unsigned service_call(uint32_t command)
{
    unsigned cc;
    __asm__ volatile(".insn rre,0xb2200000,%1,%2\n\t" // SERVC; the assembler does not know it
                     "ipm %0\n\t"
                     "srl %0,28"
                     : "=d"(cc)
                     : "d"(command), "a"(&sccb)
                     : "cc", "memory");
    return cc;
}

// One command, from its start to the service signal. Service signals go to any one CPU that is enabled for
// them: only the one that waits here, under the lock, is.
static unsigned command_any(uint32_t what, size_t bytes)
{
    struct cpu *me = this_cpu();
    sccb.header = (struct sccb_header){.length = (uint16_t)(sizeof sccb.header + bytes)};
    unsigned cc;
    while ((cc = service_call(what)) == 2) // busy: the signal of an earlier command has not been taken
        wait_for_external(CR0_SERVICE_SIGNAL);
    if (cc != 0)
        end_at(END_FAILED + 0xc0 + cc);
    unsigned before = me->service_signals; // none can come before the wait enables it
    do                                     // the first may say only that an event waits
        wait_for_external(CR0_SERVICE_SIGNAL);
    while (me->service_signals == before || !sccb.header.response);
    return sccb.header.response;
}

static void command(uint32_t what, size_t bytes)
{
    if ((command_any(what, bytes) & 0xff) != RESPONSE_NORMAL)
        end_at(END_FAILED + 0xcf);
}

static void set_mask(uint32_t receive)
{
    memset(&sccb, 0, sizeof sccb);
    sccb.mask.mask_bytes = 4;
    sccb.mask.we_receive = receive;
    sccb.mask.we_send = EVENT_MASK(EVENT_MESSAGE) | EVENT_MASK(EVENT_ASCII);
    command(SCLP_WRITE_EVENT_MASK, sizeof sccb.mask);
}

void console_open(bool want_line_mode)
{
    set_mask(0);
    uint32_t there = sccb.mask.sclp_receives;
    line_mode = want_line_mode || !(there & EVENT_MASK(EVENT_ASCII));
    if (!(there & EVENT_MASK(line_mode ? EVENT_MESSAGE : EVENT_ASCII)))
        end_at(END_FAILED + 0xce);
}

static uint8_t ebcdic(char c)
{
    // Code page 500, from the space on.
    static const char table[] = "\x40\x4f\x7f\x7b\x5b\x6c\x50\x7d\x4d\x5d\x5c\x4e\x6b\x60\x4b\x61"  // 0x20
                                "\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\x7a\x5e\x4c\x7e\x6e\x6f"  // 0x30
                                "\x7c\xc1\xc2\xc3\xc4\xc5\xc6\xc7\xc8\xc9\xd1\xd2\xd3\xd4\xd5\xd6"  // 0x40
                                "\xd7\xd8\xd9\xe2\xe3\xe4\xe5\xe6\xe7\xe8\xe9\x4a\xe0\x5a\x5f\x6d"  // 0x50
                                "\x79\x81\x82\x83\x84\x85\x86\x87\x88\x89\x91\x92\x93\x94\x95\x96"  // 0x60
                                "\x97\x98\x99\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xc0\xbb\xd0\xa1\x40"; // 0x70
    return c < ' ' ? 0x40 : (uint8_t)table[c - ' '];
}

static void write_message(const char *text, size_t length)
{
    size_t bytes = offsetof(struct message, text) + length;
    sccb.event =
        (struct event_header){.length = (uint16_t)(sizeof sccb.event + bytes), .type = EVENT_MESSAGE};
    sccb.message = (struct message){
        .block_length = (uint16_t)bytes,
        .block_type = 1,
        .tag = 0xd4c4c240, // "MDB "
        .revision = 1,
        .text_length = (uint16_t)(bytes - offsetof(struct message, text_length)),
        .text_type = 4,
        .line_type = 0x1000, // a line that ends
    };
    for (size_t i = 0; i < length; i++)
        sccb.message.text[i] = ebcdic(text[i]);
    command(SCLP_WRITE_EVENT_DATA, sizeof sccb.event + bytes);
}

static void write_ascii(const char *text, size_t length)
{
    memcpy(sccb.ascii, text, length);
    sccb.ascii[length] = '\r';
    sccb.ascii[length + 1] = '\n';
    size_t bytes = sizeof sccb.event + length + 2;
    sccb.event = (struct event_header){.length = (uint16_t)bytes, .type = EVENT_ASCII};
    command(SCLP_WRITE_EVENT_DATA, bytes);
}

void console_write(const char *text, size_t length)
{
    spin_lock(&lock);
    if (line_mode)
        write_message(text, length);
    else
        write_ascii(text, length);
    spin_unlock(&lock);
}

void console_listen(bool changes)
{
    uint32_t lines = EVENT_MASK(line_mode ? EVENT_COMMAND : EVENT_ASCII);
    spin_lock(&lock);
    set_mask(lines | (changes ? EVENT_MASK(EVENT_CHANGE) : 0));
    spin_unlock(&lock);
}

unsigned console_command(uint32_t what, void *block, size_t bytes)
{
    spin_lock(&lock);
    memcpy((char *)&sccb + sizeof sccb.header, block, bytes);
    unsigned response = command_any(what, bytes);
    memcpy(block, (char *)&sccb + sizeof sccb.header, bytes);
    spin_unlock(&lock);
    return response;
}

static char ascii(uint8_t c)
{
    for (int a = ' '; a <= '~'; a++)
        if (ebcdic((char)a) == c)
            return (char)a;
    return '?';
}

// Of an ASCII event behind a byte that says so; of a command behind the headers of its vectors.
static void take_line(char *line, size_t size)
{
    size_t n = sccb.event.length - sizeof sccb.event, from = line_mode ? 12 : 1, to = 0;
    for (size_t i = from; i < n && i < INPUT_BYTES && to + 1 < size; i++) {
        char c = line_mode ? ascii(sccb.typed[i]) : (char)sccb.typed[i];
        if (c != '\n' && c != '\r')
            line[to++] = c;
    }
    line[to] = '\0';
}

bool console_read(char *line, size_t size)
{
    spin_lock(&lock);
    unsigned response = command_any(SCLP_READ_EVENT_DATA, sizeof sccb - sizeof sccb.header);
    if (response == RESPONSE_NORMAL && sccb.event.type == EVENT_CHANGE)
        line[0] = '\0';
    else if (response == RESPONSE_NORMAL)
        take_line(line, size);
    else if (response != RESPONSE_NO_EVENT)
        end_at(END_FAILED + 0xcd);
    spin_unlock(&lock);
    return response == RESPONSE_NORMAL;
}

void console_break_lock(void)
{
    spin_unlock(&lock);
}
