/*
 * generate: writes the sample logs of the checkout example, and what must become
 * of them.
 *
 *     generate 2026-03-01     the raw log of that day, 2026-03-01 to 2026-03-05
 *     generate expected       expected.json; a short census goes to standard error
 *
 * The five days are made anew in each run from a fixed seed, so every run on every
 * machine writes the same bytes. While it invents the events it keeps account of
 * them, and folds them with a fold of its own: order, put, patch, delete, no-op,
 * conflict, orphan. So expected.json owes nothing to the programs that it judges.
 * Money is counted in whole minor units (cents), time in milliseconds.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND	  INT64_C(1000)
#define MINUTE	  (60 * SECOND)
#define HOUR	  (60 * MINUTE)
#define DAY	  (24 * HOUR)
#define DAYS	  5
#define START	  INT64_C(1772323200000) /* 2026-03-01T00:00:00Z */
#define END	  (START + DAYS * DAY)
#define AMSTERDAM HOUR /* ahead of UTC until 2026-03-29 */
#define NONE	  INT64_MIN

/* 2^53 + 1 minor units: the first whole number that a double cannot hold */
#define PAST_DOUBLE INT64_C(9007199254740993)

#define USERS	    6000
#define PRODUCTS    240
#define MAX_ITEMS   5
#define COUNT(a)    (sizeof(a) / sizeof((a)[0]))

/* ---- chance ---------------------------------------------------------------- */

/* At most one of these stands in an expression: C leaves the order of operands open. */

static uint64_t seed = UINT64_C(0x20260301c4ec0a71);

/* splitmix64 (Steele, Lea, Flood 2014) */
static uint64_t chance(void)
{
	uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static int below(int n)
{
	return (int)((chance() >> 32) * (uint64_t)n >> 32);
}

static int64_t span(int64_t from, int64_t to)
{
	return from + (int64_t)(chance() % (uint64_t)(to - from));
}

static int permille(int n)
{
	return below(1000) < n;
}

/* ---- memory and text ------------------------------------------------------- */

static void *grow(void *p, size_t n, size_t size)
{
	/* room is made at each power of two */
	if (n & (n - 1))
		return p;
	p = realloc(p, (n ? 2 * n : 1) * size);
	if (p == NULL) {
		perror("generate");
		exit(2);
	}
	return p;
}

static char scratch[1 << 16]; /* strings that live while one line is made */
static size_t scratch_used;

static char *text(const char *fmt, ...)
{
	char *s = scratch + scratch_used;
	size_t room = sizeof(scratch) - scratch_used;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(s, room, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= room) {
		fputs("generate: a line is too long\n", stderr);
		exit(2);
	}
	scratch_used += (size_t)n + 1;
	return s;
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
	TYPES
};

static const char *const type_name[TYPES] = {
	"ArticleAddedToCart", "ArticleRemovedFromCart", "CartCheckedOut",
	"PaymentAuthorized",  "PaymentFailed",		"OrderCompleted",
	"OrderModified",      "OrderCancelled",		"ShipmentCreated",
	"TicketIssued",	      "TicketRefundRequested",	"TicketRefunded",
	"RefundCompleted",
};

enum channel { WEB, IOS, ANDROID, POS, PARTNER, CHANNELS };

static const char *const channel_name[CHANNELS] = {"web", "ios", "android", "pos", "partner-api"};

static const char *const agent[CHANNELS] = {
	"Mozilla/5.0 (X11; Linux x86_64; rv:135.0) Gecko/20100101 Firefox/135.0",
	"Tickets/4.12.1 (iPhone; iOS 18.3)",
	"Tickets/4.12.1 (Android 15; SM-S911B)",
	"till/2.9",
	"okhttp/4.9.3",
};

enum currency { EUR, GBP, USD, CHF, PLN, SEK, CURRENCIES };

static const char *const currency_name[CURRENCIES] = {"EUR", "GBP", "USD", "CHF", "PLN", "SEK"};

static const char *const article[] = {
	"Standard ticket",   "VIP \"Gold\" ticket", "Café Crème set",	 "Poster 50/70",
	"T-shirt – München", "東京 tour",	    "Parking & shuttle", "Kids ticket",
	"Gift card",	     "Hoodie black",	    "Backstage\npass",	 "Student ticket, reduced",
	"Booklet 🎫",	     "Drinks voucher",	    "Family pack 2+2",	 "Season pass",
};

static const int64_t price_tag[] = {
	1910, 10, 20, 30, 4950, 8999, 1250, 350, 2500, 5495, 12000, 1505, 700, 295, 9910, 24900,
};

static const char *const person[] = {
	"Zoë van der Berg",
	"Łukasz Żółć",
	"Søren Ærø",
	"José Núñez",
	"Patrick \"Paddy\" O'Brien",
	"王小明",
	"Мария Иванова",
	"Nguyễn Thị Hạnh",
	"Ayşe Yılmaz",
	"Fan Club 🎫",
	"Anna Jansen",
	"Tom de Vries",
	"Emma Bakker",
	"Noah Smit",
	"Julia Visser",
	"Lucas Meijer",
};

static const char *const coupon[] = {"WELCOME10", "SPRING", "FRIENDS\\2026", "ÅRSKORT"};
static const char *const method[] = {"card", "ideal", "paypal", "voucher", "cash"};
static const char *const failure[] = {"insufficient funds", "3-D Secure: timed out",
				      "card expired"};
static const char *const cancel_reason[] = {"customer", "fraud", "sold_out"};
static const char *const refund_reason[] = {"ill", "changed_mind", "event_moved", "bought_twice"};

/* ---- an event -------------------------------------------------------------- */

struct item {
	int sku, qty;
	int64_t price;
};

enum { NO_COUPON, NULL_COUPON, A_COUPON }; /* from A_COUPON on: coupon[] */
enum { GIFT_FROM = 1, GIFT_CARD = 2, SEATS = 4 };

/*
 * What an event says, but for its id, version and modified time: what must differ
 * for a version to be a new one. Two are equal if their bytes are, so all of it is
 * set to zero first.
 */
struct doc {
	int64_t time, cart, amount, refund, paid;
	int type, user, channel, currency, nitems, coupon, guest, customer, extra, choice;
	struct item item[MAX_ITEMS];
};

enum op { PUT, PATCH, DELETE };

/* the members that a patch bears */
enum { P_CHANNEL = 1, P_AMOUNT = 2, P_ITEMS = 4, P_COUPON = 8, P_EXTRA = 16 };

struct rec {
	int event, version; /* version 0: bears none */
	int64_t modified;   /* or NONE */
	enum op op;
	int rank;      /* of canonical bytes, among records that conflict */
	unsigned mask; /* of a patch */
	struct doc d;
};

static struct rec *recs;
static size_t nrecs;
static int64_t *born; /* of each event: the time in its id */
static size_t nevents;

static int event_new(int64_t at)
{
	born = grow(born, nevents, sizeof(*born));
	born[nevents] = at;
	return (int)nevents++;
}

static int64_t rec_time(const struct rec *r)
{
	return r->modified != NONE ? r->modified : r->d.time;
}

/* ---- how an event is written ----------------------------------------------- */

/* Spellings: all of one content. The first two bits say the order of the members. */
enum {
	SORTED = 1,
	REVERSED = 2,
	ROTATED = 3,
	ORDERS = 4,
	SPACED = 4,
	ASCII = 8,
	SHORT = 16,
	POWERS = 32
};

static const int house_style[CHANNELS] = {0, SORTED, REVERSED, SPACED | SHORT, ROTATED | ASCII};

struct member {
	const char *name, *value;
};

struct object {
	int n;
	struct member m[20];
};

static void add(struct object *o, const char *name, const char *value)
{
	o->m[o->n++] = (struct member){name, value};
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct member *)a)->name, ((const struct member *)b)->name);
}

