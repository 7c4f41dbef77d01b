/* Who writes and who reads in the power-cut test of a stick. */
#ifndef PARVIS_TESTS_SYSTEM_STICK_KEYS_H
#define PARVIS_TESTS_SYSTEM_STICK_KEYS_H

#include "event/issuer.h"

#include <stdlib.h>

#define STICK_EVENT "nuit"

static const uint8_t stick_device_seed[32] = { 7 }, stick_issuer_seed[32] = { 9 };

static inline struct issuer *stick_issuer(void)
{
	struct issuer *i;
	if (issuer_from_seed(&i, stick_issuer_seed))
		abort();
	return i;
}

static inline void stick_organiser(uint8_t out[ISSUER_PUBLIC_SIZE])
{
	struct issuer *i = stick_issuer();
	issuer_public(i, out);
	issuer_close(i);
}

#endif
