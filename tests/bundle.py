#!/usr/bin/env python3
"""Load bundles, read and applied: what tests/bundle.t needs that a shell has not.

  bundle.py read DIR               the rows of a bundle, by a reader of its documented dialect
  bundle.py rows FILE              the same rows, out of what evstar wrote
  bundle.py dump ENGINE DB         the tables of a database: sqlite, postgres, duckdb, clickhouse
  bundle.py apply ENGINE DB STEP...
                                   a STEP is a file of DDL, the folder of a bundle, or =FILE: the
                                   tables as text to FILE. Of duckdb, clickhouse and snowflake;
                                   a load that is refused is told on standard output
  bundle.py statements FILE DIR    the statements of a load.sql as DIR/1, DIR/2 ...
  bundle.py parse DIALECT FILE     by sqlglot's parser
  bundle.py doubles FILE...        numbers in JSON as a double holds them, in what dump wrote
  bundle.py random SEED N [\\N]     rows of every type, as evstar would write them; with \\N, that text too

Every table is printed as lines of JSON, sorted; values are in one spelling, by the types that
TYPES, the DDL for PostgreSQL, gives their columns.
"""

import datetime
import decimal
import gzip
import json
import os
import random
import re
import sys

decimal.getcontext().prec = 100


def types():
    tables = {}
    with open(os.environ.get('TYPES', 'types.sql')) as f:
        ddl = f.read()
    for m in re.finditer(r'CREATE TABLE IF NOT EXISTS (?:"\w+"\.)?"(\w+)" \((.*?)\n\);', ddl, re.S):
        columns = re.findall(r'^\t"(\w+)" (\w+)(?:\((\d+)(?:,(\d+))?\))?', m[2], re.M)
        if m[1] != 'ev_ledger':
            tables[m[1]] = [(c[0], c[1], int(c[3] or 0)) for c in columns]
    return tables


TYPES = types() if len(sys.argv) > 1 and sys.argv[1] in ('read', 'rows', 'dump', 'apply') else {}


def whole(v):
    """A document in one spelling."""
    if isinstance(v, dict):
        return {k: whole(v[k]) for k in sorted(v)}
    if isinstance(v, list):
        return [whole(x) for x in v]
    if isinstance(v, (int, decimal.Decimal)) and not isinstance(v, bool):
        n = decimal.Decimal(v).normalize()
        return '=' + format(n if n else decimal.Decimal(0), 'f')
    return v


def moment(v):
    if isinstance(v, datetime.datetime):
        if v.tzinfo is not None and v.utcoffset():
            v = v.astimezone(datetime.timezone.utc)
        v = '%04d' % v.year + v.strftime('-%m-%dT%H:%M:%S.%f')
    m = re.match(r'(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:Z|\+00:?(?:00)?)?$', v)
    return m[1] + 'T' + m[2] + '.' + (m[3] or '').ljust(6, '0') + 'Z'


def one(kind, scale, v):
    """A value in one spelling."""
    if v is None:
        return None
    if kind == 'BOOLEAN':
        return {'true': True, 'false': False, 't': True, 'f': False, '1': True, '0': False}[str(v).lower()]
    if kind == 'TIMESTAMPTZ':
        return moment(v)
    if kind == 'NUMERIC':
        n = decimal.Decimal(str(v)).quantize(decimal.Decimal(1).scaleb(-scale))
        return format(n if n else abs(n), 'f')
    if kind == 'BIGINT':
        return int(v)
    if kind == 'JSONB':
        return whole(json.loads(v, parse_float=decimal.Decimal) if isinstance(v, str) else v)
    return str(v)


def write(tables, out=sys.stdout):
    for name in TYPES:
        lines = [json.dumps([one(t, s, v) for (_, t, s), v in zip(TYPES[name], row)])
                 for row in tables.get(name, [])]
        for line in sorted(lines):
            print(name, line, file=out)


#
# The dialects, as WAREHOUSES documents them
#

def pgtext(data):
    """PostgreSQL's COPY, text; ClickHouse's TabSeparated."""
    assert data == '' or data.endswith('\n')
    for line in data.split('\n')[:-1]:
        row = []
        for field in line.split('\t'):
            if field == '\\N':
                row.append(None)
                continue
            assert '\r' not in field
            for escape in re.findall(r'\\(.|$)', field):
                assert escape in ('\\', 't', 'n', 'r'), field
            row.append(re.sub(r'\\(.)', lambda m: {'t': '\t', 'n': '\n', 'r': '\r', '\\': '\\'}[m[1]], field))
        yield row


