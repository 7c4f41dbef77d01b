/* What a broker of the event needs in one folder: certificates, the list of those shut out, access
 * lists and configuration, from the templates of board/broker. Which folders were written is kept
 * in DIR/keys/brokers, so that shutting a box out reaches them all. */
#ifndef PARVIS_CLI_BROKER_FILES_H
#define PARVIS_CLI_BROKER_FILES_H

#include "base/cc.h"
#include "event/authority.h"
#include "event/boxes.h"

#include <stdbool.h>

#define BROKER_FOLDERS "keys/brokers"

/* What the files are made of. */
struct broker_files {
	const char *event_dir;
	const struct event *event;
	const struct authority *authority;
	const struct boxes *boxes;
	int64_t now_ms;
};

/* Writes into `out` (an existing folder) what follows from the list of boxes: ca.pem, crl.pem and
 * the list by its hashed name, mosquitto.acl and definitions.json; and with a port (0: as they are)
 * the configurations too. An exit status, what is wrong being told. */
NODISCARD int broker_files_write(const struct broker_files *b, const char *out, unsigned port);

/* Writes one file aside, then gives it its name; readable by its owner alone where it is secret. */
NODISCARD int broker_files_put(const char *dir, const char *name, const char *text, bool secret);

/* Remembers a folder. -errno. */
NODISCARD int broker_files_remember(const char *event_dir, const char *out);

/* Writes every folder that is remembered and still there, and tells what is to be done at each
 * broker. An exit status. */
NODISCARD int broker_files_refresh(const struct broker_files *b);

/* Opens the authority and the list of boxes, which may be empty. An exit status. */
NODISCARD int broker_files_open(struct authority **authority, struct boxes *boxes,
	const char *event_dir, const char *event_id, bool make, int64_t now_ms);

#endif
