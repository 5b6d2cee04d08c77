/*
 * weather.h: the weather in the city of a task, asked of OpenWeather.
 *
 * An answer is kept for an hour under the city's folded name, so that a thousand tasks in Moscow,
 * MOSCOW and moscow cost one request. While that one is under way, whoever else wants the city
 * waits for it, in all loops. Nothing here is an error: when the weather cannot be had, the task
 * goes without it, the log says why, and for a while nobody asks again:
 *
 *   the service does not know the city                          an hour, for the city
 *   no connection, no answer in time, 5xx, an answer of no sense  30 seconds, for the city
 *   it refuses the key (401, 403)                               10 minutes, for all cities
 *   it is asked too often (429)                                 a minute, for all cities
 *   five failures of the second kind in a row                   30 seconds, for all cities
 */
#ifndef ERRAND_DOMAIN_WEATHER_H
#define ERRAND_DOMAIN_WEATHER_H

#include "base/config.h"
#include "domain/services.h"

struct weather;

/* weather_create: NULL, and a line in the log, when there is no key to ask with. */
struct weather *weather_create(const struct config *config);
void weather_free(struct weather *weather);

/* weather_fetch: the weather as a JSON object, in `arena`:
 *
 *   {"temperature":15.5,"condition":"Clouds","humidity":71,"wind_speed":4.1,"fetched_at":"..."}
 *
 * in degrees Celsius, per cent and metres a second; humidity and wind_speed may be null. The null
 * text when it cannot be had. May park the calling fiber for two seconds. Any thread. */
struct text weather_fetch(struct services *services, struct arena *arena, struct text city);

#endif
