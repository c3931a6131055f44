/*
 * JSON Schema's own test suite, draft 2020-12, under EVKIT_DATA: one assertion a file. Each test is
 * held against both evaluators. What is left out is listed below, with the reason, and shows as a
 * skip.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "io/in.h"
#include "model/jschema.h"
#include "support.h"
#include "tap.h"
#include "json/view.h"

#include <dirent.h>

#define FORMAT "formats are asserted here, the suite takes them for annotations"

/* test: NULL for all of the case; name: NULL for all of the file. */
static const struct {
	const char *file, *name, *test, *why;
} skips[] = {
	{"format.json", "email format", "invalid email string is only an annotation by default",
	 FORMAT},
	{"format.json", "regex format", "invalid regex string is only an annotation by default",
	 FORMAT},
	{"format.json", "ipv4 format", "invalid ipv4 string is only an annotation by default",
	 FORMAT},
	{"format.json", "ipv6 format", "invalid ipv6 string is only an annotation by default",
	 FORMAT},
	{"format.json", "hostname format",
	 "invalid hostname string is only an annotation by default", FORMAT},
	{"format.json", "date format", "invalid date string is only an annotation by default",
	 FORMAT},
	{"format.json", "date-time format",
	 "invalid date-time string is only an annotation by default", FORMAT},
	{"format.json", "time format", "invalid time string is only an annotation by default",
	 FORMAT},
	{"format.json", "json-pointer format",
	 "invalid json-pointer string is only an annotation by default", FORMAT},
	{"format.json", "uri format", "invalid uri string is only an annotation by default",
	 FORMAT},
	{"format.json", "uri-reference format",
	 "invalid uri-reference string is only an annotation by default", FORMAT},
	{"format.json", "uuid format", "invalid uuid string is only an annotation by default",
	 FORMAT},
	{"format.json", "duration format",
	 "invalid duration string is only an annotation by default", FORMAT},
	{"cross-draft.json", NULL, NULL, "other drafts are refused"},
};

static struct ev_scan *suite_scan;
static struct ev_buf base; /* the suite's folder */
struct count {
	int passed, failed, skipped;
};

static struct count total;

