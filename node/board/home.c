// SPDX-License-Identifier: Apache-2.0
// The home: one message at a time, each occupying it for home_occupancy; memory behind it is pipelined.
// Requests for a busy line wait in its chain, in order of arrival, and take their turn again when the line
// comes free.
#include <string.h>

#include "node/board/internal.h"

void home_init(struct board *board)
{
    memory_init(&board->home.memory, board->params->memory_bytes, board->params->line_bytes);
    board->home.line_transfer =
        sim_transfer_time(board->params->line_bytes, board->params->memory_bytes_per_s);
    board->home.form.pointers = (uint8_t)board->params->sharer_pointers;
    board->home.form.coarse = (uint8_t)board->params->sharer_coarse;
    directory_cache_init(board);
}

void home_free(struct board *board)
{
    memory_free(&board->home.memory);
    directory_cache_free(board);
}

// Finds the line in memory, if it is this board's.
static void look_up(struct board *board, struct pool_item *item)
{
    struct location where;
    if (!segment_map_find(&board->home.decode, item->message.line, &where) || where.board != board->number)
        return;
    struct memory_line line = memory_line(&board->home.memory, where.offset);
    item->home = line.home;
    item->bytes = line.bytes;
    item->use = line.use;
}

sim_time home_book(struct board *board)
{
    struct home *home = &board->home;
    sim_time occupancy = board->params->home_occupancy;
    home->free_at = sim_max(board->now, home->free_at) + occupancy;
    board_count(board, CNT_HOME_BUSY_PS, occupancy);
    return home->free_at;
}

// Books the home for a message and schedules the moment at which its directory has been read. The line is
// looked up now: by the time the home turns to it the host's cache has it.
void home_receive(struct board *board, uint32_t payload)
{
    struct home *home = &board->home;
    struct pool_item *item = pool_item(&board->pool, payload);
    home_book(board);
    look_up(board, item);
    __builtin_prefetch(item->home);
    __builtin_prefetch(item->bytes);
    __builtin_prefetch(item->use);
    struct order_key key = {home->free_at, board_unit(board, UNIT_HOME), board_unit(board, UNIT_HOME),
                            home->queue_seq++};
    board_schedule(board, EV_HOME, key, payload);
}

sim_time home_memory_access(struct board *board)
{
    struct home *home = &board->home;
    sim_time start = sim_max(board->now, home->memory_free_at);
    home->memory_free_at = start + home->line_transfer;
    board_count(board, CNT_MEMORY_BUSY_PS, home->line_transfer);
    return start + board->params->memory_latency;
}

static void send(struct board *board, struct message message, const uint8_t *data, sim_time at)
{
    message.src = board_unit(board, UNIT_HOME);
    message.seq = board->home.seq++;
    message.map_version = board->map.version;
    port_send(board, &message, data, at);
}

static void send_all(struct board *board, const struct step_out *out, const uint8_t *bytes)
{
    for (unsigned i = 0; i < out->n; i++) {
        bool data = message_carries_data(out->send[i].type);
        board_count(board, CNT_RECALLS, out->send[i].type == MSG_RECALL);
        send(board, out->send[i], data ? bytes : NULL, data ? home_memory_access(board) : board->now);
    }
}

// A request for memory that is not this board's, from a damaged map: answered, never served.
static void refuse(struct board *board, const struct message *request)
{
    if (message_vnet(request->type) != VN_REQUEST)
        return; // nobody waits for what it would have caused
    bool get = request->type == MSG_GETS || request->type == MSG_GETM;
    struct message answer = {.dst = component(request->requestor, UNIT_AGENT),
                             .line = request->line,
                             .txn = request->txn,
                             .requestor = request->requestor,
                             .type = get ? MSG_ERROR : MSG_PUT_ERROR,
                             .data = NO_DATA};
    send(board, answer, NULL, board->now);
}

static void stall(struct board *board, struct home_line *line, uint32_t payload)
{
    board_count(board, CNT_HOME_STALLED, 1);
    pool_item(&board->pool, payload)->next = NO_PAYLOAD;
    if (line->stalled == NO_REQUEST) {
        line->stalled = payload;
        return;
    }
    uint32_t last = line->stalled;
    while (pool_item(&board->pool, last)->next != NO_PAYLOAD)
        last = pool_item(&board->pool, last)->next;
    pool_item(&board->pool, last)->next = payload;
}

static void release_stalled(struct board *board, struct home_line *line)
{
    uint32_t next = line->stalled;
    line->stalled = NO_REQUEST;
    while (next != NO_REQUEST) {
        uint32_t payload = next;
        next = pool_item(&board->pool, payload)->next;
        home_receive(board, payload);
    }
}

static const struct cell *possible_cell(const struct board *board, const struct dir_line *dir,
                                        enum dir_event event, const struct message *message)
{
    const struct cell *cell = dir_cell(board->protocol, dir->state, event);
    if (cell->kind == CELL_IMPOSSIBLE)
        np_panic("NP0102: %s: no cell for directory state %s, event %s; line 0x%llx, board %u, at %llu ps",
                 board->protocol->name, dir_state_name(dir->state), dir_event_name(event),
                 (unsigned long long)message->line, board->number, (unsigned long long)board->now);
    return cell;
}

static void count_use(const struct board *board, struct page_use *use, const struct message *message)
{
    use->requests++;
    use->remote += message->requestor != board->number;
    use->writes += message->type == MSG_GETM;
    use->boards |= UINT64_C(1) << (message->requestor - board->system->first_board) % 64;
}

