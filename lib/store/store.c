#include "store/store.h"
#include "base/mem.h"
#include "io/in.h"
#include "io/out.h"
#include "store/get.h"
#include "store/look.h"
#include "store/manifest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LEAST_MERGE = 4 << 20, MOST_MANIFEST = 1 << 30 };

static const char no_digest[EV_STORE_DIGEST + 1] = "00000000000000000000000000000000";

/* Of a line of the log: " DIGEST TAKEN", and their spaces. */
static const ptrdiff_t DIGESTS = (ptrdiff_t)2 * (EV_STORE_DIGEST + 1);

struct ev_store {
	char *dir;
	const struct ev_store_kind *kind;
	int lock; /* -1 for a reader */
	struct ev_manifest m;
	struct ev_buf said; /* of what is no commit, and not in the log yet */
	struct ev_buf log;  /* of the commits' file, as many bytes as the manifest says */
	uint64_t behind;    /* bytes behind those, when it was read */
	struct ev_run_writer *writer;
	struct ev_buf line;
	uint64_t least;		       /* bytes that a commit merges at least */
	uint64_t added;		       /* bytes put since the last merge */
	struct ev_manifest_part *gone; /* merged away: their files are removed behind the commit */
	size_t n_gone;
	struct ev_getter *getter;
	uint32_t forget; /* entries with a lesser stamp */
};

/* The first half of SHA-256, in hex digits. */
static void half_sha256(const struct ev_buf *b, char hex[EV_STORE_DIGEST + 1])
{
	uint8_t digest[EV_SHA256];

	ev_sha256(b->p, b->len, digest);
	ev_hex16(digest, hex);
	hex[EV_STORE_DIGEST] = '\0';
}

static char *path_in(const struct ev_store *s, const char *name)
{
	struct ev_buf path = {0};

	ev_buf_printf(&path, "%s/%s", s->dir, name);
	ev_buf_str(&path);
	return path.p;
}

/* Opening */

static bool ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), k = strlen(end);

	return n >= k && strcmp(name + n - k, end) == 0;
}

/* Whether it has the name of a run's file, or of one that was being written. */
static bool is_run_file(const char *name, uint64_t *number)
{
	size_t digits = strspn(name, "0123456789");

	*number = strtoull(name, NULL, 10);
	return digits >= 8 &&
	       (strcmp(name + digits, ".gz") == 0 || strcmp(name + digits, ".run") == 0 ||
		strcmp(name + digits, ".index") == 0);
}

static bool is_temporary(const char *name)
{
	uint64_t number;

	return name[0] == '.' && ends_with(name, "~") &&
	       (strncmp(name, ".manifest.", 10) == 0 || strncmp(name, ".commits.", 9) == 0 ||
		(name[1] >= '0' && name[1] <= '9' && (is_run_file(name + 1, &number), true)));
}

static bool is_named(const struct ev_manifest *m, uint64_t number)
{
	for (size_t i = 0; i < m->n_parts; i++)
		if (m->parts[i].facts.number == number)
			return true;
	return false;
}

/* What a crash left behind. */
struct swept {
	uint64_t files; /* that do not count */
	bool foreign;	/* a file that is none of a state's */
	bool left;	/* runs, or a log */
};

static enum ev_status sweep(const struct ev_store *s, bool remove, struct swept *swept,
			    struct ev_error *err)
{
	DIR *dir = opendir(s->dir);
	const struct dirent *e;

	*swept = (struct swept){.files = 0};
	if (dir == NULL)
		return ev_fail(err, "%s: cannot be read: %s", s->dir, strerror(errno));
	while ((e = readdir(dir)) != NULL) {
		uint64_t number;
		bool run = is_run_file(e->d_name, &number);

		swept->left |= run || strcmp(e->d_name, "commits") == 0;
		if ((run && !is_named(&s->m, number)) || is_temporary(e->d_name)) {
			swept->files++;
			if (remove)
				unlinkat(dirfd(dir), e->d_name, 0);
		} else if (!run && strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
			   strcmp(e->d_name, "lock") != 0 && strcmp(e->d_name, "commits") != 0 &&
			   strcmp(e->d_name, "manifest") != 0) {
			swept->foreign = true;
		}
	}
	closedir(dir);
	return EV_OK;
}

static enum ev_status take_lock(struct ev_store *s, struct ev_error *err)
{
	char *path = path_in(s, "lock");
	enum ev_status st = EV_OK;

	s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	while (s->lock >= 0 && flock(s->lock, LOCK_EX) != 0)
		if (errno != EINTR) {
			close(s->lock);
			s->lock = -1;
		}
	if (s->lock < 0)
		st = ev_fail(err, "%s: cannot be locked: %s", path, strerror(errno));
	free(path);
	return st;
}

