#include "version/show.h"
#include "scan/form.h"
#include "version/internal.h"

#include <string.h>

/* What is known of a link's record, in the chain's arena. */
struct ev_version_note {
	struct entry {
		struct ev_version_shown_place place;
		const struct entry *before;
	} * last;
	enum ev_version_class class;
	struct ev_version_shown shown; /* but for what show_link() adds */
};

const char *const ev_version_how_names[] = {"brought", "again", "retracted"};

void ev_version_note_entry(struct ev_version *v, struct ev_link *l, const struct ev_entry *e,
			   size_t place_len)
{
	struct ev_arena *arena = &v->chain.arena;
	const char *place = ev_arena_copy(arena, e->value + 1, place_len);
	struct entry *entry = ev_arena_zalloc(arena, sizeof *entry);
	struct ev_record rec = {.p = NULL};
	size_t len;
	const char *batch = ev_version_place_batch(place, &len);

	if (l->note == NULL)
		l->note = ev_arena_zalloc(arena, sizeof *l->note);
	ev_version_place_read(v, place, &rec);
	ev_buf_reset(&v->other);
	ev_json_unescape(batch + 1, len - 2, &v->other);
	entry->place = (struct ev_version_shown_place){
		.how = e->value[0] == EV_ENTRY_RETRACTED ? EV_VERSION_HOW_RETRACTED
		       : e->value[0] == EV_ENTRY_AGAIN	 ? EV_VERSION_HOW_AGAIN
							 : EV_VERSION_HOW_BROUGHT,
		.commit = e->commit,
		.batch = ev_arena_copy(arena, v->other.p, v->other.len),
		.source = rec.source,
		.line = rec.line,
		.offset = rec.offset,
	};
	entry->before = l->note->last;
	l->note->last = entry;
	l->note->shown.n_places++;
}

static const char *copy(struct ev_version *v, const char *text)
{
	return text == NULL ? NULL : ev_arena_copy(&v->chain.arena, text, strlen(text));
}

void ev_version_note_class(struct ev_version *v, struct ev_link *l, enum ev_version_class class)
{
	struct ev_version_shown *shown = &l->note->shown;
	const struct ev_reasons *why = &v->why;
	struct ev_reason *reasons;

	l->note->class = class;
	if (class != EV_VERSION_CONFLICT && class != EV_VERSION_MISFIT && class != EV_VERSION_LONG)
		return;
	reasons = ev_arena_alloc(&v->chain.arena, why->n * sizeof *reasons);
	for (size_t i = 0; i < why->n; i++)
		reasons[i] = (struct ev_reason){
			.rule = copy(v, why->list[i].rule),
			.path = copy(v, why->list[i].path),
			.keyword = copy(v, why->list[i].keyword),
			.message = copy(v, why->list[i].message),
			.explain = copy(v, why->list[i].explain),
		};
	shown->reasons = reasons;
	shown->n_reasons = why->n;
}

void ev_version_note_made(struct ev_version *v, const struct ev_made *made, const char *to)
{
	struct ev_version_shown *shown = &made->link->note->shown;

	shown->k = v->k;
	shown->from = ev_arena_copy(&v->chain.arena, made->from, EV_TIME_TEXT);
	shown->to = to != NULL ? ev_arena_copy(&v->chain.arena, to, EV_TIME_TEXT) : NULL;
	shown->deleted = made->deleted;
}

/* Why a record has its class, where that needs no details; or NULL. */
static const struct ev_reason *fixed_reason(const struct ev_link *l)
{
	static const struct ev_reason
		gone = {.message = "every batch that brought it was retracted"},
		held = {.message = "the patch has no version to stand on, and waits for one"},
		same = {.message = "it changes nothing but its version and time"},
		late = {.message = "there was nothing to delete"};

	if (l->gone)
		return &gone;
	switch (l->note->class) {
	case EV_VERSION_HELD: return &held;
	case EV_VERSION_NOOP: return l->op == EV_DELETE ? &late : &same;
	default: return NULL;
	}
}

static void show_link(struct ev_version *v, const struct ev_link *l, struct ev_version_shown *shown)
{
	static const char *const outcomes[] = {
		[EV_VERSION_NONE] = "retracted",    [EV_VERSION_VERSION] = "version",
		[EV_VERSION_NOOP] = "no-op",	    [EV_VERSION_DUPLICATE] = "duplicate",
		[EV_VERSION_CONFLICT] = "conflict", [EV_VERSION_HELD] = "held",
		[EV_VERSION_MISFIT] = "misfit",	    [EV_VERSION_LONG] = "too-long",
	};
	const struct ev_event *event = ev_version_read(v, l);
	const struct ev_reason *reason = fixed_reason(l);
	const struct entry *entry = l->note->last;
	struct ev_version_shown_place *places =
		ev_arena_alloc(&v->chain.arena, shown->n_places * sizeof *places);

	for (size_t i = shown->n_places; i > 0; i--, entry = entry->before)
		places[i - 1] = entry->place;
	shown->places = places;
	shown->line = l->line;
	shown->len = l->len;
	shown->op = ev_op_names[l->op];
	shown->time = ev_arena_copy(&v->chain.arena, l->from, EV_TIME_TEXT);
	if (event->version != EV_NOWHERE && ev_kind(event->doc, event->version) != EV_NULL) {
		shown->version = ev_raw(event->doc, event->version, &shown->version_len);
		if (shown->version[0] == '"') {
			shown->version++;
			shown->version_len -= 2;
		}
	}
	shown->outcome = outcomes[l->note->class];
	if (reason != NULL) {
		shown->reasons = reason;
		shown->n_reasons = 1;
	}
}

enum ev_status ev_version_show(struct ev_version *v, const char *id, size_t len,
			       ev_version_show_fn *fn, void *ctx, struct ev_error *err)
{
	struct ev_version_chain *c = &v->chain;
	enum ev_status st;
	char uuid[EV_UUID_TEXT];

	if (ev_uuid_canonical(id, len, uuid)) {
		id = uuid;
		len = EV_UUID_TEXT;
	}
	v->options.since.number = ev_store_head(v->state); /* as of now */
	v->noting = true;
	v->cursor = ev_store_cursor_new(v->state, 0);
	ev_version_reset(v);
	ev_buf_reset(&v->word);
	ev_store_word(id, len, &v->word);
	ev_buf_putc(&v->word, ' ');
	c->word = v->word.p;
	c->word_len = v->word.len;
	st = ev_version_gather(v, c->word, c->word_len, err);
	v->n_erased = c->n_erased;
	if (st == EV_OK)
		st = c->n_links == 0 ? EV_EOF : ev_version_fold(v, err);
	v->read = NULL; /* the records have changed places */
	for (size_t i = 0; i < c->n_links && st == EV_OK; i++) {
		struct ev_version_shown *shown = &c->links[i].note->shown;

		shown->id = id;
		shown->id_len = len;
		shown->nth = i + 1;
		shown->of = c->n_links;
		show_link(v, &c->links[i], shown);
		st = fn(ctx, shown, err);
	}
	ev_store_cursor_free(&v->cursor);
	ev_version_reset(v);
	v->noting = false;
	return st;
}
