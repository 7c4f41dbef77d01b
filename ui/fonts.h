/* Parvis's own fonts, the same on glass and on paper: assets/fonts/fonts.conf in place of the
 * system's configuration, which chooses other faces and sizes. No SDL. A font map is for one thread
 * at a time. */
#ifndef PARVIS_UI_FONTS_H
#define PARVIS_UI_FONTS_H

#include <pango/pango.h>

/* assets NULL: "assets". The system's fonts where fonts.conf is missing. Release with
 * g_object_unref(); so too the context. */
PangoFontMap *fonts_open(const char *assets);

/* Outlines as they were drawn, at any scale: no hinting, no rounding to pixels. */
PangoContext *fonts_context(PangoFontMap *fonts);

#endif
