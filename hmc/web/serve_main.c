// SPDX-License-Identifier: Apache-2.0
// `numaplex hmc`: starts the console and serves until it is interrupted.
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hmc/web/first_start.h"
#include "hmc/web/options.h"
#include "hmc/web/runs.h"
#include "hmc/web/server.h"
#include "hmc/web/tls.h"
#include "proto/base/assert.h"

struct options {
    const char *run, *runs, *listen, *state, *certificate, *key;
};

static const struct argp_option rows[] = {
    {"run", 'r', "RUN_DIR", 0, "the run to show first; without it the newest that goes on", 0},
    {"runs", 'd', "DIR", 0, "the folder of run folders to choose from (runs)", 0},
    {"listen", 'l', "ADDRESS:PORT", 0, "where to listen (127.0.0.1:8443); always by TLS", 0},
    {"state", 's', "DIR", 0, "users, sessions, log and certificate ($XDG_STATE_HOME/numaplex)", 0},
    {"certificate", 'c', "FILE", 0, "a certificate of your own, PEM, with its chain", 0},
    {"key", 'k', "FILE", 0, "its key, PEM", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    const struct {
        int key;
        const char **value;
    } values[] = {{'r', &options->run},   {'d', &options->runs},        {'l', &options->listen},
                  {'s', &options->state}, {'c', &options->certificate}, {'k', &options->key}};
    for (size_t i = 0; i < NP_ARRAY_LEN(values); i++)
        if (key == values[i].key) {
            *values[i].value = arg;
            return 0;
        }
    if (key == ARGP_KEY_ARG)
        argp_error(state, "'%s' is not expected here; subcommands are user and audit", arg);
    if (key == ARGP_KEY_END && !options->certificate != !options->key)
        argp_error(state, "--certificate and --key belong together");
    return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
    rows,
    parse,
    NULL,
    "Serves the web console of running machines, over HTTPS.\v"
    "The first start makes a certificate and an administrator, and prints the password once.\n"
    "Users: numaplex hmc user --help. The log of who did what: numaplex hmc audit --help.",
    NULL,
    NULL,
    NULL};

struct console {
    struct options options;
    struct event_base *base;
    struct web web;
    SSL_CTX *tls;
    struct server *server;
    struct event *interrupt, *terminate, *minute;
};

static void on_signal(int number, short what, void *self)
{
    (void)number, (void)what;
    event_base_loopbreak(self);
}

static void on_minute(int file, short what, void *self)
{
    (void)file, (void)what;
    struct web *web = self;
    struct err err;
    if (session_sweep(&web->store, clock_now(web->clock), &err))
        err_report(&err);
}

// Messages come before standard output is closed, when it is a pipe too: who starts us waits for the address.
static void announce(const struct console *console, const struct server_address *address,
                     const char *fingerprint, bool made, const char *password)
{
    bool six = strchr(address->host, ':') != NULL;
    printf("Console at https://%s%s%s:%u/\n", six ? "[" : "", address->host, six ? "]" : "", address->port);
    printf("Certificate %s, SHA-256 %s\n",
           console->options.certificate ? "of yours"
           : made                       ? "made now (browsers will ask once whether to trust it)"
                                        : "as made at the first start",
           fingerprint);
    if (server_is_open(console->server))
        printf("Others can reach this address; it serves by TLS only, after a login.\n");
    if (password[0])
        printf("First start. User %s, password %s (shown this once; change it with: numaplex hmc user "
               "password %s)\n",
               FIRST_USER, password, FIRST_USER);
    fflush(stdout);
}

static void start_loop(struct console *console)
{
    const struct timeval minute = {60, 0};
    struct event_base *base = console->base;
    signal(SIGPIPE, SIG_IGN);
    console->interrupt = evsignal_new(base, SIGINT, on_signal, base);
    console->terminate = evsignal_new(base, SIGTERM, on_signal, base);
    console->minute = event_new(base, -1, EV_PERSIST, on_minute, &console->web);
    NP_ASSERT(console->interrupt && console->terminate && console->minute);
    evsignal_add(console->interrupt, NULL);
    evsignal_add(console->terminate, NULL);
    event_add(console->minute, &minute);
}

static enum err_code serve(struct console *console, const char *state, struct server_address *address,
                           struct err *err)
{
    const struct options *options = &console->options;
    char fingerprint[TLS_FINGERPRINT_BYTES], password[PASSWORD_MADE_BYTES];
    bool made;
    struct tls_files files = {options->certificate, options->key, state, address->host};
    if (tls_open(&files, &console->tls, fingerprint, &made, err) ||
        server_new(&console->server, &console->web, console->tls, address, err))
        return err->code;
    web_name_cookies(&console->web, address->port);
    if (first_start(&console->web, password, err))
        return err->code;
    runs_new(&console->web, options->runs, options->run);
    start_loop(console);
    announce(console, address, fingerprint, made, password);
    event_base_dispatch(console->base);
    return ERR_OK;
}

static void end_event(struct event *event)
{
    if (event)
        event_free(event);
}

static void end(struct console *console)
{
    if (console->web.runs)
        runs_free(console->web.runs);
    if (console->server)
        server_free(console->server);
    web_close(&console->web);
    SSL_CTX_free(console->tls);
    end_event(console->interrupt);
    end_event(console->terminate);
    end_event(console->minute);
}

int hmc_serve_main(int argc, char **argv)
{
    static struct console console;
    struct options *options = &console.options;
    char state[PATH_MAX_BYTES];
    struct server_address address;
    struct err err;
    err_clear(&err);
    *options = (struct options){.runs = "runs", .listen = "127.0.0.1:8443"};
    argp_parse(&argp, argc, argv, 0, NULL, options);
    if (options->run && access(options->run, F_OK) != 0)
        err_errno(&err, ERR_NO_RUN, "--run %s", options->run);
    if (err.code || server_address_of(options->listen, &address, &err) ||
        state_folder(options->state, state, &err))
        return err_report(&err);
    console.base = event_base_new();
    NP_ASSERT(console.base);
    if (web_open(&console.web, console.base, &host_clock, state, &password_cost_default, &err))
        err_report(&err);
    else {
        if (serve(&console, state, &address, &err))
            err_report(&err);
        end(&console);
    }
    event_base_free(console.base);
    libevent_global_shutdown();
    return err_exit_status(err.code);
}
