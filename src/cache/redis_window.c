#include "cache/redis_window.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <pthread.h>

#include "base/clock.h"
#include "base/error.h"

/*
 * A key is a hash: `first` is the oldest slice that counts, `used` the sum of all counters, and
 * each slice's number names its counter. Only when the first slice has left the window is more than
 * these two and one counter looked at. The whole key is forgotten when all of it has left.
 */
static const struct text script =
    TEXT("local limit, width, slices = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])\n"
         "local clock = redis.call('TIME')\n"
         "local now = clock[1] * 1000 + math.floor(clock[2] / 1000)\n"
         "local slice = math.floor(now / width)\n"
         "local state = redis.call('HMGET', KEYS[1], 'first', 'used')\n"
         "local first, used = tonumber(state[1]) or slice, tonumber(state[2]) or 0\n"
         "if first < slice - slices then\n"
         "  local all = redis.call('HGETALL', KEYS[1])\n"
         "  first, used = slice, 0\n"
         "  for i = 1, #all, 2 do\n"
         "    local number, count = tonumber(all[i]), tonumber(all[i + 1])\n"
         "    if number and number < slice - slices then\n"
         "      redis.call('HDEL', KEYS[1], all[i])\n"
         "    elseif number then\n"
         "      used = used + count\n"
         "      if number < first then first = number end\n"
         "    end\n"
         "  end\n"
         "end\n"
         "local allowed = 0\n"
         "if used < limit then\n"
         "  allowed, used = 1, used + 1\n"
         "  redis.call('HINCRBY', KEYS[1], string.format('%d', slice), 1)\n"
         "  redis.call('HSET', KEYS[1], 'first', string.format('%d', first), 'used', used)\n"
         "  redis.call('PEXPIRE', KEYS[1], width * (slices + 1))\n"
         "end\n"
         "return {allowed, math.max(limit - used, 0), (first + slices + 1) * width - now}\n");

enum { DIGEST_SIZE = 41 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char digest[DIGEST_SIZE]; /* of the script: what it goes by */

static void make_digest(void)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_Digest(script.data, script.length, bytes, &size, EVP_sha1(), NULL);
    for (unsigned int i = 0; i < size && i < 20; i++) {
        digest[2 * i] = hex[bytes[i] >> 4];
        digest[2 * i + 1] = hex[bytes[i] & 15];
    }
}

static struct text number(struct arena *arena, int64_t value)
{
    return arena_format(arena, "%" PRId64, value);
}

/* A Redis that was started anew does not know the script: then it is told. */
static int run_script(struct redis *redis, struct arena *arena, struct text key, struct text limit,
                      struct text width, struct text slices, struct redis_answer *ret_answer)
{
    pthread_once(&once, make_digest);
    int error = redis_command(
        redis, arena,
        REDIS_WORDS(TEXT("EVALSHA"), text_from(digest), TEXT("1"), key, limit, width, slices),
        ret_answer);
    if (error != ERROR_NOT_FOUND)
        return error;
    return redis_command(redis, arena,
                         REDIS_WORDS(TEXT("EVAL"), script, TEXT("1"), key, limit, width, slices),
                         ret_answer);
}

int redis_window_take(struct redis *redis, struct arena *arena, const struct redis_window *window,
                      struct redis_window_count *ret_count)
{
    struct redis_answer answer;
    int64_t width = window->length / window->slices / CLOCK_MILLISECOND;
    int error =
        run_script(redis, arena, redis_key(redis, arena, window->key), number(arena, window->limit),
                   number(arena, width), number(arena, window->slices), &answer);
    if (error < 0)
        return error;
    if (answer.kind != REDIS_INTEGERS || answer.count != 3)
        return ERROR_UNAVAILABLE;
    *ret_count = (struct redis_window_count){
        .allowed = answer.integers[0] == 1,
        .remaining = answer.integers[1],
        .reset = answer.integers[2] * CLOCK_MILLISECOND,
    };
    return 0;
}
