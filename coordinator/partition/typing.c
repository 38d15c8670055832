// SPDX-License-Identifier: Apache-2.0
// A line that somebody types at a partition's console: no operation, since it takes no simulated time, and
// may be typed while one is under way. Every refusal follows from how the boards stand at the cut, so that a
// replay refuses the same.
#include <stdlib.h>
#include <string.h>

#include "coordinator/partition/controller.h"
#include "coordinator/partition/words.h"
#include "proto/base/assert.h"
#include "proto/base/guest.h"

static bool runs(enum sc_domain_state state)
{
    return state == SC_RUNNING || state == SC_QUIESCING || state == SC_QUIESCED;
}

// CPUs of the guest that have not ended; one that waits for an interruption has not.
static uint32_t guest_cpus(struct sc *sc, uint32_t partition)
{
    uint32_t n = 0;
    struct board_view view;
    for (uint16_t b = 0; b < sc->machine->n_boards; b++)
        if (sc_member(sc, partition, b)) {
            sc->io.view(sc->io.self, b, &view);
            n += view.bound;
        }
    return n;
}

static enum err_code admit(struct sc *sc, const struct sc_line *line, uint16_t board, struct err *err)
{
    struct board_view view;
    const char *name = sc_partition_name(sc, line->partition);
    enum sc_domain_state state = sc->partitions[line->partition].state;
    if (!sc_has_guest(sc, line->partition))
        return err_set(err, ERR_STATE, "%s has no console; a guest would have one, and none runs there",
                       name);
    if (!guest_line_ok((const uint8_t *)line->text, strlen(line->text)))
        return err_set(err, ERR_REQUEST,
                       "%s: not a line for a console; it takes up to %u printable ASCII characters", name,
                       GUEST_INPUT_BYTES_MAX - 2);
    if (!runs(state))
        return err_set(err, ERR_STATE,
                       "%s does not run (%s), so its console takes no line; turn its keyswitch on", name,
                       sc_domain_state_name(state));
    if (!sc_member(sc, line->partition, board))
        return err_set(err, ERR_STATE,
                       "%s: board %s, which has the console, is not in the partition; move it back", name,
                       sc_board_name(sc, board));
    if (guest_cpus(sc, line->partition) == 0)
        return err_set(err, ERR_STATE, "%s: its guest has ended; a reboot starts it again", name);
    sc->io.view(sc->io.self, board, &view);
    if (view.typed_waiting >= TYPED_LINES_MAX)
        return err_set(err, ERR_TOO_OFTEN,
                       "%s: %u lines wait at the console already; type again when its guest has read some",
                       name, view.typed_waiting);
    return ERR_OK;
}

static void give_line(struct sc *sc, const struct sc_line *line, uint16_t board, sim_time at)
{
    struct order order = {.board = board, .kind = ORDER_TYPE, .at = at, .n_bytes = strlen(line->text)};
    if (order.n_bytes) {
        order.bytes = malloc(order.n_bytes);
        NP_ASSERT(order.bytes);
        memcpy(order.bytes, line->text, order.n_bytes);
    }
    sc->io.order(sc->io.self, &order);
}

// What was typed is not told to everybody: it may be a password.
enum err_code sc_type(struct sc *sc, const struct sc_line *line, sim_time at, struct err *err)
{
    NP_ASSERT(line->partition < sc->machine->n_partitions);
    const char *name = sc_partition_name(sc, line->partition);
    uint16_t board = sc->machine->partitions[line->partition].boards[0];
    err->code = ERR_OK;
    err->text[0] = '\0';
    if (admit(sc, line, board, err)) {
        event_tell(sc, NULL, at, "refused", NO_BOARD, line->partition, "%s: a line was refused: %s", name,
                   err_id(err->code));
        return err->code;
    }
    give_line(sc, line, board, at);
    event_tell(sc, NULL, at, "typed", NO_BOARD, line->partition, "%s: a line was typed", name);
    return ERR_OK;
}