static void remove_files(struct ev_store *s)
{
	for (size_t i = 0; i < s->n_gone; i++) {
		for (int index = 0; index < 2; index++) {
			char name[EV_RUN_NAME], *path;

			ev_run_name(s->gone[i].facts.number, s->kind->form, index, name);
			path = path_in(s, name);
			unlink(path);
			free(path);
		}
		ev_manifest_part_free(&s->gone[i]);
	}
	s->n_gone = 0;
}

static enum ev_status write_manifest(struct ev_store *s, struct ev_error *err)
{
	char *path = path_in(s, "manifest");
	struct ev_out *out = ev_out_file(path, err);
	struct ev_buf text = {0};
	enum ev_status st = EV_FATAL;

	free(path);
	if (out == NULL)
		return EV_FATAL;
	ev_out_replaces(out);
	ev_manifest_write(&s->m, s->kind, &text);
	if (ev_out_put(out, text.p, text.len) == EV_OK) {
		st = ev_out_commit(&out, err);
	} else {
		*err = out->error;
		ev_out_discard(&out);
	}
	ev_buf_free(&text);
	if (st == EV_OK)
		remove_files(s);
	return st;
}

/* A state that is made has a manifest from the first: without one, runs are what is left of one. */
static enum ev_status fresh(struct ev_store *s, struct ev_error *err)
{
	struct swept swept;

	if (sweep(s, false, &swept, err) != EV_OK)
		return EV_FATAL;
	if (swept.left)
		return ev_fail(err,
			       "%s: the manifest is missing, and what it named is there: bring the "
			       "state back from a copy, or make it anew from the raw logs",
			       s->dir);
	if (swept.foreign)
		return ev_fail(err,
			       "%s: is no state, and not empty: name a folder for the state alone",
			       s->dir);
	snprintf(s->m.id, sizeof s->m.id, "%016" PRIx64, ev_hash_seed());
	s->m.seeds[0] = ev_hash_seed();
	s->m.seeds[1] = ev_hash_seed();
	s->m.next = 1;
	memcpy(s->m.digest, no_digest, sizeof no_digest);
	return write_manifest(s, err);
}

static enum ev_status open_runs(struct ev_store *s, struct ev_error *err)
{
	for (size_t i = 0; i < s->m.n_parts; i++) {
		struct ev_manifest_part *p = &s->m.parts[i];

		if ((p->run = ev_run_open(s->dir, &p->facts, s->kind->form, err)) == NULL)
			return EV_FATAL;
	}
	return EV_OK;
}

static struct ev_hash128 log_sum(const struct ev_store *s)
{
	return ev_hash128(s->log.p, s->log.len, 0);
}

/* The last commit in the log is the head; a crash may have left more behind that. */
static enum ev_status read_log(struct ev_store *s, struct ev_error *err)
{
	char *path = path_in(s, "commits"), *text = NULL;
	enum ev_status st = EV_OK;
	struct ev_hash128 sum;
	size_t len = 0;

	if (s->m.log > 0)
		st = ev_in_slurp(path, MOST_MANIFEST, &text, &len, err);
	if (st == EV_OK && len < s->m.log)
		st = ev_fail(err,
			     "%s: is shorter than the manifest says: bring the state back from a "
			     "copy, or make it anew from the raw logs",
			     path);
	ev_buf_reset(&s->log);
	if (st == EV_OK)
		ev_buf_put(&s->log, text, (size_t)s->m.log);
	s->behind = len - s->log.len;
	sum = log_sum(s);
	if (st == EV_OK && s->m.log > 0 && (sum.lo != s->m.log_sum.lo || sum.hi != s->m.log_sum.hi))
		st = ev_fail(err,
			     "%s: is not what the manifest names: bring the state back from a "
			     "copy, or make it anew from the raw logs",
			     path);
	free(text);
	free(path);
	return st;
}

/* *missing: there is no manifest. */
static enum ev_status read_manifest(struct ev_store *s, bool *missing, struct ev_error *err)
{
	char *path = path_in(s, "manifest"), *text = NULL;
	enum ev_status st;
	size_t len;

	*missing = access(path, F_OK) != 0 && errno == ENOENT;
	if (*missing) {
		free(path);
		return EV_OK;
	}
	st = ev_in_slurp(path, MOST_MANIFEST, &text, &len, err);
	if (st == EV_OK)
		st = ev_manifest_read(path, text, len, s->kind, &s->m, err);
	free(text);
	free(path);
	if (st == EV_OK)
		st = open_runs(s, err);
	return st == EV_OK ? read_log(s, err) : st;
}

static enum ev_status no_state(const struct ev_store *s, struct ev_error *err)
{
	return ev_fail(err, "%s: there is no state: name the folder that was given to --state",
		       s->dir);
}

/* A reader may find that a writer has just removed what the manifest that it read names. */
static enum ev_status read_state(struct ev_store *s, struct ev_error *err)
{
	enum { TRIES = 10 };
	enum ev_status st = EV_FATAL;
	bool missing = false;

