// SPDX-License-Identifier: Apache-2.0
#include "node/coherence/murphi.h"

#include <ctype.h>
#include <stdbool.h>

#include "node/coherence/step.h"
#include "proto/base/assert.h"

// What each action means, over: b the board, r the requestor, acks what the message counts.
static const char *const cache_meaning[CACHE_ACTION_COUNT] = {
    [CA_HIT] = "hit := true;",
    [CA_GETS] = "send_request(b, M_GetS);",
    [CA_GETM] = "send_request(b, M_GetM);",
    [CA_PUTS] = "send_request(b, M_PutS);",
    [CA_PUTE] = "send_request(b, M_PutE);",
    [CA_PUTM] = "send_request(b, M_PutM);",
    [CA_FILL] = "-- fill: values are not modelled",
    [CA_ADD_ACKS] = "cache[b].acks := cache[b].acks + acks;",
    [CA_DEC_ACKS] = "cache[b].acks := cache[b].acks - 1;",
    [CA_PUTO] = "send_request(b, M_PutO);",
    [CA_DATA_TO_REQ] = "arriving[r].data_owner[acks] := arriving[r].data_owner[acks] + 1;",
    [CA_DATA_TO_DIR] = "home_data[r] := home_data[r] + 1;",
    [CA_ACK_TO_REQ] = "arriving[r].inv_ack := arriving[r].inv_ack + 1;",
    [CA_FAIL] = "error \"faults are not modelled\";",
    [CA_LOSE] = "error \"faults are not modelled\";",
};

// Over: r the requestor, invs the Invs sent so far by this step.
static const char *const dir_meaning[DIR_ACTION_COUNT] = {
    [DA_DATA] = "arriving[r].data[invs] := arriving[r].data[invs] + 1;",
    [DA_DATA_E] = "arriving[r].data_e := arriving[r].data_e + 1;",
    [DA_FWD_GETS] = "send_forward(home.owner, M_Fwd_GetS, r, 0);",
    [DA_FWD_GETS_O] = "send_forward(home.owner, M_Fwd_GetS, r, 0);",
    [DA_FWD_GETM] = "send_forward(home.owner, M_Fwd_GetM, r, invs);",
    [DA_ACK_COUNT] = "send_forward(r, M_AckCount, r, invs);",
    [DA_INV] =
        "for i: board do if i != r & home.sharers[i] then send_forward(i, M_Inv, r, 0); invs := invs + 1; "
        "end; end;",
    [DA_PUT_ACK] = "send_forward(r, M_Put_Ack, r, 0);",
    [DA_ADD_REQ] = "home.sharers[r] := true;",
    [DA_ADD_OWNER] = "home.sharers[home.owner] := true;",
    [DA_DEL_REQ] = "home.sharers[r] := false;",
    [DA_CLEAR_SHARERS] = "for i: board do home.sharers[i] := false; end;",
    [DA_SET_OWNER] = "home.owner := r;",
    [DA_CLEAR_OWNER] = "home.owner := BOARDS;",
    [DA_COPY] = "-- memory = data: values are not modelled",
};

// A name as an identifier: letters and digits stay, '=' and '>' keep two events apart.
static void identifier(const char *prefix, const char *name, FILE *out)
{
    fputs(prefix, out);
    for (; *name; name++)
        if (isalnum((unsigned char)*name))
            putc(*name, out);
        else
            fputs(*name == '=' ? "eq" : *name == '>' ? "gt" : "_", out);
}

static void enumeration(const char *type, const char *prefix, const char *(*name)(unsigned), unsigned n,
                        FILE *out)
{
    fprintf(out, "  %s: enum {", type);
    for (unsigned i = 0; i < n; i++) {
        fputs(i ? ", " : " ", out);
        identifier(prefix, name(i), out);
    }
    fputs(" };\n", out);
}

