#include "tests/fake/cut_replay.h"

#include <stdlib.h>
#include <string.h>

#define SECTOR 512

const char *const cut_kind_names[CUT_KIND_COUNT] = {
	[CUT_KEPT] = "kept",
	[CUT_LOST] = "lost",
	[CUT_SECTORS] = "sectors",
	[CUT_WRITES] = "writes",
	[CUT_TORN] = "torn",
	[CUT_JUNK] = "junk",
};

/* One file as the medium has it, and what is on its way there. */
struct medium {
	bool linked;
	struct cut_bytes durable;
};

struct cut_replay {
	const struct cut_disk *disk;
	struct medium *media;
	size_t done;
	/* Indices of operations that no sync covers yet, in their order; all files and names. */
	size_t *pending;
	size_t pending_count, pending_capacity;
	size_t durable;
};

struct cut_replay *cut_replay_new(const struct cut_disk *recorded)
{
	struct cut_replay *r = calloc(1, sizeof(*r));
	CHECK(r);
	r->disk = recorded;
	r->media = calloc(recorded->file_count + 1, sizeof(*r->media));
	CHECK(r->media);
	for (size_t i = 0; i < recorded->file_count; i++) {
		r->media[i].linked = recorded->files[i]->base_linked;
		cut_bytes_copy(&r->media[i].durable, &recorded->files[i]->base);
	}
	return r;
}

void cut_replay_free(struct cut_replay *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->disk->file_count; i++)
		free(r->media[i].durable.at);
	free(r->media);
	free(r->pending);
	free(r);
}

size_t cut_replay_done(const struct cut_replay *r)
{
	return r->done;
}

size_t cut_replay_pending(const struct cut_replay *r)
{
	return r->pending_count;
}

size_t cut_replay_durable(const struct cut_replay *r)
{
	return r->durable;
}

static bool is_name_op(const struct cut_op *op)
{
	return op->kind == CUT_CREATE || op->kind == CUT_DELETE;
}

static void change_bytes(struct cut_bytes *b, const struct cut_op *op)
{
	if (op->kind == CUT_WRITE)
		cut_bytes_put(b, op->data, op->length, op->offset);
	else if (op->kind == CUT_TRUNCATE)
		cut_bytes_resize(b, op->offset);
}

static bool covered(const struct cut_op *sync, const struct cut_op *op)
{
	if (sync->kind == CUT_SYNC_DIR)
		return is_name_op(op);
	return !is_name_op(op) && op->file == sync->file;
}

static void settle(struct cut_replay *r, const struct cut_op *sync)
{
	size_t kept = 0;
	for (size_t i = 0; i < r->pending_count; i++) {
		const struct cut_op *op = &r->disk->ops[r->pending[i]];
		if (!covered(sync, op))
			r->pending[kept++] = r->pending[i];
		else if (is_name_op(op))
			r->media[op->file].linked = op->kind == CUT_CREATE;
		else
			change_bytes(&r->media[op->file].durable, op);
	}
	r->durable += kept != r->pending_count;
	r->pending_count = kept;
}

bool cut_replay_step(struct cut_replay *r)
{
	if (r->done == r->disk->op_count)
		return false;
	const struct cut_op *op = &r->disk->ops[r->done];
	if (op->kind == CUT_SYNC || op->kind == CUT_SYNC_DIR) {
		settle(r, op);
	} else if (op->kind != CUT_MARK) {
		if (r->pending_count == r->pending_capacity) {
			r->pending_capacity = r->pending_capacity ? r->pending_capacity * 2 : 64;
			size_t bytes = r->pending_capacity * sizeof(*r->pending);
			r->pending = realloc(r->pending, bytes);
			CHECK(r->pending);
		}
		r->pending[r->pending_count++] = r->done;
	}
	r->done++;
	return true;
}

static void put_part(struct cut_bytes *b, const struct cut_op *op, size_t from, size_t to)
{
	cut_bytes_put(b, op->data + from, to - from, op->offset + from);
}

static void put_junk(struct cut_bytes *b, size_t at, size_t end, uint64_t *dice)
{
	for (size_t left; at < end; at += left) {
		uint64_t junk = cut_random(dice);
		left = end - at < sizeof(junk) ? end - at : sizeof(junk);
		cut_bytes_put(b, &junk, left, at);
	}
}

/* Sectors are those of the file, not of the write: a write that straddles two may reach one. */
static void put_sectors(struct cut_bytes *b, const struct cut_op *op, bool junk, uint64_t *dice)
{
	for (size_t from = 0; from < op->length;) {
		size_t to = from + SECTOR - (op->offset + from) % SECTOR;
		if (to > op->length)
			to = op->length;
		uint64_t face = cut_random(dice) % (junk ? 3 : 2);
		if (face == 1)
			put_part(b, op, from, to);
		else if (face == 2)
			put_junk(b, op->offset + from, op->offset + to, dice);
		from = to;
	}
}

