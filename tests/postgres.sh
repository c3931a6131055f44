# shellcheck shell=sh
#
# postgres.sh: a server of one's own, for tests that source tap.sh first, and for the benchmark. It
# listens on a socket in the current folder alone, and ends with the shell. $tap is a folder for what
# its programs say.
#
# postgres_start	makes the server in pg/ and starts it: an assertion; or a skip, and false, where
#			PostgreSQL is not installed. What libpq reads (PGHOST ...) is exported, so psql and
#			evload find it; the user is evkit, who may do anything.
# postgres_is_there	true if PostgreSQL is installed.
# postgres_make		the same as postgres_start, without a word. Its arguments are lines of the
#			configuration.
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

postgres_is_there()
{
	[ -x "$postgres_bin/initdb" ] && command -v psql >"$tap/psql"
}

postgres_make()
{
	mkdir pg || return 1
	[ "$(id -u)" -ne 0 ] || chown nobody pg
	export PGHOST="$PWD/pg" PGUSER=evkit PGDATABASE=postgres PGTZ=UTC PGCLIENTENCODING=UTF8 \
		PGOPTIONS='-c client_min_messages=warning'
	trap 'postgres_down immediate' EXIT
	postgres_as "$postgres_bin/initdb" -A trust -U evkit -E UTF8 --locale=C -N -D data >"$tap/initdb" 2>&1 &&
		printf '%s\n' "unix_socket_directories = '$PGHOST'" "listen_addresses = ''" "$@" >>pg/data/postgresql.conf &&
		postgres_up
}

postgres_start()
{
	if ! postgres_is_there; then
		skip 'PostgreSQL' 'PostgreSQL is not installed'
		return 1
	fi
	if ! postgres_make 'fsync = off' 'log_connections = on'; then
		ok 'PostgreSQL: a server of our own' false
		diag "$(cat "$tap/initdb" "$tap/pg_ctl" pg/server.log)"
		return 1
	fi
	ok 'PostgreSQL: a server of our own' sql -c 'SELECT 1'
}
