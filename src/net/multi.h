/*
 * multi.h: the transfers of one loop, a libcurl multi handle.
 *
 *   loop's epoll ── watch ── multi's epoll ── the sockets of all transfers
 *            └───── timer                     of the multi handle
 *
 * libcurl says which sockets it wants watched for what; they go into an epoll descriptor of the
 * multi's own, and the loop watches that one. So libcurl may change its mind, or close a socket,
 * at any moment: nothing of it lies in the loop. The watch and the timer run only while there are
 * transfers.
 *
 * For the loop's own thread; only multi_free may be called elsewhere, once the loop has ended.
 */
#ifndef ERRAND_NET_MULTI_H
#define ERRAND_NET_MULTI_H

#include <curl/curl.h>

struct multi;

/* multi_create: ERROR_IO. */
int multi_create(struct multi **ret_multi);
void multi_free(struct multi *multi);

/* multi_perform: parks the running fiber until the transfer has ended, and says how. The handle's
 * CURLOPT_PRIVATE is the multi's. ERROR_CANCELLED, ERROR_IO. */
int multi_perform(struct multi *multi, CURL *easy, CURLcode *ret_code);

#endif
