#include "ui/paper/document_parts.h"

#include <cairo-pdf.h>
#include <errno.h>
#include <math.h>
#include <pango/pangocairo.h>
#include <stdlib.h>
#include <time.h>

#define PAGE_W   595.28
#define PAGE_H   841.89
#define SIDE     51.0
#define TOP      54.0
#define BOTTOM   60.0
#define WIDTH    (PAGE_W - 2 * SIDE)
#define ROOM_END (PAGE_H - BOTTOM)

#define BODY 9.6
#define CELL 8.4
#define PAD  4.0

/* --- the surface -------------------------------------------------------------------------------
 */

static int keep(void *body, const void *bytes, size_t len)
{
	return fwrite(bytes, 1, len, body) == len ? 0 : -ENOMEM;
}

static int pdf_open(struct document *d)
{
	d->body = open_memstream(&d->body_text, &d->body_size);
	if (!d->body)
		return -ENOMEM;
	d->bytes = (struct paper_sink){ keep, d->body, 0 };
	char made[32];
	struct tm tm = { 0 };
	time_t seconds = (time_t)(d->setup.made_ms / 1000);
	gmtime_r(&seconds, &tm);
	strftime(made, sizeof(made), "%Y-%m-%dT%H:%M:%SZ", &tm);
	d->surface =
		cairo_pdf_surface_create_for_stream(paper_sink_write, &d->bytes, PAGE_W, PAGE_H);
	cairo_pdf_surface_set_metadata(d->surface, CAIRO_PDF_METADATA_TITLE, d->title);
	cairo_pdf_surface_set_metadata(
		d->surface, CAIRO_PDF_METADATA_CREATOR, "Parvis " PARVIS_VERSION);
	cairo_pdf_surface_set_metadata(d->surface, CAIRO_PDF_METADATA_CREATE_DATE, made);
	d->cr = cairo_create(d->surface);
	cairo_tag_begin(d->cr, "Document", NULL);
	d->y = TOP;
	d->fresh = true;
	return 0;
}

static struct canvas canvas_at(struct document *d, double x, double y)
{
	return (struct canvas){ d->paper, d->cr, NULL, x, y, d->setup.language };
}

static void end_page(struct document *d)
{
	struct canvas c = canvas_at(d, SIDE, PAGE_H - 36);
	struct pen left = { 7.6, 400, SHADE_SOFT, ALIGN_START };
	struct pen right = { 7.6, 600, SHADE_SOFT, ALIGN_END };
	char number[16];
	snprintf(number, sizeof(number), "%u", ++d->pages);
	canvas_line(&c, 0, -12, WIDTH, -12, 0.5, SHADE_RULE);
	canvas_text(&c, 0, 0, WIDTH - 40, d->title, &left);
	canvas_text(&c, WIDTH, 0, 0, number, &right);
	cairo_show_page(d->cr);
	d->y = TOP;
	d->fresh = true;
}

/* A page where so much fits. */
static void room_for(struct document *d, double h)
{
	if (d->y + h > ROOM_END && !d->fresh)
		end_page(d);
}

static int hand_over(struct document *d)
{
	char *whole = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&whole, &size);
	if (!out)
		return -ENOMEM;
	int error = pdf_marks(d->body_text, d->body_size, d->setup.language, out);
	if (fclose(out) && !error)
		error = -ENOMEM;
	if (!error)
		error = d->sink.write(d->sink.context, whole, size);
	free(whole);
	return error;
}

static int pdf_close(struct document *d)
{
	if (!d->fresh || !d->pages)
		end_page(d);
	cairo_tag_end(d->cr, "Document");
	cairo_destroy(d->cr);
	cairo_surface_finish(d->surface);
	int error = paper_sink_result(&d->bytes, d->surface);
	cairo_surface_destroy(d->surface);
	if (fclose(d->body) && !error)
		error = -ENOMEM;
	if (!error)
		error = hand_over(d);
	free(d->body_text);
	return error;
}

/* --- text --------------------------------------------------------------------------------------
 */

struct type_of {
	double size, leading;
	int weight;
	enum shade shade;
};

static PangoLayout *wrapped(
	struct document *d, const char *text, const struct type_of *t, double width)
{
	PangoLayout *layout = canvas_layout(d->paper, text, t->size, t->weight);
	pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
	pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
	pango_layout_set_line_spacing(layout, (float)t->leading);
	return layout;
}

