/* Tickets and badges: read back by the decoder, clear of their margins, whatever the names; files
 * that fail to be written say so. */
#include "ui/paper/paper.h"

#include "base/when.h"
#include "port/picture.h"
#include "scan/decode.h"
#include "ui/paper/canvas.h"
#include "ui/paper/parts.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <qrencode.h>
#include <stdlib.h>
#include <string.h>

/* As long as a signed ticket with limits is. */
static const char code[] =
	"==gBVcKU98Mwt82+X//Mygj9F549cJzVl/TCMwuKlhT7VD7oJWLEL+qKmZWQkMpPFMYuYvYLoh1c3f2T6M2j/"
	"EPOBAhNKFTS3pVQuJTCKAEANAQA";

static const char *const names[] = {
	"Zoë",
	"Élodie Lefèvre-N'Guessan",
	"أمينة ديالو",
	"தமிழ்ச்செல்வி",
	"Σωκράτης Παπαδόπουλος",
	"น้ำผึ้ง ใจดี",
	"བསྟན་འཛིན་རྒྱ་མཚོ",
	"Wolfeschlegelsteinhausenbergerdorff Maximilian von und zu Hohenstaufen-Überlingen",
	"ŴŴŴŴŴŴŴŴŴŴŴŴŴŴŴŴŴŴŴŴŴŴŴŴŴŴŴŴŴŴŴŴŴŴŴŴŴŴŴŴŴŴŴŴŴŴŴŴŴŴ",
	"Z\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81o\xcc\x9f\xcc\x9f\xcc\x9f\xcc\x9f",
	"﷽﷽﷽﷽﷽﷽﷽﷽﷽﷽",
	"a b c d e f g h i j k l m n o p q r s t u v w x y z a b c d e f g h i j k l m n o p q r s t u",
};

static struct paper *paper;

static struct paper_ticket a_ticket(const char *name)
{
	return (struct paper_ticket){ .language = LANGUAGE_FR,
		.title = "Nuit de la #CivicTech",
		.venue = "Liberté Living Lab",
		.address = "9 rue d'Alexandrie, 75002 Paris",
		.when = "Jeudi 8 décembre 2016, de 19:00 à 23:30",
		.name = name,
		.type = "Entrée libre",
		.code = code,
		.code_len = sizeof(code) - 1,
		.short_code = "7KQ2-M4XD" };
}

/* --- what is written --- */

struct bytes {
	uint8_t *data;
	size_t len, room; /* room: how much is taken before it fails; 0: no limit */
};

static int collect(void *context, const void *bytes, size_t len)
{
	struct bytes *b = context;
	if (b->room && b->len + len > b->room)
		return -ENOSPC;
	uint8_t *grown = realloc(b->data, b->len + len);
	if (len && !grown)
		return -ENOMEM;
	b->data = grown;
	memcpy(b->data + b->len, bytes, len);
	b->len += len;
	return 0;
}

static void empty(struct bytes *b)
{
	free(b->data);
	*b = (struct bytes){ .room = b->room };
}

static struct picture picture_of(const struct paper_ticket *t, struct paper_size size, uint32_t dpi)
{
	struct bytes b = { 0 };
	struct picture p;
	assert_int_equal(paper_ticket_png(paper, size, dpi, t, collect, &b), 0);
	assert_int_equal(picture_decode(&p, b.data, b.len), 0);
	empty(&b);
	return p;
}

/* --- what is seen --- */

static void assert_reads(
	const uint8_t *grey, uint32_t width, uint32_t height, const char *text, struct decoded *out)
{
	struct luma l = { grey, width, height, width };
	decode_luma(&l, 0, EFFORT_STILL, out);
	assert_true(out->found);
	assert_int_equal(out->len, strlen(text));
	assert_memory_equal(out->text, text, out->len);
}

/* Whether all that lies within `edge` of the picture's sides is white. */
static bool margin_is_white(const uint8_t *grey, uint32_t width, uint32_t height, uint32_t edge)
{
	for (uint32_t y = 0; y < height; y++)
		for (uint32_t x = 0; x < width; x++)
			if ((x < edge || y < edge || x >= width - edge || y >= height - edge) &&
				grey[y * width + x] != 255)
				return false;
	return true;
}

static const struct paper_size sizes[] = { { 105, 148 }, { 105, 74.25 }, { 148, 210 },
	{ 210, 148 } };

