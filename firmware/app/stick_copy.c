#include "app/stick_copy.h"

#include "app/stick_files.h"
#include "base/text.h"
#include "night/sealed.h"
#include "store/log.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Between two looks at whether anybody wants something else. */
#define STEP_ROWS 2000
#define FETCH_MAX 100

struct copied {
	struct chain chain;
	uint64_t rows, done; /* numbers 1 … rows are in the log, 1 … done in the file */
};

struct stick_copy {
	struct stick_copy_setup setup;
	char path[PATH_MAX], part[PATH_MAX + 8];
	int fd;
	bool is_whole; /* it has its name */
	struct log *log;
	struct sealed_writer *writer;
	struct copied *chains;
	size_t chain_count, chain_room, at; /* at: the first that is not copied whole */
	struct row rows[FETCH_MAX];
};

/* --- what there is to copy ---------------------------------------------------------------------
 */

/* The chains come in the order they were begun: those that are known, and then new ones. */
static int note_chain(void *context, const struct log_chain *found)
{
	struct stick_copy *c = context;
	for (size_t i = 0; i < c->chain_count; i++) {
		struct copied *known = &c->chains[i];
		if (known->chain.epoch != found->chain.epoch ||
			memcmp(known->chain.device, found->chain.device, DEVICE_ID_SIZE))
			continue;
		known->rows = found->rows;
		return 0;
	}
	if (c->chain_count == c->chain_room) {
		size_t room = c->chain_room ? 2 * c->chain_room : 16;
		struct copied *more = reallocarray(c->chains, room, sizeof(*more));
		if (!more)
			return -ENOMEM;
		c->chains = more;
		c->chain_room = room;
	}
	c->chains[c->chain_count++] = (struct copied){ .chain = found->chain, .rows = found->rows };
	return 0;
}

/* The log is read through a connection that lasts no longer than a round: the clerk's may have to
 * open the file anew. */
static int look_at_log(struct stick_copy *c)
{
	log_close(c->log);
	c->log = NULL;
	int error = log_open_reader(&c->log, c->setup.data_dir);
	if (!error)
		error = log_chains(c->log, note_chain, c);
	c->at = 0;
	return error;
}

/* What is about to come is said before it does, so that a copy that ends early says what it lacks.
 */
static int promise(struct stick_copy *c)
{
	int error = 0;
	for (size_t i = 0; !error && i < c->chain_count; i++)
		if (c->chains[i].done < c->chains[i].rows)
			error = sealed_promise(c->writer, &c->chains[i].chain, c->chains[i].rows);
	return error;
}

static bool skip_whole(struct stick_copy *c)
{
	while (c->at < c->chain_count && c->chains[c->at].done >= c->chains[c->at].rows)
		c->at++;
	return c->at < c->chain_count;
}

/* --- beginning and ending ----------------------------------------------------------------------
 */

static int create(struct stick_copy *c)
{
	struct sealed_setup setup = {
		.event_id = c->setup.event_id, .device = c->setup.key, .created_ms = c->setup.now_ms
	};
	memcpy(setup.organiser, c->setup.organiser, sizeof(setup.organiser));
	c->fd = stick_files_create(c->part);
	if (c->fd < 0)
		return c->fd;
	return sealed_create(&c->writer, c->fd, &setup);
}

int stick_copy_open(struct stick_copy **out, const struct stick_copy_setup *setup, bool *at_stick)
{
	uint8_t device[DEVICE_ID_SIZE];
	char name[SEALED_NAME_SIZE];
	*at_stick = false;
	struct stick_copy *c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->setup = *setup;
	c->fd = -1;
	device_key_id(setup->key, device);
	sealed_name(setup->event_id, device, name);
	int n = snprintf(c->path, sizeof(c->path), "%s/%s", setup->dir, name);
	snprintf(c->part, sizeof(c->part), "%s.part", c->path);
	int error = n < 0 || (size_t)n >= sizeof(c->path) ? -ENAMETOOLONG : look_at_log(c);
	if (!error) {
		error = create(c);
		*at_stick = error != -EINVAL;
	}
	if (!error)
		error = promise(c);
	if (error) {
		stick_copy_close(c);
		return error;
	}
	*out = c;
	return 0;
}

void stick_copy_close(struct stick_copy *c)
{
	if (!c)
		return;
	sealed_close(c->writer);
	log_close(c->log);
	bool begun = c->fd >= 0;
	if (begun)
		close(c->fd);
	int left = begun && !c->is_whole ? stick_files_remove(c->part) : 0;
	(void)left; /* the next copy begins with it */
	free(c->chains);
	free(c);
}

/* Nothing has its name before its bytes are durable. */
static int finish(struct stick_copy *c)
{
	int error = sealed_flush(c->writer);
	if (!error)
		error = stick_files_sync(c->fd);
	if (!error && !c->is_whole) {
		error = stick_files_rename(c->part, c->path);
		c->is_whole = !error;
		/* FAT has a file's size and place beside its name, and has not given them to the
		 * new one. */
		if (!error)
			error = stick_files_sync(c->fd);
	} else if (!error) {
		error = stick_files_there(c->fd, c->setup.dir);
	}
	return error ? error : stick_files_sync_dir(c->setup.dir);
}

/* --- rows --------------------------------------------------------------------------------------
 */

static int copy_some(struct stick_copy *c, bool *at_stick)
{
	struct copied *chain = &c->chains[c->at];
	uint64_t left = chain->rows - chain->done;
	size_t count = 0;
	*at_stick = false;
	int error = log_fetch(c->log, &chain->chain, chain->done + 1, c->rows,
		left < FETCH_MAX ? (size_t)left : FETCH_MAX, &count);
	if (!error && !count)
		error = -EBADMSG; /* the log has just said that they are there */
	for (size_t i = 0; !error && i < count; i++) {
		error = sealed_add_row(c->writer, &c->rows[i]);
		*at_stick = error;
	}
	chain->done += error ? 0 : count;
	return error;
}

int stick_copy_step(struct stick_copy *c, bool *more, bool *at_stick)
{
	*at_stick = false;
	for (size_t rows = 0; rows < STEP_ROWS; rows += FETCH_MAX) {
		if (!skip_whole(c)) {
			*more = false;
			*at_stick = true;
			return finish(c);
		}
		int error = copy_some(c, at_stick);
		if (error)
			return error;
	}
	*more = true;
	return 0;
}

int stick_copy_renew(struct stick_copy *c, bool *more, bool *at_stick)
{
	*at_stick = true;
	*more = false;
	int error = stick_files_there(c->fd, c->setup.dir);
	if (error)
		return error;
	*at_stick = false;
	error = look_at_log(c);
	if (error)
		return error;
	*more = skip_whole(c);
	*at_stick = true;
	return *more ? promise(c) : 0;
}

void stick_copy_progress(const struct stick_copy *c, struct stick_copy_progress *out)
{
	*out = (struct stick_copy_progress){ 0 };
	for (size_t i = 0; i < c->chain_count; i++) {
		out->rows += c->chains[i].done;
		out->total += c->chains[i].rows;
		if (c->chains[i].done)
			out->last_seq = c->chains[i].done;
	}
}
