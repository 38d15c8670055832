// SPDX-License-Identifier: Apache-2.0
#include "node/host/crew_report.h"

#include <stdlib.h>
#include <sys/resource.h>

#include "fabric/host/part.h"
#include "fabric/link/host_time.h"
#include "node/host/crew_orders.h"
#include "proto/base/assert.h"

// What one board recorded of one watched line, in messages of bounded length. Oldest events first.
static enum err_code send_line(struct session *session, const struct board *board, unsigned number,
                               uint32_t line, struct err *err)
{
    uint32_t n;
    uint64_t dropped;
    const struct watch_event *events = board_watched(board, line, &n, &dropped);
    for (uint32_t at = 0; at < n; at += WATCH_CHUNK_MAX) {
        struct control watched = {.kind = CONTROL_WATCHED};
        watched.watched = (struct control_watched){
            number, line, dropped, n - at < WATCH_CHUNK_MAX ? n - at : WATCH_CHUNK_MAX,
            (struct watch_event *)(uintptr_t)(events + at)}; // the board's: only read
        if (control_client_send(session->client, &watched, err))
            return err->code;
    }
    return ERR_OK;
}

static enum err_code send_watched(struct session *session, const struct crew *crew, struct err *err)
{
    uint32_t lines = session_config(session)->options.watch.n;
    for (unsigned b = 0; b < crew->machine->n_boards; b++)
        for (uint32_t i = 0; crew->boards[b] && i < lines; i++)
            if (send_line(session, crew->boards[b], b, i, err))
                return err->code;
    return ERR_OK;
}

static void add_stays(const struct board *board, struct results *results)
{
    uint32_t n = board_stays(board);
    results->stays = realloc(results->stays, (results->n_stays + n + 1) * sizeof *results->stays);
    NP_ASSERT(results->stays);
    for (uint32_t i = 0; i < n; i++)
        board_stay(board, i, &results->stays[results->n_stays++]);
}

enum err_code crew_send_results(struct session *session, struct crew *crew, struct host_stats *stats,
                                struct err *err)
{
    struct rusage usage;
    if (send_watched(session, crew, err))
        return err->code;
    getrusage(RUSAGE_SELF, &usage);
    stats->max_rss_bytes = (uint64_t)usage.ru_maxrss * 1024;
    struct control results = {.kind = CONTROL_RESULTS, .results = {.host = *stats}};
    results.results.boards = calloc(crew->machine->n_boards + 1, sizeof *results.results.boards);
    NP_ASSERT(results.results.boards);
    for (unsigned b = 0; b < crew->machine->n_boards; b++)
        if (crew->boards[b]) {
            board_results(crew->boards[b], &results.results.boards[results.results.n_boards++]);
            add_stays(crew->boards[b], &results.results);
        }
    enum err_code code = control_client_send(session->client, &results, err);
    control_free(&results);
    return code;
}

static void tell_texts(struct texts *texts, const struct crew *crew, const struct control_orders *orders)
{
    for (uint32_t i = 0; i < orders->n_orders; i++) {
        const struct order *order = &orders->orders[i];
        if (order->kind == ORDER_DOMAIN && crew->boards[order->board])
            texts_follow(texts, crew->boards[order->board], order->at);
    }
}

enum err_code crew_answer(struct session *session, struct crew *crew, const struct control_orders *orders,
                          struct texts *texts, struct err *err)
{
    struct control answer;
    enum err_code code = crew_obey(crew, orders, &answer, err);
    if (code == ERR_OK)
        tell_texts(texts, crew, orders);
    if (code == ERR_OK && orders->n_orders)
        code = texts_send(texts, session->client, host_now_ns(), true, err);
    if (code == ERR_OK)
        code = control_client_send(session->client, &answer, err);
    control_free(&answer);
    return code;
}

enum err_code crew_save(const struct crew *crew, const char *folder, struct control_saved *saved,
                        struct err *err)
{
    for (unsigned b = 0; b < crew->machine->n_boards; b++) {
        if (!crew->boards[b])
            continue;
        struct archive ar;
        ar_init_save(&ar);
        board_state(crew->boards[b], &ar);
        enum err_code code = part_write(folder, SAVED_BOARD, b, &ar, &saved->parts[saved->n_parts++], err);
        ar_free(&ar);
        if (code)
            return code;
    }
    return ERR_OK;
}

static enum err_code resume_board(struct board *board, unsigned number, const char *folder, struct err *err)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    if (part_read(folder, SAVED_BOARD, number, &bytes, &size, err))
        return err->code;
    struct archive ar;
    ar_init_load(&ar, bytes, size);
    board_state(board, &ar);
    bool whole = ar.at == size;
    free(bytes);
    if (ar_failed(&ar)) {
        *err = ar.err;
        return err_wrap(err, "%s: board %u", folder, number);
    }
    if (!whole)
        return err_set(err, ERR_DAMAGED_STATE, "%s: board %u: bytes are left over", folder, number);
    return ERR_OK;
}

enum err_code crew_resume(const struct crew *crew, const char *folder, struct err *err)
{
    for (unsigned b = 0; folder[0] && b < crew->machine->n_boards; b++)
        if (crew->boards[b] && resume_board(crew->boards[b], b, folder, err))
            return err->code;
    return ERR_OK;
}