	for (int i = 0; i < TRIES && st != EV_OK; i++) {
		ev_manifest_free(&s->m);
		st = read_manifest(s, &missing, err);
		if (st != EV_OK && s->lock >= 0)
			return st;
	}
	if (st == EV_OK && missing && s->lock >= 0)
		return fresh(s, err);
	return st == EV_OK && missing ? no_state(s, err) : st;
}

struct ev_store *ev_store_open(const char *dir, const struct ev_store_kind *kind,
			       enum ev_store_mode mode, struct ev_error *err)
{
	struct ev_store *s = ev_calloc(1, sizeof *s);
	enum ev_status st = EV_OK;
	struct swept swept;

	s->dir = ev_strdup(dir);
	s->kind = kind;
	s->lock = -1;
	s->least = LEAST_MERGE;
	memcpy(s->m.digest, no_digest, sizeof no_digest);
	if (mode == EV_STORE_WRITE) {
		if (mkdir(dir, 0777) != 0 && errno != EEXIST)
			st = ev_fail(err, "%s: the folder cannot be made: %s", dir,
				     strerror(errno));
		if (st == EV_OK)
			st = take_lock(s, err);
	}
	if (st == EV_OK)
		st = read_state(s, err);
	if (st == EV_OK && mode == EV_STORE_WRITE)
		st = sweep(s, true, &swept, err);
	if (st != EV_OK)
		ev_store_free(&s);
	return s;
}

void ev_store_word(const char *id, size_t len, struct ev_buf *out)
{
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)id[i] > '!') {
			ev_buf_putc(out, id[i]);
			continue;
		}
		ev_buf_putc(out, '!');
		ev_buf_putc(out, (char)(id[i] + '@'));
	}
}

const struct ev_store_kind ev_store_events = {"events", "evversion", EV_RUN_TEXT, EV_STORE_SET};
const struct ev_store_kind ev_store_keys = {"keys", "evdedupe", EV_RUN_BINARY, EV_STORE_LATEST};
const struct ev_store_kind ev_store_members = {"members", "evstar", EV_RUN_TEXT, EV_STORE_LATEST};

const struct ev_store_kind *ev_store_kind_of(const char *dir, struct ev_error *err)
{
	static const struct ev_store_kind *const kinds[] = {&ev_store_events, &ev_store_keys,
							    &ev_store_members};
	const struct ev_store s = {.dir = (char *)(uintptr_t)dir};
	const struct ev_store_kind *kind = NULL;
	char *path = path_in(&s, "manifest"), *text = NULL, name[EV_STORE_KIND];
	enum ev_status st;
	size_t len = 0;

	if (access(path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR))
		st = no_state(&s, err);
	else
		st = ev_in_slurp(path, MOST_MANIFEST, &text, &len, err);
	if (st == EV_OK && !ev_manifest_kind(text, len, name))
		st = ev_fail(err,
			     "%s: is damaged, of another format, or no manifest of a state: bring "
			     "the state back from a copy, or make it anew from the raw logs",
			     path);
	for (size_t i = 0; st == EV_OK && i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(kinds[i]->name, name) == 0)
			kind = kinds[i];
	if (st == EV_OK && kind == NULL)
		ev_fail(err,
			"%s: names a kind of state that is not known, '%s': it was damaged, or "
			"made by another version of evkit",
			path, name);
	free(text);
	free(path);
	return kind;
}

void ev_store_free(struct ev_store **store)
{
	struct ev_store *s = *store;

	if (s == NULL)
		return;
	ev_getter_free(&s->getter);
	ev_run_discard(&s->writer);
	ev_manifest_free(&s->m);
	for (size_t i = 0; i < s->n_gone; i++)
		ev_manifest_part_free(&s->gone[i]);
	free(s->gone);
	ev_buf_free(&s->said);
	ev_buf_free(&s->log);
	ev_buf_free(&s->line);
	if (s->lock >= 0)
		close(s->lock);
	free(s->dir);
	free(s);
	*store = NULL;
}

const char *ev_store_dir(const struct ev_store *s)
{
	return s->dir;
}

const char *ev_store_id(const struct ev_store *s)
{
	return s->m.id;
}

uint64_t ev_store_seed(const struct ev_store *s, unsigned which)
{
	return s->m.seeds[which & 1];
}

const char *ev_store_note(const struct ev_store *s, const char *name)
{
	for (size_t i = 0; i < s->m.n_notes; i++)
		if (strcmp(s->m.notes[i].name, name) == 0)
			return s->m.notes[i].value;
	return "";
}

const char *ev_store_note_at(const struct ev_store *s, size_t i, const char **value)
{
	if (i >= s->m.n_notes)
		return NULL;
	*value = s->m.notes[i].value;
	return s->m.notes[i].name;
}

