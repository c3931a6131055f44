/*
 * internal: what the files of report share. Floor 10.
 *
 *   text.c      writes HTML with texts, numbers and times in it
 *   read.c      reads results and balance sheets into the structs below
 *   rejects.c   reads rejects files: the causes that no result has
 *   redact.c    knows what must not be shown
 *   says.c      expectations as sentences
 *   chart.c     draws
 *   record.c    shows a bad record
 *   amounts.c, causes.c, checks.c, balance.c, summary.c, report.c    write the parts of the page
 *
 * A file uses those above it. The page is one struct ev_buf, to which all append.
 */
#ifndef EV_REPORT_INTERNAL_H
#define EV_REPORT_INTERNAL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/time.h"
#include "report/report.h"
#include "scan/scan.h"
#include "json/path.h"
#include "json/view.h"

/* The page's style and script, made of report.css and report.js by the build. */
extern const char ev_report_css[], ev_report_js[];

/* Decoded, in the report's arena or in a result's text. p is NULL for null. */
struct ev_report_text {
	const char *p;
	size_t len;
};

static inline bool ev_report_is(struct ev_report_text t, const char *s)
{
	return t.p != NULL && t.len == strlen(s) && memcmp(t.p, s, t.len) == 0;
}

/* Where and when a record came in. */
struct ev_report_moment {
	struct ev_report_text time, source;
	uint64_t line;
};

struct ev_report_sample {
	struct ev_report_text source, path, message;
	uint64_t line;
	struct ev_report_text raw; /* p NULL: there are only bytes that are no text */
	bool cut;
	struct ev_report_text raw_path; /* to the value in what was cut, or NULL */
	uint64_t raw_at;		/* the byte that is no JSON, or REPORT_NOWHERE */
};

#define REPORT_NOWHERE UINT64_MAX

/* What records amount to, by a measure of the model and a currency. Nodes: of the document. */
struct ev_report_amount {
	struct ev_report_text measure, currency, sum;
	uint64_t values, unread;
	uint32_t columns; /* the paths at which it reads */
	const struct ev_doc *doc;
};

struct ev_report_amounts {
	struct ev_report_amount *list;
	size_t n;
};

/* Why records were set aside, or passed with a warning. */
struct ev_report_cause {
	size_t result; /* its index */
	size_t anchor; /* cause-N of the page; 0: it has no card */
	/* The program that set it aside, where that is not evvalidate, or NULL; who must act, or
	 * NULL. */
	struct ev_report_text stage, owner;
	struct ev_report_text key; /* while rejects are read: what makes it this cause */
	struct ev_report_amounts amounts;
	struct ev_report_text code, type, rule, path, keyword, severity, explain;
	uint64_t records;
	struct ev_report_moment first, last;
	struct ev_report_sample sample;
};

enum ev_report_verdict { REPORT_PASS, REPORT_FAIL, REPORT_UNSURE };

/* An expectation and what came of it. Nodes are of the result's document. */
struct ev_report_check {
	size_t result;
	size_t order;		   /* in its result */
	size_t anchor;		   /* check-N of the page; 0: an earlier result's */
	uint64_t twin;		   /* how many before it in its result are the same expectation */
	struct ev_report_text key; /* type and arguments: the same expectation in all results */
	struct ev_report_text type, severity, error, exception, owner;
	enum ev_report_verdict verdict;
	bool approximate;
	uint32_t kwargs, values; /* values: the member result */
	uint32_t edges, counts;	 /* of the histogram, or EV_NOWHERE */
};

/* The width of a bucket of the timeline. */
enum ev_report_unit {
	REPORT_MINUTE,
	REPORT_HOUR,
	REPORT_DAY,
	REPORT_MONTH,
	REPORT_YEAR,
	REPORT_CENTURY,
	REPORT_NO_UNIT
};

enum ev_report_unit ev_report_unit(struct ev_report_text name);

enum { REPORT_BUCKETS = 400 }; /* of the timeline, at most, as evvalidate promises */

struct ev_report_tally {
	struct ev_report_text name; /* a type, or the start of a bucket of time */
	uint64_t in, rejected;
};

