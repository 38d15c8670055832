// SPDX-License-Identifier: Apache-2.0
// What must hold in every state, and what must hold at rest.
#include <stdarg.h>
#include <stdio.h>

#include "tests/model/model.h"

static bool broken(struct model *model, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool broken(struct model *model, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(model->violation, sizeof model->violation, format, args);
    va_end(args);
    return false;
}

static unsigned class_of(const struct model_state *state, unsigned line, unsigned board)
{
    return onboard_class(state->board[line][board].state);
}

// A hit needs a cell that performs it without a message.
static bool cell_is_hit(const struct cell *cell)
{
    return cell->kind == CELL_STEP && cell->actions[0] == CA_HIT && cell->actions[1] == CA_NONE;
}

static bool check_hits(struct model *model, const struct model_state *state, unsigned line, unsigned board)
{
    const struct board_line *at = &state->board[line][board];
    unsigned class = class_of(state, line, board);
    if (class >= B_S && !cell_is_hit(covered_cache_cell(model, at->state, CE_LOAD)))
        return broken(model, "board %u in %s: a permitted load does not hit", board,
                      cache_state_name(at->state));
    if (class >= B_E && !cell_is_hit(covered_cache_cell(model, at->state, CE_STORE)))
        return broken(model, "board %u in %s: a permitted store does not hit", board,
                      cache_state_name(at->state));
    return true;
}

static bool check_l1(struct model *model, const struct model_state *state, unsigned line, unsigned board,
                     unsigned l1)
{
    unsigned is = l1_get(&state->board[line][board], l1), class = class_of(state, line, board);
    if (model->coverage)
        model->coverage->onboard[is][class][L_LOAD] = model->coverage->onboard[is][class][L_STORE] = true;
    const struct onboard_cell *load = &model->onboard->cell[is][class][L_LOAD];
    const struct onboard_cell *store = &model->onboard->cell[is][class][L_STORE];
    enum onboard_action load_action = is >= L_S ? OA_HIT : OA_BUS;
    enum onboard_action store_action = is >= L_E ? OA_HIT : OA_BUS;
    if (is >= L_S && class == B_I)
        return broken(model, "board %u: L1 %u holds what its board does not", board, l1);
    if (is >= L_E && class < B_E)
        return broken(model, "board %u: L1 %u may write what its board may not", board, l1);
    bool exists = class != B_I || is == L_I;
    if (exists && (!load->possible || load->action != load_action || load->next != is))
        return broken(model, "board %u: L1 in %s, board %s: a load should %s", board, l1_state_name(is),
                      board_class_name(class), onboard_action_name(load_action));
    if (exists && (!store->possible || store->action != store_action || (is < L_E && store->next != is)))
        return broken(model, "board %u: L1 in %s, board %s: a store should %s", board, l1_state_name(is),
                      board_class_name(class), onboard_action_name(store_action));
    return true;
}

// Single writer: over the permissions of boards, and over those of the L1s inside each. A poisoned copy
// counts for neither: using it is a machine check. (A gate that answers for a dead board in the middle of a
// chain of owners poisons the next one while the last living one still holds the line.)
static bool check_writers(struct model *model, const struct model_state *state, unsigned line)
{
    unsigned writers = 0, readers = 0;
    for (unsigned i = 0; i < model->config->boards; i++) {
        if (state->board[line][i].poison)
            continue;
        writers += class_of(state, line, i) >= B_E;
        readers += class_of(state, line, i) == B_S;
        unsigned l1_writers = 0, l1_readers = 0;
        for (unsigned j = 0; j < model->config->l1s; j++) {
            l1_writers += l1_get(&state->board[line][i], j) >= L_E;
            l1_readers += l1_get(&state->board[line][i], j) == L_S;
        }
        if (l1_writers > 1 || (l1_writers && l1_readers))
            return broken(model, "board %u: one L1 may write while another may read", i);
    }
    if (writers > 1 || (writers && readers))
        return broken(model, "line %u: one board may write while another may read", line);
    return true;
}

static bool check_board(struct model *model, const struct model_state *state, unsigned line, unsigned board)
{
    const struct board_line *at = &state->board[line][board];
    if (class_of(state, line, board) >= B_S && !at->poison && at->value != word_mask(model))
        return broken(model, "board %u in %s reads a stale word", board, cache_state_name(at->state));
    if (cache_state_is_stable(at->state) && at->acks)
        return broken(model, "board %u is stable in %s with %d acks outstanding", board,
                      cache_state_name(at->state), at->acks);
    if (!check_hits(model, state, line, board))
        return false;
    for (unsigned j = 0; j < model->config->l1s; j++)
        if (!check_l1(model, state, line, board, j))
            return false;
    return true;
}

// Poison stands for data lost with a dead board, or with a Put that went astray: without either there is
// none.
static bool check_loss(struct model *model, const struct model_state *state, unsigned line)
{
    bool lost = state->home[line].value & HOME_POISON;
    if (state->dead || state->maps)
        return true;
    for (unsigned i = 0; i < model->config->boards; i++)
        lost = lost || state->board[line][i].poison;
    return !lost || broken(model, "line %u is taken for lost, and nobody died", line);
}

// A board has at most one request or Put of a line under way: it has one transaction per line.
static bool check_requests(struct model *model, const struct model_state *state)
{
    unsigned seen = 0;
    for (unsigned i = 0; i < state->unordered; i++) {
        packed_message packed = state->message[i];
        if (message_vnet(packed_type(packed)) != VN_REQUEST)
            continue;
        unsigned bit = 1u << (packed_line(packed) * 8 + packed_requestor(packed));
        if (seen & bit)
            return broken(model, "board %u has two requests of one line under way", packed_requestor(packed));
        seen |= bit;
    }
    return true;
}

bool model_at_rest(const struct model *model, const struct model_state *state)
{
    if (state->unordered || state->forwards)
        return false;
    for (unsigned line = 0; line < model->config->lines; line++)
        for (unsigned i = 0; i < model->config->boards; i++) {
            const struct board_line *at = &state->board[line][i];
            if (!cache_state_is_stable(at->state) || at->parked[0] || at->waiting)
                return false;
        }
    return true;
}

static bool check_memory(struct model *model, const struct model_state *state, unsigned line)
{
    uint8_t value = state->home[line].value;
    if (!(value & HOME_POISON) && value != word_mask(model))
        return broken(model, "at rest the home's memory is stale, its state is %s",
                      dir_state_name(state->home[line].state));
    return true;
}

static bool l1_wrote(const struct model *model, const struct board_line *at)
{
    for (unsigned j = 0; j < model->config->l1s; j++)
        if (l1_get(at, j) == L_M)
            return true;
    return false;
}

// The directory knows exactly who holds the line. S without sharers is true, too: the book's home stays in S
// when the last sharer leaves during S_D, or by a Put that a forward had overtaken.
static bool check_owner(struct model *model, const struct model_state *state, unsigned line, unsigned holders)
{
    const struct home_line *home = &state->home[line];
    if (home->owner == MODEL_NO_BOARD)
        return broken(model, "at rest the home is in %s without an owner", dir_state_name(home->state));
    if (home->sharers)
        return broken(model, "at rest the home is in %s with sharers", dir_state_name(home->state));
    if (model_dead(state, home->owner) || (model_put_refused(state, home->owner) && holders == 0))
        return holders == 0 || broken(model, "the home's owner is dead, yet another board holds the line");
    unsigned is = state->board[line][home->owner].state;
    if (holders != 1u << home->owner || (is != C_M && (is != C_E || home->state != D_E)))
        return broken(model, "at rest the home takes board %u for the owner, which is in %s", home->owner,
                      cache_state_name(is));
    bool written = is == C_M || l1_wrote(model, &state->board[line][home->owner]);
    return written || check_memory(model, state, line);
}

// A board whose Put was refused may be gone without the home's knowing.
static bool sharers_are_true(const struct model *model, const struct model_state *state,
                             const struct home_line *home, unsigned holders)
{
    const struct model_config *config = model->config;
    unsigned living = home->sharers & ~(unsigned)state->dead;
    // A four-hop home keeps its sharers when a writer dies, yet they get its Inv. Forgotten sharers are all.
    bool superset =
        config->pointers || config->coarse || config->forgets || (model->protocol->four_hop && state->dead);
    return (holders & ~living) == 0 && (superset || (living & ~holders & ~((unsigned)state->maps >> 4)) == 0);
}

static bool check_no_writer(struct model *model, const struct model_state *state, unsigned line)
{
    for (unsigned i = 0; i < model->config->boards; i++)
        if (class_of(state, line, i) > B_S)
            return broken(model, "at rest board %u may write, its home is in %s", i,
                          dir_state_name(state->home[line].state));
    return check_memory(model, state, line);
}

// Without an entry, memory knows whether the line is shared or owned, and not by whom.
static bool check_forgotten(struct model *model, const struct model_state *state, unsigned line,
                            unsigned holders)
{
    const struct home_line *home = &state->home[line];
    bool lost = state->dead || state->maps >> 4;
    if (home->owner != MODEL_NO_BOARD || home->sharers)
        return broken(model, "at rest the home in %s names boards", dir_state_name(home->state));
    if (home->state == D_GS)
        return check_no_writer(model, state, line);
    for (unsigned i = 0; i < model->config->boards; i++)
        if (holders == 1u << i && class_of(state, line, i) >= B_E)
            return true;
    return (lost && holders == 0) || broken(model, "at rest the home is in gM; %#x hold the line", holders);
}

// In O the sharers are the other holders; memory may be current or not.
static bool check_owned(struct model *model, const struct model_state *state, unsigned line, unsigned holders)
{
    const struct home_line *home = &state->home[line];
    unsigned owner = home->owner == MODEL_NO_BOARD ? 0 : 1u << home->owner;
    bool lost = owner && (model_dead(state, home->owner) ||
                          (model_put_refused(state, home->owner) && !(holders & owner)));
    if (!owner || (home->sharers & owner) || !sharers_are_true(model, state, home, holders & ~owner))
        return broken(
            model,
            "at rest the home in O takes board %u for the owner, boards %#x for sharers; %#x hold the line",
            home->owner, home->sharers, holders);
    unsigned is = lost ? C_O : state->board[line][home->owner].state;
    return is == C_O || broken(model, "at rest the home in O takes board %u for the owner, which is in %s",
                               home->owner, cache_state_name(is));
}

static bool check_directory(struct model *model, const struct model_state *state, unsigned line)
{
    const struct home_line *home = &state->home[line];
    unsigned holders = 0;
    if (model_dead(state, model->config->home[line]))
        return true;
    for (unsigned i = 0; i < model->config->boards; i++)
        holders |= (unsigned)(class_of(state, line, i) >= B_S) << i;
    switch (home->state) {
    case D_E:
    case D_M:
        return check_owner(model, state, line, holders);
    case D_O:
        return check_owned(model, state, line, holders);
    case D_I:
    case D_S:
        if (!sharers_are_true(model, state, home, holders) || home->owner != MODEL_NO_BOARD ||
            (home->state == D_I && home->sharers))
            return broken(model, "at rest the home in %s takes boards %#x for sharers; %#x hold the line",
                          dir_state_name(home->state), home->sharers, holders);
        return check_no_writer(model, state, line);
    case D_GS:
    case D_GM:
        return check_forgotten(model, state, line, holders);
    default:
        return broken(model, "at rest the home is in %s", dir_state_name(home->state));
    }
}

bool model_check(struct model *model, const struct model_state *state)
{
    for (unsigned line = 0; line < model->config->lines; line++) {
        if (!check_writers(model, state, line) || !check_loss(model, state, line))
            return false;
        for (unsigned i = 0; i < model->config->boards; i++)
            if (!check_board(model, state, line, i))
                return false;
    }
    if (!check_requests(model, state))
        return false;
    if (model->config->entries && home_entries(model, state) > model->config->entries)
        return broken(model, "the directory cache has more entries than it has room for");
    if (!model_at_rest(model, state))
        return true;
    for (unsigned line = 0; line < model->config->lines; line++)
        if (!check_directory(model, state, line))
            return false;
    return true;
}
