/*
 * Files of a folder: TSV of tables, and bundles, which bring the SQL that loads them. Nothing bears
 * its name before all is written, and the manifest gets its own last.
 */
#include "base/time.h"
#include "io/pack.h"
#include "number/decimal.h"
#include "warehouse/column.h"
#include "warehouse/internal.h"
#include "json/write.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char manifest_name[] = "manifest.json", script_name[] = "load.sql";

enum { KIB = 1024, MIB = 1024 * KIB };

/* Sizes are of TSV, which is five to eight times what gzip makes of it. */
static const struct ev_bundle_kind kinds[] = {
	/* load.sql reads each file whole, to tell its size. */
	{.target = "sqlite", .dialect = EV_TSV_PGTEXT, .exact_scale = true, .part = 64 * MIB},
	{.target = "postgres", .dialect = EV_TSV_PGTEXT},
	{.target = "snowflake",
	 .dialect = EV_TSV_CSVQ,
	 .gzip = true,
	 .keyless = true,
	 .part = 1024 * MIB,
	 .text_max = 16 * MIB},
	{.target = "redshift",
	 .dialect = EV_TSV_CSVQ_MARKED,
	 .gzip = true,
	 .no_marker = true,
	 .keyless = true,
	 .part = 512 * MIB,
	 .row_max = 4 * MIB,
	 .text_max = 65535},
	{.target = "bigquery",
	 .dialect = EV_TSV_CSVQ_MARKED,
	 .gzip = true,
	 .no_marker = true,
	 .keyless = true,
	 .part = 1024 * MIB,
	 .row_max = 100 * MIB},
	{.target = "clickhouse",
	 .dialect = EV_TSV_PGTEXT,
	 .gzip = true,
	 .keyless = true,
	 .first_year = 1900,
	 .last_year = 2299,
	 .part = 1024 * MIB},
	{.target = "duckdb", .dialect = EV_TSV_CSVQ_MARKED},
};

const struct ev_column ev_gone_columns[EV_GONE] = {
	{.name = (char *)"of_table", .type = EV_TYPE_VARCHAR, .size = EV_KEY_TEXT * 2},
	{.name = (char *)"owner", .type = EV_TYPE_VARCHAR, .size = EV_ID_MAX},
	{.name = (char *)"first_commit", .type = EV_TYPE_INT},
	{.name = (char *)"from_version", .type = EV_TYPE_INT}};

static struct ev_bundle *of(struct ev_target *t)
{
	return (struct ev_bundle *)(void *)t;
}

bool ev_bundle_is_whole(const struct ev_bundle *b)
{
	return b->by_position ? b->span.from == 0 : strcmp(b->entries[0].mode, "snapshot") == 0;
}

/* Files */

static const char *stem_of(const struct ev_bundle *b, size_t table)
{
	return table < b->tables->n ? b->tables->list[table].name : "ev_delete";
}

static enum ev_status open_part(struct ev_bundle *b, size_t table, struct ev_error *err)
{
	struct ev_bundle_files *files = &b->files[table];
	struct ev_buf path = {0};
	struct ev_bundle_part *p;

	files->list = ev_realloc_array(files->list, files->n + 1, sizeof *files->list);
	p = &files->list[files->n++];
	*p = (struct ev_bundle_part){.rows = 0};
	ev_buf_puts(&path, stem_of(b, table));
	if (files->n > 1)
		ev_buf_printf(&path, ".%zu", files->n);
	ev_buf_puts(&path, b->pack != NULL ? ".tsv.gz" : ".tsv");
	p->file = ev_strdup(ev_buf_str(&path));
	ev_buf_reset(&path);
	ev_buf_printf(&path, "%s/%s", b->folder, p->file);
	p->out = ev_out_file(ev_buf_str(&path), err);
	if (p->out != NULL && b->pack != NULL)
		ev_out_gzip(p->out, b->pack);
	if (p->out != NULL)
		ev_out_digest_start(p->out, NULL);
	ev_buf_free(&path);
	return p->out != NULL ? EV_OK : EV_FATAL;
}

