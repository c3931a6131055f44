/*
 * erase: what the erase commands of the programs share. Floor 10, libevcli.
 */
#ifndef EV_CLI_ERASE_H
#define EV_CLI_ERASE_H

#include "cli/cli.h"
#include "record/erasure.h"

/* Whose records leave, and where the ids of their events go. */
#define CLI_ERASE_VALUES                                                            \
	{"value", '\0', "TEXT", "erase: whose records leave, a value of the path"}, \
	{                                                                           \
		"values", '\0', "FILE", "erase: the same, one a line"               \
	}
#define CLI_ERASE_OPTIONS                                                             \
	CLI_ERASE_VALUES,                                                             \
	{                                                                             \
		"events", '\0', "FILE", "erase: add the ids of the events that leave" \
	}

/* name: of one of the options above; any other is passed over. */
void cli_erase_take(const char *name, const char *argument);
/* What is to be erased, by a path and the values that were given. Exits if there are none. */
struct ev_erasure *cli_erasure(struct cli *c, const char *path);
/* To be begun with: it has --events written. */
struct ev_erased cli_erased(void);
/* Appends the lines that say what left. */
void cli_erased_print(const struct ev_erased *erased, struct ev_buf *out);

#endif
