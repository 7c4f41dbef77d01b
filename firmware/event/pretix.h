/* What a pretix server answers over its REST API (https://docs.pretix.eu, "REST API"), understood:
 * JSON of strangers in, plain values out. Unknown fields are passed over; of a field that is needed
 * and missing, or of another kind, the name is told. Pure, but for the heap; any thread.
 *
 * Each call reads one answer. Records are given to `take` one by one, and are the callee's for that
 * call only; what it returns other than 0 ends the reading and is returned. 0 otherwise; -EBADMSG
 * for what is no such answer, told in why without anything of a guest's in it; -ENOMEM. */
#ifndef PARVIS_EVENT_PRETIX_H
#define PARVIS_EVENT_PRETIX_H

#include "base/cc.h"
#include "event/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PRETIX_WHY_SIZE      240
#define PRETIX_PAGE_MAX      1000 /* records of one page; pretix gives 50 */
#define PRETIX_PRODUCTS_MAX  1000 /* of one check-in list */
#define PRETIX_POSITIONS_MAX 1000 /* of one order */
#define PRETIX_QUERY_SIZE    512
#define PRETIX_EMAIL_SIZE    256

/* One page of a list. */
struct pretix_page {
	uint64_t count;                /* records on all pages, as the server says */
	bool more;                     /* there is another page … */
	char query[PRETIX_QUERY_SIZE]; /* … which is the same address with this after its ? */
};

/* events/EVENT/: the public keys of signed tickets, valid_keys.pretix_sig1: base64 of PEM of
 * SubjectPublicKeyInfo each. The count is 0 where the server gives none. */
NODISCARD int pretix_read_event(const char *json, size_t len, uint8_t keys[EVENT_KEYS_MAX][32],
	uint32_t *key_count, char why[PRETIX_WHY_SIZE]);

/* The raw key of one such text: the DER must be that of Ed25519 (RFC 8410) to the byte, and the key
 * a point that can sign. Other base64 is refused. */
NODISCARD bool pretix_read_key(const char *text, size_t len, uint8_t key[32]);

/* checkinlists/ */
struct pretix_list {
	int64_t id;
	char name[EVENT_TEXT_SIZE]; /* printable */
	bool all_products;
	int64_t products[PRETIX_PRODUCTS_MAX]; /* where not all_products */
	size_t product_count;
	int64_t subevent; /* 0: of every date */
	bool include_pending;
};
typedef int pretix_take_list(void *context, const struct pretix_list *list);
NODISCARD int pretix_read_lists(const char *json, size_t len, struct pretix_page *page,
	pretix_take_list *take, void *context, char why[PRETIX_WHY_SIZE]);

/* items/: the products' names, in `language` where it is there. */
typedef int pretix_take_item(void *context, int64_t id, const char *name);
NODISCARD int pretix_read_items(const char *json, size_t len, const char *language,
	struct pretix_page *page, pretix_take_item *take, void *context, char why[PRETIX_WHY_SIZE]);

enum pretix_standing {
	PRETIX_GOOD,
	PRETIX_PENDING, /* good where a list takes orders that are not paid yet */
	PRETIX_BLOCKED,
	PRETIX_GONE, /* cancelled, expired, not approved */
};

struct pretix_position {
	int64_t id, item;
	int64_t subevent; /* 0: none */
	const char *code; /* the secret: 1 … CODE_MAX bytes */
	size_t code_len;
	char name[TICKET_NAME_SIZE];   /* to greet with, without hidden characters; "" = unknown */
	char email[PRETIX_EMAIL_SIZE]; /* "" = unknown */
	bool timed;                    /* has valid_from or valid_until */
	enum pretix_standing standing;
};
typedef int pretix_take_position(void *context, const struct pretix_position *position);

/* checkinlists/ID/positions/ */
NODISCARD int pretix_read_positions(const char *json, size_t len, struct pretix_page *page,
	pretix_take_position *take, void *context, char why[PRETIX_WHY_SIZE]);

/* orders/: the positions of each order, judged by the order's state. A name that a position lacks
 * is that of the position it was added to, or of the invoice, as in the answer above. */
NODISCARD int pretix_read_orders(const char *json, size_t len, struct pretix_page *page,
	pretix_take_position *take, void *context, char why[PRETIX_WHY_SIZE]);

/* revokedsecrets/ and blockedsecrets/: `bad` is false for what is blocked no longer. */
typedef int pretix_take_secret(void *context, const char *code, size_t len, bool bad);
NODISCARD int pretix_read_secrets(const char *json, size_t len, struct pretix_page *page,
	pretix_take_secret *take, void *context, char why[PRETIX_WHY_SIZE]);

/* checkinrpc/redeem/: what became of one entry or exit. */
enum pretix_redeemed {
	PRETIX_REDEEMED,   /* it stands there now, or did already */
	PRETIX_INCOMPLETE, /* wants answers to questions, or a ticket exchanged: not taken */
	PRETIX_NOT_TAKEN,  /* for a reason */
};

struct pretix_redeem {
	enum pretix_redeemed result;
	char reason[64];                   /* printable; "" for PRETIX_REDEEMED alone */
	char explanation[PRETIX_WHY_SIZE]; /* printable; "" where there is none */
};
NODISCARD int pretix_read_redeem(
	const char *json, size_t len, struct pretix_redeem *out, char why[PRETIX_WHY_SIZE]);

/* What an error answer says for itself ({"detail": …}), printable; "" where it says nothing. */
void pretix_read_detail(const char *json, size_t len, char out[PRETIX_WHY_SIZE]);

#endif
