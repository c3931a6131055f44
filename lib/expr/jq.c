#include "expr/jq.h"

#include "base/mem.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <jq.h>
#include <jv.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	LONGEST_MESSAGE = 400,
	LONGEST_OUTPUT = 16 * 1024 * 1024,
	COMPILE_SECONDS = 10,
	MOST_HALVINGS = 5,
};

/* The library brings libonig along: no start of a program that needs neither shall load them. */
#define LIBJQ "libjq.so.1"

/* clang-format off */
#define FUNCTIONS(X) \
	X(jq_compile) X(jq_init) X(jq_next) X(jq_set_error_cb) X(jq_start) X(jq_teardown) \
	X(jv_copy) X(jv_dump_string) X(jv_free) X(jv_get_kind) X(jv_invalid_get_msg) \
	X(jv_invalid_has_msg) X(jv_nomem_handler) X(jv_parse_sized) \
	X(jv_string_length_bytes) X(jv_string_value)
/* clang-format on */
#define MEMBER(name) __typeof__(name) *(name);
static struct libjq {
	FUNCTIONS(MEMBER)
} libjq; /* filled by load() */

#define NAME_AND_PLACE(name) {#name, offsetof(struct libjq, name)},
static const struct {
	const char *name;
	size_t at;
} functions[] = {FUNCTIONS(NAME_AND_PLACE)};

static const rlim_t memory_at_least = 512 << 20;
static const rlim_t memory_per_byte = 64;

/* How the worker ends for want of memory; for want of time it is SIGPROF. */
enum { NO_MEMORY = SIGUSR1 };

enum task { COMPILE, TEST, RUN };
enum answer { HOLDS, FAILS, RAISED, TOO_LONG, ABSENT };

struct request {
	uint32_t task;
	uint32_t program; /* its number */
	uint64_t len;	  /* bytes that follow: the program or the value */
	uint64_t microseconds;
};

struct reply {
	uint64_t answer;
	uint64_t len; /* bytes that follow: the error, or the outputs */
};

struct ev_jq {
	char *program;
	uint32_t number;
	uint32_t known; /* to the worker of this number, counted from 1 */
	unsigned halvings;
};

