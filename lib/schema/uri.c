/*
 * URIs (RFC 3986): split, resolved against one another, and freed of escapes.
 */
#include "schema/internal.h"

#include <string.h>

void ev_schema_uri_split(const char *p, size_t len, struct ev_schema_uri *u)
{
	const char *end = p + len, *q = p;

	*u = (struct ev_schema_uri){.scheme.p = p, .authority.p = p, .query.p = p, .fragment.p = p};
	while (q < end && *q != '\0' && strchr(":/?#", *q) == NULL)
		q++;
	if (q > p && q < end && *q == ':' && (*p | 0x20) >= 'a' && (*p | 0x20) <= 'z') {
		const char *c = p;

		while (c < q &&
		       ((*c >= '0' && *c <= '9') || ((*c | 0x20) >= 'a' && (*c | 0x20) <= 'z') ||
			*c == '+' || *c == '-' || *c == '.'))
			c++;
		if (c == q) {
			u->scheme.len = (size_t)(q - p);
			p = q + 1;
		}
	}
	if (end - p >= 2 && p[0] == '/' && p[1] == '/') {
		u->has_authority = true;
		u->authority.p = p += 2;
		while (p < end && *p != '/' && *p != '?' && *p != '#')
			p++;
		u->authority.len = (size_t)(p - u->authority.p);
	}
	u->path.p = p;
	while (p < end && *p != '?' && *p != '#')
		p++;
	u->path.len = (size_t)(p - u->path.p);
	if (p < end && *p == '?') {
		u->has_query = true;
		u->query.p = ++p;
		while (p < end && *p != '#')
			p++;
		u->query.len = (size_t)(p - u->query.p);
	}
	if (p < end) {
		u->has_fragment = true;
		u->fragment.p = p + 1;
		u->fragment.len = (size_t)(end - p - 1);
	}
}

bool ev_schema_uri_beyond_fragment(const struct ev_schema_uri *u)
{
	return u->scheme.len != 0 || u->has_authority || u->path.len != 0 || u->has_query;
}

bool ev_schema_plain_path(const char *p, size_t len, struct ev_buf *out)
{
	const char *end = p + len;
	size_t floor = out->len;
	bool inside = true;

	if (p < end && *p == '/') {
		ev_buf_putc(out, '/');
		floor++;
		p++;
	}
	for (;;) {
		const char *slash = p < end ? memchr(p, '/', (size_t)(end - p)) : NULL;
		size_t n = (size_t)((slash != NULL ? slash : end) - p);

		if (n == 2 && p[0] == '.' && p[1] == '.') {
			if (out->len == floor) {
				inside = false;
			} else {
				out->len--; /* its slash */
				while (out->len > floor && out->p[out->len - 1] != '/')
					out->len--;
			}
		} else if (!(n == 1 && p[0] == '.')) {
			ev_buf_put(out, p, n);
			if (slash != NULL)
				ev_buf_putc(out, '/');
		}
		if (slash == NULL)
			return inside;
		p = slash + 1;
	}
}

const char *ev_schema_resolve(struct ev_schema_set *set, const char *base,
			      const struct ev_schema_uri *ref)
{
	struct ev_buf out = {0}, path = {0};
	const char *uri = NULL;
	struct ev_schema_uri b;
	bool inside = true;

	ev_schema_uri_split(base, strlen(base), &b);
	if (ref->scheme.len != 0)
		ev_buf_put(&out, ref->scheme.p, ref->scheme.len);
	else
		ev_buf_put(&out, b.scheme.p, b.scheme.len);
	ev_buf_putc(&out, ':');
	if (ref->scheme.len != 0 || ref->has_authority) {
		if (ref->has_authority) {
			ev_buf_puts(&out, "//");
			ev_buf_put(&out, ref->authority.p, ref->authority.len);
		}
		inside = ev_schema_plain_path(ref->path.p, ref->path.len, &out);
	} else {
		if (b.has_authority) {
			ev_buf_puts(&out, "//");
			ev_buf_put(&out, b.authority.p, b.authority.len);
		}
		if (ref->path.len == 0) {
			ev_buf_put(&out, b.path.p, b.path.len);
		} else if (ref->path.p[0] == '/') {
			inside = ev_schema_plain_path(ref->path.p, ref->path.len, &out);
		} else {
			size_t keep = b.path.len;

			while (keep > 0 && b.path.p[keep - 1] != '/')
				keep--;
			ev_buf_put(&path, b.path.p, keep);
			if (b.has_authority && keep == 0)
				ev_buf_putc(&path, '/');
			ev_buf_put(&path, ref->path.p, ref->path.len);
			inside = ev_schema_plain_path(path.p, path.len, &out);
		}
	}
	if (ref->has_query) {
		ev_buf_putc(&out, '?');
		ev_buf_put(&out, ref->query.p, ref->query.len);
	} else if (ref->path.len == 0 && ref->scheme.len == 0 && !ref->has_authority &&
		   b.has_query) {
		ev_buf_putc(&out, '?');
		ev_buf_put(&out, b.query.p, b.query.len);
	}
	if (inside || strncmp(ev_buf_str(&out), SCHEMA_ROOT, strlen(SCHEMA_ROOT)) != 0)
		uri = ev_arena_copy(&set->arena, out.p, out.len);
	ev_buf_free(&out);
	ev_buf_free(&path);
	return uri;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return -1;
}

struct ev_schema_slice ev_schema_percent_decoded(struct ev_schema_set *set, const char *p,
						 size_t len)
{
	char *out = ev_arena_copy(&set->arena, p, len), *o = out;

	for (const char *end = p + len; p < end; p++) {
		if (*p == '%' && end - p >= 3 && hex_digit(p[1]) >= 0 && hex_digit(p[2]) >= 0) {
			*o++ = (char)(hex_digit(p[1]) << 4 | hex_digit(p[2]));
			p += 2;
		} else {
			*o++ = *p;
		}
	}
	*o = '\0';
	return (struct ev_schema_slice){out, (size_t)(o - out)};
}

const char *ev_schema_file_uri(struct ev_schema_set *set, const char *folder, const char *path)
{
	static const char hex[] = "0123456789ABCDEF";
	struct ev_buf uri = {0};
	const char *copy;

	ev_buf_puts(&uri, folder);
	for (const char *p = path; *p != '\0'; p++) {
		if (((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z') || (*p >= '0' && *p <= '9') ||
		    strchr("/-._~!$&'()*+,;=:@", *p) != NULL) {
			ev_buf_putc(&uri, *p);
		} else {
			ev_buf_putc(&uri, '%');
			ev_buf_putc(&uri, hex[(unsigned char)*p >> 4]);
			ev_buf_putc(&uri, hex[(unsigned char)*p & 15]);
		}
	}
	copy = ev_arena_copy(&set->arena, ev_buf_str(&uri), uri.len);
	ev_buf_free(&uri);
	return copy;
}
