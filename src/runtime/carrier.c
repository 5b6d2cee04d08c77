#include "runtime/carrier.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"

#define PAUSE (2 * CLOCK_MILLISECOND) /* between two messages */
#define SILENCE (5 * CLOCK_SECOND)    /* then the line is tested */
#define BACKOFF_FIRST (100 * CLOCK_MILLISECOND)
#define BACKOFF_LAST (2 * CLOCK_SECOND)

struct carrier {
    struct wake *wake;
    struct carrier_line *line;
    pthread_t thread;
    int stopping; /* eventfd */
    atomic_bool stop;
    int descriptor; /* of the line; negative while it is closed */
    int64_t backoff;
    int64_t sent_at;
    int64_t heard_at;
};

/* Until one of the descriptors is readable, or `timeout` microseconds. */
static void wait_for(struct pollfd *watched, nfds_t count, int64_t timeout)
{
    if (timeout < 0)
        timeout = 0;
    for (nfds_t i = 0; i < count; i++)
        watched[i].revents = 0;
    poll(watched, count, (int)((timeout + CLOCK_MILLISECOND - 1) / CLOCK_MILLISECOND));
}

static void pause_for(struct carrier *carrier, int64_t time)
{
    struct pollfd watched = {.fd = carrier->stopping, .events = POLLIN};
    wait_for(&watched, 1, time);
}

static void hang_up(struct carrier *carrier)
{
    wake_set_carried(carrier->wake, false);
    carrier->line->engine->close(carrier->line);
    carrier->descriptor = -1;
}

/* Opens the line, or else waits a while. */
static void open_line(struct carrier *carrier)
{
    carrier->descriptor = carrier->line->engine->open(carrier->line);
    if (carrier->descriptor >= 0) {
        carrier->sent_at = carrier->heard_at = clock_monotonic();
        wake_set_carried(carrier->wake, true);
        return;
    }
    carrier->backoff = carrier->backoff == 0 ? BACKOFF_FIRST : carrier->backoff * 2;
    if (carrier->backoff > BACKOFF_LAST)
        carrier->backoff = BACKOFF_LAST;
    int64_t half = carrier->backoff / 2;
    pause_for(carrier, half + (int64_t)(random_integer() % (uint64_t)half));
}

/* What a call of the engine has heard, or its error. */
static int note_heard(struct carrier *carrier, int count)
{
    if (count > 0) {
        carrier->heard_at = clock_monotonic();
        carrier->backoff = 0;
    }
    return count;
}

static int send_news(struct carrier *carrier)
{
    char storage[WAKE_MESSAGE_LIMIT];
    struct buffer message;
    int64_t since = clock_monotonic() - carrier->sent_at;
    if (since < PAUSE)
        pause_for(carrier, PAUSE - since);
    buffer_init_fixed(&message, storage, sizeof storage);
    wake_take(carrier->wake, &message);
    carrier->sent_at = clock_monotonic();
    struct carrier_line *line = carrier->line;
    return note_heard(carrier, line->engine->send(line, carrier->wake, buffer_text(&message)));
}

/* Waits for something to do and does it. A negative code when the line is of no use any more. */
static int carry(struct carrier *carrier)
{
    struct carrier_line *line = carrier->line;
    struct pollfd watched[] = {
        {.fd = carrier->stopping, .events = POLLIN},
        {.fd = wake_descriptor(carrier->wake), .events = POLLIN},
        {.fd = carrier->descriptor, .events = POLLIN},
    };
    wait_for(watched, 3, carrier->sent_at + SILENCE - clock_monotonic());
    int error = 0;
    if (watched[2].revents != 0)
        error = note_heard(carrier, line->engine->receive(line, carrier->wake));
    bool silent = clock_monotonic() - carrier->sent_at >= SILENCE;
    if (error >= 0 && silent && carrier->heard_at < carrier->sent_at)
        return ERROR_UNAVAILABLE;
    if (error >= 0 && (watched[1].revents != 0 || silent))
        error = send_news(carrier);
    return error;
}

static void *carrier_main(void *argument)
{
    struct carrier *carrier = argument;
    while (!atomic_load(&carrier->stop)) {
        if (carrier->descriptor < 0)
            open_line(carrier);
        else if (carry(carrier) < 0)
            hang_up(carrier);
    }
    if (carrier->descriptor >= 0)
        hang_up(carrier);
    return NULL;
}

static void carrier_free(struct carrier *carrier)
{
    if (carrier->stopping >= 0)
        close(carrier->stopping);
    carrier->line->engine->free(carrier->line);
    free(carrier);
}

int carrier_start(struct carrier **ret_carrier, struct wake *wake, struct carrier_line *line)
{
    struct carrier *carrier = memory_allocate(sizeof *carrier);
    carrier->wake = wake;
    carrier->line = line;
    carrier->descriptor = -1;
    carrier->stopping = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (carrier->stopping < 0 ||
        pthread_create(&carrier->thread, NULL, carrier_main, carrier) != 0) {
        carrier_free(carrier);
        return ERROR_UNAVAILABLE;
    }
    pthread_setname_np(carrier->thread, "errand-carrier");
    *ret_carrier = carrier;
    return 0;
}

void carrier_stop(struct carrier *carrier)
{
    if (carrier == NULL)
        return;
    const uint64_t one = 1;
    atomic_store(&carrier->stop, true);
    ssize_t written = write(carrier->stopping, &one, sizeof one);
    (void)written; /* only the flag matters when it is full */
    pthread_join(carrier->thread, NULL);
    carrier_free(carrier);
}
