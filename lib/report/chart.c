/* Charts in SVG. Colours are those of the style's classes, so they suit a light and a dark page. */
#include "report/internal.h"

#include <math.h>

/* Units of a chart's box; the style stretches it. */
enum { WIDTH = 1000, HEIGHT = 100 };

enum { MOST_BINS = 400 }; /* more are not drawn */

static void open_svg(struct ev_buf *b, const char *class)
{
	ev_buf_printf(b,
		      "<svg class=\"%s\" viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" "
		      "aria-hidden=\"true\" focusable=\"false\">",
		      class, WIDTH, HEIGHT);
}

/*
 * A bar, from the bottom up: a part of a path, for many are cheaper to show as one element. However
 * low, it can be seen.
 */
static void put_bar(struct ev_buf *b, double x, double h, double w)
{
	PUT(b, "M{} {}h{}V100H{}z", SVG(x), SVG(HEIGHT - (h < 1.5 ? 1.5 : h)), SVG(w), SVG(x));
}

static void put_line(struct ev_buf *b, const char *class, double x1, double y1, double x2,
		     double y2)
{
	PUT(b, "<line class=\"{}\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>", HTML(class), SVG(x1),
	    SVG(y1), SVG(x2), SVG(y2));
}

void ev_report_bars(struct ev_buf *b, const double *v, size_t n, const bool *marked,
		    const char *class)
{
	double step = (double)WIDTH / (double)(n > 0 ? n : 1), most = 0;
	double gap = n > 100 ? 0 : step * 0.15;

	for (size_t i = 0; i < n; i++)
		most = v[i] > most ? v[i] : most;
	open_svg(b, class);
	for (int pass = 0; pass < (marked != NULL ? 2 : 1); pass++) {
		ev_buf_printf(b, "<path class=\"%s\" d=\"", pass == 0 ? "bar" : "bad");
		for (size_t i = 0; i < n; i++)
			if (v[i] > 0 && (marked == NULL || marked[i] == (pass == 1)))
				put_bar(b, (double)i * step + gap / 2, v[i] / most * HEIGHT,
					step - gap);
		ev_buf_puts(b, "\"/>");
	}
	ev_buf_puts(b, "</svg>");
}

void ev_report_meter(struct ev_buf *b, uint64_t part, uint64_t whole)
{
	double w = whole > 0 ? (double)part / (double)whole * WIDTH : 0;

	open_svg(b, "meter");
	if (part > 0 && whole > 0) {
		ev_buf_puts(b, "<path class=\"bar\" d=\"");
		put_bar(b, 0, HEIGHT, w < 6 ? 6 : w);
		ev_buf_puts(b, "\"/>");
	}
	ev_buf_puts(b, "</svg>");
}

/* Values in a bin for each unit of its width, so that a wide bin does not look like much. */
static double density(const struct ev_doc *d, uint32_t count, uint32_t edge)
{
	double n = 0, from = 0, to = 0;

	ev_report_double(d, count, &n);
	ev_report_double(d, edge, &from);
	ev_report_double(d, ev_next(d, edge), &to);
	return to > from ? n / (to - from) : 0;
}

