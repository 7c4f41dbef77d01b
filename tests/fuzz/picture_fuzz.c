/* A picture of a stranger's: whatever the bytes, the answer is a picture within its limits or a
 * reason. */
#include "port/picture.h"

#include <errno.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct picture p;
	int error = picture_decode(&p, data, size);
	if (error) {
		CHECK(error == -EINVAL || error == -EFBIG || error == -ENOMEM);
		return 0;
	}
	CHECK(p.width >= 1 && p.width <= PICTURE_WIDTH_MAX);
	CHECK(p.height >= 1 && p.height <= PICTURE_HEIGHT_MAX);
	unsigned sum = 0;
	for (size_t i = 0; i < (size_t)p.width * p.height; i++)
		sum += p.pixels[i]; /* every pixel is there to be read */
	CHECK(sum <= 255U * p.width * p.height);
	picture_free(&p);
	return 0;
}
