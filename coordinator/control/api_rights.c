// SPDX-License-Identifier: Apache-2.0
#include "coordinator/control/api_rights.h"

#include <string.h>

#define FORBID(err, ...) err_set((err), ERR_FORBIDDEN, __VA_ARGS__)

static bool is_theirs(const struct api_request *request, const char *partition)
{
    for (uint32_t i = 0; i < request->n_domains; i++)
        if (strcmp(request->domains[i], partition) == 0)
            return true;
    return false;
}

static uint32_t board_of(const struct api_snapshot *snapshot, const char *name)
{
    uint32_t i = 0;
    while (i < snapshot->n_boards && strcmp(snapshot->boards[i].name, name) != 0)
        i++;
    return i;
}

// Whether a board, by its place in the snapshot, is on a partition's available component list.
static bool is_listed(const struct api_snapshot *snapshot, const char *partition, uint32_t board)
{
    for (uint32_t i = 0; i < snapshot->n_partitions; i++)
        if (strcmp(snapshot->partitions[i].name, partition) == 0)
            return snapshot->partitions[i].available[board / 64] >> (board % 64) & 1;
    return true; // there is no such partition: not a matter of rights
}

static enum err_code need_theirs(const struct api_request *request, const char *partition, struct err *err)
{
    if (is_theirs(request, partition))
        return ERR_OK;
    return FORBID(err,
                  "partition %s is not one of %s's; its domain administrator or a platform administrator "
                  "may do this",
                  partition, request->user);
}

static enum err_code need_listed(const struct api_request *request, const struct api_snapshot *snapshot,
                                 const char *partition, uint32_t board, struct err *err)
{
    if (is_listed(snapshot, partition, board))
        return ERR_OK;
    return FORBID(err,
                  "board %s is not on the available component list of %s, so %s may not use it there; a "
                  "platform administrator can put it on the list (setupplatform -d %s -a %s)",
                  snapshot->boards[board].name, partition, request->user, partition,
                  snapshot->boards[board].name);
}

// A board that comes in must be on the list; one that goes to nobody too, else it could not come back
// (facts of deleteboard); one that is in a partition must be in one of theirs.
static enum err_code may_board(const struct api_request *request, const struct api_snapshot *snapshot,
                               struct err *err)
{
    const struct api_command *command = &request->command;
    uint32_t board = board_of(snapshot, command->board);
    if (board == snapshot->n_boards)
        return ERR_OK; // there is no such board
    const char *from = snapshot->boards[board].partition;
    if (from[0] && need_theirs(request, from, err))
        return err->code;
    if (command->verb == API_DELETE)
        return from[0] && command->level == API_UNASSIGN ? need_listed(request, snapshot, from, board, err)
                                                         : ERR_OK;
    if (command->verb == API_ADD || command->verb == API_MOVE)
        return need_theirs(request, command->partition, err) ||
                       need_listed(request, snapshot, command->partition, board, err)
                   ? err->code
                   : ERR_OK;
    for (uint32_t i = 0; !from[0] && i < request->n_domains; i++)
        if (is_listed(snapshot, request->domains[i], board))
            return ERR_OK;
    if (from[0])
        return ERR_OK;
    return FORBID(err, "board %s is in no partition, and on the available component list of none of %s's",
                  command->board, request->user);
}

static enum err_code administrator_may(const struct api_request *request, const struct api_snapshot *snapshot,
                                       struct err *err)
{
    switch (request->kind) {
    case API_TYPE:
        return need_theirs(request, request->type.partition, err);
    case API_COMMAND:
        break;
    default:
        return FORBID(err, "%s is a domain administrator; a run's pace is an operator's business",
                      request->user);
    }
    switch (request->command.verb) {
    case API_ADD:
    case API_DELETE:
    case API_MOVE:
    case API_POWER:
    case API_TEST:
    case API_CELL:
        return may_board(request, snapshot, err);
    case API_KEYSWITCH:
    case API_TAG:
    case API_REBOOT:
        return need_theirs(request, request->command.partition, err);
    default:
        return FORBID(err, "%s is a domain administrator; '%s' is for platform administrators", request->user,
                      api_verb_word(request->command.verb));
    }
}

static enum err_code operator_may(const struct api_request *request, struct err *err)
{
    enum api_verb verb = request->command.verb;
    if (request->kind == API_TYPE || (request->kind == API_PACE && request->pace.kind != API_STOP))
        return ERR_OK;
    if (request->kind == API_COMMAND && (verb == API_POWER || verb == API_TEST || verb == API_KEYSWITCH))
        return ERR_OK;
    return FORBID(err,
                  "%s is an operator: power, test, keyswitch, consoles and pace; '%s' is for platform "
                  "administrators%s",
                  request->user, request->kind == API_PACE ? "stop" : api_verb_word(verb),
                  request->kind == API_PACE ? "" : " and those of the domain");
}

enum err_code api_rights(const struct api_request *request, const struct api_snapshot *snapshot,
                         struct err *err)
{
    bool looks = request->kind == API_SHOW || request->kind == API_WATCH || request->kind == API_CONSOLE ||
                 request->kind == API_PLAN || request->kind == API_SERIES;
    if (!request->user[0] || request->role == API_PLATFORM_ADMINISTRATOR || looks)
        return ERR_OK;
    if (request->role == API_DOMAIN_ADMINISTRATOR)
        return administrator_may(request, snapshot, err);
    if (request->role == API_OPERATOR)
        return operator_may(request, err);
    return FORBID(err,
                  "%s is a viewer and may look at everything and change nothing; ask a platform "
                  "administrator for another role",
                  request->user);
}
