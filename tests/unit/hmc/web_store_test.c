// SPDX-License-Identifier: Apache-2.0
// What the console keeps: it is there after the file is opened again, nothing changes a line of the audit
// log, users and passwords are what was set, and passwords may be tried so often only.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "hmc/web/attempts.h"
#include "hmc/web/audit.h"
#include "hmc/web/users.h"
#include "proto/base/assert.h"
#include "tests/lib/process.h"
#include "tests/lib/web_try.h"

static char folder[PATH_MAX_BYTES];
static struct store store;
static struct err err;

static void open_store(void)
{
    NP_ASSERT(store_open(&store, folder, &err) == ERR_OK);
}

static void open_again(void)
{
    store_close(&store);
    open_store();
}

static enum err_code run(const char *sql)
{
    return store_run(&store, NULL, &err, sql, "");
}

// ---- the file

static void test_file(void)
{
    char path[PATH_MAX_BYTES + 16];
    struct stat status;
    snprintf(path, sizeof path, "%s/console.db", folder);
    CU_ASSERT_EQUAL(stat(path, &status), 0);
    CU_ASSERT_EQUAL(status.st_mode & 0777, 0600);
    struct store_query query = store_query(&store, "PRAGMA synchronous", "");
    CU_ASSERT_TRUE(store_row(&query));
    CU_ASSERT_EQUAL(store_int(&query, 0), 2); // FULL
    CU_ASSERT_EQUAL(store_end(&query, &err), ERR_OK);
    CU_ASSERT_EQUAL(run("SELECT * FROM nothing"), ERR_FILE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "nothing"));
}

static void test_other_files(void)
{
    char path[PATH_MAX_BYTES + 16];
    struct store other;
    snprintf(path, sizeof path, "%s/other", folder);
    CU_ASSERT_EQUAL(store_open(&other, path, &err), ERR_FILE); // no such folder
    mkdir(path, 0700);
    strcat(path, "/console.db");
    FILE *file = fopen(path, "w");
    fprintf(
        file,
        "this is no database, but it is long enough to look like a file of somebody who may want it back");
    fclose(file);
    *strrchr(path, '/') = '\0';
    CU_ASSERT_EQUAL(store_open(&other, path, &err), ERR_DAMAGED_STATE);
    run("PRAGMA user_version = 7");
    CU_ASSERT_EQUAL(store_open(&other, folder, &err), ERR_DAMAGED_STATE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "version 7"));
    run("PRAGMA user_version = 1");
}

// Nothing of what belongs together, when one of it cannot be.
static void test_transactions(void)
{
    CU_ASSERT_EQUAL(store_begin(&store, &err), ERR_OK);
    CU_ASSERT_EQUAL(run("INSERT INTO attempts VALUES('x', 1, 1)"), ERR_OK);
    enum err_code code = run("INSERT INTO attempts VALUES('x', 1, 1)");
    CU_ASSERT_EQUAL(store_commit(&store, code, &err), ERR_FILE);
    struct store_query query = store_query(&store, "SELECT count(*) FROM attempts", "");
    CU_ASSERT_TRUE(store_row(&query));
    CU_ASSERT_EQUAL(store_int(&query, 0), 0);
    CU_ASSERT_EQUAL(store_end(&query, &err), ERR_OK);
}

// ---- the audit log

static void add_row(const char *what, const char *text)
{
    struct audit_row row = {
        .user = "ann", .address = "192.0.2.1", .run = "r", .what = what, .outcome = "NP0000", .text = text};
    CU_ASSERT_EQUAL(audit_add(&store, &row, WEB_TRY_START, &err), ERR_OK);
}

static char seen[400];
static void see(void *self, const struct audit_row *row)
{
    (void)self;
    snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%d %s %s %s;", (int)row->id, row->user,
             row->what, row->text);
}

