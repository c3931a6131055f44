#!/bin/sh
# The corner cases that have bitten users of other systems, as far as they are about batches and
# loading, each through the whole chain; the others stand by number in evversion.t, evstar.t,
# evdedupe_state.t, position.t and laws.t.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

need sqlite3 || {
	done_testing
}
EVKIT_SEAL=a-secret-of-the-test
export EVKIT_SEAL
cat >evkit.yaml <<'END'
evkit: 1
name: shop
event: {id: .id, type: .type, time: .time, version: .v, op: .op}
star:
  facts:
    orders:
      keep: history
      columns: {status: {from: .status, type: varchar(20)}, user: {from: .user, type: varchar(20), dimension: dim_user}}
    lines:
      keep: latest
      each: ".lines[]"
      columns: {sku: {from: $item, type: varchar(20)}}
  dimensions:
    dim_user: {key: .user, columns: {user: {from: .user, type: varchar(20)}, address: {from: .address, type: varchar(20)}, email: {from: .email, type: varchar(40)}}}
END
evschema -t sqlite >schema.sql || exit 2

# case NUMBER WHAT: a fresh database and state.
case_of()
{
	what="corner $1: $2"
	rm -rf st shop.db
	mkdir st
	sqlite3 -bail shop.db <schema.sql
}

# day BATCH <<END: it is taken.
day()
{
	cat >"$1.log"
	again "$1"
}

again()
{
	evparse --batch "$1" "$1.log" | evvalidate 2>said | evversion -r rej --state st/events --since "$(evload --position sqlite:shop.db)" --stats - 2>balance |
		evstar --state st/members 2>said | evload sqlite:shop.db 2>load
}

# rows QUERY <<END: what it gives.
rows()
{
	cat >want
	sqlite3 -readonly shop.db "$1" >got
	same "$what${2+: $2}" got want
}
history="SELECT ev_owner, ev_version, status, substr(ev_valid_from, 12, 5), coalesce(substr(ev_valid_to, 12, 5), ''), ev_current, ev_deleted FROM orders ORDER BY 1, 2"

case_of 7 'a delete that comes again in the next run is not emitted again'
day one <<'END'
{"id":"a","type":"O","time":"2026-03-01T10:00:00Z","v":1,"status":"new"}
{"id":"a","type":"O","time":"2026-03-01T11:00:00Z","v":2,"op":"delete"}
END
day two <<'END'
{"id":"a","type":"O","time":"2026-03-01T11:00:00Z","v":2,"op":"delete"}
{"id":"a","type":"O","time":"2026-03-01T12:00:00Z","v":3,"op":"delete"}
END
rows "$history" <<'END'
a|1|new|10:00|11:00|0|0
a|2|new|11:00||0|1
END
again two
rows "SELECT count(*) FROM ev_ledger" 'and a run that repeats it loads nothing' <<'END'
2
END

case_of 10 'a late arrival between closed intervals, batches out of order'
day three <<'END'
{"id":"a","type":"O","time":"2026-03-01T14:00:00Z","v":4,"status":"D"}
END
day one <<'END'
{"id":"a","type":"O","time":"2026-03-01T10:00:00Z","v":2,"status":"B"}
{"id":"a","type":"O","time":"2026-03-01T08:00:00Z","v":1,"status":"A"}
END
day two <<'END'
{"id":"a","type":"O","time":"2026-03-01T12:00:00Z","v":3,"status":"C"}
END
rows "$history" <<'END'
a|1|A|08:00|10:00|0|0
a|2|B|10:00|12:00|0|0
a|3|C|12:00|14:00|0|0
a|4|D|14:00||1|0
END

case_of 11 'an interval is never closed without its successor, whatever is killed'
day one <<'END'
{"id":"a","type":"O","time":"2026-03-01T10:00:00Z","v":1,"status":"A"}
END
cat >two.log <<'END'
{"id":"a","type":"O","time":"2026-03-01T12:00:00Z","v":2,"status":"B"}
END
whole='a|1|A|10:00|12:00|0|0
a|2|B|12:00||1|0'
torn=
if [ -e "$top_builddir/tests/fault.so" ]; then
	cp -r st st.one
	cp shop.db one.db
	for n in 1 2 3 4 5 6 7 8 9 10 11 12; do
		rm -rf st shop.db*
		cp -r st.one st
		cp one.db shop.db
		(
			export LD_PRELOAD="$top_builddir/tests/fault.so" EVKIT_FAULT="pwrite:$n:kill" EVKIT_FAULT_PROGRAM=evload
			again two
		) >told 2>&1
		rows=$(sqlite3 shop.db "$history")
		[ "$rows" = "$whole" ] || [ "$rows" = 'a|1|A|10:00||1|0' ] || torn="$torn $n:$rows"
	done
