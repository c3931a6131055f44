#include "scan/shape.h"
#include "base/compiler.h"
#include "base/mem.h"
#include "scan/member_id_avx2.h"
#include "scan/scalar.h"

#include <stdlib.h>

enum {
	PER_BUCKET = 4,	   /* shapes that a bucket holds */
	BUCKETS = 256,	   /* for EV_SHAPES of them */
	ONCE = 1 << 10,	   /* hashes of shapes seen once */
	MAX_TOKENS = 4096, /* of a shape */
	PATIENCE = 64,	   /* misses in a row, after which some texts are not tried */
	REST = 1024,	   /* so many */
	PART = 32,	   /* bytes that are normalized at once */
};

typedef uint8_t bytes_part EV_VECTOR(PART);
typedef uint64_t words_part EV_VECTOR(PART);

struct ev_shapes {
	struct ev_shape *bucket[BUCKETS][PER_BUCKET];
	uint64_t once[ONCE]; /* by hash */
	uint32_t n, tokens;
	uint32_t patience, rest;
	bool tried;    /* the text at hand */
	uint64_t hash; /* its */
	uint8_t normalized[MAX_TOKENS + PART];
};

struct ev_shapes *ev_shapes_new(void)
{
	struct ev_shapes *p = ev_calloc(1, sizeof *p);

	p->patience = PATIENCE;
	return p;
}

uint32_t ev_shapes_add(struct ev_shapes *p)
{
	return p->n < EV_SHAPES ? ++p->n : EV_NO_SHAPE;
}

void ev_shapes_free(struct ev_shapes **p)
{
	if (*p == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		for (size_t k = 0; k < PER_BUCKET; k++)
			free((*p)->bucket[i][k]);
	free(*p);
	*p = NULL;
}

static size_t padded(uint32_t n)
{
	return (n + PART - 1UL) & ~(PART - 1UL);
}

/* Offsets in bytes spare a multiplication each. */
#define BYTES_BEHIND(p, n) ((void *)(uintptr_t)((const char *)(p) + (n)))

/* From a token's place to the next one's; `behind` that. They count from pos. */
static inline void place(struct ev_node *node, const uint32_t *at, uint32_t behind, uint32_t pos)
{
	node->pos = at[0] - pos;
	node->end = at[1] + behind - pos;
}

/* A name and its value, which is a string or not. */
static inline void place_member(struct ev_node *node, const uint32_t *at, uint32_t string,
				const uint32_t *pos)
{
	place(node, at, 1, *pos);
	place(node + 1, at + 3, string, *pos);
}

static inline uint64_t mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product =
		(unsigned __int128)(a ^ 0x9e3779b97f4a7c15ULL) * (b ^ 0xc2b2ae3d27d4eb4fULL);

	return (uint64_t)(product >> 64) ^ (uint64_t)product;
}

#define ISA	     portable
#define IS_MEMBER_ID ev_member_id_is
#define ORIGIN	     uint32_t
#define ORIGIN_AT    /* it is that */
#define PLACE_MEMBER place_member
#define TARGET
#include "scan/shape_match.h"

#ifdef __x86_64__
/* What both nodes of a member are moved by: one whose value is no string, and one whose is. */
struct origin {
	__m256i by[2];
};

EV_MEMBER_ID_AVX2 static inline struct origin origin_at(uint32_t pos)
{
	const int p = -(int)pos;

	return (struct origin){{_mm256_setr_epi32(p, p + 1, 0, 0, p, p, 0, 0),
				_mm256_setr_epi32(p, p + 1, 0, 0, p, p + 1, 0, 0)}};
}

/* Both nodes are written whole. Three places behind the fifth token's are read. */
EV_MEMBER_ID_AVX2 static inline void place_member_avx2(struct ev_node *node, const uint32_t *at,
						       uint32_t string, const struct origin *origin)
{
	const __m256i from = _mm256_setr_epi32(0, 1, 0, 0, 3, 4, 0, 0);
	__m256i *both = (__m256i *)(void *)node;
	__m256i places = _mm256_loadu_si256((const __m256i *)(const void *)at);

	places = _mm256_add_epi32(_mm256_permutevar8x32_epi32(places, from), origin->by[string]);
	_mm256_storeu_si256(both, _mm256_blend_epi32(_mm256_loadu_si256(both), places, 0x33));
}

