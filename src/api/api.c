#include "api/api.h"

#include "cache/redis_window.h"
#include "domain/account.h"

const struct route_table *const api_tables[API_TABLE_COUNT] = {
    &system_routes,      &health_routes,       &auth_routes,       &user_routes,
    &task_routes,        &flask_routes,        &audit_routes,      &task_export_routes,
    &task_import_routes, &flask_upload_routes, &statistics_routes, &file_routes,
    &external_routes,    &job_routes,          &portfolio_routes,  &notification_routes,
    &session_routes,     &web_routes,          &people_routes,     &event_routes,
};

unsigned api_surfaces(const struct config *config)
{
    static const struct {
        enum config_surface option;
        enum surface surface;
    } surfaces[] = {
        {CONFIG_SURFACE_V1, SURFACE_V1},
        {CONFIG_SURFACE_CLASSIC, SURFACE_CLASSIC},
        {CONFIG_SURFACE_PORTFOLIO, SURFACE_PORTFOLIO},
        {CONFIG_SURFACE_FLASK, SURFACE_FLASK},
    };
    unsigned served = SURFACE_BIT(SURFACE_SYSTEM);
    for (size_t i = 0; i < sizeof surfaces / sizeof surfaces[0]; i++) {
        if ((config->surfaces & INT64_C(1) << surfaces[i].option) != 0)
            served |= SURFACE_BIT(surfaces[i].surface);
    }
    return served;
}

struct services *services_of(const struct request *request)
{
    struct application *application = request->application;
    return &application->services;
}

struct actor actor_of(const struct request *request)
{
    return (struct actor){
        .user_id = request->identity.user_id,
        .is_admin = request->identity.is_admin,
        .username = request->identity.username,
        .request_id = request->id,
        .hook = request->hook,
    };
}

int api_identify(struct request *request, struct text token, struct identity *ret_identity)
{
    struct user user;
    int64_t expires_at;
    int error = account_recognise(services_of(request), &request->arena, token, &user, &expires_at);
    if (error < 0)
        return error;
    *ret_identity = (struct identity){
        .user_id = user.id,
        .is_admin = user.role == ROLE_ADMIN,
        .username = user.username,
        .token_expires_at = expires_at,
        .token_generation = user.token_generation,
    };
    return 0;
}

bool api_share_limit(struct request *request, const struct limit_key *key,
                     const struct limit_rule *rule, struct limit_verdict *ret_verdict)
{
    const struct redis_window window = {
        .key = arena_format(&request->arena, "limit:%jx:%jx:%jx:%jx", (uintmax_t)key->rule,
                            (uintmax_t)key->words[0], (uintmax_t)key->words[1],
                            (uintmax_t)key->words[2]),
        .limit = rule->limit,
        .length = rule->window,
        .slices = LIMIT_SLICES,
    };
    struct redis_window_count count;
    if (redis_window_take(services_of(request)->redis, &request->arena, &window, &count) < 0)
        return false;
    *ret_verdict = (struct limit_verdict){
        .allowed = count.allowed,
        .limit = rule->limit,
        .remaining = count.remaining,
        .reset = count.reset,
    };
    return true;
}
