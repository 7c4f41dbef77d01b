#include "app/kiosk.h"
#include "app/script.h"
#include "scan/reader.h"

#include <string.h>

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
	struct kiosk *kiosk = NULL;
	int status = kiosk_open(&kiosk, &options);
	if (!status)
		status = options.script ? script_play(kiosk, &options) : kiosk_run(kiosk);
	kiosk_close(kiosk);
	return status;
}
