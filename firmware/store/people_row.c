#include "store/people_row.h"

#include <string.h>

/* Then the secret, if there is one, and the texts with their terminators. */
struct head {
	uint64_t line;
	uint16_t length[ROW_TEXTS];
	uint8_t kind, known, revoked, has_secret;
};

static_assert(sizeof(struct head) + SEAL_SECRET_SIZE + ROW_TEXTS_MAX <= SORTER_RECORD_MAX,
	"every row fits into the sorter");
static_assert(TICKET_HASH_SIZE + SORTER_RECORD_MAX <= ROW_BATCH, "and into a batch");

bool row_take(struct people_row *out, const struct person *who)
{
	const char *const texts[] = { [ROW_CODE] = who->code,
		[ROW_NAME] = who->name,
		[ROW_EMAIL] = who->email,
		[ROW_TYPE] = who->type,
		[ROW_VENUE] = who->venue,
		[ROW_SOURCE] = who->source };
	size_t all = 0;
	for (size_t i = 0; i < ROW_TEXTS; i++) {
		size_t n = i == ROW_CODE ? who->code_len : strlen(texts[i]);
		all += n + 1;
		if (n > ROW_TEXTS_MAX || all > ROW_TEXTS_MAX)
			return false;
		out->text[i] = texts[i];
		out->length[i] = (uint16_t)n;
	}
	return true;
}

struct person row_person(const struct people_row *row)
{
	return (struct person){ .code = row->text[ROW_CODE],
		.code_len = row->length[ROW_CODE],
		.name = row->text[ROW_NAME],
		.email = row->text[ROW_EMAIL],
		.type = row->text[ROW_TYPE],
		.venue = row->text[ROW_VENUE],
		.source = row->text[ROW_SOURCE],
		.line = row->line,
		.revoked = row->revoked,
		.known = row->known };
}

size_t row_encode(uint8_t *out, size_t capacity, const struct people_row *row)
{
	struct head head = { .line = row->line,
		.kind = (uint8_t)row->kind,
		.known = row->known,
		.revoked = row->revoked,
		.has_secret = row->has_secret };
	size_t used = sizeof(head) + (row->has_secret ? SEAL_SECRET_SIZE : 0), all = used;
	for (size_t i = 0; i < ROW_TEXTS; i++)
		all += row->length[i] + 1U;
	if (all > capacity)
		return 0;
	memcpy(head.length, row->length, sizeof(head.length));
	memcpy(out, &head, sizeof(head));
	if (row->has_secret)
		memcpy(out + sizeof(head), row->secret, SEAL_SECRET_SIZE);
	for (size_t i = 0; i < ROW_TEXTS; i++) {
		memcpy(out + used, row->text[i], row->length[i]);
		used += row->length[i];
		out[used++] = '\0';
	}
	return used;
}

size_t row_decode(const uint8_t *bytes, struct people_row *out)
{
	struct head head;
	size_t used = sizeof(head);
	memcpy(&head, bytes, sizeof(head));
	out->line = head.line;
	out->kind = (enum people_change)head.kind;
	out->known = head.known;
	out->revoked = head.revoked;
	out->has_secret = head.has_secret;
	memcpy(out->length, head.length, sizeof(head.length));
	if (head.has_secret) {
		memcpy(out->secret, bytes + used, SEAL_SECRET_SIZE);
		used += SEAL_SECRET_SIZE;
	}
	for (size_t i = 0; i < ROW_TEXTS; i++) {
		out->text[i] = (const char *)bytes + used;
		used += head.length[i] + 1U;
	}
	return used;
}

bool batch_put(struct row_batch *b, const struct people_row *row)
{
	if (ROW_BATCH - b->used < sizeof(row->hash))
		return false;
	size_t at = b->used + sizeof(row->hash);
	size_t n = row_encode(b->bytes + at, ROW_BATCH - at, row);
	if (!n)
		return false;
	memcpy(b->bytes + b->used, row->hash, sizeof(row->hash));
	b->used = at + n;
	return true;
}

bool batch_take(const struct row_batch *b, size_t *at, struct people_row *out)
{
	if (*at == b->used)
		return false;
	memcpy(out->hash, b->bytes + *at, sizeof(out->hash));
	*at += sizeof(out->hash);
	*at += row_decode(b->bytes + *at, out);
	return true;
}
