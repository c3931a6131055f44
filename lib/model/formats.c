/*
 * The section "formats": patterns of lines, which evparse reads.
 */
#include "base/layout.h"
#include "base/mem.h"
#include "model/internal.h"
#include "regex/regex.h"

#include <string.h>

static bool has_group(const struct ev_regex *re, const char *name)
{
	for (uint32_t g = 1; g <= ev_regex_groups(re); g++)
		if (ev_regex_group_name(re, g) != NULL &&
		    strcmp(ev_regex_group_name(re, g), name) == 0)
			return true;
	return false;
}

static bool group_of(struct ev_reader *r, const struct ev_yaml *y, const char *what,
		     const struct ev_regex *re)
{
	if (y->kind == EV_YAML_SCALAR && has_group(re, y->text))
		return true;
	return wrong(r, ev_read_place(y),
		     "%s: the pattern has no group '%s': write it as (?<%s>...)", what,
		     y->kind == EV_YAML_SCALAR ? y->text : "",
		     y->kind == EV_YAML_SCALAR ? y->text : "name");
}

/* When it happened: a group, how it is written, and where. */
static bool read_format_time(struct ev_reader *r, const struct ev_yaml *y,
			     const struct ev_regex *re, struct ev_line_format *f)
{
	static const char *const keys[] = {"group", "format", "zone", NULL};
	const struct ev_yaml *v;
	struct ev_error why;
	unsigned lacks;

	if (!ev_read_is_map(r, y, "time", keys) || !ev_read_required(r, y, "time", "group", &v) ||
	    !ev_read_text(r, v, "group", &f->time) || !group_of(r, v, "group", re))
		return false;
	if ((v = ev_yaml_get(y, "format")) != NULL) {
		if (!ev_read_text(r, v, "format", &f->time_layout))
			return false;
		if (!ev_layout_check(f->time_layout, &lacks, &why))
			return wrong(r, ev_read_place(v), "format: %s", why.text);
	}
	if ((v = ev_yaml_get(y, "zone")) == NULL)
		return true;
	if (v->kind != EV_YAML_SCALAR)
		return wrong(r, ev_read_place(v), "zone must be a text");
	f->zone = ev_zone_open(v->text, &why);
	return f->zone != NULL || wrong(r, ev_read_place(v), "%s", why.text);
}

/* What groups are that are no texts. */
static bool read_format_values(struct ev_reader *r, const struct ev_yaml *y,
			       const struct ev_regex *re, struct ev_line_format *f)
{
	static const char *const words[] = {"number", "json", NULL};
	int word;

	if (!ev_read_is_map(r, y, "values", NULL))
		return false;
	f->numbers.list = ev_calloc(y->n, sizeof(char *));
	f->json.list = ev_calloc(y->n, sizeof(char *));
	for (size_t i = 0; i < y->n; i++) {
		struct ev_names *names;

		if (!group_of(r, y->keys[i], "values", re) ||
		    !ev_read_word(r, y->items[i], y->keys[i]->text, words, &word))
			return false;
		names = word == 0 ? &f->numbers : &f->json;
		names->list[names->n++] = ev_strdup(y->keys[i]->text);
	}
	return true;
}

/* Every name becomes a member of the event; _ev is none. */
static bool groups_fit(struct ev_reader *r, const struct ev_yaml *y, const struct ev_regex *re)
{
	size_t n = 0;

	for (uint32_t g = 1; g <= ev_regex_groups(re); g++)
		n += ev_regex_group_name(re, g) != NULL;
	if (n == 0)
		return wrong(r, ev_read_place(y),
			     "the pattern names no group: write one as (?<name>...)");
	return !has_group(re, "_ev") || wrong(r, ev_read_place(y), "the name _ev is reserved");
}

static bool read_format_parts(struct ev_reader *r, const struct ev_yaml *y,
			      const struct ev_regex *re, struct ev_line_format *f)
{
	const struct ev_yaml *v;

	if ((v = ev_yaml_get(y, "type")) == NULL)
		f->type = ev_strdup(r->m->name);
	else if (!ev_read_text(r, v, "type", &f->type))
		return false;
	if ((v = ev_yaml_get(y, "null")) != NULL && !ev_read_text(r, v, "null", &f->null))
		return false;
	return ((v = ev_yaml_get(y, "time")) == NULL || read_format_time(r, v, re, f)) &&
	       ((v = ev_yaml_get(y, "values")) == NULL || read_format_values(r, v, re, f));
}

static bool read_format(struct ev_reader *r, const struct ev_yaml *key, const struct ev_yaml *y,
			struct ev_line_format *f)
{
	static const char *const keys[] = {"pattern", "type", "time", "values", "null", NULL};
	const struct ev_yaml *v;
	struct ev_regex *re;
	struct ev_error why;
	bool good;

	f->place = ev_read_place(key);
	f->name = ev_strdup(key->text);
	if (!ev_read_is_map(r, y, "a format", keys) ||
	    !ev_read_required(r, y, "a format", "pattern", &v) ||
	    !ev_read_text(r, v, "pattern", &f->pattern))
		return false;
	re = ev_regex_compile(v->text, v->len, EV_REGEX_WHOLE, &why);
	if (re == NULL)
		return wrong(r, ev_read_place(v), "pattern: %s", why.text);
	good = groups_fit(r, v, re) && read_format_parts(r, y, re, f);
	ev_regex_free(&re);
	return good;
}

bool ev_read_formats(struct ev_reader *r, const struct ev_yaml *y)
{
	if (!ev_read_is_map(r, y, "formats", NULL))
		return false;
	r->m->formats = ev_calloc(y->n, sizeof *r->m->formats);
	for (size_t i = 0; i < y->n; i++)
		if (!read_format(r, y->keys[i], y->items[i], &r->m->formats[r->m->n_formats++]))
			return false;
	return true;
}
