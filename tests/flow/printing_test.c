/* Badges against a real IPP printer: ippeveprinter of CUPS, whose print command lays each document
 * into a folder, the paper. Labels arrive byte for byte; none is lost and none comes twice although
 * the printer stands still, loses its memory and comes back, and the program is killed; what is
 * printed is forgotten; a printer that is gone is told of and nothing more.
 *
 * The printer is only switched off while it is known what it has printed: between a label coming
 * out and its saying so, nobody could know (app/printing.h). */
#include "app/printing.h"
#include "port/printer.h"
#include "store/print_queue.h"
#include "tests/fake/store_bench.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define PRINTER "/usr/sbin/ippeveprinter"
#define BUS     "/usr/bin/dbus-daemon"
#define WAIT_S  20

struct stand {
	char dir[256];
	char bus[320], uri[64];
	int port;
	pid_t bus_pid, printer_pid;
	int lock; /* whoever holds it lets no label out */
};

static void nap(int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000L };
	nanosleep(&t, NULL);
}

static void write_file(const struct stand *s, const char *name, const char *text, mode_t mode)
{
	char path[512];
	snprintf(path, sizeof(path), "%s/%s", s->dir, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* A child of ours in a group of its own, silent, which ends with us. */
static pid_t begin(const struct stand *s, const char *const argv[], bool with_bus)
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid)
		return pid;
	char log[512];
	snprintf(log, sizeof(log), "%s/%s.log", s->dir, with_bus ? "printer" : "bus");
	int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(fd, 1);
	dup2(fd, 2);
	if (with_bus)
		setenv("DBUS_SYSTEM_BUS_ADDRESS", s->bus, 1);
	execv(argv[0], (char *const *)argv);
	_exit(127);
}

static void end(pid_t *pid)
{
	if (*pid <= 0)
		return;
	kill(-*pid, SIGKILL);
	waitpid(*pid, NULL, 0);
	*pid = 0;
}

static int free_port(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t size = sizeof(at);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
	close(fd);
	return ntohs(at.sin_port);
}

static void start_printer(struct stand *s)
{
	char port[16], spool[300], command[300], conf[300];
	snprintf(port, sizeof(port), "%d", s->port);
	snprintf(spool, sizeof(spool), "%s/spool", s->dir);
	snprintf(command, sizeof(command), "%s/print", s->dir);
	snprintf(conf, sizeof(conf), "%s/label.conf", s->dir);
	const char *const argv[] = { PRINTER, "-p", port, "-r", "off", "-n", "localhost", "-d",
		spool, "-a", conf, "-c", command, "badge", NULL };
	s->printer_pid = begin(s, argv, true);
}

static void wait_for_printer(const struct stand *s)
{
	struct printer *p = NULL;
	struct printer_status status;
	int error = -1;
	assert_int_equal(printer_open(&p, s->uri), 0);
	for (int i = 0; i < WAIT_S * 50 && error; i++) {
		error = printer_status(p, &status);
		if (error)
			nap(20);
	}
	printer_close(p);
	assert_int_equal(error, 0);
	assert_int_equal(status.reasons, 0);
	assert_int_equal(status.format, PRINTER_PDF);
	assert_int_equal(status.dpi, 300);
}

