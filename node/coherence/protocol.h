// SPDX-License-Identifier: Apache-2.0
// A coherence protocol is two tables of transitions, for the board's cache controller and for the home's
// directory, in the words and the column order of Nagarajan, Sorin, Hill, Wood, "A Primer on Memory
// Consistency and Cache Coherence" (2nd ed., 2020), chapter 8. The same tables run in production, are
// explored exhaustively by tests/model, and are printed by `numaplex protocol`. A pair of state and event
// without a cell is impossible: reaching it stops the run.
//
// Adding a protocol: write its two .def files and one row in protocol.c.
#ifndef NP_NODE_COHERENCE_PROTOCOL_H
#define NP_NODE_COHERENCE_PROTOCOL_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/message.h"

// States of a line at a board's cache controller. XY_Z: was X, will be Y, waits for Data, Acks or Put-Ack.
#define CACHE_STATES(X)                                                                                      \
    X(C_I, "I", "not held")                                                                                  \
    X(C_S, "S", "held, others may hold it too")                                                              \
    X(C_E, "E", "held alone, equal to memory")                                                               \
    X(C_M, "M", "held alone, memory is stale")                                                               \
    X(C_IS_D, "IS_D", "GetS sent, waiting for data")                                                         \
    X(C_IM_AD, "IM_AD", "GetM sent, waiting for data and acks")                                              \
    X(C_IM_A, "IM_A", "data received, waiting for acks")                                                     \
    X(C_SM_AD, "SM_AD", "upgrade sent, still readable")                                                      \
    X(C_SM_A, "SM_A", "upgrade: data received, waiting for acks")                                            \
    X(C_MI_A, "MI_A", "PutM sent, still answers forwards")                                                   \
    X(C_EI_A, "EI_A", "PutE sent, still answers forwards")                                                   \
    X(C_SI_A, "SI_A", "PutS sent, or a Put overtaken by Fwd-GetS")                                           \
    X(C_II_A, "II_A", "a Put overtaken by Fwd-GetM or Inv")                                                  \
    X(C_O, "O", "held, others may hold it too, memory may be stale")                                         \
    X(C_OM_AC, "OM_AC", "upgrade of an owner sent, still readable, waiting for the number of acks")          \
    X(C_OM_A, "OM_A", "upgrade of an owner: number received, waiting for acks")                              \
    X(C_OI_A, "OI_A", "PutO sent, or PutM or PutE overtaken by Fwd-GetS; still answers forwards")            \
    X(C_OM_F, "OM_F", "OM_AC after data of a dead owner's gate, which overtook a Fwd-GetM that must come")   \
    X(C_OM_AF, "OM_AF", "the same, waiting for acks, too")

// Events at the cache controller. Data is split by what it decides, so that a cell never has a condition.
#define CACHE_EVENTS(X)                                                                                      \
    X(CE_LOAD, "load", "a CPU of the board wants to read")                                                   \
    X(CE_STORE, "store", "a CPU of the board wants to write")                                                \
    X(CE_REPLACEMENT, "replace", "the way is needed")                                                        \
    X(CE_FWD_GETS, "Fwd-GetS", "another board wants to read")                                                \
    X(CE_FWD_GETM, "Fwd-GetM", "another board wants to write")                                               \
    X(CE_INV, "Inv", "another board will write")                                                             \
    X(CE_PUT_ACK, "Put-Ack", "the home took our Put")                                                        \
    X(CE_DATA_E, "Data-E", "exclusive data from the home")                                                   \
    X(CE_DATA_ACKS0, "Data ack=0", "data, no acks outstanding")                                              \
    X(CE_DATA_ACKS, "Data ack>0", "data, acks outstanding")                                                  \
    X(CE_DATA_OWNER, "Data owner", "data from the owner, no acks outstanding")                               \
    X(CE_DATA_OWNER_ACKS, "Owner ack>0", "data from the owner, acks outstanding")                            \
    X(CE_ACK_COUNT0, "Count ack=0", "number of acks for an owner's upgrade, none outstanding")               \
    X(CE_ACK_COUNT, "Count ack>0", "number of acks for an owner's upgrade, some outstanding")                \
    X(CE_INV_ACK, "Inv-Ack", "an ack, others outstanding")                                                   \
    X(CE_LAST_INV_ACK, "Last-Ack", "the last ack outstanding")                                               \
    X(CE_ERROR, "Error", "our request was refused by a gate or home")                                        \
    X(CE_PUT_ERROR, "Put-Error", "our Put was refused")                                                      \
    X(CE_OWNER, "Owner", "the home names the owner: ask it")                                                 \
    X(CE_RECALL, "Recall", "the home wants the line back")

