#include "port/wedge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/input-event-codes.h>
#include <xkbcommon/xkbcommon-compose.h>
#include <xkbcommon/xkbcommon.h>

#define XKB_OFFSET 8 /* XKB key codes are the kernel's plus this */

struct wedge {
	struct xkb_keymap *keymap;
	struct xkb_state *state;
	struct xkb_compose_table *accents;
	struct xkb_compose_state *accent;
};

/* Dead keys, as the scanner's makers count on them: with a space the accent itself, with a letter
 * the letter under it. Of our own rather than from the system's locale files, which an appliance
 * does not carry and which give an apostrophe for an acute. */
static const struct {
	const char *key, *alone;
	const char *letters; /* one byte each */
	const char *composed;
} dead_keys[] = {
	{ "dead_grave", "`", "aeiouAEIOU", "àèìòùÀÈÌÒÙ" },
	{ "dead_acute", "´", "aeiouyAEIOUY", "áéíóúýÁÉÍÓÚÝ" },
	{ "dead_circumflex", "^", "aeiouAEIOU", "âêîôûÂÊÎÔÛ" },
	{ "dead_tilde", "~", "anoANO", "ãñõÃÑÕ" },
	{ "dead_diaeresis", "¨", "aeiouyAEIOU", "äëïöüÿÄËÏÖÜ" },
	{ "dead_cedilla", "¸", "cC", "çÇ" },
};

static void write_accents(FILE *f)
{
	for (size_t i = 0; i < ARRAY_LEN(dead_keys); i++) {
		fprintf(f, "<%s> <space> : \"%s\"\n", dead_keys[i].key, dead_keys[i].alone);
		const char *composed = dead_keys[i].composed;
		for (const char *c = dead_keys[i].letters; *c; c++, composed += 2)
			fprintf(f, "<%s> <%c> : \"%.2s\"\n", dead_keys[i].key, *c, composed);
	}
}

static struct xkb_compose_table *make_accents(struct xkb_context *context)
{
	AUTO_FREE char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	if (!f)
		return NULL;
	write_accents(f);
	if (fclose(f))
		return NULL;
	return xkb_compose_table_new_from_buffer(context, text, len, "C.UTF-8",
		XKB_COMPOSE_FORMAT_TEXT_V1, XKB_COMPOSE_COMPILE_NO_FLAGS);
}

/* xkbcommon makes a file name of it. */
static bool is_layout_name(const char *layout)
{
	size_t n = strspn(layout, "abcdefghijklmnopqrstuvwxyz0123456789_");
	return n > 0 && n <= 32 && !layout[n];
}

static int build(struct wedge *w, struct xkb_context *context, const char *layout)
{
	struct xkb_rule_names names = { .rules = "evdev", .model = "pc105", .layout = layout };
	w->keymap = xkb_keymap_new_from_names(context, &names, XKB_KEYMAP_COMPILE_NO_FLAGS);
	if (!w->keymap)
		return -EINVAL;
	w->state = xkb_state_new(w->keymap);
	w->accents = make_accents(context);
	if (w->accents)
		w->accent = xkb_compose_state_new(w->accents, XKB_COMPOSE_STATE_NO_FLAGS);
	return w->state && w->accent ? 0 : -ENOMEM;
}

int wedge_open(struct wedge **out, const char *layout)
{
	if (!is_layout_name(layout))
		return -EINVAL;
	struct xkb_context *context = xkb_context_new(XKB_CONTEXT_NO_ENVIRONMENT_NAMES);
	struct wedge *w = calloc(1, sizeof(*w));
	int error = -ENOMEM;
	if (context && w) {
		xkb_context_set_log_level(context, XKB_LOG_LEVEL_CRITICAL);
		error = build(w, context, layout);
	}
	xkb_context_unref(context); /* the keymap keeps its own hold */
	if (error) {
		wedge_close(w);
		return error;
	}
	wedge_reset(w, false);
	*out = w;
	return 0;
}

void wedge_close(struct wedge *w)
{
	if (!w)
		return;
	xkb_compose_state_unref(w->accent);
	xkb_compose_table_unref(w->accents);
	xkb_state_unref(w->state);
	xkb_keymap_unref(w->keymap);
	free(w);
}

static xkb_mod_mask_t mask_of(const struct wedge *w, const char *modifier)
{
	xkb_mod_index_t i = xkb_keymap_mod_get_index(w->keymap, modifier);
	return i == XKB_MOD_INVALID ? 0 : (xkb_mod_mask_t)1 << i;
}

void wedge_reset(struct wedge *w, bool caps_lock)
{
	struct xkb_state *fresh = xkb_state_new(w->keymap);
	if (fresh) {
		xkb_state_unref(w->state);
		w->state = fresh;
	}
	/* A scanner that types on the keypad means its digits. */
	xkb_mod_mask_t locked = mask_of(w, XKB_MOD_NAME_NUM);
	if (caps_lock)
		locked |= mask_of(w, XKB_MOD_NAME_CAPS);
	xkb_state_update_mask(w->state, 0, 0, locked, 0, 0, 0);
	xkb_compose_state_reset(w->accent);
}

static int text_of(struct wedge *w, xkb_keycode_t key, char out[WEDGE_KEY_BYTES])
{
	xkb_keysym_t symbol = xkb_state_key_get_one_sym(w->state, key);
	xkb_compose_state_feed(w->accent, symbol);
	enum xkb_compose_status status = xkb_compose_state_get_status(w->accent);
	if (status == XKB_COMPOSE_COMPOSING)
		return 0;
	if (status == XKB_COMPOSE_NOTHING)
		return xkb_state_key_get_utf8(w->state, key, out, WEDGE_KEY_BYTES);
	int n = status == XKB_COMPOSE_COMPOSED
			? xkb_compose_state_get_utf8(w->accent, out, WEDGE_KEY_BYTES)
			: xkb_state_key_get_utf8(w->state, key, out, WEDGE_KEY_BYTES);
	xkb_compose_state_reset(w->accent);
	return n;
}

size_t wedge_key(struct wedge *w, unsigned code, int value, char out[WEDGE_KEY_BYTES])
{
	if (code > KEY_MAX || (value != 0 && value != 1))
		return 0;
	xkb_keycode_t key = code + XKB_OFFSET;
	int n = value ? text_of(w, key, out) : 0;
	xkb_state_update_key(w->state, key, value ? XKB_KEY_DOWN : XKB_KEY_UP);
	return n > 0 && n < WEDGE_KEY_BYTES ? (size_t)n : 0;
}