static int set_up(void **state)
{
	*state = NULL;
	if (access(PRINTER, X_OK) || access(BUS, X_OK)) {
		print_message("# skipped: no ippeveprinter or dbus-daemon\n");
		return 0;
	}
	struct stand *s = calloc(1, sizeof(*s));
	const char *tmp = getenv("TMPDIR");
	char text[1024], address[400];
	snprintf(s->dir, sizeof(s->dir), "%s/parvis-print-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(s->dir));
	const char *const folders[] = { "spool", "paper", "data" };
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		snprintf(text, sizeof(text), "%s/%s", s->dir, folders[i]);
		assert_int_equal(mkdir(text, 0700), 0);
	}
	write_file(s, "label.conf",
		"ATTR collection media-size-supported\n"
		"{\n\tMEMBER integer x-dimension 6200\n\tMEMBER integer y-dimension 2900\n},{\n"
		"\tMEMBER integer x-dimension 5400\n\tMEMBER integer y-dimension 10100\n}\n"
		"ATTR keyword media-supported om_label_62x29mm,om_label_54x101mm\n"
		"ATTR keyword media-default om_label_62x29mm\n"
		"ATTR mimeMediaType document-format-supported application/pdf,image/pwg-raster,"
		"application/octet-stream\n"
		"ATTR resolution pwg-raster-document-resolution-supported 300dpi\n"
		"ATTR resolution printer-resolution-default 300dpi\n",
		0600);
	snprintf(text, sizeof(text),
		"#!/bin/sh\nexec flock %s/lock cp \"$1\" \"%s/paper/$IPP_JOB_NAME.$$\"\n", s->dir,
		s->dir);
	write_file(s, "print", text, 0700);
	write_file(s, "lock", "", 0600);
	snprintf(text, sizeof(text), "%s/lock", s->dir);
	s->lock = open(text, O_RDWR | O_CLOEXEC);
	snprintf(s->bus, sizeof(s->bus), "unix:path=%s/bus", s->dir);
	snprintf(address, sizeof(address), "--address=%s", s->bus);
	const char *const bus[] = { BUS, "--session", "--nofork", "--nopidfile", address, NULL };
	s->bus_pid = begin(s, bus, false);
	snprintf(text, sizeof(text), "%s/bus", s->dir);
	for (int i = 0; i < WAIT_S * 50 && access(text, F_OK); i++)
		nap(20);
	s->port = free_port();
	snprintf(s->uri, sizeof(s->uri), "ipp://localhost:%d/ipp/print", s->port);
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct stand *s = *state;
	if (!s)
		return 0;
	end(&s->printer_pid);
	end(&s->bus_pid);
	close(s->lock);
	store_bench_remove(s->dir);
	free(s);
	return 0;
}

/* Calls with every file of a folder; gives how many. */
static unsigned each_file(const struct stand *s, const char *folder,
	void (*take)(const char *path, const char *name, void *context), void *context)
{
	char path[1024];
	unsigned n = 0;
	snprintf(path, sizeof(path), "%s/%s", s->dir, folder);
	DIR *d = opendir(path);
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));) {
		if (e->d_name[0] == '.')
			continue;
		n++;
		snprintf(path, sizeof(path), "%s/%s/%s", s->dir, folder, e->d_name);
		if (take)
			take(path, e->d_name, context);
	}
	closedir(d);
	return n;
}

static unsigned printed(const struct stand *s)
{
	return each_file(s, "paper", NULL, NULL);
}

static char *read_all(const char *path, size_t *len)
{
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	char *bytes = malloc(1 << 20);
	*len = fread(bytes, 1, 1 << 20, f);
	fclose(f);
	return bytes;
}

/* --- what arrives --- */

static void fill_bytes(uint8_t *bytes, size_t n, unsigned seed)
{
	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)((seed = seed * 1103515245 + 12345) >> 16);
}

static void compare(const char *path, const char *name, void *context)
{
	(void)context;
	uint8_t sent[30000];
	unsigned i = (unsigned)atoi(name);
	size_t len, want = 1 + i * 2999;
	char *bytes = read_all(path, &len);
	fill_bytes(sent, want, i);
	assert_int_equal(len, want);
	assert_memory_equal(bytes, sent, want);
	free(bytes);
}

static void wait_for_job(struct printer *p, int32_t job, const char *name)
{
	enum printer_job_state state = PRINTER_JOB_WAITING;
	for (int i = 0; i < WAIT_S * 50 && state == PRINTER_JOB_WAITING; i++) {
		assert_int_equal(printer_job(p, job, name, &state), 0);
		if (state == PRINTER_JOB_WAITING)
			nap(20);
	}
	assert_int_equal(state, PRINTER_JOB_DONE);
}

static void labels_arrive_byte_for_byte(void **state)
{
	struct stand *s = *state;
	if (!s)
		skip();
	start_printer(s);
	wait_for_printer(s);
	struct printer *p = NULL;
	assert_int_equal(printer_open(&p, s->uri), 0);
	for (unsigned i = 0; i < 10; i++) {
		uint8_t bytes[30000];
		char name[16];
		int32_t job = 0, found = 0;
		enum printer_job_state was;
		fill_bytes(bytes, 1 + i * 2999, i);
		snprintf(name, sizeof(name), "%u", i);
		struct printer_label label = { name, 62000, 29000,
			i % 2 ? PRINTER_PWG : PRINTER_PDF, bytes, 1 + i * 2999 };
		assert_int_equal(printer_find(p, name, &found, &was), -ENOENT);
		assert_int_equal(printer_send(p, &label, &job), 0);
		wait_for_job(p, job, name);
		assert_int_equal(printer_find(p, name, &found, &was), 0);
		assert_int_equal(found, job);
		assert_int_equal(was, PRINTER_JOB_DONE);
		assert_int_equal(printer_job(p, job, "another", &was), -ENOENT);
	}
	printer_close(p);
	assert_int_equal(each_file(s, "paper", compare, NULL), 10);
}

