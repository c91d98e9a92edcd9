#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the settle authors.
"""Encodes the golden examples from the tables that document the format, and compares the bytes.

  check.py [--golden DIRECTORY]     every *.json of the directory, and its kinds.txt
  check.py --self-test              spoils tables, values and bytes: each must be noticed

The C++ tests compare the same bytes with the library's, so that two hands in two languages agree
on each. A file is {"types": {...}, "examples": [...]}.

A type is text, or for a name of its own one of
  [["member", "type"], ...]                      a structure, in encoding order
  {"enum": "u8", "values": {"Name": number}}     an enumeration
  "another type"                                 the same bytes under another name
and the text is one of
  u8 u16 u32 u64 u128 i8 ... i128    an integer, little-endian     7, or "7" beyond 2^53
  bool                               one byte, 0 or 1              true
  bytes[32]                          so many bytes                 "00ff..."
  bytes[<=32]                        u32 length, at most 32 bytes  "00ff"
  T[3]                               so many values                [1, 2, 3]
  T[<=1024]                          u32 length and values         [1, 2]
  T?                                 a bool and perhaps a value    null, or the value
  A|B|C                              u8 index and the value        {"B": value}
  Name                               a type of any file            {"member": value} or "Name"
Brackets bind a type together: (A|B)?.

An example is {"name", "type", "value", "hex"}. With "form": "record" its type is a record kind of
kinds.txt and the bytes begin with kind and version; with "form": "signed" it is a signed kind, and
"context" gives network, group, epoch and set. A type name is known in all files.
"""

import argparse
import copy
import json
import pathlib
import re
import sys

INTEGER = re.compile(r"([ui])(8|16|32|64|128)")
SEQUENCE = re.compile(r"(.*)\[(<=)?(\d+)\]", re.DOTALL)
SIGNED_TAG = b"settle/1"
CONTEXT = [["network", "bytes[32]"], ["group", "u32"], ["epoch", "u64"], ["set", "bytes[32]"]]
FIRST_RECORD = 4096

# Kinds whose table is still to be written. Only to be shortened: a kind that has an example must
# not be here.
WITHOUT_EXAMPLE = []


class Failed(Exception):
    """A table or an example is not what it should be."""


def expect(condition, complaint):
    if not condition:
        raise Failed(complaint)