fi
is "$what" "$torn" ''
again two
rows "$history" 'and the run again brings it' <<END
$whole
END

case_of 13 'concurrent runs make no row twice'
cat >one.log <<'END'
{"id":"a","type":"O","time":"2026-03-01T10:00:00Z","v":1,"status":"A"}
{"id":"b","type":"O","time":"2026-03-01T10:00:00Z","v":1,"status":"A"}
END
cat >two.log <<'END'
{"id":"a","type":"O","time":"2026-03-01T11:00:00Z","v":2,"status":"B"}
{"id":"b","type":"O","time":"2026-03-01T11:00:00Z","v":2,"status":"B"}
END
again one &
again two &
again one &
wait
again one
again two
rows "$history" <<'END'
a|1|A|10:00|11:00|0|0
a|2|B|11:00||1|0
b|1|A|10:00|11:00|0|0
b|2|B|11:00||1|0
END

case_of 20 'a crash after the commit, its output lost, and the next batch runs first'
day one <<'END'
{"id":"a","type":"O","time":"2026-03-01T10:00:00Z","v":1,"status":"A"}
END
cat >two.log <<'END'
{"id":"b","type":"O","time":"2026-03-01T10:00:00Z","v":1,"status":"B"}
END
evparse --batch two two.log | evversion --state st/events --since "$(evload --position sqlite:shop.db)" >lost
day three <<'END'
{"id":"c","type":"O","time":"2026-03-01T10:00:00Z","v":1,"status":"C"}
END
rows 'SELECT ev_owner, status FROM orders ORDER BY 1' <<'END'
a|A
b|B
c|C
END
again two
rows 'SELECT ev_owner, status FROM orders ORDER BY 1' 'and then the lost one again' <<'END'
a|A
b|B
c|C
END

case_of 25 'nothing is acknowledged before it is durable'
day one <<'END'
{"id":"a","type":"O","time":"2026-03-01T10:00:00Z","v":1,"status":"A"}
END
before=$(evload --position sqlite:shop.db)
echo '{"id":"b","type":"O","time":"2026-03-01T10:00:00Z","v":1,"status":"B"}' >two.log
evparse --batch two two.log | evversion --state st/events --since "$before" | evstar --state st/members | head -c 500 |
	evload sqlite:shop.db 2>told
is "$what: a load that failed leaves the position" "$(evload --position sqlite:shop.db)" "$before"
again two
rows 'SELECT ev_owner FROM orders ORDER BY 1' <<'END'
a
b
END

case_of 26 'a fact that comes 150 days late refers to its member all the same'
day march <<'END'
{"id":"a","type":"O","time":"2026-03-01T10:00:00Z","v":1,"user":"u","address":"old"}
END
day august <<'END'
{"id":"b","type":"O","time":"2026-08-01T10:00:00Z","v":1,"user":"u","address":"new"}
END
day late <<'END'
{"id":"c","type":"O","time":"2026-03-04T10:00:00Z","v":1,"user":"u","address":"older","email":"u@example.org"}
END
rows 'SELECT o.ev_owner, d.user, d.address, d.email FROM orders o JOIN dim_user d ON d.dim_user_key = o.user_key ORDER BY 1' <<'END'
a|u|new|u@example.org
b|u|new|u@example.org
c|u|new|u@example.org
END

case_of 29 'the winner of a conflict comes a batch after its loser'
day one <<'END'
{"id":"a","type":"O","time":"2026-03-01T10:00:00Z","v":1,"status":"lesser","user":"lost","address":"x","lines":["s1","s2"]}
END
day two <<'END'
{"id":"a","type":"O","time":"2026-03-01T10:00:00Z","v":1,"status":"winner","user":"won","address":"y","lines":["s9"]}
END
rows "$history" <<'END'
a|1|winner|10:00||1|0
END
rows 'SELECT sku FROM lines' 'its lines are taken back' <<'END'
s9
END
rows "SELECT user, address FROM dim_user WHERE user IS NOT NULL" 'and what it said of members' <<'END'
won|y
END
is "$what: it is told" "$(jq -r '[._ev.reject | .code, .source, .line] | join(" ")' rej)" 'conflict one.log 1'