static double layout_height(PangoLayout *layout)
{
	PangoRectangle logical;
	pango_layout_get_extents(layout, NULL, &logical);
	return (double)logical.height / PANGO_SCALE;
}

static double text_size(struct document *d, const char *text, const struct type_of *t, double width)
{
	PangoLayout *layout = wrapped(d, text, t, width);
	double h = layout_height(layout);
	g_object_unref(layout);
	return h;
}

static void put_text(struct document *d, double x, double y, double width, const char *text,
	const struct type_of *t, PangoAlignment align)
{
	PangoLayout *layout = wrapped(d, text, t, width);
	struct colour c = canvas_colour(t->shade);
	pango_layout_set_alignment(layout, align);
	cairo_set_source_rgb(d->cr, c.r, c.g, c.b);
	cairo_move_to(d->cr, x, y);
	pango_cairo_show_layout(d->cr, layout);
	cairo_new_path(d->cr);
	g_object_unref(layout);
}

/* A block of the page's width, as one tag. */
static void flow_text(
	struct document *d, const char *tag, const char *text, const struct type_of *t, double gap)
{
	double h = text_size(d, text, t, WIDTH);
	room_for(d, h);
	cairo_tag_begin(d->cr, tag, NULL);
	put_text(d, SIDE, d->y, WIDTH, text, t, PANGO_ALIGN_LEFT);
	cairo_tag_end(d->cr, tag);
	d->y += h + gap;
	d->fresh = false;
}

static void pdf_title(struct document *d, const char *title, const char *below)
{
	static const struct type_of big = { 27, 1.05F, 700, SHADE_NIGHT };
	static const struct type_of small = { 11.5, 1.2F, 400, SHADE_SOFT };
	flow_text(d, "H1", title, &big, 4);
	flow_text(d, "P", below, &small, 12);
}

static void pdf_heading(struct document *d, int level, const char *text)
{
	static const struct type_of types[] = { { 16.5, 1.1F, 700, SHADE_NIGHT },
		{ 11.5, 1.1F, 600, SHADE_NIGHT } };
	d->y += d->fresh ? 0 : level == 2 ? 14 : 8;
	room_for(d, level == 2 ? 150 : 90); /* never alone at the foot of a page */
	if (level == 2) {
		char at[64];
		snprintf(at, sizeof(at), "page=%u pos=[%.0f %.0f]", d->pages + 1, SIDE, d->y);
		cairo_pdf_surface_add_outline(d->surface, CAIRO_PDF_OUTLINE_ROOT, text, at, 0);
	}
	flow_text(d, level == 2 ? "H2" : "H3", text, &types[level > 2], level == 2 ? 8 : 5);
}

static void pdf_page(struct document *d)
{
	if (!d->fresh)
		end_page(d);
}

static void pdf_text(struct document *d, const char *text, bool note)
{
	static const struct type_of plain = { BODY, 1.3F, 400, SHADE_NIGHT };
	static const struct type_of lesser = { 8.4, 1.3F, 400, SHADE_SOFT };
	flow_text(d, "P", text, note ? &lesser : &plain, 8);
}

static void pdf_notice(
	struct document *d, bool grave, const char *title, const char *const *lines, size_t count)
{
	static const struct type_of head = { 10.5, 1.2F, 700, SHADE_NIGHT };
	static const struct type_of line = { BODY, 1.25F, 400, SHADE_NIGHT };
	double inner = WIDTH - 30, h = 20 + text_size(d, title, &head, inner) + 3;
	for (size_t i = 0; i < count; i++)
		h += text_size(d, lines[i], &line, inner - 12) + 3;
	room_for(d, h);
	struct canvas c = canvas_at(d, SIDE, d->y);
	canvas_rect(&c, (struct box){ 0, 0, WIDTH, h }, 4, SHADE_PANEL);
	canvas_rect(&c, (struct box){ 0, 0, 5, h }, 2, grave ? SHADE_GRAVE : SHADE_MAIN);
	double y = d->y + 10;
	cairo_tag_begin(d->cr, "H2", NULL);
	put_text(d, SIDE + 18, y, inner, title, &head, PANGO_ALIGN_LEFT);
	cairo_tag_end(d->cr, "H2");
	y += text_size(d, title, &head, inner) + 5;
	cairo_tag_begin(d->cr, "L", NULL);
	for (size_t i = 0; i < count; i++) {
		cairo_tag_begin(d->cr, "LI", NULL);
		if (count > 1)
			put_text(d, SIDE + 18, y, 12, "–", &line, PANGO_ALIGN_LEFT);
		put_text(d, SIDE + 18 + (count > 1 ? 12 : 0), y, inner - 12, lines[i], &line,
			PANGO_ALIGN_LEFT);
		cairo_tag_end(d->cr, "LI");
		y += text_size(d, lines[i], &line, inner - 12) + 3;
	}
	cairo_tag_end(d->cr, "L");
	d->y += h + 12;
	d->fresh = false;
}

