// SPDX-License-Identifier: Apache-2.0
// The pattern `frames`: the program at one end of a timed link. It makes a frame in coherent memory, reads it
// back, gives these bytes to the link, waits for the frame of the other end, writes that to memory, reads it
// back and checks every byte. So a frame's bytes pass the caches of both machines and the link between them.
#include <stdlib.h>
#include <string.h>

#include "node/cpu/generator.h"

// One frame is worked on and one may wait: the other end makes its next only after it has this end's.
#define QUEUE_MAX 4

enum { FRAME_MAKE, FRAME_READ, FRAME_AWAIT, FRAME_KEEP, FRAME_CHECK };

struct received {
    uint32_t size;
    uint8_t *bytes; // owned
};

struct frames {
    uint32_t link, size, room; // size: of its own frames; room: for a received one. Bytes
    uint16_t board, peer;
    uint64_t receive; // real address of the receive buffer; the send buffer is the region's beginning

    // State.
    bool lost; // a word of the frame in the making could not be written or read
    uint32_t queued;
    struct received queue[QUEUE_MAX];
    uint8_t out[FRAME_BYTES_MAX]; // what was read back of the frame in the making
};

static struct frames *frames_of(struct generator *gen)
{
    return gen->extra;
}

static uint64_t content(const struct frames *frames, uint16_t sender, uint64_t frame, uint64_t word)
{
    uint64_t place = (uint64_t)frames->link << 48 | (uint64_t)sender << 32 | word;
    return rng_mix(rng_mix(place) ^ frame);
}

static uint64_t low_bytes(uint64_t value, uint32_t n)
{
    return n == 8 ? value : value & ((UINT64_C(1) << n * 8) - 1);
}

// The access to the word at gen->at of a buffer that holds `size` bytes; the last word may be a part.
static enum next word_access(struct generator *gen, struct access *access, enum access_kind kind,
                             uint64_t buffer, uint32_t size)
{
    uint64_t rest = size - gen->at;
    *access = (struct access){
        .address = buffer + gen->at, .kind = (uint8_t)kind, .size = (uint8_t)(rest < 8 ? rest : 8)};
    gen->waiting = true;
    return NEXT_ACCESS;
}

// The bytes go to the link when all have been read. A frame of which something was lost goes out empty: the
// other end shall neither wait for it nor take it for data.
static void send_frame(struct cpu *cpu, struct generator *gen)
{
    struct frames *frames = frames_of(gen);
    cpu->port.frame(cpu->port.board, cpu, frames->link, frames->out, frames->lost ? 0 : frames->size,
                    cpu->clock.now);
    frames->lost = false;
    gen->at = 0;
    gen->phase = FRAME_AWAIT;
}

static uint32_t received_size(const struct frames *frames)
{
    return frames->queue[0].size < frames->room ? frames->queue[0].size : frames->room;
}

static void drop_received(struct frames *frames)
{
    free(frames->queue[0].bytes);
    frames->queued--;
    memmove(&frames->queue[0], &frames->queue[1], frames->queued * sizeof frames->queue[0]);
}

static enum next next_to_send(struct generator *gen, struct access *access)
{
    struct frames *frames = frames_of(gen);
    if (gen->phase == FRAME_READ)
        return word_access(gen, access, ACCESS_LOAD, gen->base, frames->size);
    word_access(gen, access, ACCESS_STORE, gen->base, frames->size);
    access->value = content(frames, frames->board, gen->n, gen->at / 8);
    return NEXT_ACCESS;
}

static enum next next_to_receive(struct generator *gen, struct access *access)
{
    struct frames *frames = frames_of(gen);
    uint32_t size = received_size(frames);
    if (gen->phase == FRAME_CHECK)
        return word_access(gen, access, ACCESS_LOAD, frames->receive, size);
    word_access(gen, access, ACCESS_STORE, frames->receive, size);
    memcpy(&access->value, frames->queue[0].bytes + gen->at, access->size);
    return NEXT_ACCESS;
}

static enum next next_frames(struct cpu *cpu, struct access *access)
{
    struct generator *gen = generator_of(cpu);
    struct frames *frames = frames_of(gen);
    if (gen->waiting)
        return NEXT_WAIT;
    if (gen->phase == FRAME_READ && gen->at >= frames->size)
        send_frame(cpu, gen);
    if (gen->phase == FRAME_AWAIT) {
        if (frames->queued == 0)
            return NEXT_WAIT;
        gen->phase = frames->queue[0].size ? FRAME_KEEP : FRAME_MAKE;
        if (gen->phase == FRAME_MAKE) { // an empty frame: nothing to keep, the round is over
            drop_received(frames);
            gen->n++;
        }
    }
    if (gen->phase == FRAME_MAKE && gen->n == gen->count)
        return NEXT_DONE;
    return gen->phase <= FRAME_READ ? next_to_send(gen, access) : next_to_receive(gen, access);
}

static void check_word(struct cpu *cpu, const struct generator *gen, const struct access *access)
{
    const struct frames *frames = gen->extra;
    uint64_t expected = content(frames, frames->peer, gen->n, gen->at / 8);
    cpu->checks++;
    if (access->value != low_bytes(expected, access->size))
        cpu_check_failed(cpu, access, "the bytes that the other end of the link sent");
}

