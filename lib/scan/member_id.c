#include "scan/member_id.h"
#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>

/* Bytes that occur in no text, because they are no UTF-8. */
static void match_nothing(struct ev_member_id *member_id)
{
	memset(&member_id->name, 0xff, sizeof member_id->name);
	memset(&member_id->keep, 0xff, sizeof member_id->keep);
}

/* Makes room for all that may be learned, so that none moves while a document is scanned. */
static uint32_t new_member_id(struct ev_member_ids *p, uint32_t parent, uint32_t symbol)
{
	ev_grow(&p->all, &p->cap, (size_t)p->n + p->may_learn + 1, sizeof *p->all);
	p->all[p->n] = (struct ev_member_id){
		.number = p->n | (uint64_t)symbol << 36,
		.symbol = symbol,
		.parent = parent,
	};
	match_nothing(&p->all[p->n]);
	return p->n++;
}

struct ev_member_ids *ev_member_ids_new(uint32_t learns)
{
	struct ev_member_ids *p = ev_calloc(1, sizeof *p);

	p->may_learn = learns;
	p->seed = ev_hash_seed() | 1;
	new_member_id(p, EV_NO_MEMBER_ID, EV_NO_SYMBOL);
	new_member_id(p, EV_NO_MEMBER_ID, EV_NO_SYMBOL);
	return p;
}

void ev_member_ids_free(struct ev_member_ids **p)
{
	if (*p == NULL)
		return;
	free((*p)->all);
	ev_lookup_free(&(*p)->members);
	free(*p);
	*p = NULL;
}

static uint64_t hash_of(const struct ev_member_ids *p, uint32_t parent, uint32_t symbol)
{
	return ((uint64_t)parent << 32 | symbol) * p->seed;
}

static uint32_t find(const struct ev_member_ids *p, uint32_t parent, uint32_t symbol)
{
	uint64_t hash = hash_of(p, parent, symbol);
	size_t step = 0;
	uint32_t member_id;

	while ((member_id = ev_lookup_next(&p->members, hash, &step)) != EV_LOOKUP_NONE)
		if (p->all[member_id].symbol == symbol && p->all[member_id].parent == parent)
			return member_id;
	return EV_NO_MEMBER_ID;
}

/* A name that is too long, or needs escapes, matches nothing. */
static void set_name(struct ev_member_id *member_id, const char *name, size_t len)
{
	char text[EV_MEMBER_ID_NAME] = {0}, keep[EV_MEMBER_ID_NAME] = {0};

	if (len + 3 > EV_MEMBER_ID_NAME)
		return;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name[i] < ' ' || name[i] == '"' || name[i] == '\\')
			return;
	text[0] = '"';
	memcpy(text + 1, name, len);
	text[len + 1] = '"';
	text[len + 2] = ':';
	memset(keep, 0xff, len + 3);
	memcpy(&member_id->name, text, sizeof text);
	memcpy(&member_id->keep, keep, sizeof keep);
}

uint32_t ev_member_ids_add(struct ev_member_ids *p, uint32_t parent, uint32_t symbol,
			   const char *name, size_t len)
{
	uint32_t member_id = find(p, parent, symbol);

	if (member_id != EV_NO_MEMBER_ID)
		return member_id;
	member_id = new_member_id(p, parent, symbol);
	ev_lookup_add(&p->members, hash_of(p, parent, symbol), member_id);
	set_name(&p->all[member_id], name, len);
	return member_id;
}

uint32_t ev_member_ids_member(struct ev_member_ids *p, uint32_t parent, uint32_t symbol,
			      const char *name, size_t len)
{
	uint32_t member_id;

	if (parent == EV_NO_MEMBER_ID || symbol == EV_NO_SYMBOL)
		return EV_NO_MEMBER_ID;
	member_id = find(p, parent, symbol);
	if (member_id != EV_NO_MEMBER_ID || p->may_learn == 0)
		return member_id;
	p->may_learn--;
	return ev_member_ids_add(p, parent, symbol, name, len);
}

uint32_t ev_member_ids_element(struct ev_member_ids *p, uint32_t parent)
{
	if (parent == EV_NO_MEMBER_ID || p->all[parent].element != EV_NO_MEMBER_ID ||
	    p->may_learn == 0)
		return parent == EV_NO_MEMBER_ID ? EV_NO_MEMBER_ID : p->all[parent].element;
	p->may_learn--;
	p->all[parent].element = new_member_id(p, parent, EV_NO_SYMBOL);
	return p->all[parent].element;
}
