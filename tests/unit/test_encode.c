/*
 * test_encode.c: a structure as JSON, and its schema as JSON Schema.
 */
#include "schema/encode.h"

#include <jansson.h>

#include "item.h"
#include "schema/json_schema.h"
#include "support.h"

static const struct item_owner owners[] = {{1, BYTES("one")}, {2, BYTES("two")}};

static struct item whole_item(void)
{
    return (struct item){
        .id = 7,
        .title = TEXT("A \"title\""),
        .note = TEXT("note"),
        .rank = 5,
        .done = true,
        .level = 2,
        .due = 19782,
        .at = 1500000,
        .tags = TEXT("[\"a\",\"b\"]"),
        .secret = TEXT("hunter2!"),
        .score = 1.5,
        .extra = TEXT("{\"any\":[1]}"),
        .owner = {1, TEXT("one")},
        .owners = {owners, COUNT_OF(owners), sizeof owners[0]},
        .maybe = 9,
    };
}

struct output {
    struct arena arena;
    struct buffer buffer;
    struct json json;
};

static void output_release(struct output *output)
{
    arena_release(&output->arena);
}

#define OUTPUT(name)                                                                               \
    __attribute__((cleanup(output_release))) struct output name = {0};                             \
    buffer_init(&name.buffer, &name.arena, 65536);                                                 \
    json_init(&name.json, &name.buffer)

TEST(writes_every_type_but_secrets)
{
    OUTPUT(output);
    const struct item item = whole_item();
    encode_json(&item_schema, &item, &output.json);
    assert_text(buffer_text(&output.buffer),
                "{\"id\":7,\"title\":\"A \\\"title\\\"\",\"note\":\"note\",\"rank\":5,"
                "\"done\":true,\"level\":\"high\",\"due\":\"2024-02-29\","
                "\"at\":\"1970-01-01T00:00:01.500Z\",\"tags\":[\"a\",\"b\"],\"score\":1.5,"
                "\"extra\":{\"any\":[1]},\"owner\":{\"id\":1,\"name\":\"one\"},"
                "\"owners\":[{\"id\":1,\"name\":\"one\"},{\"id\":2,\"name\":\"two\"}],"
                "\"maybe\":9}");
}

TEST(writes_null_or_leaves_out)
{
    OUTPUT(output);
    struct item item = whole_item();
    item.title = TEXT_NULL;
    item.note = TEXT_NULL;
    item.rank = FIELD_INTEGER_NULL;
    item.due = FIELD_INTEGER_NULL;
    item.at = FIELD_INTEGER_NULL;
    item.tags = TEXT("[]");
    item.extra = TEXT_NULL;
    item.owner.name = TEXT_NULL;
    item.owners = (struct schema_list){NULL, 0, sizeof owners[0]};
    item.maybe = FIELD_INTEGER_NULL;
    encode_json(&item_schema, &item, &output.json);
    assert_text(buffer_text(&output.buffer),
                "{\"id\":7,\"title\":null,\"note\":null,\"rank\":null,\"done\":true,"
                "\"level\":\"high\",\"due\":null,\"at\":null,\"tags\":[],\"score\":1.5,"
                "\"extra\":null,\"owner\":{\"id\":1,\"name\":null},\"owners\":[]}");
}

TEST(members_may_stand_beside_others)
{
    OUTPUT(output);
    json_begin_object(&output.json);
    json_key(&output.json, "first");
    json_put_integer(&output.json, 0);
    encode_members(&item_owner_schema, &owners[1], &output.json);
    json_key(&output.json, "last");
    encode_field(&item_owner_schema.fields[1], &owners[0], &output.json);
    json_end_object(&output.json);
    assert_text(buffer_text(&output.buffer),
                "{\"first\":0,\"id\":2,\"name\":\"two\",\"last\":\"one\"}");
}

TEST(what_was_decoded_is_encoded_alike)
{
    OUTPUT(output);
    const char *sent = "{\"title\":\"a\",\"note\":null,\"rank\":1,\"done\":false,"
                       "\"level\":\"medium\",\"due\":\"0001-01-01\","
                       "\"at\":\"9999-12-31T23:59:59.999Z\",\"tags\":[\"\xC3\xA9\\u001f\"]}";
    struct problems problems;
    problems_init(&problems, &output.arena);
    struct item item = {0};
    uint64_t present;
    const struct decode_context context = {0};
    assert_int_equal(
        decode_json(&item_update, &context, text_from(sent), &problems, &item, &present), 0);
    json_begin_object(&output.json);
    for (size_t i = ITEM_TITLE; i <= ITEM_TAGS; i++) {
        json_key(&output.json, item_schema.fields[i].name);
        encode_field(&item_schema.fields[i], &item, &output.json);
    }
    json_end_object(&output.json);
    assert_text(buffer_text(&output.buffer), sent);
}

