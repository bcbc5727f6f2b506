#!/usr/bin/env python3
"""info_schema.py ODEC SCHEMA EXAMPLES -- what `odec info --json` prints of every example, with
and without a plan, is what the schema says, member by member; and every member that the
schema has is seen at least once. (So much of JSON Schema as the schema needs.)"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

odec, schema_path, examples = sys.argv[1:]
schema = json.loads(pathlib.Path(schema_path).read_text())
seen = set()
cache = tempfile.TemporaryDirectory()
os.environ["XDG_CACHE_HOME"] = cache.name

KINDS = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": type(None),
    "array": list,
    "object": dict,
}
KNOWN = set("$schema $defs $ref title description type enum items required".split())
KNOWN |= set("properties additionalProperties".split())


def is_of(value, kind):
    is_flag = isinstance(value, bool)
    return isinstance(value, KINDS[kind]) and (kind == "boolean" or not is_flag)


def check(value, rule, where):
    assert set(rule) <= KNOWN, f"{where}: a rule that this test does not know"
    if "$ref" in rule:
        rule = schema["$defs"][rule["$ref"].removeprefix("#/$defs/")]
    seen.add(id(rule))
    if "enum" in rule:
        assert value in rule["enum"], f"{where}: {value!r}"
    if "type" in rule:
        kinds = rule["type"] if isinstance(rule["type"], list) else [rule["type"]]
        assert any(is_of(value, k) for k in kinds), f"{where}: {value!r}"
    if isinstance(value, list):
        for i, item in enumerate(value):
            check(item, rule["items"], f"{where}[{i}]")
    if isinstance(value, dict):
        assert set(value) == set(rule["required"]), f"{where}: {sorted(value)}"
        assert set(value) == set(rule["properties"]), f"{where}: {sorted(value)}"
        for key, item in value.items():
            check(item, rule["properties"][key], f"{where}.{key}")


def all_rules(rule):
    if isinstance(rule, dict):
        if "type" in rule or "enum" in rule:
            yield rule
        for part in ("properties", "$defs"):
            for inner in rule.get(part, {}).values():
                yield from all_rules(inner)
        yield from all_rules(rule.get("items"))


def info(*words):
    done = subprocess.run([odec, "info", "--json", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


for model in sorted(pathlib.Path(examples).glob("*.ode")):
    check(info(str(model)), schema, model.name)

lorenz = str(pathlib.Path(examples, "lorenz.ode"))
words = "--device cpu --threads 1 --sweep rho=0:28:1e6 --save n:10 --memory 1M".split()
planned = info(lorenz, *words)
check(planned, schema, "plan")
(plan,) = planned["plans"]
each = {kind: sum(a["bytes"] for a in plan["arrays"] if a["kind"] == kind)
        for kind in ("per_run", "shared", "per_computed_run")}
assert each["per_run"] == plan["run_bytes"]
assert each["shared"] == plan["fixed_bytes"]
assert each["per_computed_run"] == plan["computed_bytes"]
assert plan["runs"] == 10**6 and plan["saves"] == 10
assert plan["value_bytes"] == 10**6 * 10 * len(planned["columns"]) * 8
assert plan["total_bytes"] == plan["fixed_bytes"] + plan["chunk_runs"] * (
    plan["buffers"] * plan["run_bytes"] + plan["computed_bytes"])
assert 2**20 - plan["buffers"] * plan["run_bytes"] < plan["total_bytes"] <= 2**20
assert plan["chunks"] == -(-10**6 // plan["chunk_runs"])
values = {a["name"]: a for a in planned["arrays"]}["values"]
assert {a["name"]: a for a in plan["arrays"]}["values"]["bytes"] == (
    values["bytes"] + 10 * values["bytes_per_save"])

for rule in all_rules(schema):
    assert id(rule) in seen, f"nothing printed is of {rule}"
