/* The screen of a box, on a card of our own: libdrm's calls are here, a file is the card's memory.
 */
#include "ui/scanout.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#include <cmocka.h>

#define WIDE   8U
#define HIGH   4U
#define STRIDE 64U   /* cards round up */
#define PLACE  65536 /* of a buffer in the file, by its handle */

static struct {
	drmModeConnection connection;
	uint16_t now_wide; /* of the mode that the card is in; 0: none */
	bool taken, flips_fail, sets_fail;
	int flips, sets, buffers;
	uint32_t shown;
} card;

/* --- libdrm, as far as it is asked --------------------------------------------------------------
 */

static drmModeModeInfo modes[] = {
	{ .hdisplay = 4, .vdisplay = 2 },
	{ .hdisplay = WIDE, .vdisplay = HIGH, .type = DRM_MODE_TYPE_PREFERRED },
};
static uint32_t crtcs[] = { 40, 41 }, connectors[] = { 20, 21 }, encoders[] = { 30 };

int drmIsMaster(int fd)
{
	(void)fd;
	return !card.taken;
}

drmModeResPtr drmModeGetResources(int fd)
{
	static drmModeRes res = {
		.count_crtcs = 2, .crtcs = crtcs, .count_connectors = 2, .connectors = connectors
	};
	(void)fd;
	return &res;
}

/* The first has nothing plugged in. */
drmModeConnectorPtr drmModeGetConnector(int fd, uint32_t id)
{
	static drmModeConnector c;
	(void)fd;
	c = (drmModeConnector){ .connector_id = id,
		.encoder_id = card.now_wide ? 30 : 0,
		.connection = id == 21 ? card.connection : DRM_MODE_DISCONNECTED,
		.count_modes = 2,
		.modes = modes,
		.count_encoders = 1,
		.encoders = encoders };
	return &c;
}

drmModeEncoderPtr drmModeGetEncoder(int fd, uint32_t id)
{
	static drmModeEncoder e;
	(void)fd;
	e = (drmModeEncoder){
		.encoder_id = id, .crtc_id = card.now_wide ? 40 : 0, .possible_crtcs = 2
	};
	return &e;
}

drmModeCrtcPtr drmModeGetCrtc(int fd, uint32_t id)
{
	static drmModeCrtc c;
	(void)fd;
	c = (drmModeCrtc){ .crtc_id = id,
		.mode_valid = 1,
		.mode = { .hdisplay = card.now_wide, .vdisplay = HIGH } };
	return &c;
}

void drmModeFreeResources(drmModeResPtr p)
{
	(void)p;
}
void drmModeFreeConnector(drmModeConnectorPtr p)
{
	(void)p;
}
void drmModeFreeEncoder(drmModeEncoderPtr p)
{
	(void)p;
}
void drmModeFreeCrtc(drmModeCrtcPtr p)
{
	(void)p;
}

int drmModeCreateDumbBuffer(int fd, uint32_t width, uint32_t height, uint32_t bpp, uint32_t flags,
	uint32_t *handle, uint32_t *pitch, uint64_t *size)
{
	(void)fd, (void)width, (void)flags;
	assert_int_equal(bpp, 32);
	*handle = (uint32_t)++card.buffers;
	*pitch = STRIDE;
	*size = (uint64_t)STRIDE * height;
	return 0;
}

int drmModeDestroyDumbBuffer(int fd, uint32_t handle)
{
	(void)fd, (void)handle;
	card.buffers--;
	return 0;
}

int drmModeMapDumbBuffer(int fd, uint32_t handle, uint64_t *offset)
{
	(void)fd;
	*offset = (uint64_t)handle * PLACE;
	return 0;
}

int drmModeAddFB(int fd, uint32_t width, uint32_t height, uint8_t depth, uint8_t bpp,
	uint32_t pitch, uint32_t handle, uint32_t *id)
{
	(void)fd, (void)width, (void)height, (void)depth, (void)bpp, (void)pitch;
	*id = handle;
	return 0;
}

int drmModeRmFB(int fd, uint32_t id)
{
	(void)fd, (void)id;
	return 0;
}

int drmModeSetCrtc(int fd, uint32_t crtc, uint32_t id, uint32_t x, uint32_t y, uint32_t *connector,
	int count, drmModeModeInfoPtr mode)
{
	(void)fd, (void)x, (void)y;
	assert_int_equal(crtc, card.now_wide ? 40 : 41);
	assert_int_equal(*connector, 21);
	assert_int_equal(count, 1);
	assert_true(mode->hdisplay > 0);
	card.sets++;
	if (card.sets_fail)
		return -EACCES;
	card.shown = id;
	return 0;
}

int drmModePageFlip(int fd, uint32_t crtc, uint32_t id, uint32_t flags, void *data)
{
	(void)fd, (void)crtc, (void)flags, (void)data;
	card.flips++;
	if (card.flips_fail)
		return -EBUSY;
	card.shown = id;
	return 0;
}

/* --- the tests -----------------------------------------------------------------------------------
 */

static char cards[] = "/tmp/parvis-scanout-XXXXXX";
static char memory[sizeof(cards) + 8];

static int plug_in(void **state)
{
	(void)state;
	memset(&card, 0, sizeof(card));
	card.connection = DRM_MODE_CONNECTED;
	memcpy(cards + sizeof(cards) - 7, "XXXXXX", 6);
	if (!mkdtemp(cards))
		return -1;
	/* Not the first: that one is a graphics processor without a screen, say. */
	snprintf(memory, sizeof(memory), "%s/card1", cards);
	FILE *f = fopen(memory, "w");
	return f && !ftruncate(fileno(f), 4L * PLACE) && !fclose(f) ? 0 : -1;
}