void ev_store_set_note(struct ev_store *s, const char *name, const char *value)
{
	for (size_t i = 0; i < s->m.n_notes; i++) {
		if (strcmp(s->m.notes[i].name, name) == 0) {
			free(s->m.notes[i].value);
			s->m.notes[i].value = ev_strdup(value);
			return;
		}
	}
	s->m.notes = ev_realloc_array(s->m.notes, s->m.n_notes + 1, sizeof *s->m.notes);
	s->m.notes[s->m.n_notes++] = (struct ev_manifest_note){ev_strdup(name), ev_strdup(value)};
}

/* Commits: lines "N DIGEST TAKEN WHAT", TAKEN 32 digits; what is no commit: "- WHAT". */

uint64_t ev_store_head(const struct ev_store *s)
{
	return s->m.head;
}

struct ev_store_commit ev_store_commit_at(const struct ev_store *s, uint64_t n)
{
	struct ev_store_commit c = {.number = n, .what = ""};
	const char *p = s->log.p, *end = p + s->log.len, *stop = end;

	memcpy(c.digest, no_digest, sizeof no_digest);
	if (n == s->m.head && s->log.len == 0)
		memcpy(c.digest, s->m.digest, sizeof c.digest);
	/* From the end, for the late ones are asked for most. */
	while (stop > p) {
		const char *line = stop - 1;
		char *digits;

		while (line > p && line[-1] != '\n')
			line--;
		if (*line != '-' && strtoull(line, &digits, 10) == n && stop - digits > DIGESTS) {
			memcpy(c.digest, digits + 1, EV_STORE_DIGEST);
			c.what = digits + DIGESTS + 1;
			return c;
		}
		stop = line;
	}
	return c;
}

void ev_store_digests(const struct ev_store *s, uint64_t from, uint64_t to, struct ev_buf *out)
{
	const char *p = s->log.p, *end = p + s->log.len;

	if (from == 0)
		ev_buf_puts(out, no_digest);
	for (; p < end; p = (const char *)memchr(p, '\n', (size_t)(end - p)) + 1) {
		char *digits;
		uint64_t n = *p == '-' ? 0 : strtoull(p, &digits, 10);

		if (n >= from && n > 0 && n <= to)
			ev_buf_put(out, digits + 1, EV_STORE_DIGEST);
	}
}

/* What a line says; NULL if it does not end so. */
static const char *line_says(const char *line, const char *lf, const char *end, uint64_t *number)
{
	size_t len = strlen(end);
	char *digits;

	if ((size_t)(lf - line) < len || memcmp(lf - len, end, len) != 0)
		return NULL;
	*number = 0;
	if (*line == '-')
		return line + 2;
	*number = strtoull(line, &digits, 10);
	return digits + DIGESTS + 1;
}

const char *ev_store_said(const struct ev_store *s, const char *end, uint64_t *number)
{
	const char *p = s->log.p, *stop = p + s->log.len, *line, *says;

	for (; stop > p; stop = line) {
		for (line = stop - 1; line > p && line[-1] != '\n'; line--)
			;
		if ((says = line_says(line, stop - 1, end, number)) != NULL)
			return says;
	}
	return NULL;
}

const char *ev_store_said_first(const struct ev_store *s, const char *end, uint64_t *number)
{
	const char *p = s->log.p, *stop = p + s->log.len, *lf, *says;

	for (; p < stop; p = lf + 1) {
		lf = memchr(p, '\n', (size_t)(stop - p));
		if ((says = line_says(p, lf, end, number)) != NULL)
			return says;
	}
	return NULL;
}

uint64_t *ev_store_commits_of(const struct ev_store *s, const char *what, size_t *n)
{
	const char *p = s->log.p, *stop = p + s->log.len, *lf, *says;
	size_t len = strlen(what), cap = 0;
	uint64_t *list = NULL, number;

	*n = 0;
	for (; p < stop; p = lf + 1) {
		lf = memchr(p, '\n', (size_t)(stop - p));
		says = line_says(p, lf, what, &number);
		if (says == NULL || number == 0 || (size_t)(lf - says) != len)
			continue;
		ev_grow(&list, &cap, *n + 1, sizeof *list);
		list[(*n)++] = number;
	}
	return list;
}

bool ev_store_log_next(const struct ev_store *s, struct ev_store_log_line *said)
{
	const char *line = s->log.p + said->next, *lf;

	if (said->next == s->log.len)
		return false;
	lf = memchr(line, '\n', s->log.len - said->next);
	said->what = line_says(line, lf, "", &said->number);
	said->len = (size_t)(lf - said->what);
	said->next = (size_t)(lf + 1 - s->log.p);
	return true;
}

void ev_store_log_add(struct ev_store *s, const char *what)
{
	ev_buf_printf(&s->said, "- %s\n", what);
}