/* All is written, but for its name. */
static enum ev_status close_part(struct ev_bundle_part *p, struct ev_error *err)
{
	if (p->out->prepared)
		return EV_OK;
	ev_hash128_hex(ev_out_digest_value(p->out), p->digest);
	p->bytes = p->out->bytes;
	return ev_out_prepare(p->out, err);
}

static enum ev_status put_row(struct ev_bundle *b, size_t table, const struct ev_cell *cells,
			      size_t n, struct ev_error *err)
{
	struct ev_bundle_files *files = &b->files[table];
	struct ev_bundle_part *p;
	size_t len;

	if ((files->n == 0 || files->list[files->n - 1].out->prepared) &&
	    open_part(b, table, err) != EV_OK)
		return EV_FATAL;
	p = &files->list[files->n - 1];
	if (ev_tsv_put(p->out, b->dialect, cells, n, &b->line, &len, err) != EV_OK)
		return EV_FATAL;
	p->rows++;
	p->bytes += len;
	files->rows++;
	if (len > files->longest)
		files->longest = len;
	return b->part > 0 && p->bytes >= b->part ? close_part(p, err) : EV_OK;
}

/* Rows */

static enum ev_status cannot(const struct ev_bundle *b, const struct ev_row *row,
			     const struct ev_column *c, const char *what, struct ev_error *err)
{
	const struct ev_cell *owner = &row->cells[0];

	return ev_fail(err, "%s:%llu: table %s, owner %.*s%s%s: %s, which %s cannot take: %s",
		       row->source, (unsigned long long)row->line, row->table->name,
		       (int)owner->len, owner->p, c != NULL ? ", column " : "",
		       c != NULL ? c->name : "", what, b->kind->target,
		       "reject it with a rule, or shorten it in the model");
}

/* What is wrong with a value, or NULL. */
static const char *problem(const struct ev_bundle_kind *k, const struct ev_column *c,
			   const struct ev_cell *cell)
{
	if (cell->null)
		return NULL;
	if (c->type == EV_TYPE_VARCHAR && k->text_max > 0 && cell->len > k->text_max)
		return "the text has too many bytes";
	if (c->type == EV_TYPE_VARCHAR && k->no_marker && cell->len == 2 &&
	    memcmp(cell->p, "\\N", 2) == 0)
		return "the text reads \\N, as null does in the file";
	if ((c->type == EV_TYPE_TIMESTAMP || c->type == EV_TYPE_DATE) && k->last_year > 0) {
		int year = (cell->p[0] - '0') * 1000 + (cell->p[1] - '0') * 100 +
			   (cell->p[2] - '0') * 10 + (cell->p[3] - '0');

		if (year < k->first_year || year > k->last_year)
			return "the year lies beyond its times";
	}
	return NULL;
}

static bool is_respelt(const struct ev_bundle *b, const struct ev_column *c)
{
	return ev_sql_is_uuid_key(b->sql, c) ||
	       (c->type == EV_TYPE_DECIMAL && b->kind->exact_scale);
}

/* Cells as the target wants them, where that differs. Their texts lie in b->text. */
static void respell(struct ev_bundle *b, const struct ev_table *t)
{
	size_t room = EV_COPY_OVER;

	for (size_t i = 0; i < t->n; i++)
		room += b->cells[i].len + t->columns[i].scale + EV_KEY_UUID + EV_COPY_OVER;
	ev_buf_reset(&b->text);
	ev_buf_room(&b->text, room); /* so that they stay where they are */
	for (size_t i = 0; i < t->n; i++) {
		const struct ev_column *c = &t->columns[i];
		struct ev_cell *cell = &b->cells[i];
		size_t from = b->text.len;
		struct ev_number n;

		if (cell->null)
			continue;
		if (ev_sql_is_uuid_key(b->sql, c)) {
			ev_key_uuid(cell->p, b->text.p + from);
			b->text.len += EV_KEY_UUID;
			cell->p = b->text.p + from;
			cell->len = EV_KEY_UUID;
		} else if (c->type == EV_TYPE_DECIMAL && b->kind->exact_scale) {
			ev_number_read(cell->p, cell->len, &n);
			ev_number_plain(&n, (int)c->scale, &b->text);
			cell->p = b->text.p + from;
			cell->len = b->text.len - from;
		}
	}
}

