/*
 * wake.c: a message is "SENDER|TOPIC DETAIL DETAIL|TOPIC": "5f0c|events|ended 3d54... 9e3a...".
 */
#include "runtime/wake.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/random.h"

static const char *const names[WAKE_TOPICS] = {
    [WAKE_EVENTS] = "events",
    [WAKE_JOBS] = "jobs",
    [WAKE_ENDED] = "ended",
};

enum { SENDER_SIZE = 17, DETAILS_SIZE = 6000 };

/* What is to be told of a topic. */
struct news {
    bool any;
    bool unnamed; /* there are more than the details have room for, or one without */
    size_t length;
    char details[DETAILS_SIZE]; /* each with a space before it */
};

struct wake {
    char sender[SENDER_SIZE];
    int descriptor;
    atomic_bool carried;
    atomic_uint_fast64_t told; /* messages */
    atomic_uint_fast64_t heard;
    pthread_mutex_t mutex; /* of the rest */
    bool called;           /* the descriptor is readable */
    struct news news[WAKE_TOPICS];
    struct wake_listener *listeners[WAKE_TOPICS];
};

struct wake *wake_create(void)
{
    struct wake *wake = memory_allocate(sizeof *wake);
    snprintf(wake->sender, sizeof wake->sender, "%016" PRIx64, random_integer());
    wake->descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&wake->mutex, NULL);
    return wake;
}

void wake_free(struct wake *wake)
{
    if (wake == NULL)
        return;
    if (wake->descriptor >= 0)
        close(wake->descriptor);
    pthread_mutex_destroy(&wake->mutex);
    free(wake);
}

void wake_subscribe(struct wake *wake, enum wake_topic topic, struct wake_listener *listener)
{
    pthread_mutex_lock(&wake->mutex);
    listener->next = wake->listeners[topic];
    wake->listeners[topic] = listener;
    pthread_mutex_unlock(&wake->mutex);
}

/* With the mutex held. */
static void call_listeners(struct wake *wake, enum wake_topic topic, struct text detail)
{
    for (struct wake_listener *at = wake->listeners[topic]; at != NULL; at = at->next)
        at->hear(at, detail);
}

/* With the mutex held. */
static void note(struct news *news, struct text detail)
{
    news->any = true;
    if (detail.data == NULL || news->length + detail.length + 1 > sizeof news->details) {
        news->unnamed = true;
        return;
    }
    news->details[news->length++] = ' ';
    memcpy(news->details + news->length, detail.data, detail.length);
    news->length += detail.length;
}

/* With the mutex held. */
static void tell(struct wake *wake, enum wake_topic topic, struct text detail)
{
    if (!atomic_load(&wake->carried))
        return;
    note(&wake->news[topic], detail);
    if (wake->called)
        return;
    const uint64_t one = 1;
    wake->called = write(wake->descriptor, &one, sizeof one) == sizeof one;
}

void wake_publish(struct wake *wake, enum wake_topic topic, struct text detail)
{
    pthread_mutex_lock(&wake->mutex);
    call_listeners(wake, topic, detail);
    tell(wake, topic, detail);
    pthread_mutex_unlock(&wake->mutex);
}

void wake_tell(struct wake *wake, enum wake_topic topic, struct text detail)
{
    if (!atomic_load(&wake->carried))
        return;
    pthread_mutex_lock(&wake->mutex);
    tell(wake, topic, detail);
    pthread_mutex_unlock(&wake->mutex);
}

bool wake_is_carried(const struct wake *wake)
{
    return atomic_load(&wake->carried);
}

void wake_set_carried(struct wake *wake, bool carried)
{
    pthread_mutex_lock(&wake->mutex);
    bool begins = !atomic_exchange(&wake->carried, carried) && carried;
    for (size_t i = 0; i < WAKE_TOPICS && begins; i++) {
        call_listeners(wake, (enum wake_topic)i, TEXT_NULL);
        tell(wake, (enum wake_topic)i, TEXT_NULL);
    }
    pthread_mutex_unlock(&wake->mutex);
}

int wake_descriptor(const struct wake *wake)
{
    return wake->descriptor;
}

static void add_news(struct buffer *message, const char *name, struct news *news)
{
    buffer_add_char(message, '|');
    buffer_add_string(message, name);
    if (!news->unnamed)
        buffer_add(message, news->details, news->length);
    news->any = news->unnamed = false;
    news->length = 0;
}

void wake_take(struct wake *wake, struct buffer *message)
{
    pthread_mutex_lock(&wake->mutex);
    uint64_t count;
    ssize_t got = read(wake->descriptor, &count, sizeof count);
    (void)got; /* EAGAIN: for a sign of life */
    wake->called = false;
    atomic_fetch_add(&wake->told, 1);
    buffer_add_string(message, wake->sender);
    for (size_t i = 0; i < WAKE_TOPICS; i++) {
        if (wake->news[i].any)
            add_news(message, names[i], &wake->news[i]);
    }
    pthread_mutex_unlock(&wake->mutex);
}

/* "TOPIC DETAIL DETAIL", with the mutex held. One of a later version is passed over. */
static void hear_topic(struct wake *wake, struct text rest)
{
    struct text name;
    text_split(&rest, ' ', &name);
    size_t topic = 0;
    while (topic < WAKE_TOPICS && !text_is(name, names[topic]))
        topic++;
    if (topic == WAKE_TOPICS)
        return;
    if (rest.data == NULL)
        call_listeners(wake, (enum wake_topic)topic, TEXT_NULL);
    struct text detail;
    while (text_split(&rest, ' ', &detail))
        call_listeners(wake, (enum wake_topic)topic, detail);
}

void wake_hear(struct wake *wake, struct text message)
{
    struct text part;
    text_split(&message, '|', &part);
    if (text_is(part, wake->sender))
        return;
    atomic_fetch_add(&wake->heard, 1);
    pthread_mutex_lock(&wake->mutex);
    while (text_split(&message, '|', &part))
        hear_topic(wake, part);
    pthread_mutex_unlock(&wake->mutex);
}

void wake_write_metrics(struct wake *wake, struct buffer *out)
{
    buffer_format(out,
                  "# HELP wake_messages_total Messages of news to and from other processes.\n"
                  "# TYPE wake_messages_total counter\n"
                  "wake_messages_total{direction=\"told\"} %ju\n"
                  "wake_messages_total{direction=\"heard\"} %ju\n"
                  "# HELP wake_carried Whether other processes are told of news.\n"
                  "# TYPE wake_carried gauge\n"
                  "wake_carried %d\n",
                  (uintmax_t)atomic_load(&wake->told), (uintmax_t)atomic_load(&wake->heard),
                  wake_is_carried(wake));
}
