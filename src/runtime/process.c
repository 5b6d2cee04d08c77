#include "runtime/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/descriptor.h"
#include "base/error.h"

enum {
    PART = 65536,
    PIPE_PARTS = 16,    /* how many of them a pipe holds at most (1 MB) */
    LOOK_INTERVAL = 100 /* milliseconds between two questions to is_cancelled */
};

/* Our end of each pipe, by the number that the program knows it under, and the process itself. */
enum { INPUT, OUTPUT, ERRORS, PROCESS, WATCHED };

struct running {
    const struct process_options *options;
    pid_t pid;
    int descriptors[WATCHED]; /* -1 once closed */
    struct text input;        /* what is still to be written */
    struct buffer output;
    char errors[PROCESS_ERRORS_LIMIT];
    size_t error_count;
    bool ending; /* it was told to: `end` says why */
    enum process_end end;
    int64_t killed_at; /* when SIGKILL follows, or INT64_MAX */
};

static void close_descriptor(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
}

/* Starting. */

static int spawn(const struct process_options *options, const int theirs[static 3], pid_t *ret_pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t all;
    sigset_t none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    for (int i = INPUT; i <= ERRORS; i++)
        posix_spawn_file_actions_adddup2(&actions, theirs[i], i);
    posix_spawn_file_actions_addclosefrom_np(&actions, ERRORS + 1);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
                                              POSIX_SPAWN_SETSIGMASK);
    char *arguments[] = {(char *)options->program, NULL};
    int error = posix_spawn(ret_pid, options->program, &actions, &attributes, arguments,
                            options->environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error == 0 ? 0 : ERROR_NOT_FOUND;
}

/* Two ends of a pipe above the standard descriptors, so that dup2 never meets its own source. */
static int open_pipe(int *ret_ours, int *ret_theirs, bool we_write)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return ERROR_IO;
    for (int i = 0; i < 2; i++) {
        int moved = fcntl(ends[i], F_DUPFD_CLOEXEC, ERRORS + 1);
        close(ends[i]);
        ends[i] = moved;
    }
    *ret_ours = ends[we_write];
    *ret_theirs = ends[!we_write];
    if (ends[0] < 0 || ends[1] < 0 || fcntl(*ret_ours, F_SETFL, O_NONBLOCK) < 0)
        return ERROR_IO;
    return 0;
}

static int start(struct running *running)
{
    int theirs[] = {-1, -1, -1};
    int error = 0;
    for (int i = INPUT; error == 0 && i <= ERRORS; i++)
        error = open_pipe(&running->descriptors[i], &theirs[i], i == INPUT);
    if (error == 0)
        error = spawn(running->options, theirs, &running->pid);
    for (int i = INPUT; i <= ERRORS; i++)
        close_descriptor(&theirs[i]);
    if (error < 0)
        return error;
    running->descriptors[PROCESS] = pidfd_open(running->pid, 0);
    return 0;
}

/* Talking. */

