/*
 * test_net.c: requests to another server, parked in a fiber and blocking: each case runs both ways.
 */
#include "net/net.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/error.h"
#include "runtime/fiber.h"
#include "runtime/loop.h"
#include "runtime/wait.h"
#include "support.h"
#include "web_server.h"

enum { LIMIT = 1 << 20, TOGETHER = 50, CROWD = 200, THREADS = 4, EACH = 25 };

static struct web_server *server;
static struct net *net;

static int start(void **state)
{
    (void)state;
    server = web_server_start();
    net = net_create(THREADS);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    net_free(net);
    web_server_stop(server);
    return 0;
}

/* A fetch and what came of it. */
struct fetch {
    struct arena *arena;
    struct net_request request;
    struct net_answer answer;
    struct text message;
    int error;
};

static void fetch_now(void *argument)
{
    struct fetch *fetch = argument;
    fetch->error = net_fetch(net, fetch->arena, &fetch->request, &fetch->answer, &fetch->message);
}

enum way { BLOCKING, PARKED, WAYS };

static struct fetch fetch(enum way way, struct arena *arena, struct net_request request)
{
    struct fetch fetch = {.arena = arena, .request = request, .error = 1};
    if (request.timeout == 0)
        fetch.request.timeout = CLOCK_MINUTE;
    if (request.limit == 0)
        fetch.request.limit = LIMIT;
    if (way == PARKED)
        run_in_fiber(fetch_now, &fetch);
    else
        fetch_now(&fetch);
    return fetch;
}

static struct fetch get(enum way way, struct arena *arena, const char *path)
{
    return fetch(way, arena, (struct net_request){.url = web_server_url(server, arena, path)});
}

static bool contains(struct text text, const char *part)
{
    return memmem(text.data, text.length, part, strlen(part)) != NULL;
}

TEST(answers_with_status_headers_and_body)
{
    for (enum way way = 0; way < WAYS; way++) {
        CLEANUP_ARENA struct arena arena = {0};
        struct fetch got = get(way, &arena, "/hello");
        assert_int_equal(got.error, 0);
        assert_int_equal(got.answer.status, 200);
        assert_text(got.answer.body, "hello");
        assert_int_equal(got.answer.size, 5);
        assert_text(got.answer.content_type, "text/plain");
        assert_text(net_answer_header(&got.answer, "content-LENGTH"), "5");
        assert_text(net_answer_header(&got.answer, "X-Twice"), "two");
        assert_null(net_answer_header(&got.answer, "X-Other").data);
        assert_text(get(way, &arena, "/bytes/0").answer.body, "");
    }
}

TEST(any_status_is_an_answer_and_redirects_are_not_followed)
{
    for (enum way way = 0; way < WAYS; way++) {
        CLEANUP_ARENA struct arena arena = {0};
        assert_int_equal(get(way, &arena, "/status/404").answer.status, 404);
        assert_text(get(way, &arena, "/status/500").answer.body, "status 500");
        struct fetch moved = get(way, &arena, "/status/302");
        assert_int_equal(moved.answer.status, 302);
        assert_text(net_answer_header(&moved.answer, "Location"), "/hello");
    }
}

TEST(sends_what_the_caller_gives_and_little_else)
{
    const struct net_header headers[] = {{"X-Mine", "yes"}, {"Content-Type", "text/csv"}};
    for (enum way way = 0; way < WAYS; way++) {
        CLEANUP_ARENA struct arena arena = {0};
        const char *url = web_server_url(server, &arena, "/echo");
        struct text sent = fetch(way, &arena,
                                 (struct net_request){.url = url,
                                                      .method = "PUT",
                                                      .headers = headers,
                                                      .header_count = 2,
                                                      .body = TEXT("a,b\n")})
                               .answer.body;
        assert_true(contains(sent, "PUT /echo HTTP/1.1\r\n"));
        assert_true(contains(sent, "\r\nX-Mine: yes\r\n"));
        assert_true(contains(sent, "\r\nContent-Type: text/csv\r\n"));
        assert_true(contains(sent, "\r\nContent-Length: 4\r\n"));
        assert_true(contains(sent, "\r\n\r\na,b\n"));
        assert_true(contains(sent, "\r\nUser-Agent: errand/"));
        assert_false(contains(sent, "Expect"));
        sent = fetch(way, &arena, (struct net_request){.url = url, .method = "POST"}).answer.body;
        assert_true(contains(sent, "\r\nContent-Length: 0\r\n"));
        assert_false(contains(sent, "Content-Type"));
        sent = fetch(way, &arena, (struct net_request){.url = url, .method = "DELETE"}).answer.body;
        assert_true(contains(sent, "DELETE /echo HTTP/1.1\r\n"));
        assert_false(contains(sent, "Content-Length"));
        assert_false(contains(get(way, &arena, "/echo").answer.body, "X-Mine"));
        struct fetch head = fetch(way, &arena, (struct net_request){.url = url, .method = "HEAD"});
        assert_int_equal(head.error, 0);
        assert_text(head.answer.body, "");
    }
}