bool ev_point_read(const char *text, struct ev_point *p)
{
	const size_t id = EV_STORE_ID;
	char *end;

	*p = (struct ev_point){.number = 0};
	memcpy(p->digest, no_digest, sizeof no_digest);
	if (strcmp(text, "0") == 0)
		return true;
	if (strspn(text, "0123456789abcdef") != id || text[id] != ':' || text[id + 1] < '0' ||
	    text[id + 1] > '9')
		return false;
	memcpy(p->store, text, id);
	errno = 0;
	p->number = strtoull(text + id + 1, &end, 10);
	if (errno != 0 || *end != ':' || strspn(end + 1, "0123456789abcdef") != EV_STORE_DIGEST ||
	    end[1 + EV_STORE_DIGEST] != '\0')
		return false;
	memcpy(p->digest, end + 1, EV_STORE_DIGEST + 1);
	return true;
}

void ev_point_write(const struct ev_point *p, char text[EV_STORE_POSITION])
{
	if (p->store[0] == '\0')
		memcpy(text, "0", 2);
	else
		snprintf(text, EV_STORE_POSITION, "%s:%" PRIu64 ":%s", p->store, p->number,
			 p->digest);
}

struct ev_point ev_store_position(const struct ev_store *s, uint64_t n)
{
	struct ev_point p = {.number = n};

	memcpy(p.store, s->m.id, sizeof p.store);
	memcpy(p.digest, ev_store_commit_at(s, n).digest, sizeof p.digest);
	return p;
}

enum ev_status ev_store_check_position(const struct ev_store *s, const struct ev_point *p,
				       struct ev_error *err)
{
	if (p->store[0] == '\0')
		return EV_OK;
	if (strcmp(p->store, s->m.id) != 0)
		return ev_fail(err,
			       "%s: the position is of the state %s, and this is %s: name the "
			       "state that the warehouse follows, or load the whole with --since 0",
			       s->dir, p->store, s->m.id);
	if (p->number > s->m.head)
		return ev_fail(err,
			       "%s: the position is commit %" PRIu64 ", and the state has %" PRIu64
			       ": it was put back from an old copy; bring the newer one back, or "
			       "load the whole with --since 0",
			       s->dir, p->number, s->m.head);
	if (strcmp(ev_store_commit_at(s, p->number).digest, p->digest) != 0)
		return ev_fail(err,
			       "%s: commit %" PRIu64 " is another one than that of the position: "
			       "the state was put back from an old copy and went on otherwise; "
			       "load the whole with --since 0",
			       s->dir, p->number);
	return EV_OK;
}

void ev_store_next_digest(const struct ev_store *s, const char *what, const char *taken,
			  char digest[EV_STORE_DIGEST + 1])
{
	struct ev_buf b = {0};

	ev_buf_printf(&b, "%s %s %" PRIu64 " %s %s", s->m.id, s->m.digest, s->m.head + 1, taken,
		      what);
	half_sha256(&b, digest);
	ev_buf_free(&b);
}

/* Groups: neighbours among the parts. */

static size_t group_end(const struct ev_manifest *m, size_t i)
{
	size_t end = i + 1;

	while (end < m->n_parts && m->parts[end].group == m->parts[i].group &&
	       m->parts[end].level == m->parts[i].level)
		end++;
	return end;
}

static int by_place(const void *x, const void *y)
{
	const struct ev_manifest_part *a = x, *b = y;

	if (a->level != b->level)
		return a->level < b->level ? 1 : -1;
	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	return (a->facts.number > b->facts.number) - (a->facts.number < b->facts.number);
}

static void sort_parts(struct ev_manifest *m)
{
	if (m->n_parts > 1)
		qsort(m->parts, m->n_parts, sizeof *m->parts, by_place);
}

static enum ev_status add_part(struct ev_store *s, const struct ev_run_facts *facts, uint64_t level,
			       uint64_t group, struct ev_error *err)
{
	struct ev_manifest_part part = {.facts = *facts, .level = level, .group = group};

	if ((part.run = ev_run_open(s->dir, facts, s->kind->form, err)) == NULL)
		return EV_FATAL;
	ev_grow(&s->m.parts, &s->m.cap_parts, s->m.n_parts + 1, sizeof *s->m.parts);
	s->m.parts[s->m.n_parts++] = part;
	sort_parts(&s->m);
	return EV_OK;
}

/* Writing */

enum ev_status ev_store_put(struct ev_store *s, const struct ev_entry *e, struct ev_error *err)
{
	if (s->writer == NULL) {
		s->writer = ev_run_create(s->dir, s->m.next, s->kind->form, err);
		if (s->writer == NULL)
			return EV_FATAL;
		s->m.next++;
	}
	s->added += e->len;
	return ev_run_put(s->writer, e, err);
}

enum ev_status ev_store_put_text(struct ev_store *s, const char *key, size_t key_len,
				 uint64_t commit, const char *value, size_t value_len,
				 struct ev_error *err)
{
	char digits[EV_RUN_COMMIT + 2];
	uint64_t left = commit;