static const char *object(struct object *o, int style)
{
	const char *comma = style & SPACED ? ", " : ",", *colon = style & SPACED ? ": " : ":";
	char *s = text("{"), *at = s + 1;
	size_t need = 3;
	int i, k;

	if ((style & (ORDERS - 1)) == SORTED)
		qsort(o->m, (size_t)o->n, sizeof(o->m[0]), by_name);
	for (i = 0; i < o->n; i++)
		need += strlen(o->m[i].name) + strlen(o->m[i].value) + 6;
	text("%*s", (int)need, ""); /* room behind s */
	for (i = 0; i < o->n; i++) {
		k = i;
		if ((style & (ORDERS - 1)) == REVERSED)
			k = o->n - 1 - i;
		if ((style & (ORDERS - 1)) == ROTATED)
			k = (i + 2) % o->n;
		at += sprintf(at, "%s\"%s\"%s%s", i ? comma : "", o->m[k].name, colon,
			      o->m[k].value);
	}
	strcpy(at, "}");
	return s;
}

/* One code point of valid UTF-8. */
static unsigned decode(const unsigned char **p)
{
	const unsigned char *s = *p;
	int n = *s < 0x80 ? 0 : *s < 0xe0 ? 1 : *s < 0xf0 ? 2 : 3;
	unsigned c = n ? *s & (0x3fu >> n) : *s;

	for (*p = s + n + 1; n > 0; n--)
		c = c << 6 | (*++s & 0x3fu);
	return c;
}

static const char *quoted(const char *s, int style)
{
	const unsigned char *p = (const unsigned char *)s, *q;
	char out[512], *at = out;
	unsigned c;

	*at++ = '"';
	while (*p) {
		q = p;
		c = decode(&p);
		if (c == '"' || c == '\\' || (c == '/' && style & ASCII))
			at += sprintf(at, "\\%c", (int)c);
		else if (c == '\n')
			at += sprintf(at, style & ASCII ? "\\u000a" : "\\n");
		else if (c >= 0x10000 && style & ASCII)
			at += sprintf(at, "\\u%04x\\u%04x", 0xd7c0 + (c >> 10),
				      0xdc00 + (c & 0x3ff));
		else if (c >= 0x80 && style & ASCII)
			at += sprintf(at, "\\u%04X", c);
		else
			at += sprintf(at, "%.*s", (int)(p - q), (const char *)q);
	}
	strcpy(at, "\"");
	return text("%s", out);
}

static const char *money(int64_t m, int style)
{
	if (style & POWERS)
		return text("%llde-2", (long long)m);
	if (style & SHORT && m % 100 == 0)
		return text("%lld", (long long)m / 100);
	if (style & SHORT && m % 10 == 0)
		return text("%lld.%lld", (long long)m / 100, (long long)m / 10 % 10);
	return text("%lld.%02lld", (long long)m / 100, (long long)m % 100);
}

/* The tills say local time and whole seconds. */
static const char *stamp(int64_t ms, int till)
{
	int64_t at = ms + (till ? AMSTERDAM : 0);
	time_t s = (time_t)(at / 1000);
	char day[32];

	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", gmtime(&s));
	return till ? text("%s+01:00", day) : text("%s.%03dZ", day, (int)(at % 1000));
}

static const char *date(int64_t ms)
{
	time_t s = (time_t)(ms / 1000);
	char day[32];

	strftime(day, sizeof(day), "%Y-%m-%d", gmtime(&s));
	return text("%s", day);
}

/* Ids hold their time, as UUIDs of version 7 do; so the logs can be compressed well. */
static const char *uuid(int64_t at, unsigned node, unsigned n)
{
	return text("%08x-%04x-7%03x-8f2c-%012x", (unsigned)(at >> 16), (unsigned)(at & 0xffff),
		    node, n);
}

static const char *product_name(int sku, int style)
{
	return quoted(article[sku % (int)COUNT(article)], style);
}

static const char *items(const struct doc *d, int style)
{
	const char *s = "", *comma = style & SPACED ? ", " : ",";
	int i;

	for (i = 0; i < d->nitems; i++) {
		struct object o = {0};

		add(&o, "sku", text("\"SKU-%06d\"", 1000 + 37 * d->item[i].sku));
		add(&o, "name", product_name(d->item[i].sku, style));
		add(&o, "qty", text("%d", d->item[i].qty));
		add(&o, "price", money(d->item[i].price, style));
		s = text("%s%s%s", s, i ? comma : "", object(&o, style));
	}
	return text("[%s]", s);
}

static int64_t sum(const struct doc *d)
{
	int64_t n = 0;
	int i;

	for (i = 0; i < d->nitems; i++)
		n += d->item[i].qty * d->item[i].price;
	return n;
}

static const char *tickets(const struct doc *d)
{
	const char *s = "";
	int i;

	for (i = 0; i < d->nitems; i++)
		s = text("%s%s\"T%010lld\"", s, i ? "," : "",
			 (long long)(d->cart / 1000 % 1000000000 * 10 + i));
	return text("[%s]", s);
}

static const char *refund(const struct doc *d, int style)
{
	struct object o = {0};

	add(&o, "amount", money(d->refund, style));
	add(&o, "paid", money(d->paid, style));
	if (d->type == PAID_BACK) {
		add(&o, "method", d->choice % 7 ? "\"original\"" : "\"voucher\"");
		if (d->choice % 7 == 0)
			add(&o, "voucher", text("\"V-%08X\"", (unsigned)d->cart));
	}
	return object(&o, style);
}

static const char *gift(const struct doc *d, int patch, int style)
{
	struct object o = {0};

	if (d->extra & GIFT_FROM)
		add(&o, "from", quoted(person[0], style));
	if (d->extra & GIFT_CARD)
		add(&o, "card", "\"roses\"");
	else if (patch)
		add(&o, "card", "null");
	return object(&o, style);
}

static void customer(struct object *m, const struct doc *d, int style)
{
	struct object o = {0};

	add(&o, "name", quoted(person[d->user % (int)COUNT(person)], style));
	if (d->customer > 1)
		add(&o, "email", text("\"user%d@example.org\"", d->user));
	add(m, "customer", object(&o, style));
}

/* The metadata of a put. */
static const char *metadata(const struct doc *d, int style)
{
	struct object m = {0};
	int issued = d->type == ISSUED, request = d->type == REQUESTED, back = d->type == PAID_BACK;

	add(&m, "currency", text("\"%s\"", currency_name[d->currency]));
	if (issued)
		add(&m, "total", money(d->amount, style));
	else if (!request && !back)
		add(&m, "amount", money(d->amount, style));
	if (!back)
		add(&m, "items", items(d, style));
	add(&m, "channel", text("\"%s\"", channel_name[d->channel]));
	if (issued)
		add(&m, "tickets", tickets(d));
	if (request || back) {
		add(&m, "reason",
		    text("\"%s\"", refund_reason[d->choice % (int)COUNT(refund_reason)]));
		add(&m, "refund", refund(d, style));
	}
	if (issued || request || back)
		return object(&m, style);
	add(&m, "ip", text("\"203.0.113.%d\"", 1 + d->user % 254));
	add(&m, "user_agent", quoted(agent[d->channel], style));
	if (d->coupon != NO_COUPON)
		add(&m, "coupon",
		    d->coupon == NULL_COUPON ? "null"
					     : quoted(coupon[d->coupon - A_COUPON], style));
	if (d->guest)
		add(&m, "is_guest", d->guest > 1 ? "true" : "false");
	if (d->customer)
		customer(&m, d, style);
	if (d->type == AUTHORIZED)
		add(&m, "method", text("\"%s\"", method[d->choice % (int)COUNT(method)]));
	if (d->type == FAILED)
		add(&m, "failure", quoted(failure[d->choice % (int)COUNT(failure)], style));
	if (d->type == CANCELLED)
		add(&m, "reason",
		    text("\"%s\"", cancel_reason[d->choice % (int)COUNT(cancel_reason)]));
	if (d->type == SHIPPED)
		add(&m, "tracking",
		    text("\"https://parcels.example.com/%lld\"", (long long)(d->cart % 100000)));
	if (d->extra & (GIFT_FROM | GIFT_CARD))
		add(&m, "gift", gift(d, 0, style));
	if (d->extra & SEATS)
		add(&m, "seats", "[\"A1\",null,\"A3\"]");
	return object(&m, style);
}

