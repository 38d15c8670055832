// SPDX-License-Identifier: Apache-2.0
// model_damage PROTOCOL SURVIVORS [N]: explores every damaged form of the protocol's tables, smallest machine
// first, until one shows the damage. What survives all machines must be exactly what the file SURVIVORS lists
// with a reason. With N, every Nth only, and the list's word is taken for what it lists, which is most of the
// work. The on-board table is damaged with MOESI, which uses all of it.
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/base/assert.h"
#include "tests/model/damage.h"

#define WORKERS 2

static const char *const three_hops[] = {"2-boards",        "2-boards-one-dies", "2-boards-home-dies",
                                         "damage-2-l1s",    "damage-3-boards",   "damage-3-one-dies",
                                         "damage-3-two-die"};
// No L1s, which are shown with three hops; a directory cache instead.
static const char *const four_hops[] = {"2-boards",          "2-boards-recall",    "2-boards-forget",
                                        "2-boards-one-dies", "2-boards-home-dies", "damage-3-bare",
                                        "damage-3-one-dies", "forget-one-dies",    "damage-3-forget"};
#define STAGES_MAX     NP_ARRAY_LEN(four_hops)
#define STAGES_ONBOARD 4 // a third board shows a board nothing that a second does not
#define STAGES_LIVING  6 // the largest machine is for cells that nobody asks for unless a board dies

static const char *const *stages;
static unsigned n_stages;

static void choose_stages(const struct protocol *protocol)
{
    stages = protocol->four_hop ? four_hops : three_hops;
    n_stages = protocol->four_hop ? NP_ARRAY_LEN(four_hops) : NP_ARRAY_LEN(three_hops);
}

struct stage {
    const struct model_config *config;
    struct coverage coverage; // by the undamaged tables
    uint32_t states;
};

enum { SURVIVES = 200, NEVER_ASKED, WORKER_DIED, TRUSTED, SKIPPED };

static bool prepare(const struct protocol *protocol, struct stage *stage, const char *name)
{
    struct model model = {.config = config_by_name(name),
                          .protocol = protocol,
                          .onboard = &onboard_table,
                          .coverage = &stage->coverage};
    struct exploration result;
    bool good = explore(&model, &(struct explore_options){0}, &result);
    stage->config = model.config;
    stage->states = result.states;
    return good;
}

static bool is_caught(const struct protocol *protocol, const struct onboard_table *onboard,
                      const struct stage *stage)
{
    struct model model = {.config = stage->config, .protocol = protocol, .onboard = onboard};
    struct explore_options options = {.states_max = 8 * stage->states};
    struct exploration result;
    explore(&model, &options, &result);
    return result.violated;
}

static bool needs_a_death(const struct damage *damage, const struct stage *all)
{
    for (unsigned i = 0; i < n_stages; i++)
        if (all[i].config->deaths == 0 && damage_is_covered(damage, &all[i].coverage))
            return false;
    return true;
}

static unsigned last_stage(const struct damage *damage, const struct stage *all)
{
    if (stages == four_hops)
        return n_stages;
    if (damage->table == TABLE_ONBOARD)
        return STAGES_ONBOARD;
    return needs_a_death(damage, all) ? n_stages : STAGES_LIVING;
}

// The number of the first stage that catches the damage, or why none does.
static uint8_t judge(const struct protocol *protocol, const struct damage *damage, const struct stage *all)
{
    struct protocol damaged = *protocol;
    struct onboard_table onboard = onboard_table;
    bool asked = false;
    damage_apply(damage, &damaged, &onboard);
    unsigned last = last_stage(damage, all);
    for (unsigned i = 0; i < last; i++) {
        if (!damage_is_covered(damage, &all[i].coverage))
            continue;
        asked = true;
        if (is_caught(&damaged, &onboard, &all[i]))
            return (uint8_t)i;
    }
    return asked ? SURVIVES : NEVER_ASKED;
}

static void judge_all(const struct protocol *protocol, const struct damage *damages, unsigned n,
                      const struct stage *all, uint8_t *verdict)
{
    for (unsigned worker = 0; worker < WORKERS; worker++) {
        pid_t child = fork();
        NP_ASSERT(child >= 0);
        if (child)
            continue;
        for (unsigned i = worker; i < n; i += WORKERS)
            if (verdict[i] != TRUSTED && verdict[i] != SKIPPED)
                verdict[i] = judge(protocol, &damages[i], all);
        _exit(0);
    }
    while (wait(NULL) > 0)
        ;
}