/* Whether the target can take a row. */
static enum ev_status check_row(const struct ev_bundle *b, const struct ev_row *row,
				struct ev_error *err)
{
	const struct ev_table *t = row->table;
	size_t bytes = 0;

	for (size_t i = 0; i < t->n; i++) {
		const char *what = problem(b->kind, &t->columns[i], &row->cells[i]);

		if (what != NULL)
			return cannot(b, row, &t->columns[i], what, err);
		bytes += row->cells[i].len;
	}
	if (b->kind->row_max > 0 && bytes > b->kind->row_max)
		return cannot(b, row, NULL, "the row has too many bytes", err);
	return EV_OK;
}

static enum ev_status bundle_insert(struct ev_target *target, const struct ev_row *row,
				    struct ev_row *there, struct ev_error *err)
{
	struct ev_bundle *b = of(target);
	const struct ev_table *t = row->table;
	size_t table = (size_t)(t - b->tables->list);
	const struct ev_cell *cells = row->cells;

	(void)there;
	if (b->picky && check_row(b, row, err) != EV_OK)
		return EV_FATAL;
	if (b->files[table].respelt) {
		memcpy(b->cells, cells, t->n * sizeof *b->cells);
		respell(b, t);
		cells = b->cells;
	}
	return put_row(b, table, cells, t->n, err);
}

/* Those between which the rows lie that are deleted somewhere. */
static void add_days(struct ev_bundle *b, const struct ev_gone *gone)
{
	b->dateless |= gone->days[0] == NULL;
	if (gone->days[0] == NULL)
		return;
	if (b->days[0][0] == '\0' || memcmp(gone->days[0], b->days[0], EV_DATE_TEXT) < 0)
		memcpy(b->days[0], gone->days[0], EV_DATE_TEXT);
	if (b->days[1][0] == '\0' || memcmp(gone->days[1], b->days[1], EV_DATE_TEXT) > 0)
		memcpy(b->days[1], gone->days[1], EV_DATE_TEXT);
}

static enum ev_status bundle_gone(struct ev_target *target, const struct ev_table *table,
				  const struct ev_cell *owner, const struct ev_gone *gone,
				  struct ev_error *err)
{
	struct ev_bundle *b = of(target);
	char numbers[2][EV_COPY_OVER + 24], name[EV_COPY_OVER + 64],
		key[EV_KEY_UUID + EV_COPY_OVER];
	struct ev_cell cells[EV_GONE];

	snprintf(name, sizeof name, "%s", table != NULL ? table->name : EV_ALL_FACTS);
	snprintf(numbers[0], sizeof numbers[0], "%llu", (unsigned long long)gone->first);
	snprintf(numbers[1], sizeof numbers[1], "%llu", (unsigned long long)gone->from);
	cells[0] = (struct ev_cell){name, strlen(name), false, true};
	cells[1] = *owner;
	cells[2] = (struct ev_cell){numbers[0], strlen(numbers[0]), false, true};
	cells[3] = (struct ev_cell){numbers[1], strlen(numbers[1]), false, true};
	if (table != NULL && ev_sql_is_uuid_key(b->sql, &table->columns[0])) {
		ev_key_uuid(owner->p, key);
		cells[1] = (struct ev_cell){key, EV_KEY_UUID, false, true};
	}
	b->partial |= gone->from > 1;
	if (table == NULL && gone->first < b->span.to.number)
		add_days(b, gone);
	return put_row(b, b->tables->n, cells, EV_GONE, err);
}

/* The interface */

static enum ev_status bundle_show(struct ev_target *target, const struct ev_span *span,
				  struct ev_error *err)
{
	struct ev_bundle *b = of(target);
	size_t len = (size_t)(span->to.number - span->from + 1) * EV_STORE_DIGEST;