#define ISA	     avx2
#define IS_MEMBER_ID ev_member_id_is_avx2
#define ORIGIN	     struct origin
#define ORIGIN_AT    origin_at
#define PLACE_MEMBER place_member_avx2
#define TARGET	     EV_MEMBER_ID_AVX2
#include "scan/shape_match.h"
#else
#define normalize_avx2	   normalize_portable
#define members_match_avx2 members_match_portable
#endif

static inline bool scalars_right(const struct ev_shape *shape, const char *text)
{
	for (uint32_t i = 0; i < shape->n_scalars; i++) {
		struct ev_node *node = &shape->nodes[shape->scalars[i]];
		enum ev_kind kind;
		size_t end;

		if (ev_is_short_number(text + node->pos, node->end - node->pos))
			continue;
		end = ev_scalar_end(text, node->pos, node->end, &kind);
		if (end == 0)
			return false;
		node->end = (uint32_t)end;
	}
	return true;
}

static void unmark(struct ev_shape *shape)
{
	while (shape->n_escaped > 0)
		shape->nodes[shape->escaped[--shape->n_escaped]].escaped = 0;
}

struct ev_shape *ev_shapes_match(struct ev_shapes *p, const struct ev_member_ids *member_ids,
				 const char *text, uint32_t pos, const uint32_t *at,
				 const uint8_t *bytes, uint32_t n)
{
	const bool avx2 = ev_index_has_avx2();

	p->tried = false;
	if (p->rest > 0) {
		p->rest--;
		return NULL;
	}
	if (n > MAX_TOKENS || (bytes[0] != '{' && bytes[0] != '['))
		return NULL;
	p->tried = true;
	p->hash = avx2 ? normalize_avx2(p->normalized, bytes, n)
		       : normalize_portable(p->normalized, bytes, n);
	for (unsigned k = 0; k < PER_BUCKET; k++) {
		struct ev_shape *shape = p->bucket[p->hash % BUCKETS][k];

		if (shape == NULL)
			break;
		if (shape->n_tokens != n || memcmp(shape->bytes, p->normalized, padded(n)) != 0)
			continue;
		if (!(avx2 ? members_match_avx2(shape, member_ids->all, text, pos, at)
			   : members_match_portable(shape, member_ids->all, text, pos, at)) ||
		    !scalars_right(shape, text + pos))
			continue;
		unmark(shape);
		p->patience = PATIENCE;
		return shape;
	}
	if (--p->patience == 0) {
		p->patience = PATIENCE;
		p->rest = REST;
	}
	return NULL;
}

uint32_t ev_shape_escape(struct ev_shape *shape, uint32_t at)
{
	uint32_t low = 0; /* the last node that begins before it, found without a branch */

	for (uint32_t n = shape->n_nodes, half; n > 1; n -= half) {
		half = n / 2;
		low += shape->nodes[low + half].pos < at ? half : 0;
	}
	if (!shape->nodes[low].escaped) {
		shape->nodes[low].escaped = 1;
		shape->escaped[shape->n_escaped++] = (uint16_t)low;
	}
	return low;
}

/* Where the token stands whose place is this; there is one from the i-th on. */
static uint32_t token_at(const uint32_t *at, uint32_t i, uint32_t pos)
{
	while (at[i] != pos)
		i++;
	return i;
}

/* The next `size` bytes of what is allocated with the shape; base: NULL to count them alone. */
static void *take(char *base, size_t *used, size_t size)
{
	void *p = base != NULL ? base + *used : NULL;

	*used += (size + 7) & ~(size_t)7;
	return p;
}

/* Everything lies side by side, first what is read first. Returns how long it is. */
static size_t lay_out(struct ev_shape *shape, char *base)
{
	const struct ev_shape z = *shape;
	size_t used = 0;

	take(base, &used, sizeof *shape);
	shape->bytes = take(base, &used, padded(z.n_tokens));
	shape->members = take(base, &used, z.n_members * sizeof *z.members);
	shape->nodes = take(base, &used, z.n_nodes * sizeof *z.nodes);
	shape->values = take(base, &used, z.n_values * sizeof *z.values);
	shape->containers = take(base, &used, z.n_containers * sizeof *z.containers);
	shape->scalars = take(base, &used, z.n_scalars * sizeof *z.scalars);
	shape->where = take(base, &used, z.n_member_ids * sizeof *z.where);
	shape->escaped = take(base, &used, z.n_nodes * sizeof *z.escaped);
	return used;
}