/* One program of a balance sheet. Counts have the names that the manual gives them. */
struct ev_report_stage {
	struct ev_report_text program;
	struct ev_report_count {
		struct ev_report_text name;
		uint64_t n;
	} * counts;
	size_t n;
};

struct ev_report_result {
	char *text;
	struct ev_scan *scan;
	const struct ev_doc *doc;
	struct ev_report_text model, batch, first,
		last; /* first, last: p NULL if there is no event */
	bool approved;
	bool sealed, too_many; /* the chain is; more were rejected than max_rejects allows */
	struct ev_report_text max_rejects;
	struct ev_report_amounts amounts; /* of all that was set aside */
	struct ev_report_stage *stages;	  /* of its balance sheet, none where none was given */
	size_t n_stages;
	enum { REPORT_UNKNOWN, REPORT_LOADED, REPORT_REFUSED } load; /* what evload did with it */
	uint64_t in, out, rejected, warning, blank; /* in: without blank ones and dropped */
	uint64_t dropped;
	uint64_t left_out;
	struct ev_report_tally *types, *buckets;
	size_t n_types, n_buckets;
	struct ev_report_text unit;
	struct ev_report_cause *causes;
	size_t n_causes;
	struct ev_report_check *checks;
	size_t n_checks;
};

struct ev_report {
	const char *title;
	struct ev_report_result *results; /* by time, when the page is written */
	size_t n, cap;
	struct ev_report_sheet {
		char *text;
		struct ev_scan *scan;
	} * sheets; /* balance sheets */
	size_t n_sheets, sheets_cap;
	struct ev_path *redact[EV_REPORT_REDACTIONS];
	size_t n_redact;
	struct ev_arena arena;
	struct ev_scan *scan;	     /* for samples */
	struct ev_report_result sum; /* of all results: counts, types and span */
};

/* Below, equal or above 0, as qsort asks for it. */
#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

/* By bytes; null before all. */
int ev_report_compare(struct ev_report_text a, struct ev_report_text b);
/* By time, then by place; those without a time last. */
int ev_report_compare_moments(const struct ev_report_moment *a, const struct ev_report_moment *b);

/* Where a byte of a result stands, in lines and columns from 1. */
void ev_report_place(const char *text, size_t at, size_t *line, size_t *column);
/* Reading. The result must be the report's last, with text, scan and doc set. */
enum ev_status ev_report_read(struct ev_report *r, const char *file, struct ev_error *err);
/* A balance sheet. text, scan and doc are set, and stay the caller's. */
enum ev_status ev_report_read_balance(struct ev_report *r, const char *file,
				      const struct ev_doc *doc, struct ev_error *err);
/* The count of a stage, 0 if it has none of that name. */
uint64_t ev_report_stage_count(const struct ev_report_stage *s, const char *name);

/* Redaction */

/* Where a place lies relative to the redacted paths. */
enum ev_report_reach { REPORT_APART, REPORT_AROUND, REPORT_INSIDE };

/* pointer: a JSON Pointer, with * for any index. */
enum ev_report_reach ev_report_reach_pointer(const struct ev_report *r,
					     struct ev_report_text pointer);
/*
 * Sets hidden[i] for each node of the document that must not be shown, and all inside it. cut: it
 * is an excerpt, so elements of lists may have other places than they had.
 */
void ev_report_hide(const struct ev_report *r, const struct ev_doc *d, bool cut, bool *hidden);
/* Whether the message of a cause may be shown. d: the sample, or NULL if it is not whole JSON. */
bool ev_report_may_say(const struct ev_report *r, const struct ev_report_cause *c,
		       const struct ev_doc *d, const bool *hidden);
/* Puts the record of a cause's sample; *say: whether its message may be shown. */
void ev_report_record(struct ev_buf *b, struct ev_report *r, const struct ev_report_cause *c,
		      bool *say);
/* Whether values that an expectation found may be shown. */
bool ev_report_may_show(const struct ev_report *r, const struct ev_doc *d,
			const struct ev_report_check *c);

