/*
 * audit.c: errand audit verify.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cli/command.h"
#include "domain/audit_seal.h"

/* What is wrong, around the number of the row. */
static const struct {
    const char *before;
    const char *behind;
} findings[] = {
    [AUDIT_CHANGED] = {"row", "was changed"},
    [AUDIT_MISSING] = {"row", "is missing"},
    [AUDIT_INSERTED] = {"row", "was inserted"},
    [AUDIT_SEAL] = {"the seal up to row", "was changed, or one before it is missing"},
    [AUDIT_SEAL_END] = {"the seals behind the last one, up to row", "are missing"},
};

int command_audit(const struct command_context *context)
{
    if (context->count != 1 || strcmp(context->arguments[0], "verify") != 0)
        return command_usage("audit takes the argument verify");
    struct db *db = command_open_database(context, 0);
    if (db == NULL)
        return EXIT_FAILED;
    struct audit_report report;
    int error = audit_seal_verify(db, &report);
    db_close(db);
    if (error < 0)
        return command_fail(arena_format(context->arena, "cannot verify: %s", error_text(error)));
    printf("%" PRId64 " rows are sealed and as they were written", report.sealed);
    if (report.hash[0] != '\0')
        printf("; the last seal is %s", report.hash);
    putchar('\n');
    if (report.finding != AUDIT_INTACT) {
        printf("%s %" PRId64 " %s\n", findings[report.finding].before, report.seq,
               findings[report.finding].behind);
        return EXIT_FAILED;
    }
    printf("%" PRId64 " rows are not sealed yet\n", report.unsealed);
    return EXIT_OK;
}
