/*
 * health.c: errand health: asks the server of this configuration how it is, for whoever watches
 * over it without a client for HTTP at hand (a container, a service manager).
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/command.h"
#include "net/net.h"

enum { ANSWER_LIMIT = 1 << 20 };
#define PATIENCE (10 * CLOCK_SECOND)

/* Where a server that listens on `host` is reached from here. */
static const char *reachable(const char *host)
{
    if (strcmp(host, "0.0.0.0") == 0)
        return "127.0.0.1";
    return strcmp(host, "::") == 0 ? "::1" : host;
}

static struct text url_of(struct arena *arena, const struct config *config)
{
    const char *host = reachable(config->host);
    bool brackets = strchr(host, ':') != NULL;
    return arena_format(arena, "http://%s%s%s:%d/health/detailed", brackets ? "[" : "", host,
                        brackets ? "]" : "", (int)config->port);
}

static int ask(const struct command_context *context, struct net *net)
{
    const struct net_request request = {
        .url = url_of(context->arena, context->config).data,
        .timeout = PATIENCE,
        .limit = ANSWER_LIMIT,
    };
    struct net_answer answer;
    struct text message;
    if (net_fetch(net, context->arena, &request, &answer, &message) < 0)
        return command_fail(message);
    printf("%.*s\n", TEXT_ARGUMENTS(answer.body));
    return answer.status == 200 ? EXIT_OK : EXIT_FAILED;
}

int command_health(const struct command_context *context)
{
    if (context->count > 0)
        return command_usage("health takes no arguments");
    if (context->config->port == 0)
        return command_usage("health needs the PORT that the server listens on");
    struct net *net = net_create(0);
    int code = ask(context, net);
    net_free(net);
    return code;
}