def alternatives(text):
    """Splits A|B|C outside of parentheses."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def integer(letter, bits, value):
    expect(isinstance(value, (int, str)) and not isinstance(value, bool), f"not a number: {value!r}")
    number = int(value)
    signed = letter == "i"
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    expect(low <= number <= high, f"{number} is no {letter}{bits}")
    return number.to_bytes(bits // 8, "little", signed=signed)


def encode_structure(types, members, value):
    expect(isinstance(value, dict), f"not a structure: {value!r}")
    names = [name for name, _ in members]
    expect(sorted(names) == sorted(value), f"members {sorted(value)}, in the table {sorted(names)}")
    return b"".join(encode(types, kind, value[name]) for name, kind in members)


def encode_named(types, name, value):
    expect(name in types, f"no such type: {name}")
    table = types[name]
    if isinstance(table, str):
        return encode(types, table, value)
    if isinstance(table, dict):
        expect(value in table["values"], f"{name} has no enumerator {value!r}")
        return encode(types, table["enum"], table["values"][value])
    return encode_structure(types, table, value)


def encode_sequence(types, element, bounded, count, value):
    if element == "bytes":
        expect(isinstance(value, str), f"not bytes: {value!r}")
        size, body = len(value) // 2, bytes.fromhex(value)
    else:
        expect(isinstance(value, list), f"not a list: {value!r}")
        size, body = len(value), b"".join(encode(types, element, one) for one in value)
    if bounded:
        expect(size <= count, f"{size} elements, at most {count}")
        return integer("u", 32, size) + body
    expect(size == count, f"{size} elements, not {count}")
    return body


def encode(types, kind, value):
    """The encoding of `value` as a `kind`, straight from the text of the format."""
    options = alternatives(kind)
    if len(options) > 1:
        expect(isinstance(value, dict) and len(value) == 1, f"not one alternative: {value!r}")
        (name, held), = value.items()
        expect(name in options, f"{name} is none of {options}")
        return integer("u", 8, options.index(name)) + encode(types, name, held)
    if kind.endswith("?"):
        return b"\x00" if value is None else b"\x01" + encode(types, kind[:-1], value)
    sequence = SEQUENCE.fullmatch(kind)
    if sequence:
        element, bounded, count = sequence.groups()
        return encode_sequence(types, element, bounded, int(count), value)
    if kind.startswith("(") and kind.endswith(")"):
        return encode(types, kind[1:-1], value)
    number = INTEGER.fullmatch(kind)
    if number:
        return integer(number.group(1), int(number.group(2)), value)
    if kind == "bool":
        expect(isinstance(value, bool), f"not a bool: {value!r}")
        return b"\x01" if value else b"\x00"
    return encode_named(types, kind, value)


def encode_example(types, kinds, example):
    body = encode(types, example["type"], example["value"])
    form = example.get("form", "value")
    if form == "value":
        return body
    expect(example["type"] in kinds, f"{example['type']} is no kind")
    number, version = kinds[example["type"]]
    if form == "record":
        expect(number >= FIRST_RECORD, "a signed kind in a record")
        return integer("u", 32, number) + integer("u", 16, version) + body
    expect(form == "signed", f"no such form: {form}")
    expect(number < FIRST_RECORD, "a record kind that is signed")
    context = encode_structure(types, CONTEXT, example["context"])
    return SIGNED_TAG + integer("u", 32, number) + context + body


def read_kinds(text):
    """name -> (number, version), from lines `number version name`."""
    kinds = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        number, version, name = line.split(" ")
        expect(name not in kinds, f"two kinds named {name}")
        expect(int(number) not in [n for n, _ in kinds.values()], f"two kinds numbered {number}")
        kinds[name] = (int(number), int(version))
    return kinds


def all_types(files):
    types = {}
    for name, content in files.items():
        for known in types.keys() & content["types"].keys():
            raise Failed(f"{name}: {known} has a table in another file")
        types |= content["types"]
    return types


def check(files, kinds, without_example=frozenset(WITHOUT_EXAMPLE)):
    """Raises Failed at the first example that differs; returns how many there are."""
    types = all_types(files)
    shown = set()
    count = 0
    for file, content in files.items():
        names = [example["name"] for example in content["examples"]]
        expect(len(set(names)) == len(names), f"{file}: two examples of one name")
        for example in content["examples"]:
            where = f"{file}: {example['name']}"
            try:
                actual = encode_example(types, kinds, example).hex()
            except Failed as failed:
                raise Failed(f"{where}: {failed}") from failed
            expect(actual == example["hex"], f"{where}: {example['hex']}, by the tables {actual}")
            if example.get("form", "value") != "value":
                shown.add(example["type"])
            count += 1
    for kind in kinds:
        expect(kind in shown or kind in without_example, f"kind {kind} has no example")
        expect(not (kind in shown and kind in without_example),
               f"kind {kind} has an example: take it out of WITHOUT_EXAMPLE")
    return count


def spoil(name, files, kinds):
    """A good example of everything, spoiled in the way of that name."""
    content = files["self"]
    example = content["examples"][0]
    record = content["examples"][1]
    if name == "a bit of the bytes":
        example["hex"] = "0" + example["hex"][1:] if example["hex"][0] != "0" else "1" + example["hex"][1:]
    elif name == "a width":
        content["types"]["Sample"][0][1] = "u32"
    elif name == "the order of members":
        content["types"]["Sample"].reverse()
    elif name == "a member too many":
        example["value"]["other"] = 1
    elif name == "a member too few":
        del example["value"]["small"]
    elif name == "a value beyond its range":
        example["value"]["small"] = 65536
    elif name == "a sequence beyond its bound":
        content["types"]["Sample"][2][1] = "u8[<=1]"
    elif name == "an unknown enumerator":
        example["value"]["color"] = "Green"
    elif name == "another kind":
        kinds["Sample"] = (4999, 1)
    elif name == "another version":
        kinds["Sample"] = (4998, 2)
    elif name == "a kind without example":
        kinds["Other"] = (4997, 1)
    elif name == "an example gone":
        content["examples"].remove(record)
    else:
        raise AssertionError(name)


def self_test():
    types = {"Sample": [["small", "u16"], ["big", "i128"], ["list", "u8[<=4]"], ["color", "Color"],
                        ["maybe", "(u8|Color)?"], ["id", "bytes[2]"], ["text", "bytes[<=8]"]],
             "Color": {"enum": "u8", "values": {"Red": 3}}}
    value = {"small": 0x0102, "big": "-2", "list": [7, 8], "color": "Red", "maybe": {"Color": "Red"},
             "id": "abcd", "text": "ff"}
    body = "0201" + "fe" + 15 * "ff" + "020000000708" + "03" + "010103" + "abcd" + "01000000ff"
    files = {"self": {"types": types, "examples": [
        {"name": "plain", "type": "Sample", "value": value, "hex": body},
        {"name": "stored", "type": "Sample", "form": "record", "value": value,
         "hex": "861300000100" + body}]}}
    kinds = {"Sample": (4998, 1)}
    assert check(files, kinds, frozenset()) == 2
    ways = ["a bit of the bytes", "a width", "the order of members", "a member too many",
            "a member too few", "a value beyond its range", "a sequence beyond its bound",
            "an unknown enumerator", "another kind", "another version", "a kind without example",
            "an example gone"]
    for way in ways:
        spoiled, other_kinds = copy.deepcopy(files), dict(kinds)
        spoil(way, spoiled, other_kinds)
        try:
            check(spoiled, other_kinds, frozenset())
        except Failed:
            continue
        raise AssertionError(f"not noticed: {way}")
    print(f"a good file passes, {len(ways)} spoiled ones are noticed")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--golden", type=pathlib.Path, default=pathlib.Path(__file__).parent)
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    if arguments.self_test:
        self_test()
        return
    try:
        kinds = read_kinds((arguments.golden / "kinds.txt").read_text(encoding="utf-8"))
        files = {path.name: json.loads(path.read_text(encoding="utf-8"))
                 for path in sorted(arguments.golden.glob("*.json"))}
        count = check(files, kinds)
    except Failed as failed:
        sys.exit(str(failed))
    print(f"{count} examples in {len(files)} files are as the tables say, {len(kinds)} kinds")


if __name__ == "__main__":
    main()