static const char *patch_metadata(const struct rec *r, int style)
{
	struct object m = {0};

	if (r->mask & P_AMOUNT)
		add(&m, "amount", money(r->d.amount, style));
	if (r->mask & P_ITEMS)
		add(&m, "items", items(&r->d, style));
	if (r->mask & P_CHANNEL)
		add(&m, "channel", text("\"%s\"", channel_name[r->d.channel]));
	if (r->mask & P_COUPON)
		add(&m, "coupon", "null");
	if (r->mask & P_EXTRA && r->d.extra & (GIFT_FROM | GIFT_CARD))
		add(&m, "gift", gift(&r->d, 1, style));
	if (r->mask & P_EXTRA && r->d.extra & SEATS)
		add(&m, "seats", "[\"A1\",null,\"A3\"]");
	return object(&m, style);
}

/* The line of a record. received: or NONE. upper: the id in capitals, which is the same id. */
static const char *render(const struct rec *r, int style, int64_t received, int upper)
{
	struct object o = {0};
	int till = r->d.channel == POS;
	char *id = text("\"%s\"", uuid(born[r->event], 0xa10, (unsigned)r->event)), *p;

	for (p = id; upper && *p; p++)
		*p = *p >= 'a' && *p <= 'f' ? (char)(*p - 32) : *p;
	add(&o, "event_id", id);
	add(&o, "event_type", text("\"%s\"", type_name[r->d.type]));
	add(&o, "event_timestamp", text("\"%s\"", stamp(r->d.time, till)));
	add(&o, "user_id", text("\"c0ffee00-7a3b-4c1d-9e2f-5a6b7c8d%04x\"", (unsigned)r->d.user));
	if (r->op != DELETE)
		add(&o, "related_id", text("\"%s\"", uuid(r->d.cart, 0xca7, (unsigned)r->d.user)));
	if (r->version)
		add(&o, "version", text("%d", r->version));
	if (r->modified != NONE)
		add(&o, "modified_at", text("\"%s\"", stamp(r->modified, till)));
	if (r->op != PUT)
		add(&o, "op", r->op == PATCH ? "\"patch\"" : "\"delete\"");
	if (r->op != DELETE)
		add(&o, "metadata",
		    r->op == PATCH ? patch_metadata(r, style) : metadata(&r->d, style));
	if (received != NONE)
		add(&o, "received_at", text("\"%s\"", stamp(received, 0)));
	return object(&o, style);
}

/* ---- the logs -------------------------------------------------------------- */

struct line {
	int64_t at;
	size_t seq;
	char *s;
};

static struct line *lines;
static size_t nlines;

/* What is counted over all days, and by day. */
enum {
	GOOD,
	DUPLICATE,
	RESPELLED,
	IN_TEXT,
	CRLF,
	BLANK,
	LATE,
	FOREIGN,
	PARSE_BAD,
	VALID_BAD,
	COUNTS
};
static long count[DAYS][COUNTS];

static int day_of(int64_t at)
{
	return (int)((at - START) / DAY);
}

/* A line reaches the log at a time. s bears its line end. What comes after END is left out. */
static int log_line(int64_t at, int kind, const char *s)
{
	struct line *l;

	if (at >= END || at < START)
		return 0;
	lines = grow(lines, nlines, sizeof(*lines));
	l = &lines[nlines];
	*l = (struct line){.at = at, .seq = nlines, .s = strdup(s)};
	if (l->s == NULL) {
		perror("generate");
		exit(2);
	}
	nlines++;
	count[day_of(at)][kind]++;
	scratch_used = 0;
	return 1;
}

/* An event line as it comes: bare, in the text of a log, or with the line end of Windows. */
static int log_event(int64_t at, int kind, const char *json)
{
	int form = below(1000), ok;

	if (form < 40) {
		const char *t = stamp(at, 0);

		ok = log_line(at, kind, text("%.19sZ app[12] INFO event %s\n", t, json));
		form = IN_TEXT;
	} else if (form < 60) {
		const char *t = stamp(at, 0);

		ok = log_line(at, kind,
			      text("Mar  %d %.8s till-3 checkout[311]: %s\n", 1 + day_of(at),
				   t + 11, json));
		form = IN_TEXT;
	} else if (form < 62) {
		ok = log_line(at, kind, text("%s\r\n", json));
		form = CRLF;
	} else {
		return log_line(at, kind, text("%s\n", json));
	}
	if (ok)
		count[day_of(at)][form]++;
	return ok;
}

/* Queues deliver at least once: a minute later, or days later. */
static void redeliver(const struct rec *r, int64_t at, int style, int64_t received, int upper)
{
	int64_t again = at + (permille(80) ? span(HOUR, 3 * DAY) : span(10, 2 * MINUTE));
	int how = below(10), other = (style & ~(ORDERS - 1)) | below(ORDERS);

	if (how >= 4)
		received = again; /* stamped anew */
	if (how >= 7) {
		style = other;
		style ^= below(2) ? SPACED : 0;
		style ^= below(2) ? ASCII : 0;
		style ^= below(3) ? SHORT : POWERS;
	}
	if (log_event(again, DUPLICATE, render(r, style, received, upper)) && how >= 7)
		count[day_of(again)][RESPELLED]++;
}

static void deliver(const struct rec *r, int64_t at, int upper)
{
	int style = house_style[r->d.channel];
	int64_t received = permille(800) ? at : NONE;

	if (!log_event(at, GOOD, render(r, style, received, upper)))
		return;
	if (r->d.time < START)
		count[day_of(at)][LATE]++;
	recs = grow(recs, nrecs, sizeof(*recs));
	recs[nrecs++] = *r;
	while (permille(45))
		redeliver(r, at, style, received, upper);
}

static int64_t delay(void)
{
	return permille(30) ? span(MINUTE, 20 * MINUTE) : span(5, 3 * SECOND);
}

/* The first record of a new event. */
static struct rec first(const struct doc *d)
{
	struct rec r = {.event = event_new(d->time), .modified = NONE, .op = PUT, .d = *d};

	r.version = d->channel == POS ? 0 : 1;
	return r;
}

/* The same, and on its way. Returned for those who tell of the event again. */
static struct rec tell(const struct doc *d, int64_t at)
{
	struct rec r = first(d);

	deliver(&r, at, 0);
	return r;
}

/* The next record of an event: the caller changes it and delivers it. */
static struct rec next(const struct rec *r, enum op op, int64_t modified)
{
	struct rec n = *r;

	n.op = op;
	n.version += n.version > 0;
	n.modified = r->d.channel == POS ? modified / SECOND * SECOND : modified;
	return n;
}

/* ---- what becomes of an order ---------------------------------------------- */

static void shrink(struct doc *d)
{
	if (d->nitems > 1) {
		d->nitems--;
		memset(&d->item[d->nitems], 0, sizeof(d->item[0]));
	} else {
		d->item[0].qty++;
	}
	d->amount = sum(d);
}

static void in_order(const struct doc *d, int64_t at)
{
	struct rec a = tell(d, at), b = next(&a, PUT, d->time + span(MINUTE, 2 * DAY));

	int upper = permille(50);

	shrink(&b.d);
	deliver(&b, b.modified + delay(), upper);
}

