/*
 * kv: the work of a state of evdedupe, done by another store: keys of 16 bytes with values of 8.
 *
 *     kv-sqlite FILE fill MILLIONS    random keys, but in order
 *     kv-sqlite FILE add              one million random ones, of which all are new, in one commit
 *
 * kv-lmdb is the same over LMDB.
 */
#include <endian.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef KV_LMDB
#include <lmdb.h>
#else
#include <sqlite3.h>
#endif

enum { MILLION = 1000000, KEY = 16, VALUE = 8 };

static uint64_t state = 42;

static uint64_t next_random(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static void must(int code, int good, const char *what)
{
	if (code == good)
		return;
	fprintf(stderr, "kv: %s: %d\n", what, code);
	exit(2);
}

#ifdef KV_LMDB
static MDB_env *env;
static MDB_txn *txn;
static MDB_dbi db;

static void begin(const char *file)
{
	must(mdb_env_create(&env), 0, "create");
	must(mdb_env_set_mapsize(env, (size_t)64 << 30), 0, "size");
	must(mdb_env_open(env, file, MDB_NOSUBDIR, 0600), 0, "open");
	must(mdb_txn_begin(env, NULL, 0, &txn), 0, "begin");
	must(mdb_dbi_open(txn, NULL, MDB_CREATE, &db), 0, "table");
}

static void add(const char *key, const char *value)
{
	MDB_val k = {KEY, (void *)(uintptr_t)key}, v = {VALUE, (void *)(uintptr_t)value};
	int code = mdb_put(txn, db, &k, &v, MDB_NOOVERWRITE);

	if (code != MDB_KEYEXIST)
		must(code, 0, "put");
}

static void commit(void)
{
	must(mdb_txn_commit(txn), 0, "commit");
	mdb_env_close(env);
}
#else
static sqlite3 *db;
static sqlite3_stmt *insert;

static void begin(const char *file)
{
	must(sqlite3_open(file, &db), SQLITE_OK, "open");
	must(sqlite3_exec(db,
			  "pragma cache_size = -200000;"
			  "create table if not exists keys (k blob primary key, v blob) "
			  "without rowid;"
			  "begin",
			  NULL, NULL, NULL),
	     SQLITE_OK, "begin");
	must(sqlite3_prepare_v2(db, "insert or ignore into keys values (?, ?)", -1, &insert, NULL),
	     SQLITE_OK, "prepare");
}

static void add(const char *key, const char *value)
{
	sqlite3_bind_blob(insert, 1, key, KEY, SQLITE_STATIC);
	sqlite3_bind_blob(insert, 2, value, VALUE, SQLITE_STATIC);
	must(sqlite3_step(insert), SQLITE_DONE, "insert");
	sqlite3_reset(insert);
}

static void commit(void)
{
	sqlite3_finalize(insert);
	must(sqlite3_exec(db, "commit", NULL, NULL, NULL), SQLITE_OK, "commit");
	must(sqlite3_close(db), SQLITE_OK, "close");
}
#endif

int main(int argc, char **argv)
{
	uint64_t n = argc == 4 ? strtoull(argv[3], NULL, 10) * MILLION : MILLION;
	const uint64_t share = UINT64_MAX / (n > 0 ? n : 1);
	int fills = argc == 4 && strcmp(argv[2], "fill") == 0;

	if (n == 0 || (!fills && (argc != 3 || strcmp(argv[2], "add") != 0))) {
		fprintf(stderr, "usage: kv FILE fill MILLIONS | kv FILE add\n");
		return 2;
	}
	if (!fills)
		state = 1;
	begin(argv[1]);
	for (uint64_t i = 0; i < n; i++) {
		uint64_t first = fills ? i * share + next_random() % share : next_random();
		uint64_t key[2] = {htobe64(first), next_random()}, value = i;

		add((char *)key, (char *)&value);
	}
	commit();
	return 0;
}