static void declarations(const struct protocol *protocol, unsigned boards, FILE *out)
{
    fprintf(out,
            "-- Protocol %s, one line, %u boards without L1s, one home. Generated from the tables that run.\n"
            "-- Requests and responses are multisets (counters), forwards first-in first-out per board.\n"
            "const BOARDS: %u;\n\ntype\n  board: 0..BOARDS - 1;\n  some_board: 0..BOARDS; -- BOARDS: none\n"
            "  count: 0..BOARDS + 1;\n",
            protocol->name, boards, boards);
    enumeration("cache_state", "C_", cache_state_name, CACHE_STATE_COUNT, out);
    enumeration("cache_event", "E_", cache_event_name, CACHE_EVENT_COUNT, out);
    enumeration("dir_state", "D_", dir_state_name, DIR_STATE_COUNT, out);
    enumeration("dir_event", "H_", dir_event_name, DIR_EVENT_COUNT, out);
    fputs("  request: enum { M_none, M_GetS, M_GetM, M_PutS, M_PutE, M_PutM, M_PutO };\n"
          "  forward: enum { M_Fwd_GetS, M_Fwd_GetM, M_Inv, M_Put_Ack, M_AckCount };\n"
          "  access: enum { A_none, A_load, A_store };\n"
          "  slot: record kind: forward; requestor: board; acks: board; end;\n"
          "  queue: record n: 0..BOARDS + 1; at: array [0..BOARDS] of slot; end;\n"
          "\nvar\n"
          "  cache: array [board] of record\n"
          "    state: cache_state; acks: -BOARDS..BOARDS; waiting: access; parked: queue; end;\n"
          "  home: record state: dir_state; owner: some_board; sharers: array [board] of boolean; end;\n"
          "  requests: array [board] of request;\n"
          "  forwards: array [board] of queue;\n"
          "  arriving: array [board] of record\n"
          "    data: array [board] of count; -- from the home, by acks to expect\n"
          "    data_owner: array [board] of count; -- from the owner, likewise\n"
          "    data_e: count; inv_ack: count; end;\n"
          "  home_data: array [board] of count; -- Data to the home, by requestor\n\n",
          out);
}

static void sending(FILE *out)
{
    fputs("procedure send_request(b: board; kind: request);\n"
          "begin\n"
          "  if requests[b] != M_none then error \"two requests of one board under way\"; end;\n"
          "  requests[b] := kind;\n"
          "end;\n\n"
          "procedure push(var q: queue; kind: forward; r: board; acks: board);\n"
          "begin\n"
          "  q.at[q.n].kind := kind;\n"
          "  q.at[q.n].requestor := r;\n"
          "  q.at[q.n].acks := acks;\n"
          "  q.n := q.n + 1;\n"
          "end;\n\n"
          "procedure pop(var q: queue);\n"
          "begin\n"
          "  for i: 0..BOARDS - 1 do q.at[i] := q.at[i + 1]; end;\n"
          "  clear q.at[BOARDS];\n"
          "  q.n := q.n - 1;\n"
          "end;\n\n"
          "procedure send_forward(dst: some_board; kind: forward; r: board; acks: board);\n"
          "begin\n"
          "  if dst = BOARDS then error \"no owner to forward to\"; end;\n"
          "  push(forwards[dst], kind, r, acks);\n"
          "end;\n\n",
          out);
}

// A function over (state, event) that is true for the cells that `chosen` picks.
struct question {
    const char *name;
    bool (*chosen)(const struct cell *cell);
};

static bool is_step(const struct cell *cell)
{
    return cell->kind == CELL_STEP;
}

static bool is_stall(const struct cell *cell)
{
    return cell->kind == CELL_STALL;
}

static bool is_hit(const struct cell *cell)
{
    return cell->kind == CELL_STEP && cell->actions[0] == CA_HIT;
}

