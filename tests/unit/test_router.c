/*
 * test_router.c: from a method and a path to a row.
 */
#include "http/route.h"

#include "support.h"

#define V1 SURFACE_BIT(SURFACE_V1)
#define CLASSIC SURFACE_BIT(SURFACE_CLASSIC)
#define SYSTEM SURFACE_BIT(SURFACE_SYSTEM)

static const struct route rows[] = {
    {.method = METHOD_GET, .path = "/tasks", .surfaces = V1 | CLASSIC},
    {.method = METHOD_POST, .path = "/tasks", .surfaces = V1 | CLASSIC},
    {.method = METHOD_GET, .path = "/tasks/{task_id}", .surfaces = V1 | CLASSIC},
    {.method = METHOD_PATCH, .path = "/tasks/{task_id}", .surfaces = V1},
    {.method = METHOD_GET, .path = "/tasks/stats", .surfaces = V1},
    {.method = METHOD_DELETE, .path = "/tasks/{task_id}/tags/{tag:text}", .surfaces = V1},
    {.method = METHOD_GET, .path = "/health", .surfaces = SYSTEM},
    {.method = METHOD_GET, .path = "/", .surfaces = SYSTEM},
};
static const struct route_table table = ROUTE_TABLE(rows);
static const struct route_table *const tables[] = {&table};

enum { TASKS, CREATE, TASK, PATCH_TASK, STATS, DELETE_TAG, HEALTH, ROOT };

struct search {
    struct arena arena;
    struct router *router;
    struct route_match match;
};

static void search_release(struct search *search)
{
    router_free(search->router);
    arena_release(&search->arena);
}

#define SEARCH(name, surfaces)                                                                     \
    __attribute__((cleanup(search_release))) struct search name = {                                \
        .router = router_create(tables, COUNT_OF(tables), (surfaces))}

static void find(struct search *search, enum method method, const char *path)
{
    router_find(search->router, &search->arena, method, text_from(path), &search->match);
}

TEST(finds_the_row_on_each_of_its_surfaces)
{
    static const struct {
        enum method method;
        const char *path;
        int row;
        enum surface surface;
    } cases[] = {
        {METHOD_GET, "/api/v1/tasks", TASKS, SURFACE_V1},
        {METHOD_GET, "/tasks", TASKS, SURFACE_CLASSIC},
        {METHOD_POST, "/tasks", CREATE, SURFACE_CLASSIC},
        {METHOD_GET, "/api/v1/tasks/7", TASK, SURFACE_V1},
        {METHOD_PATCH, "/api/v1/tasks/7", PATCH_TASK, SURFACE_V1},
        {METHOD_GET, "/api/v1/tasks/stats", STATS, SURFACE_V1},
        {METHOD_GET, "/health", HEALTH, SURFACE_SYSTEM},
        {METHOD_GET, "/", ROOT, SURFACE_SYSTEM},
    };
    SEARCH(search, V1 | CLASSIC | SYSTEM);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        find(&search, cases[i].method, cases[i].path);
        assert_ptr_equal(search.match.route, &rows[cases[i].row]);
        assert_int_equal(search.match.surface, cases[i].surface);
        enum surface surface;
        assert_ptr_equal(router_route(search.router, search.match.index, &surface),
                         search.match.route);
        assert_int_equal(surface, cases[i].surface);
    }
    assert_int_equal(router_count(search.router), 11);
}

TEST(a_literal_part_goes_before_a_parameter)
{
    SEARCH(search, V1 | CLASSIC);
    find(&search, METHOD_GET, "/api/v1/tasks/stats");
    assert_ptr_equal(search.match.route, &rows[STATS]);
    find(&search, METHOD_GET, "/api/v1/tasks/statsx");
    assert_ptr_equal(search.match.route, &rows[TASK]);
    find(&search, METHOD_GET, "/tasks/stats");
    assert_ptr_equal(search.match.route, &rows[TASK]);
    assert_text(search.match.parameters[0], "stats");
}

TEST(an_unknown_method_leaves_the_known_ones)
{
    SEARCH(search, V1 | CLASSIC);
    find(&search, METHOD_DELETE, "/api/v1/tasks/7");
    assert_null(search.match.route);
    assert_int_equal(search.match.methods, 1U << METHOD_GET | 1U << METHOD_PATCH);
    find(&search, METHOD_COUNT, "/tasks");
    assert_null(search.match.route);
    assert_int_equal(search.match.methods, 1U << METHOD_GET | 1U << METHOD_POST);
}

