#include "port/printer.h"

#include "base/text.h"

#include <cups/cups.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_MS 4000
#define ANSWER_S   6.0
#define JOBS_MAX   500

struct printer {
	char uri[512], host[256], resource[256];
	int port;
	http_encryption_t encryption;
	int cancelled; /* libcups polls it while it connects */
};

int printer_open(struct printer **out, const char *uri)
{
	char scheme[32], user[64];
	struct printer *p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	http_uri_status_t status = httpSeparateURI(HTTP_URI_CODING_ALL, uri, scheme, sizeof(scheme),
		user, sizeof(user), p->host, sizeof(p->host), &p->port, p->resource,
		sizeof(p->resource));
	bool secure = !strcmp(scheme, "ipps");
	bool good = status >= HTTP_URI_STATUS_OK && (secure || !strcmp(scheme, "ipp")) &&
		    *p->host && text_copy(p->uri, sizeof(p->uri), uri);
	if (!good) {
		free(p);
		return -EINVAL;
	}
	p->encryption = secure ? HTTP_ENCRYPTION_ALWAYS : HTTP_ENCRYPTION_IF_REQUESTED;
	*out = p;
	return 0;
}

void printer_close(struct printer *p)
{
	free(p);
}

void printer_cancel(struct printer *p)
{
	__atomic_store_n(&p->cancelled, 1, __ATOMIC_RELEASE);
}

static bool is_cancelled(const struct printer *p)
{
	return __atomic_load_n(&p->cancelled, __ATOMIC_ACQUIRE);
}

/* Non-zero: wait on. */
static int on_timeout(http_t *http, void *context)
{
	(void)http;
	(void)context;
	return 0;
}

static int connect_to(struct printer *p, http_t **out)
{
	if (is_cancelled(p))
		return -ECANCELED;
	http_t *http = httpConnect2(
		p->host, p->port, NULL, AF_UNSPEC, p->encryption, 1, CONNECT_MS, &p->cancelled);
	if (!http)
		return is_cancelled(p) ? -ECANCELED : -EHOSTUNREACH;
	httpSetTimeout(http, ANSWER_S, on_timeout, NULL);
	*out = http;
	return 0;
}

static ipp_t *request_new(const struct printer *p, ipp_op_t op)
{
	ipp_t *q = ippNewRequest(op);
	ippAddString(q, IPP_TAG_OPERATION, IPP_TAG_URI, "printer-uri", NULL, p->uri);
	ippAddString(q, IPP_TAG_OPERATION, IPP_TAG_NAME, "requesting-user-name", NULL, "parvis");
	return q;
}

/* Sends a request without a document. *out is the answer, to be given to ippDelete(), when the
 * printer has agreed. The request is consumed. */
static int ask(struct printer *p, ipp_t *q, ipp_t **out)
{
	http_t *http;
	int error = connect_to(p, &http);
	if (error) {
		ippDelete(q);
		return error;
	}
	ipp_t *answer = cupsDoRequest(http, q, p->resource);
	httpClose(http);
	if (!answer)
		return -EHOSTUNREACH;
	ipp_status_t status = ippGetStatusCode(answer);
	if (status < IPP_STATUS_REDIRECTION_OTHER_SITE && status != IPP_STATUS_CUPS_INVALID) {
		*out = answer;
		return 0;
	}
	ippDelete(answer);
	return status == IPP_STATUS_ERROR_NOT_FOUND || status == IPP_STATUS_ERROR_GONE ? -ENOENT
										       : -EPROTO;
}

/* --- how it does --- */

/* A keyword with or without a severity: media-empty, media-empty-error, media-empty-warning. What
 * is merely reported (-report) stands in nobody's way. */
static uint32_t reason_of(const char *keyword)
{
	static const struct {
		const char *begins;
		enum printer_reason reason;
	} reasons[] = {
		{ "media-empty", PRINTER_MEDIA_EMPTY },
		{ "media-needed", PRINTER_MEDIA_EMPTY },
		{ "cover-open", PRINTER_COVER_OPEN },
		{ "door-open", PRINTER_COVER_OPEN },
		{ "interlock-open", PRINTER_COVER_OPEN },
		{ "offline", PRINTER_OFFLINE },
		{ "shutdown", PRINTER_OFFLINE },
		{ "connecting-to-device", PRINTER_OFFLINE },
		{ "timed-out", PRINTER_OFFLINE },
		{ "paused", PRINTER_IS_STOPPED },
		{ "stopped", PRINTER_IS_STOPPED },
		{ "media-jam", PRINTER_IS_STOPPED },
	};
	size_t n = strlen(keyword);
	if (n > 7 && !strcmp(keyword + n - 7, "-report"))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (!strncmp(keyword, reasons[i].begins, strlen(reasons[i].begins)))
			return reasons[i].reason;
	return 0;
}