static void test_log(void)
{
    int64_t rows;
    for (int i = 0; i < 5; i++)
        add_row(i ? "command" : "login", i == 4 ? "last" : "text");
    open_again();
    CU_ASSERT_EQUAL(audit_read(&store, 0, 2, see, NULL, &err), ERR_OK);
    CU_ASSERT_STRING_EQUAL(seen, "5 ann command last;4 ann command text;");
    seen[0] = '\0';
    CU_ASSERT_EQUAL(audit_read(&store, 2, 9, see, NULL, &err), ERR_OK);
    CU_ASSERT_STRING_EQUAL(seen, "1 ann login text;");
    CU_ASSERT_EQUAL(audit_verify(&store, &rows, &err), ERR_OK);
    CU_ASSERT_EQUAL(rows, 5);
}

static void test_log_stays(void)
{
    static const char *const tries[] = {
        "UPDATE audit SET text = 'x' WHERE id = 2",
        "UPDATE audit SET text = text",
        "DELETE FROM audit WHERE id = 2",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit SELECT id, at, user, address, run, what, outcome, 'x', chain FROM "
        "audit WHERE id = 2",
        "REPLACE INTO audit(id, at, user, address, run, what, outcome, text, chain) VALUES(1, 1, '', '', '', "
        "'', '', '', x'00')",
    };
    int64_t rows;
    for (size_t i = 0; i < NP_ARRAY_LEN(tries); i++) {
        CU_ASSERT_EQUAL(run(tries[i]), ERR_FILE);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "append-only"));
    }
    CU_ASSERT_EQUAL(audit_verify(&store, &rows, &err), ERR_OK);
    CU_ASSERT_EQUAL(rows, 5);
}

// Whoever takes the triggers away and changes a row is found out, and so is a row that is missing.
static void test_tampering(void)
{
    int64_t rows;
    CU_ASSERT_EQUAL(run("DROP TRIGGER audit_update"), ERR_OK);
    CU_ASSERT_EQUAL(run("DROP TRIGGER audit_delete"), ERR_OK);
    CU_ASSERT_EQUAL(run("UPDATE audit SET user = 'bob' WHERE id = 3"), ERR_OK);
    CU_ASSERT_EQUAL(audit_verify(&store, &rows, &err), ERR_DAMAGED_STATE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "row 3 is not"));
    CU_ASSERT_EQUAL(run("UPDATE audit SET user = 'ann' WHERE id = 3"), ERR_OK);
    CU_ASSERT_EQUAL(audit_verify(&store, &rows, &err), ERR_OK);
    CU_ASSERT_EQUAL(run("UPDATE audit SET text = 'textl', outcome = 'NP000' WHERE id = 4"), ERR_OK);
    CU_ASSERT_EQUAL(audit_verify(&store, &rows, &err), ERR_DAMAGED_STATE);
    CU_ASSERT_EQUAL(run("UPDATE audit SET text = 'text', outcome = 'NP0000' WHERE id = 4"), ERR_OK);
    CU_ASSERT_EQUAL(run("DELETE FROM audit WHERE id = 2"), ERR_OK);
    CU_ASSERT_EQUAL(audit_verify(&store, &rows, &err), ERR_DAMAGED_STATE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "row 2 is missing"));
}

// ---- passwords