static struct ev_shape *new_shape(uint32_t n, const struct ev_node *nodes, uint32_t n_nodes,
				  uint32_t n_member_ids)
{
	struct ev_shape z = {.n_tokens = n, .n_nodes = n_nodes, .n_member_ids = n_member_ids},
			*shape;

	for (uint32_t i = 0; i < n_nodes; i++) {
		z.n_members += nodes[i].kind == EV_OBJECT ? nodes[i].count : 0;
		z.n_containers += nodes[i].kind >= EV_ARRAY;
		z.n_scalars += nodes[i].kind < EV_STRING;
	}
	z.n_values = n_nodes - 2 * z.n_members;
	shape = ev_calloc(1, lay_out(&z, NULL));
	*shape = z;
	lay_out(shape, (char *)shape);
	memcpy(shape->nodes, nodes, n_nodes * sizeof *nodes);
	/* They are counted again as they are added. */
	shape->n_members = shape->n_values = shape->n_containers = shape->n_scalars = 0;
	return shape;
}

/* False if a name cannot be compared in place. placed: by node, whether it is in `members`. */
static bool add_members(struct ev_shape *shape, uint32_t object,
			const struct ev_member_ids *member_ids, const char *text,
			const uint32_t *at, bool *placed)
{
	const struct ev_node *nodes = shape->nodes;
	uint32_t token = 0;

	for (uint32_t i = object + 1; i < nodes[object].next; i = nodes[i + 1].next) {
		uint32_t member_id = nodes[i].member_id;

		token = token_at(at, token, nodes[i].pos);
		if (member_id == EV_NO_MEMBER_ID ||
		    !ev_member_id_is(&member_ids->all[member_id], text + nodes[i].pos))
			return false;
		shape->members[shape->n_members++] = (struct ev_shape_member){
			member_id * (uint32_t)sizeof *member_ids->all, token * (uint32_t)sizeof *at,
			i * (uint32_t)sizeof *nodes, nodes[i + 1].kind == EV_STRING};
		shape->where[member_id] = (uint16_t)(i + 1);
		placed[i] = placed[i + 1] = true;
	}
	return true;
}

/* The same of all nodes. */
static bool add_nodes(struct ev_shape *shape, const struct ev_member_ids *member_ids,
		      const char *text, const uint32_t *at, bool *placed)
{
	uint32_t token = 0;

	for (uint32_t i = 0; i < shape->n_nodes; i++) {
		struct ev_node *node = &shape->nodes[i];

		token = token_at(at, token, node->pos);
		if (!placed[i])
			shape->values[shape->n_values++] = (struct ev_shape_value){
				(uint16_t)token, (uint16_t)(2 * i + (node->kind == EV_STRING))};
		node->escaped = 0;
		if (node->kind == EV_OBJECT || node->kind == EV_ARRAY)
			shape->containers[shape->n_containers++] = (struct ev_shape_container){
				(uint16_t)i, (uint16_t)token_at(at, token, node->end - 1)};
		else if (node->kind != EV_STRING)
			shape->scalars[shape->n_scalars++] = (uint16_t)i;
		if (node->kind == EV_OBJECT && !add_members(shape, i, member_ids, text, at, placed))
			return false;
	}
	return true;
}

void ev_shapes_learn(struct ev_shapes *p, const struct ev_member_ids *member_ids, const char *text,
		     const uint32_t *at, uint32_t n, const struct ev_node *nodes, uint32_t n_nodes)
{
	uint64_t *once = &p->once[p->hash % ONCE];
	struct ev_shape *shape, **slot = p->bucket[p->hash % BUCKETS];
	bool *placed, right;

	if (!p->tried)
		return;
	if (*once != p->hash) {
		*once = p->hash;
		return;
	}
	for (unsigned k = 0; *slot != NULL; k++, slot++)
		if (k + 1 == PER_BUCKET)
			return;
	if (p->n == EV_SHAPES || n > EV_SHAPE_TOKENS - p->tokens)
		return;
	shape = new_shape(n, nodes, n_nodes, member_ids->n);
	memcpy(shape->bytes, p->normalized, padded(n));
	placed = ev_calloc(n_nodes, sizeof *placed);
	right = add_nodes(shape, member_ids, text, at, placed);
	free(placed);
	if (!right) {
		free(shape);
		return;
	}
	p->tokens += n;
	shape->number = ++p->n;
	*slot = shape;
}
