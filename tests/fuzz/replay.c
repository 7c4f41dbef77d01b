/* Turns a fuzzer into a plain program that runs it over every file of the folders and files named
 * on the command line, for compilers without libFuzzer. Speaks TAP. */
#include "base/cc.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (16 << 20) /* bytes */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned tests, failures;

/* The block has exactly the file's size, so that reading one byte past it is noticed. */
static int run_file(const char *path)
{
	AUTO_FILE file = fopen(path, "rbe");
	if (!file || fseek(file, 0, SEEK_END))
		return -errno;
	long size = ftell(file);
	if (size < 0 || size > INPUT_MAX)
		return -EFBIG;
	rewind(file);
	AUTO_FREE uint8_t *data = malloc(size > 0 ? (size_t)size : 1);
	if (!data)
		return -ENOMEM;
	if (fread(data, 1, (size_t)size, file) != (size_t)size)
		return -EIO;
	LLVMFuzzerTestOneInput(data, (size_t)size);
	return 0;
}

static void report(const char *path, int error)
{
	tests++;
	if (error)
		failures++;
	printf("%s %u - %s%s%s\n", error ? "not ok" : "ok", tests, path, error ? ": " : "",
		error ? strerror(-error) : "");
	fflush(stdout);
}

static void run_folder(const char *folder, struct dirent **entries, int count)
{
	for (int i = 0; i < count; i++) {
		char path[4096];
		int length = snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			report(path, length < (int)sizeof(path) ? run_file(path) : -ENAMETOOLONG);
		free(entries[i]);
	}
	free(entries);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct dirent **entries;
		int count = scandir(argv[i], &entries, NULL, alphasort);
		if (count >= 0)
			run_folder(argv[i], entries, count);
		else
			report(argv[i], run_file(argv[i]));
	}
	printf("1..%u\n", tests);
	return failures || !tests;
}
