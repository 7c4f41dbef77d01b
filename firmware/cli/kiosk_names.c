#include "cli/kiosk_names.h"

#include "base/text.h"
#include "cli/cli.h"
#include "cli/event_parts.h"
#include "event/code.h"
#include "event/name_index.h"
#include "event/pin.h"
#include "store/people.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct taking {
	const struct event *event;
	const char *venue;
	struct name_row *rows;
	size_t count, room;
};

/* Twice the room; what stood in the old one is wiped. */
static int grow(struct taking *t)
{
	size_t room = t->room ? t->room * 2 : 256;
	struct name_row *rows = room <= 2 * NAME_INDEX_MAX ? calloc(room, sizeof(*rows)) : NULL;
	if (!rows)
		return room > 2 * NAME_INDEX_MAX ? -EFBIG : -ENOMEM;
	if (t->count)
		memcpy(rows, t->rows, t->count * sizeof(*rows));
	if (t->rows)
		explicit_bzero(t->rows, t->room * sizeof(*rows));
	free(t->rows);
	t->rows = rows;
	t->room = room;
	return 0;
}

/* As a door reads the code, with what the roster adds: store/roster.h. */
static void fill(struct name_row *row, const struct event *e, const struct person *who)
{
	struct ticket *t = &row->ticket;
	code_read(e, who->code, who->code_len, t);
	t->revoked = who->revoked != 0;
	text_copy(t->name, sizeof(t->name), who->name);
	text_copy(row->type, sizeof(row->type), who->type);
	if (t->kind == TICKET_SIGNED)
		return;
	t->kind = TICKET_ROSTER;
	text_copy(t->venue, sizeof(t->venue), who->venue);
}

static int take_person(void *context, const struct person *who)
{
	struct taking *t = context;
	struct ticket ticket;
	if (!who->known || !*who->name || (*who->venue && strcmp(who->venue, t->venue)))
		return 0;
	code_read(t->event, who->code, who->code_len, &ticket);
	if (ticket.kind == TICKET_TEST || ticket.kind == TICKET_STAFF)
		return 0;
	int error = t->count == t->room ? grow(t) : 0;
	if (error)
		return error;
	fill(&t->rows[t->count++], t->event, who);
	return 0;
}

static void wipe(struct taking *t)
{
	if (t->rows)
		explicit_bzero(t->rows, t->room * sizeof(*t->rows));
	free(t->rows);
}

static int take_people(struct taking *t, const char *event_dir)
{
	struct people *people;
	int error = people_open(&people, event_dir, t->event);
	if (error)
		return error;
	error = people_each(people, take_person, t);
	people_close(people);
	return error;
}

static int read_pin(const struct event *e, bool pin_stdin, char *pin, size_t capacity)
{
	if (!pin_stdin && !isatty(STDIN_FILENO)) {
		fputs("parvis: event.ini has search = yes: only the staff PIN can seal the names "
		      "that are\nsearched: add --pin-stdin, or run this at a terminal\n",
			stderr);
		return CLI_NO;
	}
	int result = event_ask_pin("Staff PIN: ", pin, capacity);
	if (result == CLI_OK && !pin_matches(e->staff_pin, pin)) {
		fputs("parvis: this is not the PIN of event.ini\n", stderr);
		result = CLI_NO;
	}
	return result;
}

static int seal(const struct taking *t, const char *pin, int *out)
{
	int fd = memfd_create("names", MFD_CLOEXEC);
	int error = fd < 0 ? -errno : name_index_write(fd, pin, t->rows, t->count);
	if (!error) {
		*out = fd;
		return 0;
	}
	cc_close_fd(&fd);
	return error;
}

int kiosk_names(
	const char *event_dir, const struct event *e, const char *venue, bool pin_stdin, int *fd)
{
	struct taking t = { .event = e, .venue = venue };
	char pin[64] = "";
	if (!e->staff_search || !*e->staff_pin)
		return CLI_OK; /* reading the event has told that a PIN is missing */
	int error = take_people(&t, event_dir);
	if (error == -ENOENT) {
		fputs("note: nobody was imported: volunteers at this door cannot search by name\n",
			stderr);
		return CLI_OK;
	}
	int result = error ? CLI_OK : read_pin(e, pin_stdin, pin, sizeof(pin));
	if (!error && result == CLI_OK)
		error = seal(&t, pin, fd);
	explicit_bzero(pin, sizeof(pin));
	wipe(&t);
	if (!error)
		return result;
	fprintf(stderr, "parvis: %s/people.db: %s\n", event_dir,
		error == -EFBIG ? "more people than can be searched by name" : strerror(-error));
	return CLI_FAILED;
}
