#include "ui/paper/canvas.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CAPTION 17.0
#define FOOT    14.0
#define SIDE    30.0
#define TEXT    7.6

#define MARK_LIFT   5.0 /* of a mark's foot over its point */
#define MARK_HEIGHT 8.0 /* of its letters, and a little air */
#define MARK_DEPTH  2.5
#define LIMIT_LIFT  2.5

static const struct pen caption_pen = { 9, 600, SHADE_NIGHT, ALIGN_START };
static const struct pen axis_pen = { TEXT, 400, SHADE_SOFT, ALIGN_END };
static const struct pen tick_pen = { TEXT, 400, SHADE_SOFT, ALIGN_CENTRE };
static const struct pen mark_pen = { 8, 600, SHADE_NIGHT, ALIGN_CENTRE, true };
static const struct pen limit_pen = { TEXT, 500, SHADE_NIGHT, ALIGN_START, true };

/* --- values over time --- */

static double highest(const struct document_chart *c)
{
	double most = c->limit > 0 ? c->limit : 0;
	for (size_t i = 0; i < c->count; i++)
		most = fmax(most, c->values[i]);
	return fmax(c->most > 0 ? c->most : most, 1);
}

/* 1, 2 or 5 times a power of ten, of which two to five fit. */
static double step_of(double most)
{
	double power = pow(10, floor(log10(fmax(most, 1))));
	double parts[] = { power / 5, power / 2, power, power * 2 };
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (parts[i] >= 1 && most / parts[i] <= 4.2)
			return parts[i];
	return fmax(power * 5, 1);
}

static void group(const struct canvas *c, char out[32], double n)
{
	unsigned long long whole = (unsigned long long)n;
	if (whole >= 1000)
		snprintf(out, 32, "%llu%s%03llu", whole / 1000,
			c->language == LANGUAGE_FR ? "\u202f" : ",", whole % 1000);
	else
		snprintf(out, 32, "%llu", whole);
}

static void grid(struct canvas *c, struct box plot, double most)
{
	double step = step_of(most);
	char text[32];
	for (double v = 0; v <= most; v += step) {
		double y = plot.y + plot.h - v / most * plot.h;
		canvas_line(c, plot.x, y, plot.x + plot.w, y, v > 0 ? 0.5 : 0.9,
			v > 0 ? SHADE_RULE : SHADE_SOFT);
		group(c, text, v);
		canvas_text(c, plot.x - 4, y + TEXT * 0.35, 0, text, &axis_pen);
	}
}

static void ticks(struct canvas *c, struct box plot, const struct document_chart *chart)
{
	for (size_t i = 0; chart->ticks && i <= chart->count; i++) {
		if (!chart->ticks[i])
			continue;
		double x = plot.x + plot.w * (double)i / (double)chart->count;
		canvas_line(c, x, plot.y + plot.h, x, plot.y + plot.h + 3, 0.7, SHADE_SOFT);
		canvas_text(c, x, plot.y + plot.h + 11, 0, chart->ticks[i], &tick_pen);
	}
}

static void columns(
	struct canvas *c, struct box plot, const struct document_chart *chart, double most)
{
	double w = plot.w / (double)chart->count;
	for (size_t i = 0; i < chart->count; i++) {
		double h = fmax(chart->values[i], 0) / most * plot.h;
		canvas_rect(c,
			(struct box){
				plot.x + w * ((double)i + 0.1), plot.y + plot.h - h, w * 0.8, h },
			0, SHADE_MAIN);
	}
}

static void area(struct canvas *c, struct box plot, const struct document_chart *chart, double most)
{
	double *xs = calloc(chart->count * 2, sizeof(*xs));
	double *ys = xs ? xs + chart->count : NULL;
	for (size_t i = 0; xs && i < chart->count; i++) {
		xs[i] = plot.x + plot.w * ((double)i + 0.5) / (double)chart->count;
		ys[i] = plot.y + plot.h - fmax(chart->values[i], 0) / most * plot.h;
	}
	if (xs)
		canvas_area(c, xs, ys, chart->count, plot.y + plot.h, SHADE_PALE, SHADE_MAIN);
	free(xs);
}

/* Above its point; where the limit's line would strike it through, above that line, and beside the
 * limit's own words. */
