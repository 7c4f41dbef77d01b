#include "port/camera.h"

#include "port/v4l2_format.h"
#include "tests/fake/image_file.h"
#include "tests/fake/v4l2_fake.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/videodev2.h>

static char folder[64];

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/parvis-camera.XXXXXX");
	v4l2_fake_reset();
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	char command[128];
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A picture whose width tells which it is. */
static void put_picture(const char *name, uint32_t width)
{
	char path[128];
	uint8_t *pixels = calloc(16, width);
	assert_non_null(pixels);
	struct image_file f = image_jpeg(&(struct image_jpeg){
		.width = width, .height = 16, .pixels = pixels, .channels = 1 });
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_true(image_file_save(&f, path));
	free(f.data);
	free(pixels);
}

static void put_text(const char *name)
{
	char path[128];
	struct image_file f = { (uint8_t[]){ "not a picture" }, 13 };
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_true(image_file_save(&f, path));
}

static struct camera *open_folder(void)
{
	char spec[128];
	struct camera *c;
	snprintf(spec, sizeof(spec), "files:%s", folder);
	assert_int_equal(camera_open(&c, spec), 0);
	return c;
}

static void test_spec(void **state)
{
	(void)state;
	static const char *const wrong[] = { "", "files", "files:", "v4l2:", "FILES:/tmp", "usb:0",
		"/dev/video0", ":", "v4l2" };
	struct camera *c = NULL;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_int_equal(camera_open(&c, wrong[i]), -EINVAL);
	assert_null(c);
	camera_close(NULL);
	assert_non_null(strstr(camera_usage, "files:"));
	assert_non_null(strstr(camera_usage, "v4l2:"));
}

/* What the lens saw, from one change to the next: a picture's width, 0 for clear. */
struct seen {
	uint32_t width;
	int64_t lasted_ms;
	unsigned frames;
};

static void watch(struct camera *c, struct seen *seen, size_t wanted)
{
	size_t n = 0;
	int64_t began_ms = now_ms();
	seen[0] = (struct seen){ .width = UINT32_MAX };
	for (int i = 0; i < 400; i++) {
		struct camera_frame f;
		assert_int_equal(camera_frame(c, &f, 1000), 0);
		assert_true(f.stride >= f.width && f.height > 0);
		uint32_t width = f.clear ? 0 : f.width;
		if (seen[n].width == UINT32_MAX)
			seen[n].width = width;
		if (seen[n].width != width) {
			seen[n].lasted_ms = now_ms() - began_ms;
			began_ms = now_ms();
			if (++n == wanted)
				return;
			seen[n] = (struct seen){ .width = width };
		}
		seen[n].frames++;
	}
	fail_msg("no more than %zu changes", n);
}

/* Names out of order, another file, a hidden one, one that is broken. */
static void test_files_in_name_order(void **state)
{
	(void)state;
	put_picture("b.JPG", 32);
	put_picture("a.jpeg", 24);
	put_picture(".hidden.jpg", 48);
	put_text("aa-broken.png");
	put_text("notes.txt");
	struct camera *c = open_folder();
	struct seen seen[4];
	watch(c, seen, 4);
	static const uint32_t expected[] = { 24, 0, 32, 0 };
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		assert_int_equal(seen[i].width, expected[i]);
		/* Wide bounds: a busy machine sees frames late. */
		assert_in_range(
			seen[i].lasted_ms, CAMERA_FILE_HOLD_MS - 20, CAMERA_FILE_HOLD_MS + 1000);
		assert_in_range(seen[i].frames, 2, CAMERA_FILE_HOLD_MS / 66 + 2);
	}
	camera_close(c);
}

static void test_files_vanish_and_come_back(void **state)
{
	(void)state;
	char away[128];
	snprintf(away, sizeof(away), "%s.away", folder);
	put_picture("a.jpg", 24);
	struct camera *c = open_folder();
	struct camera_frame f;
	assert_int_equal(camera_frame(c, &f, 1000), 0);
	assert_int_equal(f.width, 24);
	assert_int_equal(rename(folder, away), 0);
	assert_int_equal(camera_frame(c, &f, 1000), -ENODEV);
	int64_t began_ms = now_ms();
	assert_int_equal(camera_frame(c, &f, 50), -ENODEV);
	assert_true(now_ms() - began_ms >= 45); /* a loop around it does not spin */
	assert_int_equal(camera_frame(c, &f, 1000), -ENODEV);
	assert_int_equal(rename(away, folder), 0);
	assert_int_equal(camera_frame(c, &f, 1000), 0);
	assert_int_equal(f.width, 24);
	camera_close(c);
}

