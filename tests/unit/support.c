#include "support.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/fiber.h"
#include "runtime/loop.h"

void check_text(struct text text, const char *expected, const char *file, int line)
{
    if (text.data != NULL && text_is(text, expected))
        return;
    print_error("\"%.*s\"%s is not \"%s\"\n", TEXT_ARGUMENTS(text),
                text.data == NULL ? " (null)" : "", expected);
    _fail(file, line);
}

/* Marsaglia's xorshift64*. */
uint64_t dice_roll(struct dice *dice)
{
    uint64_t x = dice->state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    dice->state = x;
    return x * UINT64_C(0x2545F4914F6CDD1D);
}

uint64_t dice_below(struct dice *dice, uint64_t limit)
{
    return (dice_roll(dice) >> 11) % limit;
}

int64_t dice_between(struct dice *dice, int64_t first, int64_t last)
{
    return first + (int64_t)dice_below(dice, (uint64_t)(last - first) + 1);
}

void folder_create(struct folder *folder)
{
    snprintf(folder->path, sizeof folder->path, "/tmp/errand-unit-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

void folder_cleanup(struct folder *folder)
{
    nftw(folder->path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

const char *folder_file(const struct folder *folder, struct arena *arena, const char *name)
{
    return arena_format(arena, "%s/%s", folder->path, name).data;
}

void file_write(const char *path, struct text content)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(content.data, 1, content.length, file), content.length);
    assert_int_equal(fclose(file), 0);
}

struct text file_read(struct arena *arena, const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return TEXT_NULL;
    struct stat status;
    assert_int_equal(fstat(file, &status), 0);
    size_t size = (size_t)status.st_size;
    char *data = arena_allocate(arena, size + 1);
    assert_int_equal(read(file, data, size), status.st_size);
    close(file);
    return (struct text){data, size};
}

struct fiber_run {
    struct loop_post post;
    struct loop *loop;
    void (*fn)(void *argument);
    void *argument;
};

static void fiber_run_main(void *argument)
{
    struct fiber_run *run = argument;
    run->fn(run->argument);
    loop_stop(run->loop);
}

static void fiber_run_start(struct loop_post *post)
{
    fiber_start(fiber_run_main, (struct fiber_run *)post);
}

void run_in_fiber(void (*fn)(void *argument), void *argument)
{
    struct fiber_run run = {.post = {.run = fiber_run_start}, .fn = fn, .argument = argument};
    assert_int_equal(loop_create(&run.loop, 0), 0);
    loop_post(run.loop, &run.post);
    loop_run(run.loop);
    loop_free(run.loop);
}
