#include "cli/receipt.h"

#include "base/text.h"
#include "cli/after.h"
#include "cli/cli.h"
#include "cli/folder.h"
#include "event/issuer.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static json_t *sign(json_t *what, const char *domain, const char *event_dir)
{
	uint8_t signature[ISSUER_SIGNATURE_SIZE], key[ISSUER_PUBLIC_SIZE];
	char hex[2 * ISSUER_SIGNATURE_SIZE + 1];
	struct issuer *issuer;
	json_t *whole = json_pack("{s:o}", "receipt", what);
	AUTO_FREE char *text = json_dumps(what, JSON_COMPACT | JSON_SORT_KEYS);
	if (!whole || !text || !event_dir || issuer_open(&issuer, event_dir, folder_problem, NULL))
		return whole;
	issuer_sign(issuer, domain, text, strlen(text), signature);
	issuer_public(issuer, key);
	issuer_close(issuer);
	text_hex(hex, key, sizeof(key));
	json_object_set_new(whole, "key", json_string(hex));
	text_hex(hex, signature, sizeof(signature));
	json_object_set_new(whole, "signature", json_string(hex));
	return whole;
}

/* Several may be of one second. */
static void find_name(char path[PATH_MAX], const char *dir, const char *stem, int64_t now_ms)
{
	char day[32];
	time_t seconds = (time_t)(now_ms / 1000);
	struct tm tm = { 0 };
	gmtime_r(&seconds, &tm);
	strftime(day, sizeof(day), "%Y%m%dT%H%M%SZ", &tm);
	snprintf(path, PATH_MAX, "%s/%s-%s.json", dir, stem, day);
	for (int again = 2; !access(path, F_OK) && again < 1000; again++)
		snprintf(path, PATH_MAX, "%s/%s-%s-%d.json", dir, stem, day, again);
}

int receipt_put(json_t *what, const char *command, const char *domain, const char *event_dir,
	const char *stem, int64_t now_ms)
{
	char path[PATH_MAX] = "-";
	struct after_out out;
	json_t *whole = what ? sign(what, domain, event_dir) : NULL;
	AUTO_FREE char *text = whole ? json_dumps(whole, JSON_INDENT(2)) : NULL;
	json_decref(whole);
	if (!text)
		return after_failed(command, "receipt", -ENOMEM);
	if (event_dir && stem)
		find_name(path, event_dir, stem, now_ms);
	int status = after_begin(&out, command, path);
	if (status != CLI_OK)
		return status;
	int error = after_write(&out, text, strlen(text));
	if (!error)
		error = after_write(&out, "\n", 1);
	return after_end(&out, command, path, error);
}
