#include "scan/spot.h"
#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>

/* What stands nowhere, because it is no UTF-8. */
static void tell_nothing(struct ev_spot *spot)
{
	memset(&spot->name, 0xff, sizeof spot->name);
	memset(&spot->keep, 0xff, sizeof spot->keep);
}

/* Room for those that may be learned is made at once, so that they never move what is there. */
static uint32_t new_spot(struct ev_spots *p, uint32_t parent, uint32_t symbol)
{
	ev_grow(&p->all, &p->cap, (size_t)p->n + p->may_learn + 1, sizeof *p->all);
	p->all[p->n] = (struct ev_spot){
		.number = p->n | (uint64_t)symbol << 36,
		.symbol = symbol,
		.parent = parent,
	};
	tell_nothing(&p->all[p->n]);
	return p->n++;
}

struct ev_spots *ev_spots_new(uint32_t learns)
{
	struct ev_spots *p = ev_calloc(1, sizeof *p);

	p->may_learn = learns;
	p->seed = ev_hash_seed() | 1;
	new_spot(p, EV_NO_SPOT, EV_NO_SYMBOL);
	new_spot(p, EV_NO_SPOT, EV_NO_SYMBOL);
	return p;
}

void ev_spots_free(struct ev_spots **p)
{
	if (*p == NULL)
		return;
	free((*p)->all);
	ev_lookup_free(&(*p)->members);
	free(*p);
	*p = NULL;
}

static uint64_t hash_of(const struct ev_spots *p, uint32_t parent, uint32_t symbol)
{
	return ((uint64_t)parent << 32 | symbol) * p->seed;
}

static uint32_t find(const struct ev_spots *p, uint32_t parent, uint32_t symbol)
{
	uint64_t hash = hash_of(p, parent, symbol);
	size_t step = 0;
	uint32_t spot;

	while ((spot = ev_lookup_next(&p->members, hash, &step)) != EV_LOOKUP_NONE)
		if (p->all[spot].symbol == symbol && p->all[spot].parent == parent)
			return spot;
	return EV_NO_SPOT;
}

/* A name that is written with escapes, or too long, tells nothing. */
static void tell(struct ev_spot *spot, const char *name, size_t len)
{
	char text[EV_SPOT_NAME] = {0}, keep[EV_SPOT_NAME] = {0};

	if (len + 3 > EV_SPOT_NAME)
		return;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name[i] < ' ' || name[i] == '"' || name[i] == '\\')
			return;
	text[0] = '"';
	memcpy(text + 1, name, len);
	text[len + 1] = '"';
	text[len + 2] = ':';
	memset(keep, 0xff, len + 3);
	memcpy(&spot->name, text, sizeof text);
	memcpy(&spot->keep, keep, sizeof keep);
}

uint32_t ev_spots_add(struct ev_spots *p, uint32_t parent, uint32_t symbol, const char *name,
		      size_t len)
{
	uint32_t spot = find(p, parent, symbol);

	if (spot != EV_NO_SPOT)
		return spot;
	spot = new_spot(p, parent, symbol);
	ev_lookup_add(&p->members, hash_of(p, parent, symbol), spot);
	tell(&p->all[spot], name, len);
	return spot;
}

uint32_t ev_spots_member(struct ev_spots *p, uint32_t parent, uint32_t symbol, const char *name,
			 size_t len)
{
	uint32_t spot;

	if (parent == EV_NO_SPOT || symbol == EV_NO_SYMBOL)
		return EV_NO_SPOT;
	spot = find(p, parent, symbol);
	if (spot != EV_NO_SPOT || p->may_learn == 0)
		return spot;
	p->may_learn--;
	return ev_spots_add(p, parent, symbol, name, len);
}

uint32_t ev_spots_element(struct ev_spots *p, uint32_t parent)
{
	if (parent == EV_NO_SPOT || p->all[parent].element != EV_NO_SPOT || p->may_learn == 0)
		return parent == EV_NO_SPOT ? EV_NO_SPOT : p->all[parent].element;
	p->may_learn--;
	p->all[parent].element = new_spot(p, parent, EV_NO_SYMBOL);
	return p->all[parent].element;
}