/* A file of `size` bytes 'f' behind three others, opened at their end. */
static int open_body(const struct folder *folder, struct arena *arena, size_t size)
{
    char *content = arena_allocate(arena, size + 3);
    memset(content, 'f', size + 3);
    memcpy(content, "...", 3);
    const char *path = folder_file(folder, arena, "body");
    file_write(path, (struct text){content, size + 3});
    int body = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(lseek(body, 3, SEEK_SET), 3);
    return body;
}

TEST(sends_a_file_from_its_offset)
{
    CLEANUP_FOLDER struct folder folder;
    folder_create(&folder);
    for (enum way way = 0; way < WAYS; way++) {
        CLEANUP_ARENA struct arena arena = {0};
        CLEANUP_CLOSE int body = open_body(&folder, &arena, 300000);
        struct net_request request = {.url = web_server_url(server, &arena, "/echo"),
                                      .method = "PUT",
                                      .body_descriptor = body,
                                      .body_size = 300000};
        struct text sent = fetch(way, &arena, request).answer.body;
        assert_true(contains(sent, "\r\nContent-Length: 300000\r\n"));
        assert_true(contains(sent, "\r\n\r\nffff"));
        assert_false(contains(sent, "Expect"));
        assert_int_equal(sent.data[sent.length - 1], 'f');
        request.body_size = 300001;
        struct fetch cut = fetch(way, &arena, request);
        assert_int_equal(cut.error, ERROR_IO);
        assert_text(cut.message, "cannot copy the body: No data available");
        request.body_descriptor = -1;
        assert_int_equal(fetch(way, &arena, request).error, ERROR_IO);
    }
}

TEST(writes_a_good_body_to_the_sink_and_another_to_memory)
{
    CLEANUP_FOLDER struct folder folder;
    folder_create(&folder);
    for (enum way way = 0; way < WAYS; way++) {
        CLEANUP_ARENA struct arena arena = {0};
        const char *path = folder_file(&folder, &arena, way == PARKED ? "parked" : "blocking");
        CLEANUP_CLOSE int sink = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        struct net_request request = {.url = web_server_url(server, &arena, "/bytes/200000"),
                                      .limit = 10,
                                      .sink_descriptor = sink,
                                      .has_sink = true};
        struct fetch got = fetch(way, &arena, request);
        assert_int_equal(got.error, 0);
        assert_int_equal(got.answer.size, 200000);
        assert_text(got.answer.body, "");
        assert_int_equal(file_read(&arena, path).length, 200000);
        request.url = web_server_url(server, &arena, "/status/404");
        got = fetch(way, &arena, request);
        assert_text(got.answer.body, "status 404");
        assert_int_equal(file_read(&arena, path).length, 200000);
        CLEANUP_CLOSE int closed_for_us = open(path, O_RDONLY | O_CLOEXEC);
        request.url = web_server_url(server, &arena, "/hello");
        request.sink_descriptor = closed_for_us;
        got = fetch(way, &arena, request);
        assert_int_equal(got.error, ERROR_IO);
        assert_text(got.message, "cannot copy the body: Bad file descriptor");
    }
}

TEST(takes_no_more_than_the_limit)
{
    for (enum way way = 0; way < WAYS; way++) {
        CLEANUP_ARENA struct arena arena = {0};
        struct net_request request = {.url = web_server_url(server, &arena, "/bytes/1000"),
                                      .limit = 1000};
        assert_int_equal(fetch(way, &arena, request).answer.size, 1000);
        request.limit = 999;
        struct fetch got = fetch(way, &arena, request);
        assert_int_equal(got.error, ERROR_TOO_LARGE);
        assert_text(got.message, "the answer has more than 999 bytes");
    }
}

TEST(gives_up_when_the_time_is_over)
{
    for (enum way way = 0; way < WAYS; way++) {
        CLEANUP_ARENA struct arena arena = {0};
        struct net_request request = {.url = web_server_url(server, &arena, "/hang"),
                                      .timeout = 20 * CLOCK_MILLISECOND};
        struct fetch got = fetch(way, &arena, request);
        assert_int_equal(got.error, ERROR_TIMEOUT);
        assert_true(got.message.length > 0);
    }
}

