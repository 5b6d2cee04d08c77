#include "api/etag.h"

/* The version in an entity tag, or -1 when it is none of ours. */
static int64_t parse_tag(struct text tag)
{
    int64_t version;
    if (tag.length < 3 || tag.data[0] != '"' || tag.data[tag.length - 1] != '"')
        return -1;
    struct text inside = {tag.data + 1, tag.length - 2};
    return text_parse_integer(inside, &version) < 0 ? -1 : version;
}

bool etag_matches(struct text if_none_match, int64_t version)
{
    struct text tag;
    if (text_is(text_trim(if_none_match), "*"))
        return true;
    while (text_split(&if_none_match, ',', &tag)) {
        tag = text_trim(tag);
        if (text_starts_with(tag, TEXT("W/")))
            tag = (struct text){tag.data + 2, tag.length - 2};
        if (parse_tag(tag) == version)
            return true;
    }
    return false;
}

struct task_versions etag_expected(struct request *request)
{
    struct text header = request->headers.if_match;
    struct task_versions none = {0};
    if (header.data == NULL || text_is(text_trim(header), "*"))
        return none;
    size_t limit = 1;
    for (size_t i = 0; i < header.length; i++)
        limit += header.data[i] == ',';
    int64_t *versions = arena_allocate(&request->arena, limit * sizeof *versions);
    size_t count = 0;
    struct text tag;
    while (text_split(&header, ',', &tag))
        versions[count++] = parse_tag(text_trim(tag));
    return (struct task_versions){versions, count};
}
