#include "base/buf.h"
#include "base/compiler.h"
#include "io/pack.h"
#include "json/write.h"
#include "warehouse/column.h"
#include "warehouse/target.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* One file or stream of rows. */
struct stream {
	struct ev_out *out;
	uint64_t rows;
	char *file; /* its name in the folder */
};

struct tsv {
	struct ev_target target;
	enum ev_tsv dialect;
	struct ev_buf line;
	/* of one table */
	const char *table;
	struct stream single;
	/* of a folder: rows[i] belongs to tables->list[i] */
	char *folder;
	const struct ev_tables *tables;
	struct stream *rows;
	struct ev_pack *pack; /* NULL: the files are not gzip */
};

/* Each of the eight bytes of v, lowest first, that is below n: its highest bit. Exact up to the
 * first. */
static inline uint64_t below(uint64_t v, uint64_t n)
{
	const uint64_t ones = 0x0101010101010101;

	return (v - ones * n) & ~v & ones * 0x80;
}

/* How many bytes of a run there are before a backslash or a control character. */
static size_t plain_run(const char *p, size_t len)
{
	const uint64_t backslashes = 0x5c5c5c5c5c5c5c5c;

	for (size_t i = 0; i < len; i += 8) {
		uint64_t v, found;

		memcpy(&v, p + i, sizeof v);
		v = le64toh(v);
		found = below(v, 0x20) | below(v ^ backslashes, 1);
		if (found == 0)
			continue;
		i += (size_t)__builtin_ctzll(found) / 8;
		return i < len ? i : len;
	}
	return len;
}

typedef uint8_t bytes16 EV_VECTOR(16);

/* Marks each of sixteen bytes that is a backslash or a control character. */
static inline bytes16 special16(const char *p)
{
	bytes16 v;

	memcpy(&v, p, sizeof v);
	return (bytes16)(v < 0x20) | (bytes16)(v == '\\');
}

static inline bool is_plain32(const char *p)
{
	bytes16 found = special16(p) | special16(p + 16);
	uint64_t halves[2];

	memcpy(halves, &found, sizeof halves);
	return (halves[0] | halves[1]) == 0;
}

/*
 * Both write a cell at o, where twice its bytes and three more have room. pgtext: one that is null
 * or not plain.
 */

static char *pgtext(const struct ev_cell *c, char *o)
{
	const char *p = c->p, *end = c->p + c->len;

	if (c->null) {
		*o++ = '\\';
		*o++ = 'N';
		return o;
	}
	while (p < end) {
		size_t run;

		if (end - p >= EV_COPY_OVER && is_plain32(p)) {
			o = ev_copy_over(o, p, EV_COPY_OVER);
			p += EV_COPY_OVER;
			continue;
		}
		run = plain_run(p, (size_t)(end - p));
		o = ev_copy_over(o, p, run);
		if ((p += run) == end)
			break;
		if (*p == '\\' || *p == '\t' || *p == '\n' || *p == '\r') {
			*o++ = '\\';
			*o++ = *p == '\t' ? 't' : *p == '\n' ? 'n' : *p == '\r' ? 'r' : '\\';
		} else {
			*o++ = *p;
		}
		p++;
	}
	return o;
}

/* Every value in quotes; null is empty and unquoted. */
static char *csvq(const struct ev_cell *c, char *o)
{
	const char *p = c->p, *end = c->p + c->len;

	if (c->null)
		return o;
	*o++ = '"';
	while (p < end) {
		const char *quote = c->plain ? NULL : memchr(p, '"', (size_t)(end - p));
		size_t run = (size_t)((quote != NULL ? quote + 1 : end) - p);

		o = ev_copy_over(o, p, run);
		p += run;
		if (quote != NULL)
			*o++ = '"';
	}
	*o++ = '"';
	return o;
}

/* Both write cells with a tabulator between them. */

