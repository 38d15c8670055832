// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/console_process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"

#define LOOKS 12000 // of 5 ms each

// What stands behind a text, up to a space or the line's end; "" when it does not stand there.
static void word_behind(const char *all, const char *text, char *word, size_t size)
{
    const char *at = strstr(all, text);
    at = at ? at + strlen(text) : "";
    snprintf(word, size, "%.*s", (int)strcspn(at, " \n"), at);
}

// It says everything at once.
static bool take(struct console_process *console, const char *out)
{
    char port[16], fingerprint[sizeof console->fingerprint];
    const char *certificate = strstr(out, "SHA-256 ");
    if (!certificate || !strchr(certificate, '\n'))
        return false;
    word_behind(out, "Console at https://127.0.0.1:", port, sizeof port);
    word_behind(out, "SHA-256 ", fingerprint, sizeof fingerprint);
    word_behind(out, "User admin, password ", console->password, sizeof console->password);
    strcpy(console->fingerprint, fingerprint);
    console->port = (unsigned)strtoul(port, NULL, 10);
    return console->port != 0;
}

void console_start(struct console_process *console, const char *runs, const char *state, const char *said,
                   unsigned port)
{
    char listen[32];
    bool told = false;
    const char *program = test_program("numaplex");
    snprintf(listen, sizeof listen, "127.0.0.1:%u", port);
    FILE *empty = fopen(said, "w");
    NP_ASSERT(empty);
    fclose(empty);
    console->process = process_start_test(
        program,
        (const char *const[]){program, "hmc", "--runs", runs, "--state", state, "--listen", listen, NULL},
        &(struct process_options){.out_path = said});
    for (int i = 0; i < LOOKS && !told; i++) {
        char *out = file_content("/", said);
        told = out && take(console, out);
        free(out);
        if (!told)
            test_sleep_ms(5);
    }
    NP_ASSERT(told);
}
