// SPDX-License-Identifier: Apache-2.0
// Timed links between partitions, and planned faults.
#include <stdlib.h>
#include <string.h>

#include "coordinator/machine/reader.h"
#include "proto/base/assert.h"

struct link_text {
    char name[NAME_MAX_BYTES];
    sim_time latency;
    uint64_t bytes_per_s;
    struct value between;
};

static const struct field link_fields[] = {
    {"name", read_name, offsetof(struct link_text, name), REQUIRED, 0, 0, 0, 0},
    {"between", read_later, offsetof(struct link_text, between), REQUIRED, 0, 0, 0, 0},
    {"latency", read_number, offsetof(struct link_text, latency), REQUIRED, UNIT_TIME, 1, SIM_PS_PER_S, 0},
    {"bandwidth", read_number, offsetof(struct link_text, bytes_per_s), REQUIRED, UNIT_BANDWIDTH, 0,
     BANDWIDTH_MAX, 0},
};

// An end is a board, or [partition, board] to say both.
static enum err_code read_end(struct reader *r, struct value v, uint16_t *end)
{
    const struct machine *m = &r->out->machine;
    struct value partition = {v.document, 0}, name = v;
    if (value_is_list(v)) {
        if (value_length(v) != 2)
            return value_fail(v, ERR_BAD_VALUE, r->err, "must be a board, or [partition, board]");
        partition = list_at(v, 0);
        name = list_at(v, 1);
    }
    uint32_t board = NO_INDEX;
    enum err_code code = read_board(r, name, &board);
    if (code)
        return code;
    if (m->boards[board].partition == NO_PARTITION)
        return value_fail(name, ERR_IMPOSSIBLE_MACHINE, r->err,
                          "board %s is in no partition; assign it to one", m->boards[board].name);
    const char *owner = m->partitions[m->boards[board].partition].name;
    if (value_present(partition) && (!value_text(partition) || strcmp(value_text(partition), owner) != 0))
        return value_fail(partition, ERR_IMPOSSIBLE_MACHINE, r->err,
                          "board %s is in partition %s, not in this one", m->boards[board].name, owner);
    *end = (uint16_t)board;
    return ERR_OK;
}

static enum err_code read_link(struct reader *r, struct value v)
{
    struct machine *m = &r->out->machine;
    struct link_text text = {0};
    uint16_t ends[2] = {0};
    enum err_code code = fields_read(v, link_fields, NP_ARRAY_LEN(link_fields), &text, r->err);
    if (code)
        return code;
    if (text.bytes_per_s != 0 && text.bytes_per_s < BANDWIDTH_MIN)
        return value_fail(mapping_get(v, "bandwidth"), ERR_BAD_VALUE, r->err,
                          "below 1MB/s; write a faster one, or unlimited");
    for (uint32_t i = 0; i < m->n_links; i++)
        if (strcmp(m->links[i].name, text.name) == 0)
            return value_fail(v, ERR_IMPOSSIBLE_MACHINE, r->err, "there are two links '%s'; rename one",
                              text.name);
    if (!value_is_list(text.between) || value_length(text.between) != 2)
        return value_fail(text.between, ERR_BAD_VALUE, r->err,
                          "must be two ends: [[SMP1, SB0], [SMP2, SB2]]");
    for (unsigned i = 0; i < 2 && !code; i++)
        code = read_end(r, list_at(text.between, i), &ends[i]);
    if (code)
        return code;
    if (m->boards[ends[0]].partition == m->boards[ends[1]].partition)
        return value_fail(
            text.between, ERR_IMPOSSIBLE_MACHINE, r->err,
            "both ends are in partition %s, whose boards share memory; a link joins two partitions",
            m->partitions[m->boards[ends[0]].partition].name);
    struct link_desc *link = PUSH(m->links, m->n_links);
    *link = (struct link_desc){
        .board = {ends[0], ends[1]}, .latency = text.latency, .bytes_per_s = text.bytes_per_s};
    strcpy(link->name, text.name);
    return ERR_OK;
}

