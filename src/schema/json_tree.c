#include "schema/json_tree.h"

#include <stdbool.h>

#include "base/error.h"

/* How deep the brackets outside strings nest. */
static int nesting_depth(struct text text)
{
    int depth = 0;
    int deepest = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        if (in_string && c == '\\')
            i++;
        else if (c == '"')
            in_string = !in_string;
        else if (!in_string && (c == '{' || c == '['))
            deepest = ++depth > deepest ? depth : deepest;
        else if (!in_string && (c == '}' || c == ']'))
            depth--;
    }
    return deepest;
}

static void release_tree(void *resource)
{
    json_decref(resource);
}

int json_tree_parse(struct arena *arena, struct text text, const json_t **ret_tree,
                    struct text *ret_message)
{
    struct text ignored;
    if (ret_message == NULL)
        ret_message = &ignored;
    if (nesting_depth(text) > JSON_TREE_DEPTH_LIMIT) {
        *ret_message = arena_format(arena, "nested deeper than %d levels", JSON_TREE_DEPTH_LIMIT);
        return ERROR_INVALID;
    }
    json_error_t error;
    json_t *tree = json_loadb(text.data, text.length,
                              JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    if (tree == NULL) {
        /* jansson quotes the input in its message: it need not be text, and may be a secret */
        struct text reason = text_from(error.text);
        const char *quote = strstr(error.text, " near ");
        if (quote != NULL)
            reason.length = (size_t)(quote - error.text);
        *ret_message = arena_format(arena, "%.*s (line %d, column %d)", TEXT_ARGUMENTS(reason),
                                    error.line, error.column);
        return ERROR_INVALID;
    }
    arena_defer(arena, release_tree, tree);
    *ret_tree = tree;
    return 0;
}
