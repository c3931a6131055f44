/*
 * The lines between evstar --map and evstar --reduce: mentions as JSON (evstar.1, "Contributions").
 * Their members stand in one order, so each is read where it must be and nothing is searched for.
 */
#include "record/position.h"
#include "scan/form.h"
#include "star/internal.h"
#include "json/write.h"

#include <stdlib.h>

static const char opening[] = "{\"_ev\":{\"op\":\"contribute\",\"owner\":\"";

/* The columns of each dimension by their texts' numbers: the key's, and then the others. */
struct ev_star_named {
	const char **names;
	size_t n_parts, n; /* of the key, and others */
};

static void name_columns(const struct ev_dimension *d, struct ev_star_named *named)
{
	size_t n = d->n_keys;

	named->n_parts = d->n_keys;
	named->n = d->columns.n - d->n_keys;
	named->names = ev_calloc(d->columns.n, sizeof *named->names);
	for (size_t i = 0; i < d->columns.n; i++) {
		const char *name = d->columns.list[i].name;
		bool part = false;

		for (size_t k = 0; k < d->n_keys; k++) {
			if (d->keys[k] != i)
				continue;
			named->names[k] = name;
			part = true;
		}
		if (!part)
			named->names[n++] = name;
	}
}

struct ev_star_named *ev_star_named_new(const struct ev_model *m)
{
	struct ev_star_named *named = ev_calloc(m->n_dimensions, sizeof *named);

	for (size_t i = 0; i < m->n_dimensions; i++)
		if (m->dimensions[i].calendar == NULL)
			name_columns(&m->dimensions[i], &named[i]);
	return named;
}

void ev_star_named_free(struct ev_star_named **named, const struct ev_model *m)
{
	for (size_t i = 0; i < m->n_dimensions && *named != NULL; i++)
		free((*named)[i].names);
	free(*named);
	*named = NULL;
}

/* Writing */

static void put_time(struct ev_buf *out, const char *name, int64_t time)
{
	char text[EV_TIME_TEXT + 1];

	ev_star_moment_write(time, text);
	text[EV_TIME_TEXT] = '\0';
	ev_json_text(out, name, text);
}

static void put_opening(struct ev_star *s, const char *key, const char *table, bool described)
{
	ev_buf_reset(&s->row);
	ev_buf_puts(&s->row, opening);
	ev_buf_put(&s->row, key, EV_KEY_TEXT);
	ev_buf_putc(&s->row, '"');
	ev_json_text(&s->row, "table", table);
	ev_json_bool(&s->row, "inferred", !described);
}

static void put_stamp(struct ev_star *s, const struct ev_saying *what)
{
	put_time(&s->row, "valid_from", what->stamp.time);
	if (what->spans && what->until == INT64_MAX)
		ev_json_text(&s->row, "valid_to", NULL);
	else if (what->spans)
		put_time(&s->row, "valid_to", what->until);
	ev_json_name(&s->row, "event");
	ev_json_quote(what->stamp.id, what->stamp.id_len, &s->row);
	ev_json_u64(&s->row, "element", what->stamp.element);
}

/* They may come in any order, so their hashes are added. */
static void add_digest(struct ev_star *s, const char *p, size_t len)
{
	s->digest += ev_hash64(p, len, s->port->seed);
}

static enum ev_status put_line(struct ev_star *s, struct ev_error *err)
{
	ev_buf_putc(&s->row, '}');
	s->n_mapped++;
	add_digest(s, s->row.p, s->row.len);
	return ev_port_line(s->port, s->row.p, s->row.len, err);
}

enum ev_status ev_star_put_contribution(struct ev_star *s, struct ev_error *err)
{
	const size_t dimension = ev_mention_dimension(s->mentions.key.p);
	const struct ev_star_named *named = &s->named[dimension];
	struct ev_saying what = {.n_parts = named->n_parts, .n = named->n, .texts = s->texts};

	ev_mention_take_apart(&s->mentions, &what, &s->event_id);
	put_opening(s, what.key, s->m->dimensions[dimension].name, what.described);
	if (what.stamped)
		put_stamp(s, &what);
	ev_buf_putc(&s->row, '}');
	for (size_t i = 0; i < what.n_parts + what.n; i++)
		if (what.texts[i].p != NULL)
			ev_json_raw(&s->row, named->names[i], what.texts[i].p, what.texts[i].len);
	return put_line(s, err);
}

enum ev_status ev_star_put_contributed_day(struct ev_star *s, size_t dimension, int64_t day,
					   struct ev_error *err)
{
	char key[EV_KEY_TEXT + 1], date[EV_DATE_TEXT + 1];

