#include "ui/paper/document_parts.h"

#include "door/language.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PICTURE_W 680.0

static const char style[] =
	"html{-webkit-text-size-adjust:100%}\n"
	"body{margin:0;background:#fff;color:#10203a;font:16px/1.5 Inter,\"Noto Sans\","
	"\"Helvetica Neue\",Arial,sans-serif;font-feature-settings:\"tnum\"}\n"
	"main{max-width:54rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}\n"
	"h1{font-size:2.4rem;line-height:1.1;margin:0 0 .4rem}\n"
	"h2{font-size:1.5rem;margin:3rem 0 .75rem;padding-top:.5rem}\n"
	"h3{font-size:1.05rem;margin:1.75rem 0 .5rem}\n"
	".below{font-size:1.1rem;color:#475670;margin:0 0 1.5rem}\n"
	".note{font-size:.9rem;color:#475670}\n"
	"nav ol{columns:2;padding-left:1.25rem}\n"
	"a{color:#1f5fd0}\n"
	"dl.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr));gap:.75rem;"
	"margin:1.5rem 0}\n"
	"dl.tiles>div{background:#f2f5fa;border-radius:6px;padding:.9rem 1rem;display:flex;"
	"flex-direction:column}\n"
	"dl.tiles dt{order:2;font-weight:600}\n"
	"dl.tiles dd{margin:0;order:3;font-size:.9rem;color:#475670}\n"
	"dl.tiles dd.value{order:1;font-size:2.1rem;line-height:1.15;font-weight:700;color:#10203a}\n"
	".notice{background:#f2f5fa;border-left:6px solid #1f5fd0;border-radius:6px;"
	"padding:1rem 1.25rem;margin:1.5rem 0}\n"
	".notice.grave{border-left-color:#ffc53d}\n"
	".notice h2{font-size:1.1rem;margin:0;padding:0}\n"
	".notice ul{margin:.5rem 0 0;padding-left:1.2rem}\n"
	"figure{margin:1.25rem 0}\n"
	"figure svg{width:100%;height:auto;display:block}\n"
	".charts{display:grid;gap:1rem}\n"
	"@media(min-width:40rem){.charts.two{grid-template-columns:1fr 1fr}}\n"
	".wide{overflow-x:auto;margin:1rem 0}\n"
	"table{border-collapse:collapse;width:100%;font-size:.9rem}\n"
	"caption{text-align:left;font-weight:600;padding:.25rem 0}\n"
	"th,td{padding:.3rem .6rem;border-bottom:1px solid #c9d4e6;text-align:left;"
	"vertical-align:top}\n"
	"thead th{border-bottom:2px solid #10203a;color:#475670;font-size:.82rem}\n"
	"tbody th{font-weight:400}\n"
	".n{text-align:right;white-space:nowrap}\n"
	"tr.total>*{font-weight:700;border-top:2px solid #10203a}\n"
	"@media print{main{padding:0;max-width:none}h2{break-after:avoid}"
	"figure,tr,.notice{break-inside:avoid}body{font-size:11px}}\n";

static int html_open(struct document *d)
{
	d->body = open_memstream(&d->body_text, &d->body_size);
	d->contents = open_memstream(&d->contents_text, &d->contents_size);
	return d->body && d->contents ? 0 : -ENOMEM;
}

static void end_section(struct document *d)
{
	if (d->open_section)
		fputs("</section>\n", d->body);
	d->open_section = false;
}

static void write_all(struct document *d, FILE *out)
{
	fprintf(out,
		"<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"generator\" content=\"Parvis " PARVIS_VERSION "\">\n<title>",
		language_codes[d->setup.language]);
	canvas_escape(out, d->title);
	fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n", style);
	fputs(d->body_text, out);
	fputs("</main>\n</body>\n</html>\n", out);
}

/* Where the table of contents belongs; no text of a document has such bytes, since < is escaped. */
#define CONTENTS_HERE "<contents/>"

static int put(struct document *d, const char *bytes, size_t len)
{
	return len ? d->sink.write(d->sink.context, bytes, len) : 0;
}

static int write_out(struct document *d)
{
	char *whole = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&whole, &size);
	if (!out)
		return -ENOMEM;
	write_all(d, out);
	if (fclose(out)) {
		free(whole);
		return -ENOMEM;
	}
	const char *here = strstr(whole, CONTENTS_HERE);
	size_t before = here ? (size_t)(here - whole) : size;
	int error = put(d, whole, before);
	if (!error && here)
		error = put(d, d->contents_text, d->contents_size);
	if (!error && here)
		error = put(d, here + strlen(CONTENTS_HERE), size - before - strlen(CONTENTS_HERE));
	free(whole);
	return error;
}

static int html_close(struct document *d)
{
	end_section(d);
	if (d->headings)
		fputs("</ol>\n</nav>\n", d->contents);
	int error = fclose(d->body) || fclose(d->contents) ? -ENOMEM : 0;
	if (!error && !d->error)
		error = write_out(d);
	free(d->body_text);
	free(d->contents_text);
	return error;
}

static void element(FILE *out, const char *open, const char *text, const char *close)
{
	fputs(open, out);
	canvas_escape(out, text);
	fputs(close, out);
	fputc('\n', out);
}

static void html_title(struct document *d, const char *title, const char *below)
{
	fputs("<header>\n", d->body);
	element(d->body, "<h1>", title, "</h1>");
	element(d->body, "<p class=\"below\">", below, "</p>");
	fputs("</header>\n" CONTENTS_HERE, d->body);
}

