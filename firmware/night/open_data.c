#include "night/open_data.h"

#include "base/text.h"
#include "base/when.h"

#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_MS     (3600 * INT64_C(1000))
#define LICENCE_URL "https://www.etalab.gouv.fr/licence-ouverte-open-licence/"
#define SPDX_URL    "https://spdx.org/licenses/etalab-2.0"
#define NAME_SIZE   (EVENT_TEXT_SIZE * 2 + 4)

/* --- counts ------------------------------------------------------------------------------------
 */

static int64_t slot_floor(int64_t ms)
{
	int64_t past = ms % FIGURES_SLOT_MS;
	return ms - (past < 0 ? past + FIGURES_SLOT_MS : past);
}

/* The same stretch whatever has come: where it ends tells nothing. */
int open_data_counts(struct release *out, int64_t *first_ms, const struct open_data *o)
{
	const struct figures *f = o->figures;
	if (o->event->venue_count > OPEN_DATA_VENUES_MAX)
		return -E2BIG;
	int64_t first = slot_floor(o->event->opens_ms - HOUR_MS);
	int64_t until = slot_floor(o->event->closes_ms + HOUR_MS - 1) + FIGURES_SLOT_MS;
	int64_t last = f->start_ms + (int64_t)f->slot_count * FIGURES_SLOT_MS;
	until = until > last ? last : until;
	uint32_t slots = (uint32_t)((until - first) / FIGURES_SLOT_MS);
	uint32_t skip = (uint32_t)((first - f->start_ms) / FIGURES_SLOT_MS);
	int error = release_make(out, o->event->venue_count, slots);
	for (uint32_t v = 0; !error && v < o->event->venue_count; v++)
		for (uint32_t s = 0; s < slots; s++)
			release_add(out, v, s, f->venues[v].slots[skip + s].arrivals);
	*first_ms = first;
	return error;
}

/* --- tables ------------------------------------------------------------------------------------
 */

static void moment(int64_t ms, char out[WHEN_ISO_SIZE])
{
	when_iso_utc(ms, out);
	text_copy(out + strlen("2016-12-08T18:04:10"), 2, "Z"); /* without milliseconds */
}

/* A cell of a CSV: quoted where it has to be, and never a spreadsheet's formula. */
static const char *cell(const char *text, char out[NAME_SIZE])
{
	size_t used = 0;
	bool quoted = strpbrk(text, ",\"\r\n") != NULL;
	if (quoted)
		out[used++] = '"';
	if (*text && strchr("=+-@\t", *text))
		out[used++] = '\'';
	for (; *text; text++) {
		if (*text == '"')
			out[used++] = '"';
		out[used++] = *text;
	}
	if (quoted)
		out[used++] = '"';
	out[used] = '\0';
	return out;
}

static void count(FILE *out, const struct release *r, uint32_t at)
{
	if (r->hidden[at])
		fputs(",suppressed\r\n", out);
	else
		fprintf(out, "%u,published\r\n", release_rounded(r->counts[at]));
}

struct writing {
	const struct open_data *o;
	const struct release *r;
	int64_t first_ms;
	open_data_file *file;
	void *context;
	json_t *resources;
};

static void cells_csv(const struct writing *w, FILE *out)
{
	char from[WHEN_ISO_SIZE], to[WHEN_ISO_SIZE];
	fputs("venue,start,end,entries,status\r\n", out);
	for (uint32_t v = 0; v < w->r->rows; v++)
		for (uint32_t s = 0; s < w->r->columns; s++) {
			moment(w->first_ms + (int64_t)s * FIGURES_SLOT_MS, from);
			moment(w->first_ms + (int64_t)(s + 1) * FIGURES_SLOT_MS, to);
			fprintf(out, "%s,%s,%s,", w->o->event->venues[v].id, from, to);
			count(out, w->r, release_at(w->r, v, s));
		}
}

static void venues_csv(const struct writing *w, FILE *out)
{
	char name[NAME_SIZE], address[NAME_SIZE];
	fputs("venue,name,address,latitude,longitude,entries,status\r\n", out);
	for (uint32_t v = 0; v < w->r->rows; v++) {
		const struct event_venue *place = &w->o->event->venues[v];
		fprintf(out, "%s,%s,%s,", place->id, cell(place->name, name),
			cell(place->address, address));
		if (place->lat != 0 || place->lon != 0)
			fprintf(out, "%.5f,%.5f,", place->lat, place->lon);
		else
			fputs(",,", out);
		count(out, w->r, release_at(w->r, v, w->r->columns));
	}
}

