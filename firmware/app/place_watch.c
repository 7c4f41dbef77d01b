#include "app/place_watch.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define WATCH_S 2

struct place_watch {
	const struct adopt_places *places;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stopping;
	atomic_ulong seen;
};

static unsigned long mix(unsigned long hash, const void *bytes, size_t n)
{
	const uint8_t *b = bytes;
	for (size_t i = 0; i < n; i++)
		hash = (hash ^ b[i]) * 0x100000001b3UL; /* FNV-1a */
	return hash;
}

static unsigned long mix_file(unsigned long hash, const char *path)
{
	struct stat st;
	if (stat(path, &st))
		return hash;
	hash = mix(hash, path, strlen(path));
	hash = mix(hash, &st.st_ino, sizeof(st.st_ino));
	hash = mix(hash, &st.st_size, sizeof(st.st_size));
	return mix(hash, &st.st_mtim, sizeof(st.st_mtim));
}

static unsigned long fingerprint(const struct adopt_places *places)
{
	unsigned long hash = PLACES_EMPTY;
	for (size_t i = 0; i < places->file_count; i++)
		hash = mix_file(hash, places->files[i]);
	for (size_t i = 0; i < places->dir_count; i++) {
		char pattern[PATH_MAX];
		glob_t found;
		snprintf(pattern, sizeof(pattern), "%s/*" BUNDLE_SUFFIX, places->dirs[i]);
		if (glob(pattern, 0, NULL, &found))
			continue;
		for (size_t j = 0; j < found.gl_pathc && j < ADOPT_OFFERS_MAX; j++)
			hash = mix_file(hash, found.gl_pathv[j]);
		globfree(&found);
	}
	return hash;
}

unsigned long place_watch_look(struct place_watch *w)
{
	unsigned long hash = fingerprint(w->places);
	atomic_store(&w->seen, hash);
	return hash;
}

unsigned long place_watch_seen(const struct place_watch *w)
{
	return atomic_load(&w->seen);
}

static void *watch(void *argument)
{
	struct place_watch *w = argument;
	pthread_mutex_lock(&w->lock);
	while (!w->stopping) {
		pthread_mutex_unlock(&w->lock);
		place_watch_look(w);
		pthread_mutex_lock(&w->lock);
		struct timespec at;
		clock_gettime(CLOCK_MONOTONIC, &at);
		at.tv_sec += WATCH_S;
		if (!w->stopping)
			pthread_cond_timedwait(&w->wake, &w->lock, &at);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static void release(struct place_watch *w)
{
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

int place_watch_open(struct place_watch **out, const struct adopt_places *places)
{
	struct place_watch *w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->places = places;
	atomic_init(&w->seen, PLACES_EMPTY);
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->wake, &attr);
	pthread_condattr_destroy(&attr);
	place_watch_look(w);
	int error = -pthread_create(&w->thread, NULL, watch, w);
	if (error) {
		release(w);
		return error;
	}
	*out = w;
	return 0;
}

void place_watch_close(struct place_watch *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	release(w);
}