	ev_key_day(ev_date_of_days(day), &s->scratch, key);
	ev_date_format(ev_date_of_days(day), date);
	date[EV_DATE_TEXT] = '\0';
	put_opening(s, key, s->m->dimensions[dimension].name, true);
	ev_buf_putc(&s->row, '}');
	ev_json_text(&s->row, "date", date);
	return put_line(s, err);
}

/* Reading */

/* The members of an object that are not read yet. */
struct rest {
	const struct ev_doc *d;
	uint32_t at, end;
};

static struct rest rest_of(const struct ev_doc *d, uint32_t object)
{
	return (struct rest){d, ev_first(d, object), ev_end(d, object)};
}

/* The value of the next member, if it has that name and is of that kind; else EV_NOWHERE. */
static uint32_t take_any(struct rest *r, const char *name)
{
	const uint32_t value = r->at + 1;

	if (r->at >= r->end || !ev_string_is(r->d, r->at, name, strlen(name)))
		return EV_NOWHERE;
	r->at = ev_next(r->d, value);
	return value;
}

static uint32_t take_text(struct rest *r, const char *name)
{
	const uint32_t value = take_any(r, name);

	return value != EV_NOWHERE && ev_kind(r->d, value) == EV_STRING ? value : EV_NOWHERE;
}

/* Of exactly that length, as it stands; or NULL. */
static const char *take_exact(struct rest *r, const char *name, size_t len)
{
	const uint32_t value = take_text(r, name);

	if (value == EV_NOWHERE || r->d->nodes[value].end - r->d->nodes[value].pos != len + 2)
		return NULL;
	return r->d->text + r->d->nodes[value].pos + 1;
}

static bool take_time(struct rest *r, const char *name, int64_t *time)
{
	const char *text = take_exact(r, name, EV_TIME_TEXT);

	return text != NULL && ev_star_moment(text, time);
}

/* valid_to, where null is without an end. */
static bool take_until(struct rest *r, int64_t *until)
{
	struct rest again = *r;
	const uint32_t value = take_any(r, "valid_to");

	*until = INT64_MAX;
	if (value != EV_NOWHERE && ev_kind(r->d, value) == EV_NULL)
		return true;
	*r = again;
	return take_time(r, "valid_to", until);
}

/* valid_from and what follows it. */
static bool take_stamp(struct ev_star *s, struct rest *r, struct ev_saying *what)
{
	uint32_t event, element;
	uint64_t number;
	size_t len;

	if (!take_time(r, "valid_from", &what->stamp.time) ||
	    (what->spans && !take_until(r, &what->until)) ||
	    (event = take_text(r, "event")) == EV_NOWHERE ||
	    (element = take_any(r, "element")) == EV_NOWHERE ||
	    !ev_u64_of(r->d, element, &number) || number > UINT32_MAX)
		return false;
	what->stamped = true;
	what->stamp.id = ev_string(r->d, event, &s->event_id, &len);
	what->stamp.id_len = (uint32_t)len;
	what->stamp.element = (uint32_t)number;
	return len <= EV_ID_MAX;
}

static bool take_dimension(const struct ev_star *s, struct rest *r, struct ev_saying *what)
{
	const uint32_t table = take_text(r, "table");

	if (table == EV_NOWHERE)
		return false;
	for (size_t i = 0; i < s->m->n_dimensions; i++) {
		const struct ev_dimension *d = &s->m->dimensions[i];

		if (!ev_string_is(r->d, table, d->name, strlen(d->name)))
			continue;
		what->dimension = i;
		what->spans = d->history;
		return true;
	}
	return false;
}

/* What "_ev" says behind its op. */
static bool take_reserved(struct ev_star *s, struct rest *r, struct ev_saying *what)
{
	uint32_t inferred;

	if (take_text(r, "op") == EV_NOWHERE ||
	    (what->key = take_exact(r, "owner", EV_KEY_TEXT)) == NULL || !ev_key_is(what->key) ||
	    !take_dimension(s, r, what) || (inferred = take_any(r, "inferred")) == EV_NOWHERE)
		return false;
	what->described = ev_kind(r->d, inferred) == EV_FALSE;
	if (!what->described && ev_kind(r->d, inferred) != EV_TRUE)
		return false;
	return r->at >= r->end || (take_stamp(s, r, what) && r->at >= r->end);
}

