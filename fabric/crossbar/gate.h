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
//   PutS, PutE, PutM     Put-Error to the requestor
//   Fwd-GetS, Fwd-GetM   poisoned Data, as from the owner, to the requestor; for Fwd-GetS to the home too
//   Inv                  Ack-Error to the requestor
//   responses, Put-Ack   nothing: nobody waits for what they would have caused
//
// An answer that carries data bears MSGF_POISON and no bytes (NO_DATA): the caller attaches a line of zeros.
// Time, sequence and source are the caller's: the source is the refused destination. Put-Error travels on the
// forward network and must stay behind the forwards which that home sent to the requestor before its gate
// closed, as the Put-Ack would have; tests/model shows what breaks otherwise.
unsigned gate_answer(const struct message *refused, struct message out[GATE_ANSWERS_MAX]);

#endif