static void write_input(struct running *running)
{
    ssize_t written = 0;
    if (running->input.length > 0)
        written = write(running->descriptors[INPUT], running->input.data, running->input.length);
    if (written < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (written > 0) {
        running->input.data += written;
        running->input.length -= (size_t)written;
    }
    /* Whoever does not read their input must not want it. */
    if (written < 0 || running->input.length == 0)
        close_descriptor(&running->descriptors[INPUT]);
}

/* Reads a part; how much, or 0 when there is nothing (more). */
static size_t read_part(int *descriptor, char part[static PART])
{
    if (*descriptor < 0)
        return 0;
    ssize_t got = read(*descriptor, part, PART);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (got <= 0)
        close_descriptor(descriptor);
    return got < 0 ? 0 : (size_t)got;
}

static size_t read_output(struct running *running)
{
    char part[PART];
    size_t got = read_part(&running->descriptors[OUTPUT], part);
    buffer_add(&running->output, part, got);
    return got;
}

/* Keeps the last bytes. */
static size_t read_errors(struct running *running)
{
    char part[PART];
    size_t got = read_part(&running->descriptors[ERRORS], part);
    size_t kept = got < PROCESS_ERRORS_LIMIT ? got : PROCESS_ERRORS_LIMIT;
    size_t room = PROCESS_ERRORS_LIMIT - kept;
    size_t dropped = running->error_count > room ? running->error_count - room : 0;
    memmove(running->errors, running->errors + dropped, running->error_count - dropped);
    running->error_count -= dropped;
    memcpy(running->errors + running->error_count, part + got - kept, kept);
    running->error_count += kept;
    return got;
}

/* Ending. */

static void tell_to_end(struct running *running, enum process_end why, int signal, int64_t grace)
{
    if (running->ending)
        return;
    running->ending = true;
    running->end = why;
    running->killed_at = grace == INT64_MAX ? INT64_MAX : clock_monotonic() + grace;
    kill(-running->pid, signal);
}

static void check_limits(struct running *running)
{
    const struct process_options *options = running->options;
    int64_t now = clock_monotonic();
    if (buffer_overflowed(&running->output))
        tell_to_end(running, PROCESS_TOO_LARGE, SIGKILL, INT64_MAX);
    else if (now >= options->deadline)
        tell_to_end(running, PROCESS_TIMED_OUT, SIGTERM, PROCESS_GRACE);
    else if (options->is_cancelled != NULL && options->is_cancelled(options->of))
        tell_to_end(running, PROCESS_CANCELLED, SIGTERM, PROCESS_GRACE);
    if (now >= running->killed_at) {
        kill(-running->pid, SIGKILL);
        running->killed_at = INT64_MAX;
    }
}

static bool has_ended(const struct running *running)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)running->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
           info.si_pid != 0;
}

static void talk(struct running *running)
{
    while (!has_ended(running)) {
        struct pollfd watched[WATCHED];
        for (int i = 0; i < WATCHED; i++)
            watched[i] = (struct pollfd){running->descriptors[i], i == INPUT ? POLLOUT : POLLIN, 0};
        poll(watched, WATCHED, LOOK_INTERVAL);
        if (watched[INPUT].revents != 0)
            write_input(running);
        if (watched[OUTPUT].revents != 0)
            read_output(running);
        if (watched[ERRORS].revents != 0)
            read_errors(running);
        check_limits(running);
    }
}

/* What was written before the end is still in the pipes. Whoever has left the group may go on
 * writing, so no more is read than a pipe can have held. */
static void drain(struct running *running)
{
    for (int i = 0; i < PIPE_PARTS && read_output(running) > 0; i++)
        continue;
    for (int i = 0; i < PIPE_PARTS && read_errors(running) > 0; i++)
        continue;
}

/* The group goes before its leader is waited for: until then nobody else can have its number. */
static void finish(struct running *running, struct process_result *result)
{
    kill(-running->pid, SIGKILL);
    siginfo_t info = {0};
    while (waitid(P_PID, (id_t)running->pid, &info, WEXITED) < 0 && errno == EINTR)
        continue;
    drain(running);
    for (int i = 0; i < WATCHED; i++)
        close_descriptor(&running->descriptors[i]);
    if (!running->ending && buffer_overflowed(&running->output)) {
        running->ending = true;
        running->end = PROCESS_TOO_LARGE;
    }
    *result = (struct process_result){
        .end = running->ending ? running->end
                               : (info.si_code == CLD_EXITED ? PROCESS_EXITED : PROCESS_SIGNALLED),
        .code = info.si_status,
        .output = buffer_text(&running->output),
    };
}

int process_run(struct arena *arena, const struct process_options *options,
                struct process_result *ret_result)
{
    struct running *running = arena_allocate_zeroed(arena, sizeof *running);
    running->options = options;
    running->input = options->input;
    running->killed_at = INT64_MAX;
    for (int i = 0; i < WATCHED; i++)
        running->descriptors[i] = -1;
    buffer_init(&running->output, arena, options->output_limit);
    int error = start(running);
    if (error < 0) {
        for (int i = 0; i < WATCHED; i++)
            close_descriptor(&running->descriptors[i]);
        return error;
    }
    talk(running);
    finish(running, ret_result);
    ret_result->errors = (struct text){running->errors, running->error_count};
    return 0;
}
