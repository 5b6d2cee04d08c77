/*
 * router.c: a tree with a node for each part of a path.
 *
 *   (root) ── tasks ── {} ── tags ── {}
 *        └─── api ──── v1 ── tasks ── ...
 *
 * A literal part is preferred over a parameter. The tree is built at the start and only read later.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "http/route.h"
#include "schema/parameters.h"

enum { ROUTES_LIMIT = 256 };

struct node {
    struct text part; /* the null text for a parameter */
    struct node *children;
    struct node *next;           /* sibling */
    size_t routes[METHOD_COUNT]; /* index + 1; 0 for none */
};

struct placed_route {
    const struct route *route;
    enum surface surface;
};

struct router {
    struct node root;
    struct placed_route routes[ROUTES_LIMIT];
    size_t count;
};

static struct node *find_child(const struct node *node, struct text part)
{
    for (struct node *child = node->children; child != NULL; child = child->next) {
        bool is_parameter = child->part.data == NULL;
        if (part.data == NULL ? is_parameter : !is_parameter && text_equal(child->part, part))
            return child;
    }
    return NULL;
}

/* A new child stands behind its siblings, so that the rows' order is the order of the tree. */
static struct node *ensure_child(struct node *node, struct text part)
{
    struct node *child = find_child(node, part);
    if (child != NULL)
        return child;
    child = memory_allocate(sizeof *child);
    child->part = part;
    struct node **place = &node->children;
    while (*place != NULL)
        place = &(*place)->next;
    *place = child;
    return child;
}

/* Goes down the parts of `path`, which starts with a slash; "/" alone has none. */
static struct node *ensure_path(struct node *node, struct text path)
{
    struct text part;
    text_split(&path, '/', &part);
    while (text_split(&path, '/', &part)) {
        if (part.length > 0)
            node = ensure_child(node, part.data[0] == '{' ? TEXT_NULL : part);
    }
    return node;
}

static void place_route(struct router *router, const struct route *route, enum surface surface)
{
    struct node *node = ensure_path(&router->root, text_from(surface_prefix(surface)));
    node = ensure_path(node, text_from(route->path));
    if (router->count == ROUTES_LIMIT || node->routes[route->method] != 0)
        abort(); /* a table has too many rows, or two for one endpoint */
    router->routes[router->count++] = (struct placed_route){route, surface};
    node->routes[route->method] = router->count;
}

struct router *router_create(const struct route_table *const *tables, size_t count,
                             unsigned surfaces)
{
    struct router *router = memory_allocate(sizeof *router);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < tables[i]->count; j++) {
            const struct route *route = &tables[i]->routes[j];
            for (enum surface surface = 0; surface < SURFACE_COUNT; surface++) {
                if ((route->surfaces & surfaces & SURFACE_BIT(surface)) != 0)
                    place_route(router, route, surface);
            }
        }
    }
    return router;
}

static void free_children(struct node *node)
{
    while (node->children != NULL) {
        struct node *child = node->children;
        node->children = child->next;
        free_children(child);
        free(child);
    }
}

void router_free(struct router *router)
{
    if (router == NULL)
        return;
    free_children(&router->root);
    free(router);
}

static unsigned methods_of(const struct node *node)
{
    unsigned methods = 0;
    for (enum method method = 0; method < METHOD_COUNT; method++)
        methods |= node->routes[method] != 0 ? 1U << method : 0;
    return methods;
}

static struct text decode_part(struct arena *arena, struct text part)
{
    if (memchr(part.data, '%', part.length) == NULL)
        return part;
    return percent_decode(arena, part, false);
}

void router_find(const struct router *router, struct arena *arena, enum method method,
                 struct text path, struct route_match *ret_match)
{
    *ret_match = (struct route_match){0};
    const struct node *node = &router->root;
    size_t parameters = 0;
    struct text part;
    struct text rest = path;
    if (!text_starts_with(path, TEXT("/")))
        return;
    text_split(&rest, '/', &part);
    if (rest.length == 0)
        rest = TEXT_NULL; /* the root itself */
    while (text_split(&rest, '/', &part)) {
        part = decode_part(arena, part);
        const struct node *child = part.length == 0 ? NULL : find_child(node, part);
        if (child == NULL && part.length > 0) {
            child = find_child(node, TEXT_NULL);
            if (child != NULL)
                ret_match->parameters[parameters++] = part;
        }
        if (child == NULL)
            return;
        node = child;
    }
    ret_match->methods = methods_of(node);
    if (method == METHOD_COUNT || node->routes[method] == 0)
        return;
    ret_match->index = node->routes[method] - 1;
    ret_match->route = router->routes[ret_match->index].route;
    ret_match->surface = router->routes[ret_match->index].surface;
}

size_t router_count(const struct router *router)
{
    return router->count;
}

const struct route *router_route(const struct router *router, size_t index,
                                 enum surface *ret_surface)
{
    *ret_surface = router->routes[index].surface;
    return router->routes[index].route;
}

bool route_keeps_answers(const struct route *route)
{
    bool changes = route->method == METHOD_POST || route->method == METHOD_PATCH;
    return changes && !route->never_kept;
}

struct text route_parameter_name(const struct route *route, size_t number, bool *ret_is_text)
{
    struct text rest = text_from(route->path);
    struct text part;
    while (text_split(&rest, '/', &part)) {
        if (part.length < 2 || part.data[0] != '{' || number-- > 0)
            continue;
        struct text inside = {part.data + 1, part.length - 2};
        struct text name;
        text_split(&inside, ':', &name);
        *ret_is_text = inside.data != NULL;
        return name;
    }
    return TEXT_NULL;
}
