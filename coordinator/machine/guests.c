// SPDX-License-Identifier: Apache-2.0
// Entries that run a program for z/Architecture (`load:`). What they say is the partition's: one guest each.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "coordinator/machine/fields.h"
#include "coordinator/machine/guests.h"
#include "coordinator/machine/reader.h"
#include "coordinator/machine/segments.h"
#include "proto/base/assert.h"
#include "proto/base/guest.h"
#include "proto/image/image.h"

#define SHIPPED "guests/" // paths that begin so are also looked for among the images that come with numaplex

static const char *const timings[] = {"full", "functional"};

struct load_text {
    struct value load, on, arguments, architecture, timing, input;
};

#define LATER(key, presence)                                                                                 \
    {                                                                                                        \
#key, read_later, offsetof(struct load_text, key), presence, 0, 0, 0, 0                              \
    }
static const struct field load_fields[] = {
    LATER(load, REQUIRED), // file
    LATER(on, REQUIRED),     LATER(arguments, OPTIONAL), LATER(architecture, OPTIONAL),
    LATER(timing, OPTIONAL), LATER(input, OPTIONAL),
};

struct input_text {
    sim_time at;
    struct value text;
};

static const struct field input_fields[] = {
    {"at", read_number, offsetof(struct input_text, at), REQUIRED, UNIT_TIME, 0, UINT64_C(1) << 62, 0},
    {"text", read_later, offsetof(struct input_text, text), REQUIRED, 0, 0, 0, 0},
};

// Images are built beside the programs of a build tree (tests run next to it), and installed under share.
static bool find_shipped(const char *name, char path[PATH_MAX_BYTES])
{
    static const char *const places[] = {"guests/zarch", "../bin/guests/zarch", "../share/numaplex/guests"};
    char program[PATH_MAX_BYTES];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    if (n <= 0)
        return false;
    program[n] = '\0';
    *strrchr(program, '/') = '\0';
    for (size_t i = 0; i < NP_ARRAY_LEN(places); i++)
        if (snprintf(path, PATH_MAX_BYTES, "%s/%s/%s", program, places[i], name) < (int)PATH_MAX_BYTES &&
            access(path, R_OK) == 0)
            return true;
    return false;
}

static enum err_code find_image(struct reader *r, struct value v, char path[PATH_MAX_BYTES])
{
    char shipped[PATH_MAX_BYTES];
    enum err_code code = absolute_path(r, v, path);
    if (code || access(path, R_OK) == 0)
        return code;
    if (strncmp(value_text(v), SHIPPED, strlen(SHIPPED)) == 0 &&
        find_shipped(value_text(v) + strlen(SHIPPED), shipped)) {
        memcpy(path, shipped, sizeof shipped);
        return ERR_OK;
    }
    return value_fail(v, ERR_FILE, r->err,
                      "there is no such program image; paths begin at the scenario file, and guests/NAME.elf "
                      "are those that were built with numaplex (they need s390x-linux-gnu-gcc)");
}

static enum err_code text_fail(struct reader *r, struct value v, size_t most)
{
    return value_fail(v, ERR_BAD_VALUE, r->err, "must be at most %zu characters of printable ASCII", most);
}

// Adds a text, after a blank when there is one already.
static bool append(char *to, size_t size, const char *text)
{
    size_t used = strlen(to);
    int n = snprintf(to + used, size - used, "%s%s", used ? " " : "", text);
    return (size_t)n < size - used;
}

// One text, or a list of texts with blanks between them, so that parameters can stand for some.
static enum err_code read_arguments(struct reader *r, struct value v, char arguments[GUEST_ARGUMENTS_MAX])
{
    unsigned n = value_is_list(v) ? value_length(v) : value_present(v) ? 1 : 0;
    for (unsigned i = 0; i < n; i++) {
        struct value one = value_is_list(v) ? list_at(v, i) : v;
        if (!value_text(one) || !guest_text_ok(value_text(one), GUEST_ARGUMENTS_MAX) ||
            !append(arguments, GUEST_ARGUMENTS_MAX, value_text(one)))
            return text_fail(r, one, GUEST_ARGUMENTS_MAX - 1);
    }
    return ERR_OK;
}

static enum err_code read_word(struct reader *r, struct value v, const char *what, const char *const *words,
                               size_t n, unsigned *index)
{
    if (!value_present(v))
        return ERR_OK;
    for (*index = 0; *index < n; ++*index)
        if (value_is(v, words[*index]))
            return ERR_OK;
    return fail_not_one_of(v, ERR_BAD_VALUE, r->err, what, value_text(v) ? value_text(v) : "", words, n);
}

static enum err_code read_input(struct reader *r, struct value v, struct guest_desc *g)
{
    struct input_text text;
    enum err_code code = fields_read(v, input_fields, NP_ARRAY_LEN(input_fields), &text, r->err);
    if (code)
        return code;
    const char *line = value_text(text.text);
    struct guest_input *input = PUSH(g->inputs, g->n_inputs);
    input->at = text.at;
    if (!line || !guest_text_ok(line, sizeof input->text - 1))
        return text_fail(r, text.text, sizeof input->text - 2);
    snprintf(input->text, sizeof input->text, "%s\n", line);
    if (g->n_inputs > 1 && text.at < g->inputs[g->n_inputs - 2].at)
        return value_fail(v, ERR_BAD_VALUE, r->err, "comes before the line above it; list them by time");
    return ERR_OK;
}

