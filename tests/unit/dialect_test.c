/* Headers, dialects, statuses and the guards of spreadsheets' formulas. */
#include "event/dialect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* after setjmp.h, stdarg.h, stddef.h, which it needs */
#include <cmocka.h>

static void headers_are_normalised(void **state)
{
	static const struct {
		const char *header, *is;
	} cases[] = {
		{ "Order #", "order #" },
		{ "\xef\xbb\xbfR\xc3\xa9"
		  "f\xc3\xa9rence\xc2\xa0 commande ",
			"reference commande" },
		{ "Re\xcc\x81"
		  "fe\xcc\x81rence commande",
			"reference commande" },
		{ "N\xc2\xb0 de billet", "n de billet" },
		{ "code-barres", "code barres" },
		{ "qr_code_url", "qr code url" },
		{ "PAY\xc3\x89", "paye" },
		{ "Stra\xc3\x9f"
		  "e",
			"strasse" },
		{ "\xd0\x98\xd0\xbc\xd1\x8f", "\xd0\xb8\xd0\xbc\xd1\x8f" },
		{ " -- ", "" },
		{ "", "" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char out[DIALECT_HEADER_SIZE];
		dialect_normalise(cases[i].header, strlen(cases[i].header), out);
		assert_string_equal(out, cases[i].is);
	}
}

static void a_long_header_is_cut_at_a_character(void **state)
{
	char header[400] = "", out[DIALECT_HEADER_SIZE];
	(void)state;
	for (int i = 0; i < 100; i++)
		strcpy(header + 3 * i, "\xe5\xbc\xa0");
	dialect_normalise(header, strlen(header), out);
	assert_int_equal(strlen(out) % 3, 0);
	assert_in_range(strlen(out), DIALECT_HEADER_SIZE - 5, DIALECT_HEADER_SIZE - 1);
	dialect_normalise("\xff\xfe", 2, out);
	assert_string_equal(out, "");
}

static struct dialect_match match(enum dialect wanted, const char *line)
{
	char headers[DIALECT_COLUMNS_MAX][DIALECT_HEADER_SIZE];
	size_t count = 0;
	struct dialect_match m;
	for (const char *p = line;; p++) {
		size_t n = strcspn(p, "|");
		dialect_normalise(p, n, headers[count++]);
		p += n;
		if (!*p)
			break;
	}
	dialect_match(wanted, (const char(*)[DIALECT_HEADER_SIZE])headers, count, &m);
	return m;
}

static void dialects_are_found_by_their_headers(void **state)
{
	static const struct {
		const char *headers;
		enum dialect is;
		int code; /* column, -1: none */
	} cases[] = {
		{ "code", DIALECT_GENERIC, 0 },
		{ "name|code|e-mail|status", DIALECT_GENERIC, 1 },
		{ "colour|size", DIALECT_GENERIC, -1 },
		{ "Order code|Attendee name|Product|Secret", DIALECT_PRETIX, 3 },
		{ "Code de commande|Nom du participant|Produit|Secret", DIALECT_PRETIX, 3 },
		{ "Order code|Attendee name|Product|Paid", DIALECT_PRETIX, -1 },
		{ "Order #|First Name|Surname|Attendee Status|Barcode #", DIALECT_EVENTBRITE, 4 },
		{ "Order #|First Name|Last Name|Ticket Type|Attendee Status", DIALECT_EVENTBRITE,
			-1 },
		{ "N\xc2\xb0 de commande|Pr\xc3\xa9nom|Nom de famille|Type de billet|Statut du participant|"
		  "N\xc2\xb0 de code-barres",
			DIALECT_EVENTBRITE, 5 },
		{ "guest_id|name|approval_status|qr_code_url", DIALECT_LUMA, 3 },
		{ "R\xc3\xa9"
		  "f\xc3\xa9rence commande|Statut de la commande|Nom participant|Num\xc3\xa9ro de "
		  "billet|Tarif",
			DIALECT_HELLOASSO, 3 },
		{ "Num\xc3\xa9ro de commande|Tarif|Pr\xc3\xa9nom participant|Nom participant|code-barres",
			DIALECT_WEEZEVENT, 4 },
		{ "|Billet|Tarif|Nom|Pr\xc3\xa9nom|Commande|Pay\xc3\xa9|Valide", DIALECT_BILLETWEB,
			1 },
		{ "First Name|Last Name|Status|Product Name|Public ID", DIALECT_HIEVENTS, 4 },
		/* Who says "code" means it. */
		{ "code|Nom|Pr\xc3\xa9nom|Tarif|Commande", DIALECT_GENERIC, 0 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct dialect_match m = match(DIALECT_AUTO, cases[i].headers);
		print_message("# %s: %s (%s)\n", cases[i].headers, dialect_name(m.dialect), m.why);
		assert_int_equal(m.dialect, cases[i].is);
		assert_int_equal(m.columns[FIELD_CODE],
			cases[i].code < 0 ? DIALECT_NO_COLUMN : cases[i].code);
		if (m.dialect != DIALECT_GENERIC)
			assert_true(*m.why);
	}
}

static void of_two_headers_the_better_one_is_taken(void **state)
{
	(void)state;
	struct dialect_match m = match(DIALECT_BILLETWEB, "Billet|Code-barres|Nom");
	assert_int_equal(m.columns[FIELD_CODE], 1);
	m = match(DIALECT_BILLETWEB, "Code-barres|Billet|Nom");
	assert_int_equal(m.columns[FIELD_CODE], 0);
	m = match(DIALECT_GENERIC, "code|name|CODE");
	assert_int_equal(m.twice, 2);
}

static void names_of_dialects_are_read_back(void **state)
{
	(void)state;
	for (enum dialect d = DIALECT_AUTO; d < DIALECT_COUNT; d++) {
		enum dialect again;
		assert_true(dialect_by_name(dialect_name(d), &again));
		assert_int_equal(again, d);
		assert_true(d == DIALECT_AUTO || *dialect_remedy(d));
	}
	enum dialect none;
	assert_false(dialect_by_name("", &none));
	assert_false(dialect_by_name("ticketmaster", &none));
}

static void guards_are_undone_and_nothing_else(void **state)
{
	static const struct {
		const char *cell, *is;
	} cases[] = {
		{ "'=a", "=a" },
		{ "'+a\\|b", "+a|b" },
		{ "'\\|a\\|", "|a|" },
		{ "'|a", "|a" },
		{ "'@a", "@a" },
		{ "'-a", "-a" },
		{ "'%a", "%a" },
		{ "a\\|b", "a\\|b" },
		{ "'a", "'a" },
		{ "'", "'" },
		{ "''=a", "''=a" },
		{ "'\\a", "'\\a" },
		{ "=a", "=a" },
		{ "", "" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char cell[32];
		strcpy(cell, cases[i].cell);
		assert_int_equal(dialect_unguard(cell, strlen(cell)), strlen(cases[i].is));
		assert_string_equal(cell, cases[i].is);
	}
}

static void statuses_are_understood(void **state)
{
	static const struct {
		const char *text;
		enum field field;
		enum standing is;
	} cases[] = {
		{ "Attending", FIELD_STATUS, STANDING_GOOD },
		{ "Not Attending", FIELD_STATUS, STANDING_REVOKED },
		{ "Valid\xc3\xa9", FIELD_STATUS, STANDING_GOOD },
		{ "REMBOURS\xc3\x89", FIELD_STATUS, STANDING_REVOKED },
		{ "pending", FIELD_STATUS, STANDING_REVOKED },
		{ "", FIELD_STATUS, STANDING_GOOD },
		{ "purple", FIELD_STATUS, STANDING_UNKNOWN },
		{ "Oui", FIELD_VALID, STANDING_GOOD },
		{ "Non", FIELD_VALID, STANDING_REVOKED },
		{ "0", FIELD_VALID, STANDING_REVOKED },
		{ "?", FIELD_VALID, STANDING_GOOD },
		{ "peut-\xc3\xaatre", FIELD_VALID, STANDING_UNKNOWN },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(
			dialect_standing(cases[i].field, cases[i].text, strlen(cases[i].text)),
			cases[i].is);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_are_normalised),
		cmocka_unit_test(a_long_header_is_cut_at_a_character),
		cmocka_unit_test(dialects_are_found_by_their_headers),
		cmocka_unit_test(of_two_headers_the_better_one_is_taken),
		cmocka_unit_test(names_of_dialects_are_read_back),
		cmocka_unit_test(guards_are_undone_and_nothing_else),
		cmocka_unit_test(statuses_are_understood),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
