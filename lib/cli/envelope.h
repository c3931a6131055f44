/*
 * envelope: the options that name the parts of an envelope, for a use without a model.
 * Floor 9, libevcli.
 */
#ifndef EV_ENVELOPE_H
#define EV_ENVELOPE_H

#include "cli/cli.h"

#define CLI_ENVELOPE_OPTIONS                                                      \
	{"id", '\0', "PATH", "where the event's id stands (default: .event_id)"}, \
		{"type", '\0', "PATH", "its type (.event_type)"},                 \
		{"time", '\0', "PATH", "its time (.event_timestamp)"},            \
		{"version-path", '\0', "PATH", "its version (.version)"},         \
		{"modified", '\0', "PATH", "its modified time (.modified_at)"},   \
	{                                                                         \
		"op", '\0', "PATH", "put, patch or delete (.op)"                  \
	}

/* name: of one of the options above. */
void cli_envelope_take(const char *name, const char *path);
/* Puts what was taken over the model's. Exits if a path is none. */
void cli_envelope_apply(struct ev_model *m);

#endif
