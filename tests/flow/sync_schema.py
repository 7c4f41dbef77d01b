"""What boxes and collectors say, against the schemas in assets/sync/ by an implementation that is
not ours. Reads TOPIC<tab>PAYLOAD lines.

  sync_schema.py check        every message is valid; prints how many of each kind
  sync_schema.py members      prints the name of every member
  sync_schema.py spoil        writes each message changed in many ways, one at a time
  sync_schema.py agree FILE   lines as of spoil, and in FILE what we say to each: what we take, the
                              schema takes
"""
import copy
import json
import re
import sys

import jsonschema

KINDS = [("state", r"/d/[0-9a-f]{32}/state$"), ("count", r"/d/[0-9a-f]{32}/count$"),
         ("ev", r"/[da]/[0-9a-f]{32}/ev$"), ("have", r"/v/[^/]+/[0-9a-f]{32}$"),
         ("ack", r"/a/[0-9a-f]{32}$"), ("fleet", r"/fleet(/[1-9][0-9]*)?$")]


def kind_of(topic):
    return next(kind for kind, form in KINDS if re.search(form, topic))


def validators():
    out = {}
    for kind, _ in KINDS:
        with open("assets/sync/%s.schema.json" % kind, encoding="utf-8") as file:
            schema = json.load(file)
        jsonschema.Draft202012Validator.check_schema(schema)
        out[kind] = jsonschema.Draft202012Validator(schema)
    return out


def lines():
    for line in sys.stdin:
        topic, payload = line.rstrip("\n").split("\t")
        yield topic, payload


def check():
    valid, counts = validators(), {}
    for topic, payload in lines():
        kind = kind_of(topic)
        valid[kind].validate(json.loads(payload))
        counts[kind] = counts.get(kind, 0) + 1
    print(" ".join("%s" % kind for kind, _ in KINDS if counts.get(kind)))


def places(value, path=()):
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], path + (key,))
    elif isinstance(value, list):
        for i in range(min(len(value), 2)):
            yield from places(value[i], path + (i,))


def spoilt(message):
    for path in places(message):
        if not path:
            continue
        for new in (None, -1, 1.5, "", "x", True, [], {}, 2 ** 53, [1], {"a": 1}):
            changed = copy.deepcopy(message)
            at = changed
            for step in path[:-1]:
                at = at[step]
            at[path[-1]] = new
            yield changed
        changed = copy.deepcopy(message)
        at = changed
        for step in path[:-1]:
            at = at[step]
        del at[path[-1]]
        yield changed
        if isinstance(at, dict):
            for name in ("more", "x-more"):
                changed = copy.deepcopy(message)
                at = changed
                for step in path[:-1]:
                    at = at[step]
                at[name] = 1
                yield changed


def spoil():
    seen = {}
    for topic, payload in lines():
        kind = kind_of(topic)
        seen[kind] = seen.get(kind, 0) + 1
        if seen[kind] > 6:
            continue
        for changed in spoilt(json.loads(payload)):
            print("%s\t%s" % (topic, json.dumps(changed, separators=(",", ":"))))


def agree(path):
    valid, taken, differ = validators(), 0, 0
    with open(path, encoding="utf-8") as file:
        for (topic, payload), said in zip(lines(), file):
            if said.strip() != "taken":
                continue
            taken += 1
            if not valid[kind_of(topic)].is_valid(json.loads(payload)):
                differ += 1
                print("taken against the schema: %s" % payload[:200], file=sys.stderr)
    print("%s %d" % ("some" if taken else "none", differ))


def members():
    def names(value):
        if isinstance(value, dict):
            for key, inner in value.items():
                if key == "properties":
                    yield from inner
                yield from names(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from names(inner)
    print("\n".join(sorted({name for v in validators().values() for name in names(v.schema)})))


{"members": members, "check": check, "spoil": spoil, "agree": lambda: agree(sys.argv[2])}[sys.argv[1]]()
