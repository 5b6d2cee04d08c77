/*
 * test_operation.c: the table of operations, and what those on a text make of Unicode.
 *
 * Invisible characters are written as escapes. What is expected follows from the standard: UAX #29
 * for characters, White_Space for words, general category L for letters, SpecialCasing for case.
 */
#include "domain/operation.h"

#include <unistring/version.h>

#include "base/error.h"
#include "support.h"

enum { LONG = 1 << 20 };

struct bench {
    struct arena arena;
    struct operations *operations;
};

static void release(struct bench *bench)
{
    operations_free(bench->operations);
    arena_release(&bench->arena);
}
#define CLEANUP_BENCH __attribute__((cleanup(release)))

static void start(struct bench *bench)
{
    *bench = (struct bench){.operations = operations_create()};
    arena_init(&bench->arena);
}

static bool say_no(struct operation_run *run)
{
    (void)run;
    return false;
}

static bool say_yes(struct operation_run *run)
{
    (void)run;
    return true;
}

static const struct operation *find(const struct bench *bench, const char *name)
{
    const struct operation *operation = operation_find(bench->operations, text_from(name));
    assert_non_null(operation);
    return operation;
}

/* Runs it; its error, and what it set in *ret_run. */
static int run(struct bench *bench, const struct operation *operation, struct text data,
               bool (*is_cancelled)(struct operation_run *), struct operation_run *ret_run)
{
    *ret_run = (struct operation_run){
        .arena = &bench->arena,
        .data = data,
        .deadline = INT64_MAX,
        .is_cancelled = is_cancelled,
    };
    return operation->run(operation, ret_run);
}

struct text_case {
    const char *data;
    const char *result;
};

static void check(const char *name, const struct text_case *cases, size_t count)
{
    CLEANUP_BENCH struct bench bench;
    start(&bench);
    for (size_t i = 0; i < count; i++) {
        struct operation_run done;
        assert_int_equal(run(&bench, find(&bench, name), text_from(cases[i].data), say_no, &done),
                         0);
        assert_text(done.result, cases[i].result);
    }
}

TEST(reverse_keeps_characters_whole)
{
    static const struct text_case cases[] = {
        {"", ""},
        {"a", "a"},
        {"abc", "cba"},
        {"e\u0301a", "ae\u0301"},
        {"a\u0323\u0307b", "ba\u0323\u0307"},
        {"\u0301a", "a\u0301"},                      /* a mark with nothing to stand on */
        {"\U0001F1E9\U0001F1EA\U0001F1EB\U0001F1F7", /* two flags */
         "\U0001F1EB\U0001F1F7\U0001F1E9\U0001F1EA"},
        {"\U0001F1E9\U0001F1EA\U0001F1EB", /* a flag and half a one */
         "\U0001F1EB\U0001F1E9\U0001F1EA"},
        {"\U0001F1E9x\U0001F1EA", "\U0001F1EAx\U0001F1E9"},
        {"a\U0001F468\u200D\U0001F469\u200D\U0001F467b", /* a family */
         "b\U0001F468\u200D\U0001F469\u200D\U0001F467a"},
        {"\U0001F44D\U0001F3FDx", "x\U0001F44D\U0001F3FD"}, /* a thumb with its skin */
        {"\u2764\uFE0F!", "!\u2764\uFE0F"},                 /* a heart as an emoji */
        {"1\uFE0F\u20E32", "21\uFE0F\u20E3"},               /* a key of a keypad */
        {"a\u200Db", "ba\u200D"},                           /* ZWJ joins emoji only */
        {"\u1100\u1161\u11A8\u1102\u1161",                  /* jamo: L V T, L V */
         "\u1102\u1161\u1100\u1161\u11A8"},
        {"\uAC00\u11A8x", "x\uAC00\u11A8"}, /* LV and T */
        {"\uAC01\u1161", "\u1161\uAC01"},   /* LVT takes no V */
        {"\u0E01\u0E33x", "x\u0E01\u0E33"}, /* Thai sara am: a spacing mark */
        {"\u06001x", "x\u06001"},           /* Arabic number sign: prepended */
        {"a\r\nb", "b\r\na"},
        {"a\n\rb", "b\r\na"},
        {"\t\u0301", "\u0301\t"}, /* nothing joins a control character */
    };
    check("reverse", cases, COUNT_OF(cases));
}