TEST(says_what_broke_without_the_query)
{
    static const char *const paths[] = {"/close", "/broken", "/garbage"};
    for (enum way way = 0; way < WAYS; way++) {
        CLEANUP_ARENA struct arena arena = {0};
        for (size_t i = 0; i < COUNT_OF(paths); i++) {
            struct fetch got = get(way, &arena, paths[i]);
            assert_int_equal(got.error, ERROR_UNAVAILABLE);
            assert_true(got.message.length > 0);
        }
        struct net_request request = {.url = "http://127.0.0.1:1/x?key=secret"};
        struct fetch refused = fetch(way, &arena, request);
        assert_int_equal(refused.error, ERROR_UNAVAILABLE);
        assert_true(contains(refused.message, "127.0.0.1"));
        assert_false(contains(refused.message, "secret"));
        request.url = "http://nobody.invalid/x?key=secret";
        request.timeout = CLOCK_SECOND;
        struct fetch unknown = fetch(way, &arena, request);
        assert_true(unknown.error == ERROR_UNAVAILABLE || unknown.error == ERROR_TIMEOUT);
        assert_false(contains(unknown.message, "secret"));
    }
}

TEST(refuses_what_is_no_url_of_http)
{
    static const char *const urls[] = {
        "",
        "/x",
        "127.0.0.1/x",
        "http://",
        "http://a b/",
        "ftp://a/",
        "http://a:x/",
        "file:///etc/hosts",
        "gopher://a",
        "http://a:70000/",
        "javascript:",
        "http://[::1/",
    };
    for (enum way way = 0; way < WAYS; way++) {
        CLEANUP_ARENA struct arena arena = {0};
        for (size_t i = 0; i < COUNT_OF(urls); i++) {
            struct fetch got = fetch(way, &arena, (struct net_request){.url = urls[i]});
            assert_int_equal(got.error, ERROR_INVALID);
            assert_text(got.message, "no URL of http or https");
        }
    }
    assert_int_equal(net_check_url("https://example.org:8443/a?b=c"), 0);
}

TEST(signs_what_it_sends)
{
    const struct net_signature signature = {"AKID", "secret/key", "eu-west-1", "s3"};
    const struct net_header hash = {"x-amz-content-sha256", "UNSIGNED-PAYLOAD"};
    for (enum way way = 0; way < WAYS; way++) {
        CLEANUP_ARENA struct arena arena = {0};
        struct net_request request = {.url = web_server_url(server, &arena, "/echo"),
                                      .headers = &hash,
                                      .header_count = 1,
                                      .signature = &signature};
        struct text sent = fetch(way, &arena, request).answer.body;
        assert_true(contains(sent, "Authorization: AWS4-HMAC-SHA256 Credential=AKID/"));
        assert_true(contains(sent, "/eu-west-1/s3/aws4_request"));
        assert_true(contains(sent, "SignedHeaders=host;x-amz-content-sha256;x-amz-date"));
        assert_true(contains(sent, "\r\nx-amz-content-sha256: UNSIGNED-PAYLOAD\r\n"));
        assert_false(contains(sent, "secret"));
        request.method = "PUT";
        request.body = TEXT("signed");
        sent = fetch(way, &arena, request).answer.body;
        assert_true(contains(sent, "SignedHeaders=content-type;host;"));
        assert_true(contains(sent, "\r\nContent-Type: application/octet-stream\r\n"));
        assert_false(contains(get(way, &arena, "/echo").answer.body, "Authorization"));
    }
}

/* The same connection, and after the server has closed it without a word, another. */
static void fetch_in_a_row(void *argument)
{
    struct fetch *fetch = argument;
    CLEANUP_ARENA struct arena arena = {0};
    static const char *const paths[] = {"/hello", "/status/404", "/drop", "/echo", "/hello"};
    for (size_t i = 0; i < COUNT_OF(paths) && fetch->error >= 0; i++) {
        fetch->request.url = web_server_url(server, &arena, paths[i]);
        fetch_now(fetch);
    }
}

TEST(keeps_its_connections_and_replaces_closed_ones)
{
    CLEANUP_FOLDER struct folder folder;
    folder_create(&folder);
    for (enum way way = 0; way < WAYS; way++) {
        CLEANUP_ARENA struct arena arena = {0};
        CLEANUP_CLOSE int body = open_body(&folder, &arena, 1000);
        struct fetch row = {.arena = &arena,
                            .request = {.method = "PUT",
                                        .body_descriptor = body,
                                        .body_size = 1000,
                                        .timeout = CLOCK_MINUTE,
                                        .limit = LIMIT}};
        net_free(net);
        net = net_create(THREADS);
        size_t before = web_server_connections(server);
        if (way == PARKED)
            run_in_fiber(fetch_in_a_row, &row);
        else
            fetch_in_a_row(&row);
        assert_int_equal(row.error, 0);
        assert_text(row.answer.body, "hello");
        assert_int_equal(web_server_connections(server) - before, 2);
    }
}

