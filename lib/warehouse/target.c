#include "warehouse/target.h"
#include "base/mem.h"

#include <stdlib.h>

static const struct {
	const char *scheme;
	const struct ev_engine *engine;
} schemes[] = {
	{"sqlite:", &ev_sqlite},
	{"postgresql:", &ev_postgres},
	{"postgres:", &ev_postgres},
};

const struct ev_engine *ev_engine_find(const char *url)
{
	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
		if (strncmp(url, schemes[i].scheme, strlen(schemes[i].scheme)) == 0)
			return schemes[i].engine;
	return NULL;
}

enum ev_status ev_standing_write(const struct ev_standing *s, const char *where,
				 char text[EV_STORE_POSITION], struct ev_error *err)
{
	if (!s->fresh && !s->follows)
		return ev_fail(err,
			       "%s: it was loaded without a state, so it stands at no position of "
			       "one: evversion --since 0 puts all of a state in the place of what "
			       "is there",
			       where);
	ev_point_write(&s->at, text);
	return EV_OK;
}

void ev_differences_add(struct ev_differences *d, const struct ev_table *t, enum ev_lack lack,
			size_t column, const char *name, const char *what, const char *mend)
{
	d->list = ev_realloc_array(d->list, d->n + 1, sizeof *d->list);
	d->list[d->n++] = (struct ev_difference){t,
						 lack,
						 column,
						 name != NULL ? ev_strdup(name) : NULL,
						 ev_strdup(what),
						 mend != NULL ? ev_strdup(mend) : NULL};
}

void ev_differences_free(struct ev_differences *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free(d->list[i].name);
		free(d->list[i].what);
		free(d->list[i].mend);
	}
	free(d->list);
	*d = (struct ev_differences){0};
}