/* The parts of the key, all of them, and the attributes that are borne. */
static bool take_texts(struct ev_star *s, struct rest *r, struct ev_saying *what)
{
	const struct ev_star_named *named = &s->named[what->dimension];
	bool says = false;

	what->n_parts = named->n_parts;
	what->n = named->n;
	what->texts = s->texts;
	for (size_t i = 0; i < named->n_parts + named->n; i++) {
		const uint32_t value = take_any(r, named->names[i]);

		what->texts[i] = (struct ev_star_text){NULL, 0};
		if (value != EV_NOWHERE)
			what->texts[i].p = ev_raw(r->d, value, &what->texts[i].len);
		else if (i < named->n_parts)
			return false;
		says |= value != EV_NOWHERE && i >= named->n_parts;
	}
	/* Who says something has a stamp; of type 2 who says nothing has one, too. */
	return r->at >= r->end && (what->described || !says) &&
	       what->stamped == (says || what->spans);
}

static bool take_day(struct ev_star *s, struct rest *r, const struct ev_saying *what)
{
	const char *text = take_exact(r, "date", EV_DATE_TEXT);
	struct ev_date date;

	if (what->stamped || text == NULL || !ev_date_parse(text, EV_DATE_TEXT, &date))
		return false;
	ev_star_calendar_add(s->calendars[what->dimension], ev_date_days(date));
	return r->at >= r->end;
}

static enum ev_status unlike(const struct ev_record *rec, const char *what, struct ev_error *err)
{
	return ev_fail(err,
		       "%s:%llu: %s: give evstar --reduce what evstar --map wrote by the "
		       "same model",
		       rec->source, (unsigned long long)rec->line, what);
}

/* A member whose contributions went to several shards would come out of each of them. */
static bool is_own(const struct ev_star *s, const char *key)
{
	const struct ev_shard *shard = &s->options.shard;

	return shard->n == 0 || ev_shard_of_key(key, shard->n) == shard->k;
}

static enum ev_status strange(const struct ev_star *s, const char *key, const struct ev_record *rec,
			      struct ev_error *err)
{
	const struct ev_shard *shard = &s->options.shard;

	return ev_fail(err,
		       "%s:%llu: the member %.*s is of shard %u/%u, and EVKIT_SHARD is %u/%u: cut "
		       "contributions by the first 8 digits of the owner, a hexadecimal number, "
		       "modulo %u",
		       rec->source, (unsigned long long)rec->line, EV_KEY_TEXT, key,
		       ev_shard_of_key(key, shard->n), shard->n, shard->k, shard->n, shard->n);
}

static enum ev_status take_contribution(struct ev_star *s, const struct ev_record *rec,
					struct ev_error *err)
{
	static const char wrong[] = "this is no contribution to a dimension of the model";
	const struct ev_doc *d = s->event.doc;
	struct ev_saying what = {.stamped = false};
	struct rest all = rest_of(d, 0), reserved;

	if (take_any(&all, "_ev") == EV_NOWHERE)
		return unlike(rec, wrong, err);
	reserved = rest_of(d, s->event.reserved);
	if (!take_reserved(s, &reserved, &what))
		return unlike(rec, wrong, err);
	if (!is_own(s, what.key))
		return strange(s, what.key, rec, err);
	s->n_reduced++;
	add_digest(s, rec->p, rec->len);
	if (s->calendars[what.dimension] != NULL)
		return take_day(s, &all, &what) ? EV_OK : unlike(rec, wrong, err);
	if (!take_texts(s, &all, &what))
		return unlike(rec, wrong, err);
	ev_mentions_say(&s->mentions, &what);
	return ev_star_keep_mention(s, err);
}

/* True if "_ev" says so. */
static bool op_is(const struct ev_doc *d, uint32_t op, const char *name)
{
	return op != EV_NOWHERE && ev_kind(d, op) == EV_STRING &&
	       ev_string_is(d, op, name, strlen(name));
}

enum ev_status ev_star_reduce(struct ev_star *s, const struct ev_record *rec, struct ev_error *err)
{
	const struct ev_doc *d = s->event.doc;
	const uint32_t op = s->event.reserved != EV_NOWHERE
				    ? ev_member(d, s->event.reserved, "op", 2)
				    : EV_NOWHERE;

	if (op_is(d, op, "contribute"))
		return take_contribution(s, rec, err);
	if (op_is(d, op, "insert"))
		s->n_row++;
	else if (op_is(d, op, "delete"))
		s->n_delete++;
	else
		return unlike(rec, "this is neither a row nor a contribution", err);
	return ev_port_line(s->port, rec->p, rec->len, err);
}
