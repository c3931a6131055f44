#!/bin/sh
# load.sh TARGET: judges the buckets together, and loads all of them or none. TARGET is what evload takes:
# load.sh --snapshot sqlite:shop.db; load.sh tsv:FOLDER; load.sh --for snowflake -o FOLDER
set -eu
evvalidate --merge --batch "$BATCH" --result "$OUT/result.json" "$OUT"/state.* >"$OUT/verdict"
exec evload "$@" "$OUT/verdict" "$OUT"/mapped.* "$OUT"/reduced.*
