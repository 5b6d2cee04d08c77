/*
 * probe: how long one request takes, for several servers or several requests side by side.
 *
 *     probe SECONDS NAME PORT FILE [NAME PORT FILE]...
 *
 * FILE holds requests, whole and one after the other. Each target has one connection. In turn every
 * target is sent its next request (from the first again after the last) and waited for, so whatever
 * else the machine does hits all targets alike, and their medians can be compared. A request with
 * the header "X-Uncounted" is not counted, and the one after it is sent in the same turn. For each
 * target a line: its name, p50 and p99 in microseconds, how many were answered, and how many, the
 * uncounted included, not by 2xx.
 */
#include "client.h"

enum {
    TARGETS_LIMIT = 16,
    ANSWER_LIMIT = 4 << 20,
    SAMPLES_LIMIT = 1 << 21,
    WARM_UP = 3, /* rounds that do not count */
};

struct target {
    const char *name;
    int connection;
    char *requests; /* ends with a NUL */
    const char *next;
    struct samples samples;
    size_t bad;
};

static char answer[ANSWER_LIMIT];

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        fail(path);
    long size = ftell(file);
    if (size <= 0 || fseek(file, 0, SEEK_SET) != 0)
        fail(path);
    char *text = allocate((size_t)size + 1);
    if (fread(text, 1, (size_t)size, file) != (size_t)size)
        fail(path);
    text[size] = '\0';
    fclose(file);
    return text;
}

static bool is_uncounted(const char *request)
{
    const char *mark = strstr(request, "\r\nX-Uncounted:");
    return mark != NULL && mark < strstr(request, "\r\n\r\n");
}

static void ask(struct target *target, bool counts)
{
    bool more = true;
    while (more) {
        if (*target->next == '\0')
            target->next = target->requests;
        const char *request = target->next;
        size_t length = message_length(request);
        if (length == 0 || length > strlen(request)) {
            fputs("probe: a request has no end\n", stderr);
            exit(EXIT_FAILURE);
        }
        more = is_uncounted(request);
        uint64_t start = now();
        bool good = exchange(target->connection, request, length, answer, sizeof answer);
        if (counts && !more)
            samples_add(&target->samples, now() - start);
        target->bad += !good;
        target->next = request + length;
    }
}

int main(int count, char **arguments)
{
    if (count < 5 || count % 3 != 2 || count > 3 * TARGETS_LIMIT + 2) {
        fputs("usage: probe SECONDS NAME PORT FILE [NAME PORT FILE]...\n", stderr);
        return 2;
    }
    static struct target targets[TARGETS_LIMIT];
    size_t number = ((size_t)count - 2) / 3;
    for (size_t i = 0; i < number; i++) {
        char **three = &arguments[2 + 3 * i];
        targets[i] = (struct target){.name = three[0], .connection = connect_to(three[1])};
        targets[i].next = targets[i].requests = read_file(three[2]);
        samples_init(&targets[i].samples, SAMPLES_LIMIT);
    }
    uint64_t end = now() + (uint64_t)(strtod(arguments[1], NULL) * 1e9);
    for (size_t round = 0; round <= WARM_UP || now() < end; round++) {
        for (size_t i = 0; i < number; i++)
            ask(&targets[i], round >= WARM_UP);
    }
    for (size_t i = 0; i < number; i++) {
        printf("%s ", targets[i].name);
        samples_print(&targets[i].samples);
        printf(" %zu\n", targets[i].bad);
    }
    return 0;
}
