#include "http/dispatch.h"

#include "base/clock.h"
#include "base/error.h"
#include "http/cors.h"
#include "http/credentials.h"
#include "http/reply.h"
#include "http/session_cookie.h"

enum { LIMITER_KEYS = 131072 };

int dispatch_prepare(struct dispatch *dispatch, const struct http_options *options,
                     struct arena *arena, struct text *ret_message)
{
    const struct config *config = options->config;
    struct text proxies = text_from(config->trusted_proxies);
    if (address_set_parse(arena, proxies, &dispatch->trusted_proxies) < 0) {
        *ret_message = arena_format(arena,
                                    "TRUSTED_PROXIES must be a comma list of addresses or networks "
                                    "(a.b.c.d/n), not \"%s\"",
                                    config->trusted_proxies);
        return ERROR_INVALID;
    }
    dispatch->rules[RULE_ANONYMOUS] = (struct limit_rule){config->limit_anonymous, CLOCK_MINUTE};
    dispatch->rules[RULE_USER] = (struct limit_rule){config->limit_user, CLOCK_MINUTE};
    dispatch->rules[RULE_LOGIN] = (struct limit_rule){config->limit_login, CLOCK_MINUTE};
    dispatch->rules[RULE_REGISTER] = (struct limit_rule){config->limit_register, CLOCK_HOUR};
    dispatch->rules[RULE_UPLOAD] = (struct limit_rule){config->limit_upload, CLOCK_HOUR};
    dispatch->cors_origins = text_from(config->cors_origins);
    dispatch->strict_passwords = config->password_policy == PASSWORD_POLICY_STRICT;
    dispatch->identify = options->identify;
    dispatch->share_limit = options->share_limit;
    dispatch->run = options->run;
    dispatch->limiter = limiter_create(LIMITER_KEYS);
    dispatch->router = router_create(options->tables, options->table_count, options->surfaces);
    return 0;
}

void dispatch_release(struct dispatch *dispatch)
{
    router_free(dispatch->router);
    limiter_free(dispatch->limiter);
}

