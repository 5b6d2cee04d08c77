/*
 * services.h: what the rules of the domain work with. Made once by the program, borrowed by all.
 */
#ifndef ERRAND_DOMAIN_SERVICES_H
#define ERRAND_DOMAIN_SERVICES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

struct blobs;
struct cache;
struct carrier;
struct config;
struct db;
struct job_broker;
struct job_queue;
struct net;
struct passwords;
struct redis;
struct tokens;
struct wake;
struct weather;

struct services {
    const struct config *config;
    struct db *db;
    struct redis *redis;     /* what several servers share; NULL where there is none */
    struct wake *wake;       /* what tells others of news; NULL on the command line */
    struct carrier *carrier; /* brings it to other processes; NULL where there is no way */
    struct cache *cache;
    struct net *net; /* requests to others; NULL on the command line */
    struct passwords *passwords;
    struct tokens *tokens;
    struct weather *weather;   /* NULL where there is none to be had */
    struct blobs *blobs;       /* the bytes of files; NULL on the command line */
    struct job_queue *jobs;    /* NULL on the command line */
    struct job_broker *broker; /* NULL where none carries jobs */
    int64_t started_at;        /* clock_monotonic() of the start */
};

struct transaction_hook;

/* Who does something, and for which request. */
struct actor {
    int64_t user_id; /* 0 for nobody in particular: an anonymous caller, or the command line */
    bool is_admin;
    struct text username;
    struct text request_id;
    struct transaction_hook *hook; /* see transaction.h; NULL for none */
};

#endif
