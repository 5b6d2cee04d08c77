#include "api/idempotency.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

#include "api/api.h"
#include "base/container.h"
#include "base/error.h"
#include "base/memory.h"
#include "domain/idempotency.h"
#include "domain/transaction.h"
#include "http/body_digest.h"
#include "http/body_stream.h"
#include "http/multipart.h"
#include "schema/json_tree.h"

enum { BUCKETS = 256 };

/* One key that is being worked on; in its request's arena. */
struct running_key {
    struct running_key *next;
    struct text sender;
    struct text key;
};

struct running_keys {
    pthread_mutex_t mutex;
    struct running_key *buckets[BUCKETS];
};

/* A request with a key, from its arrival to its answer. */
struct idempotent_request {
    struct transaction_hook hook;
    struct request *request;
    struct idempotent_answer answer;
    struct running_key running;
    struct body_digest *body; /* of a body that streams; NULL for one that is there */
    bool kept;
};

struct running_keys *running_keys_create(void)
{
    struct running_keys *keys = memory_allocate(sizeof *keys);
    pthread_mutex_init(&keys->mutex, NULL);
    return keys;
}

void running_keys_free(struct running_keys *keys)
{
    if (keys == NULL)
        return;
    pthread_mutex_destroy(&keys->mutex);
    free(keys);
}

static struct running_key **bucket_of(struct running_keys *keys, const struct running_key *key)
{
    uint64_t hash = text_hash(key->key, text_hash(key->sender, 0));
    return &keys->buckets[hash % BUCKETS];
}

/* Notes that `key` is being worked on; false when it is already. */
static bool running_keys_enter(struct running_keys *keys, struct running_key *key)
{
    pthread_mutex_lock(&keys->mutex);
    struct running_key **bucket = bucket_of(keys, key);
    struct running_key *other = *bucket;
    while (other != NULL &&
           !(text_equal(other->sender, key->sender) && text_equal(other->key, key->key)))
        other = other->next;
    if (other == NULL) {
        key->next = *bucket;
        *bucket = key;
    }
    pthread_mutex_unlock(&keys->mutex);
    return other == NULL;
}

static void running_keys_leave(struct running_keys *keys, struct running_key *key)
{
    pthread_mutex_lock(&keys->mutex);
    struct running_key **place = bucket_of(keys, key);
    while (*place != key)
        place = &(*place)->next;
    *place = key->next;
    pthread_mutex_unlock(&keys->mutex);
}

/* Who sent it: keys of different senders never meet. */
static struct text sender_of(struct request *request)
{
    if (request->identity.user_id != 0)
        return arena_format(&request->arena, "user:%jd", (intmax_t)request->identity.user_id);
    struct buffer buffer;
    buffer_init(&buffer, &request->arena, 64);
    buffer_add_string(&buffer, "address:");
    for (size_t i = 0; i < sizeof request->address.bytes; i++)
        buffer_format(&buffer, "%02x", request->address.bytes[i]);
    return buffer_text(&buffer);
}

/* SHA-256 over what makes two requests the same: method, path, query and body. */
static struct text hash_of(struct request *request, struct text body)
{
    const struct text parts[] = {request->method_name, request->path, request->query_string, body};
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context == NULL)
        memory_exhausted(1);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_DigestInit_ex(context, EVP_sha256(), NULL);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        uint64_t length = parts[i].length;
        EVP_DigestUpdate(context, &length, sizeof length);
        EVP_DigestUpdate(context, parts[i].data, parts[i].length);
    }
    EVP_DigestFinal_ex(context, digest, &size);
    EVP_MD_CTX_free(context);
    struct buffer buffer;
    buffer_init(&buffer, &request->arena, 2 * EVP_MAX_MD_SIZE + 1);
    for (unsigned int i = 0; i < size; i++)
        buffer_format(&buffer, "%02x", digest[i]);
    return buffer_text(&buffer);
}

/* A body that streams is known when it has been read to its end. */
static bool settle_hash(struct idempotent_request *idempotent)
{
    struct request *request = idempotent->request;
    if (idempotent->answer.request_hash.data != NULL)
        return true;
    if (idempotent->body != NULL && !idempotent->body->finished)
        return false;
    struct text body =
        idempotent->body == NULL ? buffer_text(&request->body) : text_from(idempotent->body->text);
    idempotent->answer.request_hash = hash_of(request, body);
    return true;
}

/* The headers that the handler has set, as JSON; those of every answer come later, anew. */
static struct text describe_headers(struct request *request)
{
    struct buffer buffer;
    struct json json;
    reply_begin(request, &buffer, &json);
    json_begin_array(&json);
    for (size_t i = 0; i < request->reply.header_count; i++) {
        json_begin_array(&json);
        json_put_string(&json, request->reply.headers[i].name);
        json_put_string(&json, request->reply.headers[i].value);
        json_end_array(&json);
    }
    json_end_array(&json);
    return buffer_text(&buffer);
}

static void describe_answer(struct idempotent_request *idempotent)
{
    struct request *request = idempotent->request;
    idempotent->answer.status = request->reply.status;
    idempotent->answer.headers = describe_headers(request);
    idempotent->answer.body = request->reply.body;
}

/* Inside the transaction of the change, before it: somebody else may have made it meanwhile. */
static int before_change(struct db_connection *connection, struct transaction_hook *hook)
{
    struct idempotent_request *idempotent = CONTAINER_OF(hook, struct idempotent_request, hook);
    if (!settle_hash(idempotent))
        return ERROR_INTERNAL; /* a handler that changes things before it has read its body */
    int error = idempotency_load(connection, &idempotent->request->arena, &idempotent->answer);
    if (error == ERROR_NOT_FOUND)
        return 0;
    return error < 0 ? error : ERROR_REPEATED;
}

