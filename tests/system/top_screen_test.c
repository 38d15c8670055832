// SPDX-License-Identifier: Apache-2.0
// `numaplex top` on a terminal: its screen comes up, keys do what the last line says, it follows the size of
// its window, and it leaves the terminal as it was.
#include <CUnit/Basic.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/base/assert.h"
#include "tests/lib/fake_run.h"
#include "tests/lib/process.h"

static char folder[PATH_MAX_BYTES];

struct terminal {
    pid_t pid;
    int fd;
    char said[1 << 18]; // all that was written, escape sequences included
    size_t size;
};

static void start(struct terminal *t, unsigned short rows, unsigned short columns, const char *type)
{
    struct winsize size = {.ws_row = rows, .ws_col = columns};
    const char *program = test_program("numaplex");
    *t = (struct terminal){0};
    t->pid = forkpty(&t->fd, NULL, NULL, &size);
    NP_ASSERT(t->pid >= 0);
    if (t->pid == 0) {
        setenv("TERM", type, 1);
        execl(program, "numaplex", "top", "--run", folder, (char *)NULL);
        _exit(127);
    }
}

// Reads until a text has been written, a minute at most.
static bool wait_for(struct terminal *t, const char *text)
{
    for (int i = 0; i < 3000; i++) {
        struct pollfd fd = {.fd = t->fd, .events = POLLIN};
        if (strstr(t->said, text))
            return true;
        if (poll(&fd, 1, 20) <= 0)
            continue;
        ssize_t n = read(t->fd, t->said + t->size, sizeof t->said - 1 - t->size);
        if (n <= 0)
            break;
        t->size += (size_t)n;
        t->said[t->size] = '\0';
    }
    return strstr(t->said, text) != NULL;
}

static void forget(struct terminal *t)
{
    t->size = 0;
    t->said[0] = '\0';
}

static void type(struct terminal *t, const char *keys)
{
    CU_ASSERT_EQUAL(write(t->fd, keys, strlen(keys)), (ssize_t)strlen(keys));
}

// Its exit status.
static int end(struct terminal *t)
{
    int status = -1;
    for (int i = 0; i < 250 && waitpid(t->pid, &status, WNOHANG) == 0; i++)
        wait_for(t, "\001never\001");
    if (status == -1) {
        kill(t->pid, SIGKILL);
        waitpid(t->pid, &status, 0);
    }
    close(t->fd);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void test_keys(void)
{
    struct fake_run *run = fake_run_open(&(struct fake_run_options){.folder = folder});
    static struct terminal t;
    start(&t, 24, 80, "xterm");
    CU_ASSERT_TRUE(wait_for(&t, "numaplex top  fake: running"));
    CU_ASSERT_TRUE(wait_for(&t, "q quit  p pause or continue"));
    CU_ASSERT_TRUE(wait_for(&t, "SB7"));
    type(&t, "p");
    CU_ASSERT_TRUE(wait_for(&t, "paused"));
    forget(&t);
    type(&t, " ");
    CU_ASSERT_TRUE(wait_for(&t, "step")); // the event says so
    forget(&t);
    type(&t, "p");
    CU_ASSERT_TRUE(wait_for(&t, "continue"));
    forget(&t);
    type(&t, "\033OB"); // down: the selected row is drawn anew
    CU_ASSERT_TRUE(wait_for(&t, "SB1"));
    forget(&t);
    struct winsize size = {.ws_row = 40, .ws_col = 120};
    ioctl(t.fd, TIOCSWINSZ, &size);
    CU_ASSERT_TRUE(wait_for(&t, "BYTES SENT")); // there is room for it now
    type(&t, "q");
    CU_ASSERT_EQUAL(end(&t), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(t.said, "\033[?1049l")); // back to the other screen
    fake_run_close(run);
}

// The run ends while one looks: no error.
static void test_end_of_run(void)
{
    struct fake_run *run = fake_run_open(&(struct fake_run_options){.folder = folder});
    static struct terminal t;
    start(&t, 24, 80, "xterm");
    CU_ASSERT_TRUE(wait_for(&t, "SB7"));
    fake_run_close(run);
    CU_ASSERT_TRUE(wait_for(&t, "the run has ended"));
    CU_ASSERT_EQUAL(end(&t), 0);
}

static void test_no_run(void)
{
    static struct terminal t;
    start(&t, 24, 80, "xterm");
    CU_ASSERT_TRUE(wait_for(&t, "NP0815"));
    CU_ASSERT_EQUAL(end(&t), 8);
}

static void test_unknown_terminal(void)
{
    struct fake_run *run = fake_run_open(&(struct fake_run_options){.folder = folder});
    static struct terminal t;
    start(&t, 24, 80, "no-such-terminal");
    CU_ASSERT_TRUE(wait_for(&t, "the terminal 'no-such-terminal' is not known here"));
    CU_ASSERT_EQUAL(end(&t), 5);
    fake_run_close(run);
}

int main(void)
{
    test_folder_make(folder);
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("top_screen", NULL, NULL);
    CU_add_test(suite, "keys and sizes", test_keys);
    CU_add_test(suite, "the end of the run", test_end_of_run);
    CU_add_test(suite, "no run", test_no_run);
    CU_add_test(suite, "an unknown terminal", test_unknown_terminal);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    test_folder_remove(folder);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
