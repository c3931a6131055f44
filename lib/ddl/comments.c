/*
 * Comments on tables and columns, of the model's descriptions.
 */
#include "ddl/internal.h"

static void put_text(struct ddl *s, const char *text)
{
	ev_sql_text(s->d, text, strlen(text), &s->text);
}

/* COMMENT ON COLUMN t.c IS '...', of each. */
static void comment_on(struct ddl *s, const struct ev_table *t, const char *description,
		       const struct ev_columns *columns)
{
	struct ev_buf *out = &s->text;

	if (description != NULL) {
		ev_buf_puts(out, "\nCOMMENT ON TABLE ");
		ev_sql_rows(s->d, s->schema, t, out);
		ev_buf_puts(out, " IS ");
		put_text(s, description);
		ev_buf_puts(out, ";\n");
	}
	for (size_t i = 0; i < columns->n; i++) {
		if (columns->list[i].description == NULL)
			continue;
		ev_buf_puts(out, "COMMENT ON COLUMN ");
		ev_sql_rows(s->d, s->schema, t, out);
		ev_buf_putc(out, '.');
		ev_sql_name(s->d, columns->list[i].name, out);
		ev_buf_puts(out, " IS ");
		put_text(s, columns->list[i].description);
		ev_buf_puts(out, ";\n");
	}
}

/*
 * ALTER TABLE, one statement for the table and one for all columns: BigQuery takes few changes of a
 * table in a short time.
 */
static void alter(struct ddl *s, const struct ev_table *t, const char *description,
		  const struct ev_columns *columns)
{
	bool options = s->d->comments == EV_COMMENTS_OPTIONS, first = true;
	struct ev_buf *out = &s->text;

	if (description != NULL) {
		ev_buf_puts(out, "\nALTER TABLE ");
		ev_sql_rows(s->d, s->schema, t, out);
		ev_buf_puts(out, options ? " SET OPTIONS (description = " : " MODIFY COMMENT ");
		put_text(s, description);
		ev_buf_puts(out, options ? ");\n" : ";\n");
	}
	for (size_t i = 0; i < columns->n; i++) {
		if (columns->list[i].description == NULL)
			continue;
		if (first) {
			ev_buf_puts(out, "\nALTER TABLE ");
			ev_sql_rows(s->d, s->schema, t, out);
		}
		ev_buf_puts(out, first ? "\n\t" : ",\n\t");
		first = false;
		ev_buf_puts(out, options ? "ALTER COLUMN " : "COMMENT COLUMN ");
		ev_sql_name(s->d, columns->list[i].name, out);
		ev_buf_puts(out, options ? " SET OPTIONS (description = " : " ");
		put_text(s, columns->list[i].description);
		ev_buf_puts(out, options ? ")" : "");
	}
	if (!first)
		ev_buf_puts(out, ";\n");
}

void ddl_comments(struct ddl *s, const struct ev_table *t)
{
	const char *description =
		t->fact != NULL ? t->fact->description : t->dimension->description;
	const struct ev_columns *columns =
		t->fact != NULL ? &t->fact->columns : &t->dimension->columns;

	if (s->d->comments == EV_COMMENTS_ON)
		comment_on(s, t, description, columns);
	else if (s->d->comments != EV_COMMENTS_NONE)
		alter(s, t, description, columns);
}
