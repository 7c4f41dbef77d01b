#include "sync/message.h"

#include "base/text.h"
#include "sync/message_parts.h"

#include <stdio.h>
#include <string.h>

#define ROOT "parvis/1/"

#define DEVICE_HEX (2 * DEVICE_ID_SIZE)

/* Of the topics under a device: its last part. */
static const char *const device_parts[TOPIC_KINDS] = {
	[TOPIC_STATE] = "state",
	[TOPIC_COUNT] = "count",
	[TOPIC_EV] = "ev",
};

bool message_is_id(const char *text, size_t len)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
	return len > 0 && len < ID_SIZE && strspn(text, allowed) >= len;
}

void topic_write(const struct topic *t, char out[TOPIC_SIZE])
{
	char device[DEVICE_HEX + 1];
	text_hex(device, t->device, DEVICE_ID_SIZE);
	switch (t->kind) {
	case TOPIC_STATE:
	case TOPIC_COUNT:
	case TOPIC_EV:
		snprintf(out, TOPIC_SIZE, ROOT "%s/d/%s/%s", t->event, device,
			device_parts[t->kind]);
		break;
	case TOPIC_HAVE:
		snprintf(out, TOPIC_SIZE, ROOT "%s/v/%s/%s", t->event, t->venue, device);
		break;
	case TOPIC_ACK:
		snprintf(out, TOPIC_SIZE, ROOT "%s/a/%s", t->event, device);
		break;
	case TOPIC_GIVEN:
		snprintf(out, TOPIC_SIZE, ROOT "%s/a/%s/ev", t->event, device);
		break;
	case TOPIC_FLEET:
		if (t->page)
			snprintf(out, TOPIC_SIZE, ROOT "%s/fleet/%u", t->event, t->page);
		else
			snprintf(out, TOPIC_SIZE, ROOT "%s/fleet", t->event);
		break;
	case TOPIC_KINDS:
		CHECK(t->kind < TOPIC_KINDS);
	}
}

void topic_filter(enum topic_kind kind, const char *event, const char *venue, char out[TOPIC_SIZE])
{
	CHECK(kind < TOPIC_KINDS);
	if (device_parts[kind])
		snprintf(out, TOPIC_SIZE, ROOT "%s/d/+/%s", event, device_parts[kind]);
	else if (kind == TOPIC_HAVE)
		snprintf(out, TOPIC_SIZE, ROOT "%s/v/%s/+", event, venue ? venue : "+");
	else if (kind == TOPIC_ACK || kind == TOPIC_GIVEN)
		snprintf(out, TOPIC_SIZE, ROOT "%s/a/+%s", event, kind == TOPIC_GIVEN ? "/ev" : "");
	else
		snprintf(out, TOPIC_SIZE, ROOT "%s/fleet/#", event);
}

/* One level of a topic: [*at, *at + len), and what follows it. */
struct level {
	const char *text;
	size_t len;
};

static struct level next_level(const char **at)
{
	struct level l = { *at, strcspn(*at, "/") };
	*at += l.len + ((*at)[l.len] == '/');
	return l;
}

static bool take_id(char out[ID_SIZE], struct level l)
{
	if (!message_is_id(l.text, l.len))
		return false;
	memcpy(out, l.text, l.len);
	out[l.len] = 0;
	return true;
}

static bool take_page(uint32_t *out, struct level l)
{
	if (l.len < 1 || l.len > 6 || l.text[0] == '0')
		return false;
	*out = 0;
	for (size_t i = 0; i < l.len; i++) {
		if (l.text[i] < '0' || l.text[i] > '9')
			return false;
		*out = *out * 10 + (uint32_t)(l.text[i] - '0');
	}
	return true;
}

static bool is_level(struct level l, const char *word)
{
	return l.len == strlen(word) && !memcmp(l.text, word, l.len);
}

static bool take_device_part(enum topic_kind *out, struct level l)
{
	for (int i = 0; i < TOPIC_KINDS; i++)
		if (device_parts[i] && is_level(l, device_parts[i])) {
			*out = (enum topic_kind)i;
			return true;
		}
	return false;
}

static bool read_levels(struct topic *t, const char **at)
{
	struct level head = next_level(at);
	if (is_level(head, "fleet")) {
		t->kind = TOPIC_FLEET;
		return !**at || take_page(&t->page, next_level(at));
	}
	if (is_level(head, "v")) {
		t->kind = TOPIC_HAVE;
		if (!take_id(t->venue, next_level(at)))
			return false;
	} else if (is_level(head, "a")) {
		t->kind = TOPIC_ACK;
	} else if (!is_level(head, "d")) {
		return false;
	}
	struct level device = next_level(at);
	if (!message_unhex(t->device, DEVICE_ID_SIZE, device.text, device.len))
		return false;
	if (t->kind == TOPIC_ACK && is_level(head, "a") && **at) {
		t->kind = TOPIC_GIVEN;
		return is_level(next_level(at), "ev");
	}
	return !is_level(head, "d") || take_device_part(&t->kind, next_level(at));
}

bool topic_read(struct topic *out, const char *text)
{
	struct topic t = { .page = 0 };
	char again[TOPIC_SIZE];
	if (strncmp(text, ROOT, sizeof(ROOT) - 1) != 0)
		return false;
	const char *at = text + sizeof(ROOT) - 1;
	if (!take_id(t.event, next_level(&at)) || !read_levels(&t, &at) || *at)
		return false;
	/* One spelling: whatever reads as a topic is written as the same. */
	topic_write(&t, again);
	if (strcmp(again, text) != 0)
		return false;
	*out = t;
	return true;
}
