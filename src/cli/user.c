/*
 * user.c: errand user add|passwd|role|list.
 *
 * These work on the database itself, whether or not a server runs on it.
 */
#include "domain/user.h"

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/command.h"
#include "domain/password.h"

enum { PASSWORD_LINE = 1024 };

/* The arguments of all four. */
struct user_arguments {
    const char *name;
    const char *role;
    struct text email;
    bool admin;
    bool password_from_stdin;
};

struct user_run {
    struct arena *arena;
    struct services services;
    struct user_arguments arguments;
};

static int fail_with(struct user_run *run, const struct problems *problems, int error)
{
    if (problems->count > 0)
        return command_fail(arena_format(run->arena, "%s: %.*s", run->arguments.name,
                                         TEXT_ARGUMENTS(problems->items[0].message)));
    if (error == ERROR_NOT_FOUND)
        return command_fail(arena_format(run->arena, "no user is named %s", run->arguments.name));
    return command_fail(text_from(error_text(error)));
}

/* One line without echo, when somebody types it. */
static bool read_line(const char *prompt, char *line, size_t size)
{
    struct termios shown;
    bool typed = isatty(STDIN_FILENO) == 1 && tcgetattr(STDIN_FILENO, &shown) == 0;
    if (typed) {
        struct termios hidden = shown;
        hidden.c_lflag &= ~(tcflag_t)ECHO;
        fputs(prompt, stderr);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    }
    bool read = fgets(line, (int)size, stdin) != NULL;
    if (typed) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
        fputc('\n', stderr);
    }
    if (read)
        line[strcspn(line, "\r\n")] = '\0';
    return read;
}

static int read_password(struct user_run *run, struct text *ret_password)
{
    char first[PASSWORD_LINE];
    char second[PASSWORD_LINE];
    if (!run->arguments.password_from_stdin && isatty(STDIN_FILENO) != 1)
        return command_fail(TEXT("no terminal to ask for the password: use --password-stdin"));
    if (!read_line("Password: ", first, sizeof first))
        return command_fail(TEXT("no password was given"));
    if (!run->arguments.password_from_stdin) {
        if (!read_line("Again: ", second, sizeof second) || strcmp(first, second) != 0)
            return command_fail(TEXT("the passwords differ"));
    }
    *ret_password = arena_copy(run->arena, text_from(first));
    explicit_bzero(first, sizeof first);
    explicit_bzero(second, sizeof second);
    return EXIT_OK;
}

/* Asks for a password, checks it and `user`, and sets the hash. */
static int prepare_user(struct user_run *run, struct problems *problems, struct user *user)
{
    struct text password = TEXT_NULL;
    int code = read_password(run, &password);
    if (code != EXIT_OK)
        return code;
    user_check(user, password, problems);
    if (problems->count > 0)
        return fail_with(run, problems, 0);
    int error = password_hash(run->services.passwords, run->arena, password, &user->password_hash);
    return error < 0 ? fail_with(run, problems, error) : EXIT_OK;
}

static int add_user(struct user_run *run)
{
    struct problems problems;
    problems_init(&problems, run->arena);
    struct user user = {
        .username = text_from(run->arguments.name),
        .email = run->arguments.email,
        .role = run->arguments.admin ? ROLE_ADMIN : ROLE_USER,
        .is_active = true,
    };
    int code = prepare_user(run, &problems, &user);
    if (code != EXIT_OK)
        return code;
    struct actor nobody = {0};
    int error = user_create(&run->services, &nobody, &problems, &user);
    if (error < 0)
        return fail_with(run, &problems, error);
    printf("added user %s with id %jd\n", run->arguments.name, (intmax_t)user.id);
    return EXIT_OK;
}

static int change_user(struct user_run *run, struct problems *problems, uint64_t field,
                       const struct user *changes)
{
    struct actor nobody = {0};
    struct user user;
    int error =
        user_find_by_name(&run->services, run->arena, text_from(run->arguments.name), &user);
    if (error == 0)
        error = user_update(&run->services, &nobody, problems, user.id, field, changes, &user);
    return error < 0 ? fail_with(run, problems, error) : EXIT_OK;
}

