/*
 * report_impl: what the parts of the report share. Floor 9.
 *
 * report_read.c reads a result into the structs below; report_redact.c says what must not be shown;
 * report_text.c has the forms of texts, numbers and times; report_says.c makes sentences of
 * expectations; report_chart.c draws; report_causes.c, report_checks.c and report.c write the parts
 * of the page. All of them append HTML to a struct ev_buf.
 */
#ifndef EV_REPORT_IMPL_H
#define EV_REPORT_IMPL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/time.h"
#include "report/report.h"
#include "json/path.h"
#include "scan/scan.h"
#include "json/view.h"

/* The page's style and script, made of report.css and report.js by the build. */
extern const char ev_report_css[], ev_report_js[];

/* Decoded, in the report's arena or in a result's text. p is NULL for null. */
struct rp_text {
	const char *p;
	size_t len;
};

static inline bool rp_is(struct rp_text t, const char *s)
{
	return t.p != NULL && t.len == strlen(s) && memcmp(t.p, s, t.len) == 0;
}

/* Where and when a record came in. */
struct rp_moment {
	struct rp_text time, source;
	uint64_t line;
};

struct rp_sample {
	struct rp_text source, path, message;
	uint64_t line;
	struct rp_text raw; /* p NULL: there are only octets that are no text */
	bool cut;
};

/* Why records were set aside, or passed with a warning. */
struct rp_cause {
	size_t result; /* its index */
	struct rp_text code, type, rule, path, keyword, severity, explain;
	uint64_t records;
	struct rp_moment first, last;
	struct rp_sample sample;
};

enum rp_verdict { RP_PASS, RP_FAIL, RP_UNSURE };

/* An expectation and what came of it. Nodes are of the result's document. */
struct rp_check {
	size_t result;
	size_t order;	    /* in its result */
	uint64_t twin;	    /* how many before it in its result are the same expectation */
	struct rp_text key; /* type and arguments: the same expectation in all results */
	struct rp_text type, severity, error, exception;
	enum rp_verdict verdict;
	bool approximate;
	uint32_t kwargs, values; /* values: the member result */
	uint32_t edges, counts;	 /* of the histogram, or EV_NOWHERE */
};

/* Of the timeline. */
enum rp_unit { RP_MINUTE, RP_HOUR, RP_DAY, RP_MONTH, RP_YEAR, RP_CENTURY, RP_NO_UNIT };

enum rp_unit rp_unit(struct rp_text name);

enum { RP_BUCKETS = 400 }; /* of the timeline, at most, as evvalidate promises */

struct rp_tally {
	struct rp_text name; /* a type, or the start of a bucket of time */
	uint64_t in, rejected;
};

struct rp_result {
	char *text;
	struct ev_scan *scan;
	const struct ev_doc *doc;
	struct rp_text model, batch, first, last; /* first, last: p NULL if there is no event */
	bool approved;
	uint64_t in, out, rejected, warning, blank; /* in: blank lines not counted */
	uint64_t left_out;
	struct rp_tally *types, *buckets;
	size_t n_types, n_buckets;
	struct rp_text unit;
	struct rp_cause *causes;
	size_t n_causes;
	struct rp_check *checks;
	size_t n_checks;
};

struct ev_report {
	const char *title;
	struct rp_result *results; /* by time, when the page is written */
	size_t n, cap;
	struct ev_path *redact[EV_REPORT_REDACTIONS];
	size_t n_redact;
	struct ev_arena arena;
	struct ev_scan *scan; /* for samples */
	struct rp_result sum; /* of all results: counts, types and span */
};

/* By octets; null before all. */
int rp_compare(struct rp_text a, struct rp_text b);
/* By time, then by place; those without a time last. */
int rp_compare_moments(const struct rp_moment *a, const struct rp_moment *b);

/* Reading. The result must be the report's last, with text, scan and doc set. */
enum ev_status rp_read(struct ev_report *r, const char *file, struct ev_error *err);

/* Redaction */

/* How something stands to the redacted paths. */
enum rp_reach { RP_APART, RP_AROUND, RP_INSIDE };

/* pointer: a JSON Pointer, with * for any index. */
enum rp_reach rp_reach_pointer(const struct ev_report *r, struct rp_text pointer);
/* column: a path of an expectation. */
enum rp_reach rp_reach_column(const struct ev_report *r, struct rp_text column);
/* Sets hidden[i] for each node of the document that must not be shown, and all inside it. */
void rp_hide(const struct ev_report *r, const struct ev_doc *d, bool *hidden);
/* Whether the message of a cause may be shown. d: the sample, or NULL if it is not whole JSON. */
bool rp_may_say(const struct ev_report *r, const struct rp_cause *c, const struct ev_doc *d,
		const bool *hidden);