static void a_busy_printer_says_so(void **state)
{
	struct stand *s = *state;
	if (!s)
		skip();
	start_printer(s);
	wait_for_printer(s);
	struct printer *p = NULL;
	int32_t job = 0, second = 0;
	struct printer_label label = { "first", 62000, 29000, PRINTER_PDF, "%PDF", 4 };
	assert_int_equal(printer_open(&p, s->uri), 0);
	assert_int_equal(flock(s->lock, LOCK_EX), 0);
	assert_int_equal(printer_send(p, &label, &job), 0);
	label.job_name = "second";
	assert_int_equal(printer_send(p, &label, &second), -EAGAIN);
	assert_int_equal(flock(s->lock, LOCK_UN), 0);
	wait_for_job(p, job, "first");
	label.width_um = 99000; /* a size that it does not have */
	assert_int_equal(printer_send(p, &label, &second), -EPROTO);
	end(&s->printer_pid);
	assert_int_equal(printer_send(p, &label, &second), -EHOSTUNREACH);
	printer_cancel(p);
	assert_int_equal(printer_send(p, &label, &second), -ECANCELED);
	printer_close(p);
}

/* --- the queue against it --- */

static struct printing_setup setup_of(const struct stand *s, char data[300])
{
	snprintf(data, 300, "%s/data", s->dir);
	return (struct printing_setup){ .data_dir = data,
		.uri = s->uri,
		.assets = "assets",
		.width_um = 62000,
		.height_um = 29000,
		.labels = -1,
		.event_title = "Nuit de la CivicTech",
		.venue_name = "Numa" };
}

static bool wait_for_news(struct printing *p, enum printer_trouble trouble, uint32_t waiting,
	struct printing_news *news)
{
	for (int i = 0; i < WAIT_S * 100; i++) {
		while (!printing_next(p, news))
			if (news->trouble == trouble && news->waiting == waiting)
				return true;
		nap(10);
	}
	return false;
}

#define NAME "Zoé-Anastasia"
#define CODE "PB0123456789ABCDEFGHJKMNPQ"

static void look_for_names(const char *path, const char *name, void *context)
{
	(void)name;
	size_t len;
	char *bytes = read_all(path, &len);
	bool name_there = memmem(bytes, len, "Anastasia", 9) != NULL;
	bool code_there = memmem(bytes, len, CODE, strlen(CODE)) != NULL;
	*(unsigned *)context += name_there || code_there;
	free(bytes);
}

static void a_printer_that_is_gone_is_told_of_and_comes_back(void **state)
{
	struct stand *s = *state;
	if (!s)
		skip();
	char data[300];
	struct printing_setup setup = setup_of(s, data);
	struct printing *p = NULL;
	struct printing_news news;
	struct desk_badge badge = { NAME, CODE };
	unsigned hits = 0;
	setup.labels = 3;
	assert_int_equal(printing_start(&p, &setup), 0);
	assert_true(wait_for_news(p, PRINTER_GONE, 0, &news));
	assert_int_equal(news.labels_left, 3);
	printing_put(p, &badge);
	assert_true(wait_for_news(p, PRINTER_GONE, 1, &news));
	printing_stop(p);
	/* It waits, with its name, for as long as it has to. */
	each_file(s, "data", look_for_names, &hits);
	assert_true(hits > 0);
	setup.labels = -1;
	start_printer(s);
	wait_for_printer(s);
	assert_int_equal(printing_start(&p, &setup), 0);
	assert_true(wait_for_news(p, PRINTER_FINE, 0, &news));
	assert_int_equal(news.labels_left, 2);
	printing_stop(p);
	assert_int_equal(printed(s), 1);
	hits = 0;
	each_file(s, "data", look_for_names, &hits);
	assert_int_equal(hits, 0);
}

