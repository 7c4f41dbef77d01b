#include "tests/fake/pg_server.h"

#include "base/cc.h"
#include "tests/fake/store_bench.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *dir, bin[200], as_nobody[100];

static int run(const char *format, const char *argument)
{
	char command[4096], inner[3000];
	snprintf(inner, sizeof(inner), format, argument);
	snprintf(command, sizeof(command), "cd %s && PATH=%s:$PATH %s sh -c \"%s\" >%s/said 2>&1",
		dir, bin, as_nobody, inner, dir);
	return system(command);
}

static bool find(void)
{
	glob_t found;
	bool there = !glob("/usr/lib/postgresql/*/bin/initdb", 0, NULL, &found);
	if (there) {
		snprintf(bin, sizeof(bin), "%s", found.gl_pathv[found.gl_pathc - 1]);
		*strrchr(bin, '/') = 0;
		globfree(&found);
	}
	return there;
}

bool pg_server_start(void)
{
	if (!find())
		return false;
	dir = store_bench_dir();
	if (geteuid() == 0) {
		snprintf(as_nobody, sizeof(as_nobody),
			"setpriv --reuid=nobody --regid=nogroup --clear-groups");
		int failed = chown(dir, 65534, 65534);
		CHECK(!failed);
	}
	int failed = run("initdb -D data -A trust -U parvis --no-sync -E UTF8 --locale=C%s", "");
	CHECK(!failed);
	failed = run(
		"pg_ctl -D data -w -t 60 -l log -o '-k %s -h \\\"\\\" -F' start </dev/null", dir);
	CHECK(!failed);
	return true;
}

void pg_server_stop(void)
{
	if (!dir)
		return;
	int failed = run("pg_ctl -D data -w -t 60 -m fast stop%s", "");
	CHECK(!failed);
	store_bench_remove(dir);
	free(dir);
	dir = NULL;
}

const char *pg_server_database(const char *name)
{
	static char url[400];
	int failed = run("createdb -h \\$PWD -U parvis %s", name);
	CHECK(!failed);
	snprintf(url, sizeof(url), "postgresql://parvis@/%s?host=%s", name, dir);
	return url;
}
