// SPDX-License-Identifier: Apache-2.0
// The steps of operations: orders, and what their reports mean.
#ifndef NP_COORDINATOR_PARTITION_STEPS_H
#define NP_COORDINATOR_PARTITION_STEPS_H

#include "coordinator/partition/controller.h"

const char *step_word(enum step step);
// How things stand when it failed, and the way out.
const char *step_way_out(const struct sc *sc, const struct operation *op, enum step step);

// Gives the orders of the step that is due. Those without orders are done at once.
void step_begin(struct sc *sc, struct operation *op, sim_time at);
void step_report(struct sc *sc, struct operation *op, sim_time at, const struct report *report);

// All its orders are reported: what follows from that.
void step_done(struct sc *sc, struct operation *op, sim_time at);

// The step cannot be done. Its operation ends when the orders that are out are reported; a domain that was
// quiesced goes on before.
void step_failed(struct sc *sc, struct operation *op, sim_time at);

// A board whose page tables the joining one gets: the lowest active one. NO_BOARD: there is none.
uint16_t tables_source(const struct sc *sc, const struct operation *op);

// Orders of the step under way; they count as outstanding.
struct order order_for(struct operation *op, sim_time at, uint16_t board, enum order_kind kind);
void order_give(struct sc *sc, struct operation *op, struct order *order);
void order_domain(struct sc *sc, struct operation *op, sim_time at, uint16_t board,
                  const struct domain *domain);
void order_test(struct sc *sc, struct operation *op, sim_time at, uint16_t board, bool all);

// steps_domain.c: those of whole domains.
void begin_dark(struct sc *sc, struct operation *op, sim_time at);
void done_dark(struct sc *sc, struct operation *op, sim_time at);
void begin_down(struct sc *sc, struct operation *op, sim_time at);
void begin_up(struct sc *sc, struct operation *op, sim_time at);
void begin_post(struct sc *sc, struct operation *op, sim_time at);
void done_post(struct sc *sc, struct operation *op, sim_time at);
void begin_boot(struct sc *sc, struct operation *op, sim_time at);
void begin_reset(struct sc *sc, struct operation *op, sim_time at);
void done_reset(struct sc *sc, struct operation *op, sim_time at);

#endif
