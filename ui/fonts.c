#include "ui/fonts.h"

#include "base/log.h"

#include <errno.h>
#include <fontconfig/fontconfig.h>
#include <limits.h>
#include <pango/pangocairo.h>
#include <pango/pangofc-fontmap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* fontconfig takes a relative name for one of its own folder. */
PangoFontMap *fonts_open(const char *assets)
{
	char path[PATH_MAX - 64], whole[PATH_MAX];
	PangoFontMap *fonts = pango_cairo_font_map_new_for_font_type(CAIRO_FONT_TYPE_FT);
	snprintf(path, sizeof(path), "%s/fonts/fonts.conf", assets ? assets : "assets");
	if (!realpath(path, whole)) {
		log_warning("%s: %s: the system's fonts are used", path, strerror(errno));
		return fonts;
	}
	FcConfig *config = FcConfigCreate();
	if (FcConfigParseAndLoad(config, (const FcChar8 *)whole, FcTrue) &&
		FcConfigBuildFonts(config))
		pango_fc_font_map_set_config(PANGO_FC_FONT_MAP(fonts), config);
	FcConfigDestroy(config); /* the font map holds its own reference */
	return fonts;
}

PangoContext *fonts_context(PangoFontMap *fonts)
{
	PangoContext *context = pango_font_map_create_context(fonts);
	cairo_font_options_t *options = cairo_font_options_create();
	cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
	cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
	cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
	pango_cairo_context_set_font_options(context, options);
	pango_context_set_round_glyph_positions(context, FALSE);
	cairo_font_options_destroy(options);
	return context;
}