static void test_passwords(void)
{
    struct password_record one, two, nobody = password_nobody(&web_try_cost);
    char made[PASSWORD_MADE_BYTES], again[PASSWORD_MADE_BYTES], longest[WEB_PASSWORD_BYTES_MAX + 2];
    CU_ASSERT_EQUAL(password_make("a password of mine", &web_try_cost, &one, &err), ERR_OK);
    CU_ASSERT_EQUAL(password_make("a password of mine", &web_try_cost, &two, &err), ERR_OK);
    CU_ASSERT_TRUE(password_verify("a password of mine", &one));
    CU_ASSERT_FALSE(password_verify("a password of min", &one));
    CU_ASSERT_FALSE(password_verify("", &one));
    CU_ASSERT_FALSE(password_verify("a password of mine", &nobody));
    CU_ASSERT_NOT_EQUAL(memcmp(one.hash, two.hash, sizeof one.hash), 0); // each has its salt
    two.cost.n = 32;
    CU_ASSERT_FALSE(password_verify("a password of mine", &two)); // its cost is part of it
    two.cost.n = UINT64_C(1) << 40;
    CU_ASSERT_FALSE(password_verify("a password of mine", &two)); // and cannot eat the memory
    password_generate(made);
    password_generate(again);
    CU_ASSERT_EQUAL(strlen(made), 24);
    CU_ASSERT_STRING_NOT_EQUAL(made, again);
    CU_ASSERT_EQUAL(password_acceptable(made, &err), ERR_OK);
    CU_ASSERT_EQUAL(password_acceptable("elevenchars", &err), ERR_REQUEST);
    CU_ASSERT_EQUAL(password_acceptable("twelve chars", &err), ERR_OK);
    CU_ASSERT_EQUAL(password_acceptable("twelve\tchars", &err), ERR_REQUEST);
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    CU_ASSERT_EQUAL(password_acceptable(longest, &err), ERR_REQUEST);
    longest[sizeof longest - 2] = '\0';
    CU_ASSERT_EQUAL(password_acceptable(longest, &err), ERR_OK);
}

// ---- users

static void make_user(struct user *user, const char *name, enum api_role role, const char *domain)
{
    *user = (struct user){.role = role, .password = password_nobody(&web_try_cost)};
    strcpy(user->name, name);
    if (!domain)
        return;
    user->domains = calloc(1, sizeof *user->domains);
    NP_ASSERT(user->domains);
    strcpy(user->domains[0], domain);
    user->n_domains = 1;
}

static enum err_code add_user(const char *name, enum api_role role, const char *domain)
{
    struct user user;
    make_user(&user, name, role, domain);
    enum err_code code = users_add(&store, &user, WEB_TRY_START, &err);
    user_free(&user);
    return code;
}

static enum err_code set_role(const char *name, enum api_role role, const char *domain)
{
    struct user user;
    make_user(&user, name, role, domain);
    enum err_code code = users_set_role(&store, &user, &err);
    user_free(&user);
    return code;
}

