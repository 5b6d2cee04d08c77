/*
 * openapi.c: errand openapi.
 */
#include "http/openapi.h"

#include <stdio.h>

#include "api/api.h"
#include "cli/command.h"

int command_openapi(const struct command_context *context)
{
    if (context->count > 0)
        return command_usage("openapi takes no arguments");
    struct router *router =
        router_create(api_tables, API_TABLE_COUNT, api_surfaces(context->config));
    struct buffer buffer;
    buffer_init(&buffer, context->arena, REPLY_LIMIT);
    openapi_write(router, &buffer);
    struct text document = buffer_text(&buffer);
    bool written = fwrite(document.data, 1, document.length, stdout) == document.length &&
                   putchar('\n') != EOF && fflush(stdout) == 0;
    router_free(router);
    return written ? EXIT_OK : command_fail(TEXT("cannot write the document"));
}
