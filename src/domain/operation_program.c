#include "domain/operation_program.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>
#include <unistr.h>

#include "base/buffer.h"
#include "base/error.h"
#include "runtime/process.h"

enum { LINE_LIMIT = 500 }; /* code points of standard error that a job's error repeats */

/* What a row of such an operation has as its context. */
struct program {
    const char *path;
};

static const char *search_path(void)
{
    const char *path = getenv("PATH");
    return path == NULL ? "/usr/local/bin:/usr/bin:/bin" : path;
}

/* The text with what is no UTF-8, and NUL, replaced: a line in another encoding, or one whose
 * beginning was not kept, still says something. */
static struct text make_readable(struct arena *arena, struct text text)
{
    static const char replacement[] = "\uFFFD";
    struct buffer readable;
    buffer_init(&readable, arena, text.length * (sizeof replacement - 1) + 1);
    const uint8_t *at = (const uint8_t *)text.data;
    const uint8_t *end = at + text.length;
    while (at < end) {
        ucs4_t character;
        int length = u8_mbtouc(&character, at, (size_t)(end - at));
        if (character == 0 || character == 0xFFFD)
            buffer_add_string(&readable, replacement);
        else
            buffer_add(&readable, at, (size_t)length);
        at += length;
    }
    return buffer_text(&readable);
}

/* The last line that is not empty. */
static struct text last_line(struct arena *arena, struct text errors)
{
    struct text rest = errors;
    struct text line = TEXT("");
    struct text next;
    while (text_split(&rest, '\n', &next)) {
        if (text_trim(next).length > 0)
            line = text_trim(next);
    }
    return arena_copy(arena, text_prefix(make_readable(arena, line), LINE_LIMIT));
}

/* "The program exited with code 3: no such host" */
static struct text describe(struct arena *arena, const struct process_result *result)
{
    struct text line = last_line(arena, result->errors);
    const char *separator = line.length > 0 ? ": " : "";
    const char *how = result->end == PROCESS_EXITED ? "exited with code" : "was ended by signal";
    return arena_format(arena, "The program %s %d%s%.*s", how, result->code, separator,
                        TEXT_ARGUMENTS(line));
}

static int fail(struct operation_run *run, int error, bool permanent, struct text words)
{
    run->error = words;
    run->permanent = permanent;
    return error;
}

static int take_output(struct operation_run *run, const struct process_result *result)
{
    if (!text_is_valid(result->output) || text_has_nul(result->output))
        return fail(run, ERROR_INVALID, true, TEXT("The program's output is not UTF-8 text"));
    run->result = result->output.length == 0 ? TEXT("") : result->output;
    return 0;
}

static bool is_cancelled(void *of)
{
    struct operation_run *run = of;
    return run->is_cancelled(run);
}

static int run_program(const struct operation *operation, struct operation_run *run)
{
    const struct program *program = operation->context;
    struct arena *arena = run->arena;
    const char *environment[] = {
        arena_format(arena, "PATH=%s", search_path()).data,
        "LANG=C.UTF-8",
        arena_format(arena, "ERRAND_JOB_ID=%.*s", TEXT_ARGUMENTS(run->job_id)).data,
        arena_format(arena, "ERRAND_OPERATION=%s", operation->name).data,
        NULL,
    };
    const struct process_options options = {
        .program = program->path,
        .environment = (char *const *)environment,
        .input = run->data,
        .output_limit = operation->result_limit,
        .deadline = run->deadline,
        .is_cancelled = is_cancelled,
        .of = run,
    };
    struct process_result result;
    int error = process_run(arena, &options, &result);
    if (error < 0)
        return fail(run, error, false, TEXT("The program cannot be started"));
    switch (result.end) {
    case PROCESS_TIMED_OUT:
        return ERROR_TIMEOUT;
    case PROCESS_CANCELLED:
        return ERROR_CANCELLED;
    case PROCESS_TOO_LARGE:
        return fail(run, ERROR_TOO_LARGE, true, TEXT("The program's output is too large"));
    case PROCESS_EXITED:
        if (result.code == EX_OK)
            return take_output(run, &result);
        break;
    case PROCESS_SIGNALLED:
        break;
    }
    bool permanent = result.end == PROCESS_EXITED && result.code == EX_DATAERR;
    return fail(run, ERROR_INTERNAL, permanent, describe(arena, &result));
}

static bool is_executable(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

/* Links stay as they are: many a program (busybox, an interpreter's environment) goes by the name
 * that it was called by, and a link that is turned to a new release is to be followed there. */
static const char *make_absolute(struct arena *arena, struct text path)
{
    if (path.data[0] == '/')
        return path.data;
    char *folder = getcwd(NULL, 0);
    if (folder == NULL)
        return NULL;
    arena_defer(arena, free, folder);
    return arena_format(arena, "%s/%.*s", folder, TEXT_ARGUMENTS(path)).data;
}

/* The absolute path of a program, or NULL when there is none. */
static const char *find_program(struct arena *arena, const char *name)
{
    struct text found = TEXT_NULL;
    if (strchr(name, '/') != NULL)
        found = text_from(name);
    struct text rest = text_from(search_path());
    struct text folder;
    while (found.data == NULL && text_split(&rest, ':', &folder)) {
        struct text path = arena_format(arena, "%.*s/%s", TEXT_ARGUMENTS(folder), name);
        if (is_executable(path.data))
            found = path;
    }
    if (found.data == NULL || !is_executable(found.data))
        return NULL;
    return make_absolute(arena, found);
}

int operation_program_add(struct operations *operations, struct arena *arena,
                          const char *specification, struct text *ret_message)
{
    struct text rest = text_from(specification);
    struct text name;
    if (!text_split(&rest, '=', &name) || rest.length == 0) {
        *ret_message = arena_format(arena, "--exec wants NAME=PROGRAM, not \"%s\"", specification);
        return ERROR_INVALID;
    }
    struct program *program = arena_allocate(arena, sizeof *program);
    program->path = find_program(arena, rest.data);
    if (program->path == NULL) {
        *ret_message =
            arena_format(arena, "--exec %s: there is no program %s", specification, rest.data);
        return ERROR_INVALID;
    }
    const struct operation operation = {
        .name = arena_copy(arena, name).data,
        .summary = arena_format(arena, "Runs %s", program->path).data,
        .result_limit = OPERATION_RESULT_LIMIT,
        .run = run_program,
        .context = program,
    };
    int error = operations_add(operations, &operation);
    if (error == ERROR_CONFLICT)
        *ret_message = arena_format(arena, "--exec %s: there is an operation of that name already",
                                    specification);
    else if (error < 0)
        *ret_message = arena_format(arena,
                                    "--exec %s: a name is a lower-case letter, then lower-case "
                                    "letters, digits and underscores",
                                    specification);
    return error < 0 ? ERROR_INVALID : 0;
}
