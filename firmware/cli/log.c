#include "base/flags.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/data.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
	"usage: parvis log --data DIR [--json | --csv]\n"
	"       parvis log --verify --data DIR\n"
	"\n"
	"The rows of a kiosk's log, one a line, or whether they are as they were written. The kiosk\n"
	"may be running.\n"
	"\n"
	"  --data DIR   the kiosk's data directory\n"
	"  --json       one JSON object a line\n"
	"  --csv        comma-separated values, with a header\n"
	"  --verify     check the database, the chain of hashes, the numbering and the headcount\n"
	"\n"
	"Tickets are shown as keyed hashes: the log holds no codes and no names.\n"
	"Exit status: 0 done, 1 the log is not as it was written, 2 wrong use, 3 it cannot be read.\n";

struct options {
	const char *data;
	bool json, csv, verify;
};

/* A character that could act on a terminal takes up to ten. */
#define SAFE_SIZE (10 * ID_SIZE)

/* A row in words. */
struct words {
	char device[2 * DEVICE_ID_SIZE + 1], boot[2 * BOOT_ID_SIZE + 1];
	char ticket[2 * TICKET_HASH_SIZE + 1]; /* "" = none */
	char before[2 * ROW_HASH_SIZE + 1], hash[2 * ROW_HASH_SIZE + 1];
	char hlc[17], at[WHEN_ISO_SIZE];
	char venue[SAFE_SIZE], door[SAFE_SIZE], from_venue[SAFE_SIZE], operator[SAFE_SIZE];
};

static void describe(const struct row *row, struct words *w)
{
	static const uint8_t none[TICKET_HASH_SIZE];
	*w = (struct words){ 0 };
	text_hex(w->device, row->device, sizeof(row->device));
	text_hex(w->boot, row->boot, sizeof(row->boot));
	if (memcmp(row->ticket, none, sizeof(none)))
		text_hex(w->ticket, row->ticket, sizeof(row->ticket));
	text_hex(w->before, row->before, sizeof(row->before));
	text_hex(w->hash, row->hash, sizeof(row->hash));
	snprintf(w->hlc, sizeof(w->hlc), "%016llx", (unsigned long long)row->hlc);
	when_iso_utc(row->at.wall_ms, w->at);
	text_printable(w->venue, SAFE_SIZE, row->venue, strlen(row->venue));
	text_printable(w->door, SAFE_SIZE, row->door, strlen(row->door));
	text_printable(w->from_venue, SAFE_SIZE, row->from_venue, strlen(row->from_venue));
	text_printable(w->operator, SAFE_SIZE, row->operator, strlen(row->operator));
}

/* Beyond 2^53 many readers of JSON lose the last digits, so the clock stamp is text. */
static int print_json(void *context, const struct row *row)
{
	(void)context;
	struct words w;
	describe(row, &w);
	json_t *object = json_pack("{s:s, s:I, s:I, s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:s, s:s,"
				   " s:b, s:b, s:b, s:s?, s:s, s:s, s:s, s:s, s:I, s:I, s:s, s:s}",
		"device", w.device, "epoch", (json_int_t)row->epoch, "seq", (json_int_t)row->seq,
		"hlc", w.hlc, "boot", w.boot, "at", w.at, "mono_ms", (json_int_t)row->at.mono_ms,
		"trust", trust_names[row->at.trust], "kind", row_kind_names[row->kind], "source",
		source_names[row->source], "verdict", verdict_names[row->verdict], "direction",
		row_direction_names[row->direction], "time_doubt", row->time_doubt, "overridden",
		row->overridden, "registered", row->registered, "ticket",
		w.ticket[0] ? w.ticket : NULL, "venue", w.venue, "door", w.door, "from_venue",
		w.from_venue, "operator", w.operator, "amount", (json_int_t)row->amount, "undoes",
		(json_int_t)row->undoes, "before", w.before, "hash", w.hash);
	if (!object)
		return -ENOMEM;
	int failed = json_dumpf(object, stdout, JSON_COMPACT);
	json_decref(object);
	return failed || putchar('\n') == EOF ? -EIO : 0;
}

/* Quoted (RFC 4180), and so that no spreadsheet takes it for a formula. */
static void print_cell(const char *text)
{
	printf(",\"%s", *text && strchr("=+-@", *text) ? "'" : "");
	for (; *text; text++) {
		if (*text == '"')
			putchar('"');
		putchar(*text);
	}
	putchar('"');
}