/* From Unicode 15.1 on a conjunct is one character; libunistring follows it after 1.2. */
TEST(reverse_parts_a_conjunct_behind_its_virama)
{
    if (_libunistring_version >= 0x010300)
        skip();
    static const struct text_case cases[] = {
        {"\u0915\u094D\u0937\u093F", "\u0937\u093F\u0915\u094D"},
    };
    check("reverse", cases, COUNT_OF(cases));
}

TEST(words_stand_between_white_space)
{
    static const struct text_case cases[] = {
        {"", "0"},
        {" \t\n\v\f\r\xC2\x85\u00A0\u1680\u2003\u2028\u2029\u202F\u205F\u3000", "0"},
        {"one", "1"},
        {"  one ", "1"},
        {"one\u00A0two\u3000three\xC2\x85"
         "four\u2028five\r\nsix",
         "6"},
        {"zero\u200Bwidth", "1"},   /* ZERO WIDTH SPACE is no white space */
        {"a\u180Eb\uFEFFc", "1"},   /* nor these, any more */
        {"unit\x1Fseparator", "1"}, /* nor this, though isspace() of Java says so */
        {"\u0301", "1"},
        {"- don't - \U0001F642", "4"},
    };
    check("count_words", cases, COUNT_OF(cases));
}

TEST(letters_are_of_general_category_l)
{
    static const struct text_case cases[] = {
        {"", "0"},
        {"a\u00DF1\u6F22 \U0001F642\u00E9_", "4"},
        {"\u00E9e\u0301", "2"},                  /* the mark is none */
        {"\u01C5\u02B0\u05D0\u00AA", "4"},       /* Lt, Lm, Lo, Lo */
        {"\u2167\u00B2\u24D0\u0661\uE000", "0"}, /* Nl, No, So, Nd, Co */
        {"\u0915\u094D\u0937\u093F", "2"},       /* two consonants, a virama, a vowel sign */
        {"\U00010400", "1"},                     /* beyond the first plane */
        {"\U0001F1E9\U0001F1EA", "0"},           /* a flag has no letters */
    };
    check("count_letters", cases, COUNT_OF(cases));
}

TEST(upper_case_is_the_full_mapping_of_no_locale)
{
    static const struct text_case cases[] = {
        {"", ""},
        {"stra\u00DFe", "STRASSE"},
        {"\uFB01", "FI"}, /* a ligature */
        {"\u0149", "\u02BCN"},
        {"\u01C6\u01C5", "\u01C4\u01C4"}, /* digraphs: small and titlecase */
        {"\u0390", "\u0399\u0308\u0301"},
        {"\u1FB3", "\u0391\u0399"}, /* iota below becomes a letter */
        {"\u03C3\u03C2", "\u03A3\u03A3"},
        {"i\u0131", "II"}, /* not the Turkish way */
        {"\u00FF\u00B5\u017F", "\u0178\u039CS"},
        {"\u00E9 e\u0301", "\u00C9 E\u0301"}, /* neither composed nor decomposed */
        {"\u212B", "\u212B"},                 /* nor replaced by its equivalent */
        {"\u10D0", "\u1C90"},                 /* Georgian */
        {"\U00010428", "\U00010400"},
        {"1 \u6F22 \U0001F642", "1 \u6F22 \U0001F642"},
    };
    check("uppercase", cases, COUNT_OF(cases));
}

