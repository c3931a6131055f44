#include "scan/spot.h"
#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>

enum { BITS = 7 }; /* of the first map's size */

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
	p->mask = (1U << BITS) - 1;
	p->map = ev_calloc((size_t)p->mask + 1, sizeof *p->map);
	new_spot(p, EV_NO_SPOT, EV_NO_SYMBOL);
	new_spot(p, EV_NO_SPOT, EV_NO_SYMBOL);
	return p;
}

void ev_spots_free(struct ev_spots **p)
{
	if (*p == NULL)
		return;
	free((*p)->all);
	free((*p)->map);
	free(*p);
	*p = NULL;
}

/* The slot of the member, or the free one where it would stand. */
static struct ev_spot_slot *slot_of(const struct ev_spots *p, uint32_t parent, uint32_t symbol)
{
	uint64_t hash = ((uint64_t)parent << 32 | symbol) * p->seed;
	uint32_t i = (uint32_t)(hash >> 32) & p->mask;

	while (p->map[i].spot != EV_NO_SPOT &&
	       (p->map[i].symbol != symbol || p->map[i].parent != parent))
		i = (i + 1) & p->mask;
	return &p->map[i];
}

static void double_map(struct ev_spots *p)
{
	struct ev_spot_slot *old = p->map;
	size_t n = (size_t)p->mask + 1;

	p->mask = (uint32_t)(2 * n - 1);
	p->map = ev_calloc(2 * n, sizeof *p->map);
	for (size_t i = 0; i < n; i++)
		if (old[i].spot != EV_NO_SPOT)
			*slot_of(p, old[i].parent, old[i].symbol) = old[i];
	free(old);
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
	struct ev_spot_slot *slot = slot_of(p, parent, symbol);

	if (slot->spot != EV_NO_SPOT)
		return slot->spot;
	if (2 * (size_t)p->n > p->mask) {
		double_map(p);
		slot = slot_of(p, parent, symbol);
	}
	*slot = (struct ev_spot_slot){parent, symbol, new_spot(p, parent, symbol)};
	tell(&p->all[slot->spot], name, len);
	return slot->spot;
}

uint32_t ev_spots_member(struct ev_spots *p, uint32_t parent, uint32_t symbol, const char *name,
			 size_t len)
{
	uint32_t spot;

	if (parent == EV_NO_SPOT || symbol == EV_NO_SYMBOL)
		return EV_NO_SPOT;
	spot = slot_of(p, parent, symbol)->spot;
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