static int print_csv(void *context, const struct row *row)
{
	(void)context;
	struct words w;
	describe(row, &w);
	printf("%s,%lu,%llu,%s,%s,%s,%lld,%s,%s,%s,%s,%s,%d,%d,%d,%s", w.device,
		(unsigned long)row->epoch, (unsigned long long)row->seq, w.hlc, w.boot, w.at,
		(long long)row->at.mono_ms, trust_names[row->at.trust], row_kind_names[row->kind],
		source_names[row->source], verdict_names[row->verdict],
		row_direction_names[row->direction], row->time_doubt, row->overridden,
		row->registered, w.ticket);
	print_cell(w.venue);
	print_cell(w.door);
	print_cell(w.from_venue);
	print_cell(w.operator);
	int n = printf(",%lld,%llu,%s,%s\r\n", (long long)row->amount,
		(unsigned long long)row->undoes, w.before, w.hash);
	return n < 0 ? -EIO : 0;
}

static const char csv_header[] =
	"device,epoch,seq,hlc,boot,at,mono_ms,trust,kind,source,verdict,direction,time_doubt,"
	"overridden,registered,ticket,venue,door,from_venue,operator,amount,undoes,before,hash\r\n";

static const char table_header[] =
	"device        epoch    seq  time                       clock   what          way  source   "
	"ticket    venue/door\n";

static const char *answer(const struct row *row)
{
	bool scan = row->kind == ROW_SCAN || row->verdict == VERDICT_FULL;
	return scan ? verdict_names[row->verdict] : row_kind_names[row->kind];
}

static int print_line(void *context, const struct row *row)
{
	(void)context;
	struct words w;
	char local[WHEN_ISO_SIZE];
	describe(row, &w);
	when_iso(row->at.wall_ms, local);
	printf("%.8s %10lu %6llu  %-25s  %-6s  %-12s  %-4s %-8s %-8.8s  %s/%s", w.device,
		(unsigned long)row->epoch, (unsigned long long)row->seq, local,
		trust_names[row->at.trust], answer(row), row_direction_names[row->direction],
		source_names[row->source], w.ticket, w.venue, w.door);
	if (row->amount)
		printf("  %+lld", (long long)row->amount);
	if (row->undoes)
		printf("  undoes %llu", (unsigned long long)row->undoes);
	if (w.from_venue[0])
		printf("  from %s", w.from_venue);
	if (w.operator[0])
		printf("  by %s", w.operator);
	printf("%s%s\n", row->overridden ? "  overridden" : "",
		row->time_doubt ? "  time in doubt" : "");
	return ferror(stdout) ? -EIO : 0;
}

static int list(struct log *l, const struct options *o)
{
	fputs(o->json ? "" : o->csv ? csv_header : table_header, stdout);
	int error = log_each(l, o->json ? print_json : o->csv ? print_csv : print_line, NULL);
	if (ferror(stdout) || !error)
		return data_flush("log");
	fflush(stdout);
	return data_failed("log", o->data, error);
}

static int verify(struct log *l, const struct options *o)
{
	struct log_verdict v;
	int error = log_verify(l, &v);
	if (error)
		return data_failed("log", o->data, error);
	if (v.good) {
		printf("good: %llu rows; database whole, chain of hashes unbroken, numbering "
		       "without a gap, values in range, newest row in place, headcount equal to "
		       "a recount\n",
			(unsigned long long)v.rows);
		return data_flush("log");
	}
	char device[2 * DEVICE_ID_SIZE + 1];
	text_hex(device, v.device, sizeof(v.device));
	if (v.seq)
		printf("bad: device %s, epoch %lu, seq %llu: %s\n", device, (unsigned long)v.epoch,
			(unsigned long long)v.seq, v.what);
	else
		printf("bad: %s\n", v.what);
	int status = data_flush("log");
	return status == CLI_OK ? CLI_NO : status;
}

/* That a log is so damaged that it does not open is an answer, too. */
static int verify_unreadable(void)
{
	puts("bad: the database is damaged, or no log of this version: no row can be read");
	int status = data_flush("log");
	return status == CLI_OK ? CLI_NO : status;
}

/* -1: go on; otherwise the exit status. */
static int read_options(int argc, char **argv, struct options *o)
{
	const struct flag flags[] = {
		{ "data", .text = &o->data, .needed = "DIR" },
		{ "json", .set = &o->json },
		{ "csv", .set = &o->csv },
		{ "verify", .set = &o->verify },
		{ 0 },
	};
	int status = flags_read("parvis log", flags, argc, argv, NULL);
	if (status < 0 && o->json + o->csv + o->verify > 1)
		status = flags_wrong("parvis log", "--json, --csv and --verify exclude each other");
	return status;
}

int cli_log(int argc, char **argv)
{
	struct options o = { 0 };
	int status = read_options(argc, argv, &o);
	if (status >= 0)
		return fputs(usage, status ? stderr : stdout), status;
	struct log *l;
	int error = log_open_reader(&l, o.data);
	if (error == -EBADMSG && o.verify)
		return verify_unreadable();
	if (error)
		return data_failed("log", o.data, error);
	status = (o.verify ? verify : list)(l, &o);
	log_close(l);
	return status;
}
