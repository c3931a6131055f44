#!/usr/bin/env python3
"""What the engines that Python has make of evschema's statements (dialects.t)

    dialects.py model BLNS        a model with names that are reserved, and descriptions that are odd
    dialects.py said MODEL.yaml   its descriptions, as hex digits, sorted
    dialects.py parse TARGET FILE sqlglot's parser; then the texts that begin as descriptions do
    dialects.py duckdb FILE...    runs them in turn; then the comments
    dialects.py chdb FILE...      the same of ClickHouse
    dialects.py fakesnow FILE...  the same of Snowflake's SQL
"""
import json
import re
import sys

MARK = "d: "
RESERVED = "order select from where group table user rows all day column limit end index qualify offset".split()


def odd_texts(path):
    own = ["it's", "back\\slash", "\\'; DROP TABLE x; --", "'; DROP TABLE x; --", "\\", "'", '"', "`", "two\nlines\n\\.\n",
           "tab\there", "{{ 1 + 1 }}", "{% raw %}", "{# x #}", "{{'{'}}", "<% x %>", "&x &{y}", ":x :'x' $1 $$ $ev$ %s",
           "--", "/* */", "\u2028\u2029\ufeff\uffff", "e\u0301 \U0001f600 \u05d0", "\\x41 \\n \\u0041"]
    texts = own + json.load(open(path, encoding="utf-8"))[::3] if path else own
    fit = []
    for text in texts:
        odd = any(ord(c) < 32 and c not in "\n\t" or 127 <= ord(c) < 160 or 0xd800 <= ord(c) < 0xe000 for c in text)
        if not odd and len((MARK + text).encode()) <= 1000 and text not in fit:
            fit.append(text)
    return fit


def model(path):
    texts = odd_texts(path)
    quote = lambda text: re.sub("[\u2028\u2029\ufeff\ufff0-\uffff]", lambda m: f"\\u{ord(m[0]):04x}",
                                json.dumps(MARK + text, ensure_ascii=False))
    print("evkit: 1\nname: odd\nevent: {id: .id, type: .type, time: .at, version: .v}\nstar:\n  facts:")
    for name, keep in (("order", "history"), ("select", "latest")):
        print(f"    {name}:\n      keep: {keep}\n      description: {quote('table ' + name)}\n      columns:")
        print("        at: {from: .at, type: timestamp, dimension: days}\n        type: {from: .type, type: varchar(9)}")
        print("        from: {from: .u, type: varchar(9), dimension: user}\n        big: {from: .b, type: \"decimal(38,4)\"}")
        print("        n: {from: .n, type: int}\n        j: {from: .j, type: json}\n        u: {from: .i, type: uuid}\n        b: {from: .x, type: bool}")
        print("        was: {from: .u, type: varchar(9), dimension: union}")
        for i, text in enumerate(texts if name == "select" else RESERVED):
            print(f"        {'c%d' % i if name == 'select' else text + '_' if text in ('from',) else text}: "
                  f"{{from: .c, type: varchar(4), description: {quote(text)}}}")
    print("  dimensions:\n    user: {key: .u, description: " + quote("a user") + ", columns: {u: {from: .u, type: varchar(9)}}}")
    print("    union: {key: .u, history: scd2, columns: {u: {from: .u, type: varchar(9)}, all: {from: .w, type: json}}}")
    print("    days: {description: " + quote("a day") + ", calendar: {from: 2026-03-01, to: 2026-06-30, zone: Europe/Amsterdam}}")
    print("measures:\n  table: {fact: order, column: big, currency: type, by: [group, where], minus: [Refund]}")
    print("  limit: {fact: select, column: n}\n  end: {fact: order, of: user, from: [Cart], to: [Order]}")
    print("environments:")
    for target in "sqlite postgres snowflake redshift bigquery clickhouse duckdb".split():
        print(f"  {target}: {{target: {target}, schema: Group}}")


def show(texts):
    for line in sorted(text.encode().hex() for text in texts if text.startswith(MARK)):
        print(line)


def said(path):
    out = []
    for line in open(path, encoding="utf-8"):
        at = line.find("description: ")
        if at >= 0:
            out.append(json.JSONDecoder().raw_decode(line[at + len("description: "):])[0])
    show(out)


def parse(target, path):
    import logging
    import sqlglot
    from sqlglot import exp

    logging.disable(logging.CRITICAL)
    sql = open(path, encoding="utf-8").read()
    for statement in sqlglot.parse(sql, read=target):
        # What it does not know, it takes as it is: grants, comments of two engines, and functions.
        if isinstance(statement, exp.Command) and statement.name.upper() not in ("ALTER", "GRANT", "REVOKE", "CREATE"):
            sys.exit(f"{target}: no statement: {statement.sql()[:200]}")
    show(token.text for token in sqlglot.tokenize(sql, read=target) if token.token_type.name.endswith("STRING"))


def statements(target, path):
    """The statements of a script: cut where sqlglot's tokens say so."""
    import sqlglot

    sql = open(path, encoding="utf-8").read()
    start = 0
    for token in sqlglot.tokenize(sql, read=target):
        if token.token_type.name == "SEMICOLON":
            yield sql[start:token.start]
            start = token.end + 1


def run_duckdb(paths):
    import duckdb

    db = duckdb.connect()
    for path in paths:
        db.execute(open(path, encoding="utf-8").read())
    for name, in db.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall():
        db.execute(f'SELECT * FROM "Group"."{name}" LIMIT 1')
    show(text for (text,) in db.execute(
        "SELECT comment FROM duckdb_columns() WHERE comment IS NOT NULL UNION ALL "
        "SELECT comment FROM duckdb_tables() WHERE comment IS NOT NULL").fetchall())


def run_chdb(paths):
    from chdb import session

    db = session.Session()
    for path in paths:
        for statement in statements("clickhouse", path):
            db.query(statement)
    views = str(db.query("SELECT name FROM system.tables WHERE database = 'Group' AND engine = 'View' AND name NOT LIKE '%_as_of'", "TabSeparated"))
    for name in views.split():
        db.query(f'SELECT * FROM "Group"."{name}" LIMIT 1')
    rows = str(db.query("SELECT hex(comment) FROM system.columns WHERE database = 'Group' AND comment <> '' UNION ALL "
                        "SELECT hex(comment) FROM system.tables WHERE database = 'Group' AND comment <> ''", "TabSeparated"))
    show(bytes.fromhex(row).decode() for row in rows.split())


def run_fakesnow(paths):
    import fakesnow

    with fakesnow.patch():
        import snowflake.connector

        cursor = snowflake.connector.connect(database="db", schema="public").cursor()
        for path in paths:
            for statement in statements("snowflake", path):
                # It takes a $ in a text for a variable, which Snowflake does not.
                if not (statement.strip().startswith("COMMENT") and "$" in statement):
                    cursor.execute(statement)


command, rest = sys.argv[1], sys.argv[2:]
sys.stdout.reconfigure(encoding="utf-8")
if command == "model":
    model(rest[0] if rest else None)
elif command == "said":
    said(rest[0])
elif command == "parse":
    parse(*rest)
else:
    {"duckdb": run_duckdb, "chdb": run_chdb, "fakesnow": run_fakesnow}[command](rest)
