// SPDX-License-Identifier: Apache-2.0
// What a closed gate answers in place of the board behind it, so that every request and every awaited
// acknowledgement is answered and no controller needs a timeout.
#ifndef NP_FABRIC_CROSSBAR_GATE_H
#define NP_FABRIC_CROSSBAR_GATE_H

#include "proto/base/message.h"

#define GATE_ANSWERS_MAX 2

// Writes the answers to `refused`, a message whose destination is behind a closed gate, and returns their
// number, 0 to GATE_ANSWERS_MAX. Pure: `refused` bears src, dst, line, txn and requestor as it was sent.
//
//   GetS, GetM           Error to the requestor
//   PutS, E, M, O        Put-Error to the requestor
//   Fwd-GetS, Fwd-GetM   poisoned Data, as from the owner, to the requestor; for the Fwd-GetS of a home that
//                        waits for the data to the home too
//   Inv                  Ack-Error to the requestor
//   Recall               Ack-Error to the home
//   Data, Data-E, Owner  that a busy home waits to hear of (MSGF_BLOCKS): from the home, Unblock-Error to it;
//                        from an owner, poisoned Unblock-Data to the home
//   Signal               Signal-Answer with condition code 3, not operational, to its sender
//   all others           nothing: nobody waits for what they would have caused
//
// `home` is the line's home by the segment map of the partition: an owner's Data does not say.
// An answer that carries data bears MSGF_POISON and no bytes (NO_DATA): the caller attaches a line of zeros.
// Time, sequence and source are the caller's: the source is the refused destination. Put-Error travels on the
// forward network and must stay behind the forwards which that home sent to the requestor before its gate
// closed, as the Put-Ack would have; tests/model shows what breaks otherwise.
unsigned gate_answer(const struct message *refused, component_id home, struct message out[GATE_ANSWERS_MAX]);

#endif
