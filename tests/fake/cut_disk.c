#include "tests/fake/cut_disk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void *grown(void *old, size_t bytes)
{
	void *p = realloc(old, bytes);
	CHECK(p);
	return p;
}

uint64_t cut_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

void cut_bytes_resize(struct cut_bytes *b, size_t size)
{
	if (size > b->capacity) {
		b->capacity = size < 4096 ? 8192 : size * 2;
		b->at = grown(b->at, b->capacity);
	}
	if (size > b->size)
		memset(b->at + b->size, 0, size - b->size);
	b->size = size;
}

void cut_bytes_put(struct cut_bytes *b, const void *from, size_t length, size_t offset)
{
	if (length == 0)
		return;
	if (offset + length > b->size)
		cut_bytes_resize(b, offset + length);
	memcpy(b->at + offset, from, length);
}

void cut_bytes_copy(struct cut_bytes *to, const struct cut_bytes *from)
{
	to->size = 0;
	cut_bytes_put(to, from->at, from->size, 0);
}

struct cut_disk *cut_disk_new(void)
{
	struct cut_disk *d = calloc(1, sizeof(*d));
	CHECK(d);
	return d;
}

static void forget_journal(struct cut_disk *d)
{
	for (size_t i = 0; i < d->op_count; i++)
		free(d->ops[i].data);
	d->op_count = 0;
}

void cut_disk_clear(struct cut_disk *d)
{
	forget_journal(d);
	for (size_t i = 0; i < d->file_count; i++) {
		free(d->files[i]->name);
		free(d->files[i]->live.at);
		free(d->files[i]->base.at);
		free(d->files[i]);
	}
	d->file_count = 0;
	d->recording = false;
}

void cut_disk_free(struct cut_disk *d)
{
	if (!d)
		return;
	cut_disk_clear(d);
	free(d->files);
	free(d->ops);
	free(d);
}

void cut_disk_record(struct cut_disk *d)
{
	forget_journal(d);
	for (size_t i = 0; i < d->file_count; i++) {
		struct cut_file *f = d->files[i];
		f->base_linked = f->linked;
		cut_bytes_copy(&f->base, &f->live);
	}
	d->recording = true;
}

static void note(struct cut_disk *d, struct cut_op op, const void *data)
{
	if (!d->recording)
		return;
	if (d->op_count == d->op_capacity) {
		d->op_capacity = d->op_capacity ? d->op_capacity * 2 : 1024;
		d->ops = grown(d->ops, d->op_capacity * sizeof(*d->ops));
	}
	if (data && op.length > 0) {
		op.data = grown(NULL, op.length);
		memcpy(op.data, data, op.length);
	}
	d->ops[d->op_count++] = op;
}

static size_t index_of(const struct cut_disk *d, const struct cut_file *f)
{
	size_t i = 0;
	while (i < d->file_count && d->files[i] != f)
		i++;
	CHECK(i < d->file_count);
	return i;
}

void cut_disk_mark(struct cut_disk *d, size_t number)
{
	note(d, (struct cut_op){ .kind = CUT_MARK, .offset = number }, NULL);
}

struct cut_file *cut_disk_find(const struct cut_disk *d, const char *name)
{
	for (size_t i = 0; i < d->file_count; i++)
		if (d->files[i]->linked && strcmp(d->files[i]->name, name) == 0)
			return d->files[i];
	return NULL;
}

struct cut_file *cut_disk_create(struct cut_disk *d, const char *name)
{
	CHECK(!cut_disk_find(d, name));
	struct cut_file *f = calloc(1, sizeof(*f));
	CHECK(f);
	f->name = strdup(name);
	CHECK(f->name);
	f->linked = true;
	d->files = grown(d->files, (d->file_count + 1) * sizeof(*d->files));
	d->files[d->file_count++] = f;
	note(d, (struct cut_op){ .kind = CUT_CREATE, .file = d->file_count - 1 }, NULL);
	return f;
}

void cut_disk_delete(struct cut_disk *d, struct cut_file *f)
{
	f->linked = false;
	note(d, (struct cut_op){ .kind = CUT_DELETE, .file = index_of(d, f) }, NULL);
}

void cut_disk_sync_dir(struct cut_disk *d)
{
	if (!d->lies)
		note(d, (struct cut_op){ .kind = CUT_SYNC_DIR }, NULL);
}

static bool fits(const struct cut_disk *d, const struct cut_file *f, size_t end)
{
	if (d->limit == 0 || end <= f->live.size)
		return true;
	size_t used = end - f->live.size;
	for (size_t i = 0; i < d->file_count; i++)
		used += d->files[i]->linked ? d->files[i]->live.size : 0;
	return used <= d->limit;
}

int cut_disk_write(
	struct cut_disk *d, struct cut_file *f, const void *from, size_t length, size_t offset)
{
	if (!fits(d, f, offset + length))
		return -ENOSPC;
	cut_bytes_put(&f->live, from, length, offset);
	struct cut_op op = {
		.kind = CUT_WRITE, .file = index_of(d, f), .offset = offset, .length = length
	};
	note(d, op, from);
	return 0;
}

void cut_disk_truncate(struct cut_disk *d, struct cut_file *f, size_t size)
{
	cut_bytes_resize(&f->live, size);
	struct cut_op op = { .kind = CUT_TRUNCATE, .file = index_of(d, f), .offset = size };
	note(d, op, NULL);
}

void cut_disk_sync(struct cut_disk *d, struct cut_file *f)
{
	if (!d->lies)
		note(d, (struct cut_op){ .kind = CUT_SYNC, .file = index_of(d, f) }, NULL);
}
