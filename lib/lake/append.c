/* Appending: each record goes to the part of its day, type and bucket, and on to the output. */
#include "base/mem.h"
#include "lake/internal.h"
#include "record/event.h"
#include "record/shard.h"

#include <stdlib.h>

enum { DAY = 86400, LONGEST_TYPE = 200 /* bytes of a folder's name */ };

struct ev_lake_append {
	struct ev_lake *lake;
	struct ev_port *port;
	struct ev_events *events;
	struct ev_reasons why;
	struct ev_lake_stage *stage;
	char *batch;
	bool known;
	struct ev_buf type, key, folder;
};

struct ev_lake_append *ev_lake_append_open(struct ev_lake *l, const struct ev_model *m,
					   struct ev_port *port)
{
	struct ev_lake_append *a = ev_calloc(1, sizeof *a);

	a->lake = l;
	a->port = port;
	a->events = ev_events_new(m, EV_READ_ALL, EV_TRUST_PIPE);
	a->stage = ev_lake_stage_new(l);
	return a;
}

void ev_lake_append_free(struct ev_lake_append **a)
{
	if (*a == NULL)
		return;
	ev_events_free(&(*a)->events);
	ev_reasons_free(&(*a)->why);
	ev_lake_stage_free(&(*a)->stage);
	free((*a)->batch);
	ev_buf_free(&(*a)->type);
	ev_buf_free(&(*a)->key);
	ev_buf_free(&(*a)->folder);
	free(*a);
	*a = NULL;
}

enum ev_status ev_lake_append_begin(struct ev_lake_append *a, const char *batch,
				    struct ev_error *err)
{
	if (batch == NULL)
		return ev_fail(err,
			       "a lake must know each batch by its name: give --batch ID here, "
			       "or to the program that begins the chain");
	free(a->batch);
	a->batch = ev_strdup(batch);
	ev_lake_stage_reset(a->stage);
	return EV_OK;
}

/*
 * Also what is beyond ASCII: a JVM in the C locale finds no folder of such a name, and Spark then
 * reads nothing and does not say so.
 */
static void escape_type(const char *type, size_t len, struct ev_buf *out)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789-_.";

	for (size_t i = 0; i < len; i++) {
		if (type[i] != '\0' && strchr(plain, type[i]) != NULL)
			ev_buf_putc(out, type[i]);
		else
			ev_buf_printf(out, "%%%02X", (unsigned char)type[i]);
	}
}

/* Whether a type is none: it is empty, its folder's name would be too long, or that of none. */
static bool is_none(const char *type, size_t len, struct ev_buf *scratch)
{
	if (len == 0 || (len == sizeof EV_LAKE_NONE - 1 && memcmp(type, EV_LAKE_NONE, len) == 0))
		return true;
	if (len <= LONGEST_TYPE / 3)
		return false;
	ev_buf_reset(scratch);
	escape_type(type, len, scratch);
	return scratch->len > LONGEST_TYPE;
}

void ev_lake_type_folder(const char *type, size_t len, struct ev_buf *out)
{
	struct ev_buf scratch = {0};

	if (is_none(type, len, &scratch))
		ev_buf_puts(out, EV_LAKE_NONE);
	else
		escape_type(type, len, out);
	ev_buf_free(&scratch);
}

/* The folder of a day (NULL: of what has none), a type and a bucket. */
static const char *folder_of(struct ev_lake_append *a, const int64_t *day, const char *type,
			     size_t len, unsigned bucket)
{
	struct ev_buf *out = &a->folder;

	ev_buf_reset(out);
	ev_buf_puts(out, "dt=");
	if (day != NULL)
		ev_date_format(ev_date_of_days(*day), ev_buf_room(out, EV_DATE_TEXT));
	else
		ev_buf_puts(out, EV_LAKE_NONE);
	out->len += day != NULL ? EV_DATE_TEXT : 0;
	ev_buf_puts(out, "/type=");
	ev_lake_type_folder(type, len, out);
	ev_buf_printf(out, "/bucket=%02u", bucket);
	return ev_buf_str(out);
}

/* What has no right envelope has no day and no type. */
static struct ev_lake_slot *slot_of(struct ev_lake_append *a, const struct ev_record *rec,
				    struct ev_event *event, bool whole, struct ev_error *err)
{
	const char *id = whole ? event->id : rec->p, *type = "";
	size_t id_len = whole ? event->id_len : rec->len, len = 0;
	unsigned bucket = ev_shard_of(id, id_len, a->lake->buckets);
	struct ev_lake_slot *slot;
	int64_t day = INT64_MIN;
	uint64_t hash;

	if (whole) {
		type = ev_string(event->doc, event->type, &a->type, &len);
		if (is_none(type, len, &a->folder))
			len = 0; /* all of them are in one folder */
		day = event->time.sec / DAY - (event->time.sec % DAY < 0);
	}
	ev_buf_reset(&a->key);
	ev_buf_put(&a->key, &day, sizeof day);
	ev_buf_put(&a->key, &bucket, sizeof bucket);
	ev_buf_put(&a->key, type, len);
	slot = ev_lake_stage_find(a->stage, &a->key, &hash);
	if (slot != NULL)
		return slot;
	return ev_lake_stage_add(a->stage, &a->key, hash,
				 folder_of(a, whole ? &day : NULL, type, len, bucket), err);
}

enum ev_status ev_lake_append_step(struct ev_lake_append *a, const struct ev_record *rec,
				   struct ev_error *err)
{
	struct ev_event event;
	bool whole = ev_events_read(a->events, rec, &event, &a->why) == EV_OK;
	struct ev_lake_slot *slot = slot_of(a, rec, &event, whole, err);

	if (slot == NULL ||
	    ev_lake_stage_line(slot, rec->p, rec->len, whole ? &event.time : NULL, err) != EV_OK)
		return EV_FATAL;
	return ev_port_line(a->port, rec->p, rec->len, err);
}

enum ev_status ev_lake_append_prepare(struct ev_lake_append *a, struct ev_error *err)
{
	const struct ev_lake_batch *batch = ev_lake_find(a->lake, a->batch);
	struct ev_lake_count count = ev_lake_stage_count(a->stage);
	struct ev_buf head = {0};
	enum ev_status st;

	a->known = batch != NULL;
	if (a->known) {
		ev_lake_stage_reset(a->stage);
		if (ev_lake_count_equal(&batch->count, &count))
			return EV_OK;
		return ev_fail(err,
			       "%s: the batch %s is in the lake with other lines (%llu there, "
			       "%llu now): give this one another name",
			       a->lake->dir, a->batch, (unsigned long long)batch->count.rows,
			       (unsigned long long)count.rows);
	}
	ev_lake_write_head(a->lake, false, &head);
	ev_lake_write_batch(a->batch, &count, &head);
	st = ev_lake_stage_prepare(a->stage, &head, err);
	ev_buf_free(&head);
	return st;
}

enum ev_status ev_lake_append_commit(struct ev_lake_append *a, struct ev_error *err)
{
	struct ev_lake_count count = ev_lake_stage_count(a->stage);

	if (a->known)
		return EV_OK;
	/* First, for behind the commit nothing must fail. */
	ev_lake_note_batch(a->lake, a->batch, &count);
	return ev_lake_stage_commit(a->stage, err);
}

bool ev_lake_append_is_known(const struct ev_lake_append *a)
{
	return a->known;
}