static uint32_t reasons_of(ipp_t *answer)
{
	ipp_attribute_t *why = ippFindAttribute(answer, "printer-state-reasons", IPP_TAG_KEYWORD);
	ipp_attribute_t *state = ippFindAttribute(answer, "printer-state", IPP_TAG_ENUM);
	ipp_attribute_t *takes =
		ippFindAttribute(answer, "printer-is-accepting-jobs", IPP_TAG_BOOLEAN);
	uint32_t reasons = 0;
	for (int i = 0; why && i < ippGetCount(why); i++)
		reasons |= reason_of(ippGetString(why, i, NULL));
	if (state && ippGetInteger(state, 0) == IPP_PSTATE_STOPPED)
		reasons |= PRINTER_IS_STOPPED;
	if (takes && !ippGetBoolean(takes, 0))
		reasons |= PRINTER_NOT_TAKING;
	return reasons;
}

static enum printer_format format_of(ipp_t *answer)
{
	ipp_attribute_t *formats =
		ippFindAttribute(answer, "document-format-supported", IPP_TAG_MIMETYPE);
	if (formats && ippContainsString(formats, "application/pdf"))
		return PRINTER_PDF;
	if (formats && ippContainsString(formats, "image/pwg-raster"))
		return PRINTER_PWG;
	return PRINTER_NO_FORMAT;
}

static uint32_t dpi_of(ipp_t *answer)
{
	static const char *const names[] = { "pwg-raster-document-resolution-supported",
		"printer-resolution-default" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		ipp_attribute_t *a = ippFindAttribute(answer, names[i], IPP_TAG_RESOLUTION);
		int y = 0;
		ipp_res_t unit = IPP_RES_PER_INCH;
		int x = a ? ippGetResolution(a, 0, &y, &unit) : 0;
		if (x >= 72 && x <= 1200 && x == y && unit == IPP_RES_PER_INCH)
			return (uint32_t)x;
	}
	return 300;
}

int printer_status(struct printer *p, struct printer_status *out)
{
	static const char *const wanted[] = { "printer-state", "printer-state-reasons",
		"printer-is-accepting-jobs", "document-format-supported",
		"pwg-raster-document-resolution-supported", "printer-resolution-default" };
	ipp_t *q = request_new(p, IPP_OP_GET_PRINTER_ATTRIBUTES), *answer;
	ippAddStrings(q, IPP_TAG_OPERATION, IPP_TAG_KEYWORD, "requested-attributes",
		(int)ARRAY_LEN(wanted), NULL, wanted);
	int error = ask(p, q, &answer);
	if (error)
		return error;
	*out = (struct printer_status){ reasons_of(answer), format_of(answer), dpi_of(answer) };
	ippDelete(answer);
	return 0;
}

/* --- handing over --- */

/* Hundredths of a millimetre, no margins: a label is printed to its edge. */
static void add_media(ipp_t *q, const struct printer_label *label)
{
	ipp_t *size = ippNew(), *media = ippNew();
	ippAddInteger(
		size, IPP_TAG_ZERO, IPP_TAG_INTEGER, "x-dimension", (int)(label->width_um / 10));
	ippAddInteger(
		size, IPP_TAG_ZERO, IPP_TAG_INTEGER, "y-dimension", (int)(label->height_um / 10));
	ippAddCollection(media, IPP_TAG_ZERO, "media-size", size);
	static const char *const margins[] = { "media-top-margin", "media-bottom-margin",
		"media-left-margin", "media-right-margin" };
	for (size_t i = 0; i < ARRAY_LEN(margins); i++)
		ippAddInteger(media, IPP_TAG_ZERO, IPP_TAG_INTEGER, margins[i], 0);
	ippAddCollection(q, IPP_TAG_JOB, "media-col", media);
	ippDelete(size);
	ippDelete(media);
}

static ipp_t *label_request(const struct printer *p, const struct printer_label *label)
{
	static const char *const formats[] = {
		[PRINTER_PDF] = "application/pdf",
		[PRINTER_PWG] = "image/pwg-raster",
	};
	ipp_t *q = request_new(p, IPP_OP_PRINT_JOB);
	ippAddString(q, IPP_TAG_OPERATION, IPP_TAG_NAME, "job-name", NULL, label->job_name);
	ippAddString(q, IPP_TAG_OPERATION, IPP_TAG_MIMETYPE, "document-format", NULL,
		formats[label->format]);
	ippAddInteger(q, IPP_TAG_JOB, IPP_TAG_INTEGER, "copies", 1);
	add_media(q, label);
	return q;
}

/* What the printer has said to a document, or that it has said nothing. */
static int read_answer(http_t *http, const struct printer *p, int32_t *job)
{
	ipp_t *answer = cupsGetResponse(http, p->resource);
	if (!answer)
		return -EINPROGRESS;
	ipp_status_t status = ippGetStatusCode(answer);
	ipp_attribute_t *id = ippFindAttribute(answer, "job-id", IPP_TAG_INTEGER);
	int error = 0;
	if (status == IPP_STATUS_ERROR_BUSY || status == IPP_STATUS_ERROR_NOT_ACCEPTING_JOBS ||
		status == IPP_STATUS_ERROR_SERVICE_UNAVAILABLE)
		error = -EAGAIN;
	else if (status >= IPP_STATUS_REDIRECTION_OTHER_SITE)
		error = -EPROTO;
	else if (!id)
		error = -EINPROGRESS;
	else
		*job = ippGetInteger(id, 0);
	ippDelete(answer);
	return error;
}

