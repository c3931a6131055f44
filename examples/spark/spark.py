"""spark.py BUCKETS MEMBERS: the chain by buckets of events, and then by shards of members, on Spark.

The programs, the lake and OUT must be there on every machine under the same names.
"""
import os
import shlex
import sys

from pyspark import SparkContext


def main():
    buckets, members = int(sys.argv[1]), int(sys.argv[2])
    here = os.path.dirname(os.path.abspath(__file__))
    names = ("PATH", "EVKIT_MODEL", "EVKIT_SEAL", "LAKE", "OUT", "BATCH", "TMPDIR")
    environment = {name: os.environ[name] for name in names if name in os.environ}
    environment["MEMBERS"] = str(members)

    def script(name):  # for pipe(), which takes commands apart by shlex
        return "sh " + shlex.quote(os.path.join(here, name))

    spark = SparkContext(appName="evkit")
    (
        spark.parallelize([f"{k}/{buckets}" for k in range(buckets)], buckets)
        .pipe(script("bucket.sh"), environment, checkCode=True)
        .map(lambda line: line.split("\t", 1))
        .partitionBy(members, lambda shard: int(shard.split("/")[0]))
        .map("\t".join)
        .pipe(script("members.sh"), environment, checkCode=True)
        .count()
    )
    spark.stop()


main()
