/* Ports of 127.0.0.1, or of another address of this machine, for shell tests.
 *   port free [N]                    prints N ports that were free just now
 *   port wait PORT SECONDS [ADDRESS] waits until one is listened on; status 1: it is not */
#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORTS_MAX 64
#define LOOK_MS   20

static struct sockaddr_in loopback(long port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

/* All are held until the last is known, so that none comes twice. */
static int print_free(long count)
{
	for (long i = 0; i < count && i < PORTS_MAX; i++) {
		struct sockaddr_in a = loopback(0);
		socklen_t size = sizeof(a);
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) ||
			getsockname(fd, (struct sockaddr *)&a, &size))
			return 3;
		printf("%d\n", ntohs(a.sin_port));
	}
	return 0;
}

static int wait_for(long port, long seconds, const char *address)
{
	for (long ms = 0; ms <= seconds * 1000; ms += LOOK_MS) {
		struct sockaddr_in a = loopback(port);
		if (address && inet_pton(AF_INET, address, &a.sin_addr) != 1)
			return 2;
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		int error = connect(fd, (struct sockaddr *)&a, sizeof(a));
		close(fd);
		if (!error)
			return 0;
		poll(NULL, 0, LOOK_MS);
	}
	return 1;
}

int main(int argc, char **argv)
{
	if (argc >= 2 && argc <= 3 && !strcmp(argv[1], "free"))
		return print_free(argc == 3 ? strtol(argv[2], NULL, 10) : 1);
	if ((argc == 4 || argc == 5) && !strcmp(argv[1], "wait"))
		return wait_for(strtol(argv[2], NULL, 10), strtol(argv[3], NULL, 10),
			argc == 5 ? argv[4] : NULL);
	fprintf(stderr, "usage: port free [N] | port wait PORT SECONDS [ADDRESS]\n");
	return 2;
}