static char *pgtext_row(const struct ev_cell *c, const struct ev_cell *end, char *o)
{
	for (; c < end; c++) {
		o = c->plain && !c->null ? ev_copy_over(o, c->p, c->len) : pgtext(c, o);
		*o++ = '\t';
	}
	return o - 1;
}

static char *csvq_row(const struct ev_cell *c, const struct ev_cell *end, char *o)
{
	for (; c < end; c++) {
		o = csvq(c, o);
		*o++ = '\t';
	}
	return o - 1;
}

static enum ev_status write_row(struct tsv *t, struct stream *s, const struct ev_cell *cells,
				size_t n, struct ev_error *err)
{
	const struct ev_cell *end = cells + n;
	size_t bytes = 0, room;
	bool in_place;
	char *line, *o;

	for (const struct ev_cell *c = cells; c < end; c++)
		bytes += c->len;
	room = 2 * bytes + 4 * n + EV_COPY_OVER;
	ev_buf_reset(&t->line);
	in_place = ev_out_room(s->out, room);
	line = o = in_place ? s->out->buf + s->out->len : ev_buf_room(&t->line, room);
	o = t->dialect == EV_TSV_PGTEXT ? pgtext_row(cells, end, o) : csvq_row(cells, end, o);
	s->rows++;
	if (in_place) {
		ev_out_made(s->out, (size_t)(o - line));
		return EV_OK;
	}
	if (ev_out_line(s->out, line, (size_t)(o - line)) == EV_OK)
		return EV_OK;
	*err = s->out->error;
	return EV_FATAL;
}

static struct tsv *of(struct ev_target *t)
{
	return (struct tsv *)(void *)t;
}

static enum ev_status tsv_begin(struct ev_target *t, struct ev_standing *standing,
				struct ev_error *err)
{
	(void)t, (void)err;
	*standing = (struct ev_standing){.fresh = true};
	return EV_OK;
}

static enum ev_status tsv_known(struct ev_target *t, const char *batch, bool *known,
				char digest[33], struct ev_error *err)
{
	(void)t, (void)batch, (void)digest, (void)err;
	*known = false;
	return EV_OK;
}

static enum ev_status tsv_live(struct ev_target *t, uint64_t *batches, uint64_t *rows,
			       struct ev_error *err)
{
	(void)t, (void)err;
	*batches = *rows = 0;
	return EV_OK;
}

static enum ev_status tsv_nothing(struct ev_target *t, struct ev_error *err)
{
	(void)t, (void)err;
	return EV_OK;
}

static enum ev_status tsv_flush(struct ev_target *t, struct ev_row *there, struct ev_error *err)
{
	(void)t, (void)there, (void)err;
	return EV_OK;
}

static void tsv_abandon(struct ev_target *t)
{
	(void)t;
}

static enum ev_status tsv_enter(struct ev_target *t, const struct ev_ledger_entry *e,
				struct ev_error *err)
{
	(void)t, (void)e, (void)err;
	return EV_OK;
}

static enum ev_status tsv_newest(struct ev_target *t, const struct ev_ledger_entry *e, size_t n,
				 bool *same, struct ev_error *err)
{
	(void)t, (void)e, (void)n, (void)err;
	*same = false;
	return EV_OK;
}

/* One table */

static enum ev_status table_insert(struct ev_target *target, const struct ev_row *row,
				   struct ev_row *there, struct ev_error *err)
{
	struct tsv *t = of(target);

	(void)there;
	if (strcmp(row->table->name, t->table) != 0)
		return EV_OK;
	return write_row(t, &t->single, row->cells, row->table->n, err);
}

static void table_free(struct ev_target *target)
{
	ev_buf_free(&of(target)->line);
	free(of(target));
}

static const struct ev_target_ops table_ops = {.begin = tsv_begin,
					       .known = tsv_known,
					       .live = tsv_live,
					       .clear = tsv_nothing,
					       .insert = table_insert,
					       .flush = tsv_flush,
					       .enter = tsv_enter,
					       .newest = tsv_newest,
					       .commit = tsv_nothing,
					       .abandon = tsv_abandon,
					       .free = table_free};