/* False at the end, or on an error. */
static bool get(int fd, void *to, size_t len)
{
	char *p = to;

	while (len > 0) {
		ssize_t n = recv(fd, p, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

/* A head and what follows it, as a rule in one call. */
static bool put(int fd, const void *head, size_t head_len, const void *p, size_t len)
{
	struct iovec parts[2] = {{(void *)(uintptr_t)head, head_len}, {(void *)(uintptr_t)p, len}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
	size_t left = head_len + len;

	while (left > 0) {
		ssize_t n = sendmsg(fd, &message, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		left -= (size_t)n;
		for (size_t i = 0; i < 2; i++) {
			size_t gone = (size_t)n < parts[i].iov_len ? (size_t)n : parts[i].iov_len;

			parts[i].iov_base = (char *)parts[i].iov_base + gone;
			parts[i].iov_len -= gone;
			n -= (ssize_t)gone;
		}
	}
	return true;
}

/* The worker's side */

struct work {
	int fd;
	rlim_t base;	  /* the address space that it has from the start */
	uint64_t longest; /* for whose value its memory is set */
	jq_state **programs;
	size_t n, cap;
	struct ev_buf in, out;
	const char *absent; /* why the library is not there; or NULL */
};

static _Noreturn void end(int number)
{
	signal(number, SIG_DFL);
	raise(number);
	raise(SIGKILL);
	for (;;)
		pause();
}

static void no_memory(const char *what)
{
	(void)what;
	end(NO_MEMORY);
}

static void no_memory_in_libjq(void *data)
{
	(void)data;
	end(NO_MEMORY);
}

static bool is_valid(jv v)
{
	return libjq.jv_get_kind(v) != JV_KIND_INVALID;
}

/* The first line of a message of libjq, without its prefix and what follows a parenthesis. */
static void put_message(const char *p, size_t len, struct ev_buf *out)
{
	static const char *const ends[] = {" (while parsing", " (Unix shell quoting", "\n"};
	static const char head[] = "jq: error: ";

	if (len > sizeof head - 1 && memcmp(p, head, sizeof head - 1) == 0) {
		p += sizeof head - 1;
		len -= sizeof head - 1;
	}
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		const char *stop = memmem(p, len, ends[i], strlen(ends[i]));

		if (stop != NULL)
			len = (size_t)(stop - p);
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
	if (libjq.jv_get_kind(v) != JV_KIND_STRING)
		v = libjq.jv_dump_string(v, 0);
	put_message(libjq.jv_string_value(v),
		    (size_t)libjq.jv_string_length_bytes(libjq.jv_copy(v)), out);
	libjq.jv_free(v);
}

/* Keeps the first message of a compilation. */
static void on_message(void *data, jv message)
{
	struct ev_buf *out = data;

	if (out->len == 0)
		put_value(message, out);
	else
		libjq.jv_free(message);
}

/*
 * Redefines the functions that jq 1.6 compiles < <= > >= to: to order a number and a text or null
 * is an error. It stands in the program's first line, so that line numbers in messages stay right.
 */
#define ORDERED(name, sign)                                                                \
	"def ev" name "(a; b): a " sign " b; "                                             \
	"def " name "(a; b): b as $b | a as $a | ($a | type) as $s | ($b | type) as $t | " \
	"if ($s == \"number\" and ($t == \"string\" or $t == \"null\")) or "               \
	"($t == \"number\" and ($s == \"string\" or $s == \"null\")) then "                \
	"error(\"\\($s) and \\($t) have no order: \\($a | tojson | .[0:40]) " sign         \
	" \\($b | tojson | .[0:40])\") else ev" name "($a; $b) end; "

static const char prelude[] = ORDERED("_less", "<") ORDERED("_lesseq", "<=")
	ORDERED("_greater", ">") ORDERED("_greatereq", ">=");

static enum answer compile(struct work *w, const struct request *r)
{
	struct ev_buf text = {0};
	jq_state *q;
	bool good;

	if (w->absent != NULL) {
		ev_buf_puts(&w->out, w->absent);
		return ABSENT;
	}
	q = libjq.jq_init();
	if (q == NULL)
		no_memory(NULL);
	libjq.jq_set_error_cb(q, on_message, &w->out);
	ev_buf_puts(&text, prelude);
	ev_buf_put(&text, w->in.p, w->in.len);
	good = libjq.jq_compile(q, ev_buf_str(&text)) != 0;
	if (!good && w->out.len == 0)
		ev_buf_puts(&w->out, "this is no program");
	ev_buf_free(&text);
	if (!good) {
		libjq.jq_teardown(&q);
		return RAISED;
	}
	ev_buf_reset(&w->out);
	while (w->n <= r->program) {
		ev_grow(&w->programs, &w->cap, w->n + 1, sizeof(jq_state *));
		w->programs[w->n++] = NULL;
	}
	w->programs[r->program] = q;
	return HOLDS;
}

static enum answer failed(struct work *w, jv invalid)
{
	ev_buf_reset(&w->out);
	put_value(libjq.jv_invalid_get_msg(invalid), &w->out);
	return RAISED;
}

/* Adds one output; false if there are too many. */
static bool add_output(struct work *w, jv v)
{
	jv text = libjq.jv_dump_string(v, 0);
	size_t len = (size_t)libjq.jv_string_length_bytes(libjq.jv_copy(text));
	bool fits = len + w->out.len < LONGEST_OUTPUT + 4 * w->in.len;

	if (fits) {
		ev_buf_put(&w->out, libjq.jv_string_value(text), len);
		ev_buf_putc(&w->out, '\n');
	}
	libjq.jv_free(text);
	return fits;
}

static enum answer evaluate(struct work *w, const struct request *r)
{
	jq_state *q = w->programs[r->program];
	bool falsy = false, any = false;
	jv v;

	if (r->len > INT_MAX) {
		ev_buf_puts(&w->out, "the value is too long for libjq");
		return RAISED;
	}
	v = libjq.jv_parse_sized(w->in.p, (int)w->in.len);
	if (!is_valid(v))
		return failed(w, v);
	libjq.jq_start(q, v, 0);
	while (!falsy && is_valid(v = libjq.jq_next(q))) {
		any = true;
		if (r->task == RUN) {
			if (!add_output(w, v)) {
				ev_buf_reset(&w->out);
				ev_buf_puts(&w->out, "what libjq makes of it is too long");
				return TOO_LONG;
			}
			continue;
		}
		falsy = libjq.jv_get_kind(v) == JV_KIND_NULL ||
			libjq.jv_get_kind(v) == JV_KIND_FALSE;
		libjq.jv_free(v);
	}
	if (!falsy) {
		if (libjq.jv_invalid_has_msg(libjq.jv_copy(v)))
			return failed(w, v);
		libjq.jv_free(v);
	}
	return any && !falsy ? HOLDS : FAILS;
}

/* The timer counts no time in which the worker waits, so it need not be stopped. */
static void set_bounds(struct work *w, const struct request *r)
{
	struct itimerval timer = {.it_value = {(time_t)(r->microseconds / 1000000),
					       (suseconds_t)(r->microseconds % 1000000)}};
	struct rlimit limit;

	setitimer(ITIMER_PROF, &timer, NULL);
	if ((w->longest >> 16 != r->len >> 16 || w->longest == 0) &&
	    getrlimit(RLIMIT_AS, &limit) == 0) {
		rlim_t most = w->base + memory_at_least + memory_per_byte * r->len;

		w->longest = r->len | 1;
		limit.rlim_cur = limit.rlim_max < most ? limit.rlim_max : most;
		setrlimit(RLIMIT_AS, &limit);
	}
}

static void serve(struct work *w)
{
	struct request r;
	struct reply reply;

	while (get(w->fd, &r, sizeof r)) {
		set_bounds(w, &r);
		ev_buf_reset(&w->in);
		ev_buf_reset(&w->out);
		if (!get(w->fd, ev_buf_room(&w->in, r.len + 1), r.len))
			return;
		w->in.len = r.len;
		reply.answer = r.task == COMPILE ? compile(w, &r) : evaluate(w, &r);
		reply.len = w->out.len;
		if (!put(w->fd, &reply, sizeof reply, w->out.p, w->out.len))
			return;
	}
}

/*
 * Loads the library. Here rather than in the parent, for which a dlopen() that lacks memory would
 * be the end: glibc 2.36 then follows a null pointer.
 */
static void load(struct work *w)
{
	void *library = dlopen(LIBJQ, RTLD_NOW | RTLD_LOCAL), *function;

	for (size_t i = 0; i < sizeof functions / sizeof functions[0] && library != NULL; i++) {
		function = dlsym(library, functions[i].name);
		if (function == NULL)
			library = NULL;
		else /* ISO C has no cast from an object to a function */
			memcpy((char *)&libjq + functions[i].at, &function, sizeof function);
	}
	if (library != NULL)
		libjq.jv_nomem_handler(no_memory_in_libjq, NULL);
	else
		w->absent = ev_strdup(dlerror());
}

static rlim_t address_space(void)
{
	unsigned long long pages = 0;
	char line[80];
	FILE *f = fopen("/proc/self/statm", "re");

	if (f != NULL) {
		if (fgets(line, sizeof line, f) != NULL)
			pages = strtoull(line, NULL, 10);
		fclose(f);
	}
	return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

static _Noreturn void be_worker(int fd, pid_t parent)
{
	static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR2};
	struct work w = {.fd = 0};
	sigset_t none;

	for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
		signal(ignored[i], SIG_IGN); /* they are the parent's, with which this one goes */
	signal(SIGPROF, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		end(SIGKILL);
	ev_oom_handler(no_memory);
	load(&w);
	w.base = address_space();
	if (dup2(fd, 0) < 0)
		end(SIGKILL);
	close_range(1, ~0U, 0);
	if (open("/dev/null", O_RDWR) < 0 || dup2(1, 2) < 0)
		end(SIGKILL);
	clearenv();
	serve(&w);
	end(SIGKILL);
}

/* The parent's side */

static struct {
	pid_t pid; /* 0: there is none */
	int fd;
	uint32_t number; /* of workers so far */
	uint32_t programs;
	size_t users;
} worker;

static void tell_why(struct ev_error *err)
{
	ev_fail(err, "the process for libjq cannot be started: %s", strerror(errno));
}

static bool start(struct ev_error *err)
{
	pid_t parent = getpid();
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
		tell_why(err);
		return false;
	}
	worker.pid = fork();
	if (worker.pid < 0) {
		tell_why(err);
		worker.pid = 0;
		close(pair[0]);
		close(pair[1]);
		return false;
	}
	if (worker.pid == 0)
		be_worker(pair[1], parent);
	close(pair[1]);
	worker.fd = pair[0];
	worker.number++;
	return true;
}

/* The signal that ended it, or 0. */
static int stop(void)
{
	int status = 0;

	close(worker.fd);
	while (waitpid(worker.pid, &status, 0) < 0 && errno == EINTR)
		;
	worker.pid = 0;
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* Sends a task and takes the reply; false if the worker has ended. */
static bool ask(const struct request *r, const void *p, struct reply *reply, struct ev_buf *text)
{
	char *room;

	if (!put(worker.fd, r, sizeof *r, p, r->len) || !get(worker.fd, reply, sizeof *reply))
		return false;
	ev_buf_reset(text);
	room = ev_buf_room(text, reply->len + 1);
	if (!get(worker.fd, room, reply->len))
		return false;
	text->len = reply->len;
	return true;
}

/* Whether the worker could have had all the memory that it was promised. */
static bool memory_was_there(size_t len)
{
	struct rlimit limit;
	rlim_t most = memory_at_least + memory_per_byte * len;

	return getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_max == RLIM_INFINITY ||
	       limit.rlim_max > most + address_space();
}

/*
 * A task of a program, or its making alone if r is NULL. 0 with the reply; -1 with the error if no
 * worker can be had; else the signal that ended the worker, twice, but for want of time: the first
 * may have been worn by other work, or have met a passing shortage.
 */
static int perform(struct ev_jq *q, const struct request *r, const void *p, struct reply *reply,
		   struct ev_buf *text, struct ev_error *err)
{
	struct request make = {.task = COMPILE,
			       .program = q->number,
			       .len = strlen(q->program),
			       .microseconds = COMPILE_SECONDS * UINT64_C(1000000)};
	int number = 0;

	for (int tries = 0; tries < 2 && number != SIGPROF; tries++) {
		if (worker.pid == 0 && !start(err))
			return -1;
		if (q->known != worker.number && ask(&make, q->program, reply, text)) {
			if (reply->answer == RAISED || reply->answer == ABSENT)
				return 0;
			q->known = worker.number;
		}
		if (q->known == worker.number && (r == NULL || ask(r, p, reply, text)))
			return 0;
		number = stop();
	}
	if (number == NO_MEMORY && !memory_was_there(r != NULL ? r->len : 0))
		ev_oom();
	return number != 0 ? number : SIGKILL;
}

struct ev_jq *ev_jq_compile(const char *program, struct ev_error *err)
{
	struct ev_jq *q = ev_calloc(1, sizeof *q);
	struct reply reply = {0};
	struct ev_buf text = {0};
	int number;

	q->program = ev_strdup(program);
	q->number = worker.programs++;
	worker.users++;
	number = perform(q, NULL, NULL, &reply, &text, err);
	if (number == 0 && reply.answer == RAISED)
		ev_fail(err, "jq: %s", ev_buf_str(&text));
	else if (number == 0 && reply.answer == ABSENT)
		ev_fail(err, "libjq, which this needs, cannot be loaded: %s: install it (libjq1)",
			ev_buf_str(&text));
	else if (number > 0)
		ev_fail(err, "jq: libjq cannot compile it %s",
			number == SIGPROF     ? "in time"
			: number == NO_MEMORY ? "within its bound of memory"
					      : "without breaking down");
	ev_buf_free(&text);
	if (number != 0 || reply.answer == RAISED || reply.answer == ABSENT)
		ev_jq_free(&q);
	return q;
}

void ev_jq_free(struct ev_jq **q)
{
	if (*q == NULL)
		return;
	if (--worker.users == 0 && worker.pid != 0)
		stop();
	free((*q)->program);
	free(*q);
	*q = NULL;
}

static void put_seconds(uint64_t microseconds, struct ev_buf *out)
{
	uint64_t hundredths = (microseconds + 5000) / 10000;

	ev_buf_printf(out, "%llu.%02llu s", (unsigned long long)(hundredths / 100),
		      (unsigned long long)(hundredths % 100));
}

static enum ev_status bounded(struct ev_jq *q, enum task task, const char *json, size_t len,
			      struct reply *reply, struct ev_buf *text, struct ev_buf *why)
{
	struct request r = {.task = task, .program = q->number, .len = len};
	struct ev_error err;
	int number;

	r.microseconds = (1000000 + (uint64_t)len) >> q->halvings;
	number = perform(q, &r, json, reply, text, &err);
	if (number < 0)
		ev_oom(); /* no process: the system is at its end */
	ev_buf_reset(why);
	if (number == 0) {
		q->halvings = 0;
		if (reply->answer == HOLDS || reply->answer == FAILS)
			return EV_OK;
		ev_buf_put(why, text->p, text->len);
		return reply->answer == RAISED ? EV_REJECT : EV_FATAL;
	}
	if (number == SIGPROF) {
		ev_buf_puts(why, "libjq came to no end within ");
		put_seconds(r.microseconds, why);
		ev_buf_puts(why, " of processor time, far more than a value of this size needs");
		q->halvings += q->halvings < MOST_HALVINGS;
	} else if (number == NO_MEMORY) {
		ev_buf_printf(why, "libjq needs more than %llu MiB of memory for it",
			      (unsigned long long)(memory_at_least + memory_per_byte * len) >> 20);
	} else {
		ev_buf_printf(why, "libjq breaks down on it (signal %d)", number);
	}
	return EV_FATAL;
}

enum ev_status ev_jq_run(struct ev_jq *q, const char *json, size_t len, struct ev_buf *outputs,
			 struct ev_buf *why)
{
	struct reply reply;

	ev_buf_reset(outputs);
	return bounded(q, RUN, json, len, &reply, outputs, why);
}

enum ev_status ev_jq_test(struct ev_jq *q, const char *json, size_t len, bool *holds,
			  struct ev_buf *why)
{
	struct ev_buf text = {0};
	struct reply reply;
	enum ev_status status = bounded(q, TEST, json, len, &reply, &text, why);

	*holds = status == EV_OK && reply.answer == HOLDS;
	ev_buf_free(&text);
	return status;
}