static void slots_csv(const struct writing *w, FILE *out)
{
	char from[WHEN_ISO_SIZE], to[WHEN_ISO_SIZE];
	fputs("start,end,entries,status\r\n", out);
	for (uint32_t s = 0; s < w->r->columns; s++) {
		moment(w->first_ms + (int64_t)s * FIGURES_SLOT_MS, from);
		moment(w->first_ms + (int64_t)(s + 1) * FIGURES_SLOT_MS, to);
		fprintf(out, "%s,%s,", from, to);
		count(out, w->r, release_at(w->r, w->r->rows, s));
	}
}

static void night_csv(const struct writing *w, FILE *out)
{
	char from[WHEN_ISO_SIZE], to[WHEN_ISO_SIZE], title[NAME_SIZE];
	moment(w->o->event->opens_ms, from);
	moment(w->o->event->closes_ms, to);
	fprintf(out, "event,title,opens,closes,entries,status\r\n%s,%s,%s,%s,", w->o->event->id,
		cell(w->o->event->title, title), from, to);
	count(out, w->r, release_at(w->r, w->r->rows, w->r->columns));
}

/* --- the package -------------------------------------------------------------------------------
 */

static json_t *field(const char *name, const char *type, const char *title, bool required)
{
	return json_pack("{s:s, s:s, s:s, s:{s:b}}", "name", name, "type", type, "title", title,
		"constraints", "required", (int)required);
}

static json_t *entries_fields(json_t *fields)
{
	json_t *least =
		json_pack("{s:s, s:s, s:s, s:{s:b, s:i}}", "name", "entries", "type", "integer",
			"title", "Entries / Entrées", "constraints", "required", 0, "minimum", 10);
	json_array_append_new(fields, least);
	json_array_append_new(
		fields, json_pack("{s:s, s:s, s:s, s:{s:b, s:[s,s]}}", "name", "status", "type",
				"string", "title", "Status / État", "constraints", "required", 1,
				"enum", "published", "suppressed"));
	return fields;
}

static json_t *schema_of(json_t *fields, const char *key)
{
	return json_pack("{s:o, s:[s], s:s}", "fields", entries_fields(fields), "missingValues", "",
		"primaryKey", key);
}

static json_t *venues_schema(void)
{
	json_t *fields = json_array();
	json_array_append_new(fields, field("venue", "string", "Venue / Lieu", true));
	json_array_append_new(fields, field("name", "string", "Name / Nom", true));
	json_array_append_new(fields, field("address", "string", "Address / Adresse", false));
	json_array_append_new(fields, field("latitude", "number", "Latitude (WGS 84)", false));
	json_array_append_new(fields, field("longitude", "number", "Longitude (WGS 84)", false));
	return schema_of(fields, "venue");
}

static json_t *slots_schema(void)
{
	json_t *fields = json_array();
	json_array_append_new(fields, field("start", "datetime", "Start / Début", true));
	json_array_append_new(fields, field("end", "datetime", "End / Fin", true));
	return schema_of(fields, "start");
}

static json_t *night_schema(void)
{
	json_t *fields = json_array();
	json_array_append_new(fields, field("event", "string", "Event / Événement", true));
	json_array_append_new(fields, field("title", "string", "Title / Titre", true));
	json_array_append_new(fields, field("opens", "datetime", "Opens / Ouverture", true));
	json_array_append_new(fields, field("closes", "datetime", "Closes / Fermeture", true));
	return schema_of(fields, "event");
}

static json_t *cells_schema(const struct writing *w)
{
	json_t *schema = json_loads(w->o->schema, JSON_REJECT_DUPLICATES, NULL);
	if (!schema)
		return NULL;
	json_object_set_new(schema, "foreignKeys",
		json_pack("[{s:s, s:{s:s, s:s}}, {s:s, s:{s:s, s:s}}]", "fields", "venue",
			"reference", "resource", "venues", "fields", "venue", "fields", "start",
			"reference", "resource", "slots", "fields", "start"));
	return schema;
}

static int put_file(struct writing *w, const char *name, char *bytes, size_t size)
{
	return bytes ? w->file(w->context, name, bytes, size) : -ENOMEM;
}

