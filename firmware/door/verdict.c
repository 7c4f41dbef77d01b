#include "door/verdict.h"

#include "base/cc.h"

#include <string.h>

const char *const verdict_names[VERDICT_COUNT] = {
	[VERDICT_NONE] = "NONE",
	[VERDICT_ADMIT] = "ADMIT",
	[VERDICT_READMIT] = "READMIT",
	[VERDICT_MOVED] = "MOVED",
	[VERDICT_EXIT] = "EXIT",
	[VERDICT_ALREADY_IN] = "ALREADY_IN",
	[VERDICT_WRONG_VENUE] = "WRONG_VENUE",
	[VERDICT_NOT_YET] = "NOT_YET",
	[VERDICT_EXPIRED] = "EXPIRED",
	[VERDICT_REVOKED] = "REVOKED",
	[VERDICT_FORGED] = "FORGED",
	[VERDICT_UNKNOWN] = "UNKNOWN",
	[VERDICT_NOT_A_TICKET] = "NOT_A_TICKET",
	[VERDICT_FULL] = "FULL",
	[VERDICT_TEST_OK] = "TEST_OK",
	[VERDICT_STAFF] = "STAFF",
	[VERDICT_STORE_FAILED] = "STORE_FAILED",
};

enum meaning { MEANS_NOTHING, MEANS_IN, MEANS_REFUSED };

static const enum meaning meanings[] = {
	[VERDICT_NONE] = MEANS_NOTHING,
	[VERDICT_ADMIT] = MEANS_IN,
	[VERDICT_READMIT] = MEANS_IN,
	[VERDICT_MOVED] = MEANS_IN,
	[VERDICT_EXIT] = MEANS_NOTHING,
	[VERDICT_ALREADY_IN] = MEANS_REFUSED,
	[VERDICT_WRONG_VENUE] = MEANS_REFUSED,
	[VERDICT_NOT_YET] = MEANS_REFUSED,
	[VERDICT_EXPIRED] = MEANS_REFUSED,
	[VERDICT_REVOKED] = MEANS_REFUSED,
	[VERDICT_FORGED] = MEANS_REFUSED,
	[VERDICT_UNKNOWN] = MEANS_REFUSED,
	[VERDICT_NOT_A_TICKET] = MEANS_REFUSED,
	[VERDICT_FULL] = MEANS_REFUSED,
	[VERDICT_TEST_OK] = MEANS_NOTHING,
	[VERDICT_STAFF] = MEANS_NOTHING,
	[VERDICT_STORE_FAILED] = MEANS_NOTHING,
};
static_assert(ARRAY_LEN(meanings) == VERDICT_COUNT, "every verdict needs a meaning");

bool verdict_from_name(const char *name, enum verdict *out)
{
	for (int v = 0; v < VERDICT_COUNT; v++) {
		if (strcmp(name, verdict_names[v]))
			continue;
		*out = (enum verdict)v;
		return true;
	}
	return false;
}

bool verdict_admits(enum verdict v)
{
	return meanings[v] == MEANS_IN;
}

bool verdict_refuses(enum verdict v)
{
	return meanings[v] == MEANS_REFUSED;
}