TEST(lower_case_is_the_full_mapping_of_no_locale)
{
    static const struct text_case cases[] = {
        {"", ""},
        {"STRASSE \u1E9E", "strasse \u00DF"},
        {"\u0130", "i\u0307"}, /* I with a dot keeps it */
        {"I", "i"},            /* not the Turkish way */
        {"\u01C4\u01C5", "\u01C6\u01C6"},
        {"\u039F\u0394\u03A5\u03A3\u03A3\u0395\u03A5\u03A3 \u03A3", /* the final sigma, and one
                                                                       alone */
         "\u03BF\u03B4\u03C5\u03C3\u03C3\u03B5\u03C5\u03C2 \u03C3"},
        {"\u0391\u03A3\u0301", "\u03B1\u03C2\u0301"},   /* final before a mark */
        {"\u0391\u03A31", "\u03B1\u03C21"},             /* and before a digit */
        {"\u0391\u03A3.\u0392", "\u03B1\u03C3.\u03B2"}, /* not where the word goes on */
        {"\u00C9 E\u0301", "\u00E9 e\u0301"},
        {"\u212A\u2126", "k\u03C9"},
        {"\u2167\u13A0", "\u2177\uAB70"},
        {"\U00010400", "\U00010428"},
    };
    check("lowercase", cases, COUNT_OF(cases));
}

TEST(what_is_no_utf8_is_refused_for_good)
{
    static const struct text bad[] = {
        BYTES("a\xFF"),        BYTES("\x80"),
        BYTES("\xC3"),         BYTES("\xC0\x80"),
        BYTES("\xE0\x80\x80"), BYTES("\xED\xA0\x80"),
        BYTES("\xF0\x9F\x98"), BYTES("\xF4\x90\x80\x80"),
    };
    CLEANUP_BENCH struct bench bench;
    start(&bench);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        for (size_t j = 0; j < text_operation_count; j++) {
            struct operation_run done;
            assert_int_equal(run(&bench, &text_operations[j], bad[i], say_no, &done),
                             ERROR_INVALID);
            assert_true(done.permanent);
            assert_text(done.error, "The data is not valid UTF-8");
            assert_null(done.result.data);
        }
    }
}

TEST(a_result_beyond_its_limit_is_refused_for_good)
{
    CLEANUP_BENCH struct bench bench;
    start(&bench);
    struct operation narrow = *find(&bench, "uppercase");
    struct operation_run done;
    narrow.result_limit = 7;
    assert_int_equal(run(&bench, &narrow, TEXT("stra\u00DFe"), say_no, &done), 0);
    assert_text(done.result, "STRASSE");
    narrow.result_limit = 6;
    assert_int_equal(run(&bench, &narrow, TEXT("stra\u00DFe"), say_no, &done), ERROR_TOO_LARGE);
    assert_true(done.permanent);
    assert_null(done.result.data);
}

/* As much of `unit` over and over as fits. */
static struct text repeat(struct arena *arena, const char *unit)
{
    size_t size = strlen(unit);
    char *data = arena_allocate(arena, LONG);
    size_t length = 0;
    for (; length + size <= LONG; length += size)
        memcpy(data + length, unit, size);
    return (struct text){data, length};
}

TEST(long_texts_that_are_one_character_or_have_no_end_are_done)
{
    static const char *const units[] = {
        "\u0301",       "\U0001F1E9",         "\U0001F469\u200D", "\u1100", "\u0600",
        "\u03A3\u0301", "\u0915\u094D\u200D", "\u0390",           "\uFDFA",
    };
    CLEANUP_BENCH struct bench bench;
    start(&bench);
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        struct text data = repeat(&bench.arena, units[i]);
        for (size_t j = 0; j < text_operation_count; j++) {
            struct operation_run done;
            assert_int_equal(run(&bench, &text_operations[j], data, say_no, &done), 0);
            assert_true(done.result.length > 0);
        }
        struct operation_run once;
        struct operation_run twice;
        assert_int_equal(run(&bench, find(&bench, "reverse"), data, say_no, &once), 0);
        assert_int_equal(run(&bench, find(&bench, "reverse"), once.result, say_no, &twice), 0);
        assert_true(text_equal(twice.result, data));
    }
}