void ev_report_histogram(struct ev_buf *b, const struct ev_doc *d, const struct ev_report_check *c)
{
	uint32_t first = ev_first(d, c->edges), last = first, edge;
	double low = 0, high = 0, from, to, v, limit, most = 0;
	static const char *const limits[] = {"min_value", "max_value"};
	bool limited = false;

	for (uint32_t i = first; i < ev_end(d, c->edges); i = ev_next(d, i))
		last = i;
	if (d->nodes[c->counts].count == 0 || d->nodes[c->counts].count > MOST_BINS)
		return;
	ev_report_double(d, first, &low);
	ev_report_double(d, last, &high);
	from = low;
	to = high;
	/* A limit that is near enough is in the picture. */
	for (int i = 0; i < 2; i++)
		if (ev_report_double(d, ev_report_at(d, c->kwargs, limits[i]), &limit)) {
			if (limit < low && low - limit <= high - low)
				from = limit < from ? limit : from;
			if (limit > high && limit - high <= high - low)
				to = limit > to ? limit : to;
		}
	if (!(to > from) || !isfinite(to - from))
		return;
	edge = first;
	for (uint32_t i = ev_first(d, c->counts); i < ev_end(d, c->counts);
	     i = ev_next(d, i), edge = ev_next(d, edge)) {
		v = density(d, i, edge);
		most = v > most ? v : most;
	}
	edge = first;
	ev_buf_puts(b, "<figure class=\"histogram\">");
	open_svg(b, "bars");
	ev_buf_puts(b, "<path class=\"bar\" d=\"");
	for (uint32_t i = ev_first(d, c->counts); i < ev_end(d, c->counts); i = ev_next(d, i)) {
		uint32_t next = ev_next(d, edge);
		double x1 = low, x2 = high;

		ev_report_double(d, edge, &x1);
		ev_report_double(d, next, &x2);
		v = density(d, i, edge);
		edge = next;
		if (v <= 0)
			continue;
		x1 = (x1 - from) / (to - from) * WIDTH;
		x2 = (x2 - from) / (to - from) * WIDTH;
		put_bar(b, x1, v / most * (HEIGHT - 4), x2 - x1 < 2 ? 2 : x2 - x1);
	}
	ev_buf_puts(b, "\"/>");
	for (int i = 0; i < 2; i++)
		if (ev_report_double(d, ev_report_at(d, c->kwargs, limits[i]), &limit) &&
		    limit >= from && limit <= to) {
			double x = (limit - from) / (to - from) * WIDTH;

			limited = true;
			put_line(b, "limit", x, 0, x, HEIGHT);
		}
	PUT(b,
	    "</svg><figcaption><span>{}</span><span>How the values are spread{}</span>"
	    "<span>{}</span></figcaption></figure>",
	    VALUE(d, first, 1), HTML(limited ? "; dashed lines are the limits" : ""),
	    VALUE(d, last, 1));
}

void ev_report_line(struct ev_buf *b, const double *v, const bool *bad, size_t n, double low,
		    double high, bool zero)
{
	double from = zero ? 0 : INFINITY, to = -INFINITY,
	       step = n > 1 ? (double)WIDTH / (double)n : WIDTH;
	const double limits[] = {low, high};
	bool open = false;

	for (size_t i = 0; i < n; i++)
		if (!isnan(v[i])) {
			from = v[i] < from ? v[i] : from;
			to = v[i] > to ? v[i] : to;
		}
	if (!(from <= to))
		return;
	for (int i = 0; i < 2; i++)
		if (!isnan(limits[i]) && limits[i] > from - 2 * (to - from) &&
		    limits[i] < to + 2 * (to - from)) {
			from = limits[i] < from ? limits[i] : from;
			to = limits[i] > to ? limits[i] : to;
		}
	if (!(to > from) || !isfinite(to - from)) {
		from -= 1;
		to += 1;
	}
#define X(i)	 (((double)(i) + 0.5) * step)
#define Y(value) (HEIGHT - 8 - ((value)-from) / (to - from) * (HEIGHT - 16))
	open_svg(b, "line");
	for (int i = 0; i < 2; i++)
		if (!isnan(limits[i]) && limits[i] >= from && limits[i] <= to)
			put_line(b, "limit", 0, Y(limits[i]), WIDTH, Y(limits[i]));
	ev_buf_puts(b, "<path class=\"trace\" d=\"");
	for (size_t i = 0; i < n; i++) {
		if (isnan(v[i])) {
			open = false;
			continue;
		}
		PUT(b, "{}{} {}", HTML(open ? "L" : "M"), SVG(X(i)), SVG(Y(v[i])));
		open = true;
	}
	ev_buf_puts(b, "\"/>");
	/* A point is a line without a length and with round ends: it stays round when stretched. */
	for (size_t i = 0; i < n; i++)
		if (!isnan(v[i]))
			put_line(b, bad[i] ? "point bad" : "point", X(i), Y(v[i]), X(i), Y(v[i]));
#undef X
#undef Y
	ev_buf_puts(b, "</svg>");
}