struct ev_target *ev_tsv_table(struct ev_out *out, const char *table, enum ev_tsv dialect)
{
	struct tsv *t = ev_calloc(1, sizeof *t);

	t->target.ops = &table_ops;
	t->dialect = dialect;
	t->table = table;
	t->single.out = out;
	return &t->target;
}

/* A folder */

static enum ev_status open_stream(struct tsv *t, struct stream *s, const char *name,
				  struct ev_error *err)
{
	struct ev_buf path = {0};

	ev_buf_printf(&path, "%s.tsv%s", name, t->pack != NULL ? ".gz" : "");
	s->file = ev_strdup(ev_buf_str(&path));
	ev_buf_reset(&path);
	ev_buf_printf(&path, "%s/%s", t->folder, s->file);
	s->out = ev_out_file(ev_buf_str(&path), err);
	if (s->out != NULL && t->pack != NULL)
		ev_out_gzip(s->out, t->pack);
	if (s->out != NULL)
		ev_out_digest_start(s->out, NULL);
	ev_buf_free(&path);
	return s->out != NULL ? EV_OK : EV_FATAL;
}

static enum ev_status folder_insert(struct ev_target *target, const struct ev_row *row,
				    struct ev_row *there, struct ev_error *err)
{
	struct tsv *t = of(target);

	(void)there;
	return write_row(t, &t->rows[row->table - t->tables->list], row->cells, row->table->n, err);
}

static void describe(const struct ev_table *table, const struct stream *s, struct ev_buf *b)
{
	char digest[33];

	ev_hash128_hex(ev_out_digest_value(s->out), digest);
	ev_json_name(b, NULL);
	ev_buf_puts(b, "\n\t\t{");
	ev_json_text(b, "table", table->name);
	ev_json_text(b, "use", "insert");
	ev_json_text(b, "file", s->file);
	ev_json_u64(b, "rows", s->rows);
	ev_json_u64(b, "octets", s->out->bytes);
	ev_json_text(b, "xxh3_128", digest);
	ev_buf_puts(b, ",\"columns\":[");
	for (size_t i = 0; i < table->n; i++)
		ev_json_text(b, NULL, table->columns[i].name);
	ev_buf_puts(b, "]}");
}

static enum ev_status forget(struct tsv *t, const char *name, const char *suffix,
			     struct ev_error *err)
{
	enum ev_status st = EV_OK;
	struct ev_buf path = {0};

	ev_buf_printf(&path, "%s/%s%s", t->folder, name, suffix);
	if (unlink(ev_buf_str(&path)) != 0 && errno != ENOENT)
		st = ev_fail(err, "%s: cannot be removed: %s", path.p, strerror(errno));
	ev_buf_free(&path);
	return st;
}

/* A file that an earlier load left and this one has not must not be taken for this one's. */
static enum ev_status forget_others(struct tsv *t, size_t table, struct ev_error *err)
{
	return forget(t, t->tables->list[table].name, t->pack != NULL ? ".tsv" : ".tsv.gz", err);
}

/*
 * Two loads into one folder at once: the second waits while the first one names its files, so that
 * those of one load stand there. The descriptor, or -1.
 */
static int lock_folder(const char *folder, struct ev_error *err)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	while (fd >= 0 && flock(fd, LOCK_EX) != 0) {
		if (errno == EINTR)
			continue;
		ev_fail(err, "%s: the folder cannot be locked: %s", folder, strerror(errno));
		close(fd); /* it was only read */
		return -1;
	}
	if (fd < 0)
		ev_fail(err, "%s: the folder cannot be opened: %s", folder, strerror(errno));
	return fd;
}