static void mark(struct canvas *c, struct box plot, const struct document_chart *chart, double most)
{
	if (!chart->mark_text || chart->mark >= chart->count)
		return;
	double x = plot.x + plot.w * ((double)chart->mark + 0.5) / (double)chart->count;
	double y = plot.y + plot.h - fmax(chart->values[chart->mark], 0) / most * plot.h;
	double half = canvas_width(c, chart->mark_text, &mark_pen) / 2 + 2;
	double at = fmin(fmax(x, plot.x + half), plot.x + plot.w - half);
	double foot = y - MARK_LIFT, limit = plot.y + plot.h - chart->limit / most * plot.h;
	canvas_rect(c, (struct box){ x - 2, y - 2, 4, 4 }, 2, SHADE_NIGHT);
	if (chart->limit > 0 && limit < foot + MARK_DEPTH && limit > foot - MARK_HEIGHT)
		foot = limit - LIMIT_LIFT;
	if (chart->limit > 0 && fabs(foot - (limit - LIMIT_LIFT)) < MARK_HEIGHT)
		at = fmax(at, plot.x + canvas_width(c, chart->limit_text, &limit_pen) + half + 6);
	canvas_text(c, at, foot, 0, chart->mark_text, &mark_pen);
}

double chart_height(const struct document_chart *chart)
{
	return chart->height_mm * POINTS_PER_MM + CAPTION + FOOT;
}

void chart_draw(struct canvas *c, double w, const struct document_chart *chart)
{
	double h = chart->height_mm * POINTS_PER_MM, most = highest(chart) * 1.2;
	struct box plot = { SIDE, CAPTION, w - SIDE - 6, h };
	canvas_text(c, 0, 9, w, chart->caption, &caption_pen);
	grid(c, plot, most);
	if (chart->kind == CHART_AREA)
		area(c, plot, chart, most);
	else
		columns(c, plot, chart, most);
	if (chart->limit > 0) {
		double y = plot.y + plot.h - chart->limit / most * plot.h;
		canvas_dashed(c, plot.x, y, plot.x + plot.w, y, 0.9, SHADE_NIGHT);
		canvas_text(c, plot.x + 2, y - LIMIT_LIFT, 0, chart->limit_text, &limit_pen);
	}
	ticks(c, plot, chart);
	mark(c, plot, chart, most);
}

/* --- bars --- */

#define BAR_STEP 17.0

double bars_height(const struct document_bars *b)
{
	return CAPTION + (b->part_text ? CAPTION : 0) + BAR_STEP * (double)b->count + 4;
}

static void legend(struct canvas *c, const struct document_bars *b)
{
	struct pen pen = { TEXT, 400, SHADE_SOFT, ALIGN_START };
	double x = 0, y = CAPTION + 7;
	canvas_rect(c, (struct box){ x, y - 7, 8, 8 }, 0, SHADE_MAIN);
	canvas_text(c, x + 12, y, 0, b->part_text, &pen);
	x += 12 + canvas_width(c, b->part_text, &pen) + 14;
	canvas_rect(c, (struct box){ x, y - 7, 8, 8 }, 0, SHADE_PALE);
	canvas_text(c, x + 12, y, 0, b->whole_text, &pen);
}

void bars_draw(struct canvas *c, double w, const struct document_bars *b)
{
	struct pen label = { 8.6, 400, SHADE_NIGHT, ALIGN_START };
	struct pen value = { 8.6, 600, SHADE_NIGHT, ALIGN_START };
	double names = 0, texts = 0, most = 1, y = CAPTION + (b->part_text ? CAPTION : 0);
	for (size_t i = 0; i < b->count; i++) {
		names = fmax(names, canvas_width(c, b->bars[i].label, &label));
		texts = fmax(texts, canvas_width(c, b->bars[i].text, &value));
		most = fmax(most, b->bars[i].value);
	}
	names = fmin(names, w * 0.38) + 8;
	canvas_text(c, 0, 9, w, b->caption, &caption_pen);
	if (b->part_text)
		legend(c, b);
	double room = w - names - texts - 8;
	for (size_t i = 0; i < b->count; i++, y += BAR_STEP) {
		const struct document_bar *bar = &b->bars[i];
		double whole = bar->value / most * room, part = bar->part / most * room;
		canvas_text(c, 0, y + 10, names - 8, bar->label, &label);
		canvas_rect(c, (struct box){ names, y + 1.5, whole, 12 }, 0,
			b->part_text ? SHADE_PALE : SHADE_MAIN);
		canvas_rect(
			c, (struct box){ names, y + 1.5, fmin(part, whole), 12 }, 0, SHADE_MAIN);
		canvas_text(c, names + whole + 5, y + 10, 0, bar->text, &value);
	}
}

