/*
 * script: what the files of load.sql share, and nobody else may see. Floor 8.
 */
#ifndef EV_SCRIPT_H
#define EV_SCRIPT_H

#include "warehouse/internal.h"

struct script;

/* What differs from target to target. */
struct script_engine {
	const char *target;
	const char *head; /* how it is run, and what is to be set */
	/* Around the schema of the tables, which is given or this one; NULL: it has none. */
	void (*set_schema)(struct script *s, const char *schema);
	const char *schema;
	const char *rest; /* of the head */
	/* Makes the stage of a table, or of what is to be deleted, and fills it. */
	void (*stage)(struct script *s, size_t table);
	const char *temporary; /* ... NAME (columns)behind */
	const char *behind;
	const char *text, *integer;
	const char *begin, *end;     /* of the transaction, behind the stages */
	const char *raise;	     /* stops if the verdict is neither to apply nor nothing */
	const char *json, *json_end; /* around a text that becomes JSON */
	bool sizes; /* files are plain, and the script compares their sizes with the manifest */
};

struct script {
	const struct ev_bundle *b;
	const struct script_engine *e;
	struct ev_buf *out;
};

/* One for each target that there are bundles for. */
const struct script_engine *script_engine_of(const char *target);

/* [name] is an identifier in quotes. */
void script_put(struct script *s, const char *fmt, ...) EV_PRINTF(2, 3);
void script_name(struct script *s, const char *name);

static inline const struct ev_table *script_table_of(const struct script *s, size_t table)
{
	return table < s->b->tables->n ? &s->b->tables->list[table] : NULL;
}

static inline const struct ev_bundle_files *script_files_of(const struct script *s, size_t table)
{
	return &s->b->files[table];
}

/* The stage of a table; that of what is to be deleted is ev_delete. */
const char *script_stage_of(const struct script *s, size_t table, char name[32]);
/* The first n columns of a table, each behind a prefix, with commas between them. */
void script_columns(struct script *s, const struct ev_table *t, size_t n, const char *prefix);
void script_table(struct script *s, const struct ev_table *t);
/* One of the script's own tables. # stands before the name of an integer. */
void script_own(struct script *s, const char *name, const char *const *columns, size_t n);
/*
 * SQLite: a field as pgtext spells it, which .import leaves as it is, in its column's type.
 */
void script_sqlite_value(struct script *s, const struct ev_column *c);

#endif
