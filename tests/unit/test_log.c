/*
 * test_log.c: lines in a file. Standard output, which gets the same lines, is put aside meanwhile.
 */
#include "base/log.h"

#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "support.h"

static struct logging {
    struct arena arena;
    struct folder folder;
    const char *path;
    int standard_output;
} logging;

static void take_output_to(int descriptor)
{
    fflush(stdout);
    dup2(descriptor, STDOUT_FILENO);
    close(descriptor);
}

static int logging_begin(void **state)
{
    (void)state;
    arena_init(&logging.arena);
    folder_create(&logging.folder);
    logging.path = folder_file(&logging.folder, &logging.arena, "app.log");
    fflush(stdout);
    logging.standard_output = dup(STDOUT_FILENO);
    take_output_to(open("/dev/null", O_WRONLY | O_CLOEXEC));
    return 0;
}

static int logging_end(void **state)
{
    (void)state;
    take_output_to(logging.standard_output);
    log_set_context(NULL);
    folder_cleanup(&logging.folder);
    arena_release(&logging.arena);
    return 0;
}

static void start(bool json)
{
    struct log_options options = {.level = LOG_LEVEL_INFO, .json = json, .file = logging.path};
    assert_int_equal(log_start(&options), 0);
}

/* The lines of the file as JSON, each of which must be an object. */
static json_t *read_json_lines(void)
{
    struct text rest = file_read(&logging.arena, logging.path);
    struct text line;
    json_t *lines = json_array();
    while (text_split(&rest, '\n', &line) && rest.data != NULL) {
        json_t *object = json_loadb(line.data, line.length, JSON_REJECT_DUPLICATES, NULL);
        if (!json_is_object(object))
            print_error("no JSON: %.*s\n", TEXT_ARGUMENTS(line));
        assert_true(json_is_object(object));
        json_array_append_new(lines, object);
    }
    assert_int_equal(line.length, 0); /* the last line ends in a newline too */
    return lines;
}

static const char *string_of(const json_t *lines, size_t line, const char *name)
{
    return json_string_value(json_object_get(json_array_get(lines, line), name));
}

TEST(writes_a_line_of_text)
{
    start(false);
    log_info("listening on %s:%d", "http://127.0.0.1", 8000);
    log_stop();
    struct text content = file_read(&logging.arena, logging.path);
    assert_non_null(content.data);
    assert_int_equal(content.data[content.length - 1], '\n');
    assert_int_equal(content.data[10], 'T');
    assert_non_null(strstr(arena_copy(&logging.arena, content).data,
                           "Z INFO message=\"listening on http://127.0.0.1:8000\"\n"));
}

TEST(writes_json_with_the_context_of_the_thread)
{
    start(true);
    const struct log_context context = {.request_id = TEXT("r-1"), .user_id = 7, .fiber = 9};
    log_set_context(&context);
    assert_ptr_equal(log_get_context(), &context);
    log_warning("careful");
    log_set_context(NULL);
    log_error("bare");
    log_stop();
    json_t *lines = read_json_lines();
    assert_int_equal(json_array_size(lines), 2);
    assert_string_equal(string_of(lines, 0, "level"), "WARNING");
    assert_string_equal(string_of(lines, 0, "message"), "careful");
    assert_string_equal(string_of(lines, 0, "request_id"), "r-1");
    const json_t *first = json_array_get(lines, 0);
    assert_int_equal(json_integer_value(json_object_get(first, "user")), 7);
    assert_string_equal(string_of(lines, 1, "level"), "ERROR");
    assert_null(string_of(lines, 1, "request_id"));
    assert_null(json_object_get(json_array_get(lines, 1), "user"));
    json_decref(lines);
}

TEST(writes_an_access_line)
{
    start(true);
    log_request(&(struct log_access){TEXT("GET"), TEXT("/tasks"), 200, 1500});
    log_stop();
    json_t *lines = read_json_lines();
    assert_string_equal(string_of(lines, 0, "method"), "GET");
    assert_string_equal(string_of(lines, 0, "path"), "/tasks");
    const json_t *line = json_array_get(lines, 0);
    assert_int_equal(json_integer_value(json_object_get(line, "status")), 200);
    assert_true(json_real_value(json_object_get(line, "duration_ms")) == 1.5);
    json_decref(lines);
}

