#include "net/net.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "net/multi.h"
#include "net/transfer.h"
#include "runtime/fiber.h"
#include "runtime/loop.h"

/* A handle that is performed by itself, blocking, keeps its connection: so many wait for the next
 * caller. In a fiber the connections are the multi handle's. */
enum { IDLE_HANDLES = 8 };

struct net {
    pthread_mutex_t mutex; /* of the idle handles */
    CURL *idle[IDLE_HANDLES];
    size_t idle_count;
    unsigned loops;
    struct multi *multis[]; /* each its loop's own, NULL until that first fetches something */
};

struct net *net_create(unsigned loops)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
    struct net *net = memory_allocate(sizeof *net + loops * sizeof(struct multi *));
    pthread_mutex_init(&net->mutex, NULL);
    net->loops = loops;
    return net;
}

void net_free(struct net *net)
{
    if (net == NULL)
        return;
    for (size_t i = 0; i < net->idle_count; i++)
        curl_easy_cleanup(net->idle[i]);
    for (unsigned i = 0; i < net->loops; i++)
        multi_free(net->multis[i]);
    pthread_mutex_destroy(&net->mutex);
    free(net);
    curl_global_cleanup();
}

static CURL *handle_create(void)
{
    CURL *easy = curl_easy_init();
    if (easy == NULL)
        memory_exhausted(0);
    return easy;
}

static CURL *handle_take(struct net *net)
{
    CURL *easy = NULL;
    pthread_mutex_lock(&net->mutex);
    if (net->idle_count > 0)
        easy = net->idle[--net->idle_count];
    pthread_mutex_unlock(&net->mutex);
    return easy == NULL ? handle_create() : easy;
}

static void handle_return(struct net *net, CURL *easy)
{
    pthread_mutex_lock(&net->mutex);
    bool kept = net->idle_count < IDLE_HANDLES;
    if (kept)
        net->idle[net->idle_count++] = easy;
    pthread_mutex_unlock(&net->mutex);
    if (!kept)
        curl_easy_cleanup(easy);
}

static int perform_parked(struct net *net, CURL *easy, CURLcode *ret_code)
{
    unsigned index = loop_index(loop_current());
    if (index >= net->loops)
        return ERROR_INTERNAL;
    if (net->multis[index] == NULL) {
        int error = multi_create(&net->multis[index]);
        if (error < 0)
            return error;
    }
    return multi_perform(net->multis[index], easy, ret_code);
}

int net_fetch(struct net *net, struct arena *arena, const struct net_request *request,
              struct net_answer *ret_answer, struct text *ret_message)
{
    if (net_check_url(request->url) < 0) {
        *ret_message = TEXT("no URL of http or https");
        return ERROR_INVALID;
    }
    bool parks = fiber_current() != NULL;
    CURL *easy = parks ? handle_create() : handle_take(net);
    struct transfer transfer;
    CURLcode code = CURLE_OK;
    int error = transfer_begin(&transfer, easy, arena, request);
    if (error == 0 && parks)
        error = perform_parked(net, easy, &code);
    else if (error == 0)
        code = curl_easy_perform(easy);
    if (error == 0)
        error = transfer_finish(&transfer, code, ret_answer, ret_message);
    else
        *ret_message = text_from(error_text(error));
    transfer_release(&transfer);
    if (parks)
        curl_easy_cleanup(easy);
    else
        handle_return(net, easy);
    return error;
}

struct text net_answer_header(const struct net_answer *answer, const char *name)
{
    for (size_t i = answer->header_count; i > 0; i--) {
        const struct net_header *header = &answer->headers[i - 1];
        if (text_equal_ignoring_case(text_from(header->name), text_from(name)))
            return text_from(header->value);
    }
    return TEXT_NULL;
}

int net_check_url(const char *url)
{
    CURLU *parsed = curl_url();
    if (parsed == NULL)
        memory_exhausted(0);
    char *scheme = NULL;
    bool is_url = curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK &&
                  curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                  (text_is(text_from(scheme), "http") || text_is(text_from(scheme), "https"));
    curl_free(scheme);
    curl_url_cleanup(parsed);
    return is_url ? 0 : ERROR_INVALID;
}
