#include "letters/group.h"
#include "base/hash.h"
#include "base/lookup.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "json/write.h"

#include <inttypes.h>
#include <stdlib.h>

enum { MOST_GROUPS = 10000, MOST_TEXT = 500 };

enum { STAGE, CODE, RULE, PATH, TEXTS };

static const char *const names[TEXTS] = {"stage", "code", "rule", "path"};

struct group {
	struct ev_hash128 key;
	char *texts[TEXTS]; /* NULL for none */
	char *source, *message;
	uint64_t line;		/* of the first that came */
	uint64_t records, last; /* last: the number of the last letter that it counts */
};

struct ev_letter_groups {
	struct group *list; /* the first is of what has no group of its own */
	size_t n, cap;
	struct ev_lookup by_key;
	uint64_t letters;
	struct ev_buf path, key;
};

struct ev_letter_groups *ev_letter_groups_new(void)
{
	struct ev_letter_groups *g = ev_calloc(1, sizeof *g);

	ev_grow(&g->list, &g->cap, 1, sizeof *g->list);
	g->list[g->n++] = (struct group){.records = 0};
	return g;
}

void ev_letter_groups_free(struct ev_letter_groups **g)
{
	if (*g == NULL)
		return;
	for (size_t i = 0; i < (*g)->n; i++) {
		for (size_t k = 0; k < TEXTS; k++)
			free((*g)->list[i].texts[k]);
		free((*g)->list[i].source);
		free((*g)->list[i].message);
	}
	free((*g)->list);
	ev_lookup_free(&(*g)->by_key);
	ev_buf_free(&(*g)->path);
	ev_buf_free(&(*g)->key);
	free(*g);
	*g = NULL;
}

/* /items/17/price as /items/(*)/price: it is the same trouble. */
static const char *general_path(struct ev_letter_groups *g, const char *path)
{
	ev_buf_reset(&g->path);
	while (*path != '\0') {
		size_t len = strcspn(path + 1, "/") + 1;

		if (path[0] == '/' && len > 1 && strspn(path + 1, "0123456789") == len - 1)
			ev_buf_puts(&g->path, "/*");
		else
			ev_buf_put(&g->path, path, len);
		path += len;
	}
	return ev_buf_str(&g->path);
}

static char *cut_copy(const char *text)
{
	return ev_strndup(text, ev_utf8_cut(text, strlen(text), MOST_TEXT));
}

static struct group *group_of(struct ev_letter_groups *g, const char *const texts[TEXTS],
			      const struct ev_letter *letter, const char *message)
{
	struct ev_hash128 key;
	struct group *new;
	size_t step = 0;
	uint32_t i;

	ev_buf_reset(&g->key);
	for (size_t k = 0; k < TEXTS; k++) {
		ev_buf_putc(&g->key, texts[k] != NULL ? '+' : '-');
		if (texts[k] != NULL)
			ev_buf_put(&g->key, texts[k], strlen(texts[k]) + 1);
	}
	key = ev_hash128(g->key.p, g->key.len, 0);
	while ((i = ev_lookup_next(&g->by_key, key.lo, &step)) != EV_LOOKUP_NONE)
		if (ev_hash128_equal(g->list[i].key, key))
			return &g->list[i];
	if (g->n > MOST_GROUPS)
		return &g->list[0];
	ev_lookup_add(&g->by_key, key.lo, (uint32_t)g->n);
	ev_grow(&g->list, &g->cap, g->n + 1, sizeof *g->list);
	new = &g->list[g->n++];
	*new = (struct group){.key = key, .line = letter->line};
	for (size_t k = 0; k < TEXTS; k++)
		new->texts[k] = texts[k] != NULL ? cut_copy(texts[k]) : NULL;
	new->source = cut_copy(letter->source);
	new->message = cut_copy(message);
	return new;
}

static void count(struct ev_letter_groups *g, const struct ev_letter *letter, const char *rule,
		  const char *path, const char *message)
{
	const char *texts[TEXTS] = {letter->stage, letter->why.code, rule,
				    path != NULL ? general_path(g, path) : NULL};
	struct group *group = group_of(g, texts, letter, message);

	group->records += group->last != g->letters;
	group->last = g->letters;
}

void ev_letter_groups_add(struct ev_letter_groups *g, const struct ev_letter *letter)
{
	g->letters++;
	for (size_t i = 0; i < letter->why.n; i++) {
		const struct ev_reason *r = &letter->why.list[i];

		count(g, letter, r->rule, r->path, r->message);
	}
	if (letter->why.n == 0)
		count(g, letter, NULL, NULL, "");
}

/* By number, the largest first, then as they came. */
static int order(const void *a, const void *b)
{
	const struct group *x = *(struct group *const *)a, *y = *(struct group *const *)b;

	if (x->records != y->records)
		return x->records < y->records ? 1 : -1;
	return (x > y) - (x < y);
}

static void write_json(const struct group *group, struct ev_buf *out)
{
	ev_buf_putc(out, '{');
	ev_json_u64(out, "records", group->records);
	for (size_t k = 0; k < TEXTS; k++)
		ev_json_text_if_any(out, names[k], group->texts[k]);
	if (group->source != NULL) {
		ev_json_text(out, "source", group->source);
		ev_json_u64(out, "line", group->line);
		ev_json_text(out, "message", group->message);
	}
	ev_buf_puts(out, "}\n");
}

static void write_text(const struct group *group, struct ev_buf *out)
{
	ev_buf_printf(out, "%7" PRIu64, group->records);
	for (size_t k = 0; k < TEXTS; k++) {
		if (group->texts[k] == NULL || group->texts[k][0] == '\0')
			continue;
		ev_buf_puts(out, k == 0 ? "  " : k == 1 ? ": " : k == 2 ? ": " : " ");
		ev_letter_print(group->texts[k], strlen(group->texts[k]), out);
	}
	if (group->source == NULL) {
		ev_buf_puts(out, "  for other reasons\n");
		return;
	}
	ev_buf_puts(out, "\n         ");
	ev_letter_print(group->source, strlen(group->source), out);
	ev_buf_printf(out, ":%" PRIu64 ": ", group->line);
	ev_letter_print(group->message, strlen(group->message), out);
	ev_buf_putc(out, '\n');
}

void ev_letter_groups_write(struct ev_letter_groups *g, bool json, struct ev_buf *out)
{
	struct group **sorted = ev_malloc(g->n * sizeof(struct group *));

	for (size_t i = 0; i < g->n; i++)
		sorted[i] = &g->list[i];
	qsort(sorted + 1, g->n - 1, sizeof(struct group *), order);
	for (size_t i = 1; i <= g->n; i++) {
		const struct group *group = sorted[i % g->n];

		if (group->records == 0)
			continue;
		if (json)
			write_json(group, out);
		else
			write_text(group, out);
	}
	free(sorted);
}
