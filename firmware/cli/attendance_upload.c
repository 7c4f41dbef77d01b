#include "cli/attendance_upload.h"

#include "base/text.h"
#include "cli/attendance_sent.h"
#include "cli/cli.h"
#include "cli/pretix_fetch.h"
#include "cli/pretix_login.h"
#include "port/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REDEEM "checkinrpc/redeem/"

/* So many rows in a row that a busy server does not answer: it will not answer the next one. */
#define PUT_OFF_MAX 3

struct upload {
	struct pretix_fetch fetch;
	struct sent *sent;
	FILE *refused;
	uint64_t rows, before, taken, not_taken, put_off;
	unsigned in_a_row;
};

/* What is told of a row that is refused. */
struct body {
	const char *line;
	size_t len;
	json_t *json;
	const char *nonce;
};

/* --- one row -----------------------------------------------------------------------------------
 */

static const char *field(const struct body *b, const char *name)
{
	const char *text = json_string_value(json_object_get(b->json, name));
	return text ? text : "";
}

/* Quoted, and no formula: a code is its seller's text. */
static void put_cell(FILE *f, const char *text, char end)
{
	fputs(strchr("=+-@\t\r|%", *text) && *text ? "\"'" : "\"", f);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', f);
		fputc(*text, f);
	}
	fprintf(f, "\"%s", end == '\n' ? "\r\n" : ",");
}

static void show_refused(struct upload *u, const struct body *b, const struct pretix_redeem *r)
{
	if (!u->not_taken++)
		fputs("\"code\",\"type\",\"datetime\",\"nonce\",\"reason\",\"explanation\"\r\n",
			u->refused);
	put_cell(u->refused, field(b, "secret"), ',');
	put_cell(u->refused, field(b, "type"), ',');
	put_cell(u->refused, field(b, "datetime"), ',');
	put_cell(u->refused, b->nonce, ',');
	put_cell(u->refused, r->reason, ',');
	put_cell(u->refused, r->explanation, '\n');
}

static int judge(struct upload *u, const struct body *b, const struct http_answer *a)
{
	char why[PRETIX_WHY_SIZE];
	struct pretix_redeem r;
	int error = pretix_read_redeem(a->body ? a->body : "", a->len, &r, why);
	bool good = a->status == 200 || a->status == 201;
	if (error == -EBADMSG && good)
		fprintf(stderr, "parvis: pretix: %s: the answer is not what pretix documents: %s\n",
			REDEEM, why);
	else if (error == -EBADMSG || (r.result == PRETIX_REDEEMED && !good))
		pretix_refused(&u->fetch, REDEEM, a); /* all of it, not this row */
	if (error || (r.result == PRETIX_REDEEMED && !good))
		return error == -ENOMEM ? error : -EPERM;
	if (r.result != PRETIX_REDEEMED)
		show_refused(u, b, &r);
	else
		u->taken++;
	return sent_note(u->sent, b->nonce, r.result == PRETIX_REDEEMED ? "ok" : r.reason);
}

/* A row that a server cannot bear must not keep the others from going; a server that bears none
 * must not be asked for ever. */
static int put_off(struct upload *u, int error, int status)
{
	u->put_off++;
	return status && ++u->in_a_row < PUT_OFF_MAX ? 0 : error;
}

static int post(struct upload *u, const struct body *b)
{
	struct http_answer answer;
	if (sent_has(u->sent, b->nonce)) {
		u->before++;
		return 0;
	}
	int error = pretix_post(&u->fetch, REDEEM, b->line, b->len, &answer);
	if (error == -EAGAIN) {
		error = put_off(u, error, answer.status);
	} else if (!error) {
		u->in_a_row = 0;
		error = judge(u, b, &answer);
	}
	http_answer_drop(&answer);
	return error;
}

static int post_line(struct upload *u, const char *line, size_t len)
{
	struct body b = { line, len, json_loadb(line, len, 0, NULL), NULL };
	b.nonce = field(&b, "nonce");
	int error = *b.nonce && strlen(b.nonce) < SENT_NONCE_SIZE ? post(u, &b) : -EINVAL;
	json_decref(b.json);
	return error;
}

/* --- all of them -------------------------------------------------------------------------------
 */

