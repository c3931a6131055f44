#include "model/jq.h"

#include "base/mem.h"

#include <jq.h>
#include <jv.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct ev_jq {
	jq_state *state;
	struct ev_buf message; /* the first that libjq had when it compiled */
};

enum { LONGEST_MESSAGE = 400 };

static void out_of_memory(void *data)
{
	(void)data;
	ev_oom();
}

/* One line of what libjq has to say, without what evkit says better. */
static void put_message(const char *p, size_t len, struct ev_buf *out)
{
	static const char *const ends[] = {" (while parsing", " (Unix shell quoting", "\n"};
	static const char head[] = "jq: error: ";

	if (len > sizeof head - 1 && memcmp(p, head, sizeof head - 1) == 0) {
		p += sizeof head - 1;
		len -= sizeof head - 1;
	}
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		const char *end = memmem(p, len, ends[i], strlen(ends[i]));

		if (end != NULL)
			len = (size_t)(end - p);
	}
	if (len > LONGEST_MESSAGE)
		for (len = LONGEST_MESSAGE; len > 0 && (p[len] & 0xc0) == 0x80;)
			len--;
	if (len == 0)
		ev_buf_puts(out, "an error without a text");
	for (size_t i = 0; i < len; i++)
		ev_buf_putc(out, (unsigned char)p[i] < 0x20 || p[i] == 0x7f ? '?' : p[i]);
}

static void put_value(jv v, struct ev_buf *out)
{
	if (jv_get_kind(v) != JV_KIND_STRING)
		v = jv_dump_string(v, 0);
	put_message(jv_string_value(v), (size_t)jv_string_length_bytes(jv_copy(v)), out);
	jv_free(v);
}

static void on_message(void *data, jv message)
{
	struct ev_jq *q = data;

	if (q->message.len == 0)
		put_value(message, &q->message);
	else
		jv_free(message);
}

/* libjq reads $HOME/.jq into every program, and a rule must not depend on it. */
static int compile_without_home(jq_state *state, const char *program)
{
	const char *home = getenv("HOME");
	char *kept = home != NULL ? ev_strdup(home) : NULL;
	int good;

	unsetenv("HOME");
	good = jq_compile(state, program);
	if (kept != NULL && setenv("HOME", kept, 1) != 0)
		ev_oom();
	free(kept);
	return good;
}

struct ev_jq *ev_jq_compile(const char *program, struct ev_error *err)
{
	struct ev_jq *q = ev_calloc(1, sizeof *q);

	jv_nomem_handler(out_of_memory, NULL);
	q->state = jq_init();
	if (q->state == NULL)
		ev_oom();
	jq_set_error_cb(q->state, on_message, q);
	if (!compile_without_home(q->state, program)) {
		ev_fail(err, "jq: %s",
			q->message.len != 0 ? ev_buf_str(&q->message) : "this is no program");
		ev_jq_free(&q);
		return NULL;
	}
	return q;
}

void ev_jq_free(struct ev_jq **q)
{
	if (*q == NULL)
		return;
	jq_teardown(&(*q)->state);
	ev_buf_free(&(*q)->message);
	free(*q);
	*q = NULL;
}

static enum ev_status failed(jv invalid, struct ev_buf *why)
{
	put_value(jv_invalid_get_msg(invalid), why);
	return EV_REJECT;
}

enum ev_status ev_jq_test(struct ev_jq *q, const char *json, size_t len, bool *holds,
			  struct ev_buf *why)
{
	enum ev_status status = EV_OK;
	bool falsy = false, any = false;
	jv v;

	*holds = false;
	ev_buf_reset(why);
	if (len > INT_MAX) {
		ev_buf_puts(why, "the record is too long for libjq");
		return EV_REJECT;
	}
	v = jv_parse_sized(json, (int)len);
	if (!jv_is_valid(v))
		return failed(v, why);
	jq_start(q->state, v, 0);
	while (!falsy && jv_is_valid(v = jq_next(q->state))) {
		any = true;
		falsy = jv_get_kind(v) == JV_KIND_NULL || jv_get_kind(v) == JV_KIND_FALSE;
		jv_free(v);
	}
	if (!falsy) {
		if (jv_invalid_has_msg(jv_copy(v)))
			status = failed(v, why);
		else
			jv_free(v);
	}
	*holds = any && !falsy;
	return status;
}