TEST(drops_what_is_less_important_than_asked_for)
{
    struct log_options options = {.level = LOG_LEVEL_WARNING, .file = logging.path};
    assert_int_equal(log_start(&options), 0);
    log_debug("no");
    log_info("no");
    log_request(&(struct log_access){TEXT("GET"), TEXT("/"), 200, 1});
    log_warning("yes");
    log_stop();
    struct text content = file_read(&logging.arena, logging.path);
    assert_ptr_equal(memchr(content.data, '\n', content.length), content.data + content.length - 1);
}

static const struct text hostile[] = {
    BYTES("\"}\n{\"level\":\"ERROR\",\"message\":\"forged"),
    BYTES("line one\r\nline two"),
    BYTES("\x1B[2J\x07 terminal"),
    BYTES("back\\slash \\u0000"),
    BYTES("bad \xFF\xC0\x80 bytes"),
    BYTES("\xED\xA0\x80"),
    BYTES("\xC3\xA9t\xC3\xA9"),
};

TEST(hostile_messages_stay_one_json_object_a_line)
{
    start(true);
    for (size_t i = 0; i < COUNT_OF(hostile); i++) {
        log_info("%s", hostile[i].data);
        log_request(&(struct log_access){hostile[i], hostile[i], 400, 1});
    }
    log_stop();
    json_t *lines = read_json_lines();
    assert_int_equal(json_array_size(lines), 2 * COUNT_OF(hostile));
    assert_string_equal(string_of(lines, 0, "message"), hostile[0].data);
    assert_string_equal(string_of(lines, 0, "level"), "INFO");
    assert_string_equal(string_of(lines, 3, "path"), hostile[1].data);
    json_decref(lines);
}

TEST(hostile_messages_bring_no_control_character_into_a_text_log)
{
    start(false);
    for (size_t i = 0; i < COUNT_OF(hostile); i++) {
        log_info("%s", hostile[i].data);
        log_request(&(struct log_access){hostile[i], hostile[i], 400, 1});
    }
    log_stop();
    struct text content = file_read(&logging.arena, logging.path);
    size_t lines = 0;
    for (size_t i = 0; i < content.length; i++) {
        unsigned char c = (unsigned char)content.data[i];
        lines += c == '\n';
        assert_true(c >= 0x20 || c == '\n');
    }
    assert_int_equal(lines, 2 * COUNT_OF(hostile));
    assert_true(text_is_valid(content));
}

TEST(cuts_a_long_message_between_characters)
{
    enum { SHIFTS = 4 };
    static char messages[SHIFTS][6000];
    start(true);
    for (size_t shift = 0; shift < SHIFTS; shift++) {
        char *message = messages[shift];
        memset(message, 'x', shift);
        for (size_t at = shift; at + 4 < sizeof messages[0]; at += 4)
            memcpy(message + at, "\xF0\x9F\x98\x80", 5);
        log_info("%s", message);
        log_request(&(struct log_access){TEXT("GET"), text_from(message), 200, 1});
    }
    log_stop();
    json_t *lines = read_json_lines();
    assert_int_equal(json_array_size(lines), 2 * SHIFTS);
    for (size_t shift = 0; shift < SHIFTS; shift++) {
        const char *message = string_of(lines, 2 * shift, "message");
        assert_true(strlen(message) > 1000);
        assert_memory_equal(message, messages[shift], strlen(message));
        const char *path = string_of(lines, 2 * shift + 1, "path");
        assert_true(strlen(path) > 100);
        assert_memory_equal(path, messages[shift], strlen(path));
    }
    json_decref(lines);
}

TEST(appends_to_a_file_that_is_there)
{
    file_write(logging.path, TEXT("before\n"));
    start(false);
    log_info("after");
    log_stop();
    struct text content = file_read(&logging.arena, logging.path);
    assert_true(text_starts_with(content, TEXT("before\n2")));
}