static void show(struct upload *u, uint64_t done)
{
	if (!u->fetch.shows || clock_now(0).mono_ms - u->fetch.started_ms < 2000)
		return;
	u->fetch.shown = true;
	fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 " ", done, u->rows);
}

static uint64_t count_lines(FILE *f)
{
	uint64_t lines = 0;
	for (int c; (c = getc(f)) != EOF;)
		lines += c == '\n';
	rewind(f);
	return lines;
}

static int post_all(struct upload *u, FILE *bodies)
{
	char *line = NULL;
	size_t room = 0;
	int error = 0;
	uint64_t done = 0;
	u->rows = count_lines(bodies);
	for (ssize_t n; !error && (n = getline(&line, &room, bodies)) > 0;) {
		error = post_line(u, line, (size_t)n - (line[n - 1] == '\n'));
		show(u, ++done);
	}
	pretix_fetch_quiet(&u->fetch);
	if (!error && (ferror(bodies) || fflush(u->refused)))
		error = -EIO;
	if (line)
		explicit_bzero(line, room);
	free(line);
	return error;
}

static int tell(const struct upload *u, int error)
{
	uint64_t left = u->rows - u->before - u->taken - u->not_taken;
	fprintf(stderr,
		"%" PRIu64 " rows: %" PRIu64 " taken by pretix now, %" PRIu64 " before, %" PRIu64
		" refused, %" PRIu64 " left for another time\n",
		u->rows, u->taken, u->before, u->not_taken, left);
	if (error && error != -EAGAIN && error != -EPERM && error != -EACCES && error != -EXDEV)
		fprintf(stderr, "parvis attendance: %s\n", strerror(-error));
	bool refuses = error == -EPERM || error == -EACCES || error == -EXDEV;
	return refuses || (!left && u->not_taken) ? CLI_NO : left || error ? CLI_FAILED : CLI_OK;
}

/* The same list of the same server, whatever else is in the event's folder. */
static void name_of(const struct upload_options *o, char out[64])
{
	uint8_t hash[crypto_generichash_BYTES_MIN];
	char hex[2 * 6 + 1];
	crypto_generichash_state s;
	crypto_generichash_init(&s, NULL, 0, sizeof(hash));
	crypto_generichash_update(&s, (const uint8_t *)o->url, strlen(o->url) + 1);
	crypto_generichash_update(&s, (const uint8_t *)o->organizer, strlen(o->organizer));
	crypto_generichash_final(&s, hash, sizeof(hash));
	text_hex(hex, hash, 6);
	snprintf(out, 64, "%s-%s", o->list, hex);
}

static int run(struct upload *u, const struct upload_options *o, const char *event_dir,
	const char *token, FILE *bodies)
{
	char why[HTTP_ERROR_SIZE], name[64];
	struct http_server server = { o->url, token, o->ca_file, o->timeout_s };
	int error = http_open(&u->fetch.http, &server, why);
	if (error) {
		fprintf(stderr, "parvis: pretix: %s\n", why);
		return error == -EINVAL ? CLI_USAGE : CLI_FAILED;
	}
	snprintf(u->fetch.base, sizeof(u->fetch.base), "/api/v1/organizers/%s/", o->organizer);
	u->fetch.retries = o->retries;
	u->fetch.started_ms = clock_now(0).mono_ms;
	u->fetch.shows = isatty(STDERR_FILENO);
	name_of(o, name);
	error = sent_open(&u->sent, event_dir, name);
	if (error) {
		fprintf(stderr, "parvis attendance: pretix-%s.sent: %s\n", name,
			error == -EBUSY ? "another upload is running" : strerror(-error));
		return CLI_FAILED;
	}
	return tell(u, post_all(u, bodies));
}

int attendance_upload(
	const struct upload_options *o, const char *event_dir, FILE *bodies, FILE *refused)
{
	char token[HTTP_TOKEN_MAX + 2] = "";
	struct upload u = { .refused = refused };
	int error = strcmp(o->token_file, "-") ? pretix_token_of_file(o->token_file, token)
					       : pretix_token_of_argument("-", token);
	int status = error ? CLI_FAILED : run(&u, o, event_dir, token, bodies);
	explicit_bzero(token, sizeof(token));
	sent_close(u.sent);
	http_close(u.fetch.http);
	return status;
}
