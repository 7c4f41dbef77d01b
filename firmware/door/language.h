/* The languages that the kiosk speaks. */
#ifndef PARVIS_DOOR_LANGUAGE_H
#define PARVIS_DOOR_LANGUAGE_H

enum language { LANGUAGE_FR, LANGUAGE_EN, LANGUAGE_COUNT };

/* "fr", "en". */
extern const char *const language_codes[LANGUAGE_COUNT];

#endif
