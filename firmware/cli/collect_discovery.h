/* Tells Home Assistant what there is to be seen, by its MQTT discovery: a sensor for the people
 * present at each venue and one for the whole event, out of the fleet's summary. Retained, so that
 * a Home Assistant that starts later finds it; said again at each connection. */
#ifndef PARVIS_CLI_COLLECT_DISCOVERY_H
#define PARVIS_CLI_COLLECT_DISCOVERY_H

#include "event/event.h"
#include "port/broker.h"

void collect_discovery(struct broker *broker, const struct event *event);

/* One sensor's topic and configuration (for free(); NULL without memory): of venue `index`, or with
 * SIZE_MAX of the event. */
char *collect_discovery_sensor(
	const struct event *event, size_t index, char topic[BROKER_TOPIC_MAX]);

#endif
