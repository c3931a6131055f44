/*
 * The live tables against the model's, with what mends each difference.
 */
#include "base/utf8.h"
#include "ddl/internal.h"
#include "warehouse/target.h"

/* What makes the difference go away. */
static void put_mend(struct ddl *s, const struct ev_difference *d, const char *environment,
		     struct ev_buf *out)
{
	const char *model = s->model->file;
	const char *where = environment != NULL ? "-e" : "-t";
	const char *which = environment != NULL ? environment : s->d->target;

	switch (d->lack) {
	case EV_LACKS_TABLE:
		ev_buf_printf(out, "evschema create -m %s %s %s makes it", model, where, which);
		break;
	case EV_LACKS_COLUMN: ddl_add_column(s, d->table, d->column, out); break;
	case EV_HAS_COLUMN: ddl_drop_column(s, d->table, d->name, out); break;
	case EV_DIFFERS:
		ev_buf_printf(out,
			      "evschema diff OLD %s %s %s, with the model that it was made by, "
			      "says how",
			      model, where, which);
		break;
	case EV_NOT_PLAIN:
		ev_buf_puts(out, "load into plain tables, and put views on them under other names");
		break;
	case EV_REFUSES: ev_buf_puts(out, d->mend); break;
	}
}

static enum ev_status tell(struct ddl *s, const struct ev_differences *all, const char *environment,
			   struct ev_error *err)
{
	struct ev_buf line = {0};

	for (size_t i = 0; i < all->n; i++) {
		const struct ev_difference *d = &all->list[i];
		const char *p;

		ev_buf_reset(&line);
		ev_buf_printf(&line, "%s %s: ", d->table != NULL ? d->table->name : "ev_ledger",
			      d->what);
		put_mend(s, d, environment, &line);
		/* Names of live columns come from outside, and shall not steer a terminal. */
		for (p = line.p; p < line.p + line.len;)
			s->text.len += ev_utf8_show(&p, (size_t)(line.p + line.len - p),
						    ev_buf_room(&s->text, EV_UTF8_SHOWN + 1));
		ev_buf_putc(&s->text, '\n');
	}
	ev_buf_free(&line);
	return ddl_put(s, err);
}

enum ev_status ev_ddl_check(const struct ev_ddl *what, const char *url, struct ev_out *out,
			    bool *same, struct ev_error *err)
{
	const struct ev_engine *engine = ev_engine_find(url);
	struct ev_differences all = {0};
	struct ev_target *target = NULL;
	struct ddl s;
	enum ev_status st = ddl_open(&s, what, out, err);

	if (st == EV_OK) {
		target = engine->open(url, s.schema, s.tables, what->model->file, err);
		st = target != NULL ? target->ops->check(target, &all, err) : EV_FATAL;
	}
	if (st == EV_OK)
		st = tell(&s, &all, what->environment, err);
	*same = all.n == 0;
	if (target != NULL)
		target->ops->free(target);
	ev_differences_free(&all);
	ddl_close(&s);
	return st;
}
