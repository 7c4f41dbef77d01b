#include "cli/cli.h"
#include "cli/data.h"

#include "base/cc.h"
#include "base/flags.h"
#include "base/text.h"
#include "port/picture.h"
#include "scan/reader.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The longest text that is printed: a code's, or a file's name. */
#define SHOWN_MAX 4096
static_assert(SHOWN_MAX >= CODE_MAX, "every code can be shown");

/* Every byte becomes at most \xHH, every character at most \u{10FFFF}. */
#define PRINTABLE_SIZE (4 * SHOWN_MAX + 1)

static const char usage_text[] =
	"usage: parvis decode [--json] IMAGE...\n"
	"\n"
	"Reads each picture (JPEG or PNG) as the appliance would, in the same sandboxed\n"
	"process, and prints what the QR code in it says: one line a picture, with the\n"
	"file's name in front when there are several. Bytes that could act on a terminal\n"
	"are escaped.\n"
	"\n"
	"  --json   one object a line: {\"file\":..., \"text\":...|null}. A text that is not\n"
	"           UTF-8 has U+FFFD in place of what is wrong, and \"hex\" holds its bytes\n"
	"  --help   this\n"
	"\n"
	"Exit status: 0 every picture was read, 1 some picture was not, 2 wrong use,\n"
	"3 nothing could be tried.\n";

struct job {
	struct reader *reader;
	bool json;
	bool named; /* the file's name stands before the text */
};

static void print_escaped(const char *text, size_t len)
{
	char safe[PRINTABLE_SIZE];

	(void)text_printable(safe, sizeof safe, text, len);
	fputs(safe, stdout);
}

static void complain(const char *file, const char *what)
{
	char safe[PRINTABLE_SIZE];

	(void)text_printable(safe, sizeof safe, file, strnlen(file, SHOWN_MAX));
	fprintf(stderr, "parvis decode: %s: %s\n", safe, what);
}

/* JSON is UTF-8: what is not becomes U+FFFD, a byte at a time. */
static json_t *json_text(const char *text, size_t len)
{
	char clean[3 * SHOWN_MAX];
	size_t n = 0;

	for (size_t at = 0; at < len && n + 3 <= sizeof clean;) {
		uint32_t code_point;
		size_t step = text_decode_utf8(text + at, len - at, &code_point);

		memcpy(clean + n, step ? text + at : "\xef\xbf\xbd", step ? step : 3);
		n += step ? step : 3;
		at += step ? step : 1;
	}
	return json_stringn(clean, n);
}

static json_t *json_hex(const char *text, size_t len)
{
	char hex[2 * CODE_MAX + 1];

	text_hex(hex, (const uint8_t *)text, len);
	return json_string(hex);
}

static void print_json(const char *file, const struct decoded *d)
{
	json_t *line = json_object();
	int bad = json_object_set_new(line, "file", json_text(file, strnlen(file, SHOWN_MAX)));

	bad |= json_object_set_new(
		line, "text", d->found ? json_text(d->text, d->len) : json_null());
	if (d->found && !text_is_utf8(d->text, d->len))
		bad |= json_object_set_new(line, "hex", json_hex(d->text, d->len));
	if (bad)
		complain(file, "no memory for its line");
	/* Where standard output fails, look_at_all() says so at the end. */
	(void)json_dumpf(line, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(line);
}

static void print_plain(const struct job *job, const char *file, const struct decoded *d)
{
	if (!d->found)
		return;
	if (job->named) {
		print_escaped(file, strnlen(file, SHOWN_MAX));
		fputs(": ", stdout);
	}
	print_escaped(d->text, d->len);
	putchar('\n');
}

static const char *told(int e)
{
	switch (-e) {
	case EINVAL:
		return "not a JPEG or PNG picture, or a broken one";
	case EFBIG:
		return "too large";
	default:
		return strerror(-e);
	}
}

/* Fills *out, also when the picture cannot be looked at. */
static void look(const struct job *job, const char *file, struct decoded *out)
{
	struct picture p;
	int e = picture_load(&p, file);

	memset(out, 0, sizeof *out);
	if (e) {
		complain(file, told(e));
		return;
	}

	struct luma frame = {
		.pixels = p.pixels, .width = p.width, .height = p.height, .stride = p.width
	};

	e = reader_look(job->reader, &frame, EFFORT_STILL, out);
	if (e == -EINVAL)
		complain(file, "too small to hold a code");
	else if (e)
		complain(file, "the reading process failed on it");
	else if (!out->found)
		complain(file, "no code could be read");
	picture_free(&p);
}

static enum cli_exit look_at_all(const struct job *job, char **files, int n)
{
	enum cli_exit status = CLI_OK;

	for (int i = 0; i < n; i++) {
		struct decoded d;

		look(job, files[i], &d);
		if (!d.found)
			status = CLI_NO;
		if (job->json)
			print_json(files[i], &d);
		else
			print_plain(job, files[i], &d);
	}
	if (data_flush("decode") != CLI_OK)
		return CLI_FAILED;
	return status;
}

static enum cli_exit run(struct job *job, char **files, int n)
{
	int e = reader_open(&job->reader, NULL);

	if (e) {
		fprintf(stderr, "parvis decode: the reading process cannot be started: %s\n",
			strerror(-e));
		return CLI_FAILED;
	}

	enum cli_exit status = look_at_all(job, files, n);

	reader_close(job->reader);
	return status;
}

int cli_decode(int argc, char **argv)
{
	struct job job = { 0 };
	const struct flag flags[] = { { "json", .set = &job.json }, { 0 } };
	char **files;
	int status = flags_read("parvis decode", flags, argc, argv, &files);

	if (status < 0 && !*files)
		status = flags_wrong("parvis decode", "IMAGE is missing");
	if (status >= 0)
		return fputs(usage_text, status ? stderr : stdout), status;

	int n = (int)(argv + argc - files);

	job.named = n > 1;
	return (int)run(&job, files, n);
}
