/* What is printed: tickets and badges, drawn with cairo and pango from the kiosk's own fonts and
 * colours, without SDL. Everything is ink on white and can be read in greyscale; every code is a
 * QR symbol of error correction level M with its quiet zone of four modules (ISO/IEC 18004), as
 * vectors, or as whole pixels in pictures.
 *
 * Texts may be anything: they are made harmless here (ui/strings.h, string_clean()), wrapped, made
 * smaller, and at last cut with an ellipsis; nothing is ever drawn outside the paper. A text that
 * is "" or NULL is left out. Texts are used during the call only.
 *
 * A struct paper is for one thread at a time; each thread may have its own. Functions that can
 * fail give 0, or -ENOMEM, -EMSGSIZE (the code fits no QR symbol: more than PAPER_CODE_MAX bytes,
 * or none), -EINVAL (a size or resolution out of range), -EIO (cairo), or what the writer gave. */
#ifndef PARVIS_UI_PAPER_PAPER_H
#define PARVIS_UI_PAPER_PAPER_H

#include "base/cc.h"
#include "door/screen.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAPER_CODE_MAX  2331 /* bytes: version 40-M in byte mode */
#define PAPER_WHEN_SIZE 160

struct paper;
struct paper_pdf;

struct paper_size {
	double width_mm, height_mm;
};

/* Usual ones; every size from 20 × 20 mm to 500 × 500 mm is drawn. */
extern const struct paper_size paper_a6, paper_a5, paper_a4;
extern const struct paper_size paper_label_62x29, paper_label_54x101;

/* Takes the next bytes of a file; non-zero (-errno) ends the drawing and is what the call gives. */
typedef int paper_write(void *context, const void *bytes, size_t len);

/* fonts/fonts.conf of the assets folder (NULL: "assets"); the system's fonts where that is missing.
 * *out only on success; release with paper_close(). -ENOMEM. */
NODISCARD int paper_open(struct paper **out, const char *assets);
void paper_close(struct paper *p);

/* --- tickets --- */

struct paper_ticket {
	enum language language; /* of the ticket's own words */
	const char *title;      /* the event's */
	const char *venue;      /* its name; "": every venue, and the ticket says so */
	const char *address;    /* of the venue */
	const char *when;       /* in words: see paper_when() */
	const char *name;       /* the holder's; "": a ticket without a name */
	const char *type;       /* of ticket, such as "Intervenant·e" */
	const char *code;       /* what the symbol says: any bytes */
	size_t code_len;
	const char *short_code; /* for people: see event/short_code.h */
	bool staff;             /* a staff card: marked as one */
};

/* "jeudi 8 décembre 2016, de 19:00 à 23:30"; both days where they differ. Local time. */
void paper_when(
	char out[PAPER_WHEN_SIZE], enum language language, int64_t opens_ms, int64_t closes_ms);

/* A ticket as a file of its own, of that size. A PNG has a white ground and dpi 72 … 1200. */
NODISCARD int paper_ticket_png(struct paper *p, struct paper_size size, uint32_t dpi,
	const struct paper_ticket *t, paper_write *write, void *context);
NODISCARD int paper_ticket_svg(struct paper *p, struct paper_size size,
	const struct paper_ticket *t, paper_write *write, void *context);

enum paper_layout {
	PAPER_PAGE,  /* one ticket a page of A6 */
	PAPER_SHEET, /* eight tickets on A4, with marks to cut at */
	PAPER_LAYOUT_COUNT
};

/* A PDF of any number of tickets, written as it grows: memory does not grow with the pages, but for
 * a few dozen bytes each. The paper and the context outlive it. After a failure every further call
 * gives the same error. *out only on success. */
NODISCARD int paper_pdf_open(struct paper_pdf **out, struct paper *p, enum paper_layout layout,
	const char *title, paper_write *write, void *context);
NODISCARD int paper_pdf_ticket(struct paper_pdf *pdf, const struct paper_ticket *t);

/* Writes what is left and frees; the file is whole only when this gives 0. *pages (may be NULL)
 * is how many pages it has. NULL is allowed, and gives 0. */
NODISCARD int paper_pdf_close(struct paper_pdf *pdf, uint64_t *pages);

/* --- badges --- */

/* Wide labels have the symbol beside the name, tall ones below it. Black on white: thermal printers
 * have no greys. */
struct paper_badge {
	const char *name;  /* first name, as large as it fits; "": the event's title in its place */
	const char *event; /* the event's title */
	const char *venue;
	const char *code; /* NULL: neither symbol nor short code */
	size_t code_len;
	const char *short_code;
};

/* A PDF of `copies` pages of that size. */
NODISCARD int paper_badge_pdf(struct paper *p, struct paper_size size, uint32_t copies,
	const struct paper_badge *b, paper_write *write, void *context);

/* For printers of pixels, and for screens. */
struct paper_pixels {
	uint8_t *grey;          /* 0 black … 255 white, width × height, no padding; free() */
	uint32_t width, height; /* the size at that resolution, rounded */
};

/* dpi 72 … 1200. *out only on success. */
NODISCARD int paper_badge_pixels(struct paper *p, struct paper_size size, uint32_t dpi,
	const struct paper_badge *b, struct paper_pixels *out);
NODISCARD int paper_badge_png(struct paper *p, struct paper_size size, uint32_t dpi,
	const struct paper_badge *b, paper_write *write, void *context);

#endif
