#include "base/cc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void cc_check_failed(const char *condition, const char *file, int line)
{
	fprintf(stderr, "parvis: %s:%d: this must hold and does not: %s\n", file, line, condition);
	abort();
}

void cc_close_fd(int *fd)
{
	int kept = errno;
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = kept;
}

void cc_free(void *pointer_to_pointer)
{
	void *block;
	memcpy(&block, pointer_to_pointer, sizeof(block));
	free(block);
}

void cc_close_file(FILE **file)
{
	int kept = errno;
	if (*file)
		fclose(*file);
	*file = NULL;
	errno = kept;
}
