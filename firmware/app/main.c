#include "app/hours.h"
#include "app/kiosk.h"
#include "app/script.h"
#include "app/threshold.h"
#include "base/log.h"
#include "port/broker_host.h"
#include "scan/reader.h"

#include <string.h>
#include <sys/resource.h>

static bool has_news(void *threshold)
{
	return threshold_calls(threshold);
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

/* Codes and names are in memory, and a core dump would put them on a disk. 1 and not 0: of programs
 * that take dumps from the kernel by a pipe, that alone keeps them away (core(5)). */
static void leave_no_core(void)
{
	struct rlimit one = { .rlim_cur = 1, .rlim_max = 1 };
	int error = setrlimit(RLIMIT_CORE, &one);
	(void)error; /* it was lower */
}

int main(int argc, char **argv)
{
	leave_no_core();
	if (argc > 1 && !strcmp(argv[1], READER_WORKER_ARGUMENT))
		return reader_worker_main(argc, argv);
	if (argc > 1 && !strcmp(argv[1], BROKER_HOST_ARGUMENT))
		return broker_host_main(argc, argv);
	static struct options options;
	switch (options_read(&options, argc, argv)) {
	case OPTIONS_DONE:
		return 0;
	case OPTIONS_WRONG:
		return 2;
	case OPTIONS_RUN:
		break;
	}
	if (options.is_closed)
		return hours_tell(&options);
	kiosk_catch_signals();
	int error = supervisor_open(&options.supervisor);
	if (error)
		log_error("the supervisor is told nothing: %s", strerror(-error));
	int status = options.from_box ? run_box(&options) : run_door(&options, NULL);
	supervisor_close(options.supervisor);
	return status;
}