/* --- tiles -------------------------------------------------------------------------------------
 */

#define TILE_H   66.0
#define TILE_GAP 8.0

static void tile(struct document *d, const struct document_tile *t, double x, double y, double w)
{
	static const struct type_of note = { 8.2, 1.15F, 400, SHADE_SOFT };
	struct pen value = { 23, 700, SHADE_NIGHT, ALIGN_START };
	struct pen label = { 9.2, 600, SHADE_NIGHT, ALIGN_START };
	struct canvas c = canvas_at(d, x, y);
	canvas_rect(&c, (struct box){ 0, 0, w, TILE_H }, 4, SHADE_PANEL);
	cairo_tag_begin(d->cr, "P", NULL);
	canvas_text(&c, 10, 26, w - 16, t->value, &value);
	canvas_text(&c, 10, 40, w - 16, t->label, &label);
	put_text(d, x + 10, y + 44, w - 16, t->note ? t->note : "", &note, PANGO_ALIGN_LEFT);
	cairo_tag_end(d->cr, "P");
}

static void pdf_tiles(struct document *d, const struct document_tile *tiles, size_t count)
{
	double w = (WIDTH - 2 * TILE_GAP) / 3;
	for (size_t i = 0; i < count; i++) {
		if (i % 3 == 0)
			room_for(d, TILE_H);
		tile(d, &tiles[i], SIDE + (double)(i % 3) * (w + TILE_GAP), d->y, w);
		d->fresh = false;
		if (i % 3 == 2 || i + 1 == count)
			d->y += TILE_H + TILE_GAP;
	}
	d->y += 6;
}

/* --- tables ------------------------------------------------------------------------------------
 */

struct grid {
	struct document *d;
	const struct document_table *t;
	double *lefts; /* column_count + 1 of them */
};

static const struct type_of head_type = { 7.8, 1.1F, 600, SHADE_SOFT };
static const struct type_of cell_type = { CELL, 1.15F, 400, SHADE_NIGHT };
static const struct type_of total_type = { CELL, 1.15F, 700, SHADE_NIGHT };

static double cell_width(const struct grid *g, size_t column)
{
	return g->lefts[column + 1] - g->lefts[column] - 2 * PAD;
}

static double row_height(const struct grid *g, const char *const *cells, const struct type_of *type)
{
	double h = 0;
	for (size_t i = 0; i < g->t->column_count; i++)
		h = fmax(h, text_size(g->d, cells[i], type, cell_width(g, i)));
	return h + 2 * PAD * 0.75;
}

static void put_row(const struct grid *g, const char *const *cells, const struct type_of *type,
	double h, const char *tag)
{
	struct document *d = g->d;
	cairo_tag_begin(d->cr, "TR", NULL);
	for (size_t i = 0; i < g->t->column_count; i++) {
		const char *kind = i == 0 ? "TH" : tag;
		cairo_tag_begin(d->cr, kind, NULL);
		put_text(d, g->lefts[i] + PAD, d->y + PAD * 0.75, cell_width(g, i), cells[i], type,
			g->t->columns[i].number ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT);
		cairo_tag_end(d->cr, kind);
	}
	cairo_tag_end(d->cr, "TR");
	d->y += h;
	d->fresh = false;
}

static void rule(struct document *d, double width, enum shade s)
{
	struct canvas c = canvas_at(d, SIDE, d->y);
	canvas_line(&c, 0, 0, WIDTH, 0, width, s);
}

static void put_heads(const struct grid *g, const char *const *heads)
{
	put_row(g, heads, &head_type, row_height(g, heads, &head_type), "TH");
	rule(g->d, 0.9, SHADE_NIGHT);
}

