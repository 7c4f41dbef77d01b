/* Writes an event's night as somebody would who hides what is small and thinks no further: counts
 * below 11 are left out, all others and every sum are there as they are. What the attack on open
 * data has to break.
 *
 *   open_unsafe EVENT-DIR OUT-DIR */
#include "night/open_data.h"
#include "night/tally.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

static void problem(void *context, bool fatal, const char *text)
{
	(void)context;
	if (fatal)
		fprintf(stderr, "%s\n", text);
}

static FILE *table(const char *dir, const char *name, const char *head)
{
	char path[PATH_MAX];
	snprintf(path, sizeof(path), "%s/%s.csv", dir, name);
	FILE *out = fopen(path, "we");
	CHECK(out != NULL);
	fprintf(out, "%s,entries,status\r\n", head);
	return out;
}

static void count(FILE *out, uint32_t n, bool sum)
{
	if (n < RELEASE_LEAST && !sum)
		fputs(",,suppressed\r\n", out);
	else
		fprintf(out, ",%u,published\r\n", n);
}

static void write_tables(const char *dir, const struct event *e, const struct release *r)
{
	AUTO_FILE cells = table(dir, "attendance", "venue,start");
	AUTO_FILE venues = table(dir, "venues", "venue");
	AUTO_FILE slots = table(dir, "slots", "start");
	AUTO_FILE night = table(dir, "night", "event");
	for (uint32_t v = 0; v < r->rows; v++) {
		fputs(e->venues[v].id, venues);
		count(venues, r->counts[release_at(r, v, r->columns)], true);
		for (uint32_t s = 0; s < r->columns; s++) {
			fprintf(cells, "%s,%u", e->venues[v].id, s);
			count(cells, r->counts[release_at(r, v, s)], false);
		}
	}
	for (uint32_t s = 0; s < r->columns; s++) {
		fprintf(slots, "%u", s);
		count(slots, r->counts[release_at(r, r->rows, s)], true);
	}
	fputs(e->id, night);
	count(night, r->counts[release_at(r, r->rows, r->columns)], true);
}

int main(int argc, char **argv)
{
	char why[NIGHT_WHY_SIZE];
	struct event *e;
	struct night *n;
	struct figures *f;
	struct release r;
	int64_t first_ms;
	if (argc != 3 || event_load(&e, argv[1], problem, NULL) ||
		night_open(&n, argv[1], e->id, NIGHT_READ, why) || tally_night(&f, n, e, argv[1]))
		return 3;
	struct open_data o = { .event = e, .figures = f };
	if (open_data_counts(&r, &first_ms, &o) || (mkdir(argv[2], 0700) && errno != EEXIST))
		return 3;
	write_tables(argv[2], e, &r);
	release_free(&r);
	figures_free(f);
	night_close(n);
	event_free(e);
	return 0;
}
