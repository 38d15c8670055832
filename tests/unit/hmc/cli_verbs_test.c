// SPDX-License-Identifier: Apache-2.0
// Every verb that concerns a running machine, and every command of the real consoles, against a run without a
// machine: a transcript, which must be the one on file (cli_verbs.txt; `unit-cli-verbs --write` writes it
// anew, to be looked at). Each session begins with a new run.
#include <CUnit/Basic.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hmc/cli/compat.h"
#include "hmc/cli/execute.h"
#include "hmc/cli/verbs.h"
#include "proto/base/assert.h"
#include "tests/lib/fake_run.h"
#include "tests/lib/process.h"

#define WORDS_MAX 32

// "#": a new run follows, of that kind. Else a command line; what stands behind < is typed.
static const char *const script[] = {
    "# sun",
    "platform",
    "boards",
    "boards SB6 SB1 --json",
    "boards SB6 SB9",
    "domains",
    "domains SMP2 --json",
    "domains SMP9",
    "status",
    "events",
    "move SB6 SMP2 --plan",
    "move SB0 SMP2 --plan",
    "move SB6 SMP2 --plan --json",
    "move SB6 SMP2 --wait",
    "boards SB6",
    "status",
    "events --since 7",
    "events --since 8 --json",
    "move SB3 SMP1",
    "move SB6 SMP9 --json",
    "delete SB6 SB7 --json",
    "add SB6 SB7 SMP3",
    "add SB6 SMP3",
    "add SMP3",
    "power SB6 on",
    "power off SB6",
    "blacklist on SB6 SB7",
    "keyswitch SMP3 standby",
    "keyswitch SMP3 sideways",
    "available on SMP3 SB6",
    "tag SMP3 payroll",
    "cell off SB6",
    "reboot SMP3 now",
    "reboot SMP3",
    "reboot -R SMP3",
    "move SB6 SMP2 SMP3",
    "test SB6",
    "platform --json",
    "pause",
    "step 10us",
    "slow 2.5ms",
    "slow off --json",
    "continue",
    "console SMP1 < help",
    "# sun",
    "top --times 1",
    "# guest",
    "console SMP1 < help",
    "type SMP1 date",
    "type SMP1 date --json",
    "type SMP9 date",
    "type SMP2 date",
    "# sun",
    "compat showboards",
    "compat showboards -d b",
    "compat showboards -d z",
    "compat showplatform",
    "compat showplatform -p domains",
    "compat showplatform -d A -p available",
    "compat showplatform -p ethernet",
    "compat showdevices -d A",
    "compat showdevices -p byboard SB0 SB6",
    "compat showdevices -p query SB6",
    "compat showdevices",
    "compat showkeyswitch -d A",
    "compat setkeyswitch -d A off < n",
    "compat setkeyswitch -d A -q off",
    "compat setkeyswitch -d A -y off",
    "compat showkeyswitch -d A",
    "compat setkeyswitch -d A on",
    "compat setkeyswitch -d A up",
    "compat moveboard -d B SB6 < n",
    "compat moveboard -d B -y SB6",
    "compat moveboard -d B -y SB6 SB7",
    "compat deleteboard -c unassign -y SB6",
    "compat deleteboard -c assign SB6",
    "compat addboard -d C -q SB6",
    "compat addboard -d C -r 1 SB0",
    "compat addboard -d C -t 5 SB0",
    "compat addboard SB6",
    "compat addboard -h",
    "compat setupplatform -d A -a SB3",
    "compat setupplatform -d A -r SB0 SB1",
    "compat setupplatform -d B SB2",
    "compat showplatform -p available",
    "compat showdomain",
    "# drains",
    "move SB6 SMP2",
    "compat showdevices -d A",
    "boards SB6",
    "status",
    "# superdome",
    "compat parstatus",
    "compat parstatus -C",
    "compat parstatus -P",
    "compat parstatus -w",
    "compat parstatus -V -c 0/6",
    "compat parstatus -V -p 1",
    "compat parstatus -c 1/1",
    "compat parstatus -X",
    "compat parmodify -p 1 -d 3",
    "compat parmodify -p 1 -a 0/3:base:n:ri -P payroll",
    "compat parmodify -p 1 -m 3:base:y",
    "compat parmodify -p 1 -a 3:floating",
    "compat parmodify -p 1 -a 3:base:y:maybe",
    "compat parmodify -p 7 -B",
    "compat parmodify -p 1",
    "compat parcreate -c 2:base:y:ri",
    "compat parremove -p 2",
    "compat parremove -p 2 -F",
    "compat parcreate -c 4:base:y:ri -c 5::: -P test -B",
    "compat parcreate -L 50 -c 4",
    "compat parstatus -P",
};

static char folder[PATH_MAX_BYTES];
static struct fake_run *run;