/* A table of the package: its bytes, and what the package says of it. Takes the schema. */
static int put_table(struct writing *w, const char *name, const char *title,
	void (*fill)(const struct writing *w, FILE *out), json_t *schema)
{
	char path[40], hash[2 * crypto_hash_sha256_BYTES + 1], digest[sizeof(hash) + 8];
	uint8_t sum[crypto_hash_sha256_BYTES];
	char *bytes = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&bytes, &size);
	if (out)
		fill(w, out);
	if (!out || fclose(out) || !schema) {
		free(bytes);
		json_decref(schema);
		return schema ? -ENOMEM : -EINVAL;
	}
	crypto_hash_sha256(sum, (const uint8_t *)bytes, size);
	text_hex(hash, sum, sizeof(sum));
	snprintf(digest, sizeof(digest), "sha256:%s", hash);
	snprintf(path, sizeof(path), "%s.csv", name);
	json_array_append_new(w->resources,
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:o}", "name", name,
			"path", path, "profile", "tabular-data-resource", "title", title, "format",
			"csv", "mediatype", "text/csv", "encoding", "utf-8", "bytes",
			(json_int_t)size, "hash", digest, "schema", schema));
	int error = put_file(w, path, bytes, size);
	free(bytes);
	return error;
}

static int put_json(struct writing *w, const char *name, json_t *o)
{
	AUTO_FREE char *text = o ? json_dumps(o, JSON_INDENT(2)) : NULL;
	json_decref(o);
	if (!text)
		return -ENOMEM;
	size_t len = strlen(text);
	text[len] = '\n'; /* in the place of its end, which nobody reads any more */
	return w->file(w->context, name, text, len + 1);
}

static const char what_en[] =
	"Entries by venue and ten minutes. Counts below 11 are suppressed, as are further ones from "
	"which they could be worked out; the others are rounded to fives, so sums need not agree.";
static const char what_fr[] =
	"Entrées par lieu et par dix minutes. Les nombres inférieurs à 11 sont supprimés, ainsi que "
	"d’autres dont on pourrait les déduire ; le reste est arrondi à cinq près, de sorte que les "
	"sommes peuvent différer.";

static int put_package(struct writing *w)
{
	const struct event *e = w->o->event;
	char title[EVENT_TEXT_SIZE + 64], both[sizeof(what_en) + sizeof(what_fr) + 8];
	char made[WHEN_ISO_SIZE];
	snprintf(title, sizeof(title), "%s: attendance / fréquentation", e->title);
	snprintf(both, sizeof(both), "%s / %s", what_en, what_fr);
	moment(w->o->made_ms, made);
	json_t *o = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:[{s:s, s:s, s:s}], s:[s,s,s,s], s:O}", "profile",
		"tabular-data-package", "name", e->id, "title", title, "description", both,
		"version", "1.0.0", "created", made, "licenses", "name", "etalab-2.0", "path",
		LICENCE_URL, "title", "Licence Ouverte 2.0 / Open Licence 2.0", "keywords",
		"attendance", "fréquentation", "event", "événement", "resources", w->resources);
	if (o && *w->o->publisher)
		json_object_set_new(o, "contributors",
			json_pack("[{s:s, s:s}]", "title", w->o->publisher, "role", "publisher"));
	return put_json(w, "datapackage.json", o);
}

/* --- DCAT --------------------------------------------------------------------------------------
 */

static json_t *in_both(const char *fr, const char *en)
{
	return json_pack("[{s:s, s:s}, {s:s, s:s}]", "@value", fr, "@language", "fr", "@value", en,
		"@language", "en");
}

static json_t *distributions(void)
{
	static const struct {
		const char *file, *fr, *en;
	} files[] = {
		{ "attendance.csv", "Par lieu et par dix minutes", "By venue and ten minutes" },
		{ "venues.csv", "Par lieu", "By venue" },
		{ "slots.csv", "Par dix minutes", "By ten minutes" },
		{ "night.csv", "La soirée", "The night" },
	};
	json_t *list = json_array();
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		json_array_append_new(list,
			json_pack("{s:s, s:o, s:{s:s}, s:s, s:{s:s}, s:{s:s}}", "@type",
				"dcat:Distribution", "dct:title", in_both(files[i].fr, files[i].en),
				"dcat:downloadURL", "@id", files[i].file, "dcat:mediaType",
				"text/csv", "dct:license", "@id", SPDX_URL, "dct:conformsTo", "@id",
				"https://specs.frictionlessdata.io/tabular-data-package/"));
	return list;
}

