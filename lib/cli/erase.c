#include "cli/erase.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct given {
	const char *text;
	bool is_file;
};

static struct given *values;
static size_t n_values;
static const char *events;

void cli_erase_take(const char *name, const char *argument)
{
	bool is_file = strcmp(name, "values") == 0;

	if (strcmp(name, "events") == 0)
		events = argument;
	if (!is_file && strcmp(name, "value") != 0)
		return;
	if (argument[0] == '\0')
		cli_usage("--%s: an empty one is none", name);
	values = ev_realloc_array(values, n_values + 1, sizeof *values);
	values[n_values++] = (struct given){argument, is_file};
}

struct ev_erasure *cli_erasure(struct cli *c, const char *path)
{
	struct ev_erasure *e = ev_erasure_new(path, &c->error);

	if (e == NULL)
		cli_usage("'%s': %s", path, c->error.text);
	if (n_values == 0)
		cli_usage("erase takes the values whose records leave: --values FILE, or --value "
			  "TEXT");
	for (size_t i = 0; i < n_values; i++) {
		if (values[i].is_file)
			cli_must(c, ev_erasure_read(e, values[i].text, &c->error));
		else
			ev_erasure_add(e, values[i].text, strlen(values[i].text));
	}
	free(values);
	values = NULL;
	n_values = 0;
	return e;
}

/*
 * Adds the ids to the file, which nobody else may read, and syncs it: if the program is stopped
 * behind that, they are not found again.
 */
static enum ev_status add_events(void *file, const struct ev_buf *owners, struct ev_error *err)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	enum ev_status st = fd < 0 ? EV_FATAL : EV_OK;
	size_t at = 0;

	while (st == EV_OK && at < owners->len) {
		ssize_t n = write(fd, owners->p + at, owners->len - at);

		if (n > 0)
			at += (size_t)n;
		else if (n == 0 || errno != EINTR)
			st = EV_FATAL;
	}
	if (st == EV_OK && fsync(fd) != 0 && errno != EINVAL)
		st = EV_FATAL;
	if (st != EV_OK)
		ev_fail(err, "%s: cannot be written: %s", (const char *)file, strerror(errno));
	if (fd >= 0)
		close(fd);
	return st;
}

struct ev_erased cli_erased(void)
{
	return (struct ev_erased){.known = events != NULL ? add_events : NULL,
				  .ctx = (void *)(uintptr_t)events};
}

void cli_erased_print(const struct ev_erased *erased, struct ev_buf *out)
{
	ev_buf_printf(out, "events: %" PRIu64 "\nrecords: %" PRIu64 "\n", erased->events,
		      erased->records);
}