/* Whether values that an expectation found may be shown. */
bool rp_may_show(const struct ev_report *r, const struct ev_doc *d, const struct rp_check *c);

#define RP_REDACTED "<span class=\"redacted\">redacted</span>"

/* Forms. Texts are escaped for HTML; what cannot be seen, or steers, becomes \u{...}. */

enum { RP_ALL = SIZE_MAX };

/* At most max code points, and an ellipsis if there are more. */
void rp_escape(struct ev_buf *b, const char *p, size_t len, size_t max);
/* The same, set apart from the direction of the text around it. */
void rp_data(struct ev_buf *b, struct rp_text t, size_t max);
/* The same as code. */
void rp_code(struct ev_buf *b, struct rp_text t, size_t max);
/* The same for a name of a field, in the dotted form of jq. */
void rp_pointer(struct ev_buf *b, struct rp_text pointer);
/* That form as a text. */
void rp_pointer_text(struct ev_buf *b, struct rp_text pointer);
void rp_count(struct ev_buf *b, uint64_t n);
/* "1.2 million" from a million on. */
void rp_round(struct ev_buf *b, uint64_t n);
/* "99.2%": never 0% or 100% unless it is. */
void rp_share(struct ev_buf *b, uint64_t part, uint64_t whole);
/* n and the word, with an s unless n is 1. */
void rp_plural(struct ev_buf *b, uint64_t n, const char *word);
/* "1 March 2026, 10:00 UTC"; what is no time stands as it is. */
void rp_time(struct ev_buf *b, struct rp_text t);
/* The time of a bucket, as its unit asks: "1 March 2026, 10:00", "1 March 2026", "March 2026". */
void rp_bucket(struct ev_buf *b, struct rp_text start, enum rp_unit unit);
/* How many buckets lie before it since some fixed time; false if it is no time. */
bool rp_bucket_number(struct rp_text start, enum rp_unit unit, int64_t *n);
/* A number as it is spelt, its thousands set apart if it has at least that many digits. */
void rp_number(struct ev_buf *b, const char *p, size_t len, size_t least);
/* A number (four digits may be a year: not set apart), a quoted string, a list of at most max. */
void rp_value(struct ev_buf *b, const struct ev_doc *d, uint32_t i, size_t max);
/* For drawing alone; false if it is no number, or none that a double can hold. */
bool rp_double(const struct ev_doc *d, uint32_t i, double *v);
/* A number inside an attribute of SVG, with two decimals at most. */
void rp_svg(struct ev_buf *b, double v);

/* Sentences */

enum rp_subject { RP_TABLE, RP_COLUMN, RP_COLUMNS };

/* What the expectation is about; *column is set for RP_COLUMN. */
enum rp_subject rp_subject(const struct ev_doc *d, const struct rp_check *c,
			   struct rp_text *column);
/* The expectation as a sentence, with its limits. */
void rp_says(struct ev_buf *b, const struct ev_doc *d, const struct rp_check *c);
/* What was found, as one or two sentences. */
void rp_found(struct ev_buf *b, const struct ev_report *r, const struct ev_doc *d,
	      const struct rp_check *c);
/*
 * The number that stands for what was found in a trend, for drawing: the share of those that broke
 * it, or the observed value; false if there is none.
 */
bool rp_found_number(const struct ev_doc *d, const struct rp_check *c, double *v);
/* The same number in words. */
void rp_found_words(struct ev_buf *b, const struct ev_doc *d, const struct rp_check *c);
/* A count in a result, false if it is none. */
bool rp_found_count(const struct ev_doc *d, uint32_t i, uint64_t *v);
/* A member of a result or of kwargs, EV_NOWHERE where it is null or missing. */
uint32_t rp_at(const struct ev_doc *d, uint32_t object, const char *name);

/* Charts. The graphics have no words inside: these stand in HTML around them, to be read. */

/* n bars; marked: those of the second colour, or NULL. label: for those who do not see it. */
void rp_bars(struct ev_buf *b, const double *v, size_t n, const bool *marked, const char *class);
/* A share as a bar of its own. */
void rp_meter(struct ev_buf *b, uint64_t part, uint64_t whole);
/* The distribution of values, with the limits of the expectation. */
void rp_histogram(struct ev_buf *b, const struct ev_doc *d, const struct rp_check *c);
/*
 * Values over the batches; NAN where there is none; limits are NAN where there is none. zero: the
 * scale begins there.
 */
void rp_line(struct ev_buf *b, const double *v, const bool *bad, size_t n, double low, double high,
	     bool zero);

/* Parts of the page */
void rp_causes(struct ev_buf *b, struct ev_report *r);
void rp_checks(struct ev_buf *b, struct ev_report *r);

#endif