def csvq(data, null):
    """Every value in quotes, a quote doubled; null is not quoted."""
    row, i = [], 0
    while i < len(data):
        if data[i] == '"':
            value = []
            i += 1
            while True:
                k = data.index('"', i)
                value.append(data[i:k])
                i = k + 1
                if data[i] != '"':
                    break
                value.append('"')
                i += 1
            row.append(''.join(value))
        else:
            assert data.startswith(null, i), data[i:i + 40]
            row.append(None)
            i += len(null)
        assert data[i] in '\t\n', data[i:i + 40]
        if data[i] == '\n':
            yield row
            row = []
        i += 1
    assert not row


def manifest(folder):
    with open(os.path.join(folder, 'manifest.json')) as f:
        return json.load(f)


def part(folder, m, file):
    path = os.path.join(folder, file)
    packed = m.get('compression') == 'gzip'
    with (gzip.open(path, 'rb') if packed else open(path, 'rb')) as f:
        data = f.read().decode()
    assert '\0' not in data
    return list(pgtext(data) if m['dialect'] == 'pgtext' else csvq(data, m.get('null', '')))


def read(folder):
    m = manifest(folder)
    tables = {}
    for f in m['files']:
        rows = part(folder, m, f['file'])
        assert len(rows) == f['rows'] and all(len(r) == len(f['columns']) for r in rows), f['file']
        if f['use'] == 'insert':
            assert f['columns'] == [c[0] for c in TYPES[f['table']]]
            tables.setdefault(f['table'], []).extend(rows)
    return tables


def rows(file):
    tables = {}
    with open(file) as f:
        for line in f:
            row = json.loads(line, parse_float=decimal.Decimal)
            ev = row.pop('_ev')
            if ev['op'] != 'insert':
                continue
            row.setdefault('ev_owner', ev['owner'])
            tables.setdefault(ev['table'], []).append([row[c[0]] for c in TYPES[ev['table']]])
    return tables


#
# Engines
#

def statements(sql, backslash=True):
    """The statements of a script, without comments and what is for its client."""
    out, text, quote, i = [], '', None, 0
    while i < len(sql):
        c = sql[i]
        if quote:
            if c == '\\' and backslash and quote != '"':
                text += sql[i:i + 2]
                i += 2
                continue
            if c == quote:
                quote = None
        elif c in '\'"`':
            quote = c
        elif sql.startswith('--', i):
            i = sql.index('\n', i)
            continue
        elif c in '.\\' and not text.strip() and sql[i - 1] == '\n':
            i = sql.index('\n', i)
            continue
        elif c == ';':
            out.append(text.strip())
            text = ''
            i += 1
            continue
        text += c
        i += 1
    return [s for s in out + [text.strip()] if s]


class Sqlite:
    def __init__(self, db):
        import sqlite3
        self.db = sqlite3.connect(db)

    def table(self, name):
        return self.db.execute('SELECT * FROM "%s"' % name).fetchall()


class Postgres:
    def __init__(self, db):
        self.schema = db

    def table(self, name):
        import subprocess
        text = subprocess.run(['psql', '-X', '-q', '-A', '-t', '-c', 'SELECT row_to_json(ev_x) FROM "%s"."%s" AS ev_x'
                               % (self.schema, name)], check=True, stdout=subprocess.PIPE).stdout.decode()
        rows = [json.loads(line, parse_float=decimal.Decimal) for line in text.split('\n')[:-1]]
        return [[r[c[0]] for c in TYPES[name]] for r in rows]


class Duckdb:
    def __init__(self, db):
        import duckdb
        self.db = duckdb.connect(db)
        self.db.execute("SET TimeZone = 'UTC'")

    def table(self, name):
        columns = ', '.join('CAST("%s" AS VARCHAR)' % c[0] for c in TYPES[name])
        return self.db.execute('SELECT %s FROM "%s"' % (columns, name)).fetchall()

    def ddl(self, sql):
        self.db.execute(sql)

    def bundle(self, folder):
        here = os.getcwd()
        os.chdir(folder)
        try:
            with open('load.sql') as f:
                sql = f.read()
            for s in statements(sql, False):
                self.db.execute(s)
        except Exception:
            try:
                self.db.execute('ROLLBACK')
            except Exception:  # it was not begun
                pass
            raise
        finally:
            os.chdir(here)


