#include "store/sorter.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A record in the arena and in the file: the key, its size, its bytes. */
#define HEAD_SIZE       (SORTER_KEY_SIZE + sizeof(uint32_t))
#define READ_SIZE       (128 << 10)
#define BYTES_PER_INDEX 48 /* of the arena, for each entry of the index: half a usual record */

/* What is sorted: the key's beginning, so that few comparisons touch the arena. */
struct mark {
	uint64_t start;
	uint32_t at;
};

/* A sorted stretch of the file, and what is read of it. */
struct run {
	uint64_t from, to; /* bytes of the file not yet in the buffer */
	uint64_t begin;
	uint8_t *buffer;
	size_t used, filled;
	uint64_t start; /* of the next record's key */
};

struct sorter {
	char dir[PATH_MAX];
	int fd;
	uint64_t written;
	uint8_t *arena;
	size_t arena_size, arena_used;
	struct mark *marks;
	size_t marks_size, marks_used;
	struct run *runs;
	size_t run_count;
	uint32_t *heap; /* runs that have a next record, the least on top */
	size_t heap_count;
	bool given;          /* the top's record was given, and is to be passed over */
	size_t next_mark;    /* where there are no runs */
	bool reading, built; /* the heap is */
};

int sorter_open(struct sorter **out, const char *dir, size_t memory)
{
	struct sorter *s = calloc(1, sizeof(*s));
	size_t budget = memory ? memory : SORTER_MEMORY;
	if (!s)
		return -ENOMEM;
	s->fd = -1;
	s->marks_size = budget / (BYTES_PER_INDEX + sizeof(struct mark)) + 1;
	s->arena_size = budget - budget / 4 + HEAD_SIZE;
	s->arena = malloc(s->arena_size);
	s->marks = malloc(s->marks_size * sizeof(*s->marks));
	if (!s->arena || !s->marks || strlen(dir) >= sizeof(s->dir)) {
		sorter_close(s);
		return -ENOMEM;
	}
	strcpy(s->dir, dir);
	*out = s;
	return 0;
}

void sorter_close(struct sorter *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->run_count; i++)
		free(s->runs[i].buffer);
	free(s->runs);
	free(s->heap);
	free(s->arena);
	free(s->marks);
	cc_close_fd(&s->fd);
	free(s);
}

static int compare(const void *a, const void *b, void *arena)
{
	const struct mark *x = a, *y = b;
	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	int order = memcmp((uint8_t *)arena + x->at, (uint8_t *)arena + y->at, SORTER_KEY_SIZE);
	return order ? order : (x->at > y->at) - (x->at < y->at);
}

static uint32_t size_at(const uint8_t *record)
{
	uint32_t size;
	memcpy(&size, record + SORTER_KEY_SIZE, sizeof(size));
	return size;
}

static int write_all(struct sorter *s, const uint8_t *bytes, size_t size)
{
	while (size > 0) {
		ssize_t n = pwrite(s->fd, bytes, size, (off_t)s->written);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ENOSPC;
		bytes += n;
		size -= (size_t)n;
		s->written += (uint64_t)n;
	}
	return 0;
}