	(void)err;
	b->by_position = true;
	b->span = *span;
	b->digests = ev_malloc(len);
	memcpy(b->digests, span->digests, len);
	b->span.digests = b->digests;
	return EV_OK;
}

/* It may come where there are rows. */
static enum ev_status bundle_live(struct ev_target *t, uint64_t *batches, uint64_t *rows,
				  struct ev_error *err)
{
	(void)t, (void)err;
	*batches = 0;
	*rows = 1;
	return EV_OK;
}

static enum ev_status bundle_enter(struct ev_target *target, const struct ev_ledger_entry *e,
				   struct ev_error *err)
{
	struct ev_bundle *b = of(target);
	struct ev_bundle_entry *to;

	(void)err;
	b->entries = ev_realloc_array(b->entries, b->n_entries + 1, sizeof *b->entries);
	to = &b->entries[b->n_entries++];
	*to = (struct ev_bundle_entry){
		.batch = ev_strdup(e->batch), .balance = ev_strdup(e->balance), .rows = e->rows};
	if (e->offsets != NULL)
		to->offsets = ev_strdup(e->offsets);
	snprintf(to->digest, sizeof to->digest, "%s", e->digest);
	snprintf(to->mode, sizeof to->mode, "%s", e->mode);
	if (e->model != NULL)
		snprintf(b->model, sizeof b->model, "%s", e->model);
	return EV_OK;
}

/* The manifest */

static void describe_columns(const struct ev_column *columns, size_t n, struct ev_buf *m)
{
	ev_buf_puts(m, ",\"columns\":[");
	for (size_t i = 0; i < n; i++)
		ev_json_text(m, NULL, columns[i].name);
	ev_buf_puts(m, "]}");
}

static void describe_part(const struct ev_bundle *b, size_t table, const struct ev_bundle_part *p,
			  struct ev_buf *m)
{
	const struct ev_table *t = table < b->tables->n ? &b->tables->list[table] : NULL;

	ev_json_name(m, NULL);
	ev_buf_puts(m, "\n\t\t{");
	if (t != NULL)
		ev_json_text(m, "table", t->name);
	ev_json_text(m, "use", t != NULL ? "insert" : "delete");
	ev_json_text(m, "file", p->file);
	ev_json_u64(m, "rows", p->rows);
	ev_json_u64(m, "octets", p->bytes);
	ev_json_text(m, "xxh3_128", p->digest);
	describe_columns(t != NULL ? t->columns : ev_gone_columns, t != NULL ? t->n : EV_GONE, m);
}

/* What only a bundle has. script: load.sql, written. */
static void describe_bundle(const struct ev_bundle *b, const struct ev_bundle_part *script,
			    struct ev_buf *m)
{
	char position[EV_STORE_POSITION];
	struct ev_point from = b->span.to;

	ev_buf_printf(m, "\t\"target\":\"%s\",\n", b->kind->target);
	if (b->by_position) {
		from.number = b->span.from;
		if (from.number > 0)
			memcpy(from.digest, ev_span_digest(&b->span, from.number), EV_STORE_DIGEST);
		ev_point_write(&from, position);
		ev_buf_printf(m, "\t\"from\":\"%s\",\n", position);
		ev_point_write(&b->span.to, position);
		ev_buf_printf(m, "\t\"to\":\"%s\",\n\t\"model\":\"%s\",\n", position, b->model);
	}
	ev_buf_puts(m, "\t\"batches\":[");
	for (size_t i = 0; i < b->n_entries; i++) {
		const struct ev_bundle_entry *e = &b->entries[i];

		ev_json_name(m, NULL);
		ev_buf_puts(m, "\n\t\t{");
		ev_json_text(m, "batch", e->batch);
		ev_json_text(m, "digest", e->digest);
		ev_json_text(m, "mode", e->mode);
		ev_json_u64(m, "rows", e->rows);
		ev_buf_putc(m, '}');
	}
	ev_buf_printf(m,
		      "\n\t],\n\t\"script\":{\"file\":\"%s\",\"octets\":%llu,\"xxh3_128\":"
		      "\"%s\"},\n",
		      script_name, (unsigned long long)script->bytes, script->digest);
}

