#include "cli/collect_discovery.h"

#include "base/log.h"
#include "sync/message.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define EXPIRES_S 150 /* as old as a figure may be before it is called out of date */

static void fleet_topic(const struct event *e, size_t index, char out[TOPIC_SIZE])
{
	struct topic t = { .kind = TOPIC_FLEET,
		.page = index == SIZE_MAX ? 0 : (uint32_t)(index / MESSAGE_FLEET_PAGE) };
	memcpy(t.event, e->id, sizeof(t.event));
	topic_write(&t, out);
}

char *collect_discovery_sensor(
	const struct event *event, size_t index, char topic[BROKER_TOPIC_MAX])
{
	const struct event_venue *v = index == SIZE_MAX ? NULL : &event->venues[index];
	char unique[80], state[TOPIC_SIZE], value[160] = "{{ value_json.present }}";
	snprintf(unique, sizeof(unique), "parvis_%s_%s", event->id, v ? v->id : "_event");
	snprintf(topic, BROKER_TOPIC_MAX, "homeassistant/sensor/parvis_%s/%s/config", event->id,
		v ? v->id : "_event");
	fleet_topic(event, index, state);
	if (v)
		snprintf(value, sizeof(value),
			"{{ (value_json.venues | selectattr('venue', 'eq', '%s') | first).present }}",
			v->id);
	json_t *device = json_pack("{s:[s], s:s, s:s, s:s}", "identifiers", event->id, "name",
		event->title, "manufacturer", "Parvis", "sw_version", PARVIS_VERSION);
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:o}", "name",
		v ? v->name : event->title, "unique_id", unique, "state_topic", state,
		"value_template", value, "unit_of_measurement", "people", "state_class",
		"measurement", "icon", "mdi:account-group", "expire_after", EXPIRES_S, "device",
		device);
	char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
	json_decref(o);
	return text;
}

void collect_discovery(struct broker *broker, const struct event *event)
{
	char topic[BROKER_TOPIC_MAX];
	size_t failed = 0;
	for (size_t i = 0; i <= event->venue_count; i++) {
		int id;
		char *text = collect_discovery_sensor(
			event, i == event->venue_count ? SIZE_MAX : i, topic);
		if (!text || broker_publish(broker, topic, text, strlen(text), 0, true, &id))
			failed++;
		free(text);
	}
	if (failed)
		log_warning("%zu sensors were not told to Home Assistant", failed);
}
