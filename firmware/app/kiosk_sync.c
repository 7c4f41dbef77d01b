/* The kiosk's part in the sync: which brokers there are, the courier that talks to them, and what
 * it says. All of it is optional: whatever is missing here, the door opens. */
#include "app/kiosk_parts.h"

#include "base/log.h"
#include "base/text.h"
#include "port/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *data_dir(const struct kiosk *k)
{
	return k->own_data_dir ? k->own_data_dir : k->options->data;
}

/* Its own, from its bundle or made here, so that its rows are its own under any name. */
static void open_key(struct kiosk *k)
{
	const struct box *box = k->options->box;
	int error = device_key_open(&k->key, box ? box->dir : NULL, data_dir(k));
	if (error)
		log_warning("%s: no device key: %s", data_dir(k), strerror(-error));
}

/* A PEM file: the one that was named, else the bundle's. */
static const char *find_pem(
	const struct kiosk *k, const char *given, enum bundle_part part, char path[PATH_MAX])
{
	const struct box *box = k->options->box;
	if (given || !box || !box->bundle.parts[part].present)
		return given;
	int n = snprintf(path, PATH_MAX, "%s/%s", box->dir, bundle_part_names[part]);
	return n > 0 && n < PATH_MAX ? path : NULL;
}

static void find_tls(struct kiosk *k, struct courier_setup *s)
{
	const struct options *o = k->options;
	s->ca = find_pem(k, o->tls_ca, BUNDLE_CA, k->ca_path);
	s->certificate = find_pem(k, o->tls_cert, BUNDLE_CLIENT, k->client_path);
	/* client.pem holds the key, too; so may a file that is named. */
	s->tls_key = o->tls_key ? o->tls_key : s->certificate;
}

static void host_broker(struct kiosk *k, const struct courier_setup *s)
{
	struct broker_host_setup setup = { .dir = data_dir(k), .port = k->options->host_broker };
	if (!setup.port)
		return;
	if (s->ca && s->certificate) {
		setup.ca = s->ca;
		setup.certificate = s->certificate;
		setup.key = s->tls_key;
	}
	int error = broker_host_open(&k->host, &setup);
	if (error == -ENOENT)
		log_warning("the venue's broker: mosquitto is not installed");
	else if (error)
		log_warning("the venue's broker: %s", strerror(-error));
	else
		log_info("this box is the venue's broker, on port %d, %s", setup.port,
			setup.ca ? "with TLS" : "open to all who can reach it");
}

static void add_url(struct courier_setup *s, const char *url)
{
	if (*url && s->url_count < ARRAY_LEN(s->urls))
		s->urls[s->url_count++] = url;
}

/* The event's brokers, or those on the command line; then the venue's own, here or elsewhere. */
static void list_brokers(const struct kiosk *k, struct courier_setup *s)
{
	const struct options *o = k->options;
	for (size_t i = 0; i < o->broker_count; i++)
		add_url(s, o->brokers[i]);
	for (uint32_t i = 0; i < k->event->broker_count && !o->broker_count; i++)
		add_url(s, k->event->brokers[i]);
	s->first_local = s->url_count;
	if (k->host)
		add_url(s, broker_host_url(k->host));
	else if (!o->broker_count)
		add_url(s, k->venue->broker);
}

void kiosk_open_sync(struct kiosk *k)
{
	open_key(k);
	if (!k->key)
		return;
	struct courier_setup *s = &k->courier_setup;
	*s = (struct courier_setup){ .data_dir = data_dir(k),
		.event = k->event,
		.venue = k->venue->id,
		.door = k->options->door,
		.capacity_seats = k->venue->capacity_seats,
		.key = k->key,
		.clock_floor_ms = k->clock_floor_ms };
	find_tls(k, s);
	host_broker(k, s);
	list_brokers(k, s);
	int error = s->url_count ? post_open(&k->post) : 0;
	if (error)
		log_warning("no sync: %s", strerror(-error));
	s->post = k->post;
}

void kiosk_start_sync(struct kiosk *k)
{
	int error = k->post ? courier_start(&k->courier, &k->courier_setup) : 0;
	if (error)
		log_warning("no sync: %s", strerror(-error));
}

void kiosk_stop_sync(struct kiosk *k)
{
	courier_stop(k->courier);
	broker_host_close(k->host);
	k->courier = NULL;
	k->host = NULL;
}

void kiosk_close_sync(struct kiosk *k)
{
	post_close(k->post);
	device_key_close(k->key);
}

/* A rehearsal's clock is another: what is so old by the system's is as old by that. */
static void move_times(const struct kiosk *k, const struct courier_news *news)
{
	int64_t ahead = kiosk_now(k).mono_ms - clock_now(0).mono_ms;
	struct fleet_venue *at = k->moved;
	if (!k->time_set || !at)
		return;
	memcpy(at, news->fleet, news->fleet_count * sizeof(*at));
	for (size_t i = 0; i < news->fleet_count; i++)
		at[i].heard_mono_ms += ahead;
}

void kiosk_take_sync(struct kiosk *k)
{
	struct courier_news news;
	if (!k->courier || !courier_next(k->courier, &news))
		return;
	if (news.has_link) {
		struct desk_event event = { .kind = DESK_LINK, .link = news.link };
		kiosk_give(k, &event);
	}
	if (news.has_fleet) {
		if (k->time_set && !k->moved)
			k->moved = calloc(news.fleet_count, sizeof(*k->moved));
		move_times(k, &news);
		struct desk_event event = { .kind = DESK_FLEET };
		event.fleet.at = k->time_set && k->moved ? k->moved : news.fleet;
		event.fleet.count = news.fleet_count;
		kiosk_give(k, &event);
	}
	if (news.has_pairs) {
		struct desk_event event = { .kind = DESK_PAIRS };
		event.pairs.at = news.pairs;
		event.pairs.count = news.pair_count;
		event.pairs.total = news.pair_total;
		kiosk_give(k, &event);
	}
	k->dirty = true;
}