static struct {
    struct fetch fetch;
    struct fiber *fiber;
    struct fetch after;
} cancelled;

static void fetch_and_be_cancelled(void *argument)
{
    (void)argument;
    cancelled.fiber = fiber_current();
    fetch_now(&cancelled.fetch);
    fetch_now(&cancelled.after); /* a cancelled fiber begins nothing new */
    cancelled.fiber = NULL;
}

static void cancel_a_fetch(void *argument)
{
    (void)argument;
    fiber_start(fetch_and_be_cancelled, NULL);
    while (!web_server_has_hung(server))
        wait_timer(clock_monotonic() + CLOCK_MILLISECOND);
    fiber_cancel(cancelled.fiber);
    while (cancelled.fiber != NULL)
        wait_timer(clock_monotonic() + CLOCK_MILLISECOND);
}

TEST(a_cancelled_fetch_ends_at_once_and_leaves_nothing_behind)
{
    CLEANUP_ARENA struct arena arena = {0};
    cancelled.fetch = (struct fetch){
        .arena = &arena,
        .request = {.url = web_server_url(server, &arena, "/hang"), .timeout = CLOCK_HOUR}};
    cancelled.after = (struct fetch){
        .arena = &arena,
        .request = {.url = web_server_url(server, &arena, "/hello"), .timeout = CLOCK_HOUR}};
    run_in_fiber(cancel_a_fetch, NULL);
    assert_int_equal(cancelled.fetch.error, ERROR_CANCELLED);
    assert_text(cancelled.fetch.message, "cancelled");
    assert_int_equal(cancelled.after.error, ERROR_CANCELLED);
    web_server_wait_given_up(server);
    assert_text(get(PARKED, &arena, "/hello").answer.body, "hello");
}

static struct {
    struct arena arena;
    const char *url;
    size_t done;
    size_t good;
} crowd;

static void join_the_crowd(void *argument)
{
    (void)argument;
    struct fetch fetch = {
        .arena = &crowd.arena,
        .request = {.url = crowd.url, .timeout = CLOCK_MINUTE, .limit = LIMIT},
    };
    fetch_now(&fetch);
    crowd.good += fetch.error == 0 && text_is(fetch.answer.body, "hello");
    crowd.done++;
}

static void gather(void *argument)
{
    const size_t *size = argument;
    for (size_t i = 0; i < *size; i++)
        fiber_start(join_the_crowd, NULL);
    while (crowd.done < *size)
        wait_timer(clock_monotonic() + CLOCK_MILLISECOND);
}

/* None is answered before all have come. */
TEST(fibers_of_a_loop_fetch_at_the_same_time)
{
    CLEANUP_ARENA struct arena arena = {0};
    memset(&crowd, 0, sizeof crowd);
    crowd.url = web_server_url(server, &arena, "/meet/50");
    run_in_fiber(gather, &(size_t){TOGETHER});
    assert_int_equal(crowd.good, TOGETHER);
    arena_release(&crowd.arena);
}

TEST(more_transfers_than_connections_take_turns)
{
    CLEANUP_ARENA struct arena arena = {0};
    memset(&crowd, 0, sizeof crowd);
    crowd.url = web_server_url(server, &arena, "/hello");
    run_in_fiber(gather, &(size_t){CROWD});
    assert_int_equal(crowd.good, CROWD);
    arena_release(&crowd.arena);
}

static void *fetch_often(void *argument)
{
    size_t *good = argument;
    for (int i = 0; i < EACH; i++) {
        CLEANUP_ARENA struct arena arena = {0};
        *good += text_is(get(BLOCKING, &arena, "/hello").answer.body, "hello");
    }
    return NULL;
}

TEST(threads_fetch_at_the_same_time)
{
    pthread_t threads[THREADS];
    size_t good[THREADS] = {0};
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, fetch_often, &good[i]), 0);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(good[i], EACH);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, start, stop)

UNIT_TESTS(CASE(answers_with_status_headers_and_body),
           CASE(any_status_is_an_answer_and_redirects_are_not_followed),
           CASE(sends_what_the_caller_gives_and_little_else), CASE(sends_a_file_from_its_offset),
           CASE(writes_a_good_body_to_the_sink_and_another_to_memory),
           CASE(takes_no_more_than_the_limit), CASE(gives_up_when_the_time_is_over),
           CASE(says_what_broke_without_the_query), CASE(refuses_what_is_no_url_of_http),
           CASE(signs_what_it_sends), CASE(keeps_its_connections_and_replaces_closed_ones),
           CASE(a_cancelled_fetch_ends_at_once_and_leaves_nothing_behind),
           CASE(fibers_of_a_loop_fetch_at_the_same_time),
           CASE(more_transfers_than_connections_take_turns), CASE(threads_fetch_at_the_same_time))