	digits[0] = digits[EV_RUN_COMMIT + 1] = '\t';
	for (int i = EV_RUN_COMMIT; i > 0; i--, left /= 10)
		digits[i] = (char)('0' + left % 10);
	ev_buf_reset(&s->line);
	ev_buf_put(&s->line, key, key_len);
	ev_buf_put(&s->line, digits, sizeof digits);
	ev_buf_put(&s->line, value, value_len);
	return ev_store_put(
		s,
		&(struct ev_entry){
			.p = s->line.p, .len = s->line.len, .key_len = key_len, .commit = commit},
		err);
}

/* Merging */

/* What is put together of a key's entries. */
struct merged {
	struct ev_store *s;
	struct ev_run_writer *w;
	struct ev_buf last; /* the entry that is to be put */
	size_t key_len;
	uint64_t commit;
	bool drop_dead; /* nothing older is left */
	uint64_t bytes;
};

static bool is_dead(const struct merged *g)
{
	return g->s->kind->keeps == EV_STORE_LATEST && g->drop_dead &&
	       g->last.len == g->key_len + EV_RUN_COMMIT + 3 && g->last.p[g->last.len - 1] == '-' &&
	       g->last.p[g->last.len - 2] == '\t';
}

static bool is_forgotten(const struct merged *g)
{
	return g->s->kind->form == EV_RUN_BINARY &&
	       ev_run_stamp(g->last.p + EV_RUN_KEY) < g->s->forget;
}

static enum ev_status put_last(struct merged *g, struct ev_error *err)
{
	const struct ev_entry e = {
		.p = g->last.p, .len = g->last.len, .key_len = g->key_len, .commit = g->commit};

	if (g->last.len == 0 || is_dead(g) || is_forgotten(g))
		return EV_OK;
	return ev_run_put(g->w, &e, err);
}

/* Whether two keys begin with the same word, which is never divided between two runs. */
static bool same_word(enum ev_run_form form, const char *a, size_t a_len, const char *b,
		      size_t b_len)
{
	const char *space = form == EV_RUN_TEXT ? memchr(a, ' ', a_len) : NULL;
	size_t len = space != NULL ? (size_t)(space - a) + 1 : a_len;

	return b_len >= len && memcmp(a, b, len) == 0 && (space != NULL || a_len == b_len);
}

static enum ev_status merge_entry(struct merged *g, const struct ev_entry *e, struct ev_error *err)
{
	bool same_key = g->last.len > 0 && g->key_len == e->key_len &&
			memcmp(g->last.p, e->p, e->key_len) == 0;
	bool replaces =
		g->s->kind->keeps == EV_STORE_LATEST
			? same_key
			: same_key && g->last.len == e->len && memcmp(g->last.p, e->p, e->len) == 0;

	if (!replaces && put_last(g, err) != EV_OK)
		return EV_FATAL;
	ev_buf_reset(&g->last);
	ev_buf_put(&g->last, e->p, e->len);
	g->key_len = e->key_len;
	g->commit = e->commit;
	g->bytes += e->len;
	return EV_OK;
}

/* Its files are removed when no manifest names them any more. */
static void part_gone(struct ev_store *s, const struct ev_manifest_part *p)
{
	s->gone = ev_realloc_array(s->gone, s->n_gone + 1, sizeof *s->gone);
	s->gone[s->n_gone++] = *p;
}

/* Everything that is left of the group's inputs begins with `from`, or they are done. */
static void trim(struct ev_store *s, uint64_t into, const struct ev_buf *from)
{
	struct ev_manifest *m = &s->m;
	size_t n = 0;

	for (size_t i = 0; i < m->n_parts; i++) {
		struct ev_manifest_part *p = &m->parts[i];
		const char *last;
		size_t len;

		if (p->into == into) {
			last = ev_run_last(p->run, &len);
			if (from->len == 0 || ev_bytes_compare(last, len, from->p, from->len) < 0) {
				part_gone(s, p);
				continue;
			}
			ev_buf_reset(&p->from);
			ev_buf_put(&p->from, from->p, from->len);
		}
		m->parts[n++] = *p;
	}
	m->n_parts = n;
}

/* Merges some of the group's inputs into a run of it. */
static enum ev_status merge_some(struct ev_store *s, uint64_t level, uint64_t into, uint64_t budget,
				 struct ev_error *err)
{
	struct ev_store_cursor *cursor = ev_store_cursor_merging(s, into);
	struct merged g = {.s = s, .drop_dead = true};
	enum ev_status st = EV_OK;
	const struct ev_entry *e = NULL;
	struct ev_run_facts facts;
	struct ev_buf from = {0};