static int unplug(void **state)
{
	(void)state;
	assert_int_equal(card.buffers, 0);
	return unlink(memory) || rmdir(cards);
}

static struct scanout *opened(void)
{
	struct scanout *s = NULL;
	assert_int_equal(scanout_open(&s, cards), 0);
	return s;
}

/* The pixel that stands on the screen. */
static uint32_t pixel(unsigned x, unsigned y)
{
	uint32_t value = 0;
	FILE *f = fopen(memory, "r");
	assert_non_null(f);
	assert_int_equal(fseek(f, (long)(card.shown * PLACE + y * STRIDE + x * 4), SEEK_SET), 0);
	assert_int_equal(fread(&value, sizeof(value), 1, f), 1);
	fclose(f);
	return value;
}

static void fill(uint32_t *pixels, size_t count, uint32_t first)
{
	for (size_t i = 0; i < count; i++)
		pixels[i] = first + (uint32_t)i;
}

static void without_a_screen_there_is_none(void **state)
{
	struct scanout *s = NULL;
	(void)state;
	card.connection = DRM_MODE_DISCONNECTED;
	assert_int_equal(scanout_open(&s, cards), -ENODEV);
	assert_int_equal(scanout_open(&s, "/nowhere"), -ENODEV);
	card.connection = DRM_MODE_CONNECTED;
	card.taken = true;
	assert_int_equal(scanout_open(&s, cards), -ENODEV);
	assert_null(s);
}

static void the_mode_is_the_one_it_is_in_or_prefers(void **state)
{
	(void)state;
	struct scanout *s = opened();
	assert_int_equal(scanout_width(s), WIDE);
	assert_int_equal(scanout_height(s), HIGH);
	scanout_close(s);
	card.now_wide = 6;
	s = opened();
	assert_int_equal(scanout_width(s), 6);
	scanout_close(s);
}

static void each_picture_stands_whole_on_the_screen(void **state)
{
	uint32_t pixels[WIDE * HIGH];
	(void)state;
	struct scanout *s = opened();
	uint32_t before = 0;
	for (uint32_t n = 1; n <= 3; n++) {
		fill(pixels, ARRAY_LEN(pixels), n * 100);
		scanout_show(s, pixels, WIDE, HIGH, WIDE * 4);
		assert_int_not_equal(card.shown, before);
		before = card.shown;
		assert_int_equal(pixel(0, 0), n * 100);
		assert_int_equal(pixel(WIDE - 1, HIGH - 1), n * 100 + WIDE * HIGH - 1);
	}
	assert_int_equal(card.sets, 1);
	assert_int_equal(card.flips, 2);
	scanout_close(s);
}

static void a_card_that_does_not_flip_is_set(void **state)
{
	uint32_t pixels[WIDE * HIGH];
	(void)state;
	struct scanout *s = opened();
	card.flips_fail = true;
	for (uint32_t n = 1; n <= 3; n++) {
		fill(pixels, ARRAY_LEN(pixels), n * 100);
		scanout_show(s, pixels, WIDE, HIGH, WIDE * 4);
		assert_int_equal(pixel(0, 0), n * 100);
	}
	assert_int_equal(card.sets, 3);
	scanout_close(s);
}

static void a_screen_that_was_refused_is_tried_again(void **state)
{
	uint32_t pixels[WIDE * HIGH];
	(void)state;
	struct scanout *s = opened();
	fill(pixels, ARRAY_LEN(pixels), 100);
	card.sets_fail = true;
	scanout_show(s, pixels, WIDE, HIGH, WIDE * 4);
	assert_int_equal(card.shown, 0);
	card.sets_fail = false;
	scanout_show(s, pixels, WIDE, HIGH, WIDE * 4);
	assert_int_equal(pixel(0, 0), 100);
	assert_int_equal(card.flips, 0);
	scanout_close(s);
}

static void a_picture_of_another_size_is_in_the_middle(void **state)
{
	uint32_t pixels[16 * 16];
	int x, y;
	(void)state;
	struct scanout *s = opened();
	fill(pixels, ARRAY_LEN(pixels), 100);
	scanout_show(s, pixels, 4, 2, 4 * 4);
	assert_int_equal(pixel(1, 1), 0);
	assert_int_equal(pixel(2, 1), 100);
	assert_int_equal(pixel(5, 2), 107);
	assert_int_equal(pixel(6, 2), 0);
	scanout_point(s, 4, 2, 0.25F, 0.25F, &x, &y);
	assert_int_equal(x, 0);
	assert_int_equal(y, 0);
	scanout_show(s, pixels, 16, 16, 16 * 4);
	assert_int_equal(pixel(0, 0), 100 + 6 * 16 + 4);
	scanout_point(s, 16, 16, 0, 0, &x, &y);
	assert_int_equal(x, 4);
	assert_int_equal(y, 6);
	scanout_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(without_a_screen_there_is_none, plug_in, unplug),
		cmocka_unit_test_setup_teardown(
			the_mode_is_the_one_it_is_in_or_prefers, plug_in, unplug),
		cmocka_unit_test_setup_teardown(
			each_picture_stands_whole_on_the_screen, plug_in, unplug),
		cmocka_unit_test_setup_teardown(a_card_that_does_not_flip_is_set, plug_in, unplug),
		cmocka_unit_test_setup_teardown(
			a_screen_that_was_refused_is_tried_again, plug_in, unplug),
		cmocka_unit_test_setup_teardown(
			a_picture_of_another_size_is_in_the_middle, plug_in, unplug),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