static void backwards(const struct doc *d, int64_t at)
{
	struct rec a = first(d), b = next(&a, PUT, d->time + span(MINUTE, HOUR));

	shrink(&b.d);
	deliver(&b, b.modified + delay(), 0);
	deliver(&a, permille(500) ? at + 2 * HOUR : at + span(DAY, 2 * DAY), 0);
}

/* Four versions in any order, on any days. */
static void shuffled(const struct doc *d, int64_t at)
{
	struct rec a = first(d);
	int i;

	deliver(&a, at + span(0, DAY), 0);
	for (i = 0; i < 3; i++) {
		a = next(&a, PUT, d->time + (i + 1) * HOUR);
		if (i == 1)
			a.version += 6; /* 9, then 10: a number, not a text */
		shrink(&a.d);
		deliver(&a, at + span(0, DAY), 0);
	}
}

/* A new number and nothing new, then something new. */
static void nothing_new(const struct doc *d, int64_t at)
{
	struct rec a = tell(d, at), b = next(&a, PUT, d->time + span(MINUTE, HOUR)), c;

	deliver(&b, b.modified + delay(), 0);
	if (permille(500))
		return;
	c = next(&b, PUT, b.modified + HOUR);
	shrink(&c.d);
	deliver(&c, c.modified + delay(), 0);
}

/* The second version corrects the time alone, to the day before. */
static void clock_corrected(const struct doc *d, int64_t at)
{
	struct rec a = tell(d, at), b = next(&a, PUT, d->time + span(MINUTE, HOUR));

	b.d.time -= 20 * HOUR;
	deliver(&b, b.modified + delay(), 0);
}

static void patched(const struct doc *d, int64_t at)
{
	struct rec a = tell(d, at), p = next(&a, PATCH, d->time + span(MINUTE, DAY));

	p.mask = P_ITEMS | P_AMOUNT;
	shrink(&p.d);
	if (d->channel == WEB && permille(300)) {
		p.mask |= P_CHANNEL;
		p.d.channel = IOS;
	}
	deliver(&p, p.modified + delay(), 0);
}

static void coupon_taken_off(const struct doc *d, int64_t at)
{
	struct rec a = tell(d, at), p = next(&a, PATCH, d->time + span(MINUTE, DAY));

	p.mask = P_COUPON;
	p.d.coupon = NO_COUPON; /* where there was none, the patch is a no-op */
	deliver(&p, p.modified + delay(), 0);
}

/* Two patches, the second often first, sometimes before the order itself. */
static void gift_wrapped(const struct doc *d, int64_t at)
{
	struct rec a = first(d), p = next(&a, PATCH, d->time + span(MINUTE, HOUR)), q;

	deliver(&a, permille(300) ? at + 5 * HOUR : at, 0);
	p.mask = P_EXTRA;
	p.d.extra = GIFT_FROM;
	q = next(&p, PATCH, p.modified + HOUR);
	q.d.extra = GIFT_CARD | SEATS;
	deliver(&q, q.modified + delay(), 0);
	deliver(&p, permille(500) ? q.modified + HOUR : p.modified + delay(), 0);
}

/* Taken back; then perhaps told to be taken back once more, or told again. */
static void deleted(const struct doc *d, int64_t at)
{
	struct rec a = tell(d, at), x = next(&a, DELETE, d->time + span(HOUR, DAY)), y;
	int how = below(10);

	deliver(&x, x.modified + delay(), 0);
	if (how < 2) {
		y = next(&x, DELETE, x.modified + MINUTE);
		deliver(&y, y.modified + delay(), 0);
	} else if (how < 5) {
		y = next(&x, PUT, x.modified + HOUR); /* the same content comes back */
		deliver(&y, y.modified + delay(), 0);
	}
}

/* The second version comes long after the delete that follows it. */
static void stale_after_delete(const struct doc *d, int64_t at)
{
	struct rec a = tell(d, at), b = next(&a, PUT, d->time + MINUTE), x;

	x = next(&b, DELETE, b.modified + MINUTE);
	deliver(&x, x.modified + delay(), 0);
	shrink(&b.d);
	deliver(&b, b.modified + span(2 * HOUR, DAY), 0);
}

/* Told and taken back at one time, under one number: the delete is the later one. */
static void told_and_deleted(const struct doc *d, int64_t at)
{
	struct rec a = tell(d, at), x = a;

	x.op = DELETE;
	deliver(&x, at - MINUTE, 0);
}

/* The delete has the lowest number: there is nothing to delete yet. */
static void deleted_too_early(const struct doc *d, int64_t at)
{
	struct rec x = first(d), a = next(&x, PUT, d->time + MINUTE);

	x.op = DELETE;
	deliver(&x, at, 0);
	if (permille(600))
		deliver(&a, at + HOUR, 0);
}

/* One number, one time, another content: the greater bytes win. */
static void conflicting(const struct doc *d, int64_t at)
{
	struct rec a = first(d), b = a, c = a;

	a.d.channel = ANDROID;
	b.d.channel = IOS;
	c.d.channel = WEB;
	b.rank = 1;
	c.rank = 2;
	deliver(&c, at, 0);
	deliver(&a, at + span(0, 2 * HOUR), 0);
	if (permille(500))
		deliver(&b, at + span(0, 2 * HOUR), 0);
}

/* Two amounts under one number. Both have four digits, so the greater one has the greater bytes. */
static void conflicting_amounts(const struct doc *d, int64_t at)
{
	struct rec a = tell(d, at), b = next(&a, PUT, d->time + HOUR), c = b;

	b.d.amount = 4512;
	c.d.amount = 3912;
	b.rank = 1;
	deliver(&b, b.modified + delay(), 0);
	deliver(&c, b.modified + span(MINUTE, DAY), 0);
}

static void orphan(const struct doc *d, int64_t at)
{
	struct rec a = first(d), p = next(&a, PATCH, d->time + HOUR);

	shrink(&p.d);
	p.mask = P_ITEMS | P_AMOUNT;
	deliver(&p, at + HOUR, 0);
}

/* A patch right after a delete stands on nothing either. */
static void orphan_after_delete(const struct doc *d, int64_t at)
{
	struct rec a = tell(d, at), x = next(&a, DELETE, d->time + MINUTE);
	struct rec p = next(&x, PATCH, x.modified + MINUTE), b = next(&p, PUT, p.modified + MINUTE);

	shrink(&p.d);
	p.mask = P_ITEMS | P_AMOUNT;
	deliver(&x, x.modified + delay(), 0);
	deliver(&p, p.modified + delay(), 0);
	if (permille(500))
		deliver(&b, b.modified + delay(), 0);
}

/* How many of a thousand orders go which way. The tills correct in order, by time alone. */
static const struct fate {
	int share, tills;
	void (*happen)(const struct doc *d, int64_t at);
} fates[] = {
	{40, 1, in_order},	     {20, 0, backwards},	  {20, 0, shuffled},
	{10, 1, nothing_new},	     {8, 0, clock_corrected},	  {30, 0, patched},
	{15, 0, coupon_taken_off},   {8, 0, gift_wrapped},	  {20, 1, deleted},
	{4, 0, stale_after_delete},  {2, 0, told_and_deleted},	  {3, 0, deleted_too_early},
	{2, 0, conflicting},	     {2, 0, conflicting_amounts}, {2, 0, orphan},
	{2, 0, orphan_after_delete},
};

static void order(const struct doc *d, int64_t at)
{
	int roll = below(1000);
	size_t i;

	for (i = 0; i < COUNT(fates); i++) {
		roll -= fates[i].share;
		if (roll < 0 && (fates[i].tills || d->channel != POS)) {
			fates[i].happen(d, at);
			return;
		}
		if (roll < 0)
			break;
	}
	tell(d, at);
}

