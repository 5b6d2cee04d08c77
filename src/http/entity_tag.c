#include "http/entity_tag.h"

bool entity_tag_listed(struct text header, struct text tag)
{
    struct text one;
    if (header.data == NULL)
        return false;
    if (text_is(text_trim(header), "*"))
        return true;
    while (text_split(&header, ',', &one)) {
        one = text_trim(one);
        if (text_starts_with(one, TEXT("W/")))
            one = (struct text){one.data + 2, one.length - 2};
        if (text_equal(one, tag))
            return true;
    }
    return false;
}