/* --- flow --- */

#define FLOW_NAME_PEN                                                                              \
	{                                                                                          \
		8.4, 500, SHADE_NIGHT, ALIGN_START                                                 \
	}
#define FLOW_GAP  7.0
#define FLOW_BODY 200.0
#define FLOW_NODE 9.0

double flow_height(const struct document_flow *f)
{
	return CAPTION * 2 + FLOW_BODY + FLOW_GAP * (double)f->count + 4;
}

/* What leaves and what comes, of each place. */
static double sums(const struct document_flow *f, double *out, double *in)
{
	double total = 0;
	for (size_t i = 0; i < f->count; i++)
		for (size_t j = 0; j < f->count; j++) {
			double n = f->moves[i * f->count + j];
			out[i] += n;
			in[j] += n;
			total += n;
		}
	return total;
}

struct flow_side {
	double x;
	const double *sums;
	double *tops; /* where the next ribbon begins */
	bool right;
};

static void flow_nodes(struct canvas *c, double w, const struct document_flow *f,
	struct flow_side *s, double scale)
{
	struct pen pen = FLOW_NAME_PEN;
	double y = CAPTION * 2;
	char text[32], label[256];
	pen.align = s->right ? ALIGN_START : ALIGN_END;
	for (size_t i = 0; i < f->count; i++) {
		double h = s->sums[i] * scale;
		s->tops[i] = y;
		group(c, text, s->sums[i]);
		snprintf(label, sizeof(label), s->right ? "%2$s  %1$s" : "%1$s  %2$s", f->names[i],
			text);
		canvas_rect(c, (struct box){ s->x, y, FLOW_NODE, h }, 0, SHADE_NIGHT);
		canvas_text(c, s->right ? s->x + FLOW_NODE + 5 : s->x - 5, y + h / 2 + 3, w * 0.26,
			label, &pen);
		y += fmax(h, 3) + FLOW_GAP;
	}
}

static void flow_ribbons(struct canvas *c, const struct document_flow *f, struct flow_side *from,
	struct flow_side *to, double scale)
{
	for (size_t i = 0; i < f->count; i++)
		for (size_t j = 0; j < f->count; j++) {
			double h = f->moves[i * f->count + j] * scale;
			if (h <= 0)
				continue;
			canvas_ribbon(c, from->x + FLOW_NODE, from->tops[i], to->x, to->tops[j], h,
				SHADE_MAIN, i % 2 ? 0.30 : 0.50);
			from->tops[i] += h;
			to->tops[j] += h;
		}
}

void flow_draw(struct canvas *c, double w, const struct document_flow *f)
{
	struct pen head = { TEXT, 600, SHADE_SOFT, ALIGN_END };
	double *room = calloc(f->count * 4 + 1, sizeof(*room));
	if (!room)
		return;
	struct flow_side from = { w * 0.29, room, room + f->count, false };
	struct flow_side to = { w * 0.71 - FLOW_NODE, room + f->count * 2, room + f->count * 3,
		true };
	double total = sums(f, room, room + f->count * 2);
	double scale = total > 0 ? FLOW_BODY / total : 0;
	canvas_text(c, 0, 9, w, f->caption, &caption_pen);
	canvas_text(c, from.x + FLOW_NODE, CAPTION + 9, 0, f->from_text, &head);
	head.align = ALIGN_START;
	canvas_text(c, to.x, CAPTION + 9, 0, f->to_text, &head);
	flow_nodes(c, w, f, &from, scale);
	flow_nodes(c, w, f, &to, scale);
	flow_ribbons(c, f, &from, &to, scale);
	free(room);
}