// Atomic actions of the cache controller, performed in the order of the cell.
#define CACHE_ACTIONS(X)                                                                                     \
    X(CA_NONE, "-")                                                                                          \
    X(CA_HIT, "hit")                                                                                         \
    X(CA_GETS, "GetS>dir")                                                                                   \
    X(CA_GETM, "GetM>dir")                                                                                   \
    X(CA_PUTS, "PutS>dir")                                                                                   \
    X(CA_PUTE, "PutE>dir")                                                                                   \
    X(CA_PUTM, "PutM>dir")                                                                                   \
    X(CA_FILL, "fill")        /* the message's data becomes ours */                                          \
    X(CA_ADD_ACKS, "acks+=n") /* the number that Data or AckCount announces */                               \
    X(CA_DEC_ACKS, "acks-1")                                                                                 \
    X(CA_DATA_TO_REQ, "Data>req") /* with the acks of Fwd-GetM */                                            \
    X(CA_DATA_TO_DIR, "Data>dir")                                                                            \
    X(CA_ACK_TO_REQ, "Inv-Ack>req")                                                                          \
    X(CA_FAIL, "bus error")          /* whoever waits for the line */                                        \
    X(CA_ASK_GETS, "Fwd-GetS>owner") /* the owner that the message names */                                  \
    X(CA_ASK_GETM, "Fwd-GetM>owner")                                                                         \
    X(CA_UNBLOCK, "Unblock>dir")                                                                             \
    X(CA_UNBLOCK_DATA, "Unb-Data>dir") /* with the line: memory is stale */                                  \
    X(CA_ACK_TO_DIR, "Inv-Ack>dir")                                                                          \
    X(CA_PUTO, "PutO>dir")                                                                                   \
    X(CA_LOSE, "lost") /* the data of the line is: whoever uses it sees a machine check */

// States of a line at its home.
#define DIR_STATES(X)                                                                                        \
    X(D_I, "I", "no board holds it")                                                                         \
    X(D_S, "S", "the sharers hold it, memory is current")                                                    \
    X(D_E, "E", "the owner holds it, E or M")                                                                \
    X(D_M, "M", "the owner holds it, memory is stale")                                                       \
    X(D_S_D, "S_D", "Fwd-GetS sent, waiting for the data")                                                   \
    X(D_IE_U, "IE_U", "memory's data sent to the next owner, waiting for its Unblock")                       \
    X(D_SS_U, "SS_U", "memory's data sent to a sharer, waiting for its Unblock")                             \
    X(D_SE_U, "SE_U", "as IE_U, and the sharers are being invalidated")                                      \
    X(D_ES_U, "ES_U", "a reader asks the owner, waiting for Unblock with the data")                          \
    X(D_EE_U, "EE_U", "a writer asks the owner, waiting for its Unblock")                                    \
    X(D_GS, "gS", "no entry: any board may share it, memory is current")                                     \
    X(D_GM, "gM", "no entry: some board owns it")                                                            \
    X(D_GM_A, "gM_A", "a Put came in gM: asked its sender whether it is the owner")                          \
    X(D_R_D, "R_D", "recalled, waiting for the owner's data")                                                \
    X(D_R_A, "R_A", "recalled, waiting for acks")                                                            \
    X(D_O, "O", "the owner holds it, and the sharers; memory may be stale")

#define DIR_EVENTS(X)                                                                                        \
    X(DE_GETS, "GetS", "a board wants to read")                                                              \
    X(DE_GETM, "GetM", "a board wants to write")                                                             \
    X(DE_GETM_OWNER, "GetM owner", "the owner in O wants to write")                                          \
    X(DE_PUTS_NOT_LAST, "PutS-NotLast", "other sharers remain")                                              \
    X(DE_PUTS_LAST, "PutS-Last", "the last sharer leaves")                                                   \
    X(DE_PUTM_OWNER, "PutM owner", "the owner leaves, dirty")                                                \
    X(DE_PUTM_NON_OWNER, "PutM other", "overtaken PutM")                                                     \
    X(DE_PUTE_OWNER, "PutE owner", "the owner leaves, clean")                                                \
    X(DE_PUTE_NON_OWNER, "PutE other", "overtaken PutE")                                                     \
    X(DE_DATA, "Data", "the former owner's copy")                                                            \
    X(DE_UNBLOCK, "Unblock", "the requestor has the line")                                                   \
    X(DE_UNBLOCK_DATA, "Unb-Data", "and memory gets it, too")                                                \
    X(DE_UNBLOCK_ERROR, "Unb-Error", "a gate: the requestor never got it")                                   \
    X(DE_RECALL, "recall", "its entry must go, or the owner be found")                                       \
    X(DE_RECALL_UNHELD, "recall unheld", "its entry must go, which names nobody")                            \
    X(DE_FORGET, "forget", "its entry goes, the copies stay")                                                \
    X(DE_ACK, "Ack", "of a recall, others outstanding")                                                      \
    X(DE_LAST_ACK, "Last-Ack", "of a recall, the last one outstanding")                                      \
    X(DE_LAST_DATA, "Last-Data", "the former owner's copy, the last answer to a recall")                     \
    X(DE_PUTO_OWNER, "PutO owner", "the owner leaves, sharers may remain")                                   \
    X(DE_PUTO_NON_OWNER, "PutO other", "overtaken PutO")

