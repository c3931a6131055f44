#!/bin/sh
# The floors of the house: includes point down only, each foreign header has one door, and libevkit
# neither prints nor exits nor sees argv.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

cd "$srcdir" || exit 2

# "FILE <header>" or "FILE "header"" for every #include of lib and cmd.
set -- lib/*/*.[ch] cmd/*.[ch]
for file; do
	[ -e "$file" ] || continue
	sed -n 's/^[ 	]*#[ 	]*include[ 	]*\(["<][^">]*[">]\).*/\1/p' "$file" | sed "s|^|$file |"
done >"$tap/includes"

# Who stands on which floor. A file includes lower floors and its own folder; what else it may and
# may not is said below.
floors='base 0 io 1 scan 2 number 2 json 3 regex 3 store 3 expr 4 frame 4 model 5 record 6 schema 7 expect 8
warehouse 8 contract 9 parse 10 validate 10 dedupe 10 version 10 star 10 ddl 10 load 10 letters 10 lake 10 kafka 10 profile 10 report 10 cli 10 cmd 11'

pointing_up()
{
	awk -v table="$floors" '
	BEGIN {
		n = split(table, t)
		for (i = 1; i < n; i += 2)
			floor[t[i]] = t[i + 1]
	}
	function may(from, to) {
		return from == to || floor[to] < floor[from]
	}
	$2 ~ /^"/ {
		header = substr($2, 2, length($2) - 2)
		split($1, s, "/")
		split(header, h, "/")
		from = s[1] == "lib" ? s[2] : s[1]
		if (h[2] == "" || !(h[1] in floor) || (getline line < ("lib/" header)) < 0)
			print $1 ": there is no lib/" header
		else if (!(from in floor) || !may(from, h[1]))
			print $1 " may not include " header
	}' "$tap/includes"
}

# The one file that may include a foreign header.
doors='
zlib.h lib/io/gz_zlib.c
isa-l/igzip_lib.h lib/io/gz_isal.c
yaml.h lib/model/yaml.c
jv.h lib/expr/jq.c
jq.h lib/expr/jq.c
pcre2.h lib/regex/regex.c
idn2.h lib/regex/idn.c
xxhash.h lib/base/hash.c
xxh_x86dispatch.h lib/base/hash.c
md5.h lib/base/hash.c
sha2.h lib/base/hash.c
sqlite3.h lib/warehouse/sqlite.h
librdkafka/rdkafka.h lib/kafka/internal.h
libpq-fe.h lib/warehouse/postgres.h'

# The headers of the C library and the compiler, free to all.
system='arpa/inet assert ctype dirent endian errno fcntl float getopt glob immintrin inttypes dlfcn langinfo libgen
limits locale malloc math poll pthread sched search signal spawn stdalign stdarg stdatomic stdbool stddef
stdint stdio stdlib stdnoreturn string strings sys/auxv sys/file sys/ioctl sys/mman sys/prctl sys/random sys/resource sys/select sys/socket
sys/stat sys/statvfs sys/time sys/types sys/uio sys/wait time unistd wchar arm_neon cpuid'

past_the_door()
{
	awk -v doors="$doors" -v list="$system" '
	BEGIN {
		n = split(doors, t)
		for (i = 1; i < n; i += 2)
			door[t[i]] = t[i + 1]
		n = split(list, t)
		for (i = 1; i <= n; i++)
			free[t[i] ".h"] = 1
	}
	$2 ~ /^</ {
		header = substr($2, 2, length($2) - 2)
		if (header in door) {
			if ($1 != door[header])
				print $1 ": the door of " header " is " door[header]
		} else if (!(header in free)) {
			print $1 ": " header " has no door in tests/floors.t"
		}
	}' "$tap/includes"
}

# Headers whose first comment does not name their floor, as in "Floor 2."
without_floor()
{
	echo "$floors" | tr ' ' '\n' | paste - - | while read -r folder floor; do
		for file in lib/"$folder"/*.h; do
			[ -e "$file" ] || continue
			sed '/\*\//q' "$file" | grep -qE "(^|[^a-z])[Ff]loor $floor([^0-9]|\$)" ||
				echo "$file"
		done
	done
}

# Symbols that no object of libevkit.a may need. abort() is for floor 0, where memory ends.
printing()
{
	${NM:-nm} -A --undefined-only "$top_builddir/libevkit.a" | awk '
	BEGIN {
		n = split("exit _exit _Exit quick_exit atexit on_exit abort __assert_fail __assert " \
			"stdin stdout stderr printf vprintf puts putchar putchar_unlocked perror " \
			"psignal psiginfo err errx verr verrx warn warnx vwarn vwarnx error " \
			"error_at_line getopt getopt_long getopt_long_only optarg optind " \
			"program_invocation_name __printf_chk __vprintf_chk getchar scanf", t)
		for (i = 1; i <= n; i++)
			never[t[i]] = 1
	}
	{
		split($1, object, ":")
		symbol = $NF
		sub(/@.*/, "", symbol)
		if (symbol in never)
			print object[2], symbol
	}' | while read -r object symbol; do
		[ "$symbol" = abort ] && [ -e "lib/base/${object%.o}.c" ] && continue
		echo "$object needs $symbol"
	done
}

ok 'there are includes to look at' test -s "$tap/includes"
is 'includes point down' "$(pointing_up)" ''
is 'each foreign header has one door' "$(past_the_door)" ''
is 'each header names its floor' "$(without_floor)" ''
if need "${NM:-nm}"; then
	ok 'there is an archive to look at' test -s "$top_builddir/libevkit.a"
	is 'libevkit neither prints nor exits' "$(printing)" ''
fi
done_testing
