// SPDX-License-Identifier: Apache-2.0
// Boards of a guest's partition: what it is offered of them, and what it has of them.
#ifndef NP_COORDINATOR_PARTITION_GUESTS_H
#define NP_COORDINATOR_PARTITION_GUESTS_H

#include "coordinator/partition/controller.h"

#define GUEST_TEXT_SIZE 160u

// The lowest aligned block of CPU addresses that no member of the domain has, for all CPUs of the board: it
// begins at a multiple of their number, never at 0, where the guest was loaded. CPU_ADDRESSES_NONE: there is
// none.
uint16_t guest_block(const struct domain *domain, const struct machine *machine, uint32_t partition,
                     uint16_t board);

// No CPU address is that of two members' CPUs.
bool guest_addresses_differ(const struct domain *domain, const struct machine *machine, uint32_t partition);

// A member that the guest began with: its memory is no storage element, its CPUs are those of the
// description.
bool guest_described(const struct sc *sc, uint32_t partition, uint16_t board);

// The storage element that the memory of a board is to the guest which it has joined (proto/base/order.h).
static inline unsigned guest_element(const struct sc *sc, uint16_t board)
{
    return sc_in_system(sc, board) + 1;
}

// Whether the guest does anything at all, or has ended.
bool guest_runs(const struct sc *sc, uint32_t partition);

// CPU addresses of these of the board's CPUs (bit per CPU), as operators write them: "4-6,9". Returns text.
const char *guest_cpus_text(const struct sc *sc, uint32_t partition, uint16_t board, uint32_t cpus,
                            char text[GUEST_TEXT_SIZE]);

// ERR_CONSENT: what the guest has, and the ways to get it. `target`: could take its memory, or NO_BOARD.
enum err_code guest_refuse(const struct sc *sc, uint32_t partition, const struct board_view *view,
                           uint16_t target, struct err *err);

// Whether the board can be offered to the guest, and whether it may leave.
enum err_code guest_admit_join(const struct sc *sc, uint32_t partition, uint16_t board, struct err *err);
enum err_code guest_admit_leave(struct sc *sc, struct operation *op, struct err *err);

// Looked at again when all stand still, before memory of the leaving board is copied. False: the guest has
// taken CPUs of it or memory of the target meanwhile, as the operation's outcome says.
bool guest_may_copy(struct sc *sc, struct operation *op);

#endif