static void tickets_read_back_and_keep_their_margins(void **state)
{
	(void)state;
	struct decoded d;
	for (size_t s = 0; s < ARRAY_LEN(sizes); s++)
		for (size_t n = 0; n < ARRAY_LEN(names); n++) {
			struct paper_ticket t = a_ticket(names[n]);
			t.staff = n % 2;
			struct picture p = picture_of(&t, sizes[s], 120);
			assert_reads(p.pixels, p.width, p.height, code, &d);
			/* 4.5 of the margin's 6 mm, at 120 pixels an inch. */
			if (!margin_is_white(p.pixels, p.width, p.height, 21))
				fail_msg("size %zu, name %zu: ink in the margin", s, n);
			picture_free(&p);
		}
}

/* The code's square in pixels, from the corners that the decoder saw. */
static struct box square_of(const struct decoded *d, const struct picture *p)
{
	double x0 = round(d->corners[0][0] * (double)p->width);
	double y0 = round(d->corners[0][1] * (double)p->height);
	double x1 = round(d->corners[2][0] * (double)p->width);
	double y1 = round(d->corners[2][1] * (double)p->height);
	return (struct box){ x0, y0, x1 - x0, y1 - y0 };
}

static void symbol_is_sharp_and_its_zone_is_quiet(void **state)
{
	(void)state;
	QRcode *q = QRcode_encodeData(sizeof(code) - 1, (const uint8_t *)code, 0, QR_ECLEVEL_M);
	assert_non_null(q);
	struct paper_ticket t = a_ticket("Zoë");
	struct picture p = picture_of(&t, paper_a6, 200);
	struct decoded d;
	assert_reads(p.pixels, p.width, p.height, code, &d);
	struct box at = square_of(&d, &p);
	double module = round(at.w / q->width);
	assert_true(module >= 4);
	/* Centres of modules all around, four deep, and the modules themselves: of two greys only.
	 */
	for (int y = -4; y < q->width + 4; y++)
		for (int x = -4; x < q->width + 4; x++) {
			size_t px = (size_t)(at.x + (x + 0.5) * module);
			size_t py = (size_t)(at.y + (y + 0.5) * module);
			bool inside = x >= 0 && y >= 0 && x < q->width && y < q->width;
			bool dark = inside && q->data[y * q->width + x] & 1;
			uint8_t seen = p.pixels[py * p.width + px];
			assert_true(dark ? seen < 64 : seen == 255);
		}
	for (size_t y = (size_t)at.y + 2; y < (size_t)(at.y + at.h) - 2; y++)
		for (size_t x = (size_t)at.x + 2; x < (size_t)(at.x + at.w) - 2; x++) {
			uint8_t seen = p.pixels[y * p.width + x];
			assert_true(seen < 64 || seen == 255);
		}
	picture_free(&p);
	QRcode_free(q);
}

static void level_is_m(void **state)
{
	(void)state;
	static char longest[PAPER_CODE_MAX + 1];
	memset(longest, 'a', sizeof(longest));
	struct bytes b = { 0 };
	struct paper_ticket t = a_ticket("Zoë");
	t.code = longest;
	t.code_len = PAPER_CODE_MAX;
	assert_int_equal(paper_ticket_svg(paper, paper_a6, &t, collect, &b), 0);
	t.code_len++;
	assert_int_equal(paper_ticket_svg(paper, paper_a6, &t, collect, &b), -EMSGSIZE);
	t.code_len = 0;
	assert_int_equal(paper_ticket_svg(paper, paper_a6, &t, collect, &b), -EMSGSIZE);
	empty(&b);
}

static void assert_same_picture(const char *hostile, const char *harmless)
{
	struct bytes a = { 0 }, b = { 0 };
	struct paper_ticket t = a_ticket(hostile), u = a_ticket(harmless);
	t.title = t.venue = t.address = t.type = hostile;
	u.title = u.venue = u.address = u.type = harmless;
	assert_int_equal(paper_ticket_png(paper, paper_a6, 72, &t, collect, &a), 0);
	assert_int_equal(paper_ticket_png(paper, paper_a6, 72, &u, collect, &b), 0);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.data, b.data, a.len);
	empty(&a);
	empty(&b);
}

static void hostile_texts_are_harmless(void **state)
{
	(void)state;
	assert_same_picture("Zo\xe2\x80\xae"
			    "eX",
		"ZoeX");
	assert_same_picture("Zo\x1b[31meX", "Zo[31meX");
	assert_same_picture("Zoe\nX\t\r", "Zoe X");
	assert_same_picture("Zo\xff\xfe"
			    "eX",
		"ZoeX");
	assert_same_picture("<b>&amp;%s%n", "<b>&amp;%s%n");
	static char endless[100001];
	memset(endless, 'W', sizeof(endless) - 1);
	struct paper_ticket t = a_ticket(endless);
	t.title = t.venue = t.address = t.type = t.when = t.short_code = endless;
	struct picture p = picture_of(&t, paper_a6, 120);
	assert_true(margin_is_white(p.pixels, p.width, p.height, 21));
	picture_free(&p);
}