/* The program, to be killed: prints until nothing waits. *waiting is what it last knew. */
static pid_t begin_program(const struct stand *s, volatile uint32_t *waiting)
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid)
		return pid;
	char data[300];
	struct printing_setup setup = setup_of(s, data);
	struct printing *p = NULL;
	struct printing_news news;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (printing_start(&p, &setup))
		_exit(1);
	for (int i = 0; i < 600 * 200; i++) {
		while (!printing_next(p, &news)) {
			*waiting = news.waiting;
			if (!news.waiting)
				_exit(0);
		}
		nap(5);
	}
	_exit(2);
}

struct tally {
	unsigned count[1024];
	unsigned short_ones;
};

static void tally(const char *path, const char *name, void *context)
{
	struct tally *t = context;
	unsigned number;
	size_t len;
	char *bytes = read_all(path, &len);
	assert_int_equal(sscanf(name, "parvis-badge-%*8[0-9a-f]-%u.", &number), 1);
	assert_true(number < ARRAY_LEN(t->count));
	t->count[number]++;
	if (len < 8 || memcmp(bytes, "%PDF", 4) || !memmem(bytes + len - 8, 8, "%%EOF", 5))
		t->short_ones++;
	free(bytes);
}

/* Off and on again, while it is known what came out. False: not now. */
static bool switch_off(struct stand *s, unsigned all, uint32_t waiting)
{
	if (flock(s->lock, LOCK_EX | LOCK_NB))
		return false;
	bool known = printed(s) == all - waiting;
	if (known)
		end(&s->printer_pid);
	assert_int_equal(flock(s->lock, LOCK_UN), 0);
	return known;
}

struct chaos {
	unsigned stops, kills, outages;
};

static void disturb(struct stand *s, unsigned *seed, unsigned all, pid_t *program,
	volatile uint32_t *waiting, struct chaos *c)
{
	switch (rand_r(seed) % 5) {
	case 0:
		kill(s->printer_pid, SIGSTOP);
		nap(rand_r(seed) % 300);
		kill(s->printer_pid, SIGCONT);
		c->stops++;
		break;
	case 1:
		kill(*program, SIGKILL);
		waitpid(*program, NULL, 0);
		*program = begin_program(s, waiting);
		c->kills++;
		break;
	case 2:
		if (!switch_off(s, all, *waiting))
			break;
		nap(rand_r(seed) % 200);
		start_printer(s);
		c->outages++;
		break;
	default:
		break;
	}
	nap(rand_r(seed) % 150);
}

static void none_is_lost_and_none_comes_twice(void **state)
{
	struct stand *s = *state;
	if (!s)
		skip();
	const char *wish = getenv("PARVIS_LONG");
	unsigned all = wish && *wish ? 200 : 20, seed = 20161208;
	char data[300];
	struct printing_setup setup = setup_of(s, data);
	struct print_queue *q = NULL;
	struct chaos c = { 0 };
	volatile uint32_t *waiting = mmap(
		NULL, sizeof(*waiting), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_int_equal(print_queue_open(&q, setup.data_dir), 0);
	for (unsigned i = 0; i < all; i++)
		assert_int_equal(print_queue_put(q, NAME, CODE), 0);
	print_queue_close(q);
	*waiting = all;
	start_printer(s);
	pid_t program = begin_program(s, waiting);
	time_t begun = time(NULL);
	int status = 0;
	while (!waitpid(program, &status, WNOHANG) && time(NULL) - begun < 900)
		disturb(s, &seed, all, &program, waiting, &c);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	print_message("# %u badges in %ld s: the printer stood still %u times and was off %u "
		      "times, the program was killed %u times\n",
		all, (long)(time(NULL) - begun), c.stops, c.outages, c.kills);
	struct tally t = { 0 };
	unsigned lost = 0, doubled = 0, hits = 0;
	each_file(s, "paper", tally, &t);
	for (unsigned i = 1; i <= all; i++) {
		lost += t.count[i] == 0;
		doubled += t.count[i] > 1;
	}
	assert_int_equal(lost, 0);
	assert_int_equal(doubled, 0);
	assert_int_equal(t.short_ones, 0);
	each_file(s, "data", look_for_names, &hits);
	assert_int_equal(hits, 0);
	munmap((void *)waiting, sizeof(*waiting));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(labels_arrive_byte_for_byte, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_busy_printer_says_so, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_printer_that_is_gone_is_told_of_and_comes_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			none_is_lost_and_none_comes_twice, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