case_of 30 'an order shrinks, its date moves, its customer changes, it is deleted and comes back'
day one <<'END'
{"id":"a","type":"O","time":"2026-03-01T10:00:00Z","v":1,"user":"u","lines":["s1","s2","s3"]}
END
day two <<'END'
{"id":"a","type":"O","time":"2026-03-02T10:00:00Z","v":2,"user":"w","lines":["s1","s3"]}
END
rows 'SELECT ev_index, sku FROM lines ORDER BY 1' 'two lines' <<'END'
0|s1
1|s3
END
day three <<'END'
{"id":"a","type":"O","time":"2026-03-03T10:00:00Z","v":3,"op":"delete"}
END
rows 'SELECT count(*) FROM lines' 'none' <<'END'
0
END
day four <<'END'
{"id":"a","type":"O","time":"2026-03-04T10:00:00Z","v":4,"user":"w","lines":["s2"]}
END
rows 'SELECT ev_index, sku FROM lines ORDER BY 1' 'one' <<'END'
0|s2
END
rows 'SELECT user FROM dim_user WHERE user IS NOT NULL ORDER BY 1' 'both customers, for the history has them' <<'END'
u
w
END

case_of 31 'a late event brings an older address but the only e-mail of a customer'
day one <<'END'
{"id":"a","type":"O","time":"2026-03-02T10:00:00Z","v":1,"user":"u","address":"new"}
END
day two <<'END'
{"id":"b","type":"O","time":"2026-03-01T10:00:00Z","v":1,"user":"u","address":"old","email":"u@example.org"}
END
rows "SELECT user, address, email FROM dim_user WHERE user IS NOT NULL" <<'END'
u|new|u@example.org
END
day three <<'END'
{"id":"a","type":"O","time":"2026-03-03T10:00:00Z","v":2,"op":"delete"}
END
rows "SELECT user, address, email FROM dim_user WHERE user IS NOT NULL" 'and what it covered stands again when the other is deleted' <<'END'
u|old|u@example.org
END

# Found by a tester who meant ill

case_of x 'versions that are left out of a history'
day one <<'END'
{"id":"a","type":"O","time":"2026-03-01T10:00:00Z","v":1,"status":"A"}
END
run 'evversion --emit latest --state st/events --since 0 </dev/null'
check '--emit latest with a state, where a fact keeps a history' 2 '' \
	'evversion: --emit latest with --state would take versions out of the fact orders, which keeps a history: leave it out
Try '\''evversion --help'\''.'
case_of x 'a table that is none'
sqlite3 shop.db 'CREATE TRIGGER t BEFORE INSERT ON orders BEGIN SELECT RAISE(IGNORE); END'
day one <<'END'
{"id":"a","type":"O","time":"2026-03-01T10:00:00Z","v":1,"status":"A"}
END
is "a trigger is told" "$(cat load)" \
	'evload: shop.db: there is a trigger t on orders, which may change or drop rows unseen: load into plain tables, and put views on them under other names'
sqlite3 shop.db 'DROP TRIGGER t; CREATE TRIGGER l BEFORE INSERT ON ev_ledger BEGIN SELECT RAISE(IGNORE); END'
day one <<'END'
{"id":"a","type":"O","time":"2026-03-01T10:00:00Z","v":1,"status":"A"}
END
is "a trigger on the ledger, too" "$(cat load)" \
	'evload: shop.db: there is a trigger l on ev_ledger, which may change or drop rows unseen: load into plain tables, and put views on them under other names'
case_of x 'a whole of which no row is left'
day one <<'END'
{"id":"a","type":"O","time":"2026-03-01T10:00:00Z","v":1,"status":"A"}
END
echo 'types: {O: {type: object, properties: {status: {maxLength: 0}}}}' | cat evkit.yaml - >none.yaml
whole='evversion -m none.yaml -r rej --state st/events --since 0 </dev/null | evstar -m none.yaml --state st/members'
run "$whole | evload -m none.yaml sqlite:shop.db"
check 'a contract that nothing fits does not empty the tables' 2 '' '~^evload: .*no event, and all of a state of none would leave no row'
rows 'SELECT count(*) FROM orders' 'they stand' <<'END'
1
END
run "$whole | evload -m none.yaml --empty sqlite:shop.db"
check 'unless that is meant' 0 '' any
rows 'SELECT count(*) FROM orders' 'then they are empty' <<'END'
0
END
mkdir empty
run 'cd empty && printf "{}\n" | evvalidate -r rejects'
is 'what cannot begin leaves no file' "$(ls -A empty)" ''

done_testing
