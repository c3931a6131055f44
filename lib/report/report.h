/*
 * report: results of evvalidate as one HTML page that needs nothing from outside. Floor 10.
 *
 * The room lib/report is the engine of evreport.
 *
 * The page is for people without a technical background. It follows HTML5, WCAG 2.1 AA and a
 * Content Security Policy that allows the page's own style and script alone; it depends on nothing
 * but the results and the options, not on the order in which the results were given.
 *
 * Everything in a result is hostile: what is missing or of a wrong kind is an error, and every
 * string is shown as text. Memory: at most 50 bytes for each byte of the results.
 */
#ifndef EV_REPORT_H
#define EV_REPORT_H

#include "base/status.h"
#include "io/out.h"

struct ev_report;

enum { EV_REPORT_RESULTS = 400, EV_REPORT_REDACTIONS = 64 };

/* title: of the page, or NULL for one made of the model and the batch; valid
 * UTF-8, which must outlive the report. */
struct ev_report *ev_report_new(const char *title);
void ev_report_free(struct ev_report **report);

/* Values at this path (jq's; the first dot may be left out) are not shown. */
enum ev_status ev_report_redact(struct ev_report *r, const char *path, struct ev_error *err);

/*
 * Adds one result. text: len bytes in memory from malloc with EV_SCAN_SLACK readable ones behind;
 * the report frees them. Errors begin with file:line:column.
 */
enum ev_status ev_report_add(struct ev_report *r, const char *file, char *text, size_t len,
			     struct ev_error *err);

/*
 * Adds a balance sheet, as --stats FILE writes it, to the result that it is of. After all results;
 * text and errors as above.
 */
enum ev_status ev_report_balance(struct ev_report *r, const char *file, char *text, size_t len,
				 struct ev_error *err);

/*
 * Adds the rejects of other programs than evvalidate that a file has, or those files in a folder
 * which bear the names that programs give them by the batches of the results. After all results.
 */
enum ev_status ev_report_rejects(struct ev_report *r, const char *path, struct ev_error *err);

/* Writes the page of all results (at least one). */
enum ev_status ev_report_write(struct ev_report *r, struct ev_out *out, struct ev_error *err);

#endif
