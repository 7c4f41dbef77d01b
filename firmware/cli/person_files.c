#include "base/text.h"
#include "cli/after.h"
#include "cli/cli.h"
#include "cli/person_parts.h"
#include "event/bundle.h"
#include "night/purge.h"
#include "store/print_queue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool begins_with(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);
	return n >= m && !strcasecmp(text + n - m, end);
}

json_t *person_json(const char *text)
{
	char safe[4096];
	text_printable(safe, sizeof(safe), text, strlen(text));
	return json_string(safe);
}

/* What was done, of files that may bear the person's name. */
static int note(struct person_search *p, json_t *list, const char *path, const char *what)
{
	bool named = p->erasing && person_words_in_text(p->words, path, strlen(path));
	json_t *o = json_pack("{s:s, s:o}", "in", p->where, "file",
		named ? json_string("(named after the person)") : person_json(path));
	if (o && what)
		json_object_set_new(o, "what", json_string(what));
	return json_array_append_new(list, o) ? -ENOMEM : 0;
}

/* Rosters and indexes of names that a box or its bundle has, sealed: other people's, too. */
static bool is_sealed(const struct person_search *p, const char *path)
{
	const char *name = strrchr(path, '/');
	name = name ? name + 1 : path;
	if (begins_with(path, "bundles/") || ends_with(name, BUNDLE_SUFFIX))
		return true;
	bool box = !strcmp(p->where, "box");
	return !strcmp(name, "names.idx") || (box && !strcmp(name, "roster.db"));
}

static bool is_list(const char *path)
{
	return ends_with(path, ".csv") || ends_with(path, ".tsv") || ends_with(path, ".txt");
}

/* What an import, a copy or a cut has left beside a database that is as it should be. */
static bool is_remnant(const struct person_search *p, const char *path)
{
	if (!strcmp(p->where, "box"))
		return begins_with(path, "print.db-");
	return !strcmp(p->where, "event") &&
	       (begins_with(path, "people.db-") || begins_with(path, "people.db.import"));
}

static int erase(struct person_search *p, int dir_fd, const char *name, const char *path)
{
	int64_t bytes;
	uint64_t lines;
	char what[64] = "overwritten and removed";
	int error = -EILSEQ;
	if (is_remnant(p, path)) {
		error = purge_file(dir_fd, name, &bytes);
	} else if (is_list(path) && strcmp(p->where, "box") != 0) {
		error = person_strip(p->words, dir_fd, name, &lines);
		snprintf(what, sizeof(what), "%llu lines", (unsigned long long)lines);
	}
	bool named = person_words_in_text(p->words, path, strlen(path));
	if (!error && (!named || is_remnant(p, path)))
		return note(p, p->gone, path, what);
	return note(p, p->left, path, error && error != -EILSEQ ? strerror(-error) : NULL);
}

static int take(void *context, int dir_fd, const char *name, const char *path, bool directory)
{
	struct person_search *p = context;
	bool found = false;
	if (directory)
		return 0;
	if (is_sealed(p, path) && !p->erasing)
		return note(p, p->sealed, path, NULL);
	AUTO_FD fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int error = fd < 0 ? -errno : person_words_in(p->words, fd, &found);
	if (error)
		return error;
	if (!found && !person_words_in_text(p->words, path, strlen(path)))
		return 0;
	return p->erasing ? erase(p, dir_fd, name, path) : note(p, p->clear, path, NULL);
}

static int walk(struct person_search *p, const char *dir, const char *where)
{
	AUTO_FD fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return after_failed("person", dir, -errno);
	p->where = where;
	int error = purge_walk(fd, take, p);
	return error ? after_failed("person", dir, error) : CLI_OK;
}

/* Badges that wait for a printer. */
static int forget_badges(struct person_search *p, const char *dir)
{
	char path[PATH_MAX];
	struct print_queue *q;
	uint64_t count = 0, all = 0;
	snprintf(path, sizeof(path), "%s/print.db", dir);
	if (access(path, F_OK))
		return CLI_OK;
	int error = print_queue_open(&q, dir);
	if (error == -EBUSY) {
		fprintf(stderr, "parvis person: %s: the box's program is running: end it first\n",
			dir);
		return CLI_FAILED;
	}
	if (error)
		return after_failed("person", path, error);
	for (size_t i = 0; !error && i < p->code_count; i++, all += count) {
		const struct person_code *c = &p->codes[i];
		bool named = c->name && *c->name && !c->name_shared;
		error = print_queue_forget(q, named ? c->name : NULL, c->code, &count);
	}
	print_queue_close(q);
	p->where = "box";
	if (!error && all)
		error = note(p, p->gone, "print.db", "badges that waited");
	return error ? after_failed("person", path, error) : CLI_OK;
}

int person_files(struct person_search *p)
{
	int status = walk(p, p->o->event_dir, "event");
	for (size_t i = 0; status == CLI_OK && i < p->o->box_count; i++) {
		if (p->erasing)
			status = forget_badges(p, p->o->boxes[i]);
		if (status == CLI_OK)
			status = walk(p, p->o->boxes[i], "box");
	}
	for (size_t i = 0; status == CLI_OK && i < p->o->stick_count; i++)
		if (person_is_folder(p->o->sticks[i]))
			status = walk(p, p->o->sticks[i], "stick");
	return status;
}