static void missing_texts_are_left_out(void **state)
{
	(void)state;
	struct paper_ticket t = { .language = LANGUAGE_EN, .code = code, .code_len = strlen(code) };
	struct decoded d;
	for (size_t s = 0; s < ARRAY_LEN(sizes); s++) {
		struct picture p = picture_of(&t, sizes[s], 120);
		assert_reads(p.pixels, p.width, p.height, code, &d);
		picture_free(&p);
	}
}

static void sizes_have_limits(void **state)
{
	(void)state;
	struct paper_ticket t = a_ticket("Zoë");
	struct bytes b = { 0 };
	struct paper_badge badge = { .name = "Zoë" };
	struct paper_pixels pixels;
	static const struct paper_size wrong[] = { { 19, 100 }, { 100, 19 }, { 501, 100 },
		{ 100, 501 }, { 0, 0 }, { -100, 100 }, { NAN, 100 } };
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		assert_int_equal(paper_ticket_png(paper, wrong[i], 300, &t, collect, &b), -EINVAL);
		assert_int_equal(paper_ticket_svg(paper, wrong[i], &t, collect, &b), -EINVAL);
		assert_int_equal(paper_badge_pdf(paper, wrong[i], 1, &badge, collect, &b), -EINVAL);
		assert_int_equal(
			paper_badge_pixels(paper, wrong[i], 300, &badge, &pixels), -EINVAL);
	}
	assert_int_equal(paper_ticket_png(paper, paper_a6, 71, &t, collect, &b), -EINVAL);
	assert_int_equal(paper_ticket_png(paper, paper_a6, 1201, &t, collect, &b), -EINVAL);
	assert_int_equal(paper_badge_pdf(paper, paper_a6, 0, &badge, collect, &b), -EINVAL);
	assert_int_equal(b.len, 0);
}

/* --- PDF --- */

static uint64_t pages_of(enum paper_layout layout, unsigned tickets, struct bytes *b)
{
	struct paper_pdf *pdf;
	uint64_t pages = 99;
	assert_int_equal(paper_pdf_open(&pdf, paper, layout, "Nuit", collect, b), 0);
	for (unsigned i = 0; i < tickets; i++) {
		struct paper_ticket t = a_ticket(names[0]);
		assert_int_equal(paper_pdf_ticket(pdf, &t), 0);
	}
	assert_int_equal(paper_pdf_close(pdf, &pages), 0);
	return pages;
}

static void pdf_has_the_pages_it_needs(void **state)
{
	(void)state;
	static const struct {
		enum paper_layout layout;
		unsigned tickets, pages;
	} cases[] = { { PAPER_PAGE, 1, 1 }, { PAPER_PAGE, 3, 3 }, { PAPER_SHEET, 1, 1 },
		{ PAPER_SHEET, 8, 1 }, { PAPER_SHEET, 9, 2 }, { PAPER_SHEET, 16, 2 } };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bytes b = { 0 };
		assert_int_equal(pages_of(cases[i].layout, cases[i].tickets, &b), cases[i].pages);
		assert_true(b.len > 8 && !memcmp(b.data, "%PDF-1.", 7));
		assert_memory_equal(b.data + b.len - 6, "%%EOF\n", 6);
		empty(&b);
	}
	assert_int_equal(paper_pdf_close(NULL, NULL), 0);
}

static void a_full_disk_is_told(void **state)
{
	(void)state;
	struct paper_ticket t = a_ticket("Zoë");
	struct bytes whole = { 0 };
	pages_of(PAPER_PAGE, 3, &whole);
	for (size_t room = 1; room < whole.len; room += whole.len / 7) {
		struct bytes b = { .room = room };
		struct paper_pdf *pdf;
		assert_int_equal(paper_pdf_open(&pdf, paper, PAPER_PAGE, "Nuit", collect, &b), 0);
		int first = 0, last = 0;
		for (int i = 0; i < 3; i++) {
			last = paper_pdf_ticket(pdf, &t);
			assert_true(!first || last == first);
			first = last;
		}
		assert_true(!last || last == -ENOSPC);
		assert_int_equal(paper_pdf_close(pdf, NULL), -ENOSPC);
		empty(&b);
		assert_int_equal(paper_ticket_png(paper, paper_a6, 300, &t, collect,
					 &(struct bytes){ .room = 1 }),
			-ENOSPC);
		assert_int_equal(paper_ticket_svg(paper, paper_a6, &t, collect,
					 &(struct bytes){ .room = 1 }),
			-ENOSPC);
	}
	empty(&whole);
}

