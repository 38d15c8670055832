// SPDX-License-Identifier: Apache-2.0
#include "coordinator/machine/path.h"

#include <string.h>

#include "proto/base/assert.h"

// A path under construction.
struct walk {
    const struct machine *machine;
    struct path *path;
};

static const struct board_params *params_of(const struct walk *walk, uint32_t board)
{
    return &walk->machine->boards[board].params;
}

static void add(struct walk *walk, const char *what, uint32_t board, sim_time time)
{
    struct path *path = walk->path;
    NP_ASSERT(path->n < PATH_PARTS_MAX);
    path->parts[path->n++] = (struct path_part){what, board, time};
    path->sum += time;
}

// A message from board to board: out of a port, over, and into the next; or within a board.
static void carry(struct walk *walk, uint32_t from, uint32_t to, bool data)
{
    const struct board_params *out = params_of(walk, from), *in = params_of(walk, to);
    uint32_t bytes = data ? out->line_bytes : 0;
    if (from == to) {
        add(walk, "between agent and home", from, out->local_latency);
        return;
    }
    const struct system_desc *system = &walk->machine->systems[walk->machine->boards[from].system];
    add(walk, data ? "port out, header and line" : "port out, header", from,
        sim_transfer_time(out->header_bytes + bytes, out->port_bytes_per_s));
    add(walk, "flight", from, system_flight(system, from, to));
    add(walk, data ? "port in, header and line" : "port in, header", to,
        sim_transfer_time(in->header_bytes + bytes, in->port_bytes_per_s));
    walk->path->crossings++;
}

static struct walk begin(const struct machine *machine, uint32_t from, uint32_t home, struct path *path)
{
    struct walk walk = {machine, path};
    *path = (struct path){0};
    add(&walk, "bus, to the order point", from, params_of(&walk, from)->bus_order);
    add(&walk, "agent", from, params_of(&walk, from)->agent_latency);
    carry(&walk, from, home, false);
    add(&walk, "home, directory", home, params_of(&walk, home)->home_occupancy);
    return walk;
}

static void end(struct walk *walk, uint32_t from)
{
    add(walk, "bus, return to the CPU", from, params_of(walk, from)->bus_return);
}

void path_clean(const struct machine *machine, uint32_t from, uint32_t home, struct path *path)
{
    struct walk walk = begin(machine, from, home, path);
    add(&walk, "memory", home, params_of(&walk, home)->memory_latency); // its bandwidth only spaces accesses
    carry(&walk, home, from, true);
    end(&walk, from);
}

// Four hops: the home answers with the owner's name. In the other protocols it forwards the request itself.
static bool requestor_asks_owner(const struct system_desc *system)
{
    return strcmp(system->protocol, "sun") == 0;
}

void path_dirty(const struct machine *machine, uint32_t from, uint32_t home, uint32_t owner,
                struct path *path)
{
    struct walk walk = begin(machine, from, home, path);
    if (requestor_asks_owner(&machine->systems[machine->boards[from].system])) {
        carry(&walk, home, from, false);
        add(&walk, "agent, told the owner", from, params_of(&walk, from)->agent_latency);
        carry(&walk, from, owner, false);
    } else {
        carry(&walk, home, owner, false);
    }
    add(&walk, "owner's agent", owner, params_of(&walk, owner)->agent_latency);
    carry(&walk, owner, from, true);
    end(&walk, from);
}
