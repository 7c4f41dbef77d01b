#include "base/text.h"
#include "cli/after.h"
#include "cli/cli.h"
#include "cli/folder.h"
#include "cli/person_parts.h"
#include "event/issuer.h"
#include "night/purge.h"
#include "night/sealed.h"
#include "store/log.h"
#include "store/peers.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int take_row(void *context, const struct row *row)
{
	struct person_search *p = context;
	char at[WHEN_ISO_SIZE], hash[2 * TICKET_HASH_SIZE + 1];
	size_t i = 0;
	while (i < p->code_count && memcmp(p->codes[i].hash, row->ticket, TICKET_HASH_SIZE) != 0)
		i++;
	if (i == p->code_count || row_wrong(row))
		return 0;
	when_iso(row->at.wall_ms, at);
	text_hex(hash, row->ticket, TICKET_HASH_SIZE);
	json_t *o = json_pack("{s:s, s:o, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:b, s:s, s:s}", "in",
		p->where, "file", person_json(p->file), "at", at, "clock",
		trust_names[row->at.trust], "what", row_kind_names[row->kind], "verdict",
		verdict_names[row->verdict], "direction", row_direction_names[row->direction],
		"venue", person_json(row->venue), "door", person_json(row->door), "by_a_volunteer",
		*row->operator|| row->overridden, "read_by", source_names[row->source], "ticket",
		hash);
	return json_array_append_new(p->rows, o) ? -ENOMEM : 0;
}

static int rows_of_store(struct person_search *p)
{
	char why[NIGHT_WHY_SIZE];
	struct night *night;
	const char *where = p->o->store ? p->o->store : p->o->event_dir;
	int error = night_open(&night, where, p->event->id, NIGHT_READ, why);
	if (error == -ENOENT && !p->o->store)
		return CLI_OK; /* nothing was collected yet */
	if (error)
		return fprintf(stderr, "parvis person: %s\n", why), CLI_FAILED;
	p->where = "store";
	p->file = strstr(where, "://") ? "database" : where;
	error = night_each(night, NIGHT_BY_CHAIN, take_row, p);
	if (!error)
		error = night_contradictions(night, take_row, p);
	night_close(night);
	return error ? after_failed("person", "the store", error) : CLI_OK;
}

static int rows_of_box(struct person_search *p, const char *dir)
{
	struct log *l;
	struct peers *peers;
	p->file = dir;
	p->where = "log";
	int error = log_open_reader(&l, dir);
	if (!error) {
		error = log_each(l, take_row, p);
		log_close(l);
	}
	if (error && error != -ENOENT)
		return after_failed("person", dir, error);
	p->where = "peers";
	error = peers_open_reader(&peers, dir);
	if (!error) {
		error = peers_each(peers, take_row, p);
		peers_close(peers);
	}
	return error && error != -ENOENT ? after_failed("person", dir, error) : CLI_OK;
}

/* --- sealed copies -----------------------------------------------------------------------------
 */

static int take_header(void *context, const struct sealed_header *header)
{
	(void)context;
	(void)header;
	return 0;
}

static int take_promise(void *context, const struct chain *chain, uint64_t last)
{
	(void)context;
	(void)chain;
	(void)last;
	return 0;
}

static int take_batch(void *context, const struct batch *b)
{
	int error = 0;
	for (size_t i = 0; !error && i < b->count; i++)
		error = take_row(context, &b->rows[i]);
	return error;
}

static int take_fault(void *context, enum sealed_wrong wrong, int64_t number, uint64_t offset)
{
	struct person_search *p = context;
	(void)number;
	(void)offset;
	fprintf(stderr, "parvis person: %s: %s: not all of it was read\n", p->file,
		sealed_wrong_texts[wrong]);
	return 0;
}

static int rows_of_stick(struct person_search *p, const struct issuer *issuer, const char *path)
{
	const struct sealed_reader reader = { p, take_header, take_promise, take_batch,
		take_fault };
	int stopped = 0;
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return after_failed("person", path, -errno);
	p->where = "stick";
	p->file = path;
	enum sealed_wrong wrong = sealed_read(fd, issuer, p->event->id, &reader, &stopped);
	if (wrong != SEALED_GOOD) {
		fprintf(stderr, "parvis person: %s: %s\n", path, sealed_wrong_texts[wrong]);
		return CLI_FAILED;
	}
	return stopped ? after_failed("person", path, stopped) : CLI_OK;
}

bool person_is_folder(const char *path)
{
	struct stat st;
	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

struct copies {
	struct person_search *search;
	const struct issuer *issuer;
	const char *dir;
	int status;
};

static int take_copy(void *context, int dir_fd, const char *name, const char *path, bool directory)
{
	struct copies *c = context;
	char whole[PATH_MAX];
	size_t n = strlen(name), m = strlen(SEALED_SUFFIX);
	(void)dir_fd;
	if (directory || n < m || strcmp(name + n - m, SEALED_SUFFIX) != 0)
		return 0;
	if (snprintf(whole, sizeof(whole), "%s/%s", c->dir, path) >= (int)sizeof(whole))
		return -ENAMETOOLONG;
	c->status = rows_of_stick(c->search, c->issuer, whole);
	c->search->file = c->dir; /* `whole` ends here */
	return c->status != CLI_OK;
}

/* Every sealed copy of a stick. */
static int rows_of_folder(struct person_search *p, const struct issuer *issuer, const char *dir)
{
	struct copies c = { p, issuer, dir, CLI_OK };
	AUTO_FD fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error = fd < 0 ? -errno : purge_walk(fd, take_copy, &c);
	return error < 0 ? after_failed("person", dir, error) : c.status;
}

int person_rows(struct person_search *p)
{
	struct issuer *issuer = NULL;
	int status = rows_of_store(p);
	for (size_t i = 0; status == CLI_OK && i < p->o->box_count; i++)
		status = rows_of_box(p, p->o->boxes[i]);
	if (status == CLI_OK && p->o->stick_count &&
		issuer_open(&issuer, p->o->event_dir, folder_problem, NULL))
		status = CLI_FAILED;
	for (size_t i = 0; status == CLI_OK && i < p->o->stick_count; i++) {
		const char *stick = p->o->sticks[i];
		status = person_is_folder(stick) ? rows_of_folder(p, issuer, stick)
						 : rows_of_stick(p, issuer, stick);
	}
	issuer_close(issuer);
	return status;
}