static void a_bad_ticket_ends_the_pdf(void **state)
{
	(void)state;
	struct bytes b = { 0 };
	struct paper_pdf *pdf;
	struct paper_ticket good = a_ticket("Zoë"), bad = a_ticket("Zoë");
	bad.code_len = 0;
	assert_int_equal(paper_pdf_open(&pdf, paper, PAPER_PAGE, "Nuit", collect, &b), 0);
	assert_int_equal(paper_pdf_ticket(pdf, &bad), -EMSGSIZE);
	assert_int_equal(paper_pdf_ticket(pdf, &good), -EMSGSIZE);
	assert_int_equal(paper_pdf_close(pdf, NULL), -EMSGSIZE);
	empty(&b);
}

/* --- badges --- */

static void badges_read_back_and_keep_their_margins(void **state)
{
	(void)state;
	static const struct paper_size labels[] = { { 62, 29 }, { 54, 101 }, { 62, 100 },
		{ 100, 62 } };
	struct decoded d;
	for (size_t s = 0; s < ARRAY_LEN(labels); s++)
		for (size_t n = 0; n < ARRAY_LEN(names); n++) {
			struct paper_badge b = { names[n], "Nuit de la #CivicTech", "La Ruche",
				code, sizeof(code) - 1, "7KQ2-M4XD" };
			struct paper_pixels p;
			assert_int_equal(paper_badge_pixels(paper, labels[s], 300, &b, &p), 0);
			assert_int_equal(p.width, lround(labels[s].width_mm / 25.4 * 300));
			assert_int_equal(p.height, lround(labels[s].height_mm / 25.4 * 300));
			assert_reads(p.grey, p.width, p.height, code, &d);
			if (!margin_is_white(p.grey, p.width, p.height, 9))
				fail_msg("label %zu, name %zu: ink in the margin", s, n);
			free(p.grey);
		}
}

static size_t ink_of(const struct paper_badge *b)
{
	struct paper_pixels p;
	size_t dark = 0;
	assert_int_equal(paper_badge_pixels(paper, paper_label_62x29, 300, b, &p), 0);
	for (size_t i = 0; i < (size_t)p.width * p.height; i++)
		dark += p.grey[i] < 128;
	free(p.grey);
	return dark;
}

static void a_badge_may_lack_anything(void **state)
{
	(void)state;
	const struct paper_badge nothing = { 0 };
	const struct paper_badge event = { .event = "Nuit" }, name = { .name = "Nuit" };
	assert_int_equal(ink_of(&nothing), 0);
	assert_true(ink_of(&name) > 1000);
	/* Without a name the event stands in its place, as large. */
	assert_int_equal(ink_of(&event), ink_of(&name));
}

static void badges_are_files_too(void **state)
{
	(void)state;
	struct paper_badge badge = { "Zoë", "Nuit", "La Ruche", code, sizeof(code) - 1,
		"7KQ2-M4XD" };
	struct bytes b = { 0 };
	struct picture p;
	struct decoded d;
	assert_int_equal(paper_badge_png(paper, paper_label_62x29, 300, &badge, collect, &b), 0);
	assert_int_equal(picture_decode(&p, b.data, b.len), 0);
	assert_reads(p.pixels, p.width, p.height, code, &d);
	picture_free(&p);
	empty(&b);
	assert_int_equal(paper_badge_pdf(paper, paper_label_54x101, 2, &badge, collect, &b), 0);
	assert_true(b.len > 8 && !memcmp(b.data, "%PDF-1.", 7));
	empty(&b);
}

/* --- words and inks --- */

static void moments_are_words(void **state)
{
	(void)state;
	int64_t opens, closes, dawn;
	char out[PAPER_WHEN_SIZE];
	assert_int_equal(when_use_zone("Europe/Paris"), 0);
	assert_int_equal(when_parse("2016-12-08T19:00", &opens), 0);
	assert_int_equal(when_parse("2016-12-08T23:30", &closes), 0);
	assert_int_equal(when_parse("2016-12-09T05:00", &dawn), 0);
	paper_when(out, LANGUAGE_FR, opens, closes);
	assert_string_equal(out, "Jeudi 8 décembre 2016, de 19:00 à 23:30");
	paper_when(out, LANGUAGE_EN, opens, closes);
	assert_string_equal(out, "Thursday 8 December 2016, 19:00 to 23:30");
	paper_when(out, LANGUAGE_FR, opens, dawn);
	assert_string_equal(
		out, "Du jeudi 8 décembre 2016 à 19:00 au vendredi 9 décembre 2016 à 05:00");
	paper_when(out, LANGUAGE_EN, opens, dawn);
	assert_string_equal(
		out, "Thursday 8 December 2016, 19:00, to Friday 9 December 2016, 05:00");
}