/* All that can fail for want of room is done under temporary names, before anything is replaced. */
static enum ev_status prepare_files(struct tsv *t, struct ev_buf *manifest, struct ev_error *err)
{
	ev_buf_printf(manifest, "{\n\t\"evkit\":1,\n\t\"dialect\":\"%s\",\n%s\t\"files\":[",
		      t->dialect == EV_TSV_PGTEXT ? "pgtext" : "csvq",
		      t->pack != NULL ? "\t\"compression\":\"gzip\",\n" : "");
	for (size_t i = 0; i < t->tables->n; i++) {
		struct stream *rows = &t->rows[i];

		describe(&t->tables->list[i], rows, manifest);
		/* What goes to a device has no other name until then. */
		if ((rows->out->temp == NULL && forget(t, "manifest.json", "", err) != EV_OK) ||
		    ev_out_prepare(rows->out, err) != EV_OK)
			return EV_FATAL;
	}
	ev_buf_puts(manifest, "\n\t]\n}\n");
	return EV_OK;
}

static enum ev_status name_files(struct tsv *t, struct ev_error *err)
{
	if (forget(t, "manifest.json", "", err) != EV_OK)
		return EV_FATAL;
	for (size_t i = 0; i < t->tables->n; i++) {
		if (forget_others(t, i, err) != EV_OK ||
		    ev_out_commit(&t->rows[i].out, err) != EV_OK)
			return EV_FATAL;
	}
	return EV_OK;
}

static enum ev_status folder_commit(struct ev_target *target, struct ev_error *err)
{
	struct tsv *t = of(target);
	struct ev_buf manifest = {0}, path = {0};
	enum ev_status st = prepare_files(t, &manifest, err);
	struct ev_out *out = NULL;
	int lock = -1;

	ev_buf_printf(&path, "%s/manifest.json", t->folder);
	if (st == EV_OK && (out = ev_out_file(ev_buf_str(&path), err)) == NULL)
		st = EV_FATAL;
	if (st == EV_OK) {
		ev_out_put(out, manifest.p, manifest.len);
		st = ev_out_prepare(out, err);
	}
	if (st == EV_OK && (lock = lock_folder(t->folder, err)) < 0)
		st = EV_FATAL;
	if (st == EV_OK)
		st = name_files(t, err);
	if (st == EV_OK)
		st = ev_out_commit(&out, err);
	ev_out_discard(&out);
	if (lock >= 0)
		close(lock); /* it was only read */
	ev_buf_free(&manifest);
	ev_buf_free(&path);
	return st;
}

static void folder_free(struct ev_target *target)
{
	struct tsv *t = of(target);

	for (size_t i = 0; i < t->tables->n; i++) {
		ev_out_discard(&t->rows[i].out);
		free(t->rows[i].file);
	}
	ev_pack_free(&t->pack);
	free(t->rows);
	free(t->folder);
	table_free(target);
}

static const struct ev_target_ops folder_ops = {.begin = tsv_begin,
						.known = tsv_known,
						.live = tsv_live,
						.clear = tsv_nothing,
						.insert = folder_insert,
						.flush = tsv_flush,
						.enter = tsv_enter,
						.newest = tsv_newest,
						.commit = folder_commit,
						.abandon = tsv_abandon,
						.free = folder_free};

struct ev_target *ev_tsv_folder(const char *folder, const struct ev_tables *tables,
				enum ev_tsv dialect, bool gzip, struct ev_error *err)
{
	struct tsv *t = ev_calloc(1, sizeof *t);

	t->target.ops = &folder_ops;
	t->dialect = dialect;
	if (gzip)
		t->pack = ev_pack_new(0);
	t->folder = ev_strdup(folder);
	t->tables = tables;
	t->rows = ev_calloc(tables->n, sizeof *t->rows);
	if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
		ev_fail(err, "%s: the folder cannot be made: %s", folder, strerror(errno));
		folder_free(&t->target);
		return NULL;
	}
	for (size_t i = 0; i < tables->n; i++) {
		if (open_stream(t, &t->rows[i], tables->list[i].name, err) != EV_OK) {
			folder_free(&t->target);
			return NULL;
		}
	}
	return &t->target;
}