static void test_users(void)
{
    struct user user, *list;
    size_t n;
    CU_ASSERT_EQUAL(add_user("ann", API_PLATFORM_ADMINISTRATOR, NULL), ERR_OK);
    CU_ASSERT_EQUAL(add_user("bob", API_DOMAIN_ADMINISTRATOR, "SMP1"), ERR_OK);
    CU_ASSERT_EQUAL(add_user("bob", API_VIEWER, NULL), ERR_STATE);
    CU_ASSERT_EQUAL(add_user("cid", API_DOMAIN_ADMINISTRATOR, NULL), ERR_REQUEST);
    CU_ASSERT_EQUAL(add_user("cid", API_VIEWER, "SMP1"), ERR_REQUEST);
    static const char *const names[] = {"",    "Ann", "1a",       "a b",
                                        "a'b", "-a",  "\xc3\xa4", "abcdefghijklmnopqrstuvwxyz0123456"};
    for (size_t i = 0; i < NP_ARRAY_LEN(names); i++)
        CU_ASSERT_EQUAL(user_name_acceptable(names[i], &err), ERR_REQUEST);
    open_again();
    CU_ASSERT_EQUAL(users_find(&store, "bob", &user, &err), ERR_OK);
    CU_ASSERT_EQUAL(user.role, API_DOMAIN_ADMINISTRATOR);
    CU_ASSERT_EQUAL_FATAL(user.n_domains, 1);
    CU_ASSERT_STRING_EQUAL(user.domains[0], "SMP1");
    user_free(&user);
    CU_ASSERT_EQUAL(users_find(&store, "nobody", &user, &err), ERR_UNKNOWN_NAME);
    CU_ASSERT_EQUAL(users_list(&store, &list, &n, &err), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(n, 2);
    CU_ASSERT_STRING_EQUAL(list[0].name, "ann");
    user_free(&list[0]);
    user_free(&list[1]);
    free(list);
}

// There is always somebody who may administer the console.
static void test_last_administrator(void)
{
    CU_ASSERT_EQUAL(users_remove(&store, "ann", &err), ERR_LAST);
    CU_ASSERT_EQUAL(set_role("ann", API_OPERATOR, NULL), ERR_LAST);
    CU_ASSERT_EQUAL(set_role("bob", API_PLATFORM_ADMINISTRATOR, NULL), ERR_OK);
    CU_ASSERT_EQUAL(set_role("ann", API_DOMAIN_ADMINISTRATOR, "SMP2"), ERR_OK);
    CU_ASSERT_EQUAL(users_remove(&store, "bob", &err), ERR_LAST);
    CU_ASSERT_EQUAL(users_remove(&store, "ann", &err), ERR_OK);
    CU_ASSERT_EQUAL(users_remove(&store, "ann", &err), ERR_UNKNOWN_NAME);
    CU_ASSERT_EQUAL(set_role("ann", API_VIEWER, NULL), ERR_UNKNOWN_NAME);
    struct password_record record = password_nobody(&web_try_cost);
    CU_ASSERT_EQUAL(users_set_password(&store, "ann", &record, 0, &err), ERR_UNKNOWN_NAME);
}

// ---- attempts

static enum err_code attempt(const char *user, const char *address, int64_t second, bool *first)
{
    return attempts_take(&store, user, address, WEB_TRY_START + 1000 * second, first, &err);
}

static void test_attempts(void)
{
    bool first;
    for (int i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(attempt("ann", "192.0.2.1", 0, &first), ERR_OK);
    CU_ASSERT_EQUAL(attempt("ann", "192.0.2.1", 0, &first), ERR_TOO_OFTEN);
    CU_ASSERT_TRUE(first);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "try again in 6"));
    CU_ASSERT_EQUAL(attempt("ann", "192.0.2.1", 1, &first), ERR_TOO_OFTEN);
    CU_ASSERT_FALSE(first); // told already
    open_again();
    CU_ASSERT_EQUAL(attempt("ann", "192.0.2.1", 2, &first), ERR_TOO_OFTEN); // a new process has not forgotten
    CU_ASSERT_EQUAL(attempt("ann", "192.0.2.2", 2, &first), ERR_OK);
    CU_ASSERT_EQUAL(attempt("bob", "192.0.2.1", 2, &first), ERR_OK);
    CU_ASSERT_EQUAL(attempt("ann", "192.0.2.1", 100, &first), ERR_OK); // one a minute
    CU_ASSERT_EQUAL(attempt("ann", "192.0.2.1", 101, &first), ERR_TOO_OFTEN);
    CU_ASSERT_EQUAL(attempts_forgive(&store, "ann", "192.0.2.1", &err), ERR_OK);
    for (int i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(attempt("ann", "192.0.2.1", 102, &first), ERR_OK);
}

// Many users from one address, and one user from many addresses.
static void test_attempts_spread(void)
{
    char name[32];
    int n = 0, m = 0;
    bool first;
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "user%d", i);
        n += attempt(name, "192.0.2.9", 5000, &first) == ERR_OK;
        m += attempt("cid", name, 5000, &first) == ERR_OK;
    }
    CU_ASSERT_EQUAL(n, 20);
    CU_ASSERT_EQUAL(m, 50);
}

int main(void)
{
    test_folder_make(folder);
    open_store();
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("the console's state", NULL, NULL);
    CU_add_test(suite, "file", test_file);
    CU_add_test(suite, "other files", test_other_files);
    CU_add_test(suite, "transactions", test_transactions);
    CU_add_test(suite, "log", test_log);
    CU_add_test(suite, "log stays", test_log_stays);
    CU_add_test(suite, "tampering", test_tampering);
    CU_add_test(suite, "passwords", test_passwords);
    CU_add_test(suite, "users", test_users);
    CU_add_test(suite, "last administrator", test_last_administrator);
    CU_add_test(suite, "attempts", test_attempts);
    CU_add_test(suite, "attempts spread", test_attempts_spread);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    store_close(&store);
    test_folder_remove(folder);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