/* Before the document is whole on its way the printer cannot have printed it. */
int printer_send(struct printer *p, const struct printer_label *label, int32_t *job)
{
	http_t *http;
	if (label->format == PRINTER_NO_FORMAT)
		return -EPROTO;
	int error = connect_to(p, &http);
	if (error)
		return error;
	ipp_t *q = label_request(p, label);
	http_status_t status = cupsSendRequest(http, q, p->resource, ippLength(q) + label->len);
	ippDelete(q);
	if (status != HTTP_STATUS_CONTINUE) {
		httpClose(http);
		return -EHOSTUNREACH;
	}
	status = cupsWriteRequestData(http, label->bytes, label->len);
	error = read_answer(http, p, job);
	if (error == -EINPROGRESS && status == HTTP_STATUS_SERVICE_UNAVAILABLE)
		error = -EAGAIN;
	httpClose(http);
	return error;
}

/* --- what became of it --- */

static enum printer_job_state job_state(int state)
{
	if (state == IPP_JSTATE_COMPLETED)
		return PRINTER_JOB_DONE;
	return state > IPP_JSTATE_STOPPED ? PRINTER_JOB_FAILED : PRINTER_JOB_WAITING;
}

int printer_job(struct printer *p, int32_t job, const char *job_name, enum printer_job_state *state)
{
	static const char *const wanted[] = { "job-id", "job-state", "job-name" };
	ipp_t *q = request_new(p, IPP_OP_GET_JOB_ATTRIBUTES), *answer;
	ippAddInteger(q, IPP_TAG_OPERATION, IPP_TAG_INTEGER, "job-id", job);
	ippAddStrings(q, IPP_TAG_OPERATION, IPP_TAG_KEYWORD, "requested-attributes",
		(int)ARRAY_LEN(wanted), NULL, wanted);
	int error = ask(p, q, &answer);
	if (error)
		return error;
	ipp_attribute_t *a = ippFindAttribute(answer, "job-state", IPP_TAG_ENUM);
	ipp_attribute_t *name = ippFindAttribute(answer, "job-name", IPP_TAG_NAME);
	if (!a)
		error = -EPROTO;
	else if (!name || strcmp(ippGetString(name, 0, NULL), job_name))
		error = -ENOENT;
	else
		*state = job_state(ippGetInteger(a, 0));
	ippDelete(answer);
	return error;
}

struct found {
	const char *name;
	int32_t job;
	enum printer_job_state state;
};

/* Walks the jobs of an answer: each is a group of attributes. */
static void find_in(ipp_t *answer, struct found *f)
{
	int id = 0, state = 0;
	const char *name = NULL;
	for (ipp_attribute_t *a = ippFirstAttribute(answer);; a = ippNextAttribute(answer)) {
		const char *what = a ? ippGetName(a) : NULL;
		if (!what) {
			if (name && !strcmp(name, f->name) && id > f->job) {
				f->job = id;
				f->state = job_state(state);
			}
			id = 0;
			name = NULL;
		} else if (!strcmp(what, "job-id")) {
			id = ippGetInteger(a, 0);
		} else if (!strcmp(what, "job-state")) {
			state = ippGetInteger(a, 0);
		} else if (!strcmp(what, "job-name")) {
			name = ippGetString(a, 0, NULL);
		}
		if (!a)
			return;
	}
}

int printer_find(
	struct printer *p, const char *job_name, int32_t *job, enum printer_job_state *state)
{
	static const char *const wanted[] = { "job-id", "job-state", "job-name" };
	static const char *const which[] = { "not-completed", "completed" };
	struct found f = { .name = job_name };
	for (size_t i = 0; i < ARRAY_LEN(which); i++) {
		ipp_t *q = request_new(p, IPP_OP_GET_JOBS), *answer;
		ippAddString(q, IPP_TAG_OPERATION, IPP_TAG_KEYWORD, "which-jobs", NULL, which[i]);
		ippAddInteger(q, IPP_TAG_OPERATION, IPP_TAG_INTEGER, "limit", JOBS_MAX);
		ippAddStrings(q, IPP_TAG_OPERATION, IPP_TAG_KEYWORD, "requested-attributes",
			(int)ARRAY_LEN(wanted), NULL, wanted);
		int error = ask(p, q, &answer);
		if (error == -ENOENT)
			continue; /* no jobs of that kind */
		if (error)
			return error;
		find_in(answer, &f);
		ippDelete(answer);
	}
	if (!f.job)
		return -ENOENT;
	*job = f.job;
	*state = f.state;
	return 0;
}
