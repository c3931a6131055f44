#include "json/content.h"
#include "base/mem.h"
#include "json/canon.h"

#include <stdlib.h>

struct ev_content {
	uint64_t seed;
	struct ev_buf form;
	size_t left; /* bytes that further outlines may take */
	struct ev_outline *outlines[EV_SHAPES + 1];
};

struct ev_content *ev_content_new(uint64_t seed)
{
	struct ev_content *c = ev_calloc(1, sizeof *c);

	c->seed = seed;
	c->left = EV_CONTENT_OUTLINES;
	return c;
}

void ev_content_free(struct ev_content **c)
{
	if (*c == NULL)
		return;
	ev_buf_free(&(*c)->form);
	for (size_t i = 0; i <= EV_SHAPES; i++)
		ev_outline_free(&(*c)->outlines[i]);
	free(*c);
	*c = NULL;
}

/* That of the document's shape, or NULL. */
static const struct ev_outline *outline_of(struct ev_content *c, const struct ev_doc *d,
					   const uint32_t *skip, size_t n)
{
	struct ev_outline **outline = &c->outlines[d->shape];

	if (d->shape == EV_NO_SHAPE)
		return NULL;
	if (*outline == NULL && c->left > 0) {
		size_t bytes;

		*outline = ev_outline_new(d, skip, n);
		bytes = ev_outline_bytes(*outline);
		c->left -= bytes < c->left ? bytes : c->left;
	}
	return *outline != NULL && ev_outline_skips(*outline, skip, n) ? *outline : NULL;
}

const struct ev_buf *ev_content_form(struct ev_content *c, const struct ev_doc *d,
				     const uint32_t *skip, size_t n)
{
	const struct ev_outline *outline = outline_of(c, d, skip, n);

	ev_buf_reset(&c->form);
	if (outline != NULL)
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