/* Other events are corrected now and then too. */
static void other(const struct doc *d, int64_t at)
{
	if (permille(12) && d->nitems)
		in_order(d, at);
	else if (permille(4))
		deleted(d, at);
	else
		tell(d, at);
}

/* ---- a customer's visit ---------------------------------------------------- */

static int pick(const int *share, int n)
{
	int roll = below(100), i;

	for (i = 0; i < n - 1 && roll >= share[i]; i++)
		roll -= share[i];
	return i;
}

static void fill(struct doc *d, int n)
{
	int i, at = below(PRODUCTS);

	d->nitems = n;
	for (i = 0; i < n; i++) {
		d->item[i].sku = (at + 17 * i) % PRODUCTS;
		d->item[i].qty = 1 + below(4);
		d->item[i].price = price_tag[d->item[i].sku % (int)COUNT(price_tag)];
	}
	d->amount = sum(d);
}

/* A visitor who has not bought anything yet. */
static struct doc visitor(int64_t t)
{
	static const int channels[] = {50, 20, 18, 7, 5}, currencies[] = {86, 6, 4, 3, 1},
			 lengths[] = {60, 28, 8, 4};
	struct doc d;

	memset(&d, 0, sizeof(d));
	d.channel = pick(channels, CHANNELS);
	d.currency = d.channel == POS ? EUR : pick(currencies, CURRENCIES - 1);
	d.user = below(USERS);
	d.time = d.channel == POS ? t / SECOND * SECOND : t;
	d.cart = d.time;
	d.guest = permille(250) ? 1 + below(2) : 0;
	if (permille(200))
		d.coupon = NULL_COUPON + below(1 + (int)COUNT(coupon));
	fill(&d, 1 + pick(lengths, 4));
	return d;
}

static void pass(struct doc *d, int type, int64_t from, int64_t to)
{
	d->type = type;
	d->time += span(from, to);
	if (d->channel == POS)
		d->time -= d->time % SECOND;
	d->choice = below(100);
}

/* The money of a refund bears no items. */
static void paid_back(struct doc *d)
{
	d->type = PAID_BACK;
	d->amount = 0;
	d->nitems = 0;
	memset(d->item, 0, sizeof(d->item));
}

/* A refund of the first line of an order. */
static void give_back(struct doc d, int64_t lag)
{
	pass(&d, REQUESTED, HOUR, 2 * DAY);
	d.paid = d.amount;
	d.nitems = 1;
	memset(d.item + 1, 0, sizeof(d.item) - sizeof(d.item[0]));
	d.refund = d.amount < sum(&d) ? d.amount : sum(&d);
	other(&d, d.time + lag + delay());
	d.time += span(MINUTE, 5 * HOUR) / SECOND * SECOND;
	d.type = REFUNDED;
	d.amount = d.refund;
	other(&d, d.time + lag + delay());
	d.time += span(HOUR, DAY) / SECOND * SECOND;
	paid_back(&d);
	other(&d, d.time + lag + delay());
}

static void after_order(const struct doc *order, int64_t lag)
{
	struct doc d = *order;

	d.customer = 0;
	if (permille(800)) {
		pass(&d, ISSUED, SECOND, MINUTE);
		tell(&d, d.time + lag + delay());
	}
	d.time = order->time;
	if (permille(200)) {
		pass(&d, SHIPPED, 4 * HOUR, DAY);
		other(&d, d.time + lag + delay());
	}
	if (permille(60)) {
		d = *order;
		d.customer = 0;
		pass(&d, MODIFIED, MINUTE, 2 * DAY);
		memset(d.item, 0, sizeof(d.item));
		fill(&d, 1);
		if (d.channel != POS && permille(50))
			patched(&d, d.time + lag + delay());
		else
			other(&d, d.time + lag + delay());
	}
	d = *order;
	d.customer = 0;
	if (permille(30)) {
		pass(&d, CANCELLED, MINUTE, 2 * DAY);
		other(&d, d.time + lag + delay());
	} else if (permille(60)) {
		give_back(d, lag);
	}
}

/* lag: how long the visit waits for the log, beside the usual delay (a telephone without a net). */
static void visit(int64_t start, int64_t lag, int64_t settled)
{
	struct doc d = visitor(start), one;
	int i;

	if (settled) {
		d.channel = PARTNER;
		d.currency = SEK;
	}
	for (i = 0; i < d.nitems; i++) {
		one = d;
		pass(&one, ADDED, 0, 2 * MINUTE);
		one.nitems = 1;
		memset(one.item, 0, sizeof(one.item));
		one.item[0] = d.item[i];
		one.amount = sum(&one);
		other(&one, one.time + lag + delay());
		d.time = one.time;
	}
	if (!settled && permille(120)) {
		pass(&one, REMOVED, SECOND, 2 * MINUTE);
		other(&one, one.time + lag + delay());
		d.time = one.time;
		if (d.nitems < 2)
			return;
		d.nitems--;
		memset(&d.item[d.nitems], 0, sizeof(d.item[0]));
		d.amount = sum(&d);
	}
	if (!settled && permille(420))
		return;
	pass(&d, CHECKED_OUT, SECOND, 10 * MINUTE);
	if (settled)
		d.amount = settled;
	d.customer = permille(700) ? 1 + below(2) : 0;
	other(&d, d.time + lag + delay());
	d.customer = 0;
	if (!settled && permille(120)) {
		pass(&d, FAILED, SECOND, MINUTE);
		other(&d, d.time + lag + delay());
		if (permille(300))
			return;
	}
	pass(&d, AUTHORIZED, SECOND, 2 * MINUTE);
	tell(&d, d.time + lag + delay());
	if (!settled && permille(10))
		return;
	pass(&d, COMPLETED, SECOND, MINUTE);
	d.choice = 0;
	if (settled) {
		tell(&d, d.time + lag + delay());
		d.item[0].qty = 3; /* tickets that cost what no float can tell */
		d.item[0].price = settled / 3;
		d.nitems = 1;
		memset(d.item + 1, 0, sizeof(d.item) - sizeof(d.item[0]));
		d.amount = sum(&d);
		pass(&d, ISSUED, SECOND, MINUTE);
		tell(&d, d.time + lag + delay());
		if (settled != PAST_DOUBLE)
			return;
		d.refund = d.paid = d.amount;
		paid_back(&d);
		tell(&d, d.time + lag + delay());
		return;
	}
	order(&d, d.time + lag + delay());
	after_order(&d, lag);
}

static int64_t opening_hours(int day)
{
	int roll = below(10);
	int64_t at = roll < 2	? span(0, DAY)
		     : roll < 5 ? span(8 * HOUR, 13 * HOUR)
				: span(16 * HOUR, 23 * HOUR);

	return START + day * DAY + at;
}

static void visits(void)
{
	/* no double holds the first five to the cent */
	static const int64_t wholesale[] = {
		PAST_DOUBLE,
		INT64_C(9007199254740999),
		INT64_C(4503599627370497),
		INT64_C(18014398509481989),
		INT64_C(90071992547409993),
		1910 * 3,
	};
	size_t n;
	int i;

	for (i = 0; i < 10600; i++)
		visit(opening_hours(below(DAYS)), 0, 0);
	for (i = 0; i < 1100; i++) /* the summer festival goes on sale */
		visit(START + 2 * DAY + 9 * HOUR + span(0, 25 * MINUTE), 0, 0);
	for (i = 0; i < 260; i++) { /* apps and tills that were offline */
		int64_t start = START - span(HOUR, 3 * DAY);

		visit(start, span(2 * DAY, 6 * DAY), 0);
	}
	for (n = 0; n < COUNT(wholesale); n++)
		visit(START + (int64_t)n * 19 * HOUR + HOUR, 0, wholesale[n]);
}

/* ---- dirt ------------------------------------------------------------------ */

static char deep[1400], wide[300]; /* filled by dirt() */

