#!/bin/sh
# evload into PostgreSQL, a server of this test's own: the same tables as in SQLite, whatever happens.
# POSTGRES_KILLS (10) is how often a load, or the server, is killed.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"
. "$srcdir/tests/postgres.sh"

for program in sqlite3 jq; do
	command -v $program >"$tap/which" || skip_all "$program is not installed"
done
if evload --unsealed postgresql: /dev/null 2>&1 | grep -q 'built without libpq'; then
	skip_all 'this evload was built without libpq'
fi

# libpq is loaded for a postgresql: target alone, and a broken one is told.
mkdir broken
echo no library >broken/libpq.so.5
run env LD_LIBRARY_PATH="$PWD/broken" evload --version
check 'evload starts without libpq' 0 any
run env LD_LIBRARY_PATH="$PWD/broken" evload --position postgresql:
check 'and says so where it is asked for' 2 '' \
	'~^evload: postgresql: libpq cannot be loaded: .*/libpq.so.5: .*: install it \(libpq5\)$'
kills=${POSTGRES_KILLS-10}
postgres_start || {
	done_testing
}

cat >evkit.yaml <<'END'
evkit: 1
name: every
event: {id: .id, type: .type, time: .at, version: .v, op: .op}
environments:
  dev: {target: sqlite}
  prod: {target: postgres, schema: Group}
  twin: {target: postgres, schema: twin}
  second: {target: postgres, schema: second}
  nowhere: {target: postgres, schema: nowhere}
star:
  facts:
    order:
      keep: history
      columns:
        select: {from: .text, type: varchar(1000), dimension: user}
        Table: {from: .amount, type: "decimal(38,10)"}
        where: {from: .n, type: int}
        cents: {from: .cents, type: "decimal(12,2)"}
        whole: {from: .whole, type: "decimal(38,0)"}
        fine: {from: .fine, type: "decimal(38,38)"}
        b: {from: .b, type: bool}
        at: {from: .at, type: timestamp, dimension: days}
        day: {from: .day, type: date}
        u: {from: .u, type: uuid}
        j: {from: .j, type: json}
    lines:
      keep: latest
      each: ".lines[]"
      columns:
        n: {from: $index, type: int}
        sku: {from: $item.sku, type: varchar(20)}
        price: {from: $item.price, type: "decimal(12,2)"}
  dimensions:
    user: {key: .text, columns: {text: {from: .text, type: varchar(1000)}, name: {from: .name, type: varchar(20)}}}
    days: {calendar: {from: 2026-03-01, to: 2026-03-03, zone: UTC}}
END
evschema -t sqlite >sqlite.sql || exit 2
sqlite3 -bail fresh.db <sqlite.sql
for schema in prod twin second; do
	evschema -e $schema | sql || exit 2
done
unset EVKIT_SEAL

# tables SCHEMA: its tables as text, without the ledger.
tables()
{
	printf '%s\n' "SELECT unnest(ARRAY[format('SELECT %L', table_name), format('COPY (SELECT * FROM %I.%I ORDER BY 1, 2, 3) TO STDOUT', table_schema, table_name)])
		FROM information_schema.tables WHERE table_schema = '$1' AND table_type = 'BASE TABLE' AND table_name <> 'ev_ledger' ORDER BY table_name \\gexec" |
		sql -f -
}

# twin DATABASE: the same of one of SQLite: PostgreSQL reads it.
twin()
{
	sqlite3 -readonly "$1" "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'ev_ledger'" >names
	while read -r table; do
		printf '.once twin.%s\nSELECT * FROM "%s";\n' "$table" "$table"
	done <names | sqlite3 -readonly -csv "$1"
	while read -r table; do
		printf 'TRUNCATE twin."%s";\n\\copy twin."%s" FROM twin.%s (FORMAT csv)\n' "$table" "$table" "$table"
	done <names | sql -f -
	tables twin
}

# afresh: empty tables in PostgreSQL and SQLite.
afresh()
{
	sql -c 'DROP SCHEMA "Group" CASCADE'
	evschema -e prod | sql
	cp fresh.db shop.db
}

#
# Values of every type
#

