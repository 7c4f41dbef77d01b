/* Debian's mosquitto as a child of a test, in a directory of its own, on a port of 127.0.0.1 that
 * the kernel has chosen. It dies with the test. */
#ifndef PARVIS_TESTS_FAKE_MOSQUITTO_SERVER_H
#define PARVIS_TESTS_FAKE_MOSQUITTO_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

struct mosquitto_server {
	char dir[200]; /* mosquitto.conf, mosquitto.log, and what the test puts there */
	char url[64];  /* mqtt://127.0.0.1:PORT */
	int port;
	pid_t pid; /* 0: not running */
};

/* Whether it is installed here. */
bool mosquitto_server_exists(void);

/* A port of 127.0.0.1 that was free just now. */
int mosquitto_server_free_port(void);

/* Starts one; dir exists. `more`: further lines of its configuration, NULL for none, in place of
 * "allow_anonymous true". Fails the test where it does not start. */
void mosquitto_server_start(struct mosquitto_server *s, const char *dir, const char *more);

/* The same again on the same port, after a stop or kill. */
void mosquitto_server_again(struct mosquitto_server *s);

/* Ends it with this signal, if it runs, and waits for its end. */
void mosquitto_server_end(struct mosquitto_server *s, int signal_number);

#endif