/*
 * A bad line is a good line in which find is replaced by with; find NULL: with is
 * the whole line; with NULL: the line breaks off before find. stage and code say who
 * must reject it, and how.
 */
static struct dirt {
	const char *kind, *stage, *code;
	int lines, type;
	const char *find, *with;
} dirts[] = {
	{"truncated", "evparse", "json", 14, ADDED, "\"channel\"", NULL},
	{"unclosed quote", "evparse", "json", 9, ADDED, "\",\"amount\"", ",\"amount\""},
	{"trailing comma", "evparse", "json", 9, COMPLETED, "}],\"channel\"", "},],\"channel\""},
	{"single quotes", "evparse", "json", 7, CHECKED_OUT, "{\"event_id\":", "{'event_id':"},
	{"comment", "evparse", "json", 5, ADDED, "\"metadata\":", "/* retry */\"metadata\":"},
	{"NaN", "evparse", "json", 9, FAILED, "\"amount\":", "\"amount\":NaN,\"was\":"},
	{"infinity", "evparse", "json", 4, FAILED, "\"amount\":", "\"amount\":-Infinity,\"was\":"},
	{"leading zero", "evparse", "json", 8, ADDED, "\"version\":1", "\"version\":01"},
	{"no value", "evparse", "json", 5, ADDED, "\"version\":1", "\"version\":"},
	{"two objects in a line", "evparse", "json", 6, ADDED, "{\"event_id\"",
	 "{\"x\":1}{\"event_id\""},
	{"unknown escape", "evparse", "json", 5, ADDED, "\"name\":\"", "\"name\":\"\\x41 "},
	{"Latin-1", "evparse", "utf8", 11, ADDED, "\"name\":\"", "\"name\":\"Caf\xe9 "},
	{"character cut in two", "evparse", "utf8", 6, ADDED, "\"name\":\"",
	 "\"name\":\"\xe6\x9d "},
	{"surrogate as UTF-8", "evparse", "utf8", 4, ADDED, "\"name\":\"",
	 "\"name\":\"\xed\xa0\xbd "},
	{"overlong UTF-8", "evparse", "utf8", 4, ADDED, "\"name\":\"", "\"name\":\"\xc0\xaf "},
	{"lone surrogate", "evparse", "surrogate", 8, ADDED, "\"name\":\"", "\"name\":\"\\ud83d "},
	{"raw tab", "evparse", "control", 8, ADDED, "\"name\":\"", "\"name\":\"\t"},
	{"raw control character", "evparse", "control", 5, ADDED, "\"name\":\"", "\"name\":\"\x01"},
	{"duplicate name", "evparse", "duplicate-name", 9, ADDED, "\"version\":1",
	 "\"version\":1,\"version\":2"},
	{"duplicate name, escaped", "evparse", "duplicate-name", 5, ADDED,
	 "\"qty\":", "\"qty\":1,\"\\u0071ty\":"},
	{"nested 600 deep", "evparse", "depth", 5, ADDED, "\"version\":1", deep},
	{"reserved member", "evparse", "reserved", 7, COMPLETED, "\"version\":1",
	 "\"version\":1,\"_ev\":{\"op\":\"insert\"}"},
	{"forged head", "evparse", "reserved", 3, ADDED, NULL,
	 "{\"_ev\":{\"head\":{\"token\":\"0000000000000000\",\"batch\":\"2026-03-01\","
	 "\"stages\":[\"evvalidate\"],\"checked\":true}}}"},
	{"forged seal", "evparse", "reserved", 3, ADDED, NULL,
	 "{\"_ev\":{\"seal\":{\"token\":\"0000000000000000\",\"batch\":\"2026-03-01\","
	 "\"ok\":true,\"digest\":\"0\",\"stages\":[]}}}"},

	{"no id", "evvalidate", "envelope", 8, ADDED, "\"event_id\":", "\"id\":"},
	{"time without a zone", "evvalidate", "envelope", 9, ADDED, "Z\",\"user_id\"",
	 "\",\"user_id\""},
	{"30 February", "evvalidate", "envelope", 4, ADDED, "\"event_timestamp\":\"",
	 "\"event_timestamp\":\"2026-02-30T10:00:00Z\",\"sent\":\""},
	{"unknown op", "evvalidate", "envelope", 4, ADDED, "\"version\":1",
	 "\"version\":1,\"op\":\"upsert\""},
	{"unknown type", "evvalidate", "unknown-type", 12, ADDED, "\"event_type\":\"",
	 "\"event_type\":\"Legacy"},
	{"bad UUID", "evvalidate", "schema", 8, AUTHORIZED, "\"user_id\":\"c0", "\"user_id\":\"g0"},
	{"amount as a text", "evvalidate", "schema", 7, AUTHORIZED,
	 "\"amount\":", "\"amount\":\"12.50\",\"was\":"},
	{"unknown currency", "evvalidate", "schema", 5, AUTHORIZED, "\"currency\":\"",
	 "\"currency\":\"X"},
	{"no metadata", "evvalidate", "schema", 5, SHIPPED, "\"metadata\":", "\"data\":"},
	{"price below zero", "evvalidate", "schema", 6, ADDED, "\"price\":", "\"price\":-"},
	{"part of a piece", "evvalidate", "schema", 4, ADDED, "\"qty\":", "\"qty\":0.5,\"was\":"},
	{"voucher without a code", "evvalidate", "schema", 4, PAID_BACK, "\"method\":\"original\"",
	 "\"method\":\"voucher\""},
	{"pieces below zero", "evvalidate", "rule", 12, ADDED, "\"qty\":", "\"qty\":-"},
	{"total off by a cent", "evvalidate", "rule", 9, ISSUED, "", ""},
	{"refund above the payment", "evvalidate", "rule", 9, PAID_BACK, "", ""},
	{"name too long for its column", "evvalidate", "column", 5, COMPLETED, "\"name\":\"", wide},
	{"three decimals", "evvalidate", "column", 6, COMPLETED,
	 "\"price\":", "\"price\":4.995,\"was\":"},
	{"amount too wide for its column", "evvalidate", "column", 4, COMPLETED,
	 "\"amount\":", "\"amount\":1e400,\"was\":"},
	{"NUL in a text", "evvalidate", "nul", 5, ADDED, "\"name\":\"", "\"name\":\"\\u0000"},
};

static const char *spoil(const struct dirt *k, const char *line)
{
	const char *at;

	if (k->find == NULL)
		return k->with;
	at = strstr(line, k->find);
	if (at == NULL) {
		fprintf(stderr, "generate: %s: nothing to spoil\n", k->kind);
		exit(2);
	}
	if (k->with == NULL)
		return text("%.*s", (int)(at - line), line);
	return text("%.*s%s%s", (int)(at - line), line, k->with, at + strlen(k->find));
}

/* An event that nothing else tells of, so that nothing is missing where it is rejected. */
static struct rec doomed(const struct dirt *k, int nth)
{
	struct rec r = {.version = 1, .modified = NONE, .op = PUT, .d = visitor(span(START, END))};
	struct doc *d = &r.d;

	r.event = event_new(d->time);
	d->type = k->type;
	d->channel = WEB;
	d->choice = 1;
	if (k->type == PAID_BACK)
		d->refund = d->paid = d->amount;
	if (strcmp(k->code, "rule") == 0 && k->type != ADDED && nth == 0) {
		/* a cent that a double does not see */
		d->nitems = 1;
		d->item[0].qty = 3;
		d->item[0].price = INT64_C(30023997515803331);
		d->amount = d->refund = d->paid = sum(d);
	}
	if (strcmp(k->code, "rule") == 0 && k->type == ISSUED)
		d->amount--;
	if (strcmp(k->code, "rule") == 0 && k->type == PAID_BACK)
		d->paid--;
	return r;
}