static void inks_are_legible(void **state)
{
	(void)state;
	static const enum ink pairs[][2] = { { INK_NIGHT, INK_WHITE }, { INK_SOFT, INK_WHITE },
		{ INK_BLACK, INK_WHITE }, { INK_MIST, INK_NIGHT }, { INK_NIGHT, INK_STAFF } };
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		assert_true(theme_contrast(paper_ink(pairs[i][0]), paper_ink(pairs[i][1])) >= 7);
}

static int open_paper(void **state)
{
	(void)state;
	return paper_open(&paper, "assets");
}

static int close_paper(void **state)
{
	(void)state;
	paper_close(paper);
	return 0;
}

/* --- charts --- */

/* Where the words stand in the SVG of a chart with this peak and limit. */
static void place_mark(double peak, size_t at, double limit, double *mark_y, double *mark_left,
	double *limit_y, double *limit_right)
{
	char *svg = NULL;
	size_t len = 0;
	double values[30] = { 0 }, middle = 0, foot = 0;
	values[at] = peak;
	struct canvas c = { .paper = paper, .svg = open_memstream(&svg, &len) };
	const struct document_chart chart = { .kind = CHART_AREA,
		.caption = "",
		.values = values,
		.count = ARRAY_LEN(values),
		.limit = limit,
		.limit_text = "LIMIT",
		.mark = at,
		.mark_text = "MARK",
		.height_mm = 24 };
	struct pen mark = { 8, 600, SHADE_NIGHT, ALIGN_CENTRE, true };
	struct pen text = { 7.6, 500, SHADE_NIGHT, ALIGN_START, true };
	assert_non_null(c.svg);
	chart_draw(&c, 250, &chart);
	*mark_left = -canvas_width(&c, "MARK", &mark) / 2;
	*limit_right = 32 + canvas_width(&c, "LIMIT", &text);
	fclose(c.svg);
	char *dashes = strstr(svg, "dasharray"), *words = strstr(svg, ">MARK<");
	assert_non_null(dashes);
	assert_non_null(words);
	while (strncmp(dashes, "<line", 5) != 0)
		dashes--;
	while (strncmp(words, "<text", 5) != 0)
		words--;
	assert_int_equal(sscanf(strstr(dashes, "y1=\""), "y1=\"%lf\"", limit_y), 1);
	assert_int_equal(sscanf(words, "<text x=\"%lf\" y=\"%lf\"", &middle, &foot), 2);
	*mark_left += middle;
	*mark_y = foot;
	free(svg);
}

static void a_limit_strikes_no_peak_through(void **state)
{
	(void)state;
	for (double limit = 50; limit <= 200; limit++)
		for (size_t at = 0; at < 30; at += 3) {
			double foot, left, line, right;
			place_mark(100, at, limit, &foot, &left, &line, &right);
			if (line < foot + 1 && line > foot - 6)
				fail_msg("a limit of %.0f strikes the peak at %zu", limit, at);
			if (fabs(foot - (line - 2.5)) < 6 && left < right)
				fail_msg("the words of the limit %.0f and of the peak at %zu meet",
					limit, at);
			assert_true(foot > 17);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tickets_read_back_and_keep_their_margins),
		cmocka_unit_test(symbol_is_sharp_and_its_zone_is_quiet),
		cmocka_unit_test(level_is_m),
		cmocka_unit_test(hostile_texts_are_harmless),
		cmocka_unit_test(missing_texts_are_left_out),
		cmocka_unit_test(sizes_have_limits),
		cmocka_unit_test(pdf_has_the_pages_it_needs),
		cmocka_unit_test(a_full_disk_is_told),
		cmocka_unit_test(a_bad_ticket_ends_the_pdf),
		cmocka_unit_test(badges_read_back_and_keep_their_margins),
		cmocka_unit_test(a_badge_may_lack_anything),
		cmocka_unit_test(badges_are_files_too),
		cmocka_unit_test(moments_are_words),
		cmocka_unit_test(inks_are_legible),
		cmocka_unit_test(a_limit_strikes_no_peak_through),
	};
	return cmocka_run_group_tests(tests, open_paper, close_paper);
}