static void write_manifest(const struct ev_bundle *b, const struct ev_bundle_part *script,
			   struct ev_buf *m)
{
	ev_buf_printf(m, "{\n\t\"evkit\":1,\n\t\"dialect\":\"%s\",\n%s%s",
		      b->dialect == EV_TSV_PGTEXT ? "pgtext" : "csvq",
		      b->dialect == EV_TSV_CSVQ_MARKED ? "\t\"null\":\"\\\\N\",\n" : "",
		      b->pack != NULL ? "\t\"compression\":\"gzip\",\n" : "");
	if (b->kind != NULL)
		describe_bundle(b, script, m);
	ev_buf_puts(m, "\t\"files\":[");
	for (size_t i = 0; i <= b->tables->n; i++)
		for (size_t k = 0; k < b->files[i].n; k++)
			describe_part(b, i, &b->files[i].list[k], m);
	ev_buf_puts(m, "\n\t]\n}\n");
}

/* Names */

static enum ev_status forget(const struct ev_bundle *b, const char *name, const char *suffix,
			     struct ev_error *err)
{
	enum ev_status st = EV_OK;
	struct ev_buf path = {0};

	ev_buf_printf(&path, "%s/%s%s", b->folder, name, suffix);
	if (unlink(ev_buf_str(&path)) != 0 && errno != ENOENT)
		st = ev_fail(err, "%s: cannot be removed: %s", path.p, strerror(errno));
	ev_buf_free(&path);
	return st;
}

/* Whether a file may be one of a bundle: NAME.tsv, NAME.2.tsv, the same with .gz, and the two. */
static bool is_bundles(const char *name)
{
	size_t stem =
		strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");
	const char *p = name + stem;

	if (strcmp(name, manifest_name) == 0 || strcmp(name, script_name) == 0)
		return true;
	if (stem > 0 && p[0] == '.' && p[1] >= '0' && p[1] <= '9')
		p += 1 + strspn(p + 1, "0123456789");
	return stem > 0 && (strcmp(p, ".tsv") == 0 || strcmp(p, ".tsv.gz") == 0);
}