static void dirt(void)
{
	size_t k;
	int i, kind;

	strcpy(deep, "\"version\":1,\"trace\":");
	memset(strchr(deep, 0), '[', 600);
	memset(strchr(deep, 0), ']', 600);
	strcpy(wide, "\"name\":\"");
	memset(strchr(wide, 0), 'w', 260);
	for (k = 0; k < COUNT(dirts); k++) {
		kind = strcmp(dirts[k].stage, "evparse") == 0 ? PARSE_BAD : VALID_BAD;
		for (i = 0; i < dirts[k].lines; i++) {
			struct rec r = doomed(&dirts[k], i);

			log_line(r.d.time, kind,
				 text("%s\n", spoil(&dirts[k], render(&r, 0, NONE, 0))));
		}
	}
}

/* What else stands in the logs: no event, and not meant to be one. */
static void noise(void)
{
	int i;

	for (i = 0; i < 900; i++) {
		int64_t at = span(START, END);
		int day = 1 + day_of(at), n = below(9000);
		const char *t = stamp(at, 0), *s;

		if (i % 3 == 0)
			s = text(
				"203.0.113.%d - - [%02d/Mar/2026:%.8s +0000] \"GET /cart/%d HTTP/1.1\" "
				"200 %d \"-\" \"curl/8.5.0\"\n",
				1 + n % 254, day, t + 11, 7 * n, 300 + n);
		else if (i % 3 == 1)
			s = text("%.19sZ app[12] WARN the payment queue is slow: %d ms\n", t, n);
		else if (i % 2)
			s = "    at com.example.Checkout.pay(Checkout.java:112)\n";
		else
			s = text("Mar  %d %.8s till-3 kernel: printer out of paper\n", day, t + 11);
		log_line(at, FOREIGN, s);
	}
	for (i = 0; i < 40; i++)
		log_line(span(START, END), BLANK, i % 4 ? "\n" : "\r\n");
}

/* ---- the fold -------------------------------------------------------------- */

/* A row of the history: the state of an event over [from, to). */
struct row {
	int event, deleted;
	int64_t from, to; /* to: NONE while it is the last */
	struct doc d;
};

static struct row *rows;
static size_t nrows;
static long versions, no_ops, conflicts, orphans, ids;

static int by_order(const void *a, const void *b)
{
	const struct rec *x = a, *y = b;

	if (x->event != y->event)
		return x->event < y->event ? -1 : 1;
	if (x->version != y->version)
		return x->version < y->version ? -1 : 1;
	if (rec_time(x) != rec_time(y))
		return rec_time(x) < rec_time(y) ? -1 : 1;
	if (x->op != y->op)
		return x->op < y->op ? -1 : 1;
	return x->rank - y->rank;
}

static int same_order(const struct rec *x, const struct rec *y)
{
	return x->event == y->event && x->version == y->version && rec_time(x) == rec_time(y) &&
	       x->op == y->op;
}

static void merge(struct doc *d, const struct rec *p)
{
	d->time = p->d.time;
	if (p->mask & P_CHANNEL)
		d->channel = p->d.channel;
	if (p->mask & P_AMOUNT)
		d->amount = p->d.amount;
	if (p->mask & P_ITEMS) {
		d->nitems = p->d.nitems;
		memcpy(d->item, p->d.item, sizeof(d->item));
	}
	if (p->mask & P_COUPON)
		d->coupon = NO_COUPON;
	if (p->mask & P_EXTRA) { /* card is null in the patch that does not bear it */
		if (!(p->d.extra & GIFT_CARD))
			d->extra &= ~GIFT_CARD;
		d->extra |= p->d.extra;
	}
}

static void row(int event, int64_t t, const struct doc *d, int is_deleted)
{
	struct row *prev = nrows && rows[nrows - 1].event == event ? &rows[nrows - 1] : NULL;

	if (prev && t < prev->from)
		t = prev->from;
	if (prev)
		prev->to = t;
	rows = grow(rows, nrows, sizeof(*rows));
	rows[nrows++] =
		(struct row){.event = event, .deleted = is_deleted, .from = t, .to = NONE, .d = *d};
	versions++;
}

static void fold(void)
{
	struct doc d = {0}, was;
	int live = 0, event = -1;
	size_t i;

	qsort(recs, nrecs, sizeof(*recs), by_order);
	for (i = 0; i < nrecs; i++) {
		const struct rec *r = &recs[i];

		if (r->event != event) {
			event = r->event;
			live = 0;
			ids++;
		}
		if (i + 1 < nrecs && same_order(r, &recs[i + 1])) {
			conflicts++;
			continue;
		}
		was = d;
		if (r->op == PUT)
			d = r->d;
		else if (r->op == PATCH && live)
			merge(&d, r);
		if (r->op == PATCH && !live)
			orphans++;
		else if (r->op == DELETE ? !live : live && memcmp(&d, &was, sizeof(d)) == 0)
			no_ops++;
		else
			row(event, rec_time(r), &d, r->op == DELETE);
		if (r->op != PATCH)
			live = r->op == PUT;
	}
}

/* ---- what must come out ---------------------------------------------------- */

struct cell {
	const char *day; /* in Amsterdam */
	int type, currency;
	long n;
	int64_t minor;
};

static int is_current(const struct row *r)
{
	return r->to == NONE && !r->deleted;
}

static int is_revenue(int type)
{
	return type == COMPLETED || type == MODIFIED || type == CANCELLED || type == REFUNDED;
}

static int by_cell(const void *a, const void *b)
{
	const struct cell *x = a, *y = b;
	int c = strcmp(x->day, y->day);

	if (c == 0)
		c = strcmp(type_name[x->type], type_name[y->type]);
	return c ? c : strcmp(currency_name[x->currency], currency_name[y->currency]);
}

static void print_cells(struct cell *c, size_t n, const char *label)
{
	size_t i, k = 0;

	qsort(c, n, sizeof(*c), by_cell);
	for (i = 0; i < n; i++) {
		if (k && by_cell(&c[k - 1], &c[i]) == 0) {
			c[k - 1].n += c[i].n;
			c[k - 1].minor += c[i].minor;
		} else {
			c[k++] = c[i];
		}
	}
	for (i = 0; i < k; i++)
		printf("    {\"%s\":\"%s\",\"event_type\":\"%s\",\"currency\":\"%s\","
		       "\"events\":%ld,"
		       "\"minor\":%lld,"
		       "\"amount\":\"%lld.%02lld\"}%s\n",
		       label, c[i].day, type_name[c[i].type], currency_name[c[i].currency], c[i].n,
		       (long long)c[i].minor, (long long)c[i].minor / 100,
		       (long long)c[i].minor % 100, i + 1 < k ? "," : "");
}

static void print_revenue(void)
{
	struct cell *c = NULL;
	size_t i, n = 0;

	for (i = 0; i < nrows; i++) {
		const struct row *r = &rows[i];

		if (!is_current(r) || !is_revenue(r->d.type))
			continue;
		c = grow(c, n, sizeof(*c));
		c[n++] = (struct cell){strdup(date(r->d.time + AMSTERDAM)), r->d.type,
				       r->d.currency, 1, r->d.amount};
		scratch_used = 0;
	}
	print_cells(c, n, "day");
}

/* The completed orders as they stood when a day had ended in Amsterdam. */
static void print_as_of(void)
{
	struct cell *c = NULL;
	size_t i, n = 0;
	int day;

	for (day = 0; day < DAYS; day++) {
		int64_t at = START + (day + 1) * DAY - AMSTERDAM;
		const char *when = strdup(stamp(at, 0));

		scratch_used = 0;
		for (i = 0; i < nrows; i++) {
			const struct row *r = &rows[i];

			if (r->d.type != COMPLETED || r->deleted || r->from > at ||
			    (r->to != NONE && r->to <= at))
				continue;
			c = grow(c, n, sizeof(*c));
			c[n++] = (struct cell){when, COMPLETED, r->d.currency, 1, r->d.amount};
		}
	}
	print_cells(c, n, "at");
}