/* Whether sums of what a measure reads may be shown. */
bool ev_report_may_add(const struct ev_report *r, const struct ev_report_amount *a);

#define REPORT_REDACTED "<span class=\"redacted\">redacted</span>"

/*
 * Writing: PUT(b, "<td>{}</td><td>{}</td>", COUNT(n), SHARE(part, n)) appends HTML with a piece for
 * each {}. Texts of a result are escaped in every piece but HTML, which is for the page's own; what
 * cannot be seen, or steers, becomes \u{...}. max: code points, with an ellipsis behind them if
 * there are more.
 */
struct ev_report_piece {
	enum {
		REPORT_PIECE_HTML,
		REPORT_PIECE_ESCAPED,
		REPORT_PIECE_DATA,
		REPORT_PIECE_CODE,
		REPORT_PIECE_TIME,
		REPORT_PIECE_BUCKET,
		REPORT_PIECE_COUNT,
		REPORT_PIECE_ROUND,
		REPORT_PIECE_SHARE,
		REPORT_PIECE_PLURAL,
		REPORT_PIECE_VALUE,
		REPORT_PIECE_SVG
	} kind;
	struct ev_report_text text;
	const char *word;
	size_t max;
	enum ev_report_unit unit;
	uint64_t n, whole;
	const struct ev_doc *doc;
	uint32_t node;
	double v;
};

void ev_report_put(struct ev_buf *b, const char *html, const struct ev_report_piece *pieces);

#define PUT(b, html, ...) ev_report_put(b, html, (const struct ev_report_piece[]){__VA_ARGS__})
#define PIECE(type, ...)                                 \
	{                                                \
		.kind = REPORT_PIECE_##type, __VA_ARGS__ \
	}

#define HTML(literal)	 PIECE(HTML, .text.p = (literal))
#define ESCAPED(t, most) PIECE(ESCAPED, .text = (t), .max = (most))
/* Set apart from the direction of the text around it. */
#define DATA(t, most) PIECE(DATA, .text = (t), .max = (most))
/* The same, or this HTML if there is no text. */
#define DATA_OR(t, most, none) PIECE(DATA, .text = (t), .max = (most), .word = (none))
#define CODE(t, most)	       PIECE(CODE, .text = (t), .max = (most))
/* "1 March 2026, 10:00:00" in UTC; what is no time stands as it is. */
#define TIME(t) PIECE(TIME, .text = (t))
/* The start of a bucket of the timeline. */
#define BUCKET(t, of) PIECE(BUCKET, .text = (t), .unit = (of))
#define COUNT(number) PIECE(COUNT, .n = (number))
/* "1.2 million" from a million on. */
#define ROUND(number) PIECE(ROUND, .n = (number))
/* "99.2%": never 0% or 100% unless it is. */
#define SHARE(part, all) PIECE(SHARE, .n = (part), .whole = (all))
/* The number and the noun, with an s unless it is 1. */
#define PLURAL(number, noun) PIECE(PLURAL, .n = (number), .word = (noun))
/* A node: see ev_report_value. */
#define VALUE(d, i, most) PIECE(VALUE, .doc = (d), .node = (i), .max = (most))
/* A number inside an attribute of SVG. */
#define SVG(number) PIECE(SVG, .v = (number))

enum { REPORT_ALL = SIZE_MAX };

/* Single pieces, for what has no place in a template. */
void ev_report_escape(struct ev_buf *b, const char *p, size_t len, size_t max);
void ev_report_data(struct ev_buf *b, struct ev_report_text t, size_t max);
void ev_report_code(struct ev_buf *b, struct ev_report_text t, size_t max);
/* A number (four digits may be a year: not set apart), a quoted string, a list of at most max. */
void ev_report_value(struct ev_buf *b, const struct ev_doc *d, uint32_t i, size_t max);
/* A number as it is spelt, its thousands set apart if it has at least that many digits. */
void ev_report_number(struct ev_buf *b, const char *p, size_t len, size_t least);

