# evlake_readers.py duckdb|spark LAKE: how others read the folders of a lake. Prints a line for each event
# whose day, type or bucket is not what its folder is to say, and at last how many events there are.
import json
import sys


def duckdb_rows(lake):
    import duckdb

    return duckdb.sql(f"""
        SELECT id, name, time, dt, type, bucket FROM read_json('{lake}/dt=*/type=*/bucket=*/*.jsonl.gz',
            format = 'newline_delimited', ignore_errors = true, hive_partitioning = true, hive_types_autocast = false,
            columns = {{id: 'VARCHAR', name: 'VARCHAR', time: 'VARCHAR', bucket_of: 'VARCHAR'}})""").fetchall()


def spark_rows(lake):
    from pyspark.sql import SparkSession

    spark = (SparkSession.builder.master('local[1]').config('spark.ui.enabled', 'false')
             .config('spark.sql.sources.partitionColumnTypeInference.enabled', 'false').getOrCreate())
    spark.sparkContext.setLogLevel('ERROR')
    rows = spark.read.schema('id string, name string, time string').json(lake).collect()
    undo = lambda type: type and type.encode('latin-1').decode()
    return [(r.id, r.name, r.time, r.dt, undo(r.type), r.bucket) for r in rows]


rows = {'duckdb': duckdb_rows, 'spark': spark_rows}[sys.argv[1]](sys.argv[2])
for id, name, time, day, type, bucket in rows:
    none = day is None and type is None
    if id is None or time is None:
        right = none
    else:
        right = day == time[:10] and (type == name or type is None and (name == '' or len(name) > 60))
    if not right:
        print(json.dumps([id, name, time, day, type, bucket]))
print(len(rows), 'lines,', len({id for id, *_ in rows if id}), 'events in', len({b for *_, b in rows}), 'buckets')