/* What was written, as a tree; and a place in it, "properties/title/maxLength". */
static json_t *parse(const struct output *output)
{
    struct text text = buffer_text(&output->buffer);
    json_t *tree = json_loadb(text.data, text.length, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(tree);
    return tree;
}

static const json_t *at(const json_t *tree, const char *path)
{
    struct text rest = text_from(path);
    struct text part;
    while (text_split(&rest, '/', &part)) {
        int64_t index;
        if (text_parse_integer(part, &index) == 0)
            tree = json_array_get(tree, (size_t)index);
        else
            tree = json_object_getn(tree, part.data, part.length);
    }
    return tree;
}

struct fact {
    const char *path;
    const char *value; /* as JSON; NULL: not there */
};

static void check_facts(const json_t *tree, const struct fact *facts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const json_t *value = at(tree, facts[i].path);
        char dumped[256] = "";
        size_t length =
            json_dumpb(value, dumped, sizeof dumped - 1, JSON_ENCODE_ANY | JSON_COMPACT);
        struct text text = {dumped, value == NULL ? 0 : length};
        assert_text(text, facts[i].value == NULL ? "" : facts[i].value);
    }
}

TEST(describes_what_an_answer_holds)
{
    static const struct fact facts[] = {
        {"type", "\"object\""},
        {"description", "\"An item\""},
        {"properties/title/type", "\"string\""},
        {"properties/title/description", "\"What it is called\""},
        {"properties/note/type", "[\"string\",\"null\"]"},
        {"properties/note/maxLength", "1000"},
        {"properties/rank/type", "[\"integer\",\"null\"]"},
        {"properties/done/type", "\"boolean\""},
        {"properties/due/format", "\"date\""},
        {"properties/at/format", "\"date-time\""},
        {"properties/score/type", "\"number\""},
        {"properties/owner/$ref", "\"#/components/schemas/Owner\""},
        {"properties/owners/type", "\"array\""},
        {"properties/owners/items/$ref", "\"#/components/schemas/Owner\""},
        {"properties/owners/uniqueItems", NULL},
        {"properties/secret", NULL},
        {"properties/maybe/type", "\"integer\""},
        {"required", "[\"id\",\"title\",\"note\",\"rank\",\"done\",\"level\",\"due\",\"at\","
                     "\"tags\",\"score\",\"extra\",\"owner\",\"owners\"]"},
    };
    OUTPUT(output);
    json_schema_write_answer(&item_schema, &output.json);
    json_t *tree = parse(&output);
    check_facts(tree, facts, COUNT_OF(facts));
    json_decref(tree);
}

TEST(describes_what_a_body_takes)
{
    static const struct fact facts[] = {
        {"type", "\"object\""},
        {"required", "[\"title\",\"secret\"]"},
        {"properties/id", NULL},
        {"properties/score", NULL},
        {"properties/title/minLength", "1"},
        {"properties/title/maxLength", "10"},
        {"properties/rank/minimum", "1"},
        {"properties/rank/maximum", "100"},
        {"properties/level/enum", "[\"low\",\"medium\",\"high\"]"},
        {"properties/level/default", "\"low\""},
        {"properties/level/examples", "[\"high\"]"},
        {"properties/tags/type", "\"array\""},
        {"properties/tags/items", "{\"type\":\"string\",\"minLength\":1,\"maxLength\":4}"},
        {"properties/tags/maxItems", "5"},
        {"properties/tags/uniqueItems", "true"},
        {"properties/secret/minLength", "8"},
    };
    OUTPUT(output);
    json_schema_write_body(&item_create, &output.json);
    json_t *tree = parse(&output);
    check_facts(tree, facts, COUNT_OF(facts));
    json_decref(tree);
}

TEST(an_update_requires_nothing)
{
    OUTPUT(output);
    json_schema_write_body(&item_update, &output.json);
    json_t *tree = parse(&output);
    assert_null(at(tree, "required"));
    assert_non_null(at(tree, "properties/title"));
    json_decref(tree);
}

TEST(describes_one_value_without_its_name)
{
    OUTPUT(output);
    json_schema_write_value(&item_schema.fields[ITEM_RANK], &output.json);
    assert_text(buffer_text(&output.buffer),
                "{\"type\":[\"integer\",\"null\"],\"minimum\":1,\"maximum\":100}");
}

UNIT_TESTS(cmocka_unit_test(writes_every_type_but_secrets),
           cmocka_unit_test(writes_null_or_leaves_out),
           cmocka_unit_test(members_may_stand_beside_others),
           cmocka_unit_test(what_was_decoded_is_encoded_alike),
           cmocka_unit_test(describes_what_an_answer_holds),
           cmocka_unit_test(describes_what_a_body_takes),
           cmocka_unit_test(an_update_requires_nothing),
           cmocka_unit_test(describes_one_value_without_its_name))
