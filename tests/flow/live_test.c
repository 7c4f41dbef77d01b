/* The kiosk with its threads running: a camera that plays a folder, a hand scanner on a
 * pseudo-terminal, the clerk and the porter, all at once. */
#include "app/kiosk.h"
#include "scan/reader.h"
#include "tests/fake/sign.h"

#include <cairo.h>
#include <fcntl.h>
#include <limits.h>
#include <pty.h>
#include <qrencode.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define LIMIT_S 60

static char dir[PATH_MAX];
static struct options options;
static unsigned given[VERDICT_COUNT], by_camera, by_scanner;

static void note(void *context, const struct when *now, enum verdict verdict, enum source source,
	const struct row *row)
{
	(void)context, (void)now, (void)row;
	given[verdict]++;
	by_camera += source == SOURCE_CAMERA;
	by_scanner += source == SOURCE_SCANNER;
}

static const char *guest(unsigned number)
{
	static char text[SIGN_TEXT_SIZE + 1];
	struct sig1_payload p = { .item = 1 };
	snprintf(p.seed, sizeof(p.seed), "l%08u", number);
	text[sign_ticket(text, SIGN_DEMO_SEED, &p)] = '\0';
	return text;
}

static void paint(const char *path, const char *text)
{
	QRcode *q =
		QRcode_encodeData((int)strlen(text), (const unsigned char *)text, 0, QR_ECLEVEL_M);
	assert_non_null(q);
	cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 640, 480);
	cairo_t *c = cairo_create(s);
	cairo_set_source_rgb(c, 0.9, 0.9, 0.9);
	cairo_paint(c);
	cairo_set_source_rgb(c, 0.1, 0.1, 0.1);
	for (int y = 0; y < q->width; y++)
		for (int x = 0; x < q->width; x++)
			if (q->data[y * q->width + x] & 1)
				cairo_rectangle(c, 120 + x * 5, 80 + y * 5, 5, 5);
	cairo_fill(c);
	assert_int_equal(cairo_surface_write_to_png(s, path), CAIRO_STATUS_SUCCESS);
	cairo_destroy(c);
	cairo_surface_destroy(s);
	QRcode_free(q);
}

static int64_t now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static void run_until(struct kiosk *k, const unsigned *count, unsigned wanted)
{
	int64_t end_s = now_s() + LIMIT_S;
	while (*count < wanted && now_s() < end_s)
		kiosk_round(k, 20);
	assert_true(*count >= wanted);
}

static void camera_and_scanner_at_once(void **state)
{
	(void)state;
	int terminal, scanner;
	char name[128], spec[160], line[SIGN_TEXT_SIZE];
	assert_int_equal(openpty(&terminal, &scanner, name, NULL, NULL), 0);
	snprintf(spec, sizeof(spec), "serial:%s", name);
	options.scanner = spec;
	struct kiosk *k = NULL;
	assert_int_equal(kiosk_open(&k, &options), 0);
	kiosk_on_verdict(k, note, NULL);
	run_until(k, &given[VERDICT_ADMIT], 1); /* from the camera */
	for (unsigned i = 0; i < 20; i++) {
		int n = snprintf(line, sizeof(line), "]Q1%s\r", guest(100 + i));
		assert_int_equal(write(terminal, line, (size_t)n), n);
		run_until(k, &by_scanner, i + 1);
	}
	/* More than any code can hold: what was cut off must not make it another one. */
	memset(line, 'A', 3000);
	line[3000] = '\r';
	assert_int_equal(write(terminal, line, 3001), 3001);
	run_until(k, &given[VERDICT_NOT_A_TICKET], 1);
	kiosk_draw(k);
	assert_int_equal(by_scanner, 21);
	assert_true(by_camera >= 1);
	assert_int_equal(headcount_present(&kiosk_desk(k)->screen.count), given[VERDICT_ADMIT]);
	kiosk_close(k);
	close(terminal);
	close(scanner);
}

static void a_pin_is_checked_beside_the_door(void **state)
{
	(void)state;
	static const enum control keys[] = { CONTROL_STAFF, CONTROL_DIGIT_0 + 2, CONTROL_DIGIT_0,
		CONTROL_DIGIT_0 + 1, CONTROL_DIGIT_0 + 6, CONTROL_ENTER };
	struct kiosk *k = NULL;
	options.scanner = NULL;
	options.camera = NULL;
	assert_int_equal(kiosk_open(&k, &options), 0);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		kiosk_tap(k, keys[i]);
	unsigned before = given[VERDICT_ADMIT];
	kiosk_on_verdict(k, note, NULL);
	const char *text = guest(900);
	kiosk_scan(k, text, strlen(text));
	assert_true(kiosk_settle(k));
	assert_int_equal(given[VERDICT_ADMIT], before + 1);
	assert_true(kiosk_desk(k)->screen.staff);
	kiosk_close(k);
}

static int set_up(void **state)
{
	(void)state;
	const char *tmp = getenv("TMPDIR");
	char path[PATH_MAX + 32];
	snprintf(dir, sizeof(dir), "%.3000s/parvis-live-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(dir))
		return -1;
	options = (struct options){ .door = "main",
		.width = 800,
		.height = 480,
		.offscreen = true,
		.venue = "numa",
		.script = "-",
		.mute = true };
	snprintf(options.assets, sizeof(options.assets), "assets");
	snprintf(options.event, sizeof(options.event), "assets/demo");
	snprintf(options.data, sizeof(options.data), "%.4000s/data", dir);
	snprintf(path, sizeof(path), "%s/pictures", dir);
	if (mkdir(path, 0700))
		return -1;
	static char camera[PATH_MAX + 48];
	snprintf(camera, sizeof(camera), "files:%s", path);
	options.camera = camera;
	for (unsigned i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/pictures/%u.png", dir, i);
		paint(path, guest(i));
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	char command[PATH_MAX + 16];
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

int main(int argc, char **argv)
{
	/* The kiosk starts this same program again as its reading process. */
	if (argc > 1 && !strcmp(argv[1], READER_WORKER_ARGUMENT))
		return reader_worker_main(argc, argv);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(camera_and_scanner_at_once),
		cmocka_unit_test(a_pin_is_checked_beside_the_door),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
