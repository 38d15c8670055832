// SPDX-License-Identifier: Apache-2.0
#include "hmc/web/worker.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "hmc/web/limits.h"
#include "hmc/web/openssl.h"
#include "proto/base/assert.h"

struct job {
    struct job *next;
    bool make, good;
    char password[WEB_PASSWORD_BYTES_MAX + 1];
    struct password_record record;
    void (*done)(void *self, bool good, const struct password_record *record);
    void *self;
};

struct list {
    struct job *first, **last;
};

struct worker {
    pthread_t thread;
    pthread_mutex_t mutex; // guards what follows
    pthread_cond_t wake;
    struct list todo, ready;
    unsigned n; // in both, and under way
    bool stop;
    // The event loop's alone.
    int bell;
    struct event *event;
};

static void list_add(struct list *list, struct job *job)
{
    job->next = NULL;
    *list->last = job;
    list->last = &job->next;
}

static struct job *list_take(struct list *list)
{
    struct job *job = list->first;
    if (job && !(list->first = job->next))
        list->last = &list->first;
    return job;
}

static void compute(struct job *job)
{
    struct password_cost cost = job->record.cost;
    struct err err;
    if (job->make)
        job->good = password_make(job->password, &cost, &job->record, &err) == ERR_OK;
    else
        job->good = password_verify(job->password, &job->record);
}

static void *work(void *self)
{
    struct worker *worker = self;
    const uint64_t one = 1;
    pthread_mutex_lock(&worker->mutex);
    while (!worker->stop) {
        struct job *job = list_take(&worker->todo);
        if (!job) {
            pthread_cond_wait(&worker->wake, &worker->mutex);
            continue;
        }
        pthread_mutex_unlock(&worker->mutex);
        compute(job);
        pthread_mutex_lock(&worker->mutex);
        list_add(&worker->ready, job);
        NP_ASSERT(write(worker->bell, &one, sizeof one) == sizeof one);
    }
    pthread_mutex_unlock(&worker->mutex);
    return NULL;
}

static struct job *take_ready(struct worker *worker, struct list *list)
{
    pthread_mutex_lock(&worker->mutex);
    struct job *job = list_take(list);
    worker->n -= job != NULL;
    pthread_mutex_unlock(&worker->mutex);
    return job;
}

static void end_job(struct job *job)
{
    job->done(job->self, job->good, &job->record);
    OPENSSL_cleanse(job, sizeof *job);
    free(job);
}

static void on_bell(int file, short what, void *self)
{
    (void)what;
    struct worker *worker = self;
    struct job *job;
    uint64_t count;
    if (read(file, &count, sizeof count) != sizeof count)
        return;
    while ((job = take_ready(worker, &worker->ready)))
        end_job(job);
}

enum err_code worker_new(struct worker **made, struct event_base *base, struct err *err)
{
    struct worker *worker = calloc(1, sizeof *worker);
    NP_ASSERT(worker);
    worker->todo.last = &worker->todo.first;
    worker->ready.last = &worker->ready.first;
    pthread_mutex_init(&worker->mutex, NULL);
    pthread_cond_init(&worker->wake, NULL);
    worker->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (worker->bell < 0) {
        free(worker);
        return err_errno(err, ERR_SOCKET, "no event file for the passwords' thread");
    }
    worker->event = event_new(base, worker->bell, EV_READ | EV_PERSIST, on_bell, worker);
    NP_ASSERT(worker->event && event_add(worker->event, NULL) == 0);
    if (pthread_create(&worker->thread, NULL, work, worker) != 0) {
        event_free(worker->event);
        close(worker->bell);
        free(worker);
        return err_set(err, ERR_PROCESS, "the passwords' thread cannot be started");
    }
    *made = worker;
    return ERR_OK;
}

void worker_free(struct worker *worker)
{
    struct job *job;
    if (!worker)
        return;
    pthread_mutex_lock(&worker->mutex);
    worker->stop = true;
    pthread_cond_signal(&worker->wake);
    pthread_mutex_unlock(&worker->mutex);
    pthread_join(worker->thread, NULL);
    while ((job = take_ready(worker, &worker->ready)) || (job = take_ready(worker, &worker->todo)))
        end_job(job);
    event_free(worker->event);
    close(worker->bell);
    pthread_mutex_destroy(&worker->mutex);
    pthread_cond_destroy(&worker->wake);
    free(worker);
}

static bool add(struct worker *worker, const struct job *like, const char *password)
{
    NP_ASSERT(strlen(password) <= WEB_PASSWORD_BYTES_MAX);
    pthread_mutex_lock(&worker->mutex);
    bool room = worker->n < WEB_PASSWORD_JOBS_MAX;
    worker->n += room;
    pthread_mutex_unlock(&worker->mutex);
    if (!room)
        return false;
    struct job *job = malloc(sizeof *job);
    NP_ASSERT(job);
    *job = *like;
    strcpy(job->password, password);
    pthread_mutex_lock(&worker->mutex);
    list_add(&worker->todo, job);
    pthread_cond_signal(&worker->wake);
    pthread_mutex_unlock(&worker->mutex);
    return true;
}

bool worker_verify(struct worker *worker, const char *password, const struct password_record *record,
                   void (*done)(void *self, bool good, const struct password_record *record), void *self)
{
    return add(worker, &(struct job){.record = *record, .done = done, .self = self}, password);
}

bool worker_make(struct worker *worker, const char *password, const struct password_cost *cost,
                 void (*done)(void *self, bool good, const struct password_record *record), void *self)
{
    return add(worker, &(struct job){.make = true, .record = {.cost = *cost}, .done = done, .self = self},
               password);
}