static long distinct(int (*member)(const struct doc *d, int nth))
{
	static unsigned char seen[USERS];
	long n = 0;
	size_t i;
	int k, m;

	memset(seen, 0, sizeof(seen));
	for (i = 0; i < nrows; i++) {
		for (k = 0; (m = member(&rows[i].d, k)) >= 0; k++) {
			n += !seen[m];
			seen[m] = 1;
		}
	}
	return n;
}

static int user_of(const struct doc *d, int nth)
{
	return nth ? -1 : d->user;
}

static int type_of(const struct doc *d, int nth)
{
	return nth ? -1 : d->type;
}

static int channel_of(const struct doc *d, int nth)
{
	return nth ? -1 : d->channel;
}

static int product_of(const struct doc *d, int nth)
{
	return d->type == PAID_BACK || nth >= d->nitems ? -1 : d->item[nth].sku;
}

static long total(int kind)
{
	long n = 0;
	int i;

	for (i = 0; i < DAYS; i++)
		n += count[i][kind];
	return n;
}

/* The sums of evparse and evvalidate: of one day, or of all (day < 0). */
static void print_stages(int day, const char *end)
{
	long c[COUNTS], bad, in;
	int i;

	for (i = 0; i < COUNTS; i++)
		c[i] = day < 0 ? total(i) : count[day][i];
	bad = c[PARSE_BAD] + c[FOREIGN];
	in = c[GOOD] + c[DUPLICATE] + c[VALID_BAD];
	printf("{\"evparse\":{\"in\":%ld,\"out\":%ld,\"rejected\":%ld,\"blank\":%ld},"
	       "\"evvalidate\":{\"in\":%ld,\"out\":%ld,\"rejected\":%ld,\"blank\":0}}%s\n",
	       in + bad + c[BLANK], in, bad, c[BLANK], in, in - c[VALID_BAD], c[VALID_BAD], end);
}

/* A stage's rejects by code; those of one code stand together in dirts. */
static void print_codes(const char *stage, const char *begin, const char *end)
{
	size_t i, k;

	printf("    \"%s\": {%s", stage, begin);
	for (i = 0; i < COUNT(dirts); i = k) {
		long n = 0;

		for (k = i; k < COUNT(dirts) && strcmp(dirts[k].code, dirts[i].code) == 0; k++)
			n += dirts[k].lines;
		if (strcmp(dirts[i].stage, stage) == 0)
			printf("%s\"%s\":%ld", *begin ? "," : "", dirts[i].code, n);
		if (strcmp(dirts[i].stage, stage) == 0)
			begin = ",";
	}
	printf("}%s\n", end);
}

static void print_expected(void)
{
	long by_type[TYPES] = {0}, current = 0, tombstones = 0, sold = 0, payments = 0, refunds = 0;
	long in = total(GOOD) + total(DUPLICATE);
	size_t i;
	int k;

	for (i = 0; i < nrows; i++) {
		tombstones += rows[i].deleted;
		if (!is_current(&rows[i]))
			continue;
		k = rows[i].d.type;
		current++;
		by_type[k]++;
		sold += k == COMPLETED || k == MODIFIED ? rows[i].d.nitems : 0;
		payments += k == AUTHORIZED || k == FAILED;
		refunds += k == PAID_BACK;
	}
	printf("{\n  \"days\": {\n");
	for (k = 0; k < DAYS; k++) {
		printf("    \"%s\": ", date(START + k * DAY));
		print_stages(k, k + 1 < DAYS ? "," : "");
	}
	printf("  },\n  \"all\": ");
	print_stages(-1, ",");
	printf("  \"evdedupe\": {\"in\":%ld,\"out\":%ld,\"duplicate\":%ld},\n", in,
	       in - total(DUPLICATE), total(DUPLICATE));
	printf("  \"evversion\": {\"in\":%ld,\"version\":%ld,\"no_op\":%ld,\"conflict\":%ld,"
	       "\"orphan\":%ld},\n",
	       (long)nrecs, versions, no_ops, conflicts, orphans);
	printf("  \"rejects\": {\n");
	print_codes("evparse", text("\"foreign\":%ld", total(FOREIGN)), ",");
	print_codes("evvalidate", "", ",");
	printf("    \"evversion\": {\"conflict\":%ld,\"orphan\":%ld}\n  },\n  \"malformed\": [\n",
	       conflicts, orphans);
	for (i = 0; i < COUNT(dirts); i++)
		printf("    {\"kind\":\"%s\",\"stage\":\"%s\",\"code\":\"%s\",\"lines\":%d}%s\n",
		       dirts[i].kind, dirts[i].stage, dirts[i].code, dirts[i].lines,
		       i + 1 < COUNT(dirts) ? "," : "");
	printf("  ],\n  \"events\": {\"ids\":%ld,\"current\":%ld,\"history_rows\":%ld,"
	       "\"tombstones\":%ld},\n",
	       ids, current, versions, tombstones);
	printf("  \"current_by_type\": {");
	for (k = 0; k < TYPES; k++)
		printf("%s\"%s\":%ld", k ? "," : "", type_name[k], by_type[k]);
	printf("},\n  \"rows\": {\"events\":%ld,\"order_items\":%ld,\"payments\":%ld,"
	       "\"refunds\":%ld},\n",
	       versions, sold, payments, refunds);
	printf("  \"members\": {\"dim_user\":%ld,\"dim_product\":%ld,\"dim_event_type\":%ld,"
	       "\"dim_channel\":%ld,"
	       "\"dim_date\":2557},\n",
	       distinct(user_of), distinct(product_of), distinct(type_of), distinct(channel_of));
	printf("  \"revenue\": [\n");
	print_revenue();
	printf("  ],\n  \"as_of\": [\n");
	print_as_of();
	printf("  ]\n}\n");
	fprintf(stderr,
		"lines %zu: events %ld, redeliveries %ld (%ld respelled), malformed %ld + %ld, "
		"foreign %ld, blank %ld\nin text %ld, CRLF %ld, late %ld\n"
		"events %ld: versions %ld, no-ops %ld, conflicts %ld, "
		"orphans %ld, tombstones %ld, current %ld\n",
		nlines, total(GOOD), total(DUPLICATE), total(RESPELLED), total(PARSE_BAD),
		total(VALID_BAD), total(FOREIGN), total(BLANK), total(IN_TEXT), total(CRLF),
		total(LATE), ids, versions, no_ops, conflicts, orphans, tombstones, current);
}

/* ---- the program ----------------------------------------------------------- */

static int by_arrival(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->seq < y->seq ? -1 : 1;
}

/* The last line of the last day has no line end, as where a machine stopped. */
static void print_day(int day)
{
	size_t i, n;

	qsort(lines, nlines, sizeof(*lines), by_arrival);
	for (i = 0; i < nlines; i++) {
		if (day_of(lines[i].at) != day)
			continue;
		n = strlen(lines[i].s);
		if (i + 1 == nlines)
			n -= lines[i].s[n - 1] == '\n';
		fwrite(lines[i].s, 1, n, stdout);
	}
}

int main(int argc, char **argv)
{
	int day = -1, i;

	for (i = 0; argc == 2 && i < DAYS; i++)
		if (strcmp(argv[1], date(START + i * DAY)) == 0)
			day = i;
	if (argc != 2 || (day < 0 && strcmp(argv[1], "expected") != 0)) {
		fputs("usage: generate 2026-03-01|...|2026-03-05|expected\n", stderr);
		return 2;
	}
	visits();
	dirt();
	noise();
	fold();
	if (day >= 0)
		print_day(day);
	else
		print_expected();
	if (fflush(stdout) != 0 || ferror(stdout)) {
		perror("generate: standard output");
		return 2;
	}
	return 0;
}