enum err_code links_read(struct reader *r, struct value list)
{
    enum err_code code = ERR_OK;
    if (value_present(list) && !value_is_list(list))
        return value_fail(list, ERR_BAD_VALUE, r->err, "must be a list of links, each with '- name:'");
    if (value_length(list) > LINKS_MAX)
        return value_fail(list, ERR_LIMIT, r->err, "more than %u links; remove some", LINKS_MAX);
    for (unsigned i = 0; i < value_length(list) && !code; i++)
        code = read_link(r, list_at(list, i));
    return code;
}

struct fault_text {
    sim_time at;
    uint32_t segment;
    struct value board, home;
};

static const struct field fault_fields[] = {
    {"at", read_number, offsetof(struct fault_text, at), REQUIRED, UNIT_TIME, 0, UINT64_C(1) << 62, 0},
    {"board", read_later, offsetof(struct fault_text, board), REQUIRED, 0, 0, 0, 0},
    {"segment", read_number32, offsetof(struct fault_text, segment), REQUIRED, UNIT_COUNT, 0,
     SEGMENTS_MAX - 1, 0},
    {"home", read_later, offsetof(struct fault_text, home), REQUIRED, 0, 0, 0, 0},
};

static enum err_code read_fault(struct reader *r, struct value v)
{
    struct machine *m = &r->out->machine;
    struct fault_text text = {0};
    uint32_t board = NO_INDEX, home = NO_INDEX;
    enum err_code code = fields_read(v, fault_fields, NP_ARRAY_LEN(fault_fields), &text, r->err);
    if (!code)
        code = read_board(r, text.board, &board);
    if (!code)
        code = read_board(r, text.home, &home);
    if (code)
        return code;
    if (m->boards[board].partition == NO_PARTITION)
        return value_fail(text.board, ERR_IMPOSSIBLE_MACHINE, r->err,
                          "board %s is in no partition and has no segment map; name another",
                          m->boards[board].name);
    const struct partition_desc *p = &m->partitions[m->boards[board].partition];
    if (text.segment >= p->n_segments)
        return value_fail(mapping_get(v, "segment"), ERR_IMPOSSIBLE_MACHINE, r->err,
                          "partition %s has segments 0 to %u", p->name, p->n_segments - 1);
    if (m->boards[home].system != m->boards[board].system)
        return value_fail(
            text.home, ERR_IMPOSSIBLE_MACHINE, r->err,
            "board %s is in another system, which no crossbar reaches; name a board of the same system",
            m->boards[home].name);
    struct fault_desc *fault = PUSH(m->faults, m->n_faults);
    *fault = (struct fault_desc){FAULT_SEGMENT_ENTRY, text.at, (uint16_t)board, text.segment, (uint16_t)home};
    return ERR_OK;
}

// Ascending by time; faults of the same time keep the order of the file.
static void sort_faults(struct machine *m)
{
    for (uint32_t i = 1; i < m->n_faults; i++) {
        struct fault_desc fault = m->faults[i];
        uint32_t j = i;
        for (; j > 0 && m->faults[j - 1].at > fault.at; j--)
            m->faults[j] = m->faults[j - 1];
        m->faults[j] = fault;
    }
}

enum err_code faults_read(struct reader *r, struct value list)
{
    enum err_code code = ERR_OK;
    if (value_present(list) && !value_is_list(list))
        return value_fail(list, ERR_BAD_VALUE, r->err, "must be a list of faults, each with '- at:'");
    if (value_length(list) > FAULTS_MAX)
        return value_fail(list, ERR_LIMIT, r->err, "more than %u faults; remove some", FAULTS_MAX);
    for (unsigned i = 0; i < value_length(list) && !code; i++)
        code = read_fault(r, list_at(list, i));
    if (!code)
        sort_faults(&r->out->machine);
    return code;
}
