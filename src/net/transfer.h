/*
 * transfer.h: one request and its answer in libcurl's terms.
 *
 * transfer_begin tells an easy handle what to send and where the answer goes, somebody performs it,
 * and transfer_finish makes an answer of it. Lives on the caller's stack, and refers to the request
 * and the arena until transfer_release.
 */
#ifndef ERRAND_NET_TRANSFER_H
#define ERRAND_NET_TRANSFER_H

#include <curl/curl.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "net/net.h"

struct transfer {
    const struct net_request *request;
    struct arena *arena;
    CURL *easy;
    struct curl_slist *headers;
    struct buffer body;
    uint64_t size;       /* of the answer's body so far */
    off_t file_start;    /* of the body in the request's file */
    uint64_t file_taken; /* bytes of it that libcurl has */
    int failure;         /* what one of our callbacks stopped the transfer for; else 0 */
    int failure_number;  /* errno, for ERROR_IO */
    char message[CURL_ERROR_SIZE];
};

/* transfer_begin: ERROR_IO when the body's file has no offset. */
int transfer_begin(struct transfer *transfer, CURL *easy, struct arena *arena,
                   const struct net_request *request);

/* transfer_finish: the answer, or what `code` comes to; see net_fetch. */
int transfer_finish(struct transfer *transfer, CURLcode code, struct net_answer *ret_answer,
                    struct text *ret_message);

/* transfer_release: after either of the two. The easy handle stays the caller's. */
void transfer_release(struct transfer *transfer);

#endif
