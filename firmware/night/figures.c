#include "night/figures.h"

#include <stdlib.h>
#include <string.h>

#define CLOCK_OFF_MS 60000

void figures_free(struct figures *f)
{
	if (!f)
		return;
	free(f->night.slots);
	if (f->venues)
		free(f->venues[0].slots);
	free(f->venues);
	free(f->moves);
	free(f->doors);
	free(f->boxes);
	free(f->gaps);
	free(f->outages);
	free(f->broken);
	free(f->pairs);
	free(f);
}

const struct figures_venue *figures_venue(const struct figures *f, const char *id)
{
	for (uint32_t i = 0; i < f->venue_count; i++)
		if (!strcmp(f->venues[i].id, id))
			return &f->venues[i];
	return NULL;
}

const char *figures_name(const struct event *e, const char *id)
{
	const struct event_venue *v = event_venue(e, id);
	return v && *v->name ? v->name : id;
}

bool figures_clock_doubt(const struct figures_box *b)
{
	return b->trust[TRUST_UNSET] || b->elsewhen || b->behind_ms > CLOCK_OFF_MS ||
	       b->ahead_ms > CLOCK_OFF_MS || b->stepped_ms > CLOCK_OFF_MS ||
	       b->stepped_ms < -CLOCK_OFF_MS;
}

uint64_t figures_doubtful_rows(const struct figures *f)
{
	return f->broken_total + f->contradicted_total;
}