# every SEED N: N events.
every()
{
	awk -v seed="$1" -v n="$2" '
	function digits(most,  s, k) {
		s = substr("123456789", 1 + int(rand() * 9), 1)
		for (k = int(rand() * most); k > 0; k--)
			s = s int(rand() * 10)
		return s
	}
	function fraction(most,  s, k) {
		for (k = 1 + int(rand() * most); k > 0; k--)
			s = s int(rand() * 10)
		return s
	}
	function maybe(name, text) { if (rand() < 0.9) printf ",\"%s\":%s", name, rand() < 0.1 ? "null" : text }
	function sign() { return rand() < 0.5 ? "-" : "" }
	BEGIN {
		srand(seed)
		m = split("|\"|\\|/|\\N|\\.|\\\\n|\\t|'"'"'|'"''"'; DROP TABLE \"Group\".\"order\"; --|$1|%s|{}|,|;|\\u0001|\\u007f|\\ud83d\\ude00|\\u202e|\\ufffd|\\ufeff|\\r\\n|\\n|e|\303\251|e\314\201|\360\237\230\200| |null|NULL|true", piece, "|")
		for (i = 0; i < n; i++) {
			t = ""
			for (k = int(rand() * 4); k > 0; k--) {
				p = piece[1 + int(rand() * m)]
				if (p == "\"" || p == "\\" || p == "\\N" || p == "\\." || p ~ /DROP/)
					gsub(/["\\]/, "\\\\&", p)
				t = t p
			}
			printf "{\"id\":\"%d%s\",\"type\":\"Order\",\"v\":%d", rand() * n, rand() < 0.1 ? "\\\"\\\\;" : "", rand() * 5
			printf ",\"at\":\"%s-%02d-%02dT%02d:%02d:%02d.%sZ\"", substr("0001199920262026202720269999", 1 + 4 * int(rand() * 7), 4), 1 + rand() * 12, 1 + rand() * 28, rand() * 24, rand() * 60, rand() * 60, fraction(9)
			maybe("text", "\"" t "\"")
			maybe("name", "\"" int(rand() * 5) "\"")
			maybe("amount", sign() (rand() < 0.3 ? "0" : digits(28)) (rand() < 0.7 ? "." fraction(10) : ""))
			maybe("cents", sign() (rand() < 0.3 ? "0" : digits(10)) (rand() < 0.7 ? "." fraction(2) : ""))
			maybe("whole", rand() < 0.2 ? "1e" int(rand() * 38) : sign() digits(38))
			maybe("fine", sign() (rand() < 0.2 ? "1e-" 1 + int(rand() * 38) : "0." fraction(38)))
			maybe("n", rand() < 0.2 ? "-9223372036854775808" : rand() < 0.2 ? "9223372036854775807" : sign() int(rand() * 1000000))
			maybe("b", rand() < 0.5 ? "true" : "false")
			maybe("day", sprintf("\"%s-%02d-%02d\"", substr("000119999999", 1 + 4 * int(rand() * 3), 4), 1 + rand() * 12, 1 + rand() * 28))
			maybe("u", sprintf("\"%08x-%04X-%04x-%04x-0123456789AB\"", rand() * 2147483647, rand() * 65535, rand() * 65535, rand() * 65535))
			maybe("j", rand() < 0.2 ? "\"" t "\"" : "{\"" t "\":[" digits(60) "." fraction(20) ",null,\"\"]}")
			printf ",\"lines\":["
			for (k = int(rand() * 4); k > 0; k--)
				printf "{\"sku\":\"%d\",\"price\":%d.%02d}%s", rand() * 20, rand() * 1000, rand() * 100, (k > 1) ? "," : ""
			print "]}"
		}
	}'
}

# Ids are told apart by evversion; what is left in one run without a state.
every 1 2000 >events
evversion -r rej events | evstar >rows || exit 2
cp fresh.db shop.db
evload --unsealed --batch b sqlite:shop.db rows || exit 2
run 'evload --unsealed --batch b -e prod postgresql: rows'
check 'values of all types' 0
twin shop.db >want
tables Group >got
same 'are those that SQLite has' got want
ok 'and many' [ "$(wc -l <got)" -gt 5000 ]
is 'of the years 1 and 9999' "$(sql -c "SELECT count(*) > 50 FROM \"Group\".\"order\" WHERE extract(year FROM at) = 1" -c "SELECT count(*) > 50 FROM \"Group\".\"order\" WHERE extract(year FROM at) = 9999")" 't
t'
is 'of 38 digits' "$(sql -c "SELECT max(length(abs(whole)::text)), max(scale(fine)), max(length(abs(\"Table\")::text)) FROM \"Group\".\"order\"")" '38|38|39'
is 'null is not empty' "$(sql -c "SELECT count(*) FILTER (WHERE \"select\" = '') > 100, count(*) FILTER (WHERE \"select\" IS NULL) > 100 FROM \"Group\".\"order\"")" 't|t'
is 'the ledger has the batch' "$(sql -c 'SELECT commit_no, batch, mode, rows, balance, position, model FROM "Group".ev_ledger')" "1|b|insert|$(grep -c '"op":"insert"' rows)|[]||"
is 'by the digest that SQLite has' "$(sql -c 'SELECT digest FROM "Group".ev_ledger')" "$(sqlite3 shop.db 'SELECT digest FROM ev_ledger')"
run 'evload --unsealed --batch b -e prod postgresql: rows'
check 'the same again' 0 '' 'evload: the target holds this input already: nothing was changed'
tables Group >got
same 'changes nothing' got want
run 'evload --unsealed --batch c -e prod postgresql: rows'
owner=$(jq -rn 'first(inputs | select(._ev.op == "insert") | ._ev.owner)' rows)
check 'under another name' 2 '' "~^evload: rows:[0-9]*: table order holds rows of the owner $owner already, and this load only adds: what changes them is a load with a state, or a snapshot of all days\$"
run 'sed \$d rows | evload --unsealed --batch b -e prod postgresql:'
check 'other rows under its name' 2 '' 'evload: batch b was loaded before with other content: give it another name, or load a snapshot of all days'
tables Group >got
same 'change nothing' got want
every 2 1000 | evversion -r rej | evstar >rows2
evload --unsealed --batch s --snapshot sqlite:shop.db rows2 2>told || exit 2
run 'evload --unsealed --batch s --snapshot -e prod postgresql: rows2'
check 'a snapshot' 0 '' @told
twin shop.db >want
tables Group >got
same 'replaces all' got want
run 'evload --unsealed --batch s --snapshot -e prod postgresql: rows2'
check 'the same snapshot' 0 '' 'evload: the target holds this input already: nothing was changed'
run 'cat rows2 rows2 | evload --unsealed --batch t --snapshot -e prod postgresql:'
check 'a row that is given twice' 2 '' "~^evload: -:$(($(wc -l <rows2) + $(grep -nm1 '"op":"insert"' rows2 | cut -d : -f 1))): this row of table order, owner .*, stands in the input before"
run 'evload --unsealed --batch s --snapshot -e prod postgresql: /dev/null'
check 'a snapshot of nothing' 2 '' '~^evload: the input has no event'
tables Group >got
same 'nothing is changed' got want

# More rows than wait for each other: what is given twice is found in the second COPY, and in a stage.
seq 40000 | awk '{ printf "{\"ev_index\":0,\"n\":0,\"sku\":\"x\",\"price\":1,\"_ev\":{\"table\":\"lines\",\"op\":\"insert\",\"owner\":\"w%d\"}}\n", $1 == 39990 ? 7 : $1 }' >many
run 'evload --unsealed --batch t --snapshot -e prod postgresql: many'
check 'far behind, straight' 2 '' '~^evload: many:39990: this row of table lines, owner w7, stands in the input before'
run 'evload --unsealed --batch t -e prod postgresql: many'
check 'and staged' 2 '' '~^evload: many:39990: table lines holds rows of the owner w7 already'
run 'sed 39990d many | evload --unsealed --batch t -e prod postgresql:'
check 'all others' 0
is 'are there' "$(sql -c "SELECT count(*), count(DISTINCT ev_owner) FROM \"Group\".lines WHERE ev_owner LIKE 'w%'")" '39999|39999'

if data blns; then
	jq -c 'to_entries[] | {id: "b\(.key)", type: "Order", at: "2026-03-01T10:00:00Z", v: 1, text: .value[0:1000], j: {(.value): .value}, lines: []}' "$data/blns.json" |
		grep -v 'u0000' | evstar 2>told >blns.rows
	afresh
	evload --unsealed --batch b sqlite:shop.db blns.rows
	run 'evload --unsealed --batch b -e prod postgresql: blns.rows'
	check 'the big list of naughty strings' 0
	twin shop.db >want
	tables Group >got
	same 'as SQLite has it' got want
fi

# Rows that evstar did not write
row()
{
	printf '{"ev_version":1,"ev_index":0,"ev_valid_from":"2026-03-01T10:00:00.000000Z","ev_valid_to":null,"ev_current":true,"ev_deleted":false,"select":%s,"select_key":"%032d","Table":1,"where":1,"cents":%s,"whole":1,"fine":0,"b":true,"at":"2026-03-01T10:00:00.000000Z","at_key":"e7518986b1a5bec0088df11cf94b53b1","day":"2026-03-01","u":null,"j":%s,"_ev":{"table":"order","op":"insert","owner":"o"}}\n' "$1" 7 "$2" "$3"
}
while read -r what text cents json column why; do
	row "$text" "$cents" "$json" >one
	run 'evload --unsealed -e prod postgresql: one'
	check "what no column takes: $what" 2 '' "~^evload: one:1: table order, owner o: .* does not fit the column $column .*$why.*: give evload what evstar wrote by the same model"
done <<'END'
NUL "a\u0000b" 1 null select U\+0000
NUL-in-JSON "a" 1 {"a":"\u0000"} j U\+0000
a-great-number "a" 1 [1e200000] j digits
a-small-number "a" 1 {"a":1e-20000} j digits
digits "a" 1.001 null cents digits
END

#
# The days of the shop, with late corrections, by position
#

checkout=$srcdir/examples/checkout
mkdir day
cd day || exit 2
EVKIT_SEAL=a-secret-of-the-test
EVKIT_MODEL=$checkout/evkit.yaml
export EVKIT_SEAL EVKIT_MODEL
evschema -e dev | sqlite3 -bail shop.db
evschema -e prod | sql
evschema -e prod | sed 's/"checkout"/"twin"/g' >"$tap/twin.sql"
sql -c 'DROP SCHEMA twin CASCADE' && sql -f "$tap/twin.sql"
is 'nothing is loaded yet' "$(evload -e prod --position postgresql:)" 0

# catch_up TARGET [OPTION...]: what it lacks.
catch_up()
{
	evversion -r rej3 --state st/events --since "$(evload --position "$@")" </dev/null |
		evstar --state st/members | evload "$@"
}
mkdir st
for log in "$checkout"/raw/*.log.gz; do
	name=$(basename "$log" .log.gz)
	evparse --batch "$name" -r rej "$log" | evvalidate -r rej2 2>told | evdedupe |
		evversion -r rej3 --state st/events --since "$(evload --position sqlite:shop.db)" |
		evstar --state st/members | evload sqlite:shop.db
	run 'catch_up postgresql: -e prod'
	check "$name" 0
	twin shop.db >want
	tables checkout >got
	same "$name: the same tables as in SQLite" got want
	is "$name: the same position" "$(evload -e prod --position postgresql:)" "$(evload --position sqlite:shop.db)"
done
ok 'the days are there' [ "$(wc -l <got)" -gt 5000 ]
ok 'and days changed days before' [ "$(sql -c "SELECT count(*) FROM checkout.ev_ledger WHERE mode = 'changes'")" -ge 4 ]
run 'catch_up postgresql: -e prod'
check 'once more' 0 '' 'evload: the target holds this input already: nothing was changed'
run 'evversion -r rej3 --state st/events --since 0 </dev/null | evstar --state st/members | evload -e prod postgresql:'
check 'all of it again' 0 '' '~^evload: the whole of the state took the place of all that was loaded before: '
tables checkout >got
same 'is the same' got want
cd ..
unset EVKIT_SEAL EVKIT_MODEL

# The example's own Makefile
sql -c 'DROP SCHEMA checkout CASCADE'
run make -s -C "$checkout" OUT="$PWD/shop" postgres
check 'make postgres' 0 '' any
tables checkout >got
same 'has the same tables' got day/want
run make -s -C "$checkout" OUT="$PWD/shop" postgres
check 'make postgres again' 0 '' '~^evload: the target holds this input already: nothing was changed'
sql -c 'DROP SCHEMA twin CASCADE' && evschema -e twin | sql

# A section for each commit of a stream
EVKIT_SEAL=a-secret-of-the-test
export EVKIT_SEAL
afresh
every 5 400 >events
mkdir st
evparse --batch s --commit-every 50 -r rej events | evvalidate -r rej2 |
	evversion -r rej3 --state st/events --since 0 | evstar --state st/members >stream
run 'evload -e prod postgresql: stream'
check 'a stream of sections' 0
evload sqlite:shop.db stream
twin shop.db >want
tables Group >got
same 'the tables are those of SQLite' got want
is 'each section was a commit' "$(sql -c 'SELECT count(*) FROM "Group".ev_ledger')" 8
rm -rf st

# What no evversion writes: rows whose owner is deleted behind them, more than once.
PATH=$PATH:$top_builddir/tests
if [ -x "$top_builddir/tests/section" ]; then
	gone()
	{
		printf '{"_ev":{"op":"delete","owner":"%s","first":1,"from":%d}}\n' "$1" "${2:-1}"
	}
	lines()
	{
		printf '{"ev_index":%d,"n":%d,"sku":"x","price":1,"_ev":{"table":"lines","op":"insert","owner":"%s"}}\n' "$2" "$3" "$1"
	}
	version()
	{
		row '"t"' 1 null | sed "s/\"ev_version\":1/\"ev_version\":$2/; s/\"owner\":\"o\"/\"owner\":\"$1\"/"
	}
	{
		lines a 0 1 && lines b 0 2 && lines c 0 3
		version a 1 && version a 2 && version a 3 && version b 1
	} | section evkit.yaml 0123456789abcdef 0 1 >one
	{
		lines b 1 5 && lines a 1 6 && gone a && lines a 0 7 && gone c && lines c 0 8 && gone c && lines b 2 9
		version a 1 && version a 2 && gone a 2 && version a 2 && version a 3 && gone a 3
		gone b && lines b 0 10
	} | section evkit.yaml 0123456789abcdef 1 2 >two
	afresh
	for section in one two; do
		run "evload sqlite:shop.db $section"
		check "SQLite takes section $section" 0
		run "evload -e prod postgresql: $section"
		check "and so does PostgreSQL" 0
		twin shop.db >want
		tables Group >got
		same 'the tables are the same' got want
	done
fi

#
# What a database must be
#

# differs NAME SQL MESSAGE: after SQL nothing is loaded.
differs()
{
	sql -q -c "$2" || exit 2
	run 'evload --unsealed --batch x -e prod postgresql: rows2'
	check "$1" 2 '' "evload: postgresql: $3"
	afresh
}
mend='evschema check -m evkit.yaml -e prod postgresql: says what mends it'
plain='which may change or drop rows unseen: load into plain tables, and put views on them under other names'
make='make the tables first with evschema -m evkit.yaml -t postgres | psql, or -e and an environment that names their schema'
unset EVKIT_SEAL
afresh
differs 'no schema' 'DROP SCHEMA "Group" CASCADE; CREATE SCHEMA other' \
	"there is no ledger in the schema Group: $make" 2>"$tap/none"
sql -c 'DROP SCHEMA other'
differs 'no ledger' 'DROP TABLE "Group".ev_ledger' "there is no ledger in the schema Group: $make"
differs 'a ledger from before it had offsets' 'ALTER TABLE "Group".ev_ledger DROP COLUMN offsets' \
	'table Group.ev_ledger lacks the column offsets: ALTER TABLE "Group"."ev_ledger" ADD COLUMN "offsets" TEXT'
differs 'a ledger of another version' 'ALTER TABLE "Group".ev_ledger DROP COLUMN model' \
	'the ledger is that of another version: make the tables in another schema with evschema -m evkit.yaml -t postgres'
differs 'no table' 'DROP TABLE "Group"."user"' "there is no table user in the schema Group: $make"
differs 'a column too few' 'ALTER TABLE "Group".lines DROP COLUMN sku' "table Group.lines lacks the column sku: $mend"
differs 'a column too many' 'ALTER TABLE "Group".lines ADD COLUMN "A b" int' "table Group.lines has the column A b, which the model does not: $mend"
differs 'a name of other letters' 'ALTER TABLE "Group".lines RENAME COLUMN sku TO "SKU"' "table Group.lines has the column SKU, which the model does not: $mend"
differs 'another type' 'ALTER TABLE "Group".lines ALTER COLUMN n TYPE int' "table Group.lines has the column n as integer where the model has bigint: $mend"
differs 'another length' 'ALTER TABLE "Group".lines ALTER COLUMN sku TYPE varchar(19)' "table Group.lines has the column sku as character varying(19) where the model has character varying(20): $mend"
differs 'another scale' 'ALTER TABLE "Group".lines ALTER COLUMN price TYPE numeric(12,1)' "table Group.lines has the column price as numeric(12,1) where the model has numeric(12,2): $mend"
differs 'not null' 'ALTER TABLE "Group".lines ALTER COLUMN price SET NOT NULL' "table Group.lines takes no null in the column price, and an event may bring one: $mend"
differs 'another key' 'ALTER TABLE "Group".lines DROP CONSTRAINT lines_pkey, ADD PRIMARY KEY (ev_index, ev_owner)' "table Group.lines has another primary key than the model: see the column ev_owner: $mend"
differs 'a longer key' 'ALTER TABLE "Group".lines DROP CONSTRAINT lines_pkey, ADD PRIMARY KEY (ev_owner, ev_index, sku)' "table Group.lines takes no null in the column sku, and an event may bring one: $mend"
differs 'a column that is made' 'ALTER TABLE "Group".lines DROP COLUMN n, ADD COLUMN n bigint GENERATED ALWAYS AS (ev_index + 1) STORED' "table Group.lines makes the values of the column n by itself: $mend"
differs 'a trigger' 'CREATE FUNCTION "Group".f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$; CREATE TRIGGER "a t" BEFORE INSERT ON "Group".lines FOR EACH ROW EXECUTE FUNCTION "Group".f()' "table Group.lines has the trigger a t, $plain"
differs 'a trigger on the ledger' 'CREATE FUNCTION "Group".f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$; CREATE TRIGGER t BEFORE INSERT ON "Group".ev_ledger FOR EACH ROW EXECUTE FUNCTION "Group".f()' "table Group.ev_ledger has the trigger t, $plain"
differs 'a rule' 'CREATE RULE r AS ON INSERT TO "Group".lines DO INSTEAD NOTHING' "table Group.lines has the rule r, $plain"
differs 'a view' 'ALTER TABLE "Group".lines RENAME TO l; CREATE VIEW "Group".lines AS SELECT * FROM "Group".l' "table Group.lines is a view, $plain"
differs 'a table that a crash would empty' 'ALTER TABLE "Group".lines SET UNLOGGED' "table Group.lines is unlogged, so a crash of the server empties it, $plain"
differs 'a table with heirs' 'CREATE TABLE "Group".heir () INHERITS ("Group".lines)' "table Group.lines has tables that inherit from it, $plain"
differs 'a partitioned table' 'DROP TABLE "Group".lines; CREATE TABLE "Group".lines (ev_owner varchar(255)) PARTITION BY HASH (ev_owner)' "table Group.lines is no plain table, $plain"
refuse='which may refuse rows'
differs 'a unique index' 'CREATE UNIQUE INDEX "a b" ON "Group".lines (sku)' "table Group.lines has the UNIQUE index a b, $refuse: DROP INDEX \"Group\".\"a b\";"
differs 'one of an expression and some rows' 'CREATE UNIQUE INDEX i ON "Group".lines (lower(sku)) WHERE n > 1' "table Group.lines has the UNIQUE index i, $refuse: DROP INDEX \"Group\".i;"
differs 'a unique constraint' 'ALTER TABLE "Group".lines ADD CONSTRAINT "U" UNIQUE (sku)' "table Group.lines has the UNIQUE constraint U, $refuse: ALTER TABLE \"Group\".lines DROP CONSTRAINT \"U\";"
differs 'a check' 'ALTER TABLE "Group".lines ADD CONSTRAINT c CHECK (n > 0) NOT VALID' "table Group.lines has the CHECK c, $refuse: ALTER TABLE \"Group\".lines DROP CONSTRAINT c;"
differs 'a constraint that excludes' 'ALTER TABLE "Group".lines ADD CONSTRAINT x EXCLUDE USING hash (sku WITH =)' "table Group.lines has the EXCLUDE constraint x, $refuse: ALTER TABLE \"Group\".lines DROP CONSTRAINT x;"
differs 'a foreign key' 'CREATE TABLE "Group".more (a text PRIMARY KEY); ALTER TABLE "Group".lines ADD CONSTRAINT f FOREIGN KEY (sku) REFERENCES "Group".more' "table Group.lines has the FOREIGN KEY f, $refuse: ALTER TABLE \"Group\".lines DROP CONSTRAINT f;"
differs 'a foreign key to it' 'CREATE TABLE "Group".more (a text CONSTRAINT f REFERENCES "Group"."user")' "table Group.user has rows that the FOREIGN KEY f of \"Group\".more may hold back: ALTER TABLE \"Group\".more DROP CONSTRAINT f;"
differs 'a check of the ledger' 'ALTER TABLE "Group".ev_ledger ADD CONSTRAINT c CHECK (rows > 0)' "table Group.ev_ledger has the CHECK c, $refuse: ALTER TABLE \"Group\".ev_ledger DROP CONSTRAINT c;"
sql -c 'CREATE UNIQUE INDEX i ON "Group".lines (sku); CREATE INDEX j ON "Group".lines (sku); ALTER TABLE "Group"."user" ADD CONSTRAINT c CHECK (name > $$$$)'
try 'evschema check names them' 1 'evschema check -e prod postgresql:' <<'END'
lines has the UNIQUE index i, which may refuse rows: DROP INDEX "Group".i;
user has the CHECK c, which may refuse rows: ALTER TABLE "Group"."user" DROP CONSTRAINT c;
END
run 'evschema check -e prod postgresql: | sed "s/.*: //" | sql'
check 'what it says' 0
run evschema check -e prod postgresql:
check 'mends them' 0
afresh

# Rules for rows do not hold for who made the tables, nor for a superuser.
sql -c 'CREATE ROLE loader LOGIN; GRANT USAGE ON SCHEMA "Group" TO loader; GRANT ALL ON ALL TABLES IN SCHEMA "Group" TO loader'
for table in lines ev_ledger; do
	sql -c "ALTER TABLE \"Group\".$table ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON \"Group\".$table USING (true)"
	hides="hides rows from this role by its row level security: ALTER TABLE \"Group\".$table DISABLE ROW LEVEL SECURITY; or ALTER ROLE loader BYPASSRLS;"
	run 'PGUSER=loader evload --unsealed --batch x -e prod postgresql: rows2'
	check "row level security: $table" 2 '' "evload: postgresql: table Group.$table $hides"
	run 'PGUSER=loader evschema check -e prod postgresql:'
	check "and evschema check: $table" 1 "$table $hides"
	[ $table = lines ] && sql -c "ALTER TABLE \"Group\".$table DISABLE ROW LEVEL SECURITY"
done
run 'PGUSER=loader evload -e prod --position postgresql:'
check 'and evload --position' 2 '' "evload: postgresql: table Group.ev_ledger $hides"
sql -c 'ALTER ROLE loader BYPASSRLS'
run 'PGUSER=loader evload --unsealed --batch x -e prod postgresql: rows2'
check 'a role that it does not hold for loads' 0
sql -c 'DROP OWNED BY loader; DROP ROLE loader'
afresh

while read -r column value; do
	differs "a ledger with $column $value" "ALTER TABLE \"Group\".ev_ledger ALTER batch DROP NOT NULL, ALTER mode DROP NOT NULL, ALTER rows DROP NOT NULL, ALTER balance DROP NOT NULL;
		INSERT INTO \"Group\".ev_ledger VALUES (7, 'b', repeat('0', 32), 'insert', 1, '[]', NULL, NULL); UPDATE \"Group\".ev_ledger SET $column = $value" \
		"the ledger is not as evload writes it: $column of the row with commit_no 7: put back ev_ledger as it was, or load a snapshot into tables made anew"
done <<'END'
batch NULL
digest 'short'
mode 'other'
mode NULL
rows -1
balance NULL
position '0'
model 'x'
END
sql -c 'ALTER TABLE "Group".lines DROP CONSTRAINT lines_pkey; ALTER TABLE "Group".lines DROP COLUMN n, ADD COLUMN n bigint'
cp fresh.db shop.db
evload --unsealed --batch x sqlite:shop.db rows2
run 'evload --unsealed --batch x -e prod postgresql: rows2'
check 'columns in another order, and no key' 0
twin shop.db >want
sql -c 'SELECT ev_owner, ev_index, n, sku, price FROM "Group".lines ORDER BY 1, 2' >got
sql -c 'SELECT ev_owner, ev_index, n, sku, price FROM twin.lines ORDER BY 1, 2' >want
same 'hold the same' got want
run 'evload --unsealed postgresql: rows2'
check 'without an environment it is the schema of the search_path' 2 '' "evload: postgresql: there is no ledger in the schema public: $make"
run 'evload --unsealed -e nowhere postgresql: rows2'
check 'a schema that is not there' 2 '' "evload: postgresql: there is no ledger in the schema nowhere: $make"
run 'evload --unsealed -e none postgresql: rows2'
check 'an environment that is not there' 2 '' "~^evload: the model has no environment 'none'"
run 'evload --unsealed -e dev postgresql: rows2'
check 'one of another target' 2 '' "~^evload: the environment 'dev' is one of sqlite, and the target is not"
run 'evload --unsealed -e prod sqlite:shop.db rows2'
check 'and the other way round' 2 '' "~^evload: the environment 'prod' is one of postgres, and the target is not"
run 'evload -e prod postgresql: rows2'
check 'input without a seal' 2 '' '~^evload: the input has no seal'

createdb -E SQL_ASCII -T template0 ascii
run 'evload --unsealed postgresql:dbname=ascii rows2'
check 'a database that is not in UTF-8' 2 '' \
	"evload: postgresql:dbname=ascii: the database is in SQL_ASCII, which cannot hold every text that an event may bear: make one with CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0"
run 'evload --unsealed postgresql:dbname=none rows2'
check 'no database' 2 '' '~^evload: postgresql:dbname=none: connection to server .* failed: FATAL:  database "none" does not exist$'
run 'PGHOST=/nonexistent evload --position postgresql:'
check 'no server' 2 '' '~^evload: postgresql: connection to server .* failed: No such file or directory: Is the server running'

#
# Names and passwords
#

afresh
for url in "postgresql:///postgres?host=$PGHOST" postgres:///postgres 'postgresql:dbname=postgres user=evkit' postgres:; do
	run "evload --position '$url' -e prod"
	check "a target's name: $url" 0 0
done
printf '[shop]\nhost=%s\ndbname=postgres\nuser=evkit\n' "$PGHOST" >service
run 'PGHOST= PGUSER= PGDATABASE= PGSERVICEFILE=service evload -e prod --position postgresql:service=shop'
check 'a service' 0 0
for url in postgresql://evkit:s3cret@localhost/postgres 'postgresql:password=s3cret dbname=postgres' 'postgresql:///postgres?password=s3cret' \
	'postgresql:///postgres?sslpassword=s3cret'; do
	for how in "-e prod --unsealed '$url' rows2" "-e prod --position '$url'"; do
		run "evload $how"
		check 'a password is refused' 2 '' 'evload: postgresql: a password on the command line is there for all to see: put it into the file that PGPASSFILE names (~/.pgpass), or into a service file, and name postgresql:service=NAME'
	done
done
for url in postgresql://evkit:s3cret@[/postgres postgresql:s3cret 'postgresql:password=s3cret dbname' postgres//evkit:s3cret@host/db \
	posgresql://evkit:s3cret@host/db 'pg:password=s3cret'; do
	for how in "--unsealed '$url' rows2" "--position '$url'"; do
		run "evload $how"
		is "not shown either: $status" "$status $(grep -c s3cret "$err")" '2 0'
	done
done

#
# A role that may not create, and what a role sets
#

sql <<'END'
CREATE ROLE loader LOGIN;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON DATABASE postgres FROM PUBLIC;
GRANT CONNECT ON DATABASE postgres TO loader;
CREATE SCHEMA evil;
CREATE TABLE evil.ev_ledger AS TABLE "Group".ev_ledger;
CREATE FUNCTION evil.max(bigint) RETURNS bigint LANGUAGE sql AS 'SELECT 41::bigint';
CREATE FUNCTION evil.length(text) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION evil.eq(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR evil.= (FUNCTION = evil.eq, LEFTARG = text, RIGHTARG = text);
CREATE TYPE evil.jsonb AS (a int);
GRANT USAGE ON SCHEMA evil TO loader;
ALTER ROLE loader SET search_path = evil, pg_catalog;
ALTER ROLE loader SET DateStyle = German;
ALTER ROLE loader SET TimeZone = 'Asia/Kathmandu';
ALTER ROLE loader SET statement_timeout = '200ms';
ALTER ROLE loader SET idle_in_transaction_session_timeout = '200ms';
ALTER ROLE loader SET default_transaction_read_only = on;
ALTER ROLE loader SET default_transaction_isolation = serializable;
ALTER ROLE loader SET client_encoding = LATIN1;
ALTER ROLE loader SET quote_all_identifiers = on;
END
evschema grants -e prod --loader loader | sql
evload --unsealed --batch a sqlite:shop.db rows2
sed -n '1,1000p' many >some
run '(cat rows2; sleep 0.5) | evload --unsealed --batch a -e prod postgresql:user=loader'
check 'a role that may create nothing, with settings of all kinds' 0
evload --unsealed --batch b sqlite:shop.db some
run 'evload --unsealed --batch b -e prod postgresql:user=loader some'
check 'nor TEMPORARY where rows are only added' 0
twin shop.db >want
tables Group >got
same 'the tables are as they should be' got want
if [ -e two ]; then
	evschema grants -e second --loader loader | sql
	EVKIT_SEAL=a-secret-of-the-test
	export EVKIT_SEAL
	run 'evload -e second postgresql:user=loader one'
	check 'nor where all rows are replaced' 0
	run 'evload -e second postgresql:user=loader two'
	check 'it needs TEMPORARY where rows are staged' 2 '' \
		'evload: postgresql:user=loader: order: permission denied to create temporary tables in database "postgres": evload needs USAGE on the schema, SELECT, INSERT and DELETE on the tables, SELECT and INSERT on ev_ledger (evschema grants --loader), and TEMPORARY on the database'
	sql -c 'GRANT TEMPORARY ON DATABASE postgres TO loader'
	run 'evload -e second postgresql:user=loader two'
	check 'and then' 0
	unset EVKIT_SEAL
fi
sql -c 'ALTER TABLE "Group".lines ENABLE ROW LEVEL SECURITY'
run 'evload --unsealed --batch c -e prod postgresql:user=loader some'
check 'rows that a role may not see' 2 '' '~: table Group.lines hides rows from this role by its row level security: ALTER TABLE "Group".lines DISABLE'
sql -c 'ALTER TABLE "Group".lines DISABLE ROW LEVEL SECURITY'
sql -c 'REVOKE INSERT ON "Group".lines FROM loader'
run 'evload --unsealed --batch c -e prod postgresql:user=loader some'
check 'a right that lacks' 2 '' '~permission denied for table lines: evload needs USAGE on the schema, SELECT, INSERT'
run 'evload -e prod --position postgresql:user=loader'
check 'no position without a state' 2 '' '~^evload: postgresql:user=loader: it was loaded without a state, so it stands at no position of one: '

#
# Crashes. Two sections: all of a state, and what changed.
#

EVKIT_SEAL=a-secret-of-the-test
export EVKIT_SEAL
afresh
mkdir st
every 7 2500 >events
every 8 600 >changes
section()
{
	evparse --batch "$1" -r rej "$1" | evvalidate -r rej2 2>told |
		evversion -r rej3 --state st/events --since "$(evload --position sqlite:shop.db)" |
		evstar --state st/members
}
section events >first
evload sqlite:shop.db first
cp shop.db first.db
section changes >second
evload sqlite:shop.db second
twin first.db >before
twin shop.db >after
ok 'the second section changes much' sh -c '! cmp -s before after'
run 'evload -e prod postgresql: first'
check 'the first section' 0
tables Group >got
same 'the tables of the first' got before
run 'evload -e prod postgresql: second'
check 'the second' 0
tables Group >got
same 'the tables of the second' got after

# again NAME: the tables are those before or after; then the same line brings those after.
wrong=
halves=0
again()
{
	tables Group >got
	if cmp -s got before; then
		halves=$((halves + 1))
	elif ! cmp -s got after; then
		wrong="$wrong $1:mixed"
	fi
	evload -e prod postgresql: second 2>told || wrong="$wrong $1:$(tail -n 1 told)"
	tables Group >got
	cmp -s got after || wrong="$wrong $1:not-after"
	evload -e prod postgresql: first 2>told || wrong="$wrong $1:$(tail -n 1 told)"
}
evload -e prod postgresql: first 2>told

fault=$top_builddir/tests/fault.so
if [ -e "$fault" ] && LD_PRELOAD=$fault EVKIT_FAULT=open:0 evload --version >"$tap/preloads" 2>&1; then
	for call in send recv; do
		LD_PRELOAD=$fault EVKIT_FAULT=$call:0 EVKIT_FAULT_COUNT=$PWD/count.$call evload -e prod postgresql: second
		evload -e prod postgresql: first 2>told
	done
	ok 'a load is more than a few calls' [ "$(cat count.send)" -gt 20 ]
	# The last ones are those of the COMMIT, and of the end.
	awk -v n="$kills" -v send="$(cat count.send)" -v recv="$(cat count.recv)" 'BEGIN {
		srand(3)
		split("kill done", how)
		for (i = 0; i < n; i++) {
			call = rand() < 0.5 ? "send" : "recv"
			most = call == "send" ? send : recv
			print call, i < 6 ? most - i % 3 : 1 + int(rand() * most), how[1 + i % 2]
		}
	}' >plans
	killed=0
	while read -r call n how; do
		status=0
		# As many calls as the first time it need not come to: then earlier.
		while [ $status -eq 0 ] && [ "$n" -gt 0 ]; do
			plan=$call:$n:$how n=$((n - 2)) status=0
			LD_PRELOAD=$fault EVKIT_FAULT=$plan evload -e prod postgresql: second >told 2>&1 || status=$?
			[ $status -ne 0 ] || evload -e prod postgresql: first 2>told
		done
		case $status in
		137) killed=$((killed + 1)) ;;
		*) wrong="$wrong $plan:$(tail -n 1 told)" ;;
		esac
		again "$plan"
	done <plans
	is "evload is killed $kills times, and the same line again" "$wrong" ''
	is 'at that many moments' $killed "$kills"
	ok 'half of a load is none' [ $halves -gt 0 ]

	# The connection is lost: nothing is changed, or the ledger says that all is.
	wrong=
	halves=0
	asked=0
	# lost CALL N
	lost()
	{
		connections=$(grep -c 'connection authorized: .*=evload' pg/server.log)
		LD_PRELOAD=$fault EVKIT_FAULT=$1:$2 evload -e prod postgresql: second >told 2>&1
		case $? in
		0)
			[ "$(grep -c 'connection authorized: .*=evload' pg/server.log)" -eq $((connections + 1)) ] || asked=$((asked + 1))
			tables Group >got
			cmp -s got after || wrong="$wrong $1:$2:none"
			;;
		2) grep -q '^evload: postgresql: ' told || wrong="$wrong $1:$2:$(cat told)" ;;
		*) wrong="$wrong $1:$2:status" ;;
		esac
		again "$1:$2"
	}
	for call in send recv; do
		most=$(cat count.$call)
		for n in 1 3 9 $((most / 2)) $((most - 1)) "$most"; do
			lost $call $n
		done
	done
	# How many answers there are differs somewhat; that to the COMMIT is the last.
	n=$((most + 4))
	while [ $asked -eq 0 ] && [ $n -gt $((most - 16)) ]; do
		lost recv $n
		n=$((n - 1))
	done
	is 'the connection is lost' "$wrong" ''
	ok 'before the COMMIT: nothing is changed' [ $halves -gt 5 ]
	ok 'at the COMMIT: the ledger is asked, and has it' [ $asked -gt 0 ]
else
	skip 'faults of a connection' 'nothing can be preloaded here'
fi

# The server: it stops at once, at some moment.
wrong=
halves=0
half=$(($(wc -l <second) / 2))
for i in $(seq "$kills"); do
	{ head -n $half second; sleep "0.$((i % 3))"; tail -n +$((half + 1)) second; } | evload -e prod postgresql: >told 2>&1 &
	sleep "0.$((i * 37 % 30 + 10))"
	postgres_down immediate || wrong="$wrong $i:down"
	wait $!
	status=$?
	case $status in
	0) ;;
	2) grep -qE 'run the same line again|FATAL|the connection was lost' told || wrong="$wrong $i:$(cat told)" ;;
	*) wrong="$wrong $i:status $status" ;;
	esac
	postgres_up || wrong="$wrong $i:up"
	again "$i"
done
is "the server is killed $kills times" "$wrong" ''
ok 'half of a load is none' [ $halves -gt 0 ]

#
# At once
#

# A reader sees the tables before or after, in one statement, and never waits.
sum="SELECT (SELECT count(*) FROM \"Group\".\"order\"), (SELECT count(*) FROM \"Group\".lines), (SELECT sum(price) FROM \"Group\".lines),
	(SELECT count(*) FROM \"Group\".\"user\"), (SELECT max(commit_no) % 2 FROM \"Group\".ev_ledger)"
afresh
evload -e prod postgresql: first
sql -c "$sum" >one
evload -e prod postgresql: second
sql -c "$sum" >two
{ cut -d '|' -f 1-4 one; cut -d '|' -f 1-4 two; } >seen.may
(
	for _ in 1 2 3 4 5 6; do
		evload -e prod postgresql: first 2>"$tap/told"
		evload -e prod postgresql: second
	done
	touch loaded
) &
while [ ! -e loaded ]; do
	printf 'SET statement_timeout = 2000;\n%s;\n' "$sum"
done | sql -f - >seen 2>reader.err
wait
ok 'a reader reads often' [ "$(wc -l <seen)" -gt 50 ]
is 'and sees no part of a load' "$(cut -d '|' -f 1-4 seen | sort -u | grep -vxFf seen.may)" ''
is 'but both ends' "$(cut -d '|' -f 1-4 seen | sort -u | wc -l)" 2
is 'and waits for none' "$(cat reader.err)" ''

# Two loads of the same: one of them has nothing to do.
evload -e prod postgresql: first 2>told
for i in 1 2 3 4; do
	evload -e prod postgresql: second >told.$i 2>&1 &
done
wait
tables Group >got
same 'four loads at once' got after
is 'of which one is made' "$(cat told.[1234] | sort | uniq -c | sed 's/^ *//')" '3 evload: the target holds this input already: nothing was changed'
unset EVKIT_SEAL
afresh
for i in 1 2 3 4 5; do
	sed "s/w\([0-9]*\)\"/w$i-\1\"/" some | evload --unsealed --batch b$i -e prod postgresql: >told.$i 2>&1 &
done
wait
is 'five batches at once are each a whole' "$(sql -c 'SELECT count(*), count(DISTINCT batch), sum(rows), max(commit_no) FROM "Group".ev_ledger' -c 'SELECT count(*) FROM "Group".lines')" '5|5|5000|5
5000'

# Another program changes the same rows the other way round: a deadlock, of which evload is the victim.
EVKIT_SEAL=a-secret-of-the-test
export EVKIT_SEAL
deadlock()
{
	sql -c 'SELECT pg_sleep(0)' >"$tap/none"
	mkfifo other
	sql -f other >other.told 2>&1 &
	exec 3>other
	echo 'SET deadlock_timeout = 60000; BEGIN; UPDATE "Group"."user" SET name = name; ' >&3
	until [ "$(sql -c "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'")" = 1 ]; do sleep 0.05; done
	evload -e prod postgresql: "$1" >told 2>&1 &
	until [ "$(sql -c "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'evload' AND wait_event_type = 'Lock'")" = 1 ]; do sleep 0.05; done
	echo 'UPDATE "Group"."order" SET b = b; COMMIT;' >&3
	exec 3>&-
	wait $!
	status=$?
	wait
	rm other
}
afresh
evload -e prod postgresql: first
deadlock second
is 'a deadlock is tried again, out of the stage' "$status $(cat told)" '0 '
is 'the other program is not disturbed' "$(cat other.told)" ''
tables Group >got
same 'and nothing is twice' got after
deadlock first
is 'where rows go straight it is told' "$status $(cat told)" \
	'2 evload: postgresql: user: deadlock detected: other programs change the same rows, and nothing was changed: run the same line again'
tables Group >got
same 'and nothing is changed' got after
run 'evload -e prod postgresql: first'
check 'the same line again' 0 '' any
tables Group >got
same 'and then' got before
unset EVKIT_SEAL

#
# The UK shop
#

unset EVKIT_SEAL
if data uci-retail-2010-12; then
	export EVKIT_MODEL="$srcdir/examples/uci-retail/evkit.yaml"
	sql -c 'CREATE SCHEMA retail'
	export PGOPTIONS='-c search_path=retail -c client_min_messages=warning'
	evschema -t postgres | sql
	evversion -r rej "$data/versions.ndjson" | evstar 2>told >retail.rows
	run 'evload --unsealed --batch 2010-12 --snapshot postgresql: retail.rows'
	check 'the UK shop' 0
	jq -r '.final_versions_amount_by_country | to_entries | sort_by(.key)[] | "\(.key)|\(.value)"' "$data/expected.json" >want
	sql -c 'SELECT country, sum(quantity * unit_price) FROM order_lines GROUP BY country ORDER BY country COLLATE "C"' >got
	same 'the sums by country, to the cent' got want
fi
done_testing