static void test_files_absent_at_first(void **state)
{
	(void)state;
	assert_int_equal(rmdir(folder), 0);
	struct camera *c = open_folder();
	struct camera_frame f;
	assert_int_equal(camera_frame(c, &f, 0), -ENODEV);
	assert_int_equal(mkdir(folder, 0700), 0);
	put_text("broken.jpg");
	assert_int_equal(camera_frame(c, &f, 1000), 0);
	assert_true(f.clear); /* nothing that can be held up */
	assert_int_equal(camera_frame(c, &f, 0), -ETIMEDOUT);
	camera_close(c);
}

/* Each file is read when its turn comes, and the folder anew each round. */
static void test_files_change_between_rounds(void **state)
{
	(void)state;
	put_picture("a.jpg", 24);
	struct camera *c = open_folder();
	struct seen seen[2];
	watch(c, seen, 1);
	put_picture("0.jpg", 40);
	watch(c, seen, 2);
	assert_int_equal(seen[0].width, 0);
	assert_int_equal(seen[1].width, 40);
	camera_close(c);
}

/* Rounds go by; the log has one line about a file that cannot be read. */
static void test_files_told_once(void **state)
{
	(void)state;
	char path[128], said[2048];
	put_text("broken.jpg");
	snprintf(path, sizeof(path), "%s/log", folder);
	int sink = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	int kept = dup(STDERR_FILENO);
	assert_true(sink >= 0 && kept >= 0);
	struct camera *c = open_folder();
	assert_true(dup2(sink, STDERR_FILENO) >= 0);
	int64_t end_ms = now_ms() + 2 * CAMERA_FILE_HOLD_MS + 200;
	int errors = 0;
	while (now_ms() < end_ms) {
		struct camera_frame f;
		errors += camera_frame(c, &f, 1000) != 0;
	}
	dup2(kept, STDERR_FILENO);
	close(kept);
	camera_close(c);
	ssize_t n = pread(sink, said, sizeof(said) - 1, 0);
	close(sink);
	assert_true(n > 0);
	said[n] = '\0';
	assert_int_equal(errors, 0);
	assert_non_null(strstr(said, "broken.jpg"));
	assert_ptr_equal(strchr(said, '\n'), said + n - 1);
}

/* --- Video4Linux2: conversions ---------------------------------------------------------------- */

static void test_convert(void **state)
{
	(void)state;
	/* 4 × 2, each row followed by what is not the picture's. */
	static const uint8_t grey[] = { 1, 2, 3, 4, 99, 5, 6, 7, 8, 99 };
	static const uint8_t yuyv[] = { 1, 90, 2, 91, 3, 92, 4, 93, 99, 99, 5, 94, 6, 95, 7, 96, 8,
		97, 99, 99 };
	static const uint8_t nv12[] = { 1, 2, 3, 4, 99, 5, 6, 7, 8, 99, 90, 91, 92, 93, 99 };
	static const struct {
		struct v4l2_shape shape;
		const uint8_t *frame;
		size_t len;
	} cases[] = {
		{ { V4L2_PIX_FMT_GREY, 4, 2, 5 }, grey, sizeof(grey) },
		{ { V4L2_PIX_FMT_YUYV, 4, 2, 10 }, yuyv, sizeof(yuyv) },
		{ { V4L2_PIX_FMT_NV12, 4, 2, 5 }, nv12, sizeof(nv12) },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct v4l2_shape shape = cases[i].shape;
		struct picture p;
		assert_int_equal(v4l2_shape_check(&shape), 0);
		assert_int_equal(v4l2_frame_bytes(&shape), cases[i].len);
		assert_int_equal(v4l2_convert(&p, &shape, cases[i].frame, cases[i].len), 0);
		assert_int_equal(p.width, 4);
		assert_int_equal(p.height, 2);
		for (uint8_t k = 0; k < 8; k++)
			assert_int_equal(p.pixels[k], k + 1);
		picture_free(&p);
		assert_int_equal(
			v4l2_convert(&p, &shape, cases[i].frame, cases[i].len - 1), -EINVAL);
		assert_int_equal(v4l2_convert(&p, &shape, cases[i].frame, 0), -EINVAL);
	}
}

