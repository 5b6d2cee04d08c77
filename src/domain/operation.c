#include "domain/operation.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"

enum { OPERATIONS_LIMIT = 128 };

struct operations {
    size_t count;
    struct operation items[OPERATIONS_LIMIT];
};

struct operations *operations_create(void)
{
    struct operations *operations = memory_allocate(sizeof *operations);
    for (size_t i = 0; i < text_operation_count; i++)
        operations->items[operations->count++] = text_operations[i];
    return operations;
}

void operations_free(struct operations *operations)
{
    free(operations);
}

static bool is_name(const char *name)
{
    size_t length = 0;
    for (const char *at = name; *at != '\0'; at++, length++) {
        bool letter = *at >= 'a' && *at <= 'z';
        bool other = (*at >= '0' && *at <= '9') || *at == '_';
        if (!letter && !(other && length > 0))
            return false;
    }
    return length > 0 && length <= OPERATION_NAME_LIMIT;
}

int operations_add(struct operations *operations, const struct operation *operation)
{
    if (!is_name(operation->name))
        return ERROR_INVALID;
    if (operation_find(operations, text_from(operation->name)) != NULL)
        return ERROR_CONFLICT;
    if (operations->count == OPERATIONS_LIMIT)
        return ERROR_TOO_LARGE;
    operations->items[operations->count++] = *operation;
    return 0;
}

const struct operation *operation_find(const struct operations *operations, struct text name)
{
    for (size_t i = 0; i < operations->count; i++) {
        if (text_is(name, operations->items[i].name))
            return &operations->items[i];
    }
    return NULL;
}

size_t operations_count(const struct operations *operations)
{
    return operations->count;
}

const struct operation *operations_at(const struct operations *operations, size_t index)
{
    return &operations->items[index];
}
