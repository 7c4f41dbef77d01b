#include "tests/fake/process.h"

#include "base/cc.h"

#include <stdlib.h>
#include <string.h>

long process_status(pid_t pid, const char *name)
{
	char path[64], line[256];
	long value = -1;
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	AUTO_FILE f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)))
			value = strtol(line + strlen(name), NULL, 10);
	return value;
}
