// SPDX-License-Identifier: Apache-2.0
// model_explore PROTOCOL quick|normal|CONFIGURATION...: explores, prints `N states` per configuration, draws
// the first violation. Exits with 1 when there was one.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/model/explore.h"

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static bool run(const struct protocol *protocol, const struct model_config *config, bool plain)
{
    struct model model = {.config = config, .protocol = protocol, .onboard = &onboard_table};
    struct explore_options options = {.chart = stdout, .plain = plain};
    struct exploration result;
    double start = seconds_now();
    bool good = explore(&model, &options, &result);
    printf("%-5s %-25s %9u states %10llu moves  depth %3u  longest forward queue %u  %4llu MB  %5.1f s%s\n",
           protocol->name, config->name, result.states, (unsigned long long)result.moves, result.depth,
           model.most_forwards, (unsigned long long)result.bytes >> 20, seconds_now() - start,
           good ? "" : "  VIOLATION");
    fflush(stdout);
    return good;
}

static unsigned effort_of(const struct model_config *config, const struct protocol *protocol)
{
    return config->long_at_four_hops && protocol->four_hop ? EFFORT_LONG : config->effort;
}

static bool run_up_to(const struct protocol *protocol, enum effort effort)
{
    bool good = true;
    for (unsigned i = 0; config_at(i); i++)
        if (effort_of(config_at(i), protocol) <= effort && config_fits(config_at(i), protocol))
            good = run(protocol, config_at(i), false) && good;
    return good;
}

static bool run_named(const struct protocol *protocol, const char *name)
{
    bool plain = strncmp(name, "plain:", 6) == 0;
    const struct model_config *config = config_by_name(plain ? name + 6 : name);
    if (strcmp(name, "quick") == 0)
        return run_up_to(protocol, EFFORT_QUICK);
    if (strcmp(name, "normal") == 0)
        return run_up_to(protocol, EFFORT_NORMAL);
    if (config && config_fits(config, protocol))
        return run(protocol, config, plain);
    fprintf(stderr, "model_explore: %s has no configuration called '%s'\n", protocol->name, name);
    return false;
}

int main(int argc, char **argv)
{
    const struct protocol *protocol = argc > 1 ? protocol_by_name(argv[1]) : NULL;
    if (!protocol || argc < 3) {
        fprintf(stderr, "usage: model_explore PROTOCOL quick|normal|CONFIGURATION...\n");
        return 2;
    }
    bool good = true;
    for (int i = 2; i < argc; i++)
        good = run_named(protocol, argv[i]) && good;
    return good ? 0 : 1;
}
