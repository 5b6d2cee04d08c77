/*
 * api.h: the endpoints.
 *
 * One file a resource, each with its table of routes at the end and a function for each row. The
 * handlers translate: from the decoded request to the domain, from the domain's result to the
 * answer. Rules live in src/domain, preconditions in the rows.
 */
#ifndef ERRAND_API_API_H
#define ERRAND_API_API_H

#include "domain/services.h"
#include "http/http.h"
#include "http/reply.h"

struct user;

/* What request->application is. */
struct application {
    struct services services;
    struct http *http;
    struct live *live; /* see api/live.h */
    struct running_keys *running_keys;
};

/* The tables of all resources. */
enum { API_TABLE_COUNT = 20 };
extern const struct route_table *const api_tables[API_TABLE_COUNT];

extern const struct route_table auth_routes;
extern const struct route_table user_routes;
extern const struct route_table task_routes;
extern const struct route_table flask_routes;
extern const struct route_table audit_routes;
extern const struct route_table task_export_routes;
extern const struct route_table task_import_routes;
extern const struct route_table flask_upload_routes;
extern const struct route_table statistics_routes;
extern const struct route_table file_routes;
extern const struct route_table external_routes;
extern const struct route_table job_routes;
extern const struct route_table portfolio_routes;
extern const struct route_table notification_routes;
extern const struct route_table system_routes;
extern const struct route_table people_routes;
extern const struct route_table session_routes;
extern const struct route_table web_routes;
extern const struct route_table event_routes;
extern const struct route_table health_routes;

/* api_surfaces: the surfaces that API_SURFACES asks for, as SURFACE_BIT()s. */
unsigned api_surfaces(const struct config *config);

/* api_identify: for http_options.identify. */
int api_identify(struct request *request, struct text token, struct identity *ret_identity);

/* api_share_limit: for http_options.share_limit, where there is a Redis. */
bool api_share_limit(struct request *request, const struct limit_key *key,
                     const struct limit_rule *rule, struct limit_verdict *ret_verdict);

/* api_login_name: the user name of a sign-in, for route.limit_key. */
struct text api_login_name(const struct request *request);

/* api_register_user: registers an account and answers it. */
int api_register_user(struct request *request);

/* api_set_session_cookie: the answer gives the browser a fresh token of the user in the session's
 * cookie. ERROR_INTERNAL. */
int api_set_session_cookie(struct request *request, const struct user *user);

/* services_of: the domain's services. */
struct services *services_of(const struct request *request);

/* actor_of: who acts in the request, for the domain. */
struct actor actor_of(const struct request *request);

#endif
