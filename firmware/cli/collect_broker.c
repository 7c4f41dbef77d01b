/* parvis collect --broker: every row of every box, committed, then acknowledged. */
#include "base/flags.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/after.h"
#include "cli/broker_files.h"
#include "cli/cli.h"
#include "cli/collect.h"
#include "cli/collect_once.h"
#include "cli/collect_show.h"
#include "cli/collecting.h"
#include "cli/folder.h"
#include "cli/kiosk_identity.h"
#include "cli/serial.h"
#include "event/broker_url.h"
#include "port/clock.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COLLECTOR_FILE "keys/collector.pem"
#define PATIENCE_S     60 /* of --once; boxes speak at least once in this time */
#define PATIENCE_LEAST 10
#define PATIENCE_MOST  86400

void collect_broker_usage(FILE *out)
{
	fputs("usage: parvis collect --event DIR --broker URL... [OPTION...]\n"
	      "\n"
	      "Takes every row of every box, commits it to the store and then acknowledges it, so\n"
	      "that boxes let go of it; tells the boxes of all venues; shows progress, rate and lag\n"
	      "of each box. Several may run at once, on one store or on several.\n"
	      "  --broker URL   mqtts://HOST[:PORT], or mqtt:// without TLS; more than one: the best\n"
	      "                 first\n"
	      "  --store WHERE  a file that ends in .db, or postgresql://... (DIR/night.db). A\n"
	      "                 password belongs into ~/.pgpass; in WHERE it is overwritten at once\n"
	      "  --once         ends when all that is to be had is committed, or when nothing has\n"
	      "                 moved for as long as --patience says\n"
	      "  --patience SECONDS\n"
	      "                 of --once (60)\n"
	      "  --any-box      also takes boxes that are not in DIR/keys/boxes\n"
	      "  --tls-ca FILE, --tls-cert FILE, --tls-key FILE\n"
	      "                 certificates in PEM for mqtts (made with the event's authority)\n"
	      "  --json         one object a line\n"
	      "\n"
	      "exit status: 0 told to end, or with --once all is here; 1 the event, the store or an\n"
	      "option's value was refused, or with --once rows were refused, or are missing: whose is\n"
	      "said; 2 wrong use; 3 failed, with --once also: no broker was reached, the connection\n"
	      "was lost for good, the broker does not let us hear, or the store fails\n",
		out);
}