	for (size_t i = 0; i < s->m.n_parts; i++)
		if (s->m.parts[i].level > level && s->m.parts[i].group != into)
			g.drop_dead = false;
	g.w = ev_run_create(s->dir, s->m.next, s->kind->form, err);
	if (g.w == NULL)
		st = EV_FATAL;
	while (st == EV_OK && (st = ev_store_cursor_next(cursor, &e, err)) == EV_OK && e != NULL) {
		if (g.bytes >= budget &&
		    !same_word(s->kind->form, g.last.p, g.key_len, e->p, e->key_len)) {
			const char *space = memchr(e->p, ' ', e->key_len);
			bool text = s->kind->form == EV_RUN_TEXT && space != NULL;

			ev_buf_put(&from, e->p, text ? (size_t)(space - e->p) + 1 : e->key_len);
			break;
		}
		st = merge_entry(&g, e, err);
	}
	ev_store_cursor_free(&cursor);
	if (st == EV_OK)
		st = put_last(&g, err);
	if (st == EV_OK)
		st = ev_run_close(&g.w, &facts, err);
	ev_run_discard(&g.w);
	if (st == EV_OK) {
		s->m.next++;
		trim(s, into, &from);
		st = add_part(s, &facts, level + 1, into, err);
	}
	ev_buf_free(&g.last);
	ev_buf_free(&from);
	return st;
}

/* The group that the level's are being merged into, or a new one if it has too many; or 0. */
static uint64_t merge_of(struct ev_store *s, uint64_t level)
{
	struct ev_manifest *m = &s->m;
	size_t groups = 0, first = 0, end;
	uint64_t into;

	for (size_t i = 0; i < m->n_parts; i++)
		if (m->parts[i].level == level && m->parts[i].into != 0)
			return m->parts[i].into;
	for (size_t i = 0; i < m->n_parts; i = end) {
		end = group_end(m, i);
		if (m->parts[i].level == level && groups++ == 0)
			first = i;
	}
	if (groups < EV_STORE_FAN)
		return 0;
	into = m->next++;
	for (size_t i = first; i < m->n_parts && m->parts[i].level == level; i++)
		m->parts[i].into = into;
	return into;
}

enum ev_status ev_store_merge(struct ev_store *s, struct ev_error *err)
{
	const uint64_t budget = s->added > s->least ? s->added : s->least, next = s->m.next;
	uint64_t levels = 0;

	if (s->added == 0)
		return EV_OK;
	s->added = 0;
	ev_getter_free(&s->getter);
	for (size_t i = 0; i < s->m.n_parts; i++)
		if (s->m.parts[i].level > levels)
			levels = s->m.parts[i].level;
	for (uint64_t level = 0; level <= levels; level++) {
		uint64_t into = merge_of(s, level);

		if (into != 0 && merge_some(s, level, into, budget, err) != EV_OK)
			return EV_FATAL;
	}
	return s->m.next != next ? write_manifest(s, err) : EV_OK;
}

void ev_store_forget(struct ev_store *s, uint32_t least)
{
	s->forget = least;
}

/* Runs in which nothing is left, but for those that are being merged. */
static void forget_runs(struct ev_store *s)
{
	struct ev_manifest *m = &s->m;
	size_t n = 0;

	for (size_t i = 0; i < m->n_parts; i++) {
		if (m->parts[i].into == 0 && m->parts[i].facts.stamp < s->forget)
			part_gone(s, &m->parts[i]);
		else
			m->parts[n++] = m->parts[i];
	}
	m->n_parts = n;
}

void ev_store_merge_least(struct ev_store *s, uint64_t bytes)
{
	s->least = bytes;
}

enum ev_status ev_store_prepare(struct ev_store *s, struct ev_error *err)
{
	struct ev_run_facts facts;

	ev_getter_free(&s->getter);
	if (s->kind->form == EV_RUN_BINARY)
		forget_runs(s);
	if (s->writer != NULL) {
		if (ev_run_close(&s->writer, &facts, err) != EV_OK)
			return EV_FATAL;
		if (add_part(s, &facts, 0, s->m.next++, err) != EV_OK)
			return EV_FATAL;
	}
	return EV_OK;
}

/* Committing */

/* Behind the log's end a crash may have left something: it is written over. */
static enum ev_status append_log(struct ev_store *s, struct ev_error *err)
{
	size_t at = (size_t)s->m.log;
	char *path = path_in(s, "commits");
	enum ev_status st = EV_OK;
	int fd;

	ev_buf_put(&s->log, s->said.p, s->said.len);
	ev_buf_reset(&s->said);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0 || ftruncate(fd, (off_t)at) != 0)
		st = EV_FATAL;
	while (st == EV_OK && at < s->log.len) {
		ssize_t n = pwrite(fd, s->log.p + at, s->log.len - at, (off_t)at);

		if (n > 0)
			at += (size_t)n;
		else if (n == 0 || errno != EINTR)
			st = EV_FATAL;
	}
	if (st != EV_OK || fsync(fd) != 0)
		st = ev_fail(err, "%s: cannot be written: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	free(path);
	s->m.log = s->log.len;
	s->m.log_sum = log_sum(s);
	return st;
}

