#include "base/when.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

const char *const trust_names[TRUST_COUNT] = {
	[TRUST_UNSET] = "unset",
	[TRUST_FREE] = "free",
	[TRUST_SYNCED] = "synced",
};

/* A folder of zones, or one of the tables beside them, would be taken for UTC without a word. */
static bool is_zone_file(const char *path)
{
	char magic[4];
	AUTO_FILE in = fopen(path, "re");
	return in && fread(magic, sizeof(magic), 1, in) == 1 &&
	       !memcmp(magic, "TZif", sizeof(magic));
}

int when_use_zone(const char *zone)
{
	char path[256];
	int n = snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", zone);
	if (!*zone || strstr(zone, "..") || n < 0 || (size_t)n >= sizeof(path))
		return -ENOENT;
	if (strcmp(zone, "UTC") && !is_zone_file(path))
		return -ENOENT;
	if (setenv("TZ", zone, 1))
		return -errno;
	tzset();
	return 0;
}

/* Reads exactly `digits` decimal digits at *p and moves on. */
static bool take(const char **p, int digits, int *out)
{
	int value = 0;
	for (int i = 0; i < digits; i++) {
		char c = **p;
		if (c < '0' || c > '9')
			return false;
		value = value * 10 + (c - '0');
		(*p)++;
	}
	*out = value;
	return true;
}

static bool take_time(const char **p, struct tm *tm, int *ms)
{
	if (!take(p, 2, &tm->tm_hour) || *(*p)++ != ':' || !take(p, 2, &tm->tm_min))
		return false;
	if (**p == ':') {
		(*p)++;
		if (!take(p, 2, &tm->tm_sec))
			return false;
	}
	if (**p == '.') {
		(*p)++;
		if (!take(p, 3, ms))
			return false;
	}
	return tm->tm_hour < 24 && tm->tm_min < 60 && tm->tm_sec < 60;
}

static bool take_offset(const char **p, bool *given, int *offset_s)
{
	*given = **p != '\0';
	*offset_s = 0;
	if (!*given)
		return true;
	char sign = *(*p)++;
	if (sign == 'Z')
		return true;
	int hours, minutes;
	if ((sign != '+' && sign != '-') || !take(p, 2, &hours))
		return false;
	if (**p == ':')
		(*p)++;
	if (!take(p, 2, &minutes) || hours > 14 || minutes > 59)
		return false;
	*offset_s = (hours * 60 + minutes) * (sign == '-' ? -60 : 60);
	return true;
}

static bool same_day(const struct tm *a, const struct tm *b)
{
	return a->tm_year == b->tm_year && a->tm_mon == b->tm_mon && a->tm_mday == b->tm_mday;
}

int when_parse(const char *text, int64_t *out_ms)
{
	struct tm tm = { .tm_isdst = -1 };
	const char *p = text;
	int year, month, ms = 0, offset_s;
	bool given;
	if (!take(&p, 4, &year) || *p++ != '-' || !take(&p, 2, &month) || *p++ != '-' ||
		!take(&p, 2, &tm.tm_mday))
		return -EINVAL;
	if (*p == 'T' || *p == ' ') {
		p++;
		if (!take_time(&p, &tm, &ms))
			return -EINVAL;
	}
	if (!take_offset(&p, &given, &offset_s) || *p)
		return -EINVAL;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	struct tm asked = tm, seen = tm;
	seen.tm_isdst = 0;
	if (month < 1 || month > 12 || year < 1970)
		return -EINVAL;
	int64_t seconds = timegm(&seen);
	if (!same_day(&asked, &seen))
		return -EINVAL; /* 31 February */
	seconds = given ? seconds - offset_s : (int64_t)mktime(&tm);
	*out_ms = seconds * 1000 + ms;
	return 0;
}

int when_parse_on_day(const char *text, int64_t day_ms, int64_t *out_ms)
{
	time_t day = (time_t)(day_ms / 1000);
	struct tm tm;
	int ms = 0;
	const char *p = text;
	localtime_r(&day, &tm);
	tm.tm_sec = 0;
	tm.tm_isdst = -1;
	if (!take_time(&p, &tm, &ms) || *p)
		return -EINVAL;
	*out_ms = (int64_t)mktime(&tm) * 1000 + ms;
	return 0;
}

static int64_t floor_seconds(int64_t ms)
{
	return ms / 1000 - (ms % 1000 < 0);
}

void when_iso(int64_t ms, char out[WHEN_ISO_SIZE])
{
	time_t seconds = (time_t)floor_seconds(ms);
	struct tm tm;
	char offset[8], date[32];
	if (!localtime_r(&seconds, &tm) ||
		!strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm) ||
		!strftime(offset, sizeof(offset), "%z", &tm)) {
		snprintf(out, WHEN_ISO_SIZE, "unknown");
		return;
	}
	snprintf(out, WHEN_ISO_SIZE, "%s%.3s:%s", date, offset, offset + 3);
}

void when_iso_utc(int64_t ms, char out[WHEN_ISO_SIZE])
{
	time_t seconds = (time_t)floor_seconds(ms);
	struct tm tm;
	char date[32];
	if (!gmtime_r(&seconds, &tm) || !strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm)) {
		snprintf(out, WHEN_ISO_SIZE, "unknown");
		return;
	}
	snprintf(out, WHEN_ISO_SIZE, "%s.%03dZ", date, (int)((ms % 1000 + 1000) % 1000));
}

void when_hm(int64_t ms, char out[8])
{
	time_t seconds = (time_t)floor_seconds(ms);
	struct tm tm;
	if (!localtime_r(&seconds, &tm) || !strftime(out, 8, "%H:%M", &tm))
		snprintf(out, 8, "--:--");
}
