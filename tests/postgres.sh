# shellcheck shell=sh
#
# postgres.sh: a server of a test's own, for tests that source tap.sh first. It listens on a socket in
# the test's folder alone, and ends with the test.
#
# postgres_start	makes the server in pg/ and starts it. It is an assertion; or a skip, and
#			false, where PostgreSQL is not installed. What libpq reads (PGHOST ...) is exported,
#			so psql and evload find it; the user is evkit, who may do anything.
# postgres_up		starts it again after postgres_down.
# postgres_down [MODE]	stops it: fast, or immediate, which is a crash.
# sql ARGUMENT...	psql, unaligned, which stops at the first error.

postgres_bin=$(pg_config --bindir 2>"$tap/pg_config") || postgres_bin=
for tap_name in /usr/lib/postgresql/*/bin; do
	[ -x "$postgres_bin/initdb" ] || postgres_bin=$tap_name
done

sql()
{
	psql -X -q -A -t -v ON_ERROR_STOP=1 "$@"
}

# postgres_as COMMAND...: a server does not run as root. It stands in its own folder, for others may
# be closed to it.
postgres_as()
{
	(
		cd "$PGHOST" || exit 2
		if [ "$(id -u)" -eq 0 ]; then
			exec setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"
		fi
		exec "$@"
	)
}

postgres_up()
{
	postgres_as "$postgres_bin/pg_ctl" -D data -l server.log -w -t 60 start >"$tap/pg_ctl" 2>&1
}

postgres_down()
{
	postgres_as "$postgres_bin/pg_ctl" -D data -m "${1:-fast}" -w stop >"$tap/pg_ctl" 2>&1
}

postgres_start()
{
	if [ ! -x "$postgres_bin/initdb" ] || ! command -v psql >"$tap/psql"; then
		skip 'PostgreSQL' 'PostgreSQL is not installed'
		return 1
	fi
	mkdir pg
	[ "$(id -u)" -ne 0 ] || chown nobody pg
	export PGHOST="$PWD/pg" PGUSER=evkit PGDATABASE=postgres PGTZ=UTC PGCLIENTENCODING=UTF8 \
		PGOPTIONS='-c client_min_messages=warning'
	trap 'postgres_down immediate' EXIT
	postgres_as "$postgres_bin/initdb" -A trust -U evkit -E UTF8 --locale=C -N -D data >"$tap/initdb" 2>&1 &&
		printf '%s\n' "unix_socket_directories = '$PGHOST'" "listen_addresses = ''" 'fsync = off' \
			>>pg/data/postgresql.conf
	if ! postgres_up; then
		ok 'PostgreSQL: a server of our own' false
		diag "$(cat "$tap/initdb" "$tap/pg_ctl" pg/server.log)"
		return 1
	fi
	ok 'PostgreSQL: a server of our own' sql -c 'SELECT 1'
}