struct options {
	const char *event_dir, *urls[BROKER_URLS_MAX];
	size_t url_count;
	char *store;
	const char *ca, *certificate, *key;
	bool once, json, any_box;
	long patience_s;
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static const char *take_store(void *context, const char *value)
{
	struct options *o = context;
	free(o->store);
	o->store = strdup(value);
	after_hide_password(value);
	return o->store ? NULL : "what there is memory for";
}

static const char *take_patience(void *context, const char *value)
{
	static_assert(PATIENCE_LEAST == 10 && PATIENCE_MOST == 86400, "as it is said");
	struct options *o = context;
	char *end;
	errno = 0;
	o->patience_s = strtol(value, &end, 10);
	bool good = !errno && end != value && !*end && o->patience_s >= PATIENCE_LEAST &&
		    o->patience_s <= PATIENCE_MOST;
	return good ? NULL : "seconds, 10 to 86400";
}

/* -1: go on; otherwise the exit status. */
static int read_options(int argc, char **argv, struct options *o)
{
	const struct flag flags[] = {
		{ "event", .text = &o->event_dir, .needed = "DIR" },
		{ "broker", .text = o->urls, .count = &o->url_count, .most = BROKER_URLS_MAX,
			.needed = "URL" },
		{ "store", .take = take_store, .context = o },
		{ "once", .set = &o->once },
		{ "patience", .take = take_patience, .context = o },
		{ "json", .set = &o->json },
		{ "any-box", .set = &o->any_box },
		{ "tls-ca", .text = &o->ca },
		{ "tls-cert", .text = &o->certificate },
		{ "tls-key", .text = &o->key },
		{ 0 },
	};
	int status = flags_read("parvis collect", flags, argc, argv, NULL);
	if (status < 0 && !o->certificate != !o->key)
		status = flags_wrong("parvis collect", "--tls-cert and --tls-key go together");
	if (status < 0 && o->patience_s && !o->once)
		status = flags_wrong("parvis collect", "--patience is of --once");
	return status;
}

static int check_urls(const struct options *o)
{
	for (size_t i = 0; i < o->url_count; i++) {
		enum broker_url_wrong wrong = broker_url_check(o->urls[i], strlen(o->urls[i]));
		if (!wrong)
			continue;
		fprintf(stderr, "parvis: --broker: %s\n", broker_url_wrong_texts[wrong]);
		return CLI_NO;
	}
	return CLI_OK;
}

/* --- the collector's own certificate -----------------------------------------------------------
 */

/* What the connection is made with: the options', or the event's own, whose paths are kept here. */
struct papers {
	const char *ca, *certificate, *key;
	char event_ca[PATH_MAX], event_pem[PATH_MAX];
};

static bool is_there(const char *path)
{
	struct stat st;
	return !stat(path, &st);
}

static int make_certificate(const char *event_dir, const struct event *e)
{
	struct authority *authority = NULL;
	char *pem = NULL;
	struct identity_subject who = { .name = "collector", .now_ms = clock_now(0).wall_ms };
	int error = authority_open(
		&authority, event_dir, e->id, false, who.now_ms, folder_problem, NULL);
	if (!error)
		error = serial_next(event_dir, &who.serial);
	if (!error)
		error = identity_certificate(&pem, authority, e, &who);
	authority_close(authority);
	if (!error)
		error = broker_files_put(event_dir, COLLECTOR_FILE, pem, true);
	if (pem)
		explicit_bzero(pem, strlen(pem));
	free(pem);
	if (!error)
		return CLI_OK;
	folder_say(event_dir, COLLECTOR_FILE,
		error == -ENOENT
			? "there is no authority: `parvis event broker` makes one, or give "
			  "--tls-ca, --tls-cert and --tls-key"
			: strerror(-error));
	return error == -ENOENT ? CLI_NO : CLI_FAILED;
}

/* Where a broker wants TLS and no files were given, the event's own. */
static int find_papers(const struct options *o, const struct event *e, struct papers *p)
{
	bool secret = false;
	*p = (struct papers){ .ca = o->ca, .certificate = o->certificate, .key = o->key };
	for (size_t i = 0; i < o->url_count; i++)
		secret = secret || broker_url_is_secret(o->urls[i]);
	if (!secret)
		return CLI_OK;
	snprintf(p->event_ca, sizeof(p->event_ca), "%s/" AUTHORITY_CERTIFICATE_FILE, o->event_dir);
	snprintf(p->event_pem, sizeof(p->event_pem), "%s/" COLLECTOR_FILE, o->event_dir);
	if (!p->ca)
		p->ca = p->event_ca;
	if (p->certificate)
		return CLI_OK;
	p->certificate = p->key = p->event_pem;
	return is_there(p->event_pem) ? CLI_OK : make_certificate(o->event_dir, e);
}

/* --- running -----------------------------------------------------------------------------------
 */

static int run(const struct options *o, struct collecting *c)
{
	struct show show;
	struct once once = { .patience_ms =
				     1000 * (int64_t)(o->patience_s ? o->patience_s : PATIENCE_S) };
	enum once_state state = ONCE_GOES_ON;
	show_open(&show, o->json);
	while (!stop && state == ONCE_GOES_ON) {
		collecting_step(c, show_wait(&show));
		show_progress(&show, c, false);
		if (o->once)
			state = once_look(&once, c, clock_now(0).mono_ms);
	}
	show_progress(&show, c, true);
	show_close(&show);
	return state == ONCE_GOES_ON ? CLI_OK : once_end(state, c);
}

static int collect(struct options *o, const struct event *e)
{
	struct collecting c;
	struct papers papers;
	int result = find_papers(o, e, &papers);
	if (result != CLI_OK)
		return result;
	const struct collecting_setup setup = { .event = e,
		.event_dir = o->event_dir,
		.store = o->store ? o->store : o->event_dir,
		.urls = o->urls,
		.url_count = o->url_count,
		.ca = papers.ca,
		.certificate = papers.certificate,
		.key = papers.key,
		.any_box = o->any_box };
	result = collecting_open(&c, &setup);
	if (result == CLI_OK)
		result = run(o, &c);
	collecting_close(&c);
	return result;
}

int collect_broker(int argc, char **argv)
{
	struct options o = { 0 };
	struct event *e = NULL;
	struct sigaction act = { .sa_handler = on_signal };
	int status = read_options(argc, argv, &o);
	if (status >= 0) {
		collect_broker_usage(status ? stderr : stdout);
		free(o.store);
		return status;
	}
	int result = check_urls(&o);
	if (result == CLI_OK)
		result = folder_open(&e, o.event_dir);
	if (result == CLI_OK) {
		sigaction(SIGTERM, &act, NULL);
		sigaction(SIGINT, &act, NULL);
		signal(SIGPIPE, SIG_IGN);
		result = collect(&o, e);
	}
	event_free(e);
	if (o.store)
		explicit_bzero(o.store, strlen(o.store));
	free(o.store);
	return result;
}
