#include "cli/folder.h"

#include "base/assets.h"
#include "base/text.h"
#include "cli/cli.h"
#include "port/clock.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void folder_problem(void *context, bool fatal, const char *text)
{
	(void)context;
	fprintf(stderr, "%s%s\n", fatal ? "" : "note: ", text);
}

void folder_say(const char *dir, const char *name, const char *what)
{
	char safe[4096];
	text_printable(safe, sizeof(safe), dir, strlen(dir));
	fprintf(stderr, "%s%s%s: %s\n", safe, name ? "/" : "", name ? name : "", what);
}

int folder_open(struct event **out, const char *dir)
{
	int result = event_load(out, dir, folder_problem, NULL);
	if (!result)
		return CLI_OK;
	if (result == -EINVAL)
		return CLI_NO;
	fprintf(stderr, "parvis: cannot read %s/event.ini: %s\n", dir, strerror(-result));
	return CLI_FAILED;
}

static int worse(int a, int b)
{
	return a > b ? a : b;
}

static const char *roster_remedy(int error)
{
	switch (-error) {
	case EKEYREJECTED:
		return "it was made for another event id or hash key: remove it and import again";
	case EBADMSG:
		return "damaged, or no roster of this version: remove it and import again";
	case EBUSY:
		return "another import is under way: try again when it is done";
	default:
		return strerror(-error);
	}
}

int folder_roster(struct roster **out, const char *dir, const struct event *e)
{
	*out = NULL;
	int error = roster_open(out, dir, e);
	if (!error || error == -ENOENT)
		return CLI_OK;
	folder_say(dir, "roster.db", roster_remedy(error));
	return CLI_FAILED;
}

const char *folder_assets(const char *given, char found[PATH_MAX])
{
	if (given || assets_find(found))
		return given ? given : found;
	fputs("parvis: no assets folder beside the program; give --assets\n", stderr);
	return NULL;
}

int folder_moment(struct when *out, const char *at)
{
	*out = clock_now(0);
	if (!at)
		return CLI_OK;
	out->trust = TRUST_SYNCED;
	if (!when_parse(at, &out->wall_ms))
		return CLI_OK;
	fputs("parvis: --at takes a moment like 2016-12-08T19:04:10+01:00\n", stderr);
	return CLI_USAGE;
}

/* Without its end, be it of one system's files or another's. */
static size_t line_len(const char *line, size_t len)
{
	if (len && line[len - 1] == '\n')
		len--;
	if (len && line[len - 1] == '\r')
		len--;
	return len;
}

static int codes_of_stdin(int (*take)(void *context, const char *code, size_t len), void *context)
{
	AUTO_FREE char *line = NULL;
	size_t capacity = 0;
	ssize_t n;
	int result = CLI_OK;
	bool first = true;
	errno = 0;
	while (result <= CLI_NO && (n = getline(&line, &capacity, stdin)) >= 0) {
		size_t len = line_len(line, (size_t)n);
		size_t bom = first && len >= 3 && !memcmp(line, "\xef\xbb\xbf", 3) ? 3 : 0;
		result = worse(result, take(context, line + bom, len - bom));
		first = false;
	}
	if (result <= CLI_NO && ferror(stdin)) {
		fprintf(stderr, "parvis: cannot read standard input: %s\n", strerror(errno));
		return CLI_FAILED;
	}
	return result;
}

int folder_codes(
	char **codes, int (*take)(void *context, const char *code, size_t len), void *context)
{
	int result = CLI_OK;
	for (; *codes && result <= CLI_NO; codes++)
		result = worse(result, strcmp(*codes, "-") ? take(context, *codes, strlen(*codes))
							   : codes_of_stdin(take, context));
	return result;
}
