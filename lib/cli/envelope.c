#include "cli/envelope.h"

enum { PARTS = 6 };

static struct {
	const char *name, *path;
} taken[PARTS];

static size_t n_taken;

void cli_envelope_take(const char *name, const char *path)
{
	size_t i = 0;

	while (i < n_taken && strcmp(taken[i].name, name) != 0)
		i++;
	taken[i].name = name;
	taken[i].path = path;
	if (i == n_taken)
		n_taken++;
}

void cli_envelope_apply(struct ev_model *m)
{
	struct ev_error err;

	for (size_t i = 0; i < n_taken; i++) {
		/* --version is every program's own question, so the path has a longer name. */
		const char *part =
			strcmp(taken[i].name, "version-path") == 0 ? "version" : taken[i].name;

		if (ev_model_set_path(m, part, taken[i].path, &err) != EV_OK)
			cli_die(&err);
	}
}
