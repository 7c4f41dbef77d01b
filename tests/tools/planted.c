/* Looks for planted words in the raw bytes of files, or of a running program's memory, whatever
 * there is around them.
 *
 *   planted WORDS FILE...      WORDS: one a line, each of at least 8 bytes of UTF-8
 *   planted WORDS --memory PID
 *
 * Each is looked for as UTF-8 and, where it is ASCII, as UTF-16 in both byte orders. Prints a line
 * for each hit and the number of bytes looked at. Exit status: 0 none, 1 some, 3 failed. */
#include "base/cc.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fcntl.h>

#define KEY      8U /* a word is found by its first bytes */
#define WORD_MAX 512U
#define CHUNK    (1U << 20)
#define HITS_MAX 20

struct word {
	uint8_t bytes[WORD_MAX];
	size_t len;
};

struct words {
	struct word *at;
	size_t count, room;
	uint32_t *slots; /* 1 + the place of a word; chained by probing */
	size_t mask;
};

static uint64_t key_of(const uint8_t *bytes)
{
	uint64_t key;
	memcpy(&key, bytes, KEY);
	return key * UINT64_C(0x9e3779b97f4a7c15);
}

static void add(struct words *w, const uint8_t *bytes, size_t len)
{
	if (len < KEY || len > WORD_MAX) {
		fprintf(stderr, "planted: a word has 8 to %u bytes\n", WORD_MAX);
		exit(3);
	}
	if (w->count == w->room) {
		w->room = w->room ? w->room * 2 : 1024;
		w->at = realloc(w->at, w->room * sizeof(*w->at));
		CHECK(w->at != NULL);
	}
	memcpy(w->at[w->count].bytes, bytes, len);
	w->at[w->count++].len = len;
}

static void add_wide(struct words *w, const char *line, size_t len, size_t first)
{
	uint8_t wide[WORD_MAX] = { 0 };
	for (size_t i = 0; i < len; i++) {
		if (line[i] & 0x80 || 2 * len > sizeof(wide))
			return;
		wide[2 * i + first] = (uint8_t)line[i];
	}
	add(w, wide, 2 * len);
}

static void index_words(struct words *w)
{
	size_t slots = 1024;
	while (slots < w->count * 4)
		slots *= 2;
	w->mask = slots - 1;
	w->slots = calloc(slots, sizeof(*w->slots));
	CHECK(w->slots != NULL);
	for (size_t i = 0; i < w->count; i++) {
		size_t at = key_of(w->at[i].bytes) >> 20 & w->mask;
		while (w->slots[at])
			at = (at + 1) & w->mask;
		w->slots[at] = (uint32_t)i + 1;
	}
}

static bool load(struct words *w, const char *path)
{
	char line[WORD_MAX];
	AUTO_FILE in = fopen(path, "re");
	if (!in)
		return false;
	while (fgets(line, sizeof(line), in)) {
		size_t len = strcspn(line, "\n");
		add(w, (const uint8_t *)line, len);
		add_wide(w, line, len, 0);
		add_wide(w, line, len, 1);
	}
	index_words(w);
	return w->count > 0;
}

static const struct word *find(const struct words *w, const uint8_t *bytes, size_t left)
{
	for (size_t at = key_of(bytes) >> 20 & w->mask; w->slots[at]; at = (at + 1) & w->mask) {
		const struct word *word = &w->at[w->slots[at] - 1];
		if (word->len <= left && !memcmp(word->bytes, bytes, word->len))
			return word;
	}
	return NULL;
}

struct search {
	const struct words *words;
	uint64_t hits, bytes;
};

static void tell(struct search *s, const char *where, uint64_t offset, const struct word *word)
{
	if (s->hits++ >= HITS_MAX)
		return;
	printf("%s: at %" PRIu64 ": ", where, offset);
	for (size_t i = 0; i < word->len; i++)
		if (word->bytes[i])
			putchar(word->bytes[i]);
	putchar('\n');
}

/* [start, end) of a descriptor, a piece at a time, the pieces overlapping by a word. What cannot be
 * read (a hole in a memory) ends the stretch. */
static void look(struct search *s, int fd, uint64_t start, uint64_t end, const char *where)
{
	static uint8_t chunk[CHUNK + WORD_MAX];
	size_t kept = 0;
	for (uint64_t at = start; at < end;) {
		size_t want = end - at < CHUNK ? (size_t)(end - at) : CHUNK;
		ssize_t n = pread(fd, chunk + kept, want, (off_t)at);
		if (n <= 0)
			return;
		size_t have = kept + (size_t)n;
		bool last = at + (uint64_t)n >= end;
		size_t upto = last ? have : have > WORD_MAX ? have - WORD_MAX : 0;
		for (size_t i = 0; i < upto && i + KEY <= have; i++) {
			const struct word *word = find(s->words, chunk + i, have - i);
			if (word)
				tell(s, where, at - kept + i, word);
		}
		s->bytes += (uint64_t)n;
		at += (uint64_t)n;
		kept = have - upto;
		memmove(chunk, chunk + upto, kept);
	}
}

static bool look_in_file(struct search *s, const char *path)
{
	struct stat st;
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		return false;
	look(s, fd, 0, (uint64_t)st.st_size, path);
	return true;
}

/* What the program can write, itself: not the files that it has mapped to read. */
static bool look_in_memory(struct search *s, const char *pid)
{
	char path[64], line[512];
	snprintf(path, sizeof(path), "/proc/%s/maps", pid);
	AUTO_FILE maps = fopen(path, "re");
	snprintf(path, sizeof(path), "/proc/%s/mem", pid);
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	if (!maps || fd < 0)
		return false;
	while (fgets(line, sizeof(line), maps)) {
		uint64_t start, end;
		char rights[8];
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s", &start, &end, rights) == 3 &&
			rights[1] == 'w')
			look(s, fd, start, end, "memory");
	}
	return s->bytes > 0;
}

int main(int argc, char **argv)
{
	struct words words = { 0 };
	struct search s = { .words = &words };
	if (argc < 3 || !load(&words, argv[1])) {
		fprintf(stderr, "usage: planted WORDS FILE... | planted WORDS --memory PID\n");
		return 3;
	}
	bool memory = argc == 4 && !strcmp(argv[2], "--memory");
	bool good = true;
	for (int i = 2; !memory && i < argc; i++)
		good = look_in_file(&s, argv[i]) && good;
	if (memory)
		good = look_in_memory(&s, argv[3]);
	printf("%" PRIu64 " hits in %" PRIu64 " bytes\n", s.hits, s.bytes);
	free(words.at);
	free(words.slots);
	if (!good) {
		fprintf(stderr, "planted: not all could be read\n");
		return 3;
	}
	return s.hits ? 1 : 0;
}
