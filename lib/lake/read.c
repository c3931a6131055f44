/* Reading parts: choosing them, holding their lines against the sums. */
#include "base/mem.h"
#include "lake/internal.h"
#include "scan/lines.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { LONGEST_LINE = 512 << 20, BUCKET = 8 /* "bucket=" and its digits are at the end */ };

/* Whether the folder in the path, behind its name, is this. */
static bool folder_is(const char *path, const char *name, const char *value, size_t len)
{
	const char *at = strstr(path, name);

	at = at != NULL ? at + strlen(name) : "";
	return strncmp(at, value, len) == 0 && at[len] == '/';
}

static bool is_chosen(const char *path, const struct ev_lake_choice *c, const char *type)
{
	const char *day = path + sizeof "dt=" - 1;
	bool broken = strncmp(day, EV_LAKE_NONE "/", sizeof EV_LAKE_NONE) == 0;
	char bucket[BUCKET];

	snprintf(bucket, sizeof bucket, "%02d", c->bucket);
	if (c->bucket >= 0 && !folder_is(path, "/bucket=", bucket, strlen(bucket)))
		return false;
	if (c->broken)
		return broken;
	if (broken && (c->from != NULL || c->to != NULL || type != NULL))
		return false;
	return (c->from == NULL || strncmp(day, c->from, EV_DATE_TEXT) >= 0) &&
	       (c->to == NULL || strncmp(day, c->to, EV_DATE_TEXT) <= 0) &&
	       (type == NULL || folder_is(path, "/type=", type, strlen(type)));
}

char *const *ev_lake_choose(struct ev_lake *l, const struct ev_lake_choice *c, size_t *n)
{
	struct ev_buf type = {0};

	if (c->type != NULL)
		ev_lake_type_folder(c->type, strlen(c->type), &type);
	l->files = ev_calloc(l->n_parts, sizeof *l->files);
	l->chosen = ev_calloc(l->n_parts, sizeof(struct ev_lake_part *));
	for (size_t i = 0; i < l->n_parts; i++) {
		if (!is_chosen(l->parts[i].path, c, c->type != NULL ? ev_buf_str(&type) : NULL))
			continue;
		l->chosen[l->n_chosen] = &l->parts[i];
		l->files[l->n_chosen++] = ev_lake_path(l, l->parts[i].path);
	}
	ev_buf_free(&type);
	*n = l->n_chosen;
	return l->files;
}

static enum ev_status differs(const char *file, const struct ev_lake_part *part,
			      const struct ev_lake_count *got, struct ev_error *err)
{
	if (ev_lake_count_equal(&part->count, got))
		return EV_OK;
	return ev_fail(err,
		       "%s: has other lines than were appended (%" PRIu64 " for %" PRIu64
		       "): bring it back from a copy of the lake",
		       file, got->rows, part->count.rows);
}

/* cat */

struct ev_lake_cat {
	struct ev_lake *lake;
	struct ev_port *port;
	size_t at; /* the part that is read; those before it are right */
	struct ev_lake_count count;
	uint64_t rejected; /* before it */
};

struct ev_lake_cat *ev_lake_cat_new(struct ev_lake *l, struct ev_port *port)
{
	struct ev_lake_cat *c = ev_calloc(1, sizeof *c);

	c->lake = l;
	c->port = port;
	return c;
}

void ev_lake_cat_free(struct ev_lake_cat **c)
{
	free(*c);
	*c = NULL;
}

/* The part has been read. If lines were set aside, such as long ones, its sums are not known. */
static enum ev_status end_part(struct ev_lake_cat *c, struct ev_error *err)
{
	uint64_t rejected = ev_rejects_count(c->port->rejects);
	enum ev_status st = EV_OK;

	if (rejected == c->rejected)
		st = differs(c->lake->files[c->at], c->lake->chosen[c->at], &c->count, err);
	c->count = (struct ev_lake_count){0};
	c->rejected = rejected;
	c->at++;
	return st;
}

enum ev_status ev_lake_cat_step(struct ev_lake_cat *c, const struct ev_record *rec,
				struct ev_error *err)
{
	while (rec->source != c->lake->files[c->at])
		if (end_part(c, err) != EV_OK)
			return EV_FATAL;
	ev_lake_count_line(&c->count, rec->p, rec->len);
	return ev_port_line(c->port, rec->p, rec->len, err);
}

enum ev_status ev_lake_cat_finish(struct ev_lake_cat *c, struct ev_error *err)
{
	while (c->at < c->lake->n_chosen)
		if (end_part(c, err) != EV_OK)
			return EV_FATAL;
	return EV_OK;
}

/* Parts one by one */

enum ev_status ev_lake_part_read(const struct ev_lake *l, const struct ev_lake_part *part,
				 ev_lake_line *fn, void *ctx, struct ev_error *err)
{
	char *file = ev_lake_path(l, part->path);
	struct ev_in *in = ev_in_new(&file, 1, LONGEST_LINE);
	struct ev_lines *lines = ev_lines_new(in, LONGEST_LINE);
	struct ev_lake_count count = {0};
	struct ev_line line;
	enum ev_status st;

	while ((st = ev_lines_next(lines, &line, err)) == EV_OK) {
		ev_lake_count_line(&count, line.p, line.len);
		if (fn != NULL && fn(ctx, line.p, line.len, err) != EV_OK) {
			st = EV_FATAL;
			break;
		}
	}
	if (st == EV_EOF)
		st = differs(file, part, &count, err);
	ev_lines_free(&lines);
	ev_in_free(&in);
	free(file);
	return st;
}
