// SPDX-License-Identifier: Apache-2.0
// The guests of rows on QEMU, which takes the image as it is, and on Hercules, which wants flat files and
// starts in the architecture of 1990: a few instructions in front take it to z/Architecture.
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proto/image/image.h"
#include "tests/bench/guest.h"

enum { CONSOLE_SIZE = 65536, PATH_SIZE = PATH_MAX_BYTES + 32 };

static void path_in(const struct bench_settings *settings, const char *name, char path[PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "%s/%s", settings->folder, name);
}

static enum err_code write_file(const struct bench_settings *settings, const char *name, const void *bytes,
                                size_t size, struct err *err)
{
    char path[PATH_SIZE];
    path_in(settings, name, path);
    FILE *out = fopen(path, "wb");
    bool written = out && fwrite(bytes, 1, size, out) == size;
    if (!out || fclose(out) || !written)
        return err_errno(err, ERR_FILE, "%s", path);
    return ERR_OK;
}

static char *read_console(const struct bench_settings *settings, struct err *err)
{
    char path[PATH_SIZE];
    path_in(settings, "console", path);
    FILE *in = fopen(path, "r");
    char *text = calloc(1, CONSOLE_SIZE);
    if (in && text && fread(text, 1, CONSOLE_SIZE - 1, in) > 0) {
        fclose(in);
        return text;
    }
    err_set(err, ERR_FILE, "%s: the guest said nothing", path);
    if (in)
        fclose(in);
    free(text);
    return NULL;
}

static bool console_says(const struct bench_settings *settings, const char *text)
{
    struct err ignored;
    char *console = read_console(settings, &ignored);
    bool says = console && strstr(console, text);
    free(console);
    return says;
}

// Waits for the end of the process; one that does not end by itself is ended once it has said `last`.
static int wait_for(const struct bench_settings *settings, pid_t child, const char *last)
{
    const struct timespec pause = {0, 20000000};
    int status = 0;
    while (waitpid(child, &status, WNOHANG) == 0) {
        if (last && console_says(settings, last)) {
            kill(child, SIGTERM);
            last = NULL;
        }
        nanosleep(&pause, NULL);
    }
    return status;
}

// Runs a command in the folder, its output into the file "console", bounded in time by timeout(1).
static char *run_for_console(const struct bench_settings *settings, const char *const *argv, const char *last,
                             struct err *err)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        int in = open("/dev/null", O_RDONLY), out = -1;
        if (chdir(settings->folder) == 0)
            out = open("console", O_CREAT | O_TRUNC | O_WRONLY, 0600);
        setenv("HERCULES_RC", "hercules.rc", 1);
        if (in >= 0 && out >= 0 && dup2(in, 0) == 0 && dup2(out, 1) == 1 && dup2(out, 2) == 2)
            execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    int status = child < 0 ? -1 : wait_for(settings, child, last);
    char *console = child < 0 ? NULL : read_console(settings, err);
    bool missing = WIFEXITED(status) && WEXITSTATUS(status) >= 126;
    if (child < 0 || missing || (last && console && !strstr(console, last))) {
        err_set(err, ERR_MISSING_TOOL, "%s cannot be started, or did not end within %s s", argv[3], argv[2]);
        free(console);
        return NULL;
    }
    return console;
}

char *guest_on_qemu(const struct row *row, const struct bench_settings *settings, struct err *err)
{
    char image[PATH_MAX_BYTES], arguments[ARGUMENTS_SIZE];
    if (guest_image(row, image, err))
        return NULL;
    guest_arguments(row, settings, arguments);
    const char *argv[] = {"timeout",    "--kill-after=2",
                          "120",        "qemu-system-s390x",
                          "-machine",   "s390-ccw-virtio",
                          "-accel",     "tcg",
                          "-m",         "256M",
                          "-nographic", "-monitor",
                          "none",       "-kernel",
                          image,        "-append",
                          arguments,    (char *)NULL};
    return run_for_console(settings, argv, NULL, err);
}

// la 1,1; slr 2,2; sigp 1,2,0x12 (z/Architecture); sam64; lghi 1,1; sllg 1,1,16; br 1 (to 0x10000)
static const uint8_t start_code[] = {0x41, 0x10, 0x00, 0x01, 0x1f, 0x22, 0xae, 0x12, 0x00, 0x12, 0x01, 0x0e,
                                     0xa7, 0x19, 0x00, 0x01, 0xeb, 0x11, 0x00, 0x10, 0x00, 0x0d, 0x07, 0xf1};
static const uint8_t start_psw[] = {0x00, 0x08, 0x00, 0x00, 0x80, 0x00, 0x20, 0x00};
static const char configuration[] = "CPUMODEL 2097\nMAINSIZE 256\nNUMCPU 1\nARCHMODE z/Arch\n0009 3215-C\n";
static const char commands[] = "ipl guest.ins\n";

static enum err_code write_parts(const struct bench_settings *settings, const struct image *image, FILE *list,
                                 struct err *err)
{
    for (uint32_t i = 0; i < image->n_parts; i++) {
        char name[32];
        snprintf(name, sizeof name, "part%u", i);
        if (write_file(settings, name, image->parts[i].bytes, image->parts[i].size, err))
            return err->code;
        fprintf(list, "%s 0x%08llx\n", name, (unsigned long long)image->parts[i].address);
    }
    return ERR_OK;
}

static enum err_code write_machine(const struct row *row, const struct bench_settings *settings,
                                   struct err *err)
{
    char path[PATH_MAX_BYTES], list_path[PATH_SIZE], arguments[ARGUMENTS_SIZE + 16];
    struct image image;
    guest_arguments(row, settings, arguments);
    strcat(arguments, " console=line");
    path_in(settings, "guest.ins", list_path);
    if (guest_image(row, path, err) || image_open(&image, path, err))
        return err->code;
    FILE *list = fopen(list_path, "w");
    if (!list)
        err_errno(err, ERR_FILE, "%s", list_path);
    if (list)
        fprintf(list, "psw 0x00000000\nstart 0x00002000\n");
    bool written =
        list && write_parts(settings, &image, list, err) == ERR_OK &&
        write_file(settings, "psw", start_psw, sizeof start_psw, err) == ERR_OK &&
        write_file(settings, "start", start_code, sizeof start_code, err) == ERR_OK &&
        write_file(settings, "arguments", arguments, strlen(arguments) + 1, err) == ERR_OK &&
        write_file(settings, "hercules.cnf", configuration, sizeof configuration - 1, err) == ERR_OK &&
        write_file(settings, "hercules.rc", commands, sizeof commands - 1, err) == ERR_OK;
    if (list)
        fprintf(list, "arguments 0x00010480\n");
    image_close(&image);
    if (list && fclose(list) && written)
        return err_errno(err, ERR_FILE, "%s", list_path);
    return err->code;
}

// Hercules 3.13 now and then stands still at its start, all its threads waiting for one another, and does not
// hear SIGTERM then: it is killed and asked again. A sample takes seconds.
char *guest_on_hercules(const struct row *row, const struct bench_settings *settings, struct err *err)
{
    enum { ATTEMPTS = 3 };
    const char *argv[] = {"timeout", "--kill-after=2", "30",        "hercules", "-d",
                          "-f",      "hercules.cnf",   (char *)NULL};
    char *console = NULL;
    if (write_machine(row, settings, err))
        return NULL;
    for (unsigned i = 0; i < ATTEMPTS && !console; i++) {
        err_clear(err);
        console = run_for_console(settings, argv, "Disabled wait state", err);
    }
    return console;
}
