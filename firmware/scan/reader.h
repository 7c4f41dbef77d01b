/* The program's side of the reading process, a worker which can do nothing but read the frame slot
 * (a memfd) and answer over one socket: seccomp, no new privileges, rlimits, no other descriptor.
 * reader_open() starts this same program again as a child; on the appliance reader_connect() calls
 * at a socket instead, and the service manager starts parvis-reader for that one connection, as
 * another user in a sandbox of its own. When the worker dies, hangs or answers anything but a reply
 * of the exact size and sequence, it is replaced within 200 ms and the frame counts as empty. One
 * thread at a time. */
#ifndef PARVIS_SCAN_READER_H
#define PARVIS_SCAN_READER_H

#include "base/cc.h"
#include "scan/decode.h"

#include <stdint.h>

/* argv[1] that makes a program a worker; main() hands over to reader_worker_main() at once. */
#define READER_WORKER_ARGUMENT "--decode-worker"

/* Longer than this on one frame, and the worker is taken to hang. The first frame of one that a
 * service manager has yet to start may take longer. */
#define READER_HANG_LIVE_MS  1500
#define READER_HANG_STILL_MS 15000
#define READER_START_MS      8000

struct reader;

/* program: NULL = /proc/self/exe. *out only on success; release with reader_close(). */
NODISCARD int reader_open(struct reader **out, const char *program);

/* The socket of a service manager that starts a worker for each connection. Nobody there yet is no
 * error: each look tries again. */
NODISCARD int reader_connect(struct reader **out, const char *socket_path);

/* Either. */
void reader_close(struct reader *r);

/* Hands one frame to the worker and waits for its answer. 0: *out is filled (found or not).
 * -EINVAL: the frame's size is out of range. -EPIPE: the worker died, -ETIMEDOUT: it hung,
 * -EBADMSG: it answered nonsense; in all three it has been replaced already, or will be at the next
 * call, and *out says that nothing was found. -EAGAIN: replacements keep dying; the next one is
 * tried at most every 200 ms. */
NODISCARD int reader_look(
	struct reader *r, const struct luma *frame, enum effort effort, struct decoded *out);

/* How often a worker had to be replaced since reader_open(). */
uint32_t reader_replacements(const struct reader *r);

/* The child's pid, for tests that kill it; -1 while there is none. */
int reader_pid(const struct reader *r);

/* The worker's whole life, after exec. Gives the exit status. */
int reader_worker_main(int argc, char **argv);

/* The same of one that was started for a connection, which is descriptor 3, as service managers
 * hand them over. */
#define READER_CONNECTION_FD 3
int reader_service_main(void);

#endif
