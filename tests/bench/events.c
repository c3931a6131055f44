/*
 * events: writes checkout events to measure with, JSON Lines that examples/checkout accepts.
 *
 *     events [--shuffle] [--spoil[=N]] [--seed=N] [--past=N] [--census] BYTES
 *
 * --shuffle  the members of every object in random order
 * --spoil    behind N of 1000 lines (default 10) a copy of the line, broken in one of many ways
 * --seed     other events (default 1)
 * --past     as if N lines had been before: of the lines 1% are updates of one of their events,
 *            any as likely, and all others are new; days that follow one another are made so
 * --census   says on standard error, as JSON, what was written
 *
 * BYTES may end in k, M or G (powers of 1000). It counts the lines that are not broken, so what is
 * left when the broken ones are taken out is the same file with and without --spoil; likewise
 * --shuffle changes nothing but the order of members. The same arguments give the same bytes on
 * every machine.
 *
 * Of the lines 5% are redeliveries, byte for byte, of one of the last 65,536 events, and 8% are
 * updates of one, with the next version (up to 4) and a later time; of the new events 10% come up
 * to ten minutes late. A line is a function of its event's seed and version alone, so what is sent
 * again is made again.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define START	 INT64_C(1772323200000) /* 2026-03-01T00:00:00Z, in milliseconds */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum {
	RECENT = 1 << 16, /* events that may be sent again or updated */
	USERS = 2000000,
	ARTICLES = 50000,
	REDELIVERED = 50, /* of 1000 lines */
	UPDATED = 80,	  /* of 1000 lines */
	LAST_VERSION = 4,
	LATE = 600000,	  /* milliseconds at most */
	STEP = 40,	  /* milliseconds between new events at most */
	LINE_OF_DAY = 86, /* milliseconds between lines with --past: a day has a million */
	MAX_ITEMS = 4,
	MAX_MEMBERS = 16,
	MAX_LINE = 1 << 14,
};

/* ---- chance ---------------------------------------------------------------- */

struct chance {
	uint64_t state;
};

