"""Loads a result with Great Expectations and has it judge the same suite over the same events.

usage: gx.py RESULT SUITE EVENTS; prints each difference, and "N compared".
"""
import json
import sys
import warnings

warnings.simplefilter("ignore")
import great_expectations as gx
import pandas
from great_expectations.core.expectation_validation_result import (
    expectationSuiteValidationResultSchema,
)

COUNTS = ("element_count", "unexpected_count", "unexpected_percent", "missing_count",
          "missing_percent", "unexpected_percent_total", "unexpected_percent_nonmissing")


def same(a, b):
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return abs(a - b) <= 1e-9 * max(1, abs(a))
    return a == b


with open(sys.argv[1]) as f:
    result = json.load(f)
with open(sys.argv[2]) as f:
    suite = json.load(f)
with open(sys.argv[3]) as f:
    events = pandas.DataFrame([json.loads(line) for line in f])

loaded = expectationSuiteValidationResultSchema.load(result)
assert loaded.statistics["evaluated_expectations"] == len(loaded.results)

context = gx.get_context(mode="ephemeral")
asset = context.data_sources.add_pandas("shop").add_dataframe_asset("events")
batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": events})
theirs = gx.ExpectationSuite(name=suite["name"], expectations=suite["expectations"])
context.suites.add(theirs)
for ours, config in zip(result["results"], theirs.expectation_configurations):
    name = config.type
    judged = batch.validate(config.to_domain_obj(), result_format="COMPLETE").to_json_dict()
    if judged["success"] != ours["success"]:
        print(name, config.kwargs, "success", judged["success"], ours["success"])
    for key in COUNTS + ("observed_value",):
        if judged["result"].get(key) is None or key not in ours["result"]:
            continue
        if not same(judged["result"][key], ours["result"][key]):
            print(name, config.kwargs, key, judged["result"][key], ours["result"][key])
print(len(result["results"]), "compared")
