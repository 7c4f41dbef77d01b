/* A broker of the venue's own: Debian's mosquitto as a child of this program, for when there is no
 * internet. Begun anew when it dies, gone when the program is, however it ends. A thread of its
 * own; it keeps nothing, since boxes keep everything. */
#ifndef PARVIS_PORT_BROKER_HOST_H
#define PARVIS_PORT_BROKER_HOST_H

#include "base/cc.h"

#include <stddef.h>

struct broker_host;

struct broker_host_setup {
	const char *dir; /* its configuration is written to DIR/broker/ */
	int port;        /* for the venue's other boxes, on every address of this one */
	/* PEM files: TLS, and only who has a certificate of `ca`. All or none; NULL: anybody who
	 * reaches the port. */
	const char *ca, *certificate, *key;
};

/* -ENOENT: mosquitto is not installed. -errno. The setup is not kept. */
NODISCARD int broker_host_open(struct broker_host **out, const struct broker_host_setup *setup);

/* NULL is allowed. */
void broker_host_close(struct broker_host *h);

/* Where this box itself finds it: mqtt://127.0.0.1:PORT. The string is the host's. */
const char *broker_host_url(const struct broker_host *h);

/* The child's life begins in this program, as a process of its own: main() hands over to it where
 * argv[1] is this, before anything else. Gives an exit status. */
#define BROKER_HOST_ARGUMENT "--be-the-broker"
int broker_host_main(int argc, char **argv);

#endif