TEST(counting_a_long_text_stops_when_it_is_asked_to)
{
    CLEANUP_BENCH struct bench bench;
    start(&bench);
    struct text data = repeat(&bench.arena, "a b ");
    static const char *const names[] = {"count_words", "count_letters"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct operation_run done;
        assert_int_equal(run(&bench, find(&bench, names[i]), data, say_yes, &done),
                         ERROR_CANCELLED);
        assert_null(done.result.data);
        assert_false(done.permanent);
        assert_int_equal(run(&bench, find(&bench, names[i]), data, say_no, &done), 0);
        assert_text(done.result, "524288");
    }
}

static int do_nothing(const struct operation *operation, struct operation_run *done)
{
    (void)operation;
    done->result = TEXT("nothing");
    return 0;
}

static int add(struct bench *bench, const char *name, bool internal)
{
    return operations_add(bench->operations, &(struct operation){.name = name,
                                                                 .summary = "Nothing",
                                                                 .internal = internal,
                                                                 .run = do_nothing});
}

TEST(names_are_found_and_added_once)
{
    CLEANUP_BENCH struct bench bench;
    start(&bench);
    assert_int_equal(operations_count(bench.operations), 5);
    assert_null(operation_find(bench.operations, TEXT("sweep")));
    assert_null(operation_find(bench.operations, TEXT("REVERSE")));
    assert_null(operation_find(bench.operations, TEXT("")));
    assert_null(operation_find(bench.operations, TEXT_NULL));
    assert_int_equal(add(&bench, "sweep", true), 0);
    assert_true(find(&bench, "sweep")->internal);
    assert_false(find(&bench, "reverse")->internal);
    assert_int_equal(add(&bench, "sweep", false), ERROR_CONFLICT);
    assert_int_equal(add(&bench, "reverse", false), ERROR_CONFLICT);
    assert_true(find(&bench, "sweep")->internal);
    assert_ptr_equal(operations_at(bench.operations, 5), find(&bench, "sweep"));
    assert_int_equal(operations_count(bench.operations), 6);
}

TEST(names_that_are_none_are_refused)
{
    static const char longest[] =
        "a234567890123456789012345678901234567890123456789012345678901234";
    static const char *const bad[] = {
        "",    "A",
        "1a",  "_a",
        "a-b", "a b",
        "a/b", "\u00E9",
        "aB",  "a2345678901234567890123456789012345678901234567890123456789012345",
    };
    CLEANUP_BENCH struct bench bench;
    start(&bench);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_int_equal(add(&bench, bad[i], false), ERROR_INVALID);
    assert_int_equal(sizeof longest - 1, OPERATION_NAME_LIMIT);
    assert_int_equal(add(&bench, longest, false), 0);
    assert_int_equal(add(&bench, "a_1", false), 0);
}

TEST(a_full_table_says_so)
{
    CLEANUP_BENCH struct bench bench;
    start(&bench);
    int error = 0;
    size_t added = 0;
    for (; error == 0; added++)
        error = add(&bench, arena_format(&bench.arena, "more_%zu", added).data, false);
    assert_int_equal(error, ERROR_TOO_LARGE);
    assert_int_equal(operations_count(bench.operations), text_operation_count + added - 1);
}

UNIT_TESTS(cmocka_unit_test(reverse_keeps_characters_whole),
           cmocka_unit_test(reverse_parts_a_conjunct_behind_its_virama),
           cmocka_unit_test(words_stand_between_white_space),
           cmocka_unit_test(letters_are_of_general_category_l),
           cmocka_unit_test(upper_case_is_the_full_mapping_of_no_locale),
           cmocka_unit_test(lower_case_is_the_full_mapping_of_no_locale),
           cmocka_unit_test(what_is_no_utf8_is_refused_for_good),
           cmocka_unit_test(a_result_beyond_its_limit_is_refused_for_good),
           cmocka_unit_test(long_texts_that_are_one_character_or_have_no_end_are_done),
           cmocka_unit_test(counting_a_long_text_stops_when_it_is_asked_to),
           cmocka_unit_test(names_are_found_and_added_once),
           cmocka_unit_test(names_that_are_none_are_refused),
           cmocka_unit_test(a_full_table_says_so))
