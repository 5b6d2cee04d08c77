#include "base/error.h"

const char *error_text(int error)
{
    static const char *const texts[] = {
        [-ERROR_INVALID] = "invalid input",
        [-ERROR_NOT_FOUND] = "not found",
        [-ERROR_FORBIDDEN] = "not allowed",
        [-ERROR_CONFLICT] = "conflict",
        [-ERROR_STALE] = "version is not the current one",
        [-ERROR_UNAUTHORIZED] = "credentials do not hold",
        [-ERROR_BUSY] = "too busy",
        [-ERROR_UNAVAILABLE] = "out of reach",
        [-ERROR_TIMEOUT] = "timed out",
        [-ERROR_CANCELLED] = "cancelled",
        [-ERROR_TOO_LARGE] = "too large",
        [-ERROR_IO] = "input/output error",
        [-ERROR_INTERNAL] = "internal error",
        [-ERROR_REPEATED] = "carried out before",
    };
    if (error >= 0 || -error >= (int)(sizeof texts / sizeof texts[0]))
        return "unknown error";
    return texts[-error];
}