class Clickhouse:
    """chDB, in which the files are read by the server: it has no client that could."""

    def __init__(self, db):
        from chdb import session
        self.db = session.Session(db)
        self.run('CREATE DATABASE IF NOT EXISTS shop')
        self.run('USE shop')

    def run(self, sql):
        return str(self.db.query(sql, 'TSV'))

    def rows(self, sql):
        """What it writes has more escapes than what it needs to read."""
        plain = {'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', '0': '\0'}
        return [[None if f == '\\N' else re.sub(r'\\(.)', lambda m: plain.get(m[1], m[1]), f)
                 for f in line.split('\t')] for line in self.run(sql).split('\n')[:-1]]

    def table(self, name):
        return self.rows('SELECT * FROM "%s"' % name)

    def ddl(self, sql):
        for s in statements(sql):
            self.run(s)

    def staged(self, s, folder):
        m = re.match(r"INSERT INTO (\w+) FROM INFILE '(.*)' COMPRESSION 'gzip' FORMAT TabSeparated$", s)
        if not m:
            return s
        columns = ', '.join('`%s` %s' % (c[0], c[1].replace('\\', '\\\\').replace("'", "\\'"))
                            for c in self.rows('DESCRIBE TABLE ' + m[1]))
        return "INSERT INTO %s SELECT * FROM file('%s/%s', 'TabSeparated', '%s')" % (
            m[1], os.path.abspath(folder), m[2], columns)

    def bundle(self, folder):
        told = ''
        try:
            with open(os.path.join(folder, 'load.sql')) as f:
                sql = f.read()
            for s in statements(sql):
                if not s.startswith('USE '):
                    answer = self.run(self.staged(s, folder))
                    told = answer if s.startswith('SELECT verdict') else told
        except Exception as e:
            raise Exception(told or e) from e
        finally:
            for s in self.run('SHOW TEMPORARY TABLES').split():
                self.run('DROP TEMPORARY TABLE ' + s)


def unblocked(sql):
    """A script for Snowflake or BigQuery without its block, which neither fakesnow nor sqlglot knows."""
    sql, n = re.subn(r'(?:EXECUTE IMMEDIATE \$\$\n)?BEGIN\n(BEGIN TRANSACTION;.*)EXCEPTION\s.*?END;\n(?:\$\$;\n)?$', r'\1',
                     sql, flags=re.S)
    assert n == 1
    return sql


def parse(dialect, sql):
    import sqlglot
    if dialect in ('snowflake', 'bigquery'):
        sql = unblocked(sql)
    for s in statements(sql, dialect not in ('sqlite', 'postgres', 'duckdb')):
        # psql's variables, and what sqlglot has no words for.
        s = re.sub(r""":(['"])(\w+)\1""", r'\1\2\1', s)
        if 'FROM INFILE' not in s:
            sqlglot.parse_one(s, read=dialect)


class Snowflake:
    """fakesnow, with a reader of our own for COPY: it knows few of its options."""

    def __init__(self, db):
        import warnings
        warnings.simplefilter('ignore')
        import fakesnow
        import snowflake.connector
        self.patch = fakesnow.patch()
        self.patch.__enter__()
        self.db = snowflake.connector.connect(database='SHOP', schema='PUBLIC').cursor()

    def run(self, sql):
        return self.db.execute(sql).fetchall()

    def table(self, name):
        return self.run('SELECT * FROM "%s"' % name)

    def ddl(self, sql):
        for s in statements(sql):
            self.run(s)

    def copy(self, s, folder):
        m = re.match(r'COPY INTO (\w+) FROM \(SELECT (.*) FROM @ev_bundle\)\s+FILES = \((.*)\)\s+FILE_FORMAT', s)
        for file in re.findall(r"'([^']*)'", m[3]):
            for row in part(folder, manifest(folder), file):
                values = ['NULL' if v is None else "'" + v.replace('\\', '\\\\').replace("'", "\\'") + "'"
                          for v in row]
                values = ['PARSE_JSON(%s)' % v if 'PARSE_JSON' in e else v
                          for e, v in zip(m[2].split(', '), values)]
                self.run('INSERT INTO %s SELECT %s' % (m[1], ', '.join(values)))

    def bundle(self, folder):
        with open(os.path.join(folder, 'load.sql')) as f:
            sql = f.read()
        try:
            for s in statements(unblocked(sql)):
                if s.startswith('COPY '):
                    self.copy(s, folder)
                elif not s.startswith('PUT ') and 'STAGE' not in s and 'ev_schema' not in s:
                    self.run(s)
        except Exception:
            try:
                self.run('ROLLBACK')
            except Exception:  # it was not begun
                pass
            raise