/* A file without a name: nothing is left of it, whatever ends the program. */
static int open_file(struct sorter *s)
{
	if (s->fd >= 0)
		return 0;
	s->fd = open(s->dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (s->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
		char path[PATH_MAX + 16];
		snprintf(path, sizeof(path), "%s/.sort-XXXXXX", s->dir);
		s->fd = mkostemp(path, O_CLOEXEC);
		if (s->fd >= 0)
			unlink(path);
	}
	return s->fd < 0 ? -errno : 0;
}

static int write_records(struct sorter *s)
{
	AUTO_FREE uint8_t *buffer = malloc(READ_SIZE);
	size_t used = 0;
	int error = buffer ? 0 : -ENOMEM;
	for (size_t i = 0; !error && i < s->marks_used; i++) {
		const uint8_t *record = s->arena + s->marks[i].at;
		size_t size = HEAD_SIZE + size_at(record);
		if (used + size > READ_SIZE) {
			error = write_all(s, buffer, used);
			used = 0;
		}
		memcpy(buffer + used, record, size);
		used += size;
	}
	return error ? error : write_all(s, buffer, used);
}

static int spill(struct sorter *s)
{
	struct run *runs = realloc(s->runs, (s->run_count + 1) * sizeof(*runs));
	if (!runs)
		return -ENOMEM;
	s->runs = runs;
	int error = open_file(s);
	struct run run = { .begin = s->written };
	qsort_r(s->marks, s->marks_used, sizeof(*s->marks), compare, s->arena);
	if (!error)
		error = write_records(s);
	if (error)
		return error;
	run.from = run.begin;
	run.to = s->written;
	s->runs[s->run_count++] = run;
	s->arena_used = s->marks_used = 0;
	return 0;
}

int sorter_add(struct sorter *s, const uint8_t key[SORTER_KEY_SIZE], const void *bytes, size_t size)
{
	if (s->reading)
		return -EINVAL;
	if (size > SORTER_RECORD_MAX)
		return -EMSGSIZE;
	if (s->marks_used == s->marks_size || s->arena_used + HEAD_SIZE + size > s->arena_size) {
		int error = spill(s);
		if (error)
			return error;
	}
	uint8_t *record = s->arena + s->arena_used;
	uint32_t size32 = (uint32_t)size;
	uint64_t start;
	memcpy(record, key, SORTER_KEY_SIZE);
	memcpy(record + SORTER_KEY_SIZE, &size32, sizeof(size32));
	if (size)
		memcpy(record + HEAD_SIZE, bytes, size);
	memcpy(&start, key, sizeof(start));
	s->marks[s->marks_used++] = (struct mark){ be64toh(start), (uint32_t)s->arena_used };
	s->arena_used += HEAD_SIZE + size;
	return 0;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* Makes the next record whole in the buffer. 1, 0 at the run's end, -errno. */
static int fill(struct sorter *s, struct run *r)
{
	size_t there = r->filled - r->used;
	if (there >= HEAD_SIZE && there >= HEAD_SIZE + size_at(r->buffer + r->used))
		return 1;
	if (r->from == r->to)
		return there ? -EIO : 0;
	memmove(r->buffer, r->buffer + r->used, there);
	r->used = 0;
	r->filled = there;
	while (r->from < r->to && r->filled < READ_SIZE) {
		size_t want = READ_SIZE - r->filled;
		if (want > r->to - r->from)
			want = (size_t)(r->to - r->from);
		ssize_t n = pread(s->fd, r->buffer + r->filled, want, (off_t)r->from);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		r->filled += (size_t)n;
		r->from += (uint64_t)n;
	}
	return r->filled >= HEAD_SIZE && r->filled >= HEAD_SIZE + size_at(r->buffer) ? 1 : -EIO;
}

/* Earlier runs come first: that keeps the order among equal keys. */
static bool is_before(const struct sorter *s, uint32_t a, uint32_t b)
{
	const struct run *x = &s->runs[a], *y = &s->runs[b];
	if (x->start != y->start)
		return x->start < y->start;
	int order = memcmp(x->buffer + x->used, y->buffer + y->used, SORTER_KEY_SIZE);
	return order ? order < 0 : a < b;
}

static void sift(struct sorter *s, size_t at)
{
	for (;;) {
		size_t least = at;
		for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < s->heap_count;
			child++)
			if (is_before(s, s->heap[child], s->heap[least]))
				least = child;
		if (least == at)
			return;
		uint32_t moved = s->heap[at];
		s->heap[at] = s->heap[least];
		s->heap[least] = moved;
		at = least;
	}
}

/* As fill(), and knows the key's beginning. */
static int look(struct sorter *s, struct run *r)
{
	int there = fill(s, r);
	if (there == 1) {
		memcpy(&r->start, r->buffer + r->used, sizeof(r->start));
		r->start = be64toh(r->start);
	}
	return there;
}

static int fill_heap(struct sorter *s)
{
	s->heap_count = 0;
	s->given = false;
	s->built = true;
	for (size_t i = 0; i < s->run_count; i++) {
		int there = look(s, &s->runs[i]);
		if (there < 0)
			return there;
		if (there)
			s->heap[s->heap_count++] = (uint32_t)i;
	}
	for (size_t i = s->heap_count / 2; i-- > 0;)
		sift(s, i);
	return 0;
}

static int begin_runs(struct sorter *s)
{
	int error = s->marks_used ? spill(s) : 0;
	if (!error && !s->heap)
		s->heap = calloc(s->run_count, sizeof(*s->heap));
	for (size_t i = 0; !error && s->heap && i < s->run_count; i++) {
		if (!s->runs[i].buffer)
			s->runs[i].buffer = malloc(READ_SIZE);
		error = s->runs[i].buffer ? 0 : -ENOMEM;
	}
	if (!error && !s->heap)
		error = -ENOMEM;
	if (error)
		return error;
	free(s->arena);
	s->arena = NULL;
	s->reading = true;
	return 0;
}

static int begin(struct sorter *s)
{
	if (s->run_count)
		return begin_runs(s);
	qsort_r(s->marks, s->marks_used, sizeof(*s->marks), compare, s->arena);
	s->reading = true;
	return 0;
}

static void take(const uint8_t *record, struct sorter_record *out)
{
	memcpy(out->key, record, SORTER_KEY_SIZE);
	out->size = size_at(record);
	out->bytes = record + HEAD_SIZE;
}

/* What was given before is valid until now. */
static int pass(struct sorter *s)
{
	struct run *top = &s->runs[s->heap[0]];
	top->used += HEAD_SIZE + size_at(top->buffer + top->used);
	int there = look(s, top);
	if (there < 0)
		return there;
	if (!there)
		s->heap[0] = s->heap[--s->heap_count];
	sift(s, 0);
	s->given = false;
	return 0;
}

static int next_of_runs(struct sorter *s, struct sorter_record *out)
{
	int error = !s->built ? fill_heap(s) : s->given ? pass(s) : 0;
	if (error || !s->heap_count)
		return error;
	const struct run *top = &s->runs[s->heap[0]];
	take(top->buffer + top->used, out);
	s->given = true;
	return 1;
}

int sorter_next(struct sorter *s, struct sorter_record *out)
{
	int error = s->reading ? 0 : begin(s);
	if (error)
		return error;
	if (s->run_count)
		return next_of_runs(s, out);
	if (s->next_mark == s->marks_used)
		return 0;
	take(s->arena + s->marks[s->next_mark++].at, out);
	return 1;
}

void sorter_rewind(struct sorter *s)
{
	s->next_mark = 0;
	for (size_t i = 0; i < s->run_count; i++) {
		s->runs[i].from = s->runs[i].begin;
		s->runs[i].used = s->runs[i].filled = 0;
	}
	s->built = false;
}