static int put_dcat(struct writing *w)
{
	const struct event *e = w->o->event;
	char fr[EVENT_TEXT_SIZE + 64], en[EVENT_TEXT_SIZE + 64], made[WHEN_ISO_SIZE];
	char from[WHEN_ISO_SIZE], to[WHEN_ISO_SIZE];
	snprintf(fr, sizeof(fr), "%s : fréquentation", e->title);
	snprintf(en, sizeof(en), "%s: attendance", e->title);
	moment(w->o->made_ms, made);
	moment(e->opens_ms, from);
	moment(e->closes_ms, to);
	json_t *o = json_pack(
		"{s:{s:s, s:s, s:s, s:s}, s:s, s:s, s:o, s:o, s:o, s:{s:s}, s:{s:s, s:s}, "
		"s:{s:s, s:{s:s, s:s}, s:{s:s, s:s}}, s:[s,s], s:o}",
		"@context", "dcat", "http://www.w3.org/ns/dcat#", "dct",
		"http://purl.org/dc/terms/", "foaf", "http://xmlns.com/foaf/0.1/", "xsd",
		"http://www.w3.org/2001/XMLSchema#", "@type", "dcat:Dataset", "dct:identifier",
		e->id, "dct:title", in_both(fr, en), "dct:description", in_both(what_fr, what_en),
		"dcat:keyword", in_both("fréquentation", "attendance"), "dct:license", "@id",
		SPDX_URL, "dct:issued", "@type", "xsd:dateTime", "@value", made, "dct:temporal",
		"@type", "dct:PeriodOfTime", "dcat:startDate", "@type", "xsd:dateTime", "@value",
		from, "dcat:endDate", "@type", "xsd:dateTime", "@value", to, "dct:language", "fr",
		"en", "dcat:distribution", distributions());
	if (o && *w->o->publisher)
		json_object_set_new(o, "dct:publisher",
			json_pack("{s:s, s:s}", "@type", "foaf:Organization", "foaf:name",
				w->o->publisher));
	return put_json(w, "dcat.jsonld", o);
}

static int put_readme(struct writing *w)
{
	char text[4096], name[EVENT_TEXT_SIZE];
	text_printable(name, sizeof(name), w->o->event->title, strlen(w->o->event->title));
	int n = snprintf(text, sizeof(text),
		"# %s\n\n%s\n\n"
		"- `attendance.csv` : par lieu et par dix minutes (schéma : `attendance.schema.json`)\n"
		"- `venues.csv`, `slots.csv`, `night.csv` : les sommes\n"
		"- `datapackage.json` : Frictionless Data Package ; `dcat.jsonld` : DCAT\n\n"
		"Une ligne `suppressed` n’est pas un zéro : le nombre n’est pas publié.\n\n"
		"Licence Ouverte 2.0 : <" LICENCE_URL ">\n\n---\n\n%s\n\n"
		"- `attendance.csv`: by venue and ten minutes (schema: `attendance.schema.json`)\n"
		"- `venues.csv`, `slots.csv`, `night.csv`: the sums\n\n"
		"A row that is `suppressed` is no zero: its count is not published.\n\n"
		"Open Licence 2.0 (Licence Ouverte): <" LICENCE_URL ">\n",
		name, what_fr, what_en);
	return w->file(w->context, "README.md", text, (size_t)n);
}

int open_data_write(const struct open_data *o, const struct release *r, int64_t first_ms,
	open_data_file *file, void *context)
{
	struct writing w = { o, r, first_ms, file, context, json_array() };
	int error = put_table(
		&w, "attendance", "Entries by venue and ten minutes", cells_csv, cells_schema(&w));
	if (!error)
		error = put_table(
			&w, "venues", "Venues and their sums", venues_csv, venues_schema());
	if (!error)
		error = put_table(&w, "slots", "Sums by ten minutes", slots_csv, slots_schema());
	if (!error)
		error = put_table(&w, "night", "The night and its sum", night_csv, night_schema());
	if (!error)
		error = file(context, "attendance.schema.json", o->schema, strlen(o->schema));
	if (!error)
		error = put_package(&w);
	if (!error)
		error = put_dcat(&w);
	if (!error)
		error = put_readme(&w);
	json_decref(w.resources);
	return error;
}