static const char *skipped(const char *file, const char *name, const char *test)
{
	for (size_t i = 0; i < sizeof skips / sizeof *skips; i++)
		if (strcmp(skips[i].file, file) == 0 &&
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

/*
 * The suite's remotes/draft2020-12 stands for http://localhost:1234/draft2020-12/. Nothing is
 * fetched here, so each file becomes a schema of the set with that $id; one with another $id of its
 * own gets a second schema beside it that refers to it.
 */
struct remotes {
	char **uris, **texts;
	size_t n;
};

static struct remotes remotes;

static void remotes_find(const char *folder)
{
	struct dirent **list;
	int n;
	struct ev_buf path = {0};

	ev_buf_printf(&path, "%s/remotes/draft2020-12%s", ev_buf_str(&base), folder);
	n = scandir(ev_buf_str(&path), &list, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		const char *name = list[i]->d_name;
		struct ev_buf inner = {0}, uri = {0}, text = {0};
		struct ev_error err;
		char *p;
		size_t len;

		ev_buf_printf(&inner, "%s/%s", folder, name);
		if (name[0] != '.' && strstr(name, ".json") == NULL) {
			remotes_find(ev_buf_str(&inner));
		} else if (name[0] != '.') {
			ev_buf_reset(&path);
			ev_buf_printf(&path, "%s/remotes/draft2020-12%s", ev_buf_str(&base),
				      ev_buf_str(&inner));
			ev_buf_printf(&uri, "http://localhost:1234/draft2020-12%s",
				      ev_buf_str(&inner));
			if (ev_in_slurp(ev_buf_str(&path), 1 << 20, &p, &len, &err) == EV_OK) {
				remotes.uris = ev_realloc_array(remotes.uris, remotes.n + 1,
								sizeof(char *));
				remotes.texts = ev_realloc_array(remotes.texts, remotes.n + 1,
								 sizeof(char *));
				remotes.uris[remotes.n] = ev_strdup(ev_buf_str(&uri));
				ev_buf_put(&text, p, len);
				remotes.texts[remotes.n++] = ev_strdup(ev_buf_str(&text));
				free(p);
			}
		}
		ev_buf_free(&inner);
		ev_buf_free(&uri);
		ev_buf_free(&text);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	ev_buf_free(&path);
}

static bool remote_add(struct ev_jschema_set *set, struct ev_scan *scan, size_t k)
{
	struct ev_buf text = {0};
	struct ev_error err;
	struct ev_flaw flaw;
	const struct ev_doc *d;
	uint32_t id;
	bool good;

	ev_buf_puts(&text, remotes.texts[k]);
	ev_buf_room(&text, EV_SCAN_SLACK);
	d = ev_scan(scan, text.p, text.len, &flaw);
	id = ev_member(d, 0, "$id", 3);
	if (id == EV_NOWHERE) {
		ev_buf_reset(&text);
		ev_buf_printf(&text, "{\"$id\":\"%s\",%s", remotes.uris[k],
			      strchr(remotes.texts[k], '{') + 1);
	}
	good = ev_jschema_text(set, remotes.uris[k], text.p, text.len, &err) != NULL;
	if (good && id != EV_NOWHERE &&
	    !ev_string_is(d, id, remotes.uris[k], strlen(remotes.uris[k]))) {
		struct ev_buf other = {0};
		size_t len;
		const char *p = ev_raw(d, id, &len);

		ev_buf_printf(&other, "{\"$id\":\"%s\",\"$ref\":%.*s}", remotes.uris[k], (int)len,
			      p);
		good = ev_jschema_text(set, remotes.uris[k], other.p, other.len, &err) != NULL;
		ev_buf_free(&other);
	}
	ev_buf_free(&text);
	return good;
}

/* They refer to one another, so again and again while it helps. */
static void remotes_add(struct ev_jschema_set *set)
{
	struct ev_scan *scan = ev_scan_new();
	bool *added = ev_calloc(remotes.n + 1, sizeof *added), more = true;

	while (more) {
		more = false;
		for (size_t k = 0; k < remotes.n; k++)
			if (!added[k] && remote_add(set, scan, k))
				added[k] = more = true;
	}
	free(added);
	ev_scan_free(&scan);
}

static void hold(const char *file, const char *name, const struct ev_doc *d, uint32_t test,
		 const struct ev_jschema *s, struct count *c)
{
	static struct ev_reasons reasons;
	char *about = text_of(d, test, "description");
	uint32_t data = ev_member(d, test, "data", 4), valid = ev_member(d, test, "valid", 5);
	bool want = ev_kind(d, valid) == EV_TRUE, fast, slow;

	if (skipped(file, name, about) != NULL) {
		skip(skipped(file, name, about), "%s: %s: %s", file, name, about);
		c->skipped++;
		free(about);
		return;
	}
	ev_reasons_reset(&reasons);
	fast = ev_jschema_valid(s, d, data, EV_NOWHERE);
	ev_jschema_explain(s, d, data, EV_NOWHERE, &reasons);
	slow = reasons.n == 0;
	if (fast == want && slow == want) {
		c->passed++;
	} else {
		c->failed++;
		diag("%s: %s: %s: must be %s, ev_jschema_valid says %s, "
		     "ev_jschema_explain has %zu reasons",
		     file, name, about, want ? "valid" : "invalid", fast ? "valid" : "invalid",
		     reasons.n);
	}
	ev_reasons_free(&reasons);
	free(about);
}

static void run_case(const char *file, const struct ev_doc *d, uint32_t at, struct count *c)
{
	char *name = text_of(d, at, "description");
	uint32_t schema = ev_member(d, at, "schema", 6), tests = ev_member(d, at, "tests", 5);
	struct ev_jschema_set *set;
	const struct ev_jschema *s;
	struct ev_error err;
	const char *p;
	size_t len;

	if (skipped(file, name, NULL) != NULL) {
		skip(skipped(file, name, NULL), "%s: %s", file, name);
		c->skipped += (int)d->nodes[tests].count;
		free(name);
		return;
	}
	p = ev_raw(d, schema, &len);
	set = ev_jschema_set_new(".");
	if (memmem(p, len, "localhost:1234", 14) != NULL)
		remotes_add(set);
	s = ev_jschema_text(set, file, p, len, &err);
	if (s == NULL) {
		diag("%s: %s: %s", file, name, err.text);
		c->failed += (int)d->nodes[tests].count;
	}
	for (uint32_t i = ev_first(d, tests); s != NULL && i < ev_end(d, tests); i = ev_next(d, i))
		hold(file, name, d, i, s, c);
	ev_jschema_set_free(&set);
	free(name);
}

static void run_file(const char *folder, const char *file)
{
	struct ev_buf path = {0};
	struct count c = {0};
	const struct ev_doc *d;
	struct ev_error err;
	struct ev_flaw flaw;
	size_t len;
	char *text;

	ev_buf_printf(&path, "%s/tests/draft2020-12/%s%s", ev_buf_str(&base), folder, file);
	if (ev_in_slurp(ev_buf_str(&path), 1 << 24, &text, &len, &err) != EV_OK ||
	    (d = ev_scan(suite_scan, text, len, &flaw)) == NULL) {
		ok(false, "%s%s cannot be read", folder, file);
		return;
	}
	for (uint32_t i = ev_first(d, 0); i < ev_end(d, 0); i = ev_next(d, i))
		run_case(file, d, i, &c);
	if (c.passed + c.failed > 0)
		ok(c.failed == 0, "%s%s: %d of %d tests", folder, file, c.passed,
		   c.passed + c.failed);
	total.passed += c.passed;
	total.failed += c.failed;
	total.skipped += c.skipped;
	free(text);
	ev_buf_free(&path);
}

static int is_json(const struct dirent *e)
{
	return strstr(e->d_name, ".json") != NULL;
}

static void run_folder(const char *folder)
{
	struct ev_buf path = {0};
	struct dirent **list;
	int n;

	ev_buf_printf(&path, "%s/tests/draft2020-12/%s", ev_buf_str(&base), folder);
	n = scandir(ev_buf_str(&path), &list, is_json, alphasort);
	for (int i = 0; i < n; i++) {
		run_file(folder, list[i]->d_name);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	ev_buf_free(&path);
	diag("%s: %d tests passed, %d failed, %d left out", *folder != '\0' ? folder : "required",
	     total.passed, total.failed, total.skipped);
	total = (struct count){0};
}

int main(void)
{
	const char *folder = data_path("json-schema-test-suite");

	if (folder == NULL) {
		puts("1..0 # skip there is no json-schema-test-suite under EVKIT_DATA");
		return 0;
	}
	ev_buf_puts(&base, folder);
	suite_scan = ev_scan_new();
	remotes_find("");
	run_folder("");
	run_folder("optional/");
	run_folder("optional/format/");
	ev_scan_free(&suite_scan);
	for (size_t k = 0; k < remotes.n; k++) {
		free(remotes.uris[k]);
		free(remotes.texts[k]);
	}
	free(remotes.uris);
	free(remotes.texts);
	ev_buf_free(&base);
	return done();
}