// A whole buffer has been walked through.
static void buffer_done(struct cpu *cpu, struct generator *gen)
{
    gen->at = 0;
    if (gen->phase != FRAME_CHECK) {
        gen->phase++;
        return;
    }
    drop_received(frames_of(gen));
    gen->n++;
    cpu->results.work++;
    gen->phase = FRAME_MAKE;
}

static void complete_frames(struct cpu *cpu, const struct access *access, enum access_status status,
                            sim_time at)
{
    struct generator *gen = generator_of(cpu);
    struct frames *frames = frames_of(gen);
    (void)at;
    gen->waiting = false;
    frames->lost |= status != ACCESS_OK && gen->phase <= FRAME_READ;
    if (gen->phase == FRAME_READ && gen->at + access->size <= frames->size)
        memcpy(frames->out + gen->at, &access->value, access->size);
    if (gen->phase == FRAME_CHECK && status == ACCESS_OK)
        check_word(cpu, gen, access);
    gen->at += access->size;
    bool sending = gen->phase <= FRAME_READ;
    if (gen->phase != FRAME_READ && gen->at >= (sending ? frames->size : received_size(frames)))
        buffer_done(cpu, gen);
}

static void run_frames(struct cpu *cpu, sim_time limit)
{
    cpu_drive(cpu, limit, next_frames, complete_frames);
}

static void queue_add(struct frames *frames, const uint8_t *bytes, uint32_t size)
{
    struct received *received = &frames->queue[frames->queued++];
    received->size = size;
    received->bytes = malloc(size ? size : 1);
    NP_ASSERT(received->bytes);
    if (size)
        memcpy(received->bytes, bytes, size);
}

void generator_frames_receive(struct cpu *cpu, const uint8_t *bytes, uint32_t size, sim_time at)
{
    struct generator *gen = generator_of(cpu);
    struct frames *frames = frames_of(gen);
    if (frames->queued == QUEUE_MAX) { // two programs at one end of a link: the description is wrong
        cpu_fail(cpu, "more frames on timed link %u than one end sends in turn", frames->link);
        return;
    }
    queue_add(frames, bytes, size);
    if (gen->phase == FRAME_AWAIT && !gen->waiting)
        cpu_wake(cpu, at);
}

bool generator_frames_open(struct cpu *cpu, const struct machine *machine, struct generator *gen)
{
    const struct link_desc *link = &machine->links[cpu->desc->link];
    struct frames *frames = calloc(1, sizeof *frames);
    NP_ASSERT(frames);
    gen->extra = frames;
    gen->run = run_frames;
    frames->link = cpu->desc->link;
    frames->size = cpu->desc->frame_bytes;
    frames->board = cpu->desc->board;
    frames->peer = link->board[0] == frames->board ? link->board[1] : link->board[0];
    // Both buffers side by side; in a region that has no room for two, one follows the other in time.
    uint64_t buffer = ((uint64_t)frames->size + 7) / 8 * 8;
    frames->receive = gen->size >= 2 * buffer ? gen->base + buffer : gen->base;
    uint64_t room = gen->base + gen->size - frames->receive;
    frames->room = (uint32_t)(room < FRAME_BYTES_MAX ? room : FRAME_BYTES_MAX);
    return gen->size >= buffer;
}

static void received_state(struct frames *frames, struct archive *ar)
{
    uint32_t queued = frames->queued;
    ar_count(ar, &queued, QUEUE_MAX);
    for (uint32_t i = 0; i < queued && !ar_failed(ar); i++) {
        uint32_t size = ar_loading(ar) ? 0 : frames->queue[i].size;
        ar_count(ar, &size, FRAME_BYTES_MAX);
        if (ar_loading(ar)) {
            static const uint8_t nothing[FRAME_BYTES_MAX];
            queue_add(frames, nothing, size);
        }
        ar_bytes(ar, frames->queue[i].bytes, size);
    }
}

// What phase and position promise the code above: a buffer that is walked has a word left, and a frame that
// is kept is there.
static bool state_fits(const struct generator *gen)
{
    const struct frames *frames = gen->extra;
    if (gen->phase == FRAME_AWAIT)
        return gen->at == 0;
    if (gen->phase == FRAME_READ && gen->at == frames->size)
        return !gen->waiting;
    if (gen->phase > FRAME_CHECK || gen->at % 8)
        return false;
    return gen->phase <= FRAME_READ ? gen->at < frames->size
                                    : frames->queued && gen->at < received_size(frames);
}

void generator_frames_state(struct generator *gen, struct archive *ar)
{
    struct frames *frames = frames_of(gen);
    ar_mark(ar, "FRAM");
    ar_bool(ar, &frames->lost);
    received_state(frames, ar);
    uint64_t read = gen->phase == FRAME_READ ? gen->at : 0;
    if (!ar_failed(ar) && !state_fits(gen))
        ar_fail(ar, "a frame at byte %llu in phase %u", (unsigned long long)gen->at, gen->phase);
    ar_bytes(ar, frames->out, ar_failed(ar) ? 0 : read);
}

void generator_frames_free(struct generator *gen)
{
    struct frames *frames = frames_of(gen);
    for (uint32_t i = 0; frames && i < frames->queued; i++)
        free(frames->queue[i].bytes);
    free(frames);
}