static void cache_question(const struct protocol *protocol, struct question question, FILE *out)
{
    fprintf(out, "function %s(s: cache_state; e: cache_event): boolean;\nbegin\n  return false",
            question.name);
    for (unsigned state = 0; state < CACHE_STATE_COUNT; state++)
        for (unsigned event = 0; event < CACHE_EVENT_COUNT; event++)
            if (question.chosen(cache_cell(protocol, state, event))) {
                identifier("\n    | (s = C_", cache_state_name(state), out);
                identifier(" & e = E_", cache_event_name(event), out);
                putc(')', out);
            }
    fputs(";\nend;\n\n", out);
}

static void dir_question(const struct protocol *protocol, struct question question, FILE *out)
{
    fprintf(out, "function %s(s: dir_state; e: dir_event): boolean;\nbegin\n  return false", question.name);
    for (unsigned state = 0; state < DIR_STATE_COUNT; state++)
        for (unsigned event = 0; event < DIR_EVENT_COUNT; event++)
            if (question.chosen(dir_cell(protocol, state, event))) {
                identifier("\n    | (s = D_", dir_state_name(state), out);
                identifier(" & e = H_", dir_event_name(event), out);
                putc(')', out);
            }
    fputs(";\nend;\n\n", out);
}

static void cell_actions(const struct cell *cell, const char *const *meaning, FILE *out)
{
    for (unsigned i = 0; i < CELL_ACTIONS_MAX && cell->actions[i]; i++) {
        NP_ASSERT(meaning[cell->actions[i]]);
        fprintf(out, "    %s\n", meaning[cell->actions[i]]);
    }
}

static void cache_steps(const struct protocol *protocol, FILE *out)
{
    fputs("procedure cache_step(b: board; e: cache_event; r: board; acks: board; var hit: boolean);\nbegin\n"
          "  hit := false;\n  if false then\n",
          out);
    for (unsigned state = 0; state < CACHE_STATE_COUNT; state++)
        for (unsigned event = 0; event < CACHE_EVENT_COUNT; event++) {
            const struct cell *cell = cache_cell(protocol, state, event);
            if (cell->kind != CELL_STEP || event == CE_ERROR || event == CE_PUT_ERROR)
                continue;
            identifier("  elsif cache[b].state = C_", cache_state_name(state), out);
            identifier(" & e = E_", cache_event_name(event), out);
            fputs(" then\n", out);
            cell_actions(cell, cache_meaning, out);
            identifier("    cache[b].state := C_", cache_state_name(cell->next), out);
            fputs(";\n", out);
        }
    fputs("  else\n    error \"no cell at the cache controller\";\n  end;\nend;\n\n", out);
}

static void dir_steps(const struct protocol *protocol, FILE *out)
{
    fputs("procedure dir_step(e: dir_event; r: board);\nvar invs: 0..BOARDS - 1;\nbegin\n"
          "  invs := 0;\n  if false then\n",
          out);
    for (unsigned state = 0; state < DIR_STATE_COUNT; state++)
        for (unsigned event = 0; event < DIR_EVENT_COUNT; event++) {
            const struct cell *cell = dir_cell(protocol, state, event);
            if (cell->kind != CELL_STEP)
                continue;
            identifier("  elsif home.state = D_", dir_state_name(state), out);
            identifier(" & e = H_", dir_event_name(event), out);
            fputs(" then\n", out);
            cell_actions(cell, dir_meaning, out);
            identifier("    home.state := D_", dir_state_name(cell->next), out);
            fputs(";\n", out);
        }
    fputs("  else\n    error \"no cell at the directory\";\n  end;\nend;\n\n", out);
}

