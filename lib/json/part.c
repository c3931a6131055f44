#include "json/part.h"

const char ev_part_spread[] =
	"a part of JSON that is spread over several lines: read that with evparse --format "
	"json-array";

/* The last byte before p that is no blank; NUL if none is. */
static char before(const char *line, const char **p)
{
	while (*p > line && ev_json_blank((*p)[-1]))
		--*p;
	return *p > line ? *--*p : '\0';
}

bool ev_part_is_inner(const char *line, const char *p)
{
	char c;

	switch (before(line, &p)) {
	case '[': return true;
	case ':': return before(line, &p) == '"';
	case ',': c = before(line, &p); return c == '\0' || c == '}' || c == ']' || c == '"';
	default: return false;
	}
}

bool ev_part_goes_on(const char *line, size_t line_len, const char **p, size_t *len)
{
	const char *end = line + line_len, *at = ev_json_behind_blanks(line, end);
	bool opens, comma;

	while (end > at && ev_json_blank(end[-1]))
		end--;
	*p = at;
	*len = 0;
	if (at == end)
		return false;
	if (*at == '"' && end[-1] == '[') /* a member that is an array */
		return true;
	opens = *at == '[';
	if (opens || *at == ',')
		at = ev_json_behind_blanks(at + 1, end);
	comma = end[-1] == ',';
	if (comma && at < end)
		end--;
	*p = at;
	if (at < end && (*at == '}' || *at == ']')) /* the end of one, with or without its begin */
		return comma;
	*len = (size_t)(end - at);
	return opens || comma;
}

/* Behind the string that begins at p; end if it does not end. */
static const char *behind_string(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		p += *p == '\\' && p + 1 < end;
	return p < end ? p + 1 : end;
}

bool ev_part_is_spread(const char *line, size_t len)
{
	const char *p = line, *end = line + len, *next;
	char last;

	p = ev_json_behind_blanks(p, end);
	while (end > p && ev_json_blank(end[-1]))
		end--;
	if (p == end)
		return false;
	last = end[-1];
	next = ev_json_behind_blanks(p + 1, end);
	switch (*p) {
	case '{':
		return next == end || (*next == '"' && (last == ',' || last == '{' || last == '['));
	case '[':
		return next == end || ((*next == '{' || *next == '[' || *next == '"') &&
				       (last == ',' || last == '{' || last == '[' || last == '}'));
	case '}':
	case ']': return last == '}' || last == ']' || last == ',' || last == '{' || last == '[';
	case ',': return next < end && (*next == '{' || *next == '[' || *next == '"');
	case '"':
		next = ev_json_behind_blanks(behind_string(p, end), end);
		return next < end ? *next == ':' || (*next == ',' && next + 1 == end) : false;
	default: return false;
	}
}