/* A name of a field, in the dotted form of jq: as code, and as a text. */
void ev_report_pointer(struct ev_buf *b, struct ev_report_text pointer);
void ev_report_pointer_text(struct ev_buf *b, struct ev_report_text pointer);
/* Takes the first name off a JSON Pointer, decoded; false if there is none. */
bool ev_report_pointer_next(struct ev_report_text *pointer, struct ev_buf *name);

/* Reading values */

/* A value as it stands in the result. */
struct ev_report_text ev_report_raw(const struct ev_doc *d, uint32_t i);
/* A member of a result or of kwargs, EV_NOWHERE where it is null or missing. */
uint32_t ev_report_at(const struct ev_doc *d, uint32_t object, const char *name);
/* How many buckets lie before it since some fixed time; false if it is no time. */
bool ev_report_bucket_number(struct ev_report_text start, enum ev_report_unit unit, int64_t *n);
/* For drawing alone; false if it is no number, or none that a double can hold. */
bool ev_report_double(const struct ev_doc *d, uint32_t i, double *v);

/* Sentences */

enum ev_report_subject { REPORT_TABLE, REPORT_COLUMN, REPORT_COLUMNS };

/* The subject of the expectation; *column is set for REPORT_COLUMN. */
enum ev_report_subject ev_report_subject(struct ev_report *r, const struct ev_doc *d,
					 const struct ev_report_check *c,
					 struct ev_report_text *column);
/* The expectation as a sentence, with its limits. */
void ev_report_says(struct ev_buf *b, const struct ev_doc *d, const struct ev_report_check *c);
/* The outcome, as one or two sentences. */
void ev_report_found(struct ev_buf *b, const struct ev_report *r, const struct ev_doc *d,
		     const struct ev_report_check *c);
/*
 * The number that stands for what was found in a trend, for drawing: the share of those that broke
 * it, or the observed value; false if there is none.
 */
bool ev_report_found_number(const struct ev_doc *d, const struct ev_report_check *c, double *v);
/* The same number in words. */
void ev_report_found_words(struct ev_buf *b, const struct ev_doc *d,
			   const struct ev_report_check *c);
/* A count in a result, false if it is none. */
bool ev_report_found_count(const struct ev_doc *d, uint32_t object, const char *name, uint64_t *v);

/* Charts. The graphics have no words inside: these stand in HTML around them, to be read. */

/* n bars; marked: those of the second colour, or NULL. label: for those who do not see it. */
void ev_report_bars(struct ev_buf *b, const double *v, size_t n, const bool *marked,
		    const char *class);
/* A share as a bar of its own. */
void ev_report_meter(struct ev_buf *b, uint64_t part, uint64_t whole);
/* The distribution of values, with the limits of the expectation. */
void ev_report_histogram(struct ev_buf *b, const struct ev_doc *d, const struct ev_report_check *c);
/*
 * Values over the batches; NAN where there is none; limits are NAN where there is none. zero: the
 * scale begins there.
 */
void ev_report_line(struct ev_buf *b, const double *v, const bool *bad, size_t n, double low,
		    double high, bool zero);

/* Parts of the page. To todo they add items of the list of what is to be done. */

/* What the records of these lists amount to in all, or nothing. */
void ev_report_put_amounts(struct ev_buf *b, const struct ev_report *r,
			   const struct ev_report_amounts *const *lists, size_t n);
void ev_report_causes(struct ev_buf *b, struct ev_buf *todo, struct ev_report *r);
void ev_report_checks(struct ev_buf *b, struct ev_buf *todo, struct ev_report *r);
void ev_report_balances(struct ev_buf *b, const struct ev_report *r);
/* After the parts that it links to. */
void ev_report_summary(struct ev_buf *b, const struct ev_buf *todo, const struct ev_report *r);
/* How many a result's programs but evvalidate have set aside, as far as that is known. */
uint64_t ev_report_set_aside_elsewhere(const struct ev_report_result *res);
uint64_t ev_report_count_failed(const struct ev_report_result *res);
/* An item's beginning: who must act (NULL: nobody is named), and the link's. */
void ev_report_open_item(struct ev_buf *todo, const struct ev_report_text *owners, size_t n,
			 const char *what, size_t anchor);

#endif