static void put_rows(const struct grid *g, const char *const *heads)
{
	const struct document_table *t = g->t;
	struct document *d = g->d;
	for (size_t r = 0; r < t->row_count; r++) {
		bool total = t->total && r + 1 == t->row_count;
		const struct type_of *type = total ? &total_type : &cell_type;
		const char *const *cells = t->cells + r * t->column_count;
		double h = row_height(g, cells, type);
		if (d->y + h > ROOM_END) {
			cairo_tag_end(d->cr, "Table");
			end_page(d);
			cairo_tag_begin(d->cr, "Table", NULL);
			put_heads(g, heads);
		}
		if (total)
			rule(d, 0.9, SHADE_NIGHT);
		put_row(g, cells, type, h, "TD");
		rule(d, 0.4, SHADE_RULE);
	}
}

static void pdf_table(struct document *d, const struct document_table *t)
{
	static const struct type_of caption = { 9, 1.1F, 600, SHADE_NIGHT };
	double *lefts = calloc(t->column_count + 1, sizeof(*lefts)), sum = 0;
	const char **heads = calloc(t->column_count, sizeof(*heads));
	if (!lefts || !heads) {
		d->error = -ENOMEM;
		free(lefts);
		free(heads);
		return;
	}
	for (size_t i = 0; i < t->column_count; i++)
		sum += t->columns[i].weight;
	lefts[0] = SIDE;
	for (size_t i = 0; i < t->column_count; i++) {
		heads[i] = t->columns[i].head;
		lefts[i + 1] = lefts[i] + t->columns[i].weight / sum * WIDTH;
	}
	struct grid g = { d, t, lefts };
	room_for(d, 70);
	if (t->caption)
		flow_text(d, "P", t->caption, &caption, 3);
	cairo_tag_begin(d->cr, "Table", NULL);
	put_heads(&g, heads);
	put_rows(&g, heads);
	cairo_tag_end(d->cr, "Table");
	d->y += 12;
	free(lefts);
	free(heads);
}

/* --- pictures ----------------------------------------------------------------------------------
 */

static void pdf_charts(
	struct document *d, const struct document_chart *charts, size_t count, size_t across)
{
	double gap = 16, w = (WIDTH - gap * (double)(across - 1)) / (double)across;
	for (size_t i = 0; i < count; i++) {
		double h = chart_height(&charts[i]);
		if (i % across == 0)
			room_for(d, h);
		struct canvas c = canvas_at(d, SIDE + (double)(i % across) * (w + gap), d->y);
		cairo_tag_begin(d->cr, "Figure", NULL);
		chart_draw(&c, w, &charts[i]);
		cairo_tag_end(d->cr, "Figure");
		d->fresh = false;
		if (i % across == across - 1 || i + 1 == count)
			d->y += h + 12;
	}
}

static void pdf_bars(struct document *d, const struct document_bars *b)
{
	struct document_bars part = *b;
	for (size_t i = 0; i < b->count; i += part.count) {
		part.bars = b->bars + i;
		part.count = b->count - i < 30 ? b->count - i : 30;
		room_for(d, bars_height(&part));
		struct canvas c = canvas_at(d, SIDE, d->y);
		cairo_tag_begin(d->cr, "Figure", NULL);
		bars_draw(&c, WIDTH, &part);
		cairo_tag_end(d->cr, "Figure");
		d->y += bars_height(&part) + 10;
		d->fresh = false;
	}
}

static void pdf_flow(struct document *d, const struct document_flow *f)
{
	room_for(d, flow_height(f));
	struct canvas c = canvas_at(d, SIDE, d->y);
	cairo_tag_begin(d->cr, "Figure", NULL);
	flow_draw(&c, WIDTH, f);
	cairo_tag_end(d->cr, "Figure");
	d->y += flow_height(f) + 8;
	d->fresh = false;
}

const struct document_kind document_pdf = {
	.open = pdf_open,
	.close = pdf_close,
	.title = pdf_title,
	.heading = pdf_heading,
	.page = pdf_page,
	.text = pdf_text,
	.notice = pdf_notice,
	.tiles = pdf_tiles,
	.table = pdf_table,
	.charts = pdf_charts,
	.bars = pdf_bars,
	.flow = pdf_flow,
};