enum ev_status ev_store_commit(struct ev_store *s, const char *what, const char *taken,
			       struct ev_error *err)
{
	if (what != NULL) {
		ev_store_next_digest(s, what, taken, s->m.digest);
		s->m.head++;
		ev_buf_printf(&s->log, "%" PRIu64 " %s %s %s\n", s->m.head, s->m.digest, taken,
			      what);
	}
	if ((what != NULL || s->said.len > 0) && append_log(s, err) != EV_OK)
		return EV_FATAL;
	return write_manifest(s, err);
}

enum ev_status ev_store_commit_as(struct ev_store *s, const struct ev_point *p,
				  struct ev_error *err)
{
	s->m.head = p->number;
	memcpy(s->m.digest, p->digest, sizeof s->m.digest);
	ev_store_set_note(s, "follows", p->store);
	return write_manifest(s, err);
}

void ev_store_clear(struct ev_store *s)
{
	ev_getter_free(&s->getter);
	for (size_t i = 0; i < s->m.n_parts; i++) {
		part_gone(s, &s->m.parts[i]);
	}
	s->m.n_parts = 0;
	for (size_t i = 0; i < s->m.n_notes; i++) {
		free(s->m.notes[i].name);
		free(s->m.notes[i].value);
	}
	s->m.n_notes = 0;
	s->m.head = s->m.log = 0;
	memcpy(s->m.digest, no_digest, sizeof no_digest);
	ev_buf_reset(&s->log);
}

/* Reading */

const struct ev_manifest *ev_store_manifest(const struct ev_store *s)
{
	return &s->m;
}

enum ev_status ev_store_get(struct ev_store *s, const char key[EV_RUN_KEY],
			    struct ev_store_fixed *f, struct ev_error *err)
{
	if (s->getter == NULL)
		s->getter = ev_getter_new(&s->m);
	return ev_getter_find(s->getter, key, f, err);
}

struct ev_store_sums ev_store_sums(const struct ev_store *s)
{
	struct ev_store_sums sums = {.runs = s->m.n_parts};
	size_t end;

	for (size_t i = 0; i < s->m.n_parts; i = end) {
		end = group_end(&s->m, i);
		sums.groups++;
		for (size_t k = i; k < end; k++) {
			sums.entries += s->m.parts[k].facts.entries;
			sums.bytes += s->m.parts[k].facts.bytes;
		}
	}
	return sums;
}

/* Whether the log's digests follow from one another. */
static enum ev_status check_log(const struct ev_store *s, struct ev_error *err)
{
	const char *p = s->log.p, *end = p + s->log.len;
	char digest[EV_STORE_DIGEST + 1], want[EV_STORE_DIGEST + 1];
	struct ev_buf b = {0};
	uint64_t n = 0;
	bool right = true;

	memcpy(digest, no_digest, sizeof digest);
	while (right && p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		char *rest;

		if (lf != NULL && *p == '-') {
			p = lf + 1;
			continue;
		}
		right = lf != NULL && strtoull(p, &rest, 10) == ++n && lf - rest > DIGESTS;
		if (!right)
			break;
		ev_buf_reset(&b);
		ev_buf_printf(&b, "%s %s %" PRIu64 " ", s->m.id, digest, n);
		ev_buf_put(&b, rest + EV_STORE_DIGEST + 2,
			   (size_t)(lf - (rest + EV_STORE_DIGEST + 2)));
		half_sha256(&b, want);
		memcpy(digest, rest + 1, EV_STORE_DIGEST);
		right = memcmp(digest, want, EV_STORE_DIGEST) == 0;
		p = lf + 1;
	}
	if (right && s->log.len > 0)
		right = n == s->m.head && strcmp(digest, s->m.digest) == 0;
	ev_buf_free(&b);
	return right ? EV_OK
		     : ev_fail(err,
			       "%s/commits: commit %" PRIu64
			       " does not follow from the one before it: the file was changed; "
			       "bring the state back from a copy",
			       s->dir, n);
}

enum ev_status ev_store_check(struct ev_store *s, struct ev_error *err)
{
	for (size_t i = 0; i < s->m.n_parts; i++)
		if (ev_run_check(s->m.parts[i].run, err) != EV_OK)
			return EV_FATAL;
	return check_log(s, err);
}

enum ev_status ev_store_rest(const struct ev_store *s, struct ev_store_rest *rest,
			     struct ev_error *err)
{
	struct swept swept;

	if (sweep(s, false, &swept, err) != EV_OK)
		return EV_FATAL;
	*rest = (struct ev_store_rest){.files = swept.files, .bytes = s->behind};
	return EV_OK;
}
