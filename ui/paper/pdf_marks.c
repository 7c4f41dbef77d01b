/* cairo 1.16 writes the tree of tags but neither says that the document is tagged nor in which
 * language it is, without which screen readers do not look at the tree. Both belong to the catalog:
 * it is written once more at the end, as an incremental update (ISO 32000-1, 7.5.6). */
#include "ui/paper/document_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CATALOG "<< /Type /Catalog"

/* The last place of a text; NULL where there is none. */
static const char *last(const char *bytes, size_t size, const char *text)
{
	size_t len = strlen(text);
	for (size_t at = size >= len ? size - len + 1 : 0; at-- > 0;)
		if (!memcmp(bytes + at, text, len))
			return bytes + at;
	return NULL;
}

struct old {
	unsigned long number;              /* of the catalog's object */
	const char *rest, *rest_end;       /* of its entries */
	const char *trailer, *trailer_end; /* the trailer's entries */
	unsigned long long xref;
};

static bool look(const char *bytes, size_t size, struct old *o)
{
	const char *catalog = last(bytes, size, CATALOG),
		   *trailer = last(bytes, size, "trailer\n<<");
	const char *start = last(bytes, size, "startxref\n"), *end = bytes + size;
	if (!catalog || !trailer || !start || trailer < catalog || catalog - bytes < 24)
		return false;
	o->rest = catalog + strlen(CATALOG);
	o->rest_end = memmem(o->rest, (size_t)(end - o->rest), "endobj", strlen("endobj"));
	o->trailer = trailer + strlen("trailer\n<<");
	o->trailer_end = memmem(o->trailer, (size_t)(end - o->trailer), ">>", 2);
	o->xref = strtoull(start + strlen("startxref\n"), NULL, 10);
	const char *obj = catalog - strlen(" 0 obj\n");
	if (!o->rest_end || !o->trailer_end || memcmp(obj, " 0 obj\n", strlen(" 0 obj\n")) != 0)
		return false;
	while (obj > bytes && obj[-1] >= '0' && obj[-1] <= '9')
		obj--;
	o->number = strtoul(obj, NULL, 10);
	return o->number > 0 && !memmem(o->rest, (size_t)(o->rest_end - o->rest), "/MarkInfo", 9);
}

int pdf_marks(const char *bytes, size_t size, enum language language, FILE *out)
{
	struct old o;
	fwrite(bytes, 1, size, out);
	if (!look(bytes, size, &o)) /* another cairo: it is whole as it is */
		return ferror(out) ? -EIO : 0;
	fprintf(out,
		"%lu 0 obj\n" CATALOG "\n   /Lang (%s)\n   /MarkInfo << /Marked true >>\n"
		"   /ViewerPreferences << /DisplayDocTitle true >>%.*sendobj\n",
		o.number, language_codes[language], (int)(o.rest_end - o.rest), o.rest);
	long at = ftell(out);
	fprintf(out,
		"xref\n%lu 1\n%010zu 00000 n \ntrailer\n<<%.*s   /Prev %llu\n>>\nstartxref\n%ld\n"
		"%%%%EOF\n",
		o.number, size, (int)(o.trailer_end - o.trailer), o.trailer, o.xref, at);
	return ferror(out) || at < 0 ? -EIO : 0;
}
