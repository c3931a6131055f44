#include "base/mem.h"
#include "io/in.h"
#include "io/out.h"
#include "store/internal.h"

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

char *ev_store_path(const char *dir, const char *name)
{
	struct ev_buf path = {0};

	ev_buf_printf(&path, "%s/%s", dir, name);
	ev_buf_str(&path);
	return path.p;
}

/* Opening */

/* Whether it has the name of a run's file. */
static bool is_run_file(const char *name, uint64_t *number)
{
	size_t digits = strspn(name, "0123456789");

	*number = strtoull(name, NULL, 10);
	return digits >= 8 &&
	       (strcmp(name + digits, ".gz") == 0 || strcmp(name + digits, ".run") == 0 ||
		strcmp(name + digits, ".index") == 0);
}

/* Whether a file was being written under that name (ev_out_file). */
static bool is_temporary(const char *name)
{
	return name[0] == '.' && name[strlen(name) - 1] == '~' &&
	       (strncmp(name, ".manifest.", 10) == 0 || strncmp(name, ".commits.", 9) == 0 ||
		(name[1] >= '0' && name[1] <= '9'));
}

static bool is_named(const struct ev_manifest *m, uint64_t number)
{
	for (size_t i = 0; i < m->n_parts; i++)
		if (m->parts[i].facts.number == number)
			return true;
	return false;
}

/* What is in a state's folder. */
struct swept {
	uint64_t files; /* that a crash left */
	bool foreign;	/* a file that no state has */
	bool left;	/* a run or a log */
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
	char *path = ev_store_path(s->dir, "lock");
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
	for (size_t i = 0; i < s->n_obsolete; i++) {
		for (int index = 0; index < 2; index++) {
			char *path = ev_run_path(s->dir, s->obsolete[i].facts.number, s->kind->form,
						 index);

			unlink(path);
			free(path);
		}
		ev_manifest_part_free(&s->obsolete[i]);
	}
	s->n_obsolete = 0;
}

enum ev_status ev_store_write_manifest(struct ev_store *s, struct ev_error *err)
{
	char *path = ev_store_path(s->dir, "manifest");
	struct ev_out *out = ev_out_file(path, err);
	struct ev_buf text = {0};

	free(path);
	if (out == NULL)
		return EV_FATAL;
	ev_out_replaces(out);
	ev_manifest_write(&s->m, s->kind, &text);
	ev_out_put(out, text.p, text.len);
	ev_buf_free(&text);
	if (ev_out_commit(&out, err) != EV_OK)
		return EV_FATAL;
	remove_files(s);
	return EV_OK;
}

/* A state has a manifest from the first. If there are runs and no manifest, it was lost. */
static enum ev_status make_state(struct ev_store *s, struct ev_error *err)
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
	memcpy(s->m.digest, ev_store_no_digest, sizeof s->m.digest);
	return ev_store_write_manifest(s, err);
}

/* Sets *missing if there is no manifest. */
static enum ev_status read_manifest(struct ev_store *s, bool *missing, struct ev_error *err)
{
	char *path = ev_store_path(s->dir, "manifest"), *text = NULL;
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
	for (size_t i = 0; st == EV_OK && i < s->m.n_parts; i++)
		st = ev_store_open_part(s, &s->m.parts[i], err);
	return st == EV_OK ? ev_store_log_read(s, err) : st;
}

static enum ev_status no_state(const char *dir, struct ev_error *err)
{
	return ev_fail(err, "%s: there is no state: name the folder that was given to --state",
		       dir);
}

/* A reader tries again: a writer may have removed runs of the manifest that it has just read. */
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
		return make_state(s, err);
	return st == EV_OK && missing ? no_state(s->dir, err) : st;
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
	memcpy(s->m.digest, ev_store_no_digest, sizeof s->m.digest);
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

void ev_store_unword(const char *word, size_t len, struct ev_buf *out)
{
	for (size_t i = 0; i < len; i++)
		ev_buf_putc(out, word[i] == '!' ? (char)(word[++i] - '@') : word[i]);
}

const struct ev_store_kind ev_store_events = {"events", "evversion", EV_RUN_TEXT, EV_STORE_SET};
const struct ev_store_kind ev_store_keys = {"keys", "evdedupe", EV_RUN_BINARY, EV_STORE_LATEST};
const struct ev_store_kind ev_store_members = {"members", "evstar", EV_RUN_TEXT, EV_STORE_LATEST};

