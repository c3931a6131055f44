#include "base/utf8.h"
#include "frame/csv.h"
#include "io/foreign.h"
#include "parse/internal.h"
#include "scan/form.h"

/* The names as they are written, each with a comma in front, once a header. */
static void write_names(struct ev_parse *p, const struct ev_frame_columns *columns)
{
	ev_buf_reset(&p->names);
	ev_grow(&p->name_ends, &p->cap_names, columns->n, sizeof *p->name_ends);
	for (size_t i = 0; i < columns->n; i++) {
		ev_buf_putc(&p->names, ',');
		ev_json_quote(columns->list[i].p, columns->list[i].len, &p->names);
		ev_buf_putc(&p->names, ':');
		p->name_ends[i] = p->names.len;
	}
	p->header = columns->header;
}

static void put_member(struct ev_parse *p, size_t i, const struct ev_csv_field *field)
{
	const size_t from = i > 0 ? p->name_ends[i - 1] : 0;
	const char *text = field->p;
	size_t len = field->len;

	if (field->doubled) {
		ev_buf_reset(&p->scratch);
		ev_csv_put(field, &p->scratch);
		text = p->scratch.p;
		len = p->scratch.len;
	}
	ev_buf_put(&p->out, p->names.p + from, p->name_ends[i] - from);
	ev_json_quote(text, len, &p->out);
}

/* Adds what is wrong with the quotes of the field that begins at that column. */
static void add_quotes(struct ev_parse *p, const struct ev_csv_field *field, size_t column)
{
	p->why.code = "quote";
	if (field->unclosed)
		ev_reasons_add(&p->why, "column %zu: the quote here is not closed", column);
	else if (field->quoted)
		ev_reasons_add(&p->why,
			       "column %zu: a quote closes this field, and more stands behind it: "
			       "double the quotes within a field",
			       column);
	else
		ev_reasons_add(&p->why,
			       "column %zu: a quote stands within this field: put quotes around "
			       "the field, and double those within",
			       column);
}

/* Adds that the row has n fields, where the header has more or less. */
static void add_number(struct ev_parse *p, const struct ev_frame_columns *columns, size_t n)
{
	p->why.code = "columns";
	if (n < columns->n)
		ev_reasons_add(&p->why,
			       "the row has %zu of the header's %zu fields: '%s' is missing%s", n,
			       columns->n,
			       ev_reasons_quote(&p->why, columns->list[n].p, columns->list[n].len),
			       columns->n - n > 1 ? ", and what follows it" : "");
	else
		ev_reasons_add(
			&p->why,
			"the row has %zu fields, and the header %zu: put quotes around a field "
			"that has the separator in it",
			n, columns->n);
}

/* Also behind a byte order mark, where files were put together. */
static bool is_name(const struct ev_frame_column *column, const struct ev_csv_field *field)
{
	const size_t mark = sizeof EV_BOM - 1;
	const char *p = field->p;
	size_t len = field->len;

	if (len >= mark && memcmp(p, EV_BOM, mark) == 0) {
		p += mark;
		len -= mark;
	}
	return len == column->len && memcmp(p, column->p, len) == 0;
}

/* Writes the fields as members. False, with why, if the row is not right. */
static bool read_fields(struct ev_parse *p, const struct ev_record *rec,
			const struct ev_frame_columns *columns, bool *closed)
{
	const char *at = rec->p, *end = rec->p + rec->len;
	struct ev_csv_field field;
	bool more = true, names = columns->n > 1;
	size_t n = 0;

	while (more) {
		size_t column = (size_t)(at - rec->p) + 1;

		more = ev_csv_next(&at, end, columns->separator, &field);
		if (field.unclosed || field.misplaced) {
			add_quotes(p, &field, column);
			return false;
		}
		if (!field.quoted && memchr(field.p, '\r', field.len) != NULL) {
			p->why.code = "control";
			ev_reasons_add(&p->why,
				       "column %zu: a CR stands in this field, which has no "
				       "quotes",
				       column);
			return false;
		}
		if (n < columns->n) {
			names = names && is_name(&columns->list[n], &field);
			put_member(p, n, &field);
		}
		n++;
	}
	*closed = field.quoted;
	if (n != columns->n) {
		add_number(p, columns, n);
	} else if (names) {
		p->why.code = "header";
		ev_reasons_add(&p->why, "the row is the header once more, as where files were put "
					"together: leave it out");
	}
	return n == columns->n && !names;
}

/* Behind the last member. */
static enum ev_status pass_row(struct ev_parse *p, const struct ev_record *rec,
			       const struct ev_frame_columns *columns, struct ev_error *err)
{
	const char *id = p->options.add_id;

	for (size_t i = 0; i < columns->n && id != NULL; i++)
		if (columns->list[i].len == strlen(id) &&
		    memcmp(columns->list[i].p, id, columns->list[i].len) == 0)
			id = NULL;
	if (id != NULL) {
		ev_buf_putc(&p->out, ',');
		ev_json_quote(id, strlen(id), &p->out);
		ev_buf_putc(&p->out, ':');
		ev_parse_put_place_id(p, rec, &p->out);
	}
	return ev_parse_end(p, rec, err);
}

enum ev_status ev_parse_row(struct ev_parse *p, const struct ev_record *rec, struct ev_error *err)
{
	const struct ev_frame_columns *columns = ev_frames_columns(p->frames);
	const size_t valid = ev_utf8_valid(rec->p, rec->len);
	const char *nul = memchr(rec->p, '\0', rec->len);
	bool closed = false;

	ev_reasons_reset(&p->why);
	ev_buf_reset(&p->out);
	if (p->header != columns->header)
		write_names(p, columns);
	if (valid != rec->len) {
		p->why.code = "utf8";
		ev_reasons_add(&p->why, "column %zu: not UTF-8", valid + 1);
	} else if (nul != NULL) {
		p->why.code = "control";
		ev_reasons_add(&p->why, "column %zu: U+0000", (size_t)(nul - rec->p) + 1);
	} else if (read_fields(p, rec, columns, &closed) && (!rec->cut || closed)) {
		return pass_row(p, rec, columns, err);
	}
	/* What is missing at the end of the file may be all that is wrong. */
	return rec->cut ? ev_parse_cut(p, rec, err) : ev_parse_reject(p, rec, err);
}
