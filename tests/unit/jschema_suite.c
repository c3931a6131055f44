/*
 * JSON Schema's own test suite under EVKIT_DATA, drafts 2020-12 and 07: one assertion a file. Each
 * test is held against both evaluators. What is left out is listed below, with the reason, and
 * shows as a skip.
 *
 * With a folder as its argument it judges nothing and writes there, for tests/json-schema.t, what
 * to run through the program: for each case N.json, its schema; N.jsonl, the values, one a line;
 * want/N, those lines that are valid; and in the file "cases" a line "N draft formats file: case".
 */
#include "base/buf.h"
#include "base/mem.h"
#include "io/in.h"
#include "schema/schema.h"
#include "support.h"
#include "tap.h"
#include "json/view.h"

#include <dirent.h>
#include <sys/stat.h>

/*
 * formats: the required part wants `format` to be an annotation, and the others that it is
 * asserted. Schemas of draft 07 have no $schema there.
 */
static const struct part {
	const char *folder, *draft;
	bool formats;
} parts[] = {
	{"draft2020-12/", "2020-12", false},
	{"draft2020-12/optional/", "2020-12", true},
	{"draft2020-12/optional/format/", "2020-12", true},
	{"draft7/", "draft-07", false},
	{"draft7/optional/", "draft-07", true},
	{"draft7/optional/format/", "draft-07", true},
};

/* Left out. name: NULL for all of the file; test: NULL for all of the case. */
static const struct {
	const char *folder, *file, *name, *test, *why;
} skips[] = {
	{"draft7/optional/", "content.json", NULL, NULL, "what a text encodes is not looked into"},
};

static struct ev_scan *suite_scan;
static struct ev_buf base; /* the suite's folder */
static const char *split;  /* the folder to write to, or NULL */
static FILE *cases;
static unsigned n_cases;

struct count {
	int passed, failed, skipped;
};

static const char *skipped(const struct part *part, const char *file, const char *name,
			   const char *test)
{
	for (size_t i = 0; i < sizeof skips / sizeof *skips; i++)
		if (strcmp(skips[i].folder, part->folder) == 0 &&
		    strcmp(skips[i].file, file) == 0 &&
		    (skips[i].name == NULL || strcmp(skips[i].name, name) == 0) &&
		    (skips[i].test == NULL || (test != NULL && strcmp(skips[i].test, test) == 0)))
			return skips[i].why;
	return NULL;
}

static char *text_of(const struct ev_doc *d, uint32_t object, const char *name)
{
	struct ev_buf scratch = {0};
	uint32_t v = ev_member(d, object, name, strlen(name));
	size_t len = 0;
	const char *p = v != EV_NOWHERE ? ev_string(d, v, &scratch, &len) : "";
	char *copy = ev_strndup(p, len);

	ev_buf_free(&scratch);
	return copy;
}

static void hold(const struct part *part, const char *file, const char *name,
		 const struct ev_doc *d, uint32_t test, const struct ev_schema *s, struct count *c)
{
	static struct ev_reasons reasons;
	char *about = text_of(d, test, "description");
	uint32_t data = ev_member(d, test, "data", 4), valid = ev_member(d, test, "valid", 5);
	bool want = ev_kind(d, valid) == EV_TRUE, fast, slow;

	if (skipped(part, file, name, about) != NULL) {
		skip(skipped(part, file, name, about), "%s: %s: %s", file, name, about);
		c->skipped++;
		free(about);
		return;
	}
	ev_reasons_reset(&reasons);
	fast = ev_schema_valid(s, d, data, EV_NOWHERE);
	ev_schema_explain(s, d, data, EV_NOWHERE, &reasons);
	slow = reasons.n == 0;
	if (fast == want && slow == want) {
		c->passed++;
	} else {
		c->failed++;
		diag("%s: %s: %s: must be %s, ev_schema_valid says %s, "
		     "ev_schema_explain has %zu reasons",
		     file, name, about, want ? "valid" : "invalid", fast ? "valid" : "invalid",
		     reasons.n);
	}
	ev_reasons_free(&reasons);
	free(about);
}

static FILE *create(const char *name)
{
	struct ev_buf path = {0};
	FILE *f;

	ev_buf_printf(&path, "%s/%s", split, name);
	if ((f = fopen(ev_buf_str(&path), "w")) == NULL) {
		perror(ev_buf_str(&path));
		exit(2);
	}
	ev_buf_free(&path);
	return f;
}

/* As it stands in the suite, but on one line: no string has a raw line feed in it. */
static void put_line(FILE *f, const struct ev_doc *d, uint32_t at)
{
	size_t len;
	const char *p = ev_raw(d, at, &len);

	for (size_t i = 0; i < len; i++)
		putc(p[i] == '\n' ? ' ' : p[i], f);
	putc('\n', f);
}

