#include "ui/theme.h"

#include "base/cc.h"

#include <math.h>

#define HEX(rgb)                                                                                   \
	{                                                                                          \
		((rgb) >> 16) / 255.0, ((rgb) >> 8 & 255) / 255.0, ((rgb)&255) / 255.0             \
	}

#define NIGHT   HEX(0x10203a)
#define PANEL   HEX(0x1a2f52)
#define LINE    HEX(0x2c4470)
#define EDGE    HEX(0x6c86b5)
#define MIST    HEX(0xc9d4e6)
#define SKY     HEX(0x7fb8ff)
#define ACTION  HEX(0x1f5fd0)
#define WELCOME HEX(0x0a6b38)
#define GOODBYE HEX(0x0b5a86)
#define ASK     HEX(0xffc53d)
#define STOP    HEX(0xb3141a)
#define TEST    HEX(0x4a3a8c)
#define WHITE   HEX(0xffffff)
#define BLACK   HEX(0x000000)

const struct colour theme_good = HEX(0x35c473);
const struct colour theme_warn = ASK;
const struct colour theme_bad = HEX(0xff8a80);

/* A coloured ground with light or dark text: buttons are the text's colour, filled. */
#define PLAIN_GROUND(colour, ink, on_ink)                                                          \
	{                                                                                          \
		.ground = colour, .text = ink, .soft = ink, .panel = colour, .line = ink,          \
		.edge = ink, .action = ink, .action_text = on_ink, .accent = ink, .icon = ink,     \
		.icon_mark = colour, .frame = colour                                               \
	}

/* High contrast: white on black everywhere; what the verdict is shows in its shape, its words and
 * the colour of the band around the screen. */
#define BLACK_GROUND(band)                                                                         \
	{                                                                                          \
		.ground = BLACK, .text = WHITE, .soft = WHITE, .panel = BLACK, .line = WHITE,      \
		.edge = WHITE, .action = WHITE, .action_text = BLACK, .accent = WHITE,             \
		.icon = WHITE, .icon_mark = BLACK, .frame = band                                   \
	}

static const struct palette palettes[][GROUND_COUNT] = {
	[THEME_NIGHT] = {
		[GROUND_NIGHT] = {
			.ground = NIGHT,
			.text = WHITE,
			.soft = MIST,
			.panel = PANEL,
			.line = LINE,
			.edge = EDGE,
			.action = ACTION,
			.action_text = WHITE,
			.accent = SKY,
			.icon = WHITE,
			.icon_mark = NIGHT,
			.frame = NIGHT,
		},
		[GROUND_WELCOME] = PLAIN_GROUND(WELCOME, WHITE, WELCOME),
		[GROUND_GOODBYE] = PLAIN_GROUND(GOODBYE, WHITE, GOODBYE),
		[GROUND_ASK] = PLAIN_GROUND(ASK, NIGHT, WHITE),
		[GROUND_STOP] = PLAIN_GROUND(STOP, WHITE, STOP),
		[GROUND_TEST] = PLAIN_GROUND(TEST, WHITE, TEST),
	},
	[THEME_CONTRAST] = {
		[GROUND_NIGHT] = BLACK_GROUND(BLACK),
		[GROUND_WELCOME] = BLACK_GROUND(HEX(0x00d26a)),
		[GROUND_GOODBYE] = BLACK_GROUND(HEX(0x38b6ff)),
		[GROUND_ASK] = BLACK_GROUND(ASK),
		[GROUND_STOP] = BLACK_GROUND(HEX(0xff3b3b)),
		[GROUND_TEST] = BLACK_GROUND(HEX(0xb9a6ff)),
	},
};
static_assert(ARRAY_LEN(palettes) == THEME_COUNT, "every theme needs its palettes");

const struct palette *theme_palette(enum theme theme, enum ground ground)
{
	return &palettes[theme][ground];
}

static double linear(double channel)
{
	return channel <= 0.04045 ? channel / 12.92 : pow((channel + 0.055) / 1.055, 2.4);
}

static double luminance(struct colour c)
{
	return 0.2126 * linear(c.r) + 0.7152 * linear(c.g) + 0.0722 * linear(c.b);
}

double theme_contrast(struct colour a, struct colour b)
{
	double la = luminance(a), lb = luminance(b);
	return (fmax(la, lb) + 0.05) / (fmin(la, lb) + 0.05);
}
