#include "cli/collect_camera.h"

#include "base/text.h"
#include "cli/aside.h"
#include "cli/cli.h"
#include "night/sealed.h"
#include "night/series.h"
#include "port/camera.h"
#include "port/clock.h"
#include "port/picture.h"
#include "scan/reader.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNTS     "parvis-counts 1\n"
#define WAIT_MS    500
#define COUNTS_MAX 1024

struct looking {
	const struct camera_job *job;
	int (*take)(void *context, const char *path);
	void *context;
	struct reader *reader;
	struct series_set *set;
	bool shows; /* a terminal is there to show progress on */
	bool shown;
	char counts[COUNTS_MAX]; /* that were told last */
	unsigned begun, whole;
	int status;
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static void quiet(struct looking *l)
{
	if (l->shown)
		fputc('\n', stderr);
	l->shown = false;
}

static void name_of(const uint8_t id[SERIES_ID_SIZE], char out[2 * SERIES_ID_SIZE + 1])
{
	text_hex(out, id, SERIES_ID_SIZE);
}

/* --- a copy that is whole ----------------------------------------------------------------------
 */

static int put(const struct looking *l, const struct series_progress *p, char path[PATH_MAX])
{
	char name[2 * SERIES_ID_SIZE + 1], dir[PATH_MAX];
	struct aside aside;
	name_of(p->id, name);
	int n = snprintf(dir, sizeof(dir), "%s/series", l->job->dir);
	int m = snprintf(path, PATH_MAX, "%s/series/%s" SEALED_SUFFIX, l->job->dir, name);
	if (n < 0 || m < 0 || (size_t)m >= PATH_MAX)
		return -ENAMETOOLONG;
	if (mkdir(dir, 0700) && errno != EEXIST)
		return -errno;
	int error = aside_open_file(&aside, path);
	if (error)
		return error;
	error = aside_write(&aside, p->file, p->len);
	if (!error)
		error = aside_commit(&aside);
	aside_close(&aside);
	return error;
}

static void take_whole(struct looking *l, const struct series_progress *p)
{
	char path[PATH_MAX], name[2 * SERIES_ID_SIZE + 1];
	name_of(p->id, name);
	quiet(l);
	l->whole++;
	fprintf(stderr, "series %.8s: all %u codes are there\n", name, p->frames);
	int error = put(l, p, path);
	if (error) {
		fprintf(stderr, "parvis collect: %s: %s\n", path, strerror(-error));
		l->status = CLI_FAILED;
		return;
	}
	int status = l->take(l->context, path);
	if (status != CLI_OK)
		l->status = status;
}

/* --- a code ------------------------------------------------------------------------------------
 */

static void tell_counts(struct looking *l, const char *text, size_t len)
{
	char safe[2 * COUNTS_MAX];
	if (len >= COUNTS_MAX || (len == strlen(l->counts) && !memcmp(text, l->counts, len)))
		return;
	memcpy(l->counts, text, len);
	l->counts[len] = '\0';
	quiet(l);
	fputs("figures:", stdout);
	for (const char *line = l->counts + strlen(COUNTS); *line;) {
		size_t n = strcspn(line, "\n");
		text_printable(safe, sizeof(safe), line, n);
		printf(" %s", safe);
		line += n + (line[n] == '\n');
	}
	putchar('\n');
	fflush(stdout);
}

static void take_frame(struct looking *l, const struct series_frame *f)
{
	struct series_progress p;
	char name[2 * SERIES_ID_SIZE + 1];
	int error = series_take(l->set, f, &p);
	name_of(f->id, name);
	if (error) {
		quiet(l);
		fprintf(stderr, "parvis collect: series %.8s: %s\n", name,
			error == -ENOSPC    ? "too many at once"
			: error == -EBADMSG ? "not as it was written: it is read anew"
					    : strerror(-error));
		return;
	}
	l->begun += p.fresh && p.have == 1;
	if (p.file) {
		take_whole(l, &p);
	} else if (p.fresh && l->shows) {
		l->shown = true;
		fprintf(stderr, "\rseries %.8s: %u of %u codes ", name, p.have, p.frames);
	}
}

static void take_text(struct looking *l, const struct decoded *d)
{
	struct series_frame f;
	if (!d->found)
		return;
	if (series_read(&f, d->text, d->len))
		take_frame(l, &f);
	else if (d->len > strlen(COUNTS) && !memcmp(d->text, COUNTS, strlen(COUNTS)))
		tell_counts(l, d->text, d->len);
}

/* --- pictures ----------------------------------------------------------------------------------
 */

static void look_at_file(struct looking *l, const char *path)
{
	static struct decoded d;
	struct picture p;
	if (picture_load(&p, path))
		return; /* not a picture: a folder may hold anything */
	struct luma frame = {
		.pixels = p.pixels, .width = p.width, .height = p.height, .stride = p.width
	};
	if (!reader_look(l->reader, &frame, EFFORT_STILL, &d))
		take_text(l, &d);
	picture_free(&p);
}

static int look_at_folder(struct looking *l)
{
	struct dirent **names;
	int n = scandir(l->job->camera, &names, NULL, alphasort);
	if (n < 0)
		return -errno;
	for (int i = 0; i < n; i++) {
		char path[PATH_MAX];
		int m = snprintf(path, sizeof(path), "%s/%s", l->job->camera, names[i]->d_name);
		if (!stop && *names[i]->d_name != '.' && m > 0 && (size_t)m < sizeof(path))
			look_at_file(l, path);
		free(names[i]);
	}
	free(names);
	return 0;
}

/* --- a camera ----------------------------------------------------------------------------------
 */

static bool is_over(const struct looking *l, int64_t since_ms)
{
	bool late = l->job->seconds &&
		    clock_now(0).mono_ms - since_ms >= (int64_t)l->job->seconds * 1000;
	return stop || late || l->status != CLI_OK || (l->begun && l->whole == l->begun);
}

static int look_through(struct looking *l, struct camera *camera)
{
	static struct decoded d;
	struct camera_frame f;
	bool gone = false;
	for (int64_t since_ms = clock_now(0).mono_ms; !is_over(l, since_ms);) {
		int error = camera_frame(camera, &f, WAIT_MS);
		if (error == -ENODEV && !gone) {
			quiet(l);
			fprintf(stderr,
				"parvis collect: %s: no camera (any more); it is looked for\n",
				l->job->camera);
		}
		gone = error == -ENODEV;
		if (gone)
			usleep(WAIT_MS * 1000);
		if (error || f.clear)
			continue;
		struct luma frame = {
			.pixels = f.pixels, .width = f.width, .height = f.height, .stride = f.stride
		};
		if (!reader_look(l->reader, &frame, EFFORT_LIVE, &d))
			take_text(l, &d);
	}
	return 0;
}

static int look_at_camera(struct looking *l)
{
	char spec[PATH_MAX];
	struct camera *camera;
	bool bare = *l->job->camera == '/';
	if (bare && access(l->job->camera, F_OK))
		return -EINVAL;
	snprintf(spec, sizeof(spec), "%s%s", bare ? "v4l2:" : "", l->job->camera);
	int error = camera_open(&camera, spec);
	if (error)
		return error;
	fputs("Hold the camera before the screens; Ctrl-C ends it.\n", stderr);
	error = look_through(l, camera);
	camera_close(camera);
	return error;
}

/* --- all of it ---------------------------------------------------------------------------------
 */

static int tell_unfinished(void *context, const struct series_progress *p)
{
	char name[2 * SERIES_ID_SIZE + 1];
	bool *any = context;
	name_of(p->id, name);
	if (p->have == p->frames)
		return 0;
	*any = true;
	fprintf(stderr, "series %.8s: %u of %u codes are missing: nothing of it is taken\n", name,
		p->frames - p->have, p->frames);
	return 0;
}

static int look(struct looking *l)
{
	struct stat st;
	bool folder = !stat(l->job->camera, &st) && S_ISDIR(st.st_mode), unfinished = false;
	struct sigaction act = { .sa_handler = on_signal }, before;
	sigaction(SIGINT, &act, &before);
	int error = folder ? look_at_folder(l) : look_at_camera(l);
	sigaction(SIGINT, &before, NULL);
	quiet(l);
	if (error) {
		fprintf(stderr, "parvis collect: %s: %s\n", l->job->camera,
			error == -EINVAL ? "is no camera and no folder" : strerror(-error));
		return CLI_FAILED;
	}
	int told = series_each(l->set, tell_unfinished, &unfinished);
	if (!l->begun && !*l->counts)
		fputs("parvis collect: no code of a box was seen\n", stderr);
	if (l->status != CLI_OK)
		return l->status;
	return told || unfinished || (!l->begun && !*l->counts) ? CLI_NO : CLI_OK;
}

int collect_camera(
	const struct camera_job *job, int (*take)(void *context, const char *path), void *context)
{
	struct looking l = { .job = job,
		.take = take,
		.context = context,
		.shows = isatty(STDERR_FILENO),
		.status = CLI_OK };
	int error = reader_open(&l.reader, NULL);
	if (!error)
		error = series_set_new(&l.set);
	int status = CLI_FAILED;
	if (error)
		fprintf(stderr, "parvis collect: the reading process: %s\n", strerror(-error));
	else
		status = look(&l);
	series_set_free(l.set);
	reader_close(l.reader);
	return status;
}
