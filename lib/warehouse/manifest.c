/* The manifest of a bundle, read. Its files are held against it; nothing in it is believed. */
#include "io/feed.h"
#include "io/in.h"
#include "number/decimal.h"
#include "warehouse/internal.h"
#include "json/view.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Far beyond any manifest. */
enum { MANIFEST_MAX = 256 * 1024 * 1024 };

struct manifest {
	const char *folder;
	char *text;
	struct ev_scan *scan;
	const struct ev_doc *d;
	struct ev_buf scratch;
};

static void manifest_free(struct manifest *m)
{
	ev_scan_free(&m->scan);
	ev_buf_free(&m->scratch);
	free(m->text);
}

static enum ev_status no_manifest(const struct manifest *m, struct ev_error *err)
{
	return ev_fail(err,
		       "%s/manifest.json: this is no manifest of evload: make the bundle again",
		       m->folder);
}

static enum ev_status manifest_read(struct manifest *m, const char *folder, struct ev_error *err)
{
	struct ev_buf path = {0};
	enum ev_status st;
	struct ev_flaw flaw;
	size_t len;

	*m = (struct manifest){.folder = folder};
	ev_buf_printf(&path, "%s/manifest.json", folder);
	if (access(ev_buf_str(&path), F_OK) != 0 && errno == ENOENT)
		st = ev_fail(err, "%s: there is none, so this is no whole bundle", path.p);
	else
		st = ev_in_slurp(path.p, MANIFEST_MAX, &m->text, &len, err);
	ev_buf_free(&path);
	if (st != EV_OK)
		return EV_FATAL;
	m->scan = ev_scan_new();
	m->d = ev_scan(m->scan, m->text, len, &flaw);
	if (m->d == NULL || ev_kind(m->d, 0) != EV_OBJECT)
		return no_manifest(m, err);
	return EV_OK;
}

/* A text member, valid until the next; NULL if there is none. */
static const char *text_of(struct manifest *m, uint32_t object, const char *name)
{
	uint32_t at = ev_member(m->d, object, name, strlen(name));
	const char *p;
	size_t len;

	if (at == EV_NOWHERE || ev_kind(m->d, at) != EV_STRING)
		return NULL;
	p = ev_string(m->d, at, &m->scratch, &len);
	if (p != m->scratch.p) {
		ev_buf_reset(&m->scratch);
		ev_buf_put(&m->scratch, p, len);
	} else {
		m->scratch.len = len;
	}
	return ev_buf_str(&m->scratch);
}

static bool number_of(struct manifest *m, uint32_t object, const char *name, uint64_t *out)
{
	uint32_t at = ev_member(m->d, object, name, strlen(name));
	struct ev_number n;
	int64_t v;

	if (at == EV_NOWHERE || ev_kind(m->d, at) != EV_NUMBER)
		return false;
	ev_number_read(m->d->text + m->d->nodes[at].pos, m->d->nodes[at].end - m->d->nodes[at].pos,
		       &n);
	if (!ev_number_int64(&n, &v) || v < 0)
		return false;
	*out = (uint64_t)v;
	return true;
}

bool ev_bundle_is_there(const char *folder)
{
	struct stat st;

	return stat(folder, &st) == 0 && S_ISDIR(st.st_mode);
}

enum ev_status ev_bundle_position(const char *folder, char text[EV_STORE_POSITION],
				  struct ev_error *err)
{
	struct ev_point point;
	struct manifest m;
	enum ev_status st = manifest_read(&m, folder, err);
	const char *to = st == EV_OK ? text_of(&m, 0, "to") : NULL;

	if (st == EV_OK && to == NULL)
		st = ev_fail(err,
			     "%s: the bundle leads to no position of a state: evversion --since 0 "
			     "shows all of one",
			     folder);
	else if (st == EV_OK && !ev_point_read(to, &point))
		st = no_manifest(&m, err);
	if (st == EV_OK)
		ev_point_write(&point, text);
	manifest_free(&m);
	return st;
}

/* A file's bytes, inflated where they are gzip, counted and digested. */
static enum ev_status digest_file(const char *path, uint64_t *bytes, char hex[33],
				  struct ev_error *err)
{
	struct ev_digest *digest = ev_digest_new();
	struct ev_feed *feed = ev_feed_new();
	char *block = ev_malloc(EV_FEED_READ);
	enum ev_status st = ev_feed_open(feed, path, err);
	size_t got = 1;

	*bytes = 0;
	while (st == EV_OK && got > 0) {
		st = ev_feed_read(feed, block, EV_FEED_READ, &got, err);
		if (st != EV_OK)
			break;
		ev_digest_add(digest, block, got);
		*bytes += got;
	}
	ev_hash128_hex(ev_digest_value(digest), hex);
	ev_feed_close(feed);
	ev_feed_free(&feed);
	ev_digest_free(&digest);
	free(block);
	return st;
}

/* One file of the manifest. */
static enum ev_status verify_file(struct manifest *m, uint32_t at, struct ev_error *err)
{
	uint64_t bytes, want = 0;
	struct ev_buf path = {0};
	const char *name = ev_kind(m->d, at) == EV_OBJECT ? text_of(m, at, "file") : NULL;
	const char *digest;
	enum ev_status st;
	char hex[33];

	/* It names files beside it, and no other. */
	if (name == NULL || name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL ||
	    !number_of(m, at, "octets", &want))
		return no_manifest(m, err);
	ev_buf_printf(&path, "%s/%s", m->folder, name);
	if (access(ev_buf_str(&path), F_OK) != 0 && errno == ENOENT) {
		ev_fail(err, "%s: is missing: copy the bundle again", path.p);
		st = EV_REJECT;
	} else if (digest_file(path.p, &bytes, hex, err) != EV_OK) {
		st = EV_REJECT;
	} else if (bytes != want) {
		ev_fail(err,
			"%s: has %llu bytes, and the manifest says %llu: copy the bundle again",
			path.p, (unsigned long long)bytes, (unsigned long long)want);
		st = EV_REJECT;
	} else if ((digest = text_of(m, at, "xxh3_128")) == NULL) {
		st = no_manifest(m, err);
	} else if (strcmp(digest, hex) != 0) {
		ev_fail(err,
			"%s: its digest is %s, and the manifest says %s: copy the bundle again",
			path.p, hex, digest);
		st = EV_REJECT;
	} else {
		st = EV_OK;
	}
	ev_buf_free(&path);
	return st;
}

enum ev_status ev_bundle_verify(const char *folder, struct ev_error *err)
{
	struct manifest m;
	enum ev_status st = manifest_read(&m, folder, err);
	uint32_t script = EV_NOWHERE, files = EV_NOWHERE;

	if (st == EV_OK) {
		files = ev_member(m.d, 0, "files", 5);
		script = ev_member(m.d, 0, "script", 6);
		if (files == EV_NOWHERE || ev_kind(m.d, files) != EV_ARRAY)
			st = no_manifest(&m, err);
	}
	if (st == EV_OK && script != EV_NOWHERE)
		st = verify_file(&m, script, err);
	for (uint32_t i = st == EV_OK ? ev_first(m.d, files) : 0;
	     st == EV_OK && i < ev_end(m.d, files); i = ev_next(m.d, i))
		st = verify_file(&m, i, err);
	manifest_free(&m);
	return st;
}
