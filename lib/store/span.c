#include "store/span.h"

#include <string.h>

const char *ev_span_digest(const struct ev_span *s, uint64_t n)
{
	return s->digests + (n - s->from) * EV_STORE_DIGEST;
}

enum ev_status ev_span_check(const struct ev_span *s, const struct ev_point *p, const char *model,
			     const char *who, struct ev_error *err)
{
	unsigned long long from = s->from, to = s->to.number, at = p->number;

	if (strcmp(s->model, model) != 0)
		return ev_fail(err, "evversion was run with another model than this program: name "
				    "the same one in both");
	if (s->from == 0)
		return EV_OK;
	if (at > 0 && strcmp(p->store, s->to.store) != 0)
		return ev_fail(err,
			       "%s follows another state (%s) than the one that this comes from "
			       "(%s): name that, or take everything with evversion --since 0",
			       who, p->store, s->to.store);
	if (at < from)
		return ev_fail(err,
			       "%s stands at commit %llu, and this shows only what came behind "
			       "commit %llu: take everything with evversion --since 0",
			       who, at, from);
	if (at > to)
		return ev_fail(
			err,
			"%s stands at commit %llu, and this state at %llu: the state was put "
			"back from an old copy, bring back the newest; or take everything "
			"with evversion --since 0",
			who, at, to);
	if (memcmp(ev_span_digest(s, at), p->digest, EV_STORE_DIGEST) != 0)
		return ev_fail(
			err,
			"%s stands at a commit %llu that is not this state's: one of the two "
			"was put back from an old copy; take everything with evversion "
			"--since 0",
			who, at);
	return EV_OK;
}