/* A permutation of 64 bits in which each bit depends on all (the finaliser of splitmix64). */
static uint64_t mix(uint64_t z)
{
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* splitmix64 (Steele, Lea, Flood 2014) */
static uint64_t draw(struct chance *c)
{
	return mix(c->state += UINT64_C(0x9e3779b97f4a7c15));
}

static unsigned below(struct chance *c, unsigned n)
{
	return (unsigned)((draw(c) >> 32) * n >> 32);
}

/* ---- the shop -------------------------------------------------------------- */

enum type {
	ADDED,
	REMOVED,
	CHECKED_OUT,
	AUTHORIZED,
	FAILED,
	COMPLETED,
	MODIFIED,
	CANCELLED,
	SHIPPED,
	ISSUED,
	REQUESTED,
	REFUNDED,
	PAID_BACK,
};

/* share: of 100 events */
static const struct {
	const char *name;
	unsigned share;
} types[] = {
	[ADDED] = {"ArticleAddedToCart", 25},
	[REMOVED] = {"ArticleRemovedFromCart", 6},
	[CHECKED_OUT] = {"CartCheckedOut", 12},
	[AUTHORIZED] = {"PaymentAuthorized", 12},
	[FAILED] = {"PaymentFailed", 6},
	[COMPLETED] = {"OrderCompleted", 12},
	[MODIFIED] = {"OrderModified", 6},
	[CANCELLED] = {"OrderCancelled", 3},
	[SHIPPED] = {"ShipmentCreated", 6},
	[ISSUED] = {"TicketIssued", 5},
	[REQUESTED] = {"TicketRefundRequested", 2},
	[REFUNDED] = {"TicketRefunded", 3},
	[PAID_BACK] = {"RefundCompleted", 2},
};

/* As the inside of a JSON string, in the spellings that the shop's systems chose. */
static const char *const articles[] = {
	"Day ticket",
	"Night \\\"Owl\\\" ticket",
	"Menü für zwei",
	"Programme 2026\\/27",
	"Chœur – loge réservée",
	"大阪ツアー",
	"Bus \\u0026 entrance",
	"Child ticket",
	"Voucher 25",
	"Scarf, red",
	"Front row\\nseat 12",
	"Senior ticket reduced",
	"Fireworks 🎆",
	"Cloakroom",
	"Friends pass 3+1",
	"Sweater Łódź",
};
static const char *const currencies[] = {"EUR", "USD", "GBP", "CHF", "PLN", "SEK"};
static const char *const channels[] = {"web", "ios", "android", "pos", "partner-api"};
static const char *const agents[] = {
	"Mozilla/5.0 (Macintosh; Intel Mac OS X 14_4) AppleWebKit/605.1.15 Safari/605.1.15",
	"Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/123.0 Mobile",
	"ticketapp/6.2.0 (iPhone15,2; iOS 17.4)",
	"python-requests/2.31.0",
	"till/3.1",
	"Mozilla/5.0 (Windows NT 10.0; rv:124.0) Gecko/20100101 Firefox/124.0",
};
static const char *const people[] = {
	"Ada Berg", "Jürgen Weiß", "Chloé Dubois", "Ngô Thị Mai", "Ola O\\u2019Hara", "李小龙",
};
static const char *const methods[] = {"card", "ideal", "paypal", "voucher", "cash"};
static const char *const failures[] = {"no funds", "3-D Secure timed out", "card expired"};
static const char *const cancels[] = {"customer", "fraud", "sold_out", "event_called_off"};
static const char *const returns[] = {"ill", "changed_mind", "event_moved", "bought_twice"};

struct event {
	uint64_t seed;
	int64_t ms;
	enum type type;
	unsigned version;
};

/* ---- a line ---------------------------------------------------------------- */

static char line[MAX_LINE];
static size_t line_len;
static bool shuffle;
static struct chance order; /* of members; apart, so that it changes nothing else */

static void put(const char *p, size_t len)
{
	if (len > sizeof line - line_len) {
		fputs("events: a line is too long\n", stderr);
		exit(2);
	}
	memcpy(line + line_len, p, len);
	line_len += len;
}

static void text(const char *s)
{
	put(s, strlen(s));
}

/* At least `least` decimal digits. */
static void number(uint64_t v, int least)
{
	char digits[20];
	int n = 0;

	do {
		digits[sizeof digits - (size_t)++n] = (char)('0' + v % 10);
	} while ((v /= 10) != 0 || n < least);
	put(digits + sizeof digits - n, (size_t)n);
}

static void quoted(const char *s)
{
	put("\"", 1);
	text(s);
	put("\"", 1);
}

static void money(unsigned cents)
{
	number(cents / 100, 1);
	put(".", 1);
	number(cents % 100, 2);
}

/* A UUID of version 4 (RFC 9562) in quotes. */
static void uuid(uint64_t a, uint64_t b)
{
	char out[38];
	size_t n = 0;

	a = (a & ~UINT64_C(0xf000)) | 0x4000;
	b = (b & ~(UINT64_C(3) << 62)) | UINT64_C(2) << 62;
	out[n++] = '"';
	for (unsigned i = 0; i < 32; i++) {
		if (i == 8 || i == 12 || i == 16 || i == 20)
			out[n++] = '-';
		out[n++] = "0123456789abcdef"[(i < 16 ? a : b) >> (60 - 4 * (i & 15)) & 15];
	}
	out[n++] = '"';
	put(out, n);
}

static void stamp(int64_t ms)
{
	static time_t day = -1;
	static char date[32];
	time_t s = (time_t)(ms / 1000);
	struct tm tm;

	if (s / 86400 != day) {
		day = s / 86400;
		strftime(date, sizeof date, "\"%Y-%m-%dT", gmtime_r(&s, &tm));
	}
	text(date);
	number((uint64_t)(s / 3600 % 24), 2);
	put(":", 1);
	number((uint64_t)(s / 60 % 60), 2);
	put(":", 1);
	number((uint64_t)(s % 60), 2);
	put(".", 1);
	number((uint64_t)(ms % 1000), 3);
	put("Z\"", 2);
}

/* An object under construction: where in the line its members begin. */
struct object {
	size_t at[MAX_MEMBERS + 1];
	size_t n;
};

static void begin(struct object *o)
{
	o->n = 0;
	put("{", 1);
}

/* The value is put next. */
static void member(struct object *o, const char *name)
{
	if (o->n > 0)
		put(",", 1);
	o->at[o->n++] = line_len;
	quoted(name);
	put(":", 1);
}

static void end(struct object *o)
{
	static char copy[MAX_LINE];
	size_t from = o->at[0], turn[MAX_MEMBERS];

	o->at[o->n] = line_len + 1; /* as if a comma stood behind the last one too */
	if (shuffle && o->n > 1) {
		memcpy(copy, line + from, line_len - from);
		line_len = from;
		for (size_t i = 0; i < o->n; i++) {
			size_t k = below(&order, (unsigned)i + 1);

			turn[i] = i;
			turn[i] = turn[k];
			turn[k] = i;
		}
		for (size_t i = 0; i < o->n; i++) {
			if (i > 0)
				put(",", 1);
			put(copy + o->at[turn[i]] - from, o->at[turn[i] + 1] - o->at[turn[i]] - 1);
		}
	}
	put("}", 1);
}

/* Returns what they cost together, in cents. */
static unsigned items(struct chance *c)
{
	unsigned r = below(c, 100), n = r < 70 ? 1 : r < 93 ? 2 : r < 98 ? 3 : MAX_ITEMS, sum = 0;

	put("[", 1);
	for (unsigned i = 0; i < n; i++) {
		unsigned sku = below(c, ARTICLES), qty = 1 + below(c, 4), price = below(c, 15000);
		struct object o;

		if (i > 0)
			put(",", 1);
		begin(&o);
		member(&o, "sku");
		put("\"SKU-", 5);
		number(sku, 6);
		put("\"", 1);
		member(&o, "name");
		quoted(articles[sku % COUNT(articles)]);
		member(&o, "qty");
		number(qty, 1);
		member(&o, "price");
		money(price);
		end(&o);
		sum += qty * price;
	}
	put("]", 1);
	return sum;
}

static void tickets(struct chance *c)
{
	unsigned first = below(c, 1000000000), n = 1 + below(c, MAX_ITEMS);

	put("[", 1);
	for (unsigned i = 0; i < n; i++) {
		put(i > 0 ? ",\"T" : "\"T", i > 0 ? 3 : 2);
		number((uint64_t)first + i, 10);
		put("\"", 1);
	}
	put("]", 1);
}

static void refund(struct chance *c, bool paid_back)
{
	unsigned paid = 1 + below(c, 30000), back = below(c, paid + 1);
	bool voucher = paid_back && below(c, 5) == 0;
	char code[16];
	struct object o;

	begin(&o);
	member(&o, "amount");
	money(back);
	member(&o, "paid");
	money(paid);
	if (paid_back) {
		member(&o, "method");
		quoted(voucher ? "voucher" : "original");
	}
	if (voucher) {
		snprintf(code, sizeof code, "V-%08X", below(c, UINT32_MAX));
		member(&o, "voucher");
		quoted(code);
	}
	end(&o);
}

static void customer(struct chance *c, unsigned user)
{
	struct object o;

	begin(&o);
	member(&o, "name");
	quoted(people[user % COUNT(people)]);
	if (below(c, 2)) {
		member(&o, "email");
		put("\"client", 7);
		number(user, 1);
		put("@example.org\"", 13);
	}
	end(&o);
}

static void address(struct chance *c)
{
	put("\"", 1);
	number(1 + below(c, 223), 1);
	for (int i = 0; i < 3; i++) {
		put(".", 1);
		number(below(c, 256), 1);
	}
	put("\"", 1);
}

#define ANY(c, list) quoted((list)[below(c, COUNT(list))])

/* What only some types say. */
static void details(struct object *o, struct chance *c, enum type type)
{
	if (type == AUTHORIZED) {
		member(o, "method");
		ANY(c, methods);
	} else if (type == FAILED) {
		member(o, "failure");
		ANY(c, failures);
	} else if (type == CANCELLED) {
		member(o, "reason");
		ANY(c, cancels);
	} else if (type == SHIPPED) {
		member(o, "tracking");
		put("\"https://parcels.example.com/", 29);
		number(below(c, 1000000), 6);
		put("\"", 1);
	} else if (type == ISSUED) {
		member(o, "tickets");
		tickets(c);
	} else if (type == REQUESTED || type == PAID_BACK) {
		member(o, "reason");
		ANY(c, returns);
		member(o, "refund");
		refund(c, type == PAID_BACK);
	}
}

static void metadata(struct chance *c, enum type type, unsigned user)
{
	bool basket = type != REQUESTED && type != PAID_BACK;
	struct object o;
	unsigned sum;

	begin(&o);
	member(&o, "currency");
	ANY(c, currencies);
	if (type != PAID_BACK) {
		member(&o, "items");
		sum = items(c);
		if (basket) {
			member(&o, type == ISSUED ? "total" : "amount");
			money(sum);
		}
	}
	member(&o, "channel");
	ANY(c, channels);
	details(&o, c, type);
	member(&o, "ip");
	address(c);
	member(&o, "user_agent");
	ANY(c, agents);
	if (basket && below(c, 4) == 0) {
		member(&o, "coupon");
		text("null");
		member(&o, "is_guest");
		text(below(c, 2) ? "true" : "false");
	}
	if (basket && below(c, 8) == 0) {
		member(&o, "customer");
		customer(c, user);
	}
	end(&o);
}

/* Writes the line of an event, without its line feed. */
static void render(const struct event *e)
{
	/* What all versions share, and what each says. */
	struct chance whose = {e->seed}, what = {mix(e->seed) + e->version};
	uint64_t a = draw(&whose), b = draw(&whose);
	unsigned user = below(&whose, USERS);
	struct object o;

	line_len = 0;
	order.state = ~what.state;
	begin(&o);
	member(&o, "event_id");
	uuid(a, b);
	member(&o, "event_type");
	quoted(types[e->type].name);
	member(&o, "event_timestamp");
	stamp(e->ms);
	member(&o, "user_id");
	uuid(mix(user), mix(~(uint64_t)user));
	member(&o, "related_id");
	a = draw(&whose);
	b = draw(&whose);
	uuid(a, b);
	member(&o, "version");
	number(e->version, 1);
	member(&o, "metadata");
	metadata(&what, e->type, user);
	end(&o);
}

/* ---- broken lines ---------------------------------------------------------- */

struct way;
typedef bool breaker(const struct way *w, struct chance *c);

/*
 * A way to break a line, and the code of the reject that it must become in evvalidate. False, with
 * the line as it was, if it cannot be broken so.
 */
struct way {
	const char *code;
	breaker *apply;
	const char *find, *put; /* of `replace` */
};

/* The last place of `find` in the line with at most `skip` others before it. Returns how many. */
static size_t places(const char *find, size_t skip, char **at)
{
	size_t n = 0;
	char *p = line;

	while (n <= skip &&
	       (p = memmem(p, (size_t)(line + line_len - p), find, strlen(find))) != NULL) {
		*at = p++;
		n++;
	}
	return n;
}

/* Any place of `find`, each as likely; NULL if there is none. */
static char *place(const char *find, struct chance *c)
{
	char *at = NULL;
	size_t n = places(find, SIZE_MAX - 1, &at);

	if (n > 0)
		places(find, below(c, (unsigned)n), &at);
	return at;
}

/* Puts `put` where `find` stands. */
static bool replace(const struct way *w, struct chance *c)
{
	size_t old = strlen(w->find), new = strlen(w->put);
	char *at = place(w->find, c);

	if (at == NULL)
		return false;
	memmove(at + new, at + old, (size_t)(line + line_len - at) - old);
	memcpy(at, w->put, new);
	line_len = line_len - old + new;
	return true;
}

/* Cut short, but not within a character. */
static bool cut(const struct way *w, struct chance *c)
{
	(void)w;
	line_len = 1 + below(c, (unsigned)line_len - 1);
	while (((unsigned char)line[line_len] & 0xc0) == 0x80)
		line_len--;
	return true;
}

static bool nul(const struct way *w, struct chance *c)
{
	(void)w;
	*place(",\"", c) = '\0';
	return true;
}

/* Two lines that lost the line feed between them. */
static bool twice(const struct way *w, struct chance *c)
{
	(void)w, (void)c;
	put(line, line_len);
	return true;
}

static void wrap(size_t levels)
{
	memmove(line + levels, line, line_len);
	memset(line, '[', levels);
	line_len += levels;
	while (levels-- > 0)
		put("]", 1);
}

static bool in_array(const struct way *w, struct chance *c)
{
	(void)w, (void)c;
	wrap(1);
	return true;
}

static bool too_deep(const struct way *w, struct chance *c)
{
	(void)w, (void)c;
	wrap(512);
	return true;
}

static const struct way ways[] = {
	{"json", cut, NULL, NULL},
	{"json", nul, NULL, NULL},
	{"json", twice, NULL, NULL},
	{"json", replace, ",\"", "\""},
	{"json", replace, ",\"", ",,\""},
	{"json", replace, ",\"", ";\""},
	{"json", replace, "\":", "\""},
	{"json", replace, "\":", ":"},
	{"json", replace, "\":\"", "\":"},
	{"json", replace, "\":\"", "\":'"},
	{"json", replace, "\":\"", "\":\"\\x41"},
	{"json", replace, "\":\"", "\":\"\\u12g4"},
	{"json", replace, "{\"", "{,\""},
	{"json", replace, "{\"", "{/**/\""},
	{"json", replace, "{\"", "\xef\xbb\xbf{\""},
	{"json", replace, "}", ",}"},
	{"json", replace, "}", "]"},
	{"json", replace, "\"version\":", "\"version\":0"},
	{"json", replace, "\"version\":", "\"version\":+"},
	{"json", replace, "\"version\":", "\"version\":."},
	{"json", replace, "\"version\":", "\"version\":NaN"},
	{"json", replace, "\"version\":", "\"version\":tru"},
	{"utf8", replace, "\":\"", "\":\"\xff"},
	{"utf8", replace, "\":\"", "\":\"\x80"},
	{"utf8", replace, "\":\"", "\":\"\xc3("},
	{"utf8", replace, "\":\"", "\":\"\xc0\xaf"},
	{"utf8", replace, "\":\"", "\":\"\xed\xa0\x80"},
	{"utf8", replace, "\":\"", "\":\"\xf4\x90\x80\x80"},
	{"utf8", replace, "\":\"", "\":\"\xf0\x9f\x8e"},
	{"surrogate", replace, "\":\"", "\":\"\\ud83d"},
	{"surrogate", replace, "\":\"", "\":\"\\ude00\\ud83d"},
	{"control", replace, "\":\"", "\":\"\t"},
	{"control", replace, "\":\"", "\":\"\x1b[2J"},
	{"depth", too_deep, NULL, NULL},
	{"not-object", in_array, NULL, NULL},
	{"duplicate-name", replace, "{\"", "{\"twice\":1,\"tw\\u0069ce\":2,\""},
	{"duplicate-name", replace, "\"version\"", "\"event_id\":null,\"version\""},
	{"reserved", replace, "\"version\"", "\"_ev\":{},\"version\""},
	{"envelope", replace, "\"event_id\":", "\"id\":"},
	{"envelope", replace, "\"event_timestamp\":\"2", "\"event_timestamp\":\"x"},
	{"unknown-type", replace, "\"event_type\":\"", "\"event_type\":\"Un"},
	{"schema", replace, "\"user_id\":\"", "\"user_id\":\"0"},
	{"schema", replace, "\"channel\":", "\"chanel\":"},
	{"schema", replace, "\"currency\":\"", "\"currency\":\"A"},
	{"schema", replace, "\"price\":", "\"price\":-1"},
	{"column", replace, "\"version\":", "\"version\":92233720368547758070"},
	{"rule", replace, "\"qty\":", "\"qty\":-"},
};

/* Breaks the line in any way; returns the code of the reject. */
static const char *spoil(struct chance *c)
{
	unsigned i = below(c, COUNT(ways));

	while (!ways[i].apply(&ways[i], c))
		i = (i + 1) % COUNT(ways);
	return ways[i].code;
}

/* ---- the file -------------------------------------------------------------- */

static struct event recent[RECENT];
static uint64_t n_events, n_again, n_updates, n_late;
static uint64_t past, n_lines; /* lines before these; of these */
static bool days;

static enum type any_type(struct chance *c)
{
	unsigned r = below(c, 100), i = 0;

	while (r >= types[i].share)
		r -= types[i++].share;
	return (enum type)i;
}

/*
 * The event of the next line where others were before. What is new in line N is known by N alone.
 */
static struct event next_of_past(struct chance *c)
{
	bool update = below(c, 100) == 0 && past > 0;
	uint64_t number = update ? draw(c) % past : past + n_lines;
	struct chance whose = {~number};
	struct event e = {.version = update ? (unsigned)past + 1 : 1,
			  .ms = START + LINE_OF_DAY * (int64_t)number};

	e.seed = draw(&whose);
	e.type = any_type(&whose);
	if (update)
		e.ms = START + LINE_OF_DAY * (int64_t)(past + n_lines);
	n_updates += update;
	n_events += !update;
	return e;
}

/* The event of the next line. now: the time of the newest one, moved on. */
static struct event next(struct chance *c, int64_t *now)
{
	unsigned r = below(c, 1000), known = (unsigned)(n_events < RECENT ? n_events : RECENT);
	struct event *e, new = {.version = 1};

	if (known > 0 && r < REDELIVERED) {
		n_again++;
		return recent[below(c, known)];
	}
	*now += below(c, STEP);
	if (known > 0 && r < REDELIVERED + UPDATED) {
		e = &recent[below(c, known)];
		if (e->version < LAST_VERSION) {
			n_updates++;
			e->version++;
			e->ms = *now;
			return *e;
		}
	}
	new.seed = draw(c);
	new.type = any_type(c);
	new.ms = *now;
	if (below(c, 10) == 0) {
		n_late++;
		new.ms -= below(c, LATE);
	}
	recent[n_events++ % RECENT] = new;
	return new;
}

static uint64_t tally[COUNT(ways)]; /* of broken lines, under the first way of the same code */

static void count(const char *code)
{
	size_t i = 0;

	while (strcmp(ways[i].code, code) != 0)
		i++;
	tally[i]++;
}

static void census(uint64_t lines, uint64_t bytes)
{
	const char *comma = "";

	fprintf(stderr,
		"{\"lines\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"events\":%" PRIu64
		",\"redelivered\":%" PRIu64 ",\"updates\":%" PRIu64 ",\"late\":%" PRIu64
		",\"broken\":{",
		lines, bytes, n_events, n_again, n_updates, n_late);
	for (size_t i = 0; i < COUNT(ways); i++) {
		if (tally[i] == 0)
			continue;
		fprintf(stderr, "%s\"%s\":%" PRIu64, comma, ways[i].code, tally[i]);
		comma = ",";
	}
	fputs("}}\n", stderr);
}

static void write_line(void)
{
	put("\n", 1);
	fwrite(line, 1, line_len, stdout);
}

static _Noreturn void usage(void)
{
	fputs("usage: events [--shuffle] [--spoil[=N]] [--seed=N] [--past=N] [--census] "
	      "BYTES[k|M|G]\n",
	      stderr);
	exit(2);
}

/* A whole number of at most 10^18, with k, M or G behind it if it is a size. */
static uint64_t whole(const char *s, bool size)
{
	uint64_t v, unit = 1;
	char *tail;

	if (s == NULL)
		usage();
	v = strtoull(s, &tail, 10);
	if (size && *tail != '\0' && tail[1] == '\0') {
		unit = *tail == 'k' ? 1000 : *tail == 'M' ? 1000000 : *tail == 'G' ? 1000000000 : 0;
		tail++;
	}
	if (*s < '0' || *s > '9' || *tail != '\0' || unit == 0 ||
	    v > UINT64_C(1000000000000000000) / unit)
		usage();
	return v * unit;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"shuffle", no_argument, NULL, 'u'},	{"spoil", optional_argument, NULL, 'p'},
		{"seed", required_argument, NULL, 's'}, {"past", required_argument, NULL, 'b'},
		{"census", no_argument, NULL, 'c'},	{0}};
	uint64_t goal, spoilt = 0, seed = 1, bytes = 0;
	bool say = false;
	struct chance events, dirt;
	int64_t now = START;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'u': shuffle = true; break;
		case 'p': spoilt = optarg != NULL ? whole(optarg, false) : 10; break;
		case 's': seed = whole(optarg, false); break;
		case 'b':
			past = whole(optarg, false);
			days = true;
			break;
		case 'c': say = true; break;
		default: usage();
		}
	}
	if (optind + 1 != argc || spoilt > 1000)
		usage();
	goal = whole(argv[optind], true);
	events.state = mix(seed);
	dirt.state = ~events.state;
	while (bytes < goal) {
		struct event e = days ? next_of_past(&events) : next(&events, &now);

		render(&e);
		write_line();
		n_lines++;
		bytes += line_len--;
		if (below(&dirt, 1000) < spoilt) {
			count(spoil(&dirt));
			write_line();
		}
	}
	if (fflush(stdout) != 0 || ferror(stdout)) {
		perror("events: standard output");
		return 2;
	}
	if (say)
		census(n_lines, bytes);
	return 0;
}
