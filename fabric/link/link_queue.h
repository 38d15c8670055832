// SPDX-License-Identifier: Apache-2.0
// A link whose both ends are in one process, for tests: a frame waits in a queue until it is taken. It has a
// clock of its own, which moves only when somebody waits in vain: a wait of a second takes no time.
#ifndef NP_FABRIC_LINK_LINK_QUEUE_H
#define NP_FABRIC_LINK_LINK_QUEUE_H

#include <stdint.h>

#include "fabric/link/link.h"
#include "fabric/link/wire.h"

struct link_queue;

struct link_queue *link_queue_new(uint32_t peers);

// The ends. They are freed by link_queue_free, after whoever uses them; closing an end does nothing.
struct link *link_queue_hub(struct link_queue *queue);
struct link *link_queue_peer(struct link_queue *queue, uint32_t peer);

// `step` is called when the hub waits in vain, before time passes: whoever is at the other ends can act then.
void link_queue_on_wait(struct link_queue *queue, void (*step)(void *context), void *context);

struct wire_clock link_queue_clock(struct link_queue *queue);
void link_queue_free(struct link_queue *queue);

#endif
