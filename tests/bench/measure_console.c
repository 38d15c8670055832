// SPDX-License-Identifier: Apache-2.0
// The control API without a machine: what a console waits for when it asks for all boards.
#include "hmc/client/client.h"
#include "tests/bench/bench.h"
#include "tests/lib/fake_run.h"

enum { LISTS = 500, LISTS_MIN = 5 };

static enum err_code ask(struct client *client, uint32_t times, struct err *err)
{
    for (uint32_t i = 0; i < times; i++) {
        struct api_request request = {.kind = API_SHOW};
        struct api_reply reply;
        client_ask(client, &request, 0, &reply, err);
        api_reply_free(&reply);
        if (err->code)
            return err->code;
    }
    return ERR_OK;
}

enum err_code measure_console(const struct row *row, const struct bench_settings *settings,
                              struct sample *sample, struct err *err)
{
    struct fake_run *run =
        fake_run_open(&(struct fake_run_options){.folder = settings->folder, .boards = row->setup.boards});
    double lists = LISTS * settings->length;
    uint32_t times = lists < LISTS_MIN ? LISTS_MIN : (uint32_t)lists;
    struct client *client;
    if (!client_open(&client, settings->folder, err) && !ask(client, 1, err)) { // connected
        double began = bench_seconds();
        ask(client, times, err);
        sample->value = 1e3 * (bench_seconds() - began) / times;
    }
    client_close(client);
    fake_run_close(run);
    return err->code;
}