ENGINES = {'sqlite': Sqlite, 'postgres': Postgres, 'duckdb': Duckdb, 'clickhouse': Clickhouse,
           'snowflake': Snowflake}


def dump(engine, out=sys.stdout):
    write({name: engine.table(name) for name in TYPES}, out)


def apply(engine, steps):
    for step in steps:
        if step.startswith('='):
            with open(step[1:], 'w') as f:
                dump(engine, f)
        elif os.path.isdir(step):
            try:
                engine.bundle(step)
            except Exception as e:
                print('%s: %s' % (step, ' '.join(str(e).split())))
        else:
            with open(step) as f:
                engine.ddl(f.read())


#
# Hostile values
#

PIECES = ['\t', '\n', '\r', '\r\n', '"', '""', "'", '\\', '\\\\', '\\t', '\\n', '\\N', '\\.', ',', ';', '\u0001', '\u007f',
          '\u0085', '\u2028', '\ufeff', '\U0001f600', 'e\u0301', ' ', 'x', 'null', 'NULL', '$$', '{{ x }}', '&x;', '<% x %>']


def text(rng, marker):
    if rng.random() < 0.01:
        t = ''.join(rng.choice(PIECES) for _ in range(30000))
        return t.encode()[:60000].decode(errors='ignore')
    t = ''.join(rng.choice(PIECES) for _ in range(rng.randrange(5)))
    return 'N' if t == '\\N' and not marker else t


def some(rng, years, marker):
    def number(digits, scale):
        sign = rng.choice(['', '-'])
        n = str(rng.randrange(10 ** rng.randrange(1, digits - scale + 1)))
        return sign + n + ('.' + str(rng.randrange(10 ** scale)).zfill(scale) if rng.random() < 0.7 else '')

    def day():
        return '%s-%02d-%02d' % (rng.choice(years), rng.randrange(1, 13), rng.randrange(1, 29))

    return {
        't': text(rng, marker), 'big': number(38, 10), 'cents': number(12, 2),
        'n': rng.choice([0, -2 ** 63, 2 ** 63 - 1, rng.randrange(10 ** 6)]), 'b': rng.random() < 0.5,
        'at': day() + 'T%02d:%02d:%02d.%06dZ' % (rng.randrange(24), rng.randrange(60), rng.randrange(60),
                                               rng.randrange(10 ** 6)),
        'day': day(), 'u': '%08x-0123-4567-89ab-%012x' % (rng.getrandbits(32), rng.getrandbits(48)),
        'j': {text(rng, True): [text(rng, True), 1.5, None, True]}, 'last': text(rng, marker)}


def randoms(seed, n, years, marker):
    rng = random.Random(seed)
    for i in range(n):
        row = {'ev_version': 1, 'ev_index': 0, 'ev_valid_from': '2026-03-01T10:00:00.000000Z', 'ev_valid_to': None,
               'ev_current': True, 'ev_deleted': False}
        for name, v in some(rng, years, marker).items():
            row[name] = None if rng.random() < 0.1 else v
        row['_ev'] = {'table': 'every', 'op': 'insert', 'owner': '%d%s' % (i, rng.choice(['', '\\', '"', '\\N', "'"]))}
        line = json.dumps(row)
        for name in ('big', 'cents'):
            line = re.sub(r'("%s": )"([^"]*)"' % name, r'\1\2', line)
        print(line)


def main(what, *args):
    if what == 'read':
        write(read(args[0]))
    elif what == 'rows':
        write(rows(args[0]))
    elif what == 'dump':
        dump(ENGINES[args[0]](args[1]))
    elif what == 'apply':
        apply(ENGINES[args[0]](args[1]), args[2:])
    elif what == 'statements':
        with open(args[0]) as f:
            sql = f.read()
        for i, s in enumerate(statements(sql, False)):
            with open(os.path.join(args[1], str(i + 1)), 'w') as f:
                f.write(s + ';\n')
    elif what == 'parse':
        with open(args[1]) as f:
            parse(args[0], f.read())
    elif what == 'doubles':
        for file in args:
            with open(file) as f:
                text = f.read()
            with open(file, 'w') as f:
                f.write(re.sub(r'"=([-0-9.]+)"', lambda m: '"=%r"' % float(m[1]), text))
    elif what == 'random':
        years = ['1900', '2026', '2299'] if 'narrow' in args else ['0001', '1899', '2026', '9999']
        randoms(int(args[0]), int(args[1]), years, '\\N' in args)


if __name__ == '__main__':
    main(*sys.argv[1:])
