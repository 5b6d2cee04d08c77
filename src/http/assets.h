/*
 * assets.h: the files that browsers load, which travel inside the program.
 *
 * web/build.mjs makes them and names each with the hash of its content: "app-3f9a0c21b7d4.js". So
 * such a file never changes, and browsers may keep it for good; what changes is the page, which
 * names the files of its version and is asked for anew each time. docs/web.md has the whole way.
 *
 * A file is there twice, as .br and as .gz, and is sent as it is to who takes that; for others the
 * .gz is unpacked. Loop thread.
 */
#ifndef ERRAND_HTTP_ASSETS_H
#define ERRAND_HTTP_ASSETS_H

#include "http/request.h"

/* assets_reply: the file of this name, to be kept for good. ERROR_NOT_FOUND when there is none, and
 * for pages. */
int assets_reply(struct request *request, struct text name);

/* assets_reply_page: the page "index", which may load what `policy` (a Content-Security-Policy)
 * says. */
int assets_reply_page(struct request *request, const char *page, const char *policy);

#endif