#define DIR_ACTIONS(X)                                                                                       \
    X(DA_NONE, "-")                                                                                          \
    X(DA_DATA, "Data>req") /* acks = Invs sent by this cell */                                               \
    X(DA_DATA_E, "Data-E>req")                                                                               \
    X(DA_FWD_GETS, "Fwd-GetS>owner")                                                                         \
    X(DA_FWD_GETM, "Fwd-GetM>owner") /* acks = Invs sent by this cell */                                     \
    X(DA_INV, "Inv>sharers")         /* all but the requestor */                                             \
    X(DA_PUT_ACK, "Put-Ack>req")                                                                             \
    X(DA_ADD_REQ, "+sharer req")                                                                             \
    X(DA_ADD_OWNER, "+sharer owner")                                                                         \
    X(DA_DEL_REQ, "-sharer req")                                                                             \
    X(DA_CLEAR_SHARERS, "no sharers")                                                                        \
    X(DA_SET_OWNER, "owner=req")                                                                             \
    X(DA_CLEAR_OWNER, "no owner")                                                                            \
    X(DA_COPY, "memory=data")                                                                                \
    X(DA_OWNER, "Owner>req")               /* who it is */                                                   \
    X(DA_RECALL_SHARERS, "Recall>sharers") /* acks = Recalls sent */                                         \
    X(DA_RECALL_OWNER, "Recall>owner")                                                                       \
    X(DA_RECALL_ALL, "Recall>all")                                                                           \
    X(DA_RECALL_REQ, "Recall>req")                                                                           \
    X(DA_DEC_ACKS, "acks-1")                                                                                 \
    X(DA_ALL_SHARERS, "sharers=all")                                                                         \
    X(DA_LOSE, "memory lost")                                                                                \
    X(DA_ACK_COUNT, "AckCount>req")       /* acks = Invs sent by this cell */                                \
    X(DA_FWD_GETS_O, "Fwd-GetS(O)>owner") /* who stays owner: no data will come */

#define PROTOCOL_ENUM3(name, text, meaning) name,
#define PROTOCOL_ENUM2(name, text)          name,
enum cache_state { CACHE_STATES(PROTOCOL_ENUM3) CACHE_STATE_COUNT };
enum cache_event { CACHE_EVENTS(PROTOCOL_ENUM3) CACHE_EVENT_COUNT };
enum cache_action { CACHE_ACTIONS(PROTOCOL_ENUM2) CACHE_ACTION_COUNT };
enum dir_state { DIR_STATES(PROTOCOL_ENUM3) DIR_STATE_COUNT };
enum dir_event { DIR_EVENTS(PROTOCOL_ENUM3) DIR_EVENT_COUNT };
enum dir_action { DIR_ACTIONS(PROTOCOL_ENUM2) DIR_ACTION_COUNT };

enum cell_kind { CELL_IMPOSSIBLE, CELL_STEP, CELL_STALL };

#define CELL_ACTIONS_MAX 6

struct cell {
    uint8_t kind;                      // enum cell_kind
    uint8_t next;                      // state after the step
    uint8_t actions[CELL_ACTIONS_MAX]; // in order, ended by 0 (CA_NONE, DA_NONE) or the array's end
};

struct protocol {
    const char *name;
    const char *source; // where its cells can be checked
    // The home answers Owner, and its line is busy until the requestor's Unblock. Then no Inv or Recall meets
    // data under way, so that sharer sets may name too many, and entries of a directory cache may go.
    bool four_hop;
    struct cell cache[CACHE_STATE_COUNT][CACHE_EVENT_COUNT];
    struct cell directory[DIR_STATE_COUNT][DIR_EVENT_COUNT];
};

// True for a state that waits for nothing.
static inline bool cache_state_is_stable(unsigned state)
{
    return state <= C_M || state == C_O;
}

// The protocol of that name ("mesi"), or NULL. Static; never freed.
const struct protocol *protocol_by_name(const char *name);

// The i-th protocol that ships, NULL beyond the last.
const struct protocol *protocol_at(unsigned i);

const char *cache_state_name(unsigned state);
const char *cache_event_name(unsigned event);
const char *cache_action_name(unsigned action);
const char *cache_state_meaning(unsigned state);
const char *dir_state_name(unsigned state);
const char *dir_event_name(unsigned event);
const char *dir_action_name(unsigned action);
const char *dir_state_meaning(unsigned state);

#endif
