// SPDX-License-Identifier: Apache-2.0
// `numaplex hmc user` and `numaplex hmc audit`: the console's state from the command line, also while the
// console runs. Who may read the state's folder may do this.
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hmc/web/audit.h"
#include "hmc/web/options.h"
#include "hmc/web/user_json.h"
#include "hmc/web/web.h"
#include "proto/base/assert.h"

struct options {
    const char *state, *role, *domains;
    bool from_input, json, check;
    const char *words[4]; // action, name, ...
    int n;
};

static const struct argp_option user_rows[] = {
    {"state", 's', "DIR", 0, "the console's state ($XDG_STATE_HOME/numaplex)", 0},
    {"role", 'r', "ROLE", 0,
     "viewer (without this), 'domain administrator', operator, 'platform administrator'", 0},
    {"domains", 'd', "A,B", 0, "the partitions of a domain administrator", 0},
    {"password-stdin", 'p', NULL, 0, "read the password from standard input instead of making one", 0},
    {"json", 'j', NULL, 0, "list as JSON", 0},
    {0},
};

static const struct argp_option audit_rows[] = {
    {"state", 's', "DIR", 0, "the console's state ($XDG_STATE_HOME/numaplex)", 0},
    {"check", 'c', NULL, 0, "say whether every line is as it was written", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case 's':
        options->state = arg;
        return 0;
    case 'r':
        options->role = arg;
        return 0;
    case 'd':
        options->domains = arg;
        return 0;
    case 'p':
        options->from_input = true;
        return 0;
    case 'j':
        options->json = true;
        return 0;
    case 'c':
        options->check = true;
        return 0;
    case ARGP_KEY_ARG:
        if (options->n == (int)NP_ARRAY_LEN(options->words))
            argp_error(state, "too many arguments");
        options->words[options->n++] = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp user_argp = {user_rows,
                                      parse,
                                      "add NAME\nremove NAME\npassword NAME\nrole NAME ROLE\nlist",
                                      "Changes and lists the users of the web console.",
                                      NULL,
                                      NULL,
                                      NULL};
static const struct argp audit_argp = {
    audit_rows, parse, "",  "Prints the audit log of the web console, the newest line first.",
    NULL,       NULL,  NULL};

static enum err_code read_password(const struct options *options, char *password, size_t size,
                                   struct err *err)
{
    if (!options->from_input) {
        password_generate(password);
        return ERR_OK;
    }
    if (!fgets(password, (int)size, stdin))
        return err_set(err, ERR_USAGE, "--password-stdin: there is nothing on standard input");
    password[strcspn(password, "\n")] = '\0';
    return password_acceptable(password, err);
}

static enum err_code make_record(const struct options *options, char *password, size_t size,
                                 struct password_record *record, struct err *err)
{
    if (read_password(options, password, size, err))
        return err->code;
    return password_make(password, &password_cost_default, record, err);
}

static void say_password(const struct options *options, const char *name, const char *password)
{
    if (!options->from_input)
        printf("User %s, password %s (shown this once)\n", name, password);
}

static enum err_code log_change(struct store *store, const char *name, const char *done, struct err *err)
{
    char text[200];
    const char *login = getenv("USER"); // of the host: who, as far as the host says
    snprintf(text, sizeof text, "%.40s: %s from the command line by %.60s", name, done, login ? login : "?");
    struct audit_row row = {
        .user = "", .address = "", .run = "", .what = "user", .outcome = err_id(ERR_OK), .text = text};
    return audit_add(store, &row, clock_now(&host_clock), err);
}

static json_t *split_domains(const char *text)
{
    json_t *list = text ? json_array() : NULL;
    while (text && *text) {
        size_t n = strcspn(text, ",");
        json_array_append_new(list, json_stringn(text, n));
        text += n + (text[n] == ',');
    }
    return list;
}

static enum err_code read_user(const struct options *options, const char *role, struct user *user,
                               struct err *err)
{
    json_t *domains = split_domains(options->domains);
    enum err_code code = user_of_words(options->words[1], role ? role : "viewer", domains, user, err);
    json_decref(domains);
    return code;
}

static enum err_code do_add(const struct options *options, struct store *store, struct err *err)
{
    char password[WEB_PASSWORD_BYTES_MAX + 2];
    struct user user;
    if (read_user(options, options->role, &user, err))
        return err->code;
    enum err_code code = make_record(options, password, sizeof password, &user.password, err);
    if (!code)
        code = users_add(store, &user, clock_now(&host_clock), err);
    if (!code)
        code = log_change(store, user.name, "added", err);
    if (!code)
        say_password(options, user.name, password);
    user_free(&user);
    return code;
}

static enum err_code do_remove(const struct options *options, struct store *store, struct err *err)
{
    return users_remove(store, options->words[1], err) ? err->code
                                                       : log_change(store, options->words[1], "removed", err);
}

static enum err_code do_password(const struct options *options, struct store *store, struct err *err)
{
    char password[WEB_PASSWORD_BYTES_MAX + 2];
    const char *name = options->words[1];
    struct password_record record;
    if (make_record(options, password, sizeof password, &record, err) ||
        users_set_password(store, name, &record, clock_now(&host_clock), err) ||
        log_change(store, name, "password set", err))
        return err->code;
    say_password(options, name, password);
    return ERR_OK;
}

static enum err_code do_role(const struct options *options, struct store *store, struct err *err)
{
    struct user user;
    char done[80];
    if (read_user(options, options->words[2], &user, err))
        return err->code;
    snprintf(done, sizeof done, "now %s", api_role_word(user.role));
    enum err_code code = users_set_role(store, &user, err);
    if (!code)
        code = log_change(store, user.name, done, err);
    user_free(&user);
    return code;
}

static void print_user(const struct user *user)
{
    char since[CLOCK_TEXT_BYTES];
    clock_text(user->created_ms, since);
    printf("%-16s %-24s since %s", user->name, api_role_word(user->role), since);
    for (uint32_t i = 0; i < user->n_domains; i++)
        printf("%s%s", i ? "," : "  of ", user->domains[i]);
    putchar('\n');
}

static enum err_code do_list(const struct options *options, struct store *store, struct err *err)
{
    struct user *list;
    size_t n;
    enum err_code code = users_list(store, &list, &n, err);
    json_t *json = json_array();
    for (size_t i = 0; i < n; i++) {
        if (!code && options->json)
            json_array_append_new(json, user_json(&list[i]));
        else if (!code)
            print_user(&list[i]);
        user_free(&list[i]);
    }
    if (!code && options->json) {
        json_dumpf(json, stdout, JSON_INDENT(2));
        putchar('\n');
    }
    json_decref(json);
    free(list);
    return code;
}

static const struct {
    const char *word;
    int arguments;
    enum err_code (*run)(const struct options *options, struct store *store, struct err *err);
} actions[] = {
    {"add", 2, do_add},   {"remove", 2, do_remove}, {"password", 2, do_password},
    {"role", 3, do_role}, {"list", 1, do_list},
};

static int with_store(const struct options *options,
                      enum err_code (*run)(const struct options *options, struct store *store,
                                           struct err *err))
{
    char folder[PATH_MAX_BYTES];
    struct store store;
    struct err err;
    err_clear(&err);
    if (state_folder(options->state, folder, &err) || store_open(&store, folder, &err))
        return err_report(&err);
    enum err_code code = run(options, &store, &err);
    store_close(&store);
    return code ? err_report(&err) : EXIT_CLASS_OK;
}

int hmc_user_main(int argc, char **argv)
{
    struct options options = {0};
    struct err err;
    argp_parse(&user_argp, argc, argv, 0, NULL, &options);
    for (size_t i = 0; options.n && i < NP_ARRAY_LEN(actions); i++) {
        if (strcmp(options.words[0], actions[i].word) != 0)
            continue;
        if (options.n == actions[i].arguments)
            return with_store(&options, actions[i].run);
        err_set(&err, ERR_USAGE, "numaplex hmc user %s: %d words are expected behind it, not %d",
                actions[i].word, actions[i].arguments - 1, options.n - 1);
        return err_report(&err);
    }
    err_set(&err, ERR_USAGE, "say what to do: numaplex hmc user add, remove, password, role or list");
    return err_report(&err);
}

static void print_row(void *self, const struct audit_row *row)
{
    char at[CLOCK_TEXT_BYTES];
    int64_t *last = self;
    clock_text(row->at_ms, at);
    printf("%6lld %s %-10s %-15s %-8s %s%s%s\n       %s\n", (long long)row->id, at,
           row->user[0] ? row->user : "-", row->address[0] ? row->address : "-", row->what, row->outcome,
           row->run[0] ? " " : "", row->run, row->text);
    *last = row->id;
}

static enum err_code print_log(const struct options *options, struct store *store, struct err *err)
{
    int64_t before, rows;
    if (options->check) {
        if (audit_verify(store, &rows, err))
            return err->code;
        printf("%lld lines, all as they were written\n", (long long)rows);
        return ERR_OK;
    }
    int64_t last = 0;
    do {
        before = last;
        last = 0;
        if (audit_read(store, before, WEB_AUDIT_PAGE_MAX, print_row, &last, err))
            return err->code;
    } while (last > 1);
    return ERR_OK;
}

int hmc_audit_main(int argc, char **argv)
{
    struct options options = {0};
    struct err err;
    argp_parse(&audit_argp, argc, argv, 0, NULL, &options);
    if (!options.n)
        return with_store(&options, print_log);
    err_set(&err, ERR_USAGE, "numaplex hmc audit: '%.40s' is not expected here", options.words[0]);
    return err_report(&err);
}
