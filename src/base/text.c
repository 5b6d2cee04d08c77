#include "base/text.h"

#include <unistr.h>

#include "base/error.h"

static unsigned char ascii_lower(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + ('a' - 'A')) : c;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool text_equal_ignoring_case(struct text a, struct text b)
{
    if (a.length != b.length)
        return false;
    for (size_t i = 0; i < a.length; i++) {
        if (ascii_lower((unsigned char)a.data[i]) != ascii_lower((unsigned char)b.data[i]))
            return false;
    }
    return true;
}

struct text text_trim(struct text text)
{
    while (text.length > 0 && is_space(text.data[0])) {
        text.data++;
        text.length--;
    }
    while (text.length > 0 && is_space(text.data[text.length - 1]))
        text.length--;
    return text;
}

bool text_split(struct text *rest, char separator, struct text *ret_piece)
{
    if (rest->data == NULL)
        return false;
    const char *found = memchr(rest->data, separator, rest->length);
    if (found == NULL) {
        *ret_piece = *rest;
        *rest = TEXT_NULL;
        return true;
    }
    size_t length = (size_t)(found - rest->data);
    *ret_piece = (struct text){rest->data, length};
    *rest = (struct text){found + 1, rest->length - length - 1};
    return true;
}

struct text text_before(struct text text, char separator)
{
    struct text piece = TEXT_NULL;
    text_split(&text, separator, &piece);
    return piece;
}

/* Most text is ASCII: eight bytes at a time without their high bit need no decoder. */
static size_t ascii_prefix(struct text text)
{
    size_t at = 0;
    uint64_t word;
    while (at + sizeof word <= text.length) {
        memcpy(&word, text.data + at, sizeof word);
        if ((word & UINT64_C(0x8080808080808080)) != 0)
            break;
        at += sizeof word;
    }
    while (at < text.length && (unsigned char)text.data[at] < 0x80)
        at++;
    return at;
}

bool text_is_ascii(struct text text)
{
    return ascii_prefix(text) == text.length;
}

void text_lower_ascii(struct text text, char *lower)
{
    for (size_t i = 0; i < text.length; i++)
        lower[i] = (char)ascii_lower((unsigned char)text.data[i]);
}

bool text_is_valid(struct text text)
{
    size_t ascii = ascii_prefix(text);
    if (ascii == text.length)
        return true;
    return u8_check((const uint8_t *)text.data + ascii, text.length - ascii) == NULL;
}

bool text_has_nul(struct text text)
{
    return text.length > 0 && memchr(text.data, '\0', text.length) != NULL;
}

size_t text_count(struct text text)
{
    size_t ascii = ascii_prefix(text);
    size_t count = ascii;
    for (size_t i = ascii; i < text.length; i++) {
        if (((unsigned char)text.data[i] & 0xC0) != 0x80)
            count++;
    }
    return count;
}

struct text text_prefix(struct text text, size_t count)
{
    size_t at = 0;
    while (at < text.length) {
        bool starts = ((unsigned char)text.data[at] & 0xC0) != 0x80;
        if (starts && count-- == 0)
            break;
        at++;
    }
    return (struct text){text.data, at};
}

int text_parse_integer(struct text text, int64_t *ret_value)
{
    bool negative = text.length > 0 && text.data[0] == '-';
    size_t at = text.length > 0 && (text.data[0] == '-' || text.data[0] == '+') ? 1 : 0;
    if (at == text.length)
        return ERROR_INVALID;
    int64_t value = 0;
    bool overflow = false;
    for (; at < text.length; at++) {
        char c = text.data[at];
        if (c < '0' || c > '9')
            return ERROR_INVALID;
        int digit = negative ? '0' - c : c - '0';
        overflow = overflow || __builtin_mul_overflow(value, 10, &value) ||
                   __builtin_add_overflow(value, digit, &value);
    }
    if (overflow)
        return ERROR_TOO_LARGE;
    *ret_value = value;
    return 0;
}

/* The multiply-and-fold construction of MurmurHash3's 64-bit finalizer, eight bytes a step. */
uint64_t text_hash(struct text text, uint64_t seed)
{
    uint64_t hash = seed ^ (text.length * UINT64_C(0x9E3779B97F4A7C15));
    for (size_t at = 0; at < text.length; at += sizeof(uint64_t)) {
        uint64_t word = 0;
        size_t left = text.length - at;
        memcpy(&word, text.data + at, left < sizeof word ? left : sizeof word);
        hash = (hash ^ word) * UINT64_C(0xFF51AFD7ED558CCD);
        hash ^= hash >> 32;
    }
    hash *= UINT64_C(0xC4CEB9FE1A85EC53);
    return hash ^ (hash >> 33);
}
