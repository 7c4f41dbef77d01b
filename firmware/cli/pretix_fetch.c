#include "cli/pretix_fetch.h"

#include "base/text.h"
#include "port/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#define PATIENCE_MS    2000 /* before progress is shown */
#define BACK_OFF_S     1    /* doubled each time */
#define BACK_OFF_MAX_S 60

void pretix_fetch_quiet(struct pretix_fetch *f)
{
	if (f->shown)
		fputc('\n', stderr);
	f->shown = false;
}

static void PRINTF_LIKE(3, 4) say(struct pretix_fetch *f, const char *what, const char *format, ...)
{
	char text[HTTP_ERROR_SIZE + PRETIX_WHY_SIZE + 128], safe[sizeof(text)];
	va_list list;
	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	text_printable(safe, sizeof(safe), text, strlen(text));
	pretix_fetch_quiet(f);
	/* What follows the ? is of no help to anybody. */
	fprintf(stderr, "parvis: pretix: %.*s: %s\n", (int)strcspn(what, "?"), what, safe);
}

static void pause_s(long seconds)
{
	struct timespec left = { .tv_sec = seconds };
	while (nanosleep(&left, &left) && errno == EINTR) {
	}
}

static const char *remedy(int status)
{
	switch (status) {
	case 400:
		return "the server does not understand the question";
	case 401:
		return "the server does not know the token: make one in the team's settings";
	case 403:
		return "the token may not see this: its team needs access to the event and the "
		       "right to view orders";
	case 404:
		return "there is no such thing: look at --organizer, --pretix-event and --list";
	default:
		return "the server refuses";
	}
}

static bool may_pass(int status)
{
	return status == 408 || status == 429 || status >= 500;
}

void pretix_refused(struct pretix_fetch *f, const char *what, const struct http_answer *a)
{
	char detail[PRETIX_WHY_SIZE];
	pretix_read_detail(a->body ? a->body : "", a->len, detail);
	say(f, what, "status %d: %s%s%s%s", a->status, remedy(a->status), *detail ? " (" : "",
		detail, *detail ? ")" : "");
}

static int not_now(struct pretix_fetch *f, const char *what, const struct http_answer *a)
{
	say(f, what, "the server is not able to answer now (status %d): try again later",
		a->status);
	return -EAGAIN;
}

/* Where the same again is of no use, or none is left. */
static int give_up(
	struct pretix_fetch *f, const char *what, bool optional, const struct http_answer *a)
{
	if (a->status == 404 && optional)
		return -ENOENT;
	if (may_pass(a->status))
		return not_now(f, what, a);
	pretix_refused(f, what, a);
	return a->status == 404 ? -ENOENT : -EPERM;
}

/* How long to wait before the next try; -1: not at all. */
static long patience(const struct pretix_fetch *f, unsigned tries, long asked_s)
{
	long wait = BACK_OFF_S;
	if (tries >= f->retries || asked_s > PRETIX_WAIT_MAX_S)
		return -1;
	for (unsigned i = 0; i < tries && wait < BACK_OFF_MAX_S; i++)
		wait *= 2;
	wait = wait < BACK_OFF_MAX_S ? wait : BACK_OFF_MAX_S;
	return asked_s > wait ? asked_s : wait;
}

/* One question, asked until it is answered. 0, and *out, for what cannot pass by waiting. -EAGAIN:
 * it could; out->status is 0 where there was no answer, which is told. */
static int ask(struct pretix_fetch *f, const char *what, const char *json, size_t len,
	struct http_answer *out)
{
	char path[HTTP_URL_MAX], why[HTTP_ERROR_SIZE];
	int n = snprintf(path, sizeof(path), "%s%s", f->base, what);
	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	for (unsigned tries = 0;; tries++) {
		*out = (struct http_answer){ 0 };
		int error = json ? http_post(f->http, path, json, len, out, why)
				 : http_get(f->http, path, out, why);
		bool again = error ? error == -EAGAIN : may_pass(out->status);
		long wait = again ? patience(f, tries, error ? -1 : out->retry_after_s) : -1;
		if (wait < 0 && error)
			say(f, what, "%s", why);
		if (wait < 0)
			return error ? error : again ? -EAGAIN : 0;
		http_answer_drop(out);
		if (f->shows && clock_now(0).mono_ms - f->started_ms >= PATIENCE_MS)
			say(f, what, "trying again in %ld s", wait);
		pause_s(wait);
	}
}

int pretix_fetch(struct pretix_fetch *f, const char *what, bool optional, struct http_answer *out)
{
	struct http_answer answer;
	int error = ask(f, what, NULL, 0, &answer);
	if (!error && answer.status == 200) {
		*out = answer;
		return 0;
	}
	if (!error || answer.status)
		error = give_up(f, what, optional, &answer);
	http_answer_drop(&answer);
	return error;
}

int pretix_post(struct pretix_fetch *f, const char *what, const char *json, size_t len,
	struct http_answer *out)
{
	int error = ask(f, what, json, len, out);
	if (error == -EAGAIN && out->status)
		error = not_now(f, what, out);
	return error;
}

void pretix_moment(char out[64], const char *generated)
{
	static const char allowed[] = "0123456789TZ:.-+";
	size_t written = 0, len = strlen(generated);
	out[0] = '\0';
	if (strspn(generated, allowed) != len || len > 40)
		return;
	for (size_t i = 0; i < len; i++) {
		if (generated[i] != '+') {
			out[written++] = generated[i];
			continue;
		}
		memcpy(out + written, "%2B", 3);
		written += 3;
	}
	out[written] = '\0';
}

static void show(struct pretix_fetch *f, const char *what, unsigned page, uint64_t count)
{
	if (!f->shows || clock_now(0).mono_ms - f->started_ms < PATIENCE_MS)
		return;
	f->shown = true;
	fprintf(stderr, "\r%s: page %u, %" PRIu64 " in all ", what, page, count);
}

static int read_page(struct pretix_fetch *f, const char *what, const struct http_answer *answer,
	pretix_read_page *read, void *context, struct pretix_page *page)
{
	char why[PRETIX_WHY_SIZE];
	int error = read(context, answer, page, why);
	if (error == -EBADMSG)
		say(f, what, "the answer is not what pretix documents: %s", why);
	return error;
}

int pretix_fetch_all(struct pretix_fetch *f, const char *what, const char *query, bool optional,
	pretix_read_page *read, void *context, char generated[64])
{
	char at[HTTP_URL_MAX];
	struct pretix_page page = { 0 };
	snprintf(at, sizeof(at), "%s%s%s", what, *query ? "?" : "", query);
	for (unsigned number = 1; number <= PRETIX_PAGES_MAX; number++) {
		struct http_answer answer = { 0 };
		int error = pretix_fetch(f, at, optional && number == 1, &answer);
		if (!error && number == 1 && generated)
			pretix_moment(generated, answer.generated);
		if (!error)
			error = read_page(f, what, &answer, read, context, &page);
		http_answer_drop(&answer);
		if (error || !page.more)
			return error;
		show(f, what, number, page.count);
		if (!strcmp(at + strcspn(at, "?") + (strchr(at, '?') != NULL), page.query))
			break;
		snprintf(at, sizeof(at), "%s?%s", what, page.query);
	}
	say(f, what, "the pages have no end: the next one is the same again");
	return -EBADMSG;
}