static void split_case(const struct part *part, const char *file, const char *name,
		       const struct ev_doc *d, uint32_t schema, uint32_t tests)
{
	char name_of_schema[32], name_of_values[32], name_of_want[32];
	FILE *values, *want, *text;
	unsigned n = ++n_cases;

	snprintf(name_of_schema, sizeof name_of_schema, "%u.json", n);
	snprintf(name_of_values, sizeof name_of_values, "%u.jsonl", n);
	snprintf(name_of_want, sizeof name_of_want, "want/%u", n);
	text = create(name_of_schema);
	values = create(name_of_values);
	want = create(name_of_want);
	fprintf(cases, "%u %s %s %s: %s\n", n, part->draft, part->formats ? "assert" : "annotate",
		file, name);
	put_line(text, d, schema);
	for (uint32_t i = ev_first(d, tests); i < ev_end(d, tests); i = ev_next(d, i)) {
		uint32_t data = ev_member(d, i, "data", 4);

		put_line(values, d, data);
		if (ev_kind(d, ev_member(d, i, "valid", 5)) == EV_TRUE)
			put_line(want, d, data);
	}
	if (fclose(values) != 0 || fclose(want) != 0 || fclose(text) != 0)
		exit(2);
}

static void run_case(const struct part *part, const char *file, const struct ev_doc *d, uint32_t at,
		     struct count *c)
{
	char *name = text_of(d, at, "description");
	uint32_t schema = ev_member(d, at, "schema", 6), tests = ev_member(d, at, "tests", 5);
	struct ev_schema_set *set;
	const struct ev_schema *s = NULL;
	struct ev_buf remotes = {0};
	struct ev_error err;
	const char *p;
	size_t len;

	if (skipped(part, file, name, NULL) != NULL) {
		if (split == NULL)
			skip(skipped(part, file, name, NULL), "%s: %s", file, name);
		c->skipped += (int)d->nodes[tests].count;
		free(name);
		return;
	}
	if (split != NULL) {
		split_case(part, file, name, d, schema, tests);
		free(name);
		return;
	}
	p = ev_raw(d, schema, &len);
	set = ev_schema_set_new(".");
	ev_buf_printf(&remotes, "%s/remotes", ev_buf_str(&base));
	ev_schema_set_formats(set, part->formats);
	if (ev_schema_set_draft(set, part->draft) &&
	    ev_schema_set_map(set, ev_buf_str(&remotes), "http://localhost:1234", &err))
		s = ev_schema_text(set, file, p, len, &err);
	if (s == NULL) {
		diag("%s: %s: %s", file, name, err.text);
		c->failed += (int)d->nodes[tests].count;
	}
	for (uint32_t i = ev_first(d, tests); s != NULL && i < ev_end(d, tests); i = ev_next(d, i))
		hold(part, file, name, d, i, s, c);
	ev_schema_set_free(&set);
	ev_buf_free(&remotes);
	free(name);
}

static void run_file(const struct part *part, const char *file, struct count *total)
{
	struct ev_buf path = {0};
	struct count c = {0};
	const struct ev_doc *d;
	struct ev_error err;
	struct ev_flaw flaw;
	size_t len;
	char *text;

	ev_buf_printf(&path, "%s/tests/%s%s", ev_buf_str(&base), part->folder, file);
	if (ev_in_slurp(ev_buf_str(&path), 1 << 24, &text, &len, &err) != EV_OK ||
	    (d = ev_scan(suite_scan, text, len, &flaw)) == NULL) {
		ok(false, "%s%s cannot be read", part->folder, file);
		return;
	}
	for (uint32_t i = ev_first(d, 0); i < ev_end(d, 0); i = ev_next(d, i))
		run_case(part, file, d, i, &c);
	if (c.passed + c.failed > 0)
		ok(c.failed == 0, "%s%s: %d of %d tests", part->folder, file, c.passed,
		   c.passed + c.failed);
	total->passed += c.passed;
	total->failed += c.failed;
	total->skipped += c.skipped;
	free(text);
	ev_buf_free(&path);
}

static int is_json(const struct dirent *e)
{
	return strstr(e->d_name, ".json") != NULL;
}

static void run_part(const struct part *part)
{
	struct ev_buf path = {0};
	struct count total = {0};
	struct dirent **list;
	int n;

	ev_buf_printf(&path, "%s/tests/%s", ev_buf_str(&base), part->folder);
	n = scandir(ev_buf_str(&path), &list, is_json, alphasort);
	for (int i = 0; i < n; i++) {
		run_file(part, list[i]->d_name, &total);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	ev_buf_free(&path);
	if (split == NULL)
		diag("%s: %d tests passed, %d failed, %d left out", part->folder, total.passed,
		     total.failed, total.skipped);
}

int main(int argc, char **argv)
{
	const char *folder = data_path("json-schema-test-suite");

	if (folder == NULL) {
		puts("1..0 # skip there is no json-schema-test-suite under EVKIT_DATA");
		return 0;
	}
	ev_buf_puts(&base, folder);
	suite_scan = ev_scan_new();
	if (argc > 1) {
		struct ev_buf want = {0};

		split = argv[1];
		ev_buf_printf(&want, "%s/want", split);
		if (mkdir(ev_buf_str(&want), 0777) != 0)
			perror(ev_buf_str(&want));
		ev_buf_free(&want);
		cases = create("cases");
	}
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		run_part(&parts[i]);
	ev_scan_free(&suite_scan);
	ev_buf_free(&base);
	if (split != NULL)
		return fclose(cases) != 0;
	return done();
}