/* A request id is echoed and logged, so only plain ones are taken from the client. */
static bool is_sane_id(struct text id)
{
    if (id.length == 0 || id.length > 128)
        return false;
    for (size_t i = 0; i < id.length; i++) {
        char c = id.data[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '-' || c == '_' || c == '.';
        if (!plain)
            return false;
    }
    return true;
}

void dispatch_begin(const struct dispatch *dispatch, struct request *request)
{
    struct text sent_id = request->headers.request_id;
    if (is_sane_id(sent_id)) {
        request->id = arena_copy(&request->arena, sent_id);
    } else {
        uuid_format(request->id_storage);
        request->id = (struct text){request->id_storage, UUID_SIZE - 1};
    }
    request->log.request_id = request->id;
    problems_init(&request->problems, &request->arena);
    router_find(dispatch->router, &request->arena, method_find(request->method_name), request->path,
                &request->match);
    if (request->match.route == NULL)
        request->match.surface = surface_of_path(request->path);
}

/* Sent with every answer: no sniffing, no framing; and, where the handler did not say otherwise, no
 * scripts and nothing kept by shared caches. */
static void add_common_headers(const struct dispatch *dispatch, struct request *request)
{
    reply_header_constant(request, "X-Request-ID", request->id.data);
    reply_header_constant(request, "X-Content-Type-Options", "nosniff");
    reply_header_default(request, "Content-Security-Policy",
                         "default-src 'none'; frame-ancestors 'none'");
    reply_header_constant(request, "Referrer-Policy", "no-referrer");
    reply_header_default(request, "Cache-Control", "private, no-cache");
    cors_add_headers(request, dispatch->cors_origins);
}

void dispatch_reject(const struct dispatch *dispatch, struct request *request, int status,
                     const char *message)
{
    reply_error(request, status, message);
    add_common_headers(dispatch, request);
}

/* Identification. */

/* A cookie that no longer holds is nobody's: the browser sends it whatever the user does. */
static int identify_by_cookie(const struct dispatch *dispatch, struct request *request)
{
    struct text token;
    if (!session_cookie_find(request, &token))
        return 0;
    int error = dispatch->identify(request, token, &request->identity);
    if (error < 0)
        return error == ERROR_UNAUTHORIZED ? 0 : error;
    request->identity.by_cookie = true;
    request->log.user_id = request->identity.user_id;
    return 0;
}

/* Sets request->identity; ERROR_UNAUTHORIZED when a token was sent that identifies nobody. */
static int identify(const struct dispatch *dispatch, struct request *request)
{
    struct text token;
    int error = credentials_find(request, &token);
    if (error < 0)
        return error;
    if (token.data == NULL)
        return identify_by_cookie(dispatch, request);
    error = dispatch->identify(request, token, &request->identity);
    if (error == 0)
        request->log.user_id = request->identity.user_id;
    return error;
}

/* Limits. */

static struct limit_key address_key(enum http_rule rule, const struct request *request)
{
    struct address network = address_network(&request->address);
    struct limit_key key = {.rule = rule};
    memcpy(key.words, network.bytes, sizeof network.bytes);
    return key;
}

/* Counts the request under a rule; false when it was refused, and answered. */
static bool take(const struct dispatch *dispatch, struct request *request, enum http_rule number,
                 const struct limit_key *key, struct limit_verdict *verdict)
{
    const struct limit_rule *rule = &dispatch->rules[number];
    if (rule->limit == 0)
        return true;
    struct limit_verdict taken;
    if (dispatch->share_limit == NULL || !dispatch->share_limit(request, key, rule, &taken))
        taken = limiter_take(dispatch->limiter, key, rule, clock_monotonic());
    /* Of two limits the headers tell of the one that is closer. */
    if (verdict->limit == 0 || !taken.allowed || taken.remaining < verdict->remaining)
        *verdict = taken;
    return taken.allowed;
}

static void add_limit_headers(struct request *request, const struct limit_verdict *verdict)
{
    if (verdict->limit == 0)
        return;
    int64_t reset = clock_now() + verdict->reset;
    reply_header(request, "X-RateLimit-Limit", "%jd", (intmax_t)verdict->limit);
    reply_header(request, "X-RateLimit-Remaining", "%jd", (intmax_t)verdict->remaining);
    reply_header(request, "X-RateLimit-Reset", "%jd",
                 (intmax_t)((reset + CLOCK_SECOND - 1) / CLOCK_SECOND));
    if (!verdict->allowed)
        reply_header(request, "Retry-After", "%jd",
                     (intmax_t)((verdict->reset + CLOCK_SECOND - 1) / CLOCK_SECOND));
}

static bool take_general(const struct dispatch *dispatch, struct request *request,
                         struct limit_verdict *verdict)
{
    if (request->identity.user_id == 0) {
        struct limit_key key = address_key(RULE_ANONYMOUS, request);
        return take(dispatch, request, RULE_ANONYMOUS, &key, verdict);
    }
    struct limit_key key = {RULE_USER, {(uint64_t)request->identity.user_id}};
    return take(dispatch, request, RULE_USER, &key, verdict);
}

/* The limit of the route itself, which may depend on its body. */
static bool take_special(const struct dispatch *dispatch, struct request *request,
                         struct limit_verdict *verdict)
{
    const struct route *route = request->match.route;
    if (route->limit == LIMIT_LOGIN) {
        struct limit_key key = address_key(RULE_LOGIN, request);
        key.words[2] = text_hash(route->limit_key(request), 0);
        return take(dispatch, request, RULE_LOGIN, &key, verdict);
    }
    if (route->limit == LIMIT_REGISTER && !request->identity.is_admin) {
        struct limit_key key = address_key(RULE_REGISTER, request);
        return take(dispatch, request, RULE_REGISTER, &key, verdict);
    }
    if (route->limit == LIMIT_UPLOAD) {
        struct limit_key key = {RULE_UPLOAD, {(uint64_t)request->identity.user_id}};
        return take(dispatch, request, RULE_UPLOAD, &key, verdict);
    }
    return true;
}

/* Decoding. */

static bool has_content_type(struct text header, const char *expected)
{
    return text_equal_ignoring_case(text_trim(text_before(header, ';')), text_from(expected));
}

static bool is_form(const struct request *request)
{
    return has_content_type(request->headers.content_type, "application/x-www-form-urlencoded");
}

/* A body without a type is taken as JSON. */
static bool accepts_content_type(const struct request *request)
{
    const struct body *body = request->match.route->body;
    if (body == NULL || request->headers.content_type.data == NULL)
        return true;
    return has_content_type(request->headers.content_type, "application/json") ||
           (body->accepts_form && is_form(request));
}

static void decode_path(struct request *request)
{
    request->problems.location = LOCATION_PATH;
    for (size_t i = 0; i < ROUTE_PARAMETERS_LIMIT; i++) {
        bool is_text = false;
        struct text name = route_parameter_name(request->match.route, i, &is_text);
        struct text value = request->match.parameters[i];
        if (name.data == NULL || is_text)
            continue;
        int error = text_parse_integer(value, &request->path_ids[i]);
        if (error == ERROR_TOO_LARGE)
            request->path_ids[i] = 0; /* larger than any id: not found */
        else if (error < 0)
            problem_add(&request->problems, name, "int_parsing",
                        problem_input(&request->problems, value),
                        "Input should be a valid integer, unable to parse string as an integer");
    }
}

static void *new_structure(struct request *request, const struct schema *schema)
{
    void *structure = arena_allocate_zeroed(&request->arena, schema->size);
    if (schema->init != NULL)
        schema->init(structure);
    return structure;
}

static int decode_query(struct request *request)
{
    const struct schema *schema = request->match.route->query;
    if (schema == NULL)
        return 0;
    struct parameters parameters;
    if (parameters_parse(&parameters, &request->arena, request->query_string) < 0) {
        request->problems.location = LOCATION_QUERY;
        problem_value(&request->problems, "", "There are too many parameters");
        return ERROR_INVALID;
    }
    request->query = new_structure(request, schema);
    return decode_parameters(schema, &parameters, LOCATION_QUERY, &request->problems,
                             request->query, &request->query_given);
}

static int decode_body(const struct dispatch *dispatch, struct request *request)
{
    const struct body *body = request->match.route->body;
    if (body == NULL)
        return 0;
    request->value = new_structure(request, body->schema);
    struct text text = buffer_text(&request->body);
    if (body->accepts_form && is_form(request)) {
        struct parameters form;
        request->problems.location = LOCATION_BODY;
        if (parameters_parse(&form, &request->arena, text) < 0) {
            problem_value(&request->problems, "", "The form has too many fields");
            return ERROR_INVALID;
        }
        return decode_parameters(body->schema, &form, LOCATION_BODY, &request->problems,
                                 request->value, &request->value_given);
    }
    struct decode_context context = {
        .admin = request->identity.is_admin,
        .strict_passwords = dispatch->strict_passwords || request->match.surface == SURFACE_V1,
    };
    return decode_json(body, &context, text, &request->problems, request->value,
                       &request->value_given);
}

/* All that is wrong with path, query and body is told at once. */
static int decode(const struct dispatch *dispatch, struct request *request)
{
    decode_path(request);
    decode_query(request);
    decode_body(dispatch, request);
    return request->problems.count > 0 ? ERROR_INVALID : 0;
}

/* A path that is not there, or not with this method. */

static void add_allow(struct request *request)
{
    struct buffer allow;
    buffer_init(&allow, &request->arena, 128);
    for (enum method method = 0; method < METHOD_COUNT; method++) {
        if ((request->match.methods & 1U << method) == 0)
            continue;
        buffer_add_string(&allow, method_name(method));
        buffer_add_string(&allow, ", ");
        if (method == METHOD_GET)
            buffer_add_string(&allow, "HEAD, ");
    }
    buffer_add_string(&allow, "OPTIONS");
    reply_header(request, "Allow", "%.*s", TEXT_ARGUMENTS(buffer_text(&allow)));
}

/* "/tasks/" leads to "/tasks", as it does in FastAPI; but not for DELETE: clients shorten a path
 * like /tasks/7/tags/.. by themselves, and would be led to delete the task. */
static bool redirect_without_slash(const struct dispatch *dispatch, struct request *request)
{
    struct text path = request->path;
    if (path.length < 2 || path.data[path.length - 1] != '/' ||
        text_is(request->method_name, "DELETE"))
        return false;
    path.length--;
    struct route_match match;
    router_find(dispatch->router, &request->arena, METHOD_COUNT, path, &match);
    if (match.methods == 0 || path.data[path.length - 1] == '/')
        return false;
    if (request->query_string.length > 0)
        reply_header(request, "Location", "%.*s?%.*s", TEXT_ARGUMENTS(path),
                     TEXT_ARGUMENTS(request->query_string));
    else
        reply_header(request, "Location", "%.*s", TEXT_ARGUMENTS(path));
    reply_empty(request, 307);
    return true;
}

static int reply_unrouted(const struct dispatch *dispatch, struct request *request)
{
    if (request->match.methods == 0)
        return redirect_without_slash(dispatch, request) ? 0
                                                         : reply_error(request, 404, "Not Found");
    add_allow(request);
    if (text_is(request->method_name, "OPTIONS")) {
        cors_add_preflight(request, dispatch->cors_origins);
        return reply_empty(request, 204);
    }
    return reply_error(request, 405, "Method Not Allowed");
}

static int check_access(const struct request *request, int identified)
{
    const struct route *route = request->match.route;
    if (identified < 0)
        return identified;
    if (route == NULL || route->access == ACCESS_PUBLIC)
        return 0;
    if (request->identity.user_id == 0)
        return ERROR_UNAUTHORIZED;
    return route->access == ACCESS_ADMIN && !request->identity.is_admin ? ERROR_FORBIDDEN : 0;
}

static int refuse(struct request *request)
{
    return reply_error(request, 429, "Too many requests, try again later");
}

static int run(const struct dispatch *dispatch, struct request *request,
               struct limit_verdict *verdict)
{
    const struct route *route = request->match.route;
    int identified = identify(dispatch, request);
    /* A preflight is the browser's, not the user's; it is answered without any work. */
    bool preflight = text_is(request->method_name, "OPTIONS");
    bool limited = route == NULL ? !preflight : route->limit != LIMIT_NONE;
    if (limited && !take_general(dispatch, request, verdict))
        return refuse(request);
    int error = check_access(request, identified);
    if (error < 0)
        return error;
    if (request->too_large)
        return reply_error(request, 413, "The request body is too large");
    if (route == NULL)
        return reply_unrouted(dispatch, request);
    if (!accepts_content_type(request))
        return reply_error(request, 415, "The request body must be application/json");
    error = decode(dispatch, request);
    if (route->limit == LIMIT_LOGIN && error < 0)
        return error;
    if (!take_special(dispatch, request, verdict))
        return refuse(request);
    return error < 0 ? error : dispatch->run(request);
}

void dispatch_run(const struct dispatch *dispatch, struct request *request)
{
    struct limit_verdict verdict = {0};
    int error = run(dispatch, request, &verdict);
    if (error < 0)
        error = reply_failure(request, error);
    if (error < 0) {
        request->reply.header_count = 0;
        reply_failure(request, ERROR_INTERNAL);
    }
    add_limit_headers(request, &verdict);
    add_common_headers(dispatch, request);
}
