#include "cli/after.h"

#include "cli/cli.h"
#include "cli/folder.h"
#include "night/tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int after_failed(const char *command, const char *what, int error)
{
	fprintf(stderr, "parvis %s: %s: %s\n", command, what, strerror(-error));
	return CLI_FAILED;
}

/* The arguments of a process can be read by everybody: a password is taken out of them. */
void after_hide_password(const char *where)
{
	char *at = strchr(where, '@'), *host = strstr(where, "://");
	char *password = host ? strchr(host + 3, ':') : NULL;
	if (password && at && password < at)
		memset(password + 1, 'x', (size_t)(at - password - 1));
	char *query = strstr(where, "password=");
	if (query)
		memset(query + 9, 'x', strcspn(query + 9, "&"));
}

int after_night(struct night **out, const char *where, const char *event_id, enum night_open how,
	char why[NIGHT_WHY_SIZE])
{
	char *copy = strdup(where);
	why[0] = 0;
	if (!copy)
		return -ENOMEM;
	after_hide_password(where);
	int error = night_open(out, copy, event_id, how, why);
	explicit_bzero(copy, strlen(copy));
	free(copy);
	return error;
}

int after_open(struct event **event, struct night **night, const char *command,
	const char *event_dir, const char *where)
{
	char why[NIGHT_WHY_SIZE];
	struct event *e;
	int status = folder_open(&e, event_dir);
	if (status != CLI_OK)
		return status;
	int error = where ? after_night(night, where, e->id, NIGHT_READ, why)
			  : night_open(night, event_dir, e->id, NIGHT_READ, why);
	if (error) {
		fprintf(stderr, "parvis %s: %s\n", command, why);
		if (error == -ENOENT)
			fprintf(stderr,
				"parvis %s: nothing was collected yet: see `parvis collect "
				"--help`\n",
				command);
		event_free(e);
		return CLI_FAILED;
	}
	*event = e;
	return CLI_OK;
}

int after_figures(struct event **event, struct figures **out, const char *command,
	const char *event_dir, const char *where)
{
	struct night *night;
	struct event *e;
	int status = after_open(&e, &night, command, event_dir, where);
	if (status != CLI_OK)
		return status;
	int error = tally_night(out, night, e, event_dir);
	night_close(night);
	if (error) {
		event_free(e);
		return after_failed(command, "cannot count the rows", error);
	}
	*event = e;
	return CLI_OK;
}

int after_date(int64_t *out_ms, const char *command, const char *date, const struct event *e)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	char *end = NULL;
	if (date && when_parse(date, out_ms)) {
		fprintf(stderr, "parvis %s: --date: no date, such as 2016-12-09\n", command);
		return CLI_USAGE;
	}
	if (date)
		return CLI_OK;
	*out_ms = e->closes_ms;
	if (!epoch || !*epoch)
		return CLI_OK;
	long long seconds = strtoll(epoch, &end, 10);
	if (*end || seconds < 0 || seconds > INT64_C(253402300799)) {
		fprintf(stderr, "parvis %s: SOURCE_DATE_EPOCH is no number of seconds\n", command);
		return CLI_USAGE;
	}
	*out_ms = seconds * 1000;
	return CLI_OK;
}

/* --- where it goes -----------------------------------------------------------------------------
 */

int after_begin(struct after_out *o, const char *command, const char *path)
{
	*o = (struct after_out){ .to_file = path && strcmp(path, "-") != 0 };
	o->aside.dir_fd = -1;
	int error = o->to_file ? aside_open_file(&o->aside, path) : 0;
	return error ? after_failed(command, path, error) : CLI_OK;
}

int after_write(void *context, const void *bytes, size_t len)
{
	struct after_out *o = context;
	if (o->to_file)
		return aside_write(&o->aside, bytes, len);
	errno = EIO;
	return fwrite(bytes, 1, len, stdout) == len ? 0 : -errno;
}

int after_end(struct after_out *o, const char *command, const char *path, int error)
{
	if (!error && o->to_file)
		error = aside_commit(&o->aside);
	else if (!error && fflush(stdout))
		error = -errno;
	if (o->to_file)
		aside_close(&o->aside);
	return error ? after_failed(command, o->to_file ? path : "standard output", error) : CLI_OK;
}
