#include "profile/words.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Whether a word begins at a letter: userId, ClientIP, HTTPStatus. */
static bool begins_word(const char *p, size_t i, size_t len)
{
	if (i == 0 || !is_upper(p[i]))
		return false;
	return is_lower(p[i - 1]) || is_digit(p[i - 1]) ||
	       (is_upper(p[i - 1]) && i + 1 < len && is_lower(p[i + 1]));
}

void ev_words_of(const char *name, size_t len, char out[EV_WORDS])
{
	size_t n = 0;

	for (size_t i = 0; i < len && n + 2 < EV_WORDS; i++) {
		const char c = name[i];
		const bool letter = is_upper(c) || is_lower(c) || is_digit(c);

		if (n > 0 && out[n - 1] != '_' && (!letter || begins_word(name, i, len)))
			out[n++] = '_';
		if (letter)
			out[n++] = (char)(is_upper(c) ? c | 0x20 : c);
	}
	while (n > 0 && out[n - 1] == '_')
		n--;
	out[n] = '\0';
}

/* By enum ev_word_list: words apart by spaces. */
static const char *const lists[] = {
	[EV_WORDS_ID] = "event_id event_uuid id uuid guid message_id msg_id delivery_id key",
	[EV_WORDS_ID_LAST] = "id uuid guid key no nr number ref reference cursor sku",
	[EV_WORDS_TYPE] =
		"event_type type event event_name kind topic detail_type table table_name "
		"record_type",
	[EV_WORDS_SCOPE] =
		"source type event_type event kind topic table tenant shop store site account",
	[EV_WORDS_TIME] =
		"event_timestamp event_time occurred_at timestamp time at ts event_date created_at "
		"created create_time ts_ms op_ts date order_date",
	[EV_WORDS_TIME_LAST] = "timestamp time at ts date datetime tm on day es ms us",
	[EV_WORDS_MODIFIED] =
		"modified_at updated_at modified updated last_modified update_time modified_time "
		"last_updated",
	[EV_WORDS_VERSION] = "version rev revision event_version object_version seq sequence",
	[EV_WORDS_OP] = "op operation op_type event_type type event action",
	[EV_WORDS_DID] = "c r u d i insert update delete create read upsert put patch load "
			 "update_before update_after bootstrap_insert",
	[EV_WORDS_IGNORE] = "received_at ingested_at ingest_time ingestion_time collected_at "
			    "arrived_at loaded_at delivered_at",
	[EV_WORDS_DELETED] = "d delete",
	[EV_WORDS_OTHER] = "customer client user account member person product item article sku "
			   "variant category store shop site seller vendor supplier merchant "
			   "employee session visitor device parent related",
	[EV_WORDS_AMOUNT_LAST] =
		"total amount revenue price sum cost fee tax balance value paid subtotal discount "
		"shipping weight rate open close high low volume",
	[EV_WORDS_COUNT_LAST] = "quantity qty count pieces units size bytes length duration secs "
				"seconds",
	[EV_WORDS_CURRENCY_LAST] = "currency",
	[EV_WORDS_CLOSED_LAST] = "status state gender severity priority level",
};

/* The last word of a name in place of all of it. */
static bool is_of_last(enum ev_word_list list)
{
	return list == EV_WORDS_ID_LAST || list == EV_WORDS_TIME_LAST ||
	       list >= EV_WORDS_AMOUNT_LAST;
}

int ev_words_rank(const char *words, enum ev_word_list list)
{
	const char *last = strrchr(words, '_');
	size_t len;
	int rank = 0;

	if (last != NULL && is_of_last(list))
		words = last + 1;
	len = strlen(words);
	for (const char *p = lists[list]; len > 0; rank++) {
		size_t word = strcspn(p, " ");

		if (word == len && memcmp(p, words, len) == 0)
			return rank;
		if (p[word] == '\0')
			break;
		p += word + 1;
	}
	return EV_NO_WORD;
}

bool ev_taken_has(const struct ev_taken *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcasecmp(t->list[i], name) == 0)
			return true;
	return false;
}

static bool with_key_has(const struct ev_taken *t, const char *name)
{
	char key[EV_WORDS + sizeof "_key"];
	size_t len = strlen(name);

	if (ev_taken_has(t, name))
		return true;
	snprintf(key, sizeof key, "%s_key", name);
	if (ev_taken_has(t, key))
		return true;
	/* The column itself may be what another one's key is called. */
	if (len > 4 && strcmp(name + len - 4, "_key") == 0) {
		key[len - 4] = '\0';
		return ev_taken_has(t, key);
	}
	return false;
}

/* Names that evkit, SQLite and PostgreSQL have for themselves. */
static bool is_reserved(const char *name)
{
	static const char *const reserved[] = {"ctid", "tableoid", "xmin", "xmax",
					       "cmin", "cmax",	   "ev",   NULL};

	for (int i = 0; reserved[i] != NULL; i++)
		if (strcmp(name, reserved[i]) == 0)
			return true;
	return strncmp(name, "ev_", 3) == 0 || strncmp(name, "sqlite_", 7) == 0 ||
	       strncmp(name, "pg_", 3) == 0;
}

const char *ev_taken_name(struct ev_taken *t, const char *name, size_t len)
{
	enum { ROOM = 6 }; /* for _12345 */
	char base[EV_WORDS], words[EV_WORDS + 2];
	struct ev_buf out = {0};

	ev_words_of(name, len, base);
	if (base[0] == '\0')
		memcpy(base, "unnamed", sizeof "unnamed");
	snprintf(words, sizeof words, "x_%s", base);
	name = is_digit(base[0]) || is_reserved(base) ? words : base;
	len = strnlen(name, EV_COLUMN_NAME - ROOM);
	for (unsigned i = 1;; i++) {
		ev_buf_reset(&out);
		ev_buf_put(&out, name, len);
		if (i > 1)
			ev_buf_printf(&out, "_%u", i);
		if (!with_key_has(t, ev_buf_str(&out)))
			break;
	}
	t->list = ev_realloc_array(t->list, t->n + 1, sizeof *t->list);
	t->list[t->n] = ev_strdup(ev_buf_str(&out));
	ev_buf_free(&out);
	return t->list[t->n++];
}

void ev_taken_free(struct ev_taken *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->list[i]);
	free(t->list);
	*t = (struct ev_taken){0};
}
