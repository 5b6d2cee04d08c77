#include "domain/job_broker.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/config.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "domain/job_consumer.h"
#include "domain/job_inbox.h"
#include "domain/job_queue.h"
#include "domain/job_relay.h"

enum { LINES = 2, REASON_SIZE = 512 };

struct job_broker {
    struct queue_address address;
    struct job_queue *queue;
    struct job_inbox *inbox;
    struct job_relay *relay;
    struct job_consumer *consumer;
    atomic_bool is_up;
    atomic_uint_fast64_t counts[JOB_BROKER_COUNTS];
    pthread_mutex_t mutex;
    int lines_up;
    bool told; /* the log has it that it is away */
    char reason[REASON_SIZE];
};

static void wake_consumer(void *argument)
{
    struct job_broker *broker = argument;
    job_consumer_wake(broker->consumer);
}

static bool carries(void *argument)
{
    struct job_broker *broker = argument;
    if (!job_broker_is_up(broker))
        return false;
    job_relay_wake(broker->relay);
    return true;
}

int job_broker_create(struct job_broker **ret_broker, const struct config *config,
                      struct job_queue *queue, struct arena *arena, struct text *ret_message)
{
    struct text words;
    struct queue_address address;
    *ret_broker = NULL;
    if (config->rabbitmq_url == NULL || config->rabbitmq_url[0] == '\0') {
        if (text_trim(text_from(config->job_external_operations)).length == 0)
            return 0;
        *ret_message = TEXT("JOB_EXTERNAL_OPERATIONS is set, so RABBITMQ_URL must be set too");
        return ERROR_INVALID;
    }
    if (queue_address_parse(&address, arena, config->rabbitmq_url, &words) < 0) {
        *ret_message = arena_format(arena, "RABBITMQ_URL %.*s", TEXT_ARGUMENTS(words));
        return ERROR_INVALID;
    }
    struct job_broker *broker = memory_allocate(sizeof *broker);
    broker->address = address;
    broker->queue = queue;
    broker->inbox = job_inbox_create(wake_consumer, broker);
    snprintf(broker->reason, sizeof broker->reason, "not connected yet");
    pthread_mutex_init(&broker->mutex, NULL);
    job_queue_set_broker(queue, carries, broker);
    *ret_broker = broker;
    return 0;
}

void job_broker_free(struct job_broker *broker)
{
    if (broker == NULL)
        return;
    job_inbox_free(broker->inbox);
    pthread_mutex_destroy(&broker->mutex);
    free(broker);
}

int job_broker_start(struct job_broker *broker, struct services *services, unsigned workers)
{
    if (broker == NULL)
        return 0;
    int error = job_relay_start(&broker->relay, services, &broker->address);
    if (error == 0)
        error = job_consumer_start(&broker->consumer, services, &broker->address, broker->inbox,
                                   workers);
    return error;
}

void job_broker_stop(struct job_broker *broker)
{
    if (broker == NULL)
        return;
    job_consumer_stop(broker->consumer); /* its thread wakes the relay */
    job_relay_stop(broker->relay);
    atomic_store(&broker->is_up, false);
    broker->relay = NULL;
    broker->consumer = NULL;
}

bool job_broker_is_up(const struct job_broker *broker)
{
    return broker != NULL && atomic_load(&broker->is_up);
}

struct job_inbox *job_broker_inbox(const struct job_broker *broker)
{
    return broker == NULL ? NULL : broker->inbox;
}

/* What the lines say. */

void job_broker_note_up(struct job_broker *broker)
{
    pthread_mutex_lock(&broker->mutex);
    if (++broker->lines_up == LINES) {
        log_info("RabbitMQ at %s carries jobs", broker->address.shown);
        broker->told = false;
        atomic_store(&broker->is_up, true);
    }
    pthread_mutex_unlock(&broker->mutex);
    job_relay_wake(broker->relay);
}

void job_broker_note_down(struct job_broker *broker, bool was_up, const char *reason)
{
    pthread_mutex_lock(&broker->mutex);
    broker->lines_up -= was_up;
    atomic_store(&broker->is_up, false);
    snprintf(broker->reason, sizeof broker->reason, "%s", reason);
    if (!broker->told)
        log_warning("RabbitMQ at %s: %s; until it is back workers take jobs from the database",
                    broker->address.shown, reason);
    broker->told = true;
    pthread_mutex_unlock(&broker->mutex);
    job_queue_call(broker->queue, 0);
}

struct text job_broker_reason(struct job_broker *broker, struct arena *arena)
{
    if (broker == NULL || job_broker_is_up(broker))
        return TEXT_NULL;
    pthread_mutex_lock(&broker->mutex);
    struct text reason = arena_format(arena, "RabbitMQ: %s", broker->reason);
    pthread_mutex_unlock(&broker->mutex);
    return reason;
}

void job_broker_count(struct job_broker *broker, enum job_broker_count what, uint64_t count)
{
    atomic_fetch_add(&broker->counts[what], count);
}

void job_broker_write_metrics(const struct job_broker *broker, struct buffer *out)
{
    static const char *const names[JOB_BROKER_COUNTS] = {
        [JOB_BROKER_PUBLISHED] = "published",  [JOB_BROKER_CONFIRMED] = "confirmed",
        [JOB_BROKER_CONSUMED] = "consumed",    [JOB_BROKER_REJECTED] = "rejected",
        [JOB_BROKER_BURIED] = "dead_lettered",
    };
    if (broker == NULL)
        return;
    buffer_format(out,
                  "# HELP broker_connected Whether the broker of jobs is reached.\n"
                  "# TYPE broker_connected gauge\n"
                  "broker_connected %d\n"
                  "# HELP broker_messages_total Messages about jobs, by what became of them.\n"
                  "# TYPE broker_messages_total counter\n",
                  job_broker_is_up(broker));
    for (size_t i = 0; i < JOB_BROKER_COUNTS; i++)
        buffer_format(out, "broker_messages_total{event=\"%s\"} %ju\n", names[i],
                      (uintmax_t)atomic_load(&broker->counts[i]));
}
