#include "app/kiosk.h"
#include "app/script.h"
#include "app/threshold.h"
#include "scan/reader.h"

#include <string.h>

static bool has_news(void *threshold)
{
	return threshold_news(threshold);
}

/* Opens the door, runs it and closes it. t: where the box comes from; NULL: from nowhere. */
static int run_door(const struct options *options, struct threshold *t)
{
	struct kiosk *kiosk = NULL;
	int status = kiosk_open(&kiosk, options);
	if (!status && t) {
		threshold_crossed(t, options->box);
		kiosk_on_idle(kiosk, has_news, t);
	}
	if (!status)
		status = options->script ? script_play(kiosk, options) : kiosk_run(kiosk);
	kiosk_close(kiosk);
	return status;
}

/* Out of the door and in again whenever there is a bundle to look at. */
static int run_box(struct options *options)
{
	static struct box box;
	struct threshold *t = NULL;
	if (threshold_open(&t, options))
		return 3;
	int status;
	do {
		status = threshold_cross(t, &box, &options->script_skip);
		if (status)
			break;
		options_use_box(options, &box);
		status = run_door(options, t);
	} while (status == KIOSK_NEWS || (status && !options->script && threshold_back(t, &box)));
	threshold_close(t);
	return status < 0 ? 0 : status;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], READER_WORKER_ARGUMENT))
		return reader_worker_main(argc, argv);
	static struct options options;
	switch (options_read(&options, argc, argv)) {
	case OPTIONS_DONE:
		return 0;
	case OPTIONS_WRONG:
		return 2;
	case OPTIONS_RUN:
		break;
	}
	kiosk_catch_signals();
	return options.from_box ? run_box(&options) : run_door(&options, NULL);
}
