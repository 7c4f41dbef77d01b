#include "port/os_release.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#include <ini.h>

struct release {
	bool ours;
	char version[SYSTEM_VERSION_SIZE];
};

/* A value may stand in quotes; one of ours has nothing in it that a shell would take for more. */
static void take_value(char *out, size_t capacity, const char *value)
{
	size_t n = strcspn(value + (*value == '"'), "\"'\\$`");
	snprintf(out, capacity, "%.*s", (int)n, value + (*value == '"'));
}

static int take_line(void *context, const char *section, const char *name, const char *value)
{
	struct release *r = context;
	char id[16];
	(void)section;
	take_value(id, sizeof(id), value);
	if (!strcmp(name, "ID"))
		r->ours = !strcmp(id, "parvis");
	else if (!strcmp(name, "VERSION_ID"))
		take_value(r->version, sizeof(r->version), value);
	return 1;
}

bool os_release_version(const char *path, char version[SYSTEM_VERSION_SIZE])
{
	struct release r = { 0 };
	bool known = ini_parse(path, take_line, &r) == 0 && r.ours && *r.version;
	text_copy(version, SYSTEM_VERSION_SIZE, known ? r.version : "");
	return known;
}