TEST(goes_on_in_a_new_file_after_a_rotation)
{
    start(false);
    const char *rotated = folder_file(&logging.folder, &logging.arena, "app.log.1");
    log_info("the first");
    assert_int_equal(rename(logging.path, rotated), 0);
    log_reopen();
    while (access(logging.path, F_OK) != 0)
        sched_yield();
    log_info("the second");
    log_stop();
    struct text old = file_read(&logging.arena, rotated);
    struct text new = file_read(&logging.arena, logging.path);
    assert_non_null(memmem(old.data, old.length, "the first", 9));
    assert_null(memmem(old.data, old.length, "the second", 10));
    assert_non_null(memmem(new.data, new.length, "the second", 10));
    assert_null(memmem(new.data, new.length, "the first", 9));
}

TEST(says_when_the_file_cannot_be_opened)
{
    struct log_options options = {.file = "/nonexistent/folder/app.log"};
    assert_int_equal(log_start(&options), ERROR_IO);
}

enum { THREADS = 4, LINES = 2000 };

static void *log_many(void *argument)
{
    for (int i = 0; i < LINES; i++)
        log_info("thread %d line %d", *(int *)argument, i);
    return NULL;
}

TEST(keeps_every_line_whole_and_each_threads_in_order)
{
    start(true);
    pthread_t threads[THREADS];
    int numbers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, log_many, &numbers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    log_stop();
    json_t *lines = read_json_lines();
    assert_int_equal(json_array_size(lines), THREADS * LINES);
    int next[THREADS] = {0};
    for (size_t i = 0; i < THREADS * LINES; i++) {
        int thread;
        int line;
        assert_int_equal(
            sscanf(string_of(lines, i, "message"), "thread %d line %d", &thread, &line), 2);
        assert_int_equal(line, next[thread]++);
    }
    json_decref(lines);
}

static void *read_all(void *argument)
{
    char bytes[65536];
    while (read(*(int *)argument, bytes, sizeof bytes) > 0)
        continue;
    return NULL;
}

/* Nobody reads standard output until far more was logged than the log keeps. */
TEST(drops_and_counts_lines_while_the_output_is_stuck)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    take_output_to(ends[1]);
    start(true);
    enum { LOGGED = 60000 };
    for (int i = 0; i < LOGGED; i++)
        log_info("line %d of many that nobody reads", i);
    pthread_t reader;
    assert_int_equal(pthread_create(&reader, NULL, read_all, &ends[0]), 0);
    log_stop();
    take_output_to(open("/dev/null", O_WRONLY | O_CLOEXEC));
    pthread_join(reader, NULL);
    close(ends[0]);
    struct text content = file_read(&logging.arena, logging.path);
    assert_non_null(memmem(content.data, content.length, " lines dropped", 14));
    json_t *lines = read_json_lines();
    assert_true(json_array_size(lines) > 1000);
    assert_true(json_array_size(lines) < LOGGED);
    json_decref(lines);
}

#define LOG_TEST(test) cmocka_unit_test_setup_teardown(test, logging_begin, logging_end)

UNIT_TESTS(LOG_TEST(writes_a_line_of_text), LOG_TEST(writes_json_with_the_context_of_the_thread),
           LOG_TEST(writes_an_access_line), LOG_TEST(drops_what_is_less_important_than_asked_for),
           LOG_TEST(hostile_messages_stay_one_json_object_a_line),
           LOG_TEST(hostile_messages_bring_no_control_character_into_a_text_log),
           LOG_TEST(cuts_a_long_message_between_characters),
           LOG_TEST(appends_to_a_file_that_is_there),
           LOG_TEST(goes_on_in_a_new_file_after_a_rotation),
           LOG_TEST(says_when_the_file_cannot_be_opened),
           LOG_TEST(keeps_every_line_whole_and_each_threads_in_order),
           LOG_TEST(drops_and_counts_lines_while_the_output_is_stuck))