/* Whether a file of the folder has that text in its first bytes. */
static bool says(const struct ev_bundle *b, const char *name, const char *text)
{
	struct ev_buf path = {0};
	char head[64] = "";
	int fd;

	ev_buf_printf(&path, "%s/%s", b->folder, name);
	fd = open(ev_buf_str(&path), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ev_buf_free(&path);
	if (fd < 0)
		return false;
	if (read(fd, head, sizeof head - 1) < 0)
		head[0] = '\0';
	close(fd); /* it was only read */
	return strstr(head, text) != NULL;
}

/*
 * Goes through the folder; with remove, takes out what a bundle before this one left, but for its
 * script: that is replaced at once, so that a crash leaves a folder that is still known as ours.
 */
static enum ev_status look_through(const struct ev_bundle *b, bool remove, struct ev_error *err)
{
	bool ours = says(b, script_name, EV_SCRIPT_HEAD) || says(b, manifest_name, "\"evkit\":");
	DIR *dir = opendir(b->folder);
	enum ev_status st = EV_OK;
	const struct dirent *e;

	if (dir == NULL)
		return ev_fail(err, "%s: the folder cannot be opened: %s", b->folder,
			       strerror(errno));
	while (st == EV_OK && (errno = 0, e = readdir(dir)) != NULL) {
		const char *name = e->d_name;

		/* A name that is not given yet begins so; or a crash left it. */
		if (name[0] == '.')
			continue;
		if (!is_bundles(name) || (!ours && !remove))
			st = ev_fail(err,
				     "%s: holds %s, which is no bundle's: a bundle has a folder of "
				     "its own, so name a new one",
				     b->folder, name);
		else if (remove && strcmp(name, script_name) != 0)
			st = forget(b, name, "", err);
	}
	if (st == EV_OK && errno != 0)
		st = ev_fail(err, "%s: the folder cannot be read: %s", b->folder, strerror(errno));
	closedir(dir);
	return st;
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
static enum ev_status prepare_files(struct ev_bundle *b, struct ev_error *err)
{
	for (size_t i = 0; i <= b->tables->n; i++) {
		for (size_t k = 0; k < b->files[i].n; k++) {
			struct ev_bundle_part *p = &b->files[i].list[k];

			/* What goes to a device has no other name until then. */
			if ((p->out->temp == NULL && forget(b, manifest_name, "", err) != EV_OK) ||
			    close_part(p, err) != EV_OK)
				return EV_FATAL;
		}
	}
	return EV_OK;
}

/* A text as a file that lacks only its name. */
static enum ev_status prepare_text(const struct ev_bundle *b, const char *name,
				   const struct ev_buf *text, struct ev_bundle_part *p,
				   struct ev_error *err)
{
	struct ev_buf path = {0};

	ev_buf_printf(&path, "%s/%s", b->folder, name);
	p->out = ev_out_file(ev_buf_str(&path), err);
	ev_buf_free(&path);
	if (p->out == NULL)
		return EV_FATAL;
	ev_out_digest_start(p->out, NULL);
	ev_out_put(p->out, text->p, text->len);
	return close_part(p, err);
}

static enum ev_status name_files(struct ev_bundle *b, struct ev_bundle_part *script,
				 struct ev_error *err)
{
	if (forget(b, manifest_name, "", err) != EV_OK ||
	    (b->kind != NULL &&
	     (look_through(b, true, err) != EV_OK || ev_out_commit(&script->out, err) != EV_OK)))
		return EV_FATAL;
	for (size_t i = 0; i <= b->tables->n; i++) {
		/* One of the other form must not be taken for this load's. */
		if (b->kind == NULL && i < b->tables->n &&
		    forget(b, stem_of(b, i), b->pack != NULL ? ".tsv" : ".tsv.gz", err) != EV_OK)
			return EV_FATAL;
		for (size_t k = 0; k < b->files[i].n; k++)
			if (ev_out_commit(&b->files[i].list[k].out, err) != EV_OK)
				return EV_FATAL;
	}
	return EV_OK;
}

static enum ev_status bundle_commit(struct ev_target *target, struct ev_error *err)
{
	struct ev_bundle_part script = {.rows = 0}, manifest = {.rows = 0};
	struct ev_bundle *b = of(target);
	enum ev_status st = prepare_files(b, err);
	struct ev_buf text = {0};
	int lock = -1;

	if (st == EV_OK && b->kind != NULL) {
		ev_bundle_script(b, &text);
		st = prepare_text(b, script_name, &text, &script, err);
	}
	if (st == EV_OK) {
		ev_buf_reset(&text);
		write_manifest(b, &script, &text);
		st = prepare_text(b, manifest_name, &text, &manifest, err);
	}
	if (st == EV_OK && (lock = lock_folder(b->folder, err)) < 0)
		st = EV_FATAL;
	if (st == EV_OK)
		st = name_files(b, &script, err);
	if (st == EV_OK)
		st = ev_out_commit(&manifest.out, err);
	ev_out_discard(&script.out);
	ev_out_discard(&manifest.out);
	if (lock >= 0)
		close(lock); /* it was only read */
	ev_buf_free(&text);
	return st;
}

static void bundle_free(struct ev_target *target)
{
	struct ev_bundle *b = of(target);

	for (size_t i = 0; i <= b->tables->n; i++) {
		for (size_t k = 0; k < b->files[i].n; k++) {
			ev_out_discard(&b->files[i].list[k].out);
			free(b->files[i].list[k].file);
		}
		free(b->files[i].list);
	}
	for (size_t i = 0; i < b->n_entries; i++) {
		free(b->entries[i].batch);
		free(b->entries[i].balance);
		free(b->entries[i].offsets);
	}
	ev_pack_free(&b->pack);
	ev_buf_free(&b->line);
	ev_buf_free(&b->text);
	free(b->entries);
	free(b->digests);
	free(b->files);
	free(b->cells);
	free(b->folder);
	free(b);
}

static const struct ev_target_ops folder_ops = {.begin = ev_tsv_begin,
						.known = ev_tsv_known,
						.live = ev_tsv_live,
						.clear = ev_tsv_nothing,
						.insert = bundle_insert,
						.flush = ev_tsv_flush,
						.enter = ev_tsv_enter,
						.newest = ev_tsv_newest,
						.commit = bundle_commit,
						.abandon = ev_tsv_abandon,
						.free = bundle_free};

static const struct ev_target_ops bundle_ops = {.begin = ev_tsv_begin,
						.known = ev_tsv_known,
						.live = bundle_live,
						.clear = ev_tsv_nothing,
						.insert = bundle_insert,
						.flush = ev_tsv_flush,
						.enter = bundle_enter,
						.newest = ev_tsv_newest,
						.commit = bundle_commit,
						.show = bundle_show,
						.gone = bundle_gone,
						.abandon = ev_tsv_abandon,
						.free = bundle_free};

static struct ev_bundle *new_bundle(const char *folder, const struct ev_tables *tables,
				    const struct ev_target_ops *ops)
{
	struct ev_bundle *b = ev_calloc(1, sizeof *b);
	size_t most = 0;

	b->target.ops = ops;
	b->folder = ev_strdup(folder);
	b->tables = tables;
	b->files = ev_calloc(tables->n + 1, sizeof *b->files);
	for (size_t i = 0; i < tables->n; i++)
		most = tables->list[i].n > most ? tables->list[i].n : most;
	b->cells = ev_calloc(most, sizeof *b->cells);
	return b;
}

static enum ev_status make_folder(const struct ev_bundle *b, struct ev_error *err)
{
	if (mkdir(b->folder, 0777) == 0 || errno == EEXIST)
		return EV_OK;
	return ev_fail(err, "%s: the folder cannot be made: %s", b->folder, strerror(errno));
}

struct ev_target *ev_tsv_folder(const char *folder, const struct ev_tables *tables,
				enum ev_tsv dialect, bool gzip, struct ev_error *err)
{
	struct ev_bundle *b = new_bundle(folder, tables, &folder_ops);
	enum ev_status st = make_folder(b, err);

	b->dialect = dialect;
	if (gzip)
		b->pack = ev_pack_new(0);
	/* Each table has a file, with rows or without. */
	for (size_t i = 0; i < tables->n && st == EV_OK; i++)
		st = open_part(b, i, err);
	if (st == EV_OK)
		return &b->target;
	bundle_free(&b->target);
	return NULL;
}

struct ev_target *ev_bundle_open(const char *folder, const struct ev_tables *tables,
				 const char *target, const char *schema, uint64_t part,
				 const char *model, struct ev_error *err)
{
	const struct ev_bundle_kind *k = NULL;
	struct ev_bundle *b;

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && k == NULL; i++)
		if (strcmp(kinds[i].target, target) == 0)
			k = &kinds[i];
	if (k == NULL) {
		ev_fail(err,
			"there are no bundles for '%s', only for sqlite, postgres, snowflake, "
			"redshift, bigquery, clickhouse, duckdb",
			target);
		return NULL;
	}
	b = new_bundle(folder, tables, &bundle_ops);
	b->kind = k;
	b->sql = ev_dialect_find(target);
	b->schema = schema;
	b->dialect = k->dialect;
	b->part = part > 0 ? part : k->part;
	b->picky = k->row_max > 0 || k->text_max > 0 || k->no_marker || k->last_year > 0;
	for (size_t i = 0; i < tables->n; i++)
		for (size_t c = 0; c < tables->list[i].n; c++)
			b->files[i].respelt |= is_respelt(b, &tables->list[i].columns[c]);
	if (k->gzip)
		b->pack = ev_pack_new(0);
	if (ev_dialect_takes(b->sql, tables, model, err) == EV_OK && make_folder(b, err) == EV_OK &&
	    look_through(b, false, err) == EV_OK)
		return &b->target;
	bundle_free(&b->target);
	return NULL;
}