static struct step_context context_of(const struct board *board, uint64_t line, uint32_t txn)
{
    return (struct step_context){.line = line,
                                 .self = board->number,
                                 .home = board->number,
                                 .first_board = (uint16_t)board->system->first_board,
                                 .txn = txn,
                                 .form = board->home.form};
}

// What the home does with a line of its own accord: recalls it, or forgets who holds it.
void home_own_event(struct board *board, struct home_line *line, uint64_t address, enum dir_event event)
{
    struct step_context context = context_of(board, address, 0);
    struct step_out out;
    dir_step(board->protocol, &line->dir, event, NULL, &context, &out);
    board_look(board, address);
    send_all(board, &out, NULL);
}

// What a Get needs before its cell is looked up: an entry, and a home that knows the owner. False: it waits
// for an entry.
static bool prepare(struct board *board, uint32_t payload, struct home_line *line, uint64_t address)
{
    if (!dir_state_has_entry(line->dir.state) && !dir_state_is_busy(line->dir.state) &&
        !directory_cache_admit(board, payload))
        return false;
    if (line->dir.state != D_GM)
        return true;
    board_count(board, CNT_BROADCASTS, 1);
    home_own_event(board, line, address, DE_RECALL);
    return true;
}

static void count_get(struct board *board, struct page_use *use, const struct message *message)
{
    count_use(board, use, message);
    if (board->home.cache.sets)
        directory_cache_used(board, message->line);
}

static void serve(struct board *board, uint32_t payload, struct home_line *line, uint8_t *bytes)
{
    struct pool_item *item = pool_item(&board->pool, payload);
    struct message message = item->message;
    bool get = message.type == MSG_GETS || message.type == MSG_GETM;
    if (get && board->home.cache.sets && !prepare(board, payload, line, message.line))
        return;
    item = pool_item(&board->pool, payload); // sending may have moved it
    enum dir_event event = dir_event_of(&line->dir, &message, board->system->first_board);
    if (possible_cell(board, &line->dir, event, &message)->kind == CELL_STALL) {
        stall(board, line, payload);
        return;
    }
    if (get)
        count_get(board, item->use, &message);
    struct step_context context = context_of(board, message.line, message.txn);
    struct step_out out;
    dir_step(board->protocol, &line->dir, event, &message, &context, &out);
    board_look(board, message.line);
    if (out.fill) {
        memcpy(bytes, item->data, board->params->line_bytes);
        home_memory_access(board);
    }
    pool_release(&board->pool, payload);
    send_all(board, &out, bytes);
    if (board->home.cache.sets)
        directory_cache_settle(board, message.line, line->dir.state);
    release_stalled(board, line);
}

void home_event(struct board *board, uint32_t payload)
{
    struct pool_item *item = pool_item(&board->pool, payload);
    board_count(board, CNT_HOME_REQUESTS, 1);
    if (!item->home) // not ours; or fresh from a saved state
        look_up(board, item);
    if (item->home) {
        serve(board, payload, item->home, item->bytes);
        return;
    }
    struct message message = item->message;
    pool_release(&board->pool, payload);
    refuse(board, &message);
}

struct stalled_list {
    struct board *board;
    struct archive *ar;
    uint32_t lines;
};

static void count_line(void *self, uint64_t offset, struct memory_line line)
{
    (void)offset;
    ((struct stalled_list *)self)->lines += line.home->stalled != NO_REQUEST;
}

static void save_line(void *self, uint64_t offset, struct memory_line line)
{
    struct stalled_list *list = self;
    if (line.home->stalled == NO_REQUEST)
        return;
    ar_u64(list->ar, &offset);
    uint32_t n = 0;
    for (uint32_t i = line.home->stalled; i != NO_REQUEST; i = pool_item(&list->board->pool, i)->next)
        n++;
    ar_u32(list->ar, &n);
    for (uint32_t i = line.home->stalled; i != NO_REQUEST; i = pool_item(&list->board->pool, i)->next)
        pool_item_state(list->board, list->ar, i);
}

static void load_line(struct board *board, struct archive *ar)
{
    uint64_t offset = 0;
    uint32_t n = 0;
    ar_u64(ar, &offset);
    ar_count(ar, &n, MESSAGES_MAX);
    if (offset % board->params->line_bytes || offset >= board->params->memory_bytes) {
        ar_fail(ar, "requests that wait for a line at 0x%llx", (unsigned long long)offset);
        return;
    }
    struct home_line *line = memory_line(&board->home.memory, offset).home;
    uint64_t stalled_before = board->counters[CNT_HOME_STALLED];
    for (uint32_t i = 0; i < n && !ar_failed(ar); i++)
        stall(board, line, pool_item_state(board, ar, NO_PAYLOAD));
    board->counters[CNT_HOME_STALLED] = stalled_before;
}

void home_state(struct board *board, struct archive *ar)
{
    struct home *home = &board->home;
    ar_mark(ar, "HOME");
    ar_u64(ar, &home->free_at);
    ar_u64(ar, &home->memory_free_at);
    ar_u64(ar, &home->seq);
    ar_u64(ar, &home->queue_seq);
    memory_state(&home->memory, ar);
    struct stalled_list list = {board, ar, 0};
    if (!ar_loading(ar))
        memory_each(&home->memory, count_line, &list);
    ar_count(ar, &list.lines, MESSAGES_MAX);
    if (!ar_loading(ar))
        memory_each(&home->memory, save_line, &list);
    for (uint32_t i = 0; ar_loading(ar) && i < list.lines && !ar_failed(ar); i++)
        load_line(board, ar);
    directory_cache_state(board, ar);
}