// Which column a message is: as cache_event_of and dir_event_of decide.
static void events(FILE *out)
{
    fputs("function access_event(a: access): cache_event;\n"
          "begin\n"
          "  if a = A_load then return E_load; else return E_store; end;\n"
          "end;\n\n"
          "function forward_event(b: board; s: slot): cache_event;\n"
          "begin\n"
          "  if s.kind = M_Fwd_GetS then return E_Fwd_GetS;\n"
          "  elsif s.kind = M_Fwd_GetM then return E_Fwd_GetM;\n"
          "  elsif s.kind = M_Inv then return E_Inv;\n"
          "  elsif s.kind = M_Put_Ack then return E_Put_Ack;\n"
          "  elsif cache[b].acks + s.acks = 0 then return E_Count_ackeq0;\n"
          "  else return E_Count_ackgt0; end;\n"
          "end;\n\n"
          "function last_sharer(r: board): boolean;\n"
          "begin\n"
          "  return home.sharers[r] & forall i: board do i = r | !home.sharers[i] end;\n"
          "end;\n\n"
          "function request_event(r: board): dir_event;\n"
          "begin\n"
          "  if requests[r] = M_GetS then return H_GetS;\n"
          "  elsif requests[r] = M_GetM then\n"
          "    if home.state = D_O & home.owner = r then return H_GetM_owner; else return H_GetM; end;\n"
          "  elsif requests[r] = M_PutS then\n"
          "    if last_sharer(r) then return H_PutS_Last; else return H_PutS_NotLast; end;\n"
          "  elsif requests[r] = M_PutM then\n"
          "    if home.owner = r then return H_PutM_owner; else return H_PutM_other; end;\n"
          "  elsif requests[r] = M_PutO then\n"
          "    if home.owner = r then return H_PutO_owner; else return H_PutO_other; end;\n"
          "  else\n"
          "    if home.owner = r then return H_PutE_owner; else return H_PutE_other; end;\n"
          "  end;\n"
          "end;\n\n",
          out);
}

// What surrounds a step at the board: the bus, the receive side and its parking.
static void boards_side(FILE *out)
{
    fputs(
        "procedure order_point(b: board; a: access);\n"
        "var hit: boolean;\n"
        "begin\n"
        "  cache[b].waiting := a;\n"
        "  if !cache_stalls(cache[b].state, access_event(a)) then\n"
        "    cache_step(b, access_event(a), b, 0, hit);\n"
        "    if hit then cache[b].waiting := A_none; end;\n"
        "  end;\n"
        "end;\n\n"
        "procedure after_step(b: board);\n"
        "var hit: boolean; parked: slot;\n"
        "begin\n"
        "  if cache[b].waiting != A_none & cache_hits(cache[b].state, access_event(cache[b].waiting)) then\n"
        "    order_point(b, cache[b].waiting);\n"
        "  end;\n"
        "  while cache[b].parked.n > 0 &\n"
        "      !cache_stalls(cache[b].state, forward_event(b, cache[b].parked.at[0])) do\n"
        "    parked := cache[b].parked.at[0];\n"
        "    pop(cache[b].parked);\n"
        "    cache_step(b, forward_event(b, parked), parked.requestor, parked.acks, hit);\n"
        "  end;\n"
        "end;\n\n"
        "procedure receive(b: board; e: cache_event; acks: board);\n"
        "var hit: boolean;\n"
        "begin\n"
        "  cache_step(b, e, b, acks, hit);\n"
        "  after_step(b);\n"
        "end;\n\n"
        "procedure receive_forward(b: board);\n"
        "var hit: boolean; head: slot;\n"
        "begin\n"
        "  head := forwards[b].at[0];\n"
        "  pop(forwards[b]);\n"
        "  if cache[b].parked.n > 0 | cache_stalls(cache[b].state, forward_event(b, head)) then\n"
        "    if cache[b].parked.n = BOARDS then error \"parking is full\"; end;\n"
        "    push(cache[b].parked, head.kind, head.requestor, head.acks);\n"
        "  else\n"
        "    cache_step(b, forward_event(b, head), head.requestor, head.acks, hit);\n"
        "    after_step(b);\n"
        "  end;\n"
        "end;\n\n",
        out);
}

