/* A column of each type, on which column.c and value.c try values. */
#ifndef COLUMNS_H
#define COLUMNS_H

#include "warehouse/column.h"

static const struct ev_column columns[] = {
	{.type = EV_TYPE_VARCHAR, .size = 3},
	{.type = EV_TYPE_VARCHAR, .size = 36},
	{.type = EV_TYPE_TIMESTAMP},
	{.type = EV_TYPE_UUID},
	{.type = EV_TYPE_DATE},
	{.type = EV_TYPE_INT},
	{.type = EV_TYPE_DECIMAL, .size = 5, .scale = 2},
	{.type = EV_TYPE_DECIMAL, .size = 2, .scale = 2},
	{.type = EV_TYPE_BOOL},
	{.type = EV_TYPE_JSON},
};

enum { COLUMNS = sizeof columns / sizeof columns[0] };

#endif
