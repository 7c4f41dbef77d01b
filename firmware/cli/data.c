#include "cli/data.h"

#include "base/text.h"
#include "cli/cli.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static const struct {
	int error;
	const char *what;
} remedies[] = {
	{ ENOENT,
		"there is no log: give the directory that parvis-kiosk was started with as --data" },
	{ ENOTDIR, "not a directory: give the one that parvis-kiosk was started with as --data" },
	{ EACCES, "no permission to read it: run this as the user that the kiosk runs as" },
	{ EBADMSG,
		"not a log of this version, or damaged: `parvis log --verify` says where; keep the "
		"file, and copy it before anything else is tried" },
	{ EBUSY, "it is being recovered by another program: try again in a moment" },
	{ EIO, "the disk gives an error: copy the directory to another disk and read it there" },
	{ ENAMETOOLONG, "the path is too long" },
};

static const char *remedy(int error)
{
	for (size_t i = 0; i < ARRAY_LEN(remedies); i++)
		if (remedies[i].error == -error)
			return remedies[i].what;
	return strerror(-error);
}

int data_failed(const char *command, const char *dir, int error)
{
	char safe[PATH_MAX];
	text_printable(safe, sizeof(safe), dir, strlen(dir));
	fprintf(stderr, "parvis %s: %s/log.db: %s\n", command, safe, remedy(error));
	return CLI_FAILED;
}

int data_open(struct log **out, const char *command, const char *dir)
{
	int error = log_open_reader(out, dir);
	return error ? data_failed(command, dir, error) : CLI_OK;
}

int data_flush(const char *command)
{
	if (!fflush(stdout) && !ferror(stdout))
		return CLI_OK;
	fprintf(stderr, "parvis %s: standard output: %s\n", command, strerror(errno));
	return CLI_FAILED;
}