static void rules(FILE *out)
{
    fputs("ruleset b: board; a: access do\n"
          "  rule \"access\" a != A_none & cache[b].waiting = A_none ==> begin order_point(b, a); end;\n"
          "end;\n\n"
          "ruleset b: board do\n"
          "  rule \"retry\" cache[b].waiting != A_none &\n"
          "    !cache_stalls(cache[b].state, access_event(cache[b].waiting)) ==>\n"
          "    begin order_point(b, cache[b].waiting); end;\n"
          "  rule \"replace\" cache_steps(cache[b].state, E_replace) ==> var hit: boolean;\n"
          "    begin cache_step(b, E_replace, b, 0, hit); end;\n"
          "  rule \"request\" requests[b] != M_none & !dir_stalls(home.state, request_event(b)) ==>\n"
          "    var e: dir_event; begin e := request_event(b); requests[b] := M_none; dir_step(e, b); end;\n"
          "  rule \"data to home\" home_data[b] > 0 ==>\n"
          "    begin home_data[b] := home_data[b] - 1; dir_step(H_Data, b); end;\n"
          "  rule \"forward\" forwards[b].n > 0 ==> begin receive_forward(b); end;\n"
          "  rule \"exclusive data\" arriving[b].data_e > 0 ==>\n"
          "    begin arriving[b].data_e := arriving[b].data_e - 1; receive(b, E_Data_E, 0); end;\n"
          "  rule \"ack\" arriving[b].inv_ack > 0 ==>\n"
          "    begin\n"
          "      arriving[b].inv_ack := arriving[b].inv_ack - 1;\n"
          "      if cache[b].acks = 1 then receive(b, E_Last_Ack, 0); else receive(b, E_Inv_Ack, 0); end;\n"
          "    end;\n"
          "end;\n\n"
          "ruleset b: board; n: board do\n"
          "  rule \"data from home\" arriving[b].data[n] > 0 ==>\n"
          "    begin\n"
          "      arriving[b].data[n] := arriving[b].data[n] - 1;\n"
          "      if cache[b].acks + n = 0 then receive(b, E_Data_ackeq0, n);\n"
          "      else receive(b, E_Data_ackgt0, n); end;\n"
          "    end;\n"
          "  rule \"data from owner\" arriving[b].data_owner[n] > 0 ==>\n"
          "    begin\n"
          "      arriving[b].data_owner[n] := arriving[b].data_owner[n] - 1;\n"
          "      if cache[b].acks + n = 0 then receive(b, E_Data_owner, n);\n"
          "      else receive(b, E_Owner_ackgt0, n); end;\n"
          "    end;\n"
          "end;\n\n"
          "startstate begin\n"
          "  clear cache; clear home; clear requests; clear forwards; clear arriving; clear home_data;\n"
          "  home.owner := BOARDS;\n"
          "  for b: board do cache[b].acks := 0; end;\n"
          "end;\n\n"
          "invariant \"single writer\"\n"
          "  forall i: board do forall j: board do\n"
          "    i = j | !(cache[i].state = C_E | cache[i].state = C_M) |\n"
          "    !(cache[j].state = C_S | cache[j].state = C_E | cache[j].state = C_M |\n"
          "      cache[j].state = C_SM_AD | cache[j].state = C_SM_A | cache[j].state = C_O |\n"
          "      cache[j].state = C_OM_AC | cache[j].state = C_OM_A) end end;\n",
          out);
}

void murphi_print(const struct protocol *protocol, unsigned boards, FILE *out)
{
    NP_ASSERT(boards >= 2 && boards <= MURPHI_BOARDS_MAX);
    declarations(protocol, boards, out);
    sending(out);
    cache_question(protocol, (struct question){"cache_stalls", is_stall}, out);
    cache_question(protocol, (struct question){"cache_steps", is_step}, out);
    cache_question(protocol, (struct question){"cache_hits", is_hit}, out);
    dir_question(protocol, (struct question){"dir_stalls", is_stall}, out);
    cache_steps(protocol, out);
    dir_steps(protocol, out);
    events(out);
    boards_side(out);
    rules(out);
}