static void new_run(const char *kind)
{
    struct fake_run_options options = {.folder = folder, .superdome = strcmp(kind, "superdome") == 0};
    options.guest = strcmp(kind, "guest") == 0;
    options.stuck = strcmp(kind, "drains") == 0;
    if (run)
        fake_run_close(run);
    run = fake_run_open(&options);
}

// Replaces the run folder, which is another one each time.
static void put_text(FILE *to, const char *text)
{
    for (const char *at; (at = strstr(text, folder)); text = at + strlen(folder))
        fprintf(to, "%.*sRUN_DIR", (int)(at - text), text);
    fputs(text, to);
}

static int do_words(int argc, char **argv)
{
    const struct verb *verb = verb_find(argv[0]);
    NP_ASSERT(verb);
    return execute_verb(verb, argc, argv);
}

static int split(char *line, char *argv[WORDS_MAX], const char **typed)
{
    int argc = 0;
    *typed = strstr(line, " < ");
    if (*typed) {
        *strstr(line, " < ") = '\0';
        *typed += 3;
    }
    for (char *rest = line, *word; (word = strsep(&rest, " ")) && argc < WORDS_MAX - 2;)
        argv[argc++] = word;
    return argc;
}

// Runs a command line in this process, with files in place of the terminal.
static int do_line(const char *text, const char *out)
{
    static char name_of_run[] = "--run";
    char line[512], *argv[WORDS_MAX];
    const char *typed;
    snprintf(line, sizeof line, "%s", text);
    int argc = split(line, argv, &typed);
    if (strcmp(argv[0], "compat") != 0) {
        argv[argc++] = name_of_run;
        argv[argc++] = folder;
    }
    argv[argc] = NULL;
    FILE *input = tmpfile();
    NP_ASSERT(input);
    fprintf(input, "%s\n", typed ? typed : "");
    rewind(input);
    fflush(stdout);
    int saved[] = {dup(0), dup(1), dup(2)}, file = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    NP_ASSERT(file >= 0);
    dup2(fileno(input), 0);
    dup2(file, 1);
    dup2(file, 2);
    clearerr(stdin);
    int status = do_words(argc, argv);
    fflush(stdout);
    for (int i = 0; i < 3; i++) {
        dup2(saved[i], i);
        close(saved[i]);
    }
    close(file);
    fclose(input);
    return status;
}

static char *transcript(void)
{
    char *text = NULL, out[PATH_MAX_BYTES + 8];
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    NP_ASSERT(to);
    test_folder_make(folder);
    setenv("NUMAPLEX_RUN", folder, 1);
    snprintf(out, sizeof out, "%s.out", folder);
    for (size_t i = 0; i < NP_ARRAY_LEN(script); i++) {
        if (script[i][0] == '#') {
            new_run(script[i] + 2);
            fprintf(to, "%s\n\n", script[i]);
            continue;
        }
        int status = do_line(script[i], out);
        char *said = file_content("/", out + 1);
        fprintf(to, "$ numaplex %s\n", script[i]);
        put_text(to, said);
        fprintf(to, status ? "[exit status %d]\n\n" : "\n", status);
        free(said);
    }
    fclose(to);
    fake_run_close(run);
    run = NULL;
    unlink(out);
    test_folder_remove(folder);
    return text;
}

static const char *golden_path(void)
{
    static char path[PATH_MAX_BYTES];
    const char *source = getenv("NUMAPLEX_SOURCE");
    snprintf(path, sizeof path, "%s/tests/unit/hmc/cli_verbs.txt", source ? source : ".");
    return path;
}

// Names the first line that differs.
static void test_transcript(void)
{
    char *now = transcript(), *then = file_content("/", golden_path() + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(then);
    char *a = now, *b = then;
    for (unsigned number = 1; a || b; number++) {
        char *x = strsep(&a, "\n"), *y = strsep(&b, "\n");
        if (!x || !y || strcmp(x, y) != 0) {
            printf("line %u\n  is     %s\n  was    %s\n", number, x ? x : "(end)", y ? y : "(end)");
            CU_FAIL("the transcript is another one");
            break;
        }
    }
    free(now);
    free(then);
}

// `numaplex VERB --help` reaches what explains the verb.
static void test_help(void)
{
    for (size_t i = 0; i < n_verbs; i++)
        CU_ASSERT(verbs[i].args_min <= 1);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--write") == 0) {
        char *text = transcript();
        FILE *file = fopen(golden_path(), "w");
        NP_ASSERT(file);
        fputs(text, file);
        fclose(file);
        free(text);
        return EXIT_SUCCESS;
    }
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("cli_verbs", NULL, NULL);
    CU_add_test(suite, "transcript", test_transcript);
    CU_add_test(suite, "help", test_help);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
