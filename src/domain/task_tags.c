#include "domain/task_tags.h"

#include "base/buffer.h"
#include "base/error.h"
#include "base/json.h"
#include "schema/json_tree.h"

enum { LIST_LIMIT = 1 << 16 }; /* bytes of the tags of a task as JSON */

static const struct field fields[] = {
    {.name = "tags",
     .type = FIELD_TEXT_SET,
     .flags = FIELD_REQUIRED | FIELD_TRIMMED,
     .offset = offsetof(struct tags_added, tags),
     .minimum = 1,
     .maximum = TAG_LENGTH_LIMIT,
     .max_items = TASK_TAGS_LIMIT,
     .description = "Labels to add; those that the task has already change nothing",
     .example = "[\"work\"]"},
};

static const struct schema schema = {
    .description = "Tags to add to a task",
    SCHEMA_FIELDS(fields),
    .size = sizeof(struct tags_added),
};

const struct body tags_added_body = {
    .name = "TagsAdded",
    .schema = &schema,
    .mode = DECODE_CREATE,
    .accepts_list = true,
};

/* The texts of a list; at most `limit` go to `items`. */
static int parse(struct arena *arena, struct text list, struct text *items, size_t limit,
                 size_t *ret_count)
{
    const json_t *tree;
    int error = json_tree_parse(arena, list, &tree, NULL);
    if (error < 0)
        return error;
    size_t count = json_array_size(tree) < limit ? json_array_size(tree) : limit;
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(tree, i);
        items[i] = (struct text){json_string_value(item), json_string_length(item)};
    }
    *ret_count = count;
    return 0;
}

static struct text write(struct arena *arena, const struct text *items, size_t count)
{
    struct buffer buffer;
    buffer_init(&buffer, arena, LIST_LIMIT);
    struct json json;
    json_init(&json, &buffer);
    json_begin_array(&json);
    for (size_t i = 0; i < count; i++)
        json_put_text(&json, items[i]);
    json_end_array(&json);
    return buffer_text(&buffer);
}

static size_t find(const struct text *items, size_t count, struct text wanted)
{
    size_t i = 0;
    while (i < count && !text_equal(items[i], wanted))
        i++;
    return i;
}

int tags_add(struct problems *problems, struct text tags, struct text added, struct text *ret_tags)
{
    struct text items[2 * TASK_TAGS_LIMIT];
    struct text more[TASK_TAGS_LIMIT];
    size_t count = 0;
    size_t more_count = 0;
    int error = parse(problems->arena, tags, items, TASK_TAGS_LIMIT, &count);
    if (error >= 0)
        error = parse(problems->arena, added, more, TASK_TAGS_LIMIT, &more_count);
    if (error < 0)
        return error;
    for (size_t i = 0; i < more_count; i++) {
        if (find(items, count, more[i]) == count)
            items[count++] = more[i];
    }
    if (count > TASK_TAGS_LIMIT) {
        problems->location = LOCATION_BODY;
        problem_add(problems, TEXT("tags"), "too_long", TEXT("null"),
                    "A task should have at most %d tags", TASK_TAGS_LIMIT);
        return ERROR_INVALID;
    }
    *ret_tags = write(problems->arena, items, count);
    return 0;
}

int tags_remove(struct arena *arena, struct text tags, struct text tag, struct text *ret_tags)
{
    struct text items[TASK_TAGS_LIMIT];
    size_t count = 0;
    int error = parse(arena, tags, items, TASK_TAGS_LIMIT, &count);
    if (error < 0)
        return error;
    size_t place = find(items, count, tag);
    if (place == count)
        return ERROR_NOT_FOUND;
    for (size_t i = place; i + 1 < count; i++)
        items[i] = items[i + 1];
    *ret_tags = write(arena, items, count - 1);
    return 0;
}
