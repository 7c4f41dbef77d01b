/* One file from a server in the same house: what a pairing code points to. http and https, no
 * redirection, no proxy; only to private and loopback addresses, whatever a name resolves to.
 * What comes is not believed: the caller verifies it. libcurl is behind it. Blocks. */
#ifndef PARVIS_PORT_DOWNLOAD_H
#define PARVIS_PORT_DOWNLOAD_H

#include "base/cc.h"

#include <stdint.h>

/* Writes what the URL gives to a descriptor. At most max_bytes, within timeout_s. -EFBIG where
 * there is more, -EACCES for an address that is not private, -EINVAL for another scheme, -ENOENT
 * for an answer that is not 200, -EHOSTUNREACH for the rest of the network's failures, -errno of
 * the write. */
NODISCARD int download(const char *url, int fd, uint64_t max_bytes, unsigned timeout_s);

#endif