const struct ev_store_kind *ev_store_kind_of(const char *dir, struct ev_error *err)
{
	static const struct ev_store_kind *const kinds[] = {&ev_store_events, &ev_store_keys,
							    &ev_store_members};
	const struct ev_store_kind *kind = NULL;
	char *path = ev_store_path(dir, "manifest"), *text = NULL, name[EV_STORE_KIND];
	enum ev_status st;
	size_t len = 0;

	if (access(path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR))
		st = no_state(dir, err);
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
	ev_store_get_reset(s);
	ev_run_discard(&s->writer);
	ev_manifest_free(&s->m);
	for (size_t i = 0; i < s->n_obsolete; i++)
		ev_manifest_part_free(&s->obsolete[i]);
	free(s->obsolete);
	ev_buf_free(&s->unlogged);
	ev_buf_free(&s->log);
	free(s->lines);
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
	ev_grow(&s->m.notes, &s->m.cap_notes, s->m.n_notes + 1, sizeof *s->m.notes);
	s->m.notes[s->m.n_notes++] = (struct ev_manifest_note){ev_strdup(name), ev_strdup(value)};
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

void ev_store_forget(struct ev_store *s, uint32_t least)
{
	s->forget = least;
}

/* Drops the runs of which everything is forgotten, unless they are being merged. */
static void forget_runs(struct ev_store *s)
{
	struct ev_manifest *m = &s->m;
	size_t n = 0;

	for (size_t i = 0; i < m->n_parts; i++) {
		if (m->parts[i].into == 0 && m->parts[i].facts.stamp < s->forget)
			ev_store_retire(s, &m->parts[i]);
		else
			m->parts[n++] = m->parts[i];
	}
	m->n_parts = n;
}

enum ev_status ev_store_prepare(struct ev_store *s, struct ev_error *err)
{
	struct ev_run_facts facts;

	ev_store_get_reset(s);
	if (s->kind->form == EV_RUN_BINARY)
		forget_runs(s);
	if (s->writer != NULL) {
		if (ev_run_close(&s->writer, &facts, err) != EV_OK)
			return EV_FATAL;
		if (ev_store_add_part(s, &facts, 0, s->m.next++, err) != EV_OK)
			return EV_FATAL;
	}
	return EV_OK;
}

enum ev_status ev_store_prepare_whole(struct ev_store *s, struct ev_error *err)
{
	struct ev_run_facts facts;

	ev_store_get_reset(s);
	if (ev_run_close(&s->writer, &facts, err) != EV_OK)
		return EV_FATAL;
	return ev_store_replace_parts(s, &facts, err);
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
	if ((what != NULL || s->unlogged.len > 0) && ev_store_log_append(s, err) != EV_OK)
		return EV_FATAL;
	return ev_store_write_manifest(s, err);
}

enum ev_status ev_store_commit_as(struct ev_store *s, const struct ev_point *p,
				  struct ev_error *err)
{
	s->m.head = p->number;
	memcpy(s->m.digest, p->digest, sizeof s->m.digest);
	ev_store_set_note(s, "follows", p->store);
	return ev_store_write_manifest(s, err);
}

void ev_store_clear(struct ev_store *s)
{
	ev_store_get_reset(s);
	for (size_t i = 0; i < s->m.n_parts; i++)
		ev_store_retire(s, &s->m.parts[i]);
	s->m.n_parts = 0;
	ev_manifest_clear_notes(&s->m);
	s->m.head = s->m.log = 0;
	memcpy(s->m.digest, ev_store_no_digest, sizeof s->m.digest);
	ev_buf_reset(&s->log);
	s->n_lines = 0;
}

/* For evstate */

struct ev_store_sums ev_store_sums(const struct ev_store *s)
{
	struct ev_store_sums sums = {.runs = s->m.n_parts};

	for (size_t i = 0; i < s->m.n_parts; i++) {
		const struct ev_manifest_part *p = &s->m.parts[i];

		sums.groups += i == 0 || p->group != p[-1].group;
		sums.entries += p->facts.entries;
		sums.bytes += p->facts.bytes;
	}
	return sums;
}

enum ev_status ev_store_check(struct ev_store *s, struct ev_error *err)
{
	for (size_t i = 0; i < s->m.n_parts; i++)
		if (ev_run_check(s->m.parts[i].run, err) != EV_OK)
			return EV_FATAL;
	return ev_store_log_check(s, err);
}

enum ev_status ev_store_rest(const struct ev_store *s, struct ev_store_rest *rest,
			     struct ev_error *err)
{
	struct swept swept;

	if (sweep(s, false, &swept, err) != EV_OK)
		return EV_FATAL;
	*rest = (struct ev_store_rest){.files = swept.files, .bytes = s->log_rest};
	return EV_OK;
}