static void test_convert_shrinks(void **state)
{
	(void)state;
	struct v4l2_shape shape = { V4L2_PIX_FMT_YUYV, 3840, 2160, 0 };
	assert_int_equal(v4l2_shape_check(&shape), 0);
	size_t len = v4l2_frame_bytes(&shape);
	assert_int_equal(len, 3840 * 2160 * 2);
	uint8_t *frame = malloc(len);
	assert_non_null(frame);
	memset(frame, 77, len);
	struct picture p;
	assert_int_equal(v4l2_convert(&p, &shape, frame, len), 0);
	assert_int_equal(p.width, 1920);
	assert_int_equal(p.height, 1080);
	assert_int_equal(p.pixels[1920 * 1080 - 1], 77);
	picture_free(&p);
	free(frame);
}

static void test_shapes(void **state)
{
	(void)state;
	struct v4l2_shape wrong[] = {
		{ V4L2_PIX_FMT_H264, 640, 480, 0 },
		{ V4L2_PIX_FMT_GREY, 0, 480, 0 },
		{ V4L2_PIX_FMT_GREY, 640, 0, 0 },
		{ V4L2_PIX_FMT_GREY, 640, 480, 639 },
		{ V4L2_PIX_FMT_YUYV, 640, 480, 1279 },
		{ V4L2_PIX_FMT_GREY, V4L2_SIDE_MAX + 1, 480, 0 },
		{ V4L2_PIX_FMT_GREY, 640, 480, UINT32_MAX },
		{ V4L2_PIX_FMT_NV12, UINT32_MAX, UINT32_MAX, 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_int_equal(v4l2_shape_check(&wrong[i]), -EINVAL);
}

/* --- Video4Linux2: the device ----------------------------------------------------------------- */

static const struct v4l2_fake_size webcam[] = {
	{ V4L2_PIX_FMT_MJPEG, 1280, 720 },
	{ V4L2_PIX_FMT_MJPEG, 1920, 1080 },
	{ V4L2_PIX_FMT_YUYV, 320, 240 },
	{ V4L2_PIX_FMT_YUYV, 640, 480 },
};

static uint8_t flat[1280 * 720 * 2];

static struct camera *open_fake(const struct v4l2_fake_size *sizes, size_t count)
{
	struct camera *c;
	memset(flat, 55, sizeof(flat));
	v4l2_fake_reset();
	v4l2_fake.present = true;
	v4l2_fake.sizes = sizes;
	v4l2_fake.size_count = count;
	v4l2_fake.frame = flat;
	v4l2_fake.frame_len = sizeof(flat);
	assert_int_equal(camera_open(&c, "v4l2:" V4L2_FAKE_PATH), 0);
	return c;
}

static void close_fake(struct camera *c)
{
	camera_close(c);
	assert_int_equal(v4l2_fake.open_now, 0);
	assert_int_equal(v4l2_fake.mapped_now, 0);
}

static void test_v4l2_chooses(void **state)
{
	(void)state;
	static const struct {
		const char *why;
		struct v4l2_fake_size sizes[4];
		size_t count;
		bool stepwise, no_size_list;
		uint32_t fourcc, width, height;
	} cases[] = {
		{ "the size that is wanted, rather than the cheap format",
			{ { V4L2_PIX_FMT_YUYV, 640, 480 }, { V4L2_PIX_FMT_NV12, 1280, 720 } }, 2,
			false, false, V4L2_PIX_FMT_NV12, 1280, 720 },
		{ "the cheaper format of one size",
			{ { V4L2_PIX_FMT_YUYV, 1280, 720 }, { V4L2_PIX_FMT_GREY, 1280, 720 } }, 2,
			false, false, V4L2_PIX_FMT_GREY, 1280, 720 },
		{ "the nearest size, passing by what we cannot read",
			{ { V4L2_PIX_FMT_H264, 1280, 720 }, { V4L2_PIX_FMT_YUYV, 160, 120 },
				{ V4L2_PIX_FMT_YUYV, 800, 600 } },
			3, false, false, V4L2_PIX_FMT_YUYV, 800, 600 },
		{ "steps", { { V4L2_PIX_FMT_GREY, 32, 32 }, { V4L2_PIX_FMT_GREY, 2592, 1944 } }, 2,
			true, false, V4L2_PIX_FMT_GREY, 1280, 720 },
		{ "steps that end below",
			{ { V4L2_PIX_FMT_GREY, 32, 32 }, { V4L2_PIX_FMT_GREY, 640, 480 } }, 2, true,
			false, V4L2_PIX_FMT_GREY, 640, 480 },
		{ "a driver that lists no sizes and gives its own",
			{ { V4L2_PIX_FMT_YUYV, 640, 480 } }, 1, false, true, V4L2_PIX_FMT_YUYV, 640,
			480 },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		print_message("# %s\n", cases[i].why);
		struct camera *c = open_fake(cases[i].sizes, cases[i].count);
		v4l2_fake.stepwise = cases[i].stepwise;
		v4l2_fake.no_size_list = cases[i].no_size_list;
		struct camera_frame f;
		assert_int_equal(camera_frame(c, &f, 1000), 0);
		assert_int_equal(v4l2_fake.fourcc, cases[i].fourcc);
		assert_int_equal(f.width, cases[i].width);
		assert_int_equal(f.height, cases[i].height);
		assert_int_equal(f.pixels[f.stride * (f.height - 1) + f.width - 1], 55);
		assert_false(f.clear);
		close_fake(c);
	}
}

static void test_v4l2_motion_jpeg(void **state)
{
	(void)state;
	static uint8_t pixels[1280 * 720];
	memset(pixels, 120, sizeof(pixels));
	struct image_file jpeg = image_jpeg(&(struct image_jpeg){
		.width = 1280, .height = 720, .pixels = pixels, .channels = 1 });
	struct camera *c = open_fake(webcam, ARRAY_LEN(webcam));
	v4l2_fake.frame = jpeg.data;
	v4l2_fake.frame_len = jpeg.len;
	struct camera_frame f;
	for (int i = 0; i < 20; i++) { /* more often than there are buffers */
		assert_int_equal(camera_frame(c, &f, 1000), 0);
		assert_int_equal(f.width, 1280);
		assert_int_equal(f.pixels[0], 120);
	}
	v4l2_fake.used_override = (uint32_t)jpeg.len / 2; /* half a frame is no frame */
	assert_int_equal(camera_frame(c, &f, 5), -ETIMEDOUT);
	v4l2_fake.used_override = 0;
	assert_int_equal(camera_frame(c, &f, 1000), 0);
	close_fake(c);
	free(jpeg.data);
}

static void test_v4l2_unplugged(void **state)
{
	(void)state;
	struct camera *c = open_fake(webcam + 2, 2);
	struct camera_frame f;
	assert_int_equal(camera_frame(c, &f, 1000), 0);
	v4l2_fake.present = false;
	assert_int_equal(camera_frame(c, &f, 1000), -ENODEV);
	assert_int_equal(v4l2_fake.open_now, 0); /* the node is free for the next one */
	assert_int_equal(v4l2_fake.mapped_now, 0);
	unsigned opens = v4l2_fake.opens;
	int64_t began_ms = now_ms();
	while (now_ms() - began_ms < 1200) {
		int64_t call_ms = now_ms();
		assert_int_equal(camera_frame(c, &f, 100), -ENODEV);
		assert_true(now_ms() - call_ms >= 95 || v4l2_fake.opens > opens);
	}
	assert_in_range(v4l2_fake.opens - opens, 1, 3); /* every 500 ms, not oftener */
	v4l2_fake.present = true;
	int error = -ENODEV;
	for (int i = 0; error && i < 20; i++)
		error = camera_frame(c, &f, 100);
	assert_int_equal(error, 0);
	assert_int_equal(f.width, 640);
	close_fake(c);
}

static void test_v4l2_troubles(void **state)
{
	(void)state;
	static const struct {
		const char *why;
		struct v4l2_fake trouble;
	} cases[] = {
		{ "cannot stream", { .no_streaming = true } },
		{ "another program has it", { .format_error = -EBUSY } },
		{ "a read error", { .dequeue_error = -EIO } },
		{ "buffers too short for the picture", { .short_length = 1000 } },
		{ "one buffer only", { .buffers_given = 1 } },
		{ "a buffer that we never gave", { .index_override = 5 } },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		print_message("# %s\n", cases[i].why);
		struct camera *c = open_fake(webcam + 2, 2);
		v4l2_fake.no_streaming = cases[i].trouble.no_streaming;
		v4l2_fake.format_error = cases[i].trouble.format_error;
		v4l2_fake.dequeue_error = cases[i].trouble.dequeue_error;
		v4l2_fake.short_length = cases[i].trouble.short_length;
		v4l2_fake.buffers_given = cases[i].trouble.buffers_given;
		v4l2_fake.index_override = cases[i].trouble.index_override;
		struct camera_frame f;
		assert_int_equal(camera_frame(c, &f, 1000), -ENODEV);
		assert_int_equal(v4l2_fake.open_now, 0);
		assert_int_equal(v4l2_fake.mapped_now, 0);
		camera_close(c);
	}
	/* More buffers than asked for are no trouble. */
	struct camera *c = open_fake(webcam + 2, 2);
	v4l2_fake.buffers_given = 8;
	struct camera_frame f;
	assert_int_equal(camera_frame(c, &f, 1000), 0);
	assert_int_equal(v4l2_fake.mapped_now, 4);
	close_fake(c);
}

/* Frames that are short, or that the driver calls broken, are passed over; if no other comes, the
 * camera is opened anew. */
static void test_v4l2_bad_frames(void **state)
{
	(void)state;
	static const struct {
		uint32_t used;
		bool flag;
	} cases[] = { { 640 * 480, false }, { 0, true }, { UINT32_MAX, false } };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct camera *c = open_fake(webcam + 2, 2);
		struct camera_frame f;
		assert_int_equal(camera_frame(c, &f, 1000), 0);
		v4l2_fake.used_override = cases[i].used;
		v4l2_fake.error_flag = cases[i].flag;
		assert_int_equal(camera_frame(c, &f, 0), -ETIMEDOUT);
		v4l2_fake.used_override = 0;
		v4l2_fake.error_flag = false;
		assert_int_equal(camera_frame(c, &f, 1000), 0);
		v4l2_fake.used_override = cases[i].used;
		v4l2_fake.error_flag = cases[i].flag;
		unsigned frames = v4l2_fake.frames;
		assert_int_equal(camera_frame(c, &f, 10000), -ENODEV);
		assert_in_range(v4l2_fake.frames - frames, 50, 200);
		close_fake(c);
	}
}

static void test_v4l2_silent(void **state)
{
	(void)state;
	struct camera *c = open_fake(webcam + 2, 2);
	v4l2_fake.silent = true;
	struct camera_frame f;
	assert_int_equal(camera_frame(c, &f, 10), -ETIMEDOUT);
	assert_int_equal(camera_frame(c, &f, 10000), -ENODEV);
	assert_int_equal(v4l2_fake.open_now, 0);
	v4l2_fake.silent = false;
	assert_int_equal(camera_frame(c, &f, 1000), 0);
	close_fake(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spec),
		cmocka_unit_test_setup_teardown(
			test_files_in_name_order, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
			test_files_vanish_and_come_back, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
			test_files_absent_at_first, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
			test_files_change_between_rounds, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_files_told_once, make_folder, remove_folder),
		cmocka_unit_test(test_convert),
		cmocka_unit_test(test_convert_shrinks),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_v4l2_chooses),
		cmocka_unit_test(test_v4l2_motion_jpeg),
		cmocka_unit_test(test_v4l2_unplugged),
		cmocka_unit_test(test_v4l2_troubles),
		cmocka_unit_test(test_v4l2_bad_frames),
		cmocka_unit_test(test_v4l2_silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
