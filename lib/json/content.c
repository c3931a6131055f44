#include "json/content.h"
#include "base/mem.h"
#include "json/canon.h"

#include <stdlib.h>

struct ev_content {
	uint64_t seed;
	struct ev_buf form;
};

struct ev_content *ev_content_new(uint64_t seed)
{
	struct ev_content *c = ev_calloc(1, sizeof *c);

	c->seed = seed;
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

struct ev_hash128 ev_content_digest(struct ev_content *c, const struct ev_doc *d,
				    const uint32_t *skip, size_t n)
{
	ev_buf_reset(&c->form);
	ev_canonical(d, 0, skip, n, &c->form);
	return ev_hash128(c->form.p, c->form.len, c->seed);
}