static void html_heading(struct document *d, int level, const char *text)
{
	if (level > 2) {
		element(d->body, "<h3>", text, "</h3>");
		return;
	}
	end_section(d);
	d->headings++;
	fprintf(d->body, "<section aria-labelledby=\"s%u\">\n<h2 id=\"s%u\">", d->headings,
		d->headings);
	element(d->body, "", text, "</h2>");
	d->open_section = true;
	if (d->headings == 1) {
		fputs("<nav aria-label=\"", d->contents);
		canvas_escape(d->contents, d->setup.contents);
		fputs("\">\n<ol>\n", d->contents);
	}
	fprintf(d->contents, "<li><a href=\"#s%u\">", d->headings);
	element(d->contents, "", text, "</a></li>");
}

static void html_page(struct document *d)
{
	(void)d;
}

static void html_text(struct document *d, const char *text, bool note)
{
	element(d->body, note ? "<p class=\"note\">" : "<p>", text, "</p>");
}

static void html_notice(
	struct document *d, bool grave, const char *title, const char *const *lines, size_t count)
{
	fprintf(d->body, "<aside class=\"notice%s\">\n", grave ? " grave" : "");
	element(d->body, "<h2>", title, "</h2>");
	fputs("<ul>\n", d->body);
	for (size_t i = 0; i < count; i++)
		element(d->body, "<li>", lines[i], "</li>");
	fputs("</ul>\n</aside>\n", d->body);
}

static void html_tiles(struct document *d, const struct document_tile *tiles, size_t count)
{
	fputs("<dl class=\"tiles\">\n", d->body);
	for (size_t i = 0; i < count; i++) {
		element(d->body, "<div><dt>", tiles[i].label, "</dt>");
		element(d->body, "<dd class=\"value\">", tiles[i].value, "</dd>");
		if (tiles[i].note)
			element(d->body, "<dd>", tiles[i].note, "</dd>");
		fputs("</div>\n", d->body);
	}
	fputs("</dl>\n", d->body);
}

static void html_row(struct document *d, const struct document_table *t, size_t row)
{
	const char *const *cells = t->cells + row * t->column_count;
	fputs(t->total && row + 1 == t->row_count ? "<tr class=\"total\">" : "<tr>", d->body);
	for (size_t i = 0; i < t->column_count; i++) {
		fputs(i ? "<td" : "<th scope=\"row\"", d->body);
		fputs(t->columns[i].number ? " class=\"n\">" : ">", d->body);
		canvas_escape(d->body, cells[i]);
		fputs(i ? "</td>" : "</th>", d->body);
	}
	fputs("</tr>\n", d->body);
}

static void html_table(struct document *d, const struct document_table *t)
{
	fputs("<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"", d->body);
	canvas_escape(d->body, t->caption);
	fputs("\">\n<table>\n", d->body);
	element(d->body, "<caption>", t->caption, "</caption>");
	fputs("<thead><tr>", d->body);
	for (size_t i = 0; i < t->column_count; i++) {
		fputs(t->columns[i].number ? "<th scope=\"col\" class=\"n\">"
					   : "<th scope=\"col\">",
			d->body);
		canvas_escape(d->body, t->columns[i].head);
		fputs("</th>", d->body);
	}
	fputs("</tr></thead>\n<tbody>\n", d->body);
	for (size_t r = 0; r < t->row_count; r++)
		html_row(d, t, r);
	fputs("</tbody>\n</table>\n</div>\n", d->body);
}

/* --- pictures ----------------------------------------------------------------------------------
 */

static struct canvas picture(
	struct document *d, double w, double h, const char *title, const char *alt)
{
	d->pictures++;
	fprintf(d->body,
		"<figure>\n<svg viewBox=\"0 0 %.1f %.1f\" role=\"img\" "
		"aria-labelledby=\"p%ut p%ud\" font-family=\"Inter,'Noto Sans',Arial,sans-serif\">"
		"\n<title id=\"p%ut\">",
		w, h, d->pictures, d->pictures, d->pictures);
	canvas_escape(d->body, title);
	fprintf(d->body, "</title>\n<desc id=\"p%ud\">", d->pictures);
	canvas_escape(d->body, alt);
	fputs("</desc>\n", d->body);
	return (struct canvas){ d->paper, NULL, d->body, 0, 0, d->setup.language };
}

static void end_picture(struct document *d)
{
	fputs("</svg>\n</figure>\n", d->body);
}

static void html_charts(
	struct document *d, const struct document_chart *charts, size_t count, size_t across)
{
	double w = across > 1 ? PICTURE_W / 2 : PICTURE_W;
	fprintf(d->body, "<div class=\"charts%s\">\n", across > 1 ? " two" : "");
	for (size_t i = 0; i < count; i++) {
		struct canvas c =
			picture(d, w, chart_height(&charts[i]), charts[i].caption, charts[i].alt);
		chart_draw(&c, w, &charts[i]);
		end_picture(d);
	}
	fputs("</div>\n", d->body);
}

static void html_bars(struct document *d, const struct document_bars *b)
{
	struct canvas c = picture(d, PICTURE_W, bars_height(b), b->caption, b->alt);
	bars_draw(&c, PICTURE_W, b);
	end_picture(d);
}

static void html_flow(struct document *d, const struct document_flow *f)
{
	struct canvas c = picture(d, PICTURE_W, flow_height(f), f->caption, f->alt);
	flow_draw(&c, PICTURE_W, f);
	end_picture(d);
}

const struct document_kind document_html = {
	.open = html_open,
	.close = html_close,
	.title = html_title,
	.heading = html_heading,
	.page = html_page,
	.text = html_text,
	.notice = html_notice,
	.tiles = html_tiles,
	.table = html_table,
	.charts = html_charts,
	.bars = html_bars,
	.flow = html_flow,
};
