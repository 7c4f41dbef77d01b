/* Pictures of QR codes, drawn for tests: any text, size, place, softness, noise, light. */
#ifndef PARVIS_FAKE_QR_PICTURE_H
#define PARVIS_FAKE_QR_PICTURE_H

#include "scan/decode.h"

/* All zero: a sharp, well-lit code in the middle of a frame of 640 × 480, 5 pixels a module. Each
 * field that is zero keeps that. */
struct qr_picture {
	uint32_t width, height;
	double module_px;   /* side of one module */
	double turn_deg;    /* about the code's centre */
	double centre[2];   /* of the code, 0 … 1 of the picture */
	uint8_t dark, pale; /* greys of modules and of the ground */
	uint32_t soft;      /* radius of a blur by two boxes; 0: none */
	uint32_t noise;     /* greys, uniform, either way; the same noise every time */
	int version;        /* at least this; 0: the smallest */
	unsigned eci;       /* the charset that is declared; 0: none */
	bool structured;    /* the first piece of a structured append; needs a version */
	bool micro;         /* a Micro QR code; needs a version of 3 or 4 */
};

/* Draws `len` bytes in byte mode. The pixels, in *out, are the caller's to free. CHECKs that the
 * text fits. */
void qr_picture_draw(const struct qr_picture *what, const void *text, size_t len, struct luma *out);

#endif