/* And after it: the answer is made and kept. */
static int after_change(struct db_connection *connection, struct transaction_hook *hook)
{
    struct idempotent_request *idempotent = CONTAINER_OF(hook, struct idempotent_request, hook);
    struct request *request = idempotent->request;
    if (request->render == NULL)
        return 0; /* the handler makes more than one change; see run_and_keep */
    request->reply = (struct reply){0};
    int error = request->render(request, request->render_argument);
    if (error < 0)
        return error;
    describe_answer(idempotent);
    error = idempotency_keep(connection, &idempotent->answer);
    if (error < 0)
        return error;
    idempotent->kept = true;
    return 0;
}

static int replay(struct request *request, const struct idempotent_answer *answer)
{
    const json_t *headers;
    request->reply = (struct reply){0};
    if (json_tree_parse(&request->arena, answer->headers, &headers, NULL) < 0)
        return ERROR_INTERNAL;
    for (size_t i = 0; i < json_array_size(headers); i++) {
        const json_t *header = json_array_get(headers, i);
        reply_header_constant(request, json_string_value(json_array_get(header, 0)),
                              json_string_value(json_array_get(header, 1)));
    }
    reply_header_constant(request, "Idempotent-Replayed", "true");
    request->reply.status = (int)answer->status;
    request->reply.body = answer->body;
    return 0;
}

static int refuse_other_request(struct request *request)
{
    return reply_error(request, 422, "This Idempotency-Key was used for another request");
}

static int run_handler(struct request *request)
{
    int error = request->match.route->handler(request);
    if (error >= 0 && request->reply.status == 0 && request->render != NULL)
        error = request->render(request, request->render_argument);
    return error;
}

static int keep_afterwards(struct db_connection *connection, void *argument)
{
    return idempotency_keep(connection, argument);
}

static int run_and_keep(struct idempotent_request *idempotent)
{
    struct request *request = idempotent->request;
    request->hook = &idempotent->hook;
    int error = run_handler(request);
    request->hook = NULL;
    if (error == ERROR_REPEATED)
        return replay(request, &idempotent->answer);
    if (error < 0 || request->reply.status >= 400 || idempotent->kept || !settle_hash(idempotent))
        return error;
    /* A handler without a change, or with several: its answer is kept as soon as it is there. */
    describe_answer(idempotent);
    return db_write(services_of(request)->db, keep_afterwards, &idempotent->answer);
}

/* The body of a request whose answer is kept: read to its end for its digest alone. ERROR_INVALID
 * when it is no form though it says so. */
static int read_body(struct request *request)
{
    struct multipart *form = arena_allocate(&request->arena, sizeof *form);
    struct multipart_part part;
    int more;
    if (multipart_begin_request(form, request) == 0) {
        while ((more = multipart_next(form, &part)) > 0)
            ;
        return more;
    }
    while ((more = request_read(request, form->buffer, sizeof form->buffer)) > 0)
        ;
    return more;
}

/* There is an answer; whether it is one to this request, a body that streams has yet to show. */
static int compare_and_replay(struct idempotent_request *idempotent)
{
    struct request *request = idempotent->request;
    int error = idempotent->body == NULL ? 0 : read_body(request);
    if (error < 0 && error != ERROR_INVALID)
        return error;
    if (!settle_hash(idempotent) ||
        !text_equal(idempotent->answer.request_hash, idempotent->answer.kept_hash))
        return refuse_other_request(request);
    return replay(request, &idempotent->answer);
}

static int run_with_key(struct idempotent_request *idempotent)
{
    struct request *request = idempotent->request;
    if (idempotent->body == NULL)
        settle_hash(idempotent);
    int error = idempotency_find(services_of(request), &request->arena, &idempotent->answer);
    if (error == ERROR_CONFLICT)
        return refuse_other_request(request);
    if (error == 0)
        return compare_and_replay(idempotent);
    return error == ERROR_NOT_FOUND ? run_and_keep(idempotent) : error;
}

static struct body_digest *follow_body(struct request *request)
{
    if (request->stream == NULL)
        return NULL;
    request->digest = arena_allocate(&request->arena, sizeof *request->digest);
    body_digest_init(request->digest, &request->arena);
    return request->digest;
}

static bool is_key(struct text key)
{
    if (key.length == 0 || key.length > IDEMPOTENCY_KEY_LIMIT)
        return false;
    for (size_t i = 0; i < key.length; i++) {
        if (key.data[i] <= ' ' || key.data[i] > '~')
            return false;
    }
    return true;
}

int idempotency_run(struct request *request)
{
    struct text key = request->headers.idempotency_key;
    if (key.data == NULL || !route_keeps_answers(request->match.route))
        return run_handler(request);
    if (!is_key(key)) {
        request->problems.location = LOCATION_HEADER;
        problem_value(&request->problems, "Idempotency-Key",
                      "Input should be 1 to 255 visible ASCII characters");
        return ERROR_INVALID;
    }
    struct application *application = request->application;
    struct idempotent_request *idempotent =
        arena_allocate_zeroed(&request->arena, sizeof *idempotent);
    idempotent->hook = (struct transaction_hook){before_change, after_change};
    idempotent->request = request;
    idempotent->answer.sender = sender_of(request);
    idempotent->answer.key = key;
    idempotent->body = follow_body(request);
    idempotent->running.sender = idempotent->answer.sender;
    idempotent->running.key = key;
    if (!running_keys_enter(application->running_keys, &idempotent->running))
        return reply_error(request, 409,
                           "A request with this Idempotency-Key is being carried out");
    int error = run_with_key(idempotent);
    running_keys_leave(application->running_keys, &idempotent->running);
    return error;
}
