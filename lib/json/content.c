#include "json/content.h"
#include "base/mem.h"
#include "json/canon.h"
#include "json/plan.h"

#include <stdlib.h>

struct ev_content {
	uint64_t seed;
	struct ev_buf form;
	struct ev_plans outlines;
	/* members that are left out of the document at hand */
	const uint32_t *skip;
	size_t n_skip;
};

static void *compile(void *client, const struct ev_doc *d)
{
	const struct ev_content *c = client;

	return ev_outline_new(d, c->skip, c->n_skip);
}

static void print(const void *client, const void *plan, const struct ev_doc *d, struct ev_buf *out)
{
	(void)client;
	ev_outline_print(plan, d, out);
}

static const struct ev_plan_kind outline_kind = {"canonical form", compile, print};

struct ev_content *ev_content_new(uint64_t seed)
{
	struct ev_content *c = ev_calloc(1, sizeof *c);

	c->seed = seed;
	c->outlines = EV_PLANS(&outline_kind, c);
	return c;
}

void ev_content_free(struct ev_content **c)
{
	if (*c == NULL)
		return;
	ev_buf_free(&(*c)->form);
	free(*c);
	*c = NULL;
}

const struct ev_buf *ev_content_form(struct ev_content *c, const struct ev_doc *d,
				     const uint32_t *skip, size_t n)
{
	const struct ev_outline *outline;

	c->skip = skip;
	c->n_skip = n;
	outline = ev_plan_of(&c->outlines, d);
	ev_buf_reset(&c->form);
	if (outline != NULL && ev_outline_skips(outline, skip, n))
		ev_outline_fill(outline, d, &c->form);
	else
		ev_canonical(d, 0, skip, n, &c->form);
	return &c->form;
}

struct ev_hash128 ev_content_digest(struct ev_content *c, const struct ev_doc *d,
				    const uint32_t *skip, size_t n)
{
	const struct ev_buf *form = ev_content_form(c, d, skip, n);

	return ev_hash128(form->p, form->len, c->seed);
}
