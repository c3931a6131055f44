/*
 * yaml: a YAML document as a tree with positions. The door to libyaml. Floor 5.
 *
 * One document a file, read in time linear in its size. Aliases share their node. Not taken: equal
 * keys in one mapping, keys that are no scalars, nesting deeper than 64, more than a million nodes
 * (a long text counts as one for every 64 bytes, and what an alias names as often as it is named),
 * several documents.
 */
#ifndef EV_YAML_H
#define EV_YAML_H

#include "base/buf.h"
#include "base/status.h"

#include <stdbool.h>

enum ev_yaml_kind { EV_YAML_SCALAR, EV_YAML_LIST, EV_YAML_MAP };

struct ev_yaml {
	enum ev_yaml_kind kind;
	const char *text; /* a scalar's content, NUL behind it */
	size_t len;
	bool plain;	     /* written without quotes */
	size_t line, column; /* from 1 */
	size_t n;
	struct ev_yaml **items; /* a list's items, or a map's values */
	struct ev_yaml **keys;	/* a map's keys */
};

struct ev_yaml_doc;

/* file is for errors alone. */
struct ev_yaml_doc *ev_yaml_read(const char *file, const char *text, size_t len,
				 struct ev_error *err);
/* The same for a JSON text, EV_SCAN_SLACK bytes readable behind it. Strings are not plain. */
struct ev_yaml_doc *ev_yaml_read_json(const char *file, const char *text, size_t len,
				      struct ev_error *err);
const struct ev_yaml *ev_yaml_root(const struct ev_yaml_doc *doc);
void ev_yaml_free(struct ev_yaml_doc **doc);

/* The value of that key, or NULL. */
const struct ev_yaml *ev_yaml_get(const struct ev_yaml *map, const char *key);
/* Appends the node as JSON; plain scalars are what YAML's JSON schema (10.2) takes them for. */
void ev_yaml_json(const struct ev_yaml *node, struct ev_buf *out);

#endif