/* The head or the tail of the write arrives, up to a boundary. */
static void put_torn(struct cut_bytes *b, const struct cut_op *op, uint64_t *dice)
{
	static const size_t units[] = { 4096, 512, 1 };
	size_t unit = units[cut_random(dice) % ARRAY_LEN(units)];
	size_t end = op->offset + op->length;
	size_t at = op->offset + cut_random(dice) % (op->length + 1);
	at -= at % unit;
	if (at < op->offset)
		at = op->offset;
	if (cut_random(dice) % 4)
		put_part(b, op, 0, at - op->offset);
	else
		put_part(b, op, at - op->offset, end - op->offset);
}

static void cut_write(struct cut_bytes *b, const struct cut_op *op, enum cut_kind kind, bool newest,
	uint64_t *dice)
{
	if (kind == CUT_SECTORS || kind == CUT_JUNK)
		put_sectors(b, op, kind == CUT_JUNK, dice);
	else if (kind == CUT_TORN && newest)
		put_torn(b, op, dice);
	else if (kind != CUT_WRITES || cut_random(dice) % 2)
		change_bytes(b, op);
}

static bool coin(enum cut_kind kind, uint64_t *dice)
{
	return kind == CUT_KEPT || kind == CUT_TORN || cut_random(dice) % 2;
}

/* A file's size may reach the medium without its bytes, or its bytes without its size. */
static void cut_size(struct cut_bytes *b, size_t durable, size_t live, uint64_t *dice)
{
	uint64_t face = cut_random(dice) % 4;
	if (face == 0 && b->size > durable)
		cut_bytes_resize(b, durable);
	else if (face == 1 && b->size < live)
		cut_bytes_resize(b, live);
}

static void cut_file(const struct cut_replay *r, size_t file, enum cut_kind kind, uint64_t *dice,
	struct cut_bytes *out)
{
	const struct cut_bytes *durable = &r->media[file].durable;
	size_t live = durable->size;
	cut_bytes_copy(out, durable);
	for (size_t i = 0; kind != CUT_LOST && i < r->pending_count; i++) {
		const struct cut_op *op = &r->disk->ops[r->pending[i]];
		if (is_name_op(op) || op->file != file)
			continue;
		if (op->kind == CUT_TRUNCATE) {
			live = op->offset;
			if (coin(kind, dice))
				change_bytes(out, op);
			continue;
		}
		live = op->offset + op->length > live ? op->offset + op->length : live;
		cut_write(out, op, kind, i + 1 == r->pending_count, dice);
	}
	if (kind == CUT_SECTORS || kind == CUT_JUNK)
		cut_size(out, durable->size, live, dice);
}

static void link_names(const struct cut_replay *r, enum cut_kind kind, uint64_t *dice, bool *linked)
{
	struct cut_file **files = r->disk->files;
	for (size_t i = 0; i < r->disk->file_count; i++)
		linked[i] = r->media[i].linked;
	for (size_t i = 0; kind != CUT_LOST && i < r->pending_count; i++) {
		const struct cut_op *op = &r->disk->ops[r->pending[i]];
		if (!is_name_op(op) || !coin(kind, dice))
			continue;
		/* One name, one file: the newer takes the name from the older. */
		for (size_t j = 0; j < r->disk->file_count; j++)
			if (strcmp(files[j]->name, files[op->file]->name) == 0)
				linked[j] = false;
		linked[op->file] = op->kind == CUT_CREATE;
	}
}

void cut_replay_image(
	const struct cut_replay *r, enum cut_kind kind, uint64_t seed, struct cut_disk *out)
{
	uint64_t dice = seed;
	bool *linked = calloc(r->disk->file_count + 1, sizeof(*linked));
	CHECK(linked);
	cut_disk_clear(out);
	link_names(r, kind, &dice, linked);
	for (size_t i = 0; i < r->disk->file_count; i++) {
		if (!linked[i])
			continue;
		struct cut_file *f = cut_disk_create(out, r->disk->files[i]->name);
		cut_file(r, i, kind, &dice, &f->live);
	}
	free(linked);
}

static void do_again(struct cut_disk *out, const struct cut_op *op, const char *name)
{
	struct cut_file *f = cut_disk_find(out, name);
	if (op->kind == CUT_CREATE && !f) {
		(void)cut_disk_create(out, name);
	} else if (op->kind == CUT_DELETE && f) {
		cut_disk_delete(out, f);
	} else if (op->kind == CUT_TRUNCATE && f) {
		cut_disk_truncate(out, f, op->offset);
	} else if (op->kind == CUT_WRITE && f) {
		int error = cut_disk_write(out, f, op->data, op->length, op->offset);
		CHECK(!error);
	}
}

void cut_replay_go_on(const struct cut_replay *r, struct cut_disk *out)
{
	cut_replay_image(r, CUT_LOST, 0, out);
	cut_disk_record(out);
	for (size_t i = 0; i < r->pending_count; i++) {
		const struct cut_op *op = &r->disk->ops[r->pending[i]];
		do_again(out, op, r->disk->files[op->file]->name);
	}
}