TEST(unknown_paths_have_no_methods)
{
    static const char *const paths[] = {
        "",
        "tasks",
        "//",
        "/tasks/",
        "//tasks",
        "/tasks//7",
        "/tasks/7/",
        "/task",
        "/tasks/7/8",
        "/api/v1",
        "/api/v1/",
        "/api/v1//tasks",
        "/TASKS",
        "/tasks7",
        "/health/x",
        "/api",
        "/api/v1/tasks/7/tags",
        "*",
    };
    SEARCH(search, V1 | CLASSIC | SYSTEM);
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        find(&search, METHOD_GET, paths[i]);
        assert_null(search.match.route);
        assert_int_equal(search.match.methods, 0);
    }
}

TEST(parameters_are_decoded)
{
    static const struct {
        const char *path;
        const char *task;
        const char *tag;
    } cases[] = {
        {"/api/v1/tasks/7/tags/urgent", "7", "urgent"},
        {"/api/v1/tasks/7/tags/a%20b", "7", "a b"},
        {"/api/v1/tasks/7/tags/a+b", "7", "a+b"},
        {"/api/v1/tasks/7/tags/a%2Fb", "7", "a/b"},
        {"/api/v1/tasks/%37/tags/100%", "7", "100%"},
        {"/api/v1/tasks/7/tags/%zz", "7", "%zz"},
        {"/api/v1/tasks/7/tags/%C3%A9", "7", "\xC3\xA9"},
        {"/api/v1/t%61sks/x/t%61gs/{tag:text}", "x", "{tag:text}"},
    };
    SEARCH(search, V1);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        find(&search, METHOD_DELETE, cases[i].path);
        assert_ptr_equal(search.match.route, &rows[DELETE_TAG]);
        assert_text(search.match.parameters[0], cases[i].task);
        assert_text(search.match.parameters[1], cases[i].tag);
    }
}

TEST(an_encoded_nul_stays_in_its_parameter)
{
    SEARCH(search, V1);
    find(&search, METHOD_GET, "/api/v1/tasks/7%00");
    assert_ptr_equal(search.match.route, &rows[TASK]);
    assert_int_equal(search.match.parameters[0].length, 2);
}

TEST(a_surface_that_is_off_is_unknown)
{
    SEARCH(search, V1);
    find(&search, METHOD_GET, "/tasks");
    assert_int_equal(search.match.methods, 0);
    find(&search, METHOD_GET, "/api/v1/tasks");
    assert_ptr_equal(search.match.route, &rows[TASKS]);
    assert_int_equal(router_count(search.router), 6);
}

TEST(tells_the_names_of_a_paths_parameters)
{
    bool is_text;
    assert_text(route_parameter_name(&rows[DELETE_TAG], 0, &is_text), "task_id");
    assert_false(is_text);
    assert_text(route_parameter_name(&rows[DELETE_TAG], 1, &is_text), "tag");
    assert_true(is_text);
    assert_null(route_parameter_name(&rows[DELETE_TAG], 2, &is_text).data);
    assert_null(route_parameter_name(&rows[TASKS], 0, &is_text).data);
}

TEST(methods_have_names)
{
    assert_int_equal(method_find(TEXT("GET")), METHOD_GET);
    assert_int_equal(method_find(TEXT("HEAD")), METHOD_GET);
    assert_int_equal(method_find(TEXT("get")), METHOD_COUNT);
    assert_int_equal(method_find(TEXT("BREW")), METHOD_COUNT);
    for (enum method method = 0; method < METHOD_COUNT; method++)
        assert_int_equal(method_find(text_from(method_name(method))), method);
}

UNIT_TESTS(cmocka_unit_test(finds_the_row_on_each_of_its_surfaces),
           cmocka_unit_test(a_literal_part_goes_before_a_parameter),
           cmocka_unit_test(an_unknown_method_leaves_the_known_ones),
           cmocka_unit_test(unknown_paths_have_no_methods),
           cmocka_unit_test(parameters_are_decoded),
           cmocka_unit_test(an_encoded_nul_stays_in_its_parameter),
           cmocka_unit_test(a_surface_that_is_off_is_unknown),
           cmocka_unit_test(tells_the_names_of_a_paths_parameters),
           cmocka_unit_test(methods_have_names))
