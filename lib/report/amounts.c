/* What records amount to, by measure and currency. */
#include "report/internal.h"

#include "number/sum.h"

#include <stdlib.h>

enum { SHOWN = 4 };

struct total {
	const struct ev_report_amount *of;
	struct ev_sum sum;
	uint64_t values, unread;
};

static struct total *total_of(struct total **list, size_t *n, size_t *cap,
			      const struct ev_report_amount *a)
{
	for (size_t i = 0; i < *n; i++)
		if (ev_report_compare((*list)[i].of->measure, a->measure) == 0 &&
		    ev_report_compare((*list)[i].of->currency, a->currency) == 0)
			return &(*list)[i];
	ev_grow(list, cap, *n + 1, sizeof **list);
	(*list)[*n] = (struct total){.of = a};
	return &(*list)[(*n)++];
}

/* Cents have two digits. */
static void put_sum(struct ev_buf *b, const struct total *t)
{
	enum { GROUPED = 4 };
	struct ev_buf exact = {0}, shown = {0};
	const char *point;

	ev_sum_write(&t->sum, &exact);
	ev_number_show(exact.p, exact.len, &shown);
	point = memchr(shown.p, '.', shown.len);
	if (t->of->currency.p != NULL && point != NULL && point + 2 == shown.p + shown.len)
		ev_buf_putc(&shown, '0');
	ev_report_number(b, shown.p, shown.len, GROUPED);
	ev_buf_free(&exact);
	ev_buf_free(&shown);
}

static void put_total(struct ev_buf *b, const struct ev_report *r, const struct total *t)
{
	const struct ev_report_amount *a = t->of;

	if (!ev_report_may_add(r, a)) {
		ev_buf_puts(b, REPORT_REDACTED);
	} else {
		ev_buf_puts(b, "<span class=\"amount\">");
		put_sum(b, t);
		if (a->currency.p != NULL)
			PUT(b, " {}", DATA(a->currency, 20));
		ev_buf_puts(b, "</span>");
	}
	PUT(b, " <span class=\"soft\">{}", DATA(a->measure, 60));
	if (t->unread > 0)
		PUT(b, ", {} not readable", COUNT(t->unread));
	ev_buf_puts(b, "</span>");
}

void ev_report_put_amounts(struct ev_buf *b, const struct ev_report *r,
			   const struct ev_report_amounts *const *lists, size_t n)
{
	struct total *totals = NULL;
	size_t n_totals = 0, cap = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < lists[i]->n; k++) {
			const struct ev_report_amount *a = &lists[i]->list[k];
			struct total *t = total_of(&totals, &n_totals, &cap, a);

			t->unread += a->unread;
			t->values += a->values;
			if (!ev_sum_add(&t->sum, a->sum.p, a->sum.len))
				t->unread++;
		}
	for (size_t i = 0; i < n_totals; i++) {
		if (i < SHOWN) {
			ev_buf_puts(b, i > 0 ? "; " : "");
			put_total(b, r, &totals[i]);
		}
		ev_sum_free(&totals[i].sum);
	}
	if (n_totals > SHOWN)
		PUT(b, " and {} more", COUNT(n_totals - SHOWN));
	free(totals);
}
