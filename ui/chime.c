#include "ui/chime.h"

#include "base/log.h"

#include <SDL.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define NOTES      8
#define PEAK       11000.0 /* of 32767: loud, and far from clipping */
#define LONGEST_MS 1600
#define RELEASE_MS 60

struct note {
	double hz; /* 0: silence */
	unsigned ms;
};

/* A note of 0 ms ends the tune. Pitches from A = 440 Hz, equal temperament. */
static const struct note tunes[][NOTES] = {
	[CHIME_NONE] = { { 0, 0 } },
	[CHIME_WELCOME] = { { 659.26, 140 }, { 987.77, 300 } },
	[CHIME_WELCOME_BACK] = { { 523.25, 120 }, { 659.26, 120 }, { 987.77, 300 } },
	[CHIME_MOVED] = { { 523.25, 100 }, { 0, 30 }, { 523.25, 100 }, { 659.26, 120 },
		{ 987.77, 300 } },
	[CHIME_GOODBYE] = { { 783.99, 160 }, { 523.25, 320 } },
	[CHIME_ALREADY_IN] = { { 587.33, 180 }, { 0, 90 }, { 587.33, 260 } },
	[CHIME_NOT_YET] = { { 587.33, 160 }, { 0, 80 }, { 587.33, 160 }, { 698.46, 300 } },
	[CHIME_FULL] = { { 587.33, 140 }, { 0, 80 }, { 587.33, 140 }, { 0, 80 }, { 587.33, 280 } },
	[CHIME_WRONG_VENUE] = { { 196.00, 350 }, { 293.66, 450 } },
	[CHIME_EXPIRED] = { { 220.00, 350 }, { 164.81, 550 } },
	[CHIME_REVOKED] = { { 196.00, 280 }, { 0, 120 }, { 196.00, 420 } },
	[CHIME_FORGED] = { { 196.00, 220 }, { 0, 110 }, { 196.00, 220 }, { 0, 110 },
		{ 196.00, 420 } },
	[CHIME_UNKNOWN] = { { 196.00, 800 } },
	[CHIME_NOT_A_TICKET] = { { 196.00, 300 } },
	[CHIME_TEST] = { { 523.25, 110 }, { 587.33, 110 }, { 659.26, 110 }, { 698.46, 110 },
		{ 783.99, 110 }, { 880.00, 110 }, { 987.77, 220 } },
	[CHIME_STAFF] = { { 1318.51, 40 }, { 0, 60 }, { 1318.51, 40 } },
	[CHIME_FAULT] = { { 174.61, 150 }, { 0, 90 }, { 174.61, 150 }, { 0, 90 }, { 174.61, 150 } },
	[CHIME_HELP] = { { 783.99, 300 }, { 659.26, 500 } },
	[CHIME_TAP] = { { 1318.51, 25 } },
};
static_assert(ARRAY_LEN(tunes) == CHIME_COUNT, "every chime needs its tune");

/* A soft bell: the note and two partials, struck fast and dying away; low notes get more of the
 * partials, which small loudspeakers can play. */
static double voice(const struct note *n, double t)
{
	double length = n->ms / 1000.0, left = length - t;
	double attack = fmin(t / 0.006, 1),
	       release = fmin(left / fmin(RELEASE_MS / 1000.0, length / 2), 1);
	double decay = exp(-2.2 * t / fmax(length, 0.2)), w = 2 * M_PI * n->hz * t;
	double rich = n->hz < 300 ? 0.6 : 0.2;
	double wave = sin(w) + rich * sin(2 * w) + rich / 2 * sin(3 * w);
	return wave / (1 + 1.5 * rich) * attack * fmax(release, 0) * decay;
}

size_t chime_samples(enum chime chime, int16_t *out, size_t capacity)
{
	size_t total = 0;
	for (size_t i = 0; i < NOTES && tunes[chime][i].ms; i++) {
		const struct note *n = &tunes[chime][i];
		size_t count = (size_t)n->ms * CHIME_RATE / 1000;
		for (size_t j = 0; j < count && total + j < capacity; j++)
			out[total + j] =
				(int16_t)(n->hz > 0 ? PEAK * voice(n, (double)j / CHIME_RATE) : 0);
		total += count;
	}
	return total;
}

struct speaker {
	SDL_AudioDeviceID device;
};

int speaker_open(struct speaker **out)
{
	SDL_AudioSpec want = {
		.freq = CHIME_RATE, .format = AUDIO_S16SYS, .channels = 1, .samples = 1024
	};
	if (SDL_InitSubSystem(SDL_INIT_AUDIO)) {
		log_warning("no sound: %s", SDL_GetError());
		return -ENODEV;
	}
	SDL_AudioDeviceID device = SDL_OpenAudioDevice(NULL, 0, &want, NULL, 0);
	struct speaker *s = device ? malloc(sizeof(*s)) : NULL;
	if (!s) {
		log_warning("no sound: %s", SDL_GetError());
		if (device)
			SDL_CloseAudioDevice(device);
		SDL_QuitSubSystem(SDL_INIT_AUDIO);
		return -ENODEV;
	}
	s->device = device;
	SDL_PauseAudioDevice(device, 0);
	*out = s;
	return 0;
}

void speaker_close(struct speaker *s)
{
	if (!s)
		return;
	SDL_CloseAudioDevice(s->device);
	SDL_QuitSubSystem(SDL_INIT_AUDIO);
	free(s);
}

int speaker_play(struct speaker *s, enum chime chime)
{
	static int16_t samples[LONGEST_MS * (CHIME_RATE / 1000)];
	size_t n = chime_samples(chime, samples, ARRAY_LEN(samples));
	if (n > ARRAY_LEN(samples))
		n = ARRAY_LEN(samples);
	if (SDL_GetAudioDeviceStatus(s->device) == SDL_AUDIO_STOPPED)
		return -EIO;
	SDL_ClearQueuedAudio(s->device);
	return SDL_QueueAudio(s->device, samples, (Uint32)(n * sizeof(samples[0]))) ? -EIO : 0;
}
