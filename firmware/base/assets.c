#include "base/assets.h"

#include <libgen.h>
#include <stdlib.h>
#include <unistd.h>

bool assets_find(char out[PATH_MAX])
{
	static const char *const places[] = { "../share/parvis", "../../assets", "../assets" };
	char self[PATH_MAX], place[PATH_MAX * 2];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n < 0)
		return false;
	self[n] = '\0';
	const char *dir = dirname(self);
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		char probe[PATH_MAX * 2 + 32];
		snprintf(place, sizeof(place), "%s/%s", dir, places[i]);
		snprintf(probe, sizeof(probe), "%s/demo/event.ini", place);
		if (!access(probe, R_OK) && realpath(place, out))
			return true;
	}
	return false;
}
