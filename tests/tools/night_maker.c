/* night_maker DIR [BOXES [ROWS [SEED]]]: a night in DIR, in the real formats:
 *   event/           the event's folder, with its keys
 *   data/BOX/        each box's data directory
 *   sticks/BOX.parvis-log   each box's sealed copy; the second is damaged in its middle
 * The last box is lost: it has neither. Its doings are in nobody's hands. */
#include "tests/fake/night_maker.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void damage(const char *path)
{
	struct stat st;
	AUTO_FD fd = open(path, O_RDWR | O_CLOEXEC);
	CHECK(fd >= 0 && !fstat(fd, &st));
	ssize_t n = pwrite(fd, "damage", 6, st.st_size / 2);
	CHECK(n == 6);
}

int main(int argc, char **argv)
{
	static struct made_night night;
	char path[4096];
	struct night_plan plan = { .seed = 1, .boxes = 15, .wrong_clocks = 3, .rows = 100000 };
	if (argc < 2) {
		fprintf(stderr, "usage: night_maker DIR [BOXES [ROWS [SEED]]]\n");
		return 2;
	}
	if (argc > 2)
		plan.boxes = (unsigned)strtoul(argv[2], NULL, 10);
	if (argc > 3)
		plan.rows = strtoull(argv[3], NULL, 10);
	if (argc > 4)
		plan.seed = strtoull(argv[4], NULL, 10);
	night_make(&night, &plan);
	mkdir(argv[1], 0700);
	snprintf(path, sizeof(path), "%s/event", argv[1]);
	night_make_event(&night, path);
	snprintf(path, sizeof(path), "%s/data", argv[1]);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/sticks", argv[1]);
	mkdir(path, 0700);
	unsigned kept = plan.boxes > 2 ? plan.boxes - 1 : plan.boxes;
	for (unsigned i = 0; i < kept; i++) {
		const struct made_box *b = &night.boxes[i];
		snprintf(path, sizeof(path), "%s/data/%s-%s", argv[1], b->venue, b->door);
		night_make_data(b, path, b->count);
		snprintf(path, sizeof(path), "%s/sticks/%s-%s.parvis-log", argv[1], b->venue,
			b->door);
		night_make_sealed(&night, b, path, b->count, 0);
		if (i == 1)
			damage(path);
	}
	printf("%zu rows of %u boxes\n", night.rows, night.box_count);
	night_unmake(&night);
	return 0;
}
