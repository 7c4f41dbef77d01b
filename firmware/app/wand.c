#include "app/wand.h"

#include "base/log.h"
#include "base/mailbox.h"
#include "port/buttons.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#define WAIT_MS       250
#define REOPEN_MS     1000
#define CODES_WAITING 32

struct wand {
	struct mailbox *out;
	struct scanner *scanner;
	struct pins pins;
	pthread_t scanner_thread, button_thread;
	bool has_scanner, has_buttons;
	atomic_bool stopping;
};

static void pause_ms(long ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	nanosleep(&t, NULL);
}

/* Waits for room: a scan that was heard is not thrown away. */
static void tell(struct wand *w, const struct wand_message *m)
{
	while (mailbox_put(w->out, m) && !atomic_load(&w->stopping))
		pause_ms(10);
}

/* Says only what has changed. *known starts at a value that no mask has. */
static void tell_fault(struct wand *w, uint32_t mask, bool on, uint32_t *known)
{
	uint32_t now = on ? mask : 0;
	if (now == *known)
		return;
	*known = now;
	struct wand_message m = { .kind = WAND_FAULTS, .mask = mask, .faults = now };
	tell(w, &m);
}

static void *scanner_main(void *argument)
{
	struct wand *w = argument;
	uint32_t known = UINT32_MAX;
	struct wand_message m = { .kind = WAND_CODE };
	while (!atomic_load(&w->stopping)) {
		int error = scanner_read(w->scanner, &m.code, WAIT_MS);
		tell_fault(w, FAULT_SCANNER, error == -ENODEV, &known);
		if (!error)
			tell(w, &m);
		else if (error != -ETIMEDOUT)
			pause_ms(50);
	}
	return NULL;
}

static void *button_main(void *argument)
{
	struct wand *w = argument;
	uint32_t known = UINT32_MAX;
	struct buttons *buttons = NULL;
	while (!atomic_load(&w->stopping)) {
		unsigned index;
		int error = buttons ? 0 : buttons_open(&buttons, &w->pins);
		tell_fault(w, FAULT_BUTTONS, error != 0, &known);
		if (error) {
			pause_ms(REOPEN_MS);
			continue;
		}
		error = buttons_wait(buttons, &index, WAIT_MS);
		if (!error) {
			struct wand_message m = { .kind = WAND_BUTTON,
				.button = (enum button)(index + 1) };
			tell(w, &m);
		} else if (error != -ETIMEDOUT) {
			buttons_close(buttons);
			buttons = NULL;
		}
	}
	if (buttons)
		buttons_close(buttons);
	return NULL;
}

static bool any_button(const struct pins *pins)
{
	for (size_t i = 0; i < PINS_BUTTONS; i++)
		if (pins->buttons[i].used)
			return true;
	return false;
}

static int start(struct wand *w, const char *scanner, const struct pins *pins)
{
	int error = mailbox_open(&w->out, sizeof(struct wand_message), CODES_WAITING);
	if (!error && scanner)
		error = scanner_open(&w->scanner, scanner);
	if (!error && scanner) {
		error = -pthread_create(&w->scanner_thread, NULL, scanner_main, w);
		w->has_scanner = !error;
	}
	if (!error && pins && any_button(pins)) {
		w->pins = *pins;
		error = -pthread_create(&w->button_thread, NULL, button_main, w);
		w->has_buttons = !error;
	}
	return error;
}

int wand_open(struct wand **out, const char *scanner, const struct pins *pins)
{
	struct wand *w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	int error = start(w, scanner, pins);
	if (error) {
		wand_close(w);
		return error;
	}
	*out = w;
	return 0;
}

void wand_close(struct wand *w)
{
	if (!w)
		return;
	atomic_store(&w->stopping, true);
	if (w->has_scanner)
		pthread_join(w->scanner_thread, NULL);
	if (w->has_buttons)
		pthread_join(w->button_thread, NULL);
	if (w->scanner)
		scanner_close(w->scanner);
	mailbox_close(w->out);
	free(w);
}

int wand_next(struct wand *w, struct wand_message *out)
{
	return mailbox_get(w->out, out);
}

int wand_fd(const struct wand *w)
{
	return mailbox_fd(w->out);
}
