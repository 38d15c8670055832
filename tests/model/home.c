// SPDX-License-Identifier: Apache-2.0
// A message at a home, and the home's directory cache.
#include "proto/base/assert.h"
#include "tests/model/model.h"
#include "tests/model/trace.h"

static struct dir_line open_home(const struct home_line *home)
{
    return (struct dir_line){.sharers = {home->sharers},
                             .owner = home->owner == MODEL_NO_BOARD ? NO_OWNER : home->owner,
                             .state = home->state,
                             .poison = home->value & HOME_POISON,
                             .acks = home->acks};
}

// States in which memory's copy will not be used before it is written. Not O: a PutE that a Fwd-GetS has
// overtaken may come, after which memory must be as good as it was in E.
static bool memory_is_stale(unsigned state)
{
    return state == D_M || state == D_S_D || state == D_GM || state == D_GM_A || state == D_R_D;
}

static void close_home(struct home_line *home, const struct dir_line *dir, unsigned value)
{
    home->state = dir->state;
    home->owner = dir->owner == NO_OWNER ? MODEL_NO_BOARD : (uint8_t)dir->owner;
    home->sharers = (uint8_t)dir->sharers.bits;
    home->acks = dir->acks;
    home->value = (uint8_t)(memory_is_stale(dir->state) ? 0 : dir->poison ? HOME_POISON : value);
}

static struct step_context context_of(const struct model *model, unsigned line)
{
    const struct model_config *config = model->config;
    return (struct step_context){.line = line * 64u,
                                 .self = config->home[line],
                                 .home = config->home[line],
                                 .form = {(1u << config->boards) - 1, config->pointers, config->coarse}};
}

static const struct cell *covered_dir_cell(struct model *model, unsigned state, unsigned event)
{
    if (model->coverage)
        model->coverage->directory[state][event] = true;
    return dir_cell(model->protocol, state, event);
}

// Obeys a cell that is a step. `message` is NULL for the home's own events.
static void step(struct model *model, struct model_state *state, unsigned line, enum dir_event event,
                 const struct message *message, packed_message packed)
{
    struct home_line *home = &state->home[line];
    struct dir_line dir = open_home(home);
    struct step_context context = context_of(model, line);
    struct step_out *out = &model->scratch;
    dir_step(model->protocol, &dir, event, message, &context, out);
    if (out->fill && !message_carries_data(message->type))
        model_fail("the home copies data that %s does not carry", message_name(message->type));
    TRACE(model, MODEL_HOME, line, "%s from %u: %s -> %s", dir_event_name(event),
          message ? message->requestor : context.self, dir_state_name(home->state),
          dir_state_name(dir.state));
    unsigned memory = out->fill ? packed_value(packed) : home->value & word_mask(model);
    close_home(home, &dir, memory);
    send_all(model, state, out, memory, MODEL_HOME);
}

static void own_event(struct model *model, struct model_state *state, unsigned line, enum dir_event event)
{
    if (covered_dir_cell(model, state->home[line].state, event)->kind != CELL_STEP)
        model_fail("no cell at the home for state %s, event %s", dir_state_name(state->home[line].state),
                   dir_event_name(event));
    step(model, state, line, event, NULL, 0);
}

unsigned home_entries(const struct model *model, const struct model_state *state)
{
    unsigned n = 0;
    for (unsigned line = 0; line < model->config->lines; line++)
        n += dir_state_has_entry(state->home[line].state);
    return n;
}

bool home_may_drop(const struct model *model, const struct model_state *state, unsigned line)
{
    unsigned is = state->home[line].state;
    return dir_state_has_entry(is) && !dir_state_is_busy(is) && !model_dead(state, model->config->home[line]);
}

void home_drop(struct model *model, struct model_state *state, unsigned line)
{
    struct dir_line dir = open_home(&state->home[line]);
    own_event(model, state, line, model->config->forgets ? DE_FORGET : dir_recall_event(&dir));
    if (home_may_drop(model, state, line))
        model_fail("the home gave up an entry and has it still");
}

// A Get needs an entry for its line: a free one, or that of another line at rest. False: it waits.
static bool admit(struct model *model, struct model_state *state, unsigned line)
{
    const struct model_config *config = model->config;
    if (dir_state_has_entry(state->home[line].state) || dir_state_is_busy(state->home[line].state))
        return true;
    for (unsigned i = 0; i < config->lines && home_entries(model, state) == config->entries; i++)
        if (home_may_drop(model, state, i))
            home_drop(model, state, i);
    return home_entries(model, state) < config->entries;
}

// Both may send the request back to wait: in the unordered network, a superset of a queue.
static bool must_wait(struct model *model, struct model_state *state, unsigned line, enum dir_event event)
{
    bool get = event == DE_GETS || event == DE_GETM;
    if (get && model->config->entries && !admit(model, state, line))
        return true;
    if (get && state->home[line].state == D_GM)
        own_event(model, state, line, DE_RECALL);
    const struct cell *cell = covered_dir_cell(model, state->home[line].state, event);
    if (cell->kind == CELL_IMPOSSIBLE)
        model_fail("no cell at the home for state %s, event %s", dir_state_name(state->home[line].state),
                   dir_event_name(event));
    return cell->kind == CELL_STALL;
}

void home_receive(struct model *model, struct model_state *state, packed_message packed)
{
    unsigned line = packed_line(packed);
    struct dir_line dir = open_home(&state->home[line]);
    struct message message;
    unpack_message(model, packed, &message);
    enum dir_event event = dir_event_of(&dir, &message, 0);
    if (must_wait(model, state, line, event))
        state_send(model, state, packed);
    else
        step(model, state, line, event, &message, packed);
}
