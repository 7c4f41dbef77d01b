/* The report of a night, from its figures: as a document for people (PDF, HTML), as CSV and as
 * JSON. The same figures give the same bytes. One thread. */
#ifndef PARVIS_NIGHT_REPORT_H
#define PARVIS_NIGHT_REPORT_H

#include "base/cc.h"
#include "night/figures.h"
#include "ui/paper/document.h"

enum report_format { REPORT_PDF, REPORT_HTML, REPORT_CSV, REPORT_JSON, REPORT_FORMATS };

struct report {
	const struct event *event;
	const struct figures *figures;
	enum language language;
	int64_t made_ms; /* what the document says of when it was drawn up */
};

/* 0, -ENOMEM, -EIO or what the writer gave. `paper` is needed for PDF and HTML alone. */
NODISCARD int report_write(const struct report *r, enum report_format format, struct paper *paper,
	paper_write *write, void *context);

#endif
