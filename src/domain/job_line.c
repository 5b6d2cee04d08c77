#include "domain/job_line.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include "domain/job_broker.h"
#include "runtime/background.h"
#include "runtime/wait.h"

#define STOP_PATIENCE (2 * CLOCK_SECOND)
#define STOP_INTERVAL (10 * CLOCK_MILLISECOND)

struct job_line {
    struct job_broker *broker;
    const struct job_line_role *role;
    void *owner;
    struct queue_link *link;
    struct background *background;
    int wake;
    int failures; /* since it was up the last time */
    bool up;
    atomic_bool closing;
    atomic_bool running; /* the thread is not merely waiting to connect again */
};

void job_line_wake(struct job_line *line)
{
    eventfd_write(line->wake, 1);
}

int job_line_wake_descriptor(const struct job_line *line)
{
    return line->wake;
}

bool job_line_is_closing(const struct job_line *line)
{
    return atomic_load(&line->closing);
}

static int64_t retry_delay(int failures)
{
    int64_t delay = JOB_LINE_DELAY_BASE;
    for (int i = 1; i < failures && delay < JOB_LINE_DELAY_LIMIT; i++)
        delay *= 2;
    if (delay > JOB_LINE_DELAY_LIMIT)
        delay = JOB_LINE_DELAY_LIMIT;
    return delay / 2 + (int64_t)(random_integer() % (uint64_t)(delay / 2));
}

static int connect_line(struct job_line *line)
{
    int error = queue_link_connect(line->link);
    if (error == 0)
        error = line->role->prepare(line->owner, line->link);
    if (error < 0)
        return error;
    line->up = true;
    line->failures = 0;
    job_broker_note_up(line->broker);
    return 0;
}

static int work(struct job_line *line)
{
    int error = 0;
    while (error >= 0 && !job_line_is_closing(line)) {
        eventfd_t ignored;
        (void)eventfd_read(line->wake, &ignored);
        error = line->role->work(line->owner, line->link);
    }
    return error;
}

static int64_t run_round(void *argument, const atomic_bool *stop)
{
    struct job_line *line = argument;
    (void)stop; /* job_line_stop sets `closing` first */
    atomic_store(&line->running, true);
    int error = 0;
    if (!job_line_is_closing(line))
        error = connect_line(line);
    if (error == 0)
        error = work(line);
    if (error < 0) {
        line->failures++;
        if (line->role->lose != NULL)
            line->role->lose(line->owner);
        if (!job_line_is_closing(line))
            job_broker_note_down(line->broker, line->up, queue_link_reason(line->link));
        line->up = false;
    }
    atomic_store(&line->running, false);
    return retry_delay(line->failures);
}

int job_line_start(struct job_line **ret_line, struct job_broker *broker,
                   const struct queue_address *address, const struct job_line_role *role,
                   void *owner)
{
    struct job_line *line = memory_allocate(sizeof *line);
    line->broker = broker;
    line->role = role;
    line->owner = owner;
    line->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    line->link = queue_link_create(address, role->purpose);
    *ret_line = line; /* before the thread looks for it there */
    int error = line->wake < 0 ? ERROR_UNAVAILABLE
                               : background_start(&line->background, role->thread, run_round, line);
    if (error < 0) {
        *ret_line = NULL;
        job_line_stop(line);
    }
    return error;
}

void job_line_stop(struct job_line *line)
{
    if (line == NULL)
        return;
    int64_t deadline = clock_monotonic() + STOP_PATIENCE;
    atomic_store(&line->closing, true);
    if (line->wake >= 0)
        job_line_wake(line);
    while (atomic_load(&line->running) && clock_monotonic() < deadline)
        wait_timer(clock_monotonic() + STOP_INTERVAL);
    if (atomic_load(&line->running))
        queue_link_break(line->link);
    background_stop(line->background);
    if (queue_link_is_open(line->link) && line->role->finish != NULL)
        line->role->finish(line->owner, line->link);
    queue_link_free(line->link);
    if (line->wake >= 0)
        close(line->wake);
    free(line);
}
