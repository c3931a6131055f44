#include "scan/scalar.h"

/* The byte behind the number at p, or NULL; end: where the text ends. */
static const char *number_end(const char *p, const char *end)
{
	const char *first;

	p += p < end && *p == '-';
	first = p;
	while (p < end && ev_digit(*p))
		p++;
	if (p == first || (*first == '0' && p - first > 1))
		return NULL;
	if (p < end && *p == '.') {
		first = ++p;
		while (p < end && ev_digit(*p))
			p++;
		if (p == first)
			return NULL;
	}
	if (p < end && (*p | 0x20) == 'e') {
		p++;
		p += p < end && (*p == '+' || *p == '-');
		first = p;
		while (p < end && ev_digit(*p))
			p++;
		if (p == first)
			return NULL;
	}
	return p;
}

size_t ev_scalar_end(const char *p, size_t pos, size_t limit, enum ev_kind *kind)
{
	static const struct {
		const char *text;
		size_t len;
		enum ev_kind kind;
	} words[] = {{"true", 4, EV_TRUE}, {"false", 5, EV_FALSE}, {"null", 4, EV_NULL}};

	while (limit > pos && (p[limit - 1] == ' ' || p[limit - 1] == '\t' ||
			       p[limit - 1] == '\n' || p[limit - 1] == '\r'))
		limit--;
	*kind = EV_NUMBER;
	if (p[pos] == '-' || ev_digit(p[pos]))
		return number_end(p + pos, p + limit) == p + limit ? limit : 0;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (limit - pos != words[i].len ||
		    memcmp(p + pos, words[i].text, words[i].len) != 0)
			continue;
		*kind = words[i].kind;
		return limit;
	}
	return 0;
}
