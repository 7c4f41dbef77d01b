/* parvis-reader: the reading process of an appliance, by itself. A service manager starts one for
 * each connection to the reader's socket (board/debian/); it is no command for people. Beside the
 * kiosk's child it has the decoder alone: it starts sooner, and has less within reach. */
#include "scan/reader.h"

#include <stdio.h>
#include <sys/resource.h>

int main(int argc, char **argv)
{
	struct rlimit one = { .rlim_cur = 1, .rlim_max = 1 };

	(void)argv;
	if (argc != 1) {
		fputs("parvis-reader: started by a service manager only; see parvis-kiosk(1)\n",
			stderr);
		return 2;
	}
	/* 1 and not 0: see core(5) on dumps by a pipe. Where it fails it was lower. */
	(void)!setrlimit(RLIMIT_CORE, &one);
	return reader_service_main();
}
