"""spark.py BUCKETS MEMBERS: the chain by buckets of events, and then by buckets of members, on Spark.

The programs, the lake and OUT must be there on every machine under the same names.
"""
import os
import sys
from itertools import chain

from pyspark import SparkContext


def main():
    buckets, members = int(sys.argv[1]), int(sys.argv[2])
    here = os.path.dirname(os.path.abspath(__file__))
    names = ("PATH", "EVKIT_MODEL", "EVKIT_SEAL", "LAKE", "OUT", "BATCH", "TMPDIR")
    environment = {name: os.environ[name] for name in names if name in os.environ}

    def by_member(line):
        return line.split("\t", 1)

    def shard_first(k, pairs):
        return chain([f"{k}/{members}"], (line for _, line in pairs))

    spark = SparkContext(appName="evkit")
    (
        spark.parallelize([f"{k}/{buckets}" for k in range(buckets)], buckets)
        .pipe(f"sh {here}/bucket.sh", environment, checkCode=True)
        .map(by_member)
        .partitionBy(members, lambda key: int(key[:8], 16))
        .mapPartitionsWithIndex(shard_first)
        .pipe(f"sh {here}/members.sh", environment, checkCode=True)
        .count()
    )
    spark.stop()


main()
