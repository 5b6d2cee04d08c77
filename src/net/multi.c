#include "net/multi.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/container.h"
#include "base/error.h"
#include "base/memory.h"
#include "runtime/fiber.h"
#include "runtime/loop.h"
#include "runtime/wait.h"

enum {
    EVENTS_A_CALL = 32,
    CONNECTIONS = 64, /* of one loop; further transfers wait for one, within their timeout */
};

struct multi {
    CURLM *handle;
    int epoll;
    unsigned active; /* transfers */
    struct loop *loop;
    struct loop_watch watch;
    struct loop_timer timer;
};

/* One transfer, on the stack of the fiber that waits for it. */
struct transfer_wait {
    struct fiber *fiber;
    bool ended; /* and out of the multi handle */
    CURLcode code;
};

/* A transfer more, or one less: the loop has something of ours only while there are any. */

static int enter(struct multi *multi)
{
    if (multi->active == 0) {
        multi->loop = loop_current();
        if (loop_watch_start(multi->loop, &multi->watch, EPOLLIN) < 0)
            return ERROR_IO;
    }
    multi->active++;
    return 0;
}

static void leave(struct multi *multi, CURL *easy)
{
    curl_multi_remove_handle(multi->handle, easy);
    multi->active--;
    if (multi->active == 0) {
        loop_watch_stop(multi->loop, &multi->watch);
        loop_timer_stop(multi->loop, &multi->timer);
    }
}

static void wake_ended(struct multi *multi)
{
    int waiting;
    CURLMsg *message;
    while ((message = curl_multi_info_read(multi->handle, &waiting)) != NULL) {
        if (message->msg != CURLMSG_DONE)
            continue;
        CURL *easy = message->easy_handle;
        char *private = NULL;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
        struct transfer_wait *wait = (void *)private;
        wait->code = message->data.result;
        wait->ended = true;
        leave(multi, easy);
        fiber_wake(wait->fiber, 0);
    }
}

/* What the loop calls. */

static void sockets_ready(struct loop_watch *watch, uint32_t unused)
{
    (void)unused;
    struct multi *multi = CONTAINER_OF(watch, struct multi, watch);
    struct epoll_event events[EVENTS_A_CALL];
    int count = epoll_wait(multi->epoll, events, EVENTS_A_CALL, 0);
    for (int i = 0; i < count; i++) {
        int mask = 0;
        if ((events[i].events & EPOLLIN) != 0)
            mask |= CURL_CSELECT_IN;
        if ((events[i].events & EPOLLOUT) != 0)
            mask |= CURL_CSELECT_OUT;
        if ((events[i].events & (EPOLLERR | EPOLLHUP)) != 0)
            mask |= CURL_CSELECT_ERR;
        int running;
        /* A socket that libcurl has closed since is one that it does not know, and ignores. */
        curl_multi_socket_action(multi->handle, events[i].data.fd, mask, &running);
    }
    wake_ended(multi);
}

static void timer_expired(struct loop_timer *timer)
{
    struct multi *multi = CONTAINER_OF(timer, struct multi, timer);
    int running;
    curl_multi_socket_action(multi->handle, CURL_SOCKET_TIMEOUT, 0, &running);
    wake_ended(multi);
}

/* What libcurl calls. */

/* A failure here would end the multi handle for good; a socket that cannot be watched ends its own
 * transfer, by the timeout. */
static int socket_wanted(CURL *easy, curl_socket_t socket, int what, void *context, void *unused)
{
    (void)easy;
    (void)unused;
    struct multi *multi = context;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(multi->epoll, EPOLL_CTL_DEL, socket, NULL);
        return 0;
    }
    struct epoll_event event = {.data.fd = socket};
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
        event.events |= EPOLLIN;
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
        event.events |= EPOLLOUT;
    if (epoll_ctl(multi->epoll, EPOLL_CTL_MOD, socket, &event) < 0 && errno == ENOENT)
        epoll_ctl(multi->epoll, EPOLL_CTL_ADD, socket, &event);
    return 0;
}

static int timer_wanted(CURLM *handle, long milliseconds, void *context)
{
    (void)handle;
    struct multi *multi = context;
    if (milliseconds < 0)
        loop_timer_stop(multi->loop, &multi->timer);
    else
        loop_timer_start(multi->loop, &multi->timer,
                         clock_monotonic() + milliseconds * CLOCK_MILLISECOND);
    return 0;
}

int multi_create(struct multi **ret_multi)
{
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0)
        return ERROR_IO;
    struct multi *multi = memory_allocate(sizeof *multi);
    multi->epoll = epoll;
    multi->watch = (struct loop_watch){epoll, sockets_ready};
    multi->timer.expired = timer_expired;
    multi->handle = curl_multi_init();
    if (multi->handle == NULL)
        memory_exhausted(sizeof *multi);
    curl_multi_setopt(multi->handle, CURLMOPT_SOCKETFUNCTION, socket_wanted);
    curl_multi_setopt(multi->handle, CURLMOPT_SOCKETDATA, multi);
    curl_multi_setopt(multi->handle, CURLMOPT_TIMERFUNCTION, timer_wanted);
    curl_multi_setopt(multi->handle, CURLMOPT_TIMERDATA, multi);
    curl_multi_setopt(multi->handle, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)CONNECTIONS);
    *ret_multi = multi;
    return 0;
}

void multi_free(struct multi *multi)
{
    if (multi == NULL)
        return;
    /* The loop has gone, and with it whoever a timer could be asked of. */
    curl_multi_setopt(multi->handle, CURLMOPT_TIMERFUNCTION, NULL);
    curl_multi_cleanup(multi->handle);
    close(multi->epoll);
    free(multi);
}

int multi_perform(struct multi *multi, CURL *easy, CURLcode *ret_code)
{
    struct transfer_wait wait = {.fiber = fiber_current()};
    if (enter(multi) < 0)
        return ERROR_IO;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, &wait);
    if (curl_multi_add_handle(multi->handle, easy) != CURLM_OK) {
        leave(multi, easy);
        return ERROR_IO;
    }
    int error = wait_woken();
    if (!wait.ended)
        leave(multi, easy);
    if (error == 0)
        *ret_code = wait.code;
    return error;
}
