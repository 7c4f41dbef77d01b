/* The address of a broker, read: mqtt://host[:port] or mqtts://host[:port], an IPv6 address in
 * brackets. No name, password, path or anything else is taken: who a box is says its certificate.
 * Pure. */
#ifndef PARVIS_PORT_BROKER_ADDRESS_H
#define PARVIS_PORT_BROKER_ADDRESS_H

#include "port/broker.h"

struct broker_address {
	char host[BROKER_URL_MAX];
	int port;
	bool tls;
};

/* -EINVAL for what is none. *out only on success. */
NODISCARD int broker_address_read(struct broker_address *out, const char *text);

#endif