// True when the file has the line "  TEXT" under a reason.
static bool is_listed(const char *file, const char *text)
{
    char wanted[DAMAGE_TEXT + 8];
    snprintf(wanted, sizeof wanted, "\n  %s\n", text);
    return strstr(file, wanted) != NULL;
}

static char *read_file(const char *path)
{
    FILE *in = fopen(path, "r");
    char *text = calloc(1, 1 << 20);
    NP_ASSERT(text);
    if (in) {
        size_t n = fread(text, 1, (1 << 20) - 1, in);
        text[n] = 0;
        fclose(in);
    }
    return text;
}

static unsigned count_listed(const char *file, const char *protocol)
{
    char start[32];
    unsigned n = 0;
    snprintf(start, sizeof start, "\n  %s ", protocol);
    for (const char *at = strstr(file, start); at; at = strstr(at + 1, start))
        n++;
    return n;
}

static bool report(const struct protocol *protocol, const struct damage *damages, unsigned n,
                   const uint8_t *verdict, const char *file)
{
    unsigned caught[STAGES_MAX] = {0}, survivors = 0, unlisted = 0;
    for (unsigned i = 0; i < n; i++) {
        char text[DAMAGE_TEXT];
        damage_describe(&damages[i], protocol, text);
        if (verdict[i] < n_stages) {
            caught[verdict[i]]++;
            if (is_listed(file, text))
                printf("listed, yet %s shows it:\n  %s\n", stages[verdict[i]], text);
        }
        if (verdict[i] < n_stages || verdict[i] == SKIPPED)
            continue;
        survivors++;
        if (is_listed(file, text))
            continue;
        unlisted++;
        printf("not listed, yet it survives%s:\n  %s\n",
               verdict[i] == NEVER_ASKED   ? " (its cell is never asked for)"
               : verdict[i] == WORKER_DIED ? " (its exploration ended early)"
                                           : "",
               text);
    }
    printf("%s: %u damages, %u survive", protocol->name, n, survivors);
    for (unsigned i = 0; i < n_stages; i++)
        printf("%s %u in %s", i ? "," : "; caught:", caught[i], stages[i]);
    unsigned listed = count_listed(file, protocol->name);
    if (listed != survivors - unlisted)
        printf("\n%u are listed that do not survive, or twice", listed - (survivors - unlisted));
    printf("\n");
    return unlisted == 0 && listed == survivors;
}

// What a shorter run leaves out keeps the verdict that the list gives it. Returns how many are left.
static unsigned leave_out(const struct protocol *protocol, const struct damage *damages, unsigned n,
                          const char *file, unsigned every, uint8_t *verdict)
{
    unsigned left = 0;
    for (unsigned i = 0; i < n; i++) {
        char text[DAMAGE_TEXT];
        damage_describe(&damages[i], protocol, text);
        if (is_listed(file, text))
            verdict[i] = TRUSTED;
        else if (i % every)
            verdict[i] = SKIPPED;
        else
            left++;
    }
    return left;
}

int main(int argc, char **argv)
{
    static struct damage damages[DAMAGES_MAX];
    static struct stage all[STAGES_MAX];
    const struct protocol *protocol = argc >= 3 ? protocol_by_name(argv[1]) : NULL;
    int every = argc == 4 ? atoi(argv[3]) : 0;
    if (!protocol || argc > 4 || (argc == 4 && every < 1)) {
        fprintf(stderr, "usage: model_damage PROTOCOL SURVIVORS [N]\n");
        return 2;
    }
    choose_stages(protocol);
    for (unsigned i = 0; i < n_stages; i++)
        if (!prepare(protocol, &all[i], stages[i])) {
            fprintf(stderr, "model_damage: %s fails undamaged in %s\n", protocol->name, stages[i]);
            return 1;
        }
    unsigned n = damages_list(protocol, strcmp(protocol->name, "moesi") == 0, damages);
    uint8_t *verdict = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    NP_ASSERT(verdict != MAP_FAILED);
    memset(verdict, WORKER_DIED, n);
    char *file = read_file(argv[2]);
    if (every)
        printf("of %u damages %u are explored\n", n,
               leave_out(protocol, damages, n, file, (unsigned)every, verdict));
    judge_all(protocol, damages, n, all, verdict);
    bool good = report(protocol, damages, n, verdict, file);
    free(file);
    return good ? 0 : 1;
}