static enum err_code read_inputs(struct reader *r, struct value list, struct guest_desc *g)
{
    if (!value_present(list))
        return ERR_OK;
    if (!value_is_list(list))
        return value_fail(list, ERR_BAD_VALUE, r->err,
                          "must be a list of lines such as {at: 1ms, text: hello}");
    if (value_length(list) > GUEST_INPUTS_MAX)
        return value_fail(list, ERR_LIMIT, r->err, "more than %u lines", GUEST_INPUTS_MAX);
    enum err_code code = ERR_OK;
    for (unsigned i = 0; i < value_length(list) && !code; i++)
        code = read_input(r, list_at(list, i), g);
    return code;
}

enum err_code load_read(struct reader *r, struct entry *e)
{
    struct load_text text = {0};
    struct partition_desc *p = &r->out->machine.partitions[e->partition];
    unsigned architecture = ARCH_Z196, timing = 0;
    enum err_code code = fields_read(e->where, load_fields, NP_ARRAY_LEN(load_fields), &text, r->err);
    if (!code && p->guest.image[0])
        code = value_fail(text.load, ERR_IMPOSSIBLE_MACHINE, r->err,
                          "partition %s has a guest already; name all its CPUs in one entry, or use another "
                          "partition",
                          p->name);
    if (!code)
        code = read_arguments(r, text.arguments, p->guest.arguments);
    if (!code)
        code = read_word(r, text.architecture, "architecture", architecture_names, ARCHITECTURE_COUNT,
                         &architecture);
    if (!code)
        code = read_word(r, text.timing, "timing", timings, NP_ARRAY_LEN(timings), &timing);
    if (!code)
        code = read_inputs(r, text.input, &p->guest);
    if (!code)
        code = find_image(r, text.load, p->guest.image);
    p->guest.architecture = (enum architecture)architecture;
    p->guest.functional = timing == 1;
    e->cpu.kind = CPU_ZARCH;
    e->cpu.outstanding = 1;
    return code;
}

// A guest has all memory of its partition; recorded programs would write over it.
static enum err_code check_no_frames(struct reader *r, const struct entry *e, const struct partition_desc *p)
{
    for (uint32_t i = 0; i < p->n_boards; i++)
        if (p->frames_offset < r->out->machine.boards[p->boards[i]].params.memory_bytes)
            return value_fail(e->where, ERR_IMPOSSIBLE_MACHINE, r->err,
                              "partition %s keeps frames for virtual pages of other programs, and a guest "
                              "uses all its memory; run them in different partitions",
                              p->name);
    return ERR_OK;
}

enum err_code load_check(struct reader *r, const struct entry *e)
{
    struct partition_desc *p = &r->out->machine.partitions[e->partition];
    struct value what = mapping_get(e->where, "load");
    struct image image;
    struct err why;
    p->guest.n_cpus = e->cpu.members;
    if (e->cpu.members > GUEST_CPUS_MAX)
        return value_fail(mapping_get(e->where, "on"), ERR_LIMIT, r->err,
                          "a guest has at most %u CPUs, these are %" PRIu32, GUEST_CPUS_MAX, e->cpu.members);
    enum err_code code = check_no_frames(r, e, p);
    if (code)
        return code;
    if (image_open(&image, p->guest.image, &why))
        return value_fail(what, why.code, r->err, "%s", why.text);
    if (image_fits(&image, p->guest.arguments, segments_end(p), &why))
        code = value_fail(what, why.code, r->err, "%s", why.text);
    image_close(&image);
    return code;
}

void guest_write(const struct guest_desc *guest, FILE *out, void (*put_text)(FILE *out, const char *text))
{
    char at[UNIT_TEXT_SIZE], line[GUEST_INPUT_BYTES_MAX];
    fprintf(out, "            load: ");
    put_text(out, guest->image);
    fprintf(out, "\n            arguments: ");
    put_text(out, guest->arguments);
    fprintf(out, "\n            architecture: %s\n            timing: %s\n",
            architecture_names[guest->architecture], timings[guest->functional]);
    fputs(guest->n_inputs ? "            input:\n" : "", out);
    for (uint32_t i = 0; i < guest->n_inputs; i++) {
        snprintf(line, sizeof line, "%.*s", (int)strcspn(guest->inputs[i].text, "\n"), guest->inputs[i].text);
        fprintf(out, "              - {at: %s, text: ", unit_format(UNIT_TIME, guest->inputs[i].at, at));
        put_text(out, line);
        fputs("}\n", out);
    }
}

void guest_print(const struct guest_desc *guest, FILE *out)
{
    struct image image;
    struct err err;
    fprintf(out, "  guest        %s, %s, %s timing", guest->image, architecture_names[guest->architecture],
            timings[guest->functional]);
    if (image_open(&image, guest->image, &err) == ERR_OK) {
        fprintf(out, "; entry 0x%" PRIx64 ", memory up to 0x%" PRIx64, image.psw_address, image.end - 1);
        image_close(&image);
    }
    fputc('\n', out);
    if (guest->arguments[0])
        fprintf(out, "  arguments    %s\n", guest->arguments);
    if (guest->n_inputs)
        fprintf(out, "  input        %" PRIu32 " line%s\n", guest->n_inputs, guest->n_inputs == 1 ? "" : "s");
}
