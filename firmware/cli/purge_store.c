/* The store has rows: hashes, places and moments. That nobody's name has come into it all the same
 * is looked at in its files' raw bytes, where it has files, and in every text of every row. */
#include "cli/purge_parts.h"

#include "base/text.h"
#include "cli/after.h"
#include "cli/cli.h"
#include "store/night.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

struct looking {
	struct purge *purge;
	struct night *night;
	struct row last; /* rows of one door have the same texts */
	uint64_t rows, found;
	struct chain *chains;
	size_t count, room;
};

static bool named(const struct looking *l, const char *text)
{
	return l->purge->words && purge_words_in_text(l->purge->words, text, strlen(text));
}

static bool same_texts(const struct row *a, const struct row *b)
{
	return !strcmp(a->venue, b->venue) && !strcmp(a->door, b->door) &&
	       !strcmp(a->from_venue, b->from_venue) && !strcmp(a->operator, b->operator);
}

static int look_at_row(void *context, const struct row *row)
{
	struct looking *l = context;
	l->rows++;
	if (same_texts(row, &l->last))
		return 0;
	l->last = *row;
	l->found += named(l, row->venue) || named(l, row->door) || named(l, row->from_venue) ||
		    named(l, row->operator);
	return 0;
}

static int keep_chain(void *context, const struct night_chain *chain)
{
	struct looking *l = context;
	if (l->count == l->room) {
		size_t room = l->room ? l->room * 2 : 64;
		struct chain *grown = reallocarray(l->chains, room, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		l->chains = grown;
		l->room = room;
	}
	l->chains[l->count++] = chain->chain;
	return 0;
}

static int look_at_source(
	void *context, uint64_t first, uint64_t last, int64_t received_ms, const char *source)
{
	struct looking *l = context;
	(void)first, (void)last, (void)received_ms;
	l->found += named(l, source);
	return 0;
}

static int look_at_all(struct looking *l)
{
	int error = night_each(l->night, NIGHT_BY_CHAIN, look_at_row, l);
	if (!error)
		error = night_contradictions(l->night, look_at_row, l);
	if (!error)
		error = night_chains(l->night, keep_chain, l);
	for (size_t i = 0; !error && i < l->count; i++)
		error = night_receipts(l->night, &l->chains[i], look_at_source, l);
	return error;
}

/* Also what was deleted from them. */
static int look_at_files(struct looking *l, const char *where)
{
	static const char *const ends[] = { ".db", ".db-wal", "-receipts.db", "-receipts.db-wal" };
	size_t stem = strlen(where) - strlen(".db");
	for (size_t i = 0; l->purge->words && i < ARRAY_LEN(ends); i++) {
		char path[PATH_MAX];
		bool found = false;
		snprintf(path, sizeof(path), "%.*s%s", (int)stem, where, ends[i]);
		AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT)
			continue;
		int error = fd < 0 ? -errno : purge_words_in(l->purge->words, fd, &found);
		if (error)
			return error;
		l->purge->files++;
		l->found += found;
	}
	return 0;
}

static bool is_file(const char *where)
{
	size_t n = strlen(where);
	return n > 3 && !strstr(where, "://") && !strcmp(where + n - 3, ".db");
}

static void tell(const struct looking *l, bool file, const char *where)
{
	struct purge *p = l->purge;
	char safe[1024];
	snprintf(safe, sizeof(safe), "%s", *where ? "database" : "night.db");
	if (file)
		text_printable(safe, sizeof(safe), where, strlen(where));
	json_array_append_new(
		p->searched, json_pack("{s:s, s:s, s:I, s:I, s:b}", "in", "store", "of", safe,
				     "rows", (json_int_t)l->rows, "files", (json_int_t)p->files,
				     "for_people", p->words != NULL));
	if (!l->found)
		return;
	json_array_append_new(
		p->left, json_pack("{s:s, s:s, s:s, s:I}", "in", "store", "of", safe, "file",
				 "rows that name somebody", "bytes", (json_int_t)0));
	fprintf(stderr, "parvis purge: the store has words of people in it\n");
}

/* *night NULL: nothing was collected. CLI_OK or CLI_FAILED, told. */
static int open_store(struct purge *p, struct night **night)
{
	char why[NIGHT_WHY_SIZE];
	*night = NULL;
	int error = p->store ? after_night(night, p->store, p->event->id, NIGHT_READ, why)
			     : night_open(night, p->event_dir, p->event->id, NIGHT_READ, why);
	if (!error || (error == -ENOENT && !p->store))
		return CLI_OK;
	fprintf(stderr, "parvis purge: the store: %s\n", why);
	return CLI_FAILED;
}

int purge_store(struct purge *p)
{
	struct looking l = { .purge = p };
	bool file = p->store && is_file(p->store);
	p->files = 0;
	int status = open_store(p, &l.night);
	if (status != CLI_OK || !l.night)
		return status;
	int error = look_at_all(&l);
	night_close(l.night);
	free(l.chains);
	if (!error && file)
		error = look_at_files(&l, p->store);
	if (error)
		return after_failed("purge", "the store", error);
	tell(&l, file, p->store ? p->store : "");
	return CLI_OK;
}