static int change_password(struct user_run *run)
{
    struct problems problems;
    problems_init(&problems, run->arena);
    struct user changes = {0};
    struct user found;
    int error =
        user_find_by_name(&run->services, run->arena, text_from(run->arguments.name), &found);
    if (error < 0)
        return fail_with(run, &problems, error);
    changes.username = found.username;
    int code = prepare_user(run, &problems, &changes);
    if (code == EXIT_OK)
        code = change_user(run, &problems, FIELD_BIT(USER_PASSWORD), &changes);
    if (code == EXIT_OK)
        printf("changed the password of %s\n", run->arguments.name);
    return code;
}

static int change_role(struct user_run *run)
{
    struct problems problems;
    problems_init(&problems, run->arena);
    struct user changes = {
        .role = enumeration_find(&user_roles, text_from(run->arguments.role)),
    };
    if (changes.role < 0)
        return command_usage(
            arena_format(run->arena, "a role is user or admin, not %s", run->arguments.role).data);
    int code = change_user(run, &problems, FIELD_BIT(USER_ROLE), &changes);
    if (code == EXIT_OK)
        printf("%s is now %s\n", run->arguments.name, run->arguments.role);
    return code;
}

static int list_users(struct user_run *run)
{
    struct user_query query = {0};
    paging_init(&query.paging);
    query.paging.limit = PAGING_LIMIT_MAXIMUM;
    query.paging.skip = 0;
    query.paging.total = false;
    printf("%-8s %-30s %-6s %-8s %s\n", "id", "username", "role", "active", "email");
    for (;;) {
        struct user_page page;
        int error = user_list(&run->services, run->arena, &query, &page);
        if (error < 0)
            return command_fail(text_from(error_text(error)));
        const struct user *users = page.users.items;
        for (size_t i = 0; i < page.users.count; i++) {
            const struct user *user = &users[i];
            printf("%-8jd %-30.*s %-6s %-8s %.*s\n", (intmax_t)user->id,
                   TEXT_ARGUMENTS(user->username), user_roles.names[user->role],
                   user->is_active ? "yes" : "no", TEXT_ARGUMENTS(user->email));
        }
        if (page.users.count < PAGING_LIMIT_MAXIMUM)
            return EXIT_OK;
        query.paging.skip += PAGING_LIMIT_MAXIMUM;
    }
}

static const struct {
    const char *name;
    int words; /* plain arguments: the user's name, and a role */
    int (*run)(struct user_run *run);
} actions[] = {
    {"add", 1, add_user},
    {"passwd", 1, change_password},
    {"role", 2, change_role},
    {"list", 0, list_users},
};

/* Sorts flags and words; the number of words, or -1 for what is no flag of ours. */
static int parse_arguments(const struct command_context *context, struct user_arguments *arguments)
{
    int words = 0;
    for (int i = 1; i < context->count; i++) {
        const char *argument = context->arguments[i];
        if (strcmp(argument, "--admin") == 0)
            arguments->admin = true;
        else if (strcmp(argument, "--password-stdin") == 0)
            arguments->password_from_stdin = true;
        else if (strcmp(argument, "--email") == 0 && i + 1 < context->count)
            arguments->email = text_from(context->arguments[++i]);
        else if (argument[0] == '-')
            return -1;
        else if (words++ == 0)
            arguments->name = argument;
        else
            arguments->role = argument;
    }
    return words;
}

int command_user(const struct command_context *context)
{
    struct user_run run = {.arena = context->arena};
    int words = parse_arguments(context, &run.arguments);
    size_t action = 0;
    enum { ACTION_COUNT = sizeof actions / sizeof actions[0] };
    while (action < ACTION_COUNT &&
           (context->count == 0 || strcmp(context->arguments[0], actions[action].name) != 0))
        action++;
    if (action == ACTION_COUNT || words != actions[action].words)
        return command_usage("user add NAME [--admin] [--email E] | passwd NAME | "
                             "role NAME user|admin | list");
    run.services.config = context->config;
    run.services.db = command_open_database(context, 0);
    if (run.services.db == NULL)
        return EXIT_FAILED;
    run.services.passwords = passwords_create((int)context->config->bcrypt_cost, 1);
    int code = actions[action].run(&run);
    passwords_free(run.services.passwords);
    db_close(run.services.db);
    return code;
}
