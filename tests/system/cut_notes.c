/* Beside a kiosk whose rehearsal is recorded: for every answer that it prints, which it does after
 * the row's COMMIT, how long the block log was by then. What the block log holds up to there has
 * happened before the light.
 *
 *     parvis-kiosk --script ... | cut_notes BLOCKLOG      prints lines: EPOCH SEQ BYTES */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int main(int argc, char **argv)
{
	char line[4096];
	struct stat st;
	if (argc != 2) {
		fprintf(stderr, "usage: %s BLOCKLOG\n", argv[0]);
		return 2;
	}
	while (fgets(line, sizeof(line), stdin)) {
		unsigned long long epoch, seq;
		const char *place = strstr(line, "\"epoch\":");
		if (!place || sscanf(place, "\"epoch\":%llu,\"seq\":%llu", &epoch, &seq) != 2)
			continue;
		if (stat(argv[1], &st)) {
			perror(argv[1]);
			return 1;
		}
		printf("%llu %llu %lld\n", epoch, seq, (long long)st.st_size);
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
