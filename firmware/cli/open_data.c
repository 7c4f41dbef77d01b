#include "night/open_data.h"

#include "base/flags.h"
#include "cli/after.h"
#include "cli/cli.h"
#include "cli/folder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA_MAX (1 << 16)

static const char usage[] =
	"usage: parvis open-data --event DIR --out DIR [--store WHERE] [--publisher NAME]\n"
	"                        [--date DATE] [--assets DIR]\n"
	"\n"
	"A data set that may be published: entries by venue and ten minutes, as a Frictionless data\n"
	"package under Licence Ouverte 2.0, with DCAT metadata in French and English. Counts below\n"
	"11 are suppressed, as are further ones from which they could be worked out; the others are\n"
	"rounded to fives.\n"
	"\n"
	"  --event DIR        the event's folder\n"
	"  --out DIR          the package; a directory that is not there yet, or empty\n"
	"  --store WHERE      a store elsewhere: a folder, a .db file or postgresql://...\n"
	"  --publisher NAME   whose data set it is\n"
	"  --date DATE        when it was made; without it SOURCE_DATE_EPOCH, else the event's end\n"
	"  --assets DIR       where the schema is\n"
	"\n"
	"Exit status: 0 done, 1 the event is not good, 2 wrong use, 3 failed.\n";

struct options {
	const char *event, *out, *store, *publisher, *date, *assets;
};

static int read_schema(const struct options *o, char out[SCHEMA_MAX])
{
	char found[PATH_MAX], path[PATH_MAX + 64];
	const char *assets = folder_assets(o->assets, found);
	if (!assets)
		return CLI_FAILED;
	snprintf(path, sizeof(path), "%s/" OPEN_DATA_SCHEMA, assets);
	AUTO_FILE in = fopen(path, "re");
	size_t n = in ? fread(out, 1, SCHEMA_MAX - 1, in) : 0;
	out[n] = '\0';
	return n ? CLI_OK : after_failed("open-data", path, in ? -EINVAL : -errno);
}

static int put_file(void *context, const char *name, const char *bytes, size_t len)
{
	struct aside *a = context;
	int error = aside_begin(a, name);
	if (!error)
		error = aside_write(a, bytes, len);
	return error ? error : aside_end(a);
}

static int write_package(const struct options *o, const struct open_data *data)
{
	struct aside a = { .dir_fd = -1 };
	struct release r;
	int64_t first_ms;
	int error = open_data_counts(&r, &first_ms, data);
	if (error)
		return after_failed("open-data", "cannot count", error);
	error = release_protect(&r);
	if (!error)
		error = aside_open_directory(&a, o->out);
	if (!error)
		error = open_data_write(data, &r, first_ms, put_file, &a);
	if (!error)
		error = aside_commit(&a);
	aside_close(&a);
	uint64_t hidden = 0, all = (uint64_t)r.rows * r.columns;
	for (uint32_t v = 0; v < r.rows; v++)
		for (uint32_t s = 0; s < r.columns; s++)
			hidden += r.hidden[release_at(&r, v, s)];
	release_free(&r);
	if (error == -ENOTEMPTY)
		fprintf(stderr, "parvis open-data: %s is not empty\n", o->out);
	if (error)
		return error == -ENOTEMPTY ? CLI_FAILED : after_failed("open-data", o->out, error);
	printf("%s: %llu counts published, %llu suppressed\n", o->out,
		(unsigned long long)(all - hidden), (unsigned long long)hidden);
	return fflush(stdout) ? CLI_FAILED : CLI_OK;
}

static int run(const struct options *o)
{
	struct event *event;
	struct figures *figures;
	static char schema[SCHEMA_MAX];
	struct open_data data = { .schema = schema, .publisher = o->publisher ? o->publisher : "" };
	int status = read_schema(o, schema);
	if (status == CLI_OK)
		status = after_figures(&event, &figures, "open-data", o->event, o->store);
	if (status != CLI_OK)
		return status;
	data.event = event;
	data.figures = figures;
	status = after_date(&data.made_ms, "open-data", o->date, event);
	if (status == CLI_OK)
		status = write_package(o, &data);
	figures_free(figures);
	event_free(event);
	return status;
}

int cli_open_data(int argc, char **argv)
{
	struct options o = { 0 };
	const struct flag flags[] = {
		{ "event", .text = &o.event, .needed = "DIR" },
		{ "out", .text = &o.out, .needed = "DIR" },
		{ "store", .text = &o.store },
		{ "publisher", .text = &o.publisher },
		{ "date", .text = &o.date },
		{ "assets", .text = &o.assets },
		{ 0 },
	};
	int status = flags_read("parvis open-data", flags, argc, argv, NULL);
	if (status >= 0)
		return fputs(usage, status ? stderr : stdout), status;
	return run(&o);
}
