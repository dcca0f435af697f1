"""table.py [--write] NAME CONSOLE: says what a kernel's console tells: how many moves went as predicted, and which did not.

With --write it is also kept in results/NAME.tsv, and docs/kernels.md is made of all that is kept. table.py --document only prints
that document, and --write without NAME writes it. Ends with 1 when a move did not go as predicted, or when the console is not complete.
"""

import argparse
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "build"))
import markdown_tables

HERE = os.path.dirname(os.path.abspath(__file__))
RESULTS = os.path.join(HERE, "results")
DOCUMENT = os.path.join(os.path.dirname(os.path.dirname(HERE)), "docs", "kernels.md")
BEGIN = "<!-- begin: tests/kernels/run --write -->"
END = "<!-- end -->"
COUNTS = ("cases", "agree", "differ", "not measured")
LEVELS = ("pgd", "p4d", "pud", "pmd", "pte")
FIELDS = ("case", "verdict", "policy", "entries", "predicted flushes", "predicted tables", "measured flushes", "measured tables", "note")


def frames(text):
    """The release, and of each case the lines between its head and its exit, and what the exit says."""
    release, name, lines = None, None, []
    for line in text.splitlines():
        if not line.startswith("=== "):
            lines.append(line)
        elif line.startswith("=== release "):
            release = line.removeprefix("=== release ")
        elif line.startswith("=== exit "):
            yield release, name, "\n".join(lines), line.removeprefix("=== exit ")
        else:
            name, lines = line.removeprefix("=== "), []


def read_report(text):
    """The JSON among what the kernel itself may have printed."""
    return json.loads(text[text.index("{"):text.rindex("}") + 1])


def entries(cost):
    return ", ".join(f"{cost[level]:,} {level.upper()}" for level in LEVELS if cost.get(level)) or "nothing"


def judge(name, text, code):
    """A row of the results."""
    row = dict.fromkeys(FIELDS, "")
    row["case"] = name
    try:
        report = read_report(text)
    except ValueError:
        return row | {"verdict": "failed", "note": f"exit code {code}: {text.strip().splitlines()[-1:]}"}
    if "kernel" not in report:
        found = report["divergences"]
        return row | {"verdict": "differs" if found else "agrees", "entries": "no difference", "note": json.dumps(found[0]) if found else ""}
    kernel, moves = report["kernel"], report["moves"]
    policy = kernel["predictedBy"]
    predicted = [next(cost for cost in move["policies"] if cost["policy"] == policy) for move in moves]
    total = {level: sum(cost.get(level, 0) for cost in predicted) for level in LEVELS}
    row |= {"policy": policy, "entries": entries(total) if moves else "refused"}
    if kernel["divergences"]:
        found = kernel["divergences"][0]
        return row | {"verdict": "differs", "note": f"{found['call']}: engine {found['expected']}, kernel {found['actual']}" if "expected" in found else json.dumps(found)}
    if not moves:
        return row | {"verdict": "agrees"}
    row |= {"predicted flushes": sum(cost["tlbFlushes"] for cost in predicted), "predicted tables": sum(cost["tablesAllocated"] for cost in predicted)}
    if kernel["notObservable"]:
        return row | {"verdict": "not observable", "note": moves[0]["kernel"].get("reason", "")}
    # Several moves of one call are measured together.
    calls = {move["line"]: move["kernel"] for move in moves}.values()
    row |= {"measured flushes": sum(call["tlbFlushes"] for call in calls), "measured tables": sum(call["tablesAllocated"] for call in calls)}
    return row | {"verdict": "differs" if kernel["disagreements"] else "agrees"}


def read_console(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read().replace("\r", "")
    except OSError as error:
        sys.exit(f"table.py: {path}: {error.strerror}, expected a kernel's console")
    rows, release = [], None
    for release, name, lines, code in frames(text):
        rows.append(judge(name, lines, code))
    if "=== done" not in text or not rows:
        sys.exit(f"table.py: {path} is not complete")
    return release, rows


def keep(name, release, rows):
    os.makedirs(RESULTS, exist_ok=True)
    with open(os.path.join(RESULTS, name + ".tsv"), "w", encoding="utf-8") as file:
        file.write(f"# {release}\n" + "\t".join(FIELDS) + "\n")
        file.writelines("\t".join(str(row[field]) for field in FIELDS) + "\n" for row in rows)


def read_results():
    """By name of the kernel, oldest first: its release and its rows by case."""
    results = {}
    if not os.path.isdir(RESULTS):
        return results
    names = [file.removesuffix(".tsv") for file in os.listdir(RESULTS) if file.endswith(".tsv")]
    for name in sorted(names, key=lambda name: [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]):
        with open(os.path.join(RESULTS, name + ".tsv"), encoding="utf-8") as file:
            release = file.readline().removeprefix("# ").strip()
            fields = file.readline().rstrip("\n").split("\t")
            rows = (dict(zip(fields, line.rstrip("\n").split("\t"), strict=True)) for line in file)
            results[name] = (release, {row["case"]: row for row in rows})
    return results


def count(rows, verdict):
    return sum(row["verdict"] == verdict for row in rows)


def title(case):
    """The log or the program, with the place where it can be read."""
    if case == "trace":
        return "[a program that is traced](../tests/kernels/features.c)"
    for folder in (os.path.join(HERE, "moves"), os.path.join(os.path.dirname(os.path.dirname(HERE)), "samples")):
        path = os.path.join(folder, case + ".strace")
        if os.path.exists(path):
            return f"[`{case}`]({os.path.relpath(path, os.path.dirname(DOCUMENT))})"
    return f"`{case}`"


def cell(row):
    if row is None:
        return ""
    if row["verdict"] in ("failed", "not observable"):
        return row["verdict"]
    predicted = row["entries"]
    if row["predicted flushes"]:
        predicted += f"; {row['predicted flushes']}, {row['predicted tables']}"
    if row["verdict"] == "agrees":
        return predicted
    measured = f"{row['measured flushes']}, {row['measured tables']}" if row["measured flushes"] else row["note"]
    return f"{predicted} (**measured: {measured}**)"


def make_document():
    results = read_results()
    summary = []
    for name, (release, rows) in results.items():
        policies = sorted({row["policy"] for row in rows.values() if row["policy"]})
        agree, differ = count(rows.values(), "agrees"), count(rows.values(), "differs") + count(rows.values(), "failed")
        summary.append([name, f"`{release}`", ", ".join(f"`{policy}`" for policy in policies), str(len(rows)), str(agree), str(differ), str(len(rows) - agree - differ)])
    cases = list(dict.fromkeys(case for _, rows in results.values() for case in rows))
    return (
        markdown_tables.table(["kernel", "release", "predicted by", *COUNTS], summary, COUNTS) + "\n"
        + markdown_tables.table(["case", *results], [[title(case), *(cell(rows.get(case)) for _, rows in results.values())] for case in cases])
    )


def write_document():
    markdown_tables.replace(DOCUMENT, BEGIN, END, make_document())


def main():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--document", action="store_true")
    parser.add_argument("name", nargs="?")
    parser.add_argument("console", nargs="?")
    options = parser.parse_args()
    if options.document:
        print(make_document(), end="")
        return
    if options.console is None:
        if options.name is not None or not options.write:
            parser.error("expected NAME and CONSOLE, --write alone, or --document")
        write_document()
        return
    release, rows = read_console(options.console)
    agree, differ = count(rows, "agrees"), [row for row in rows if row["verdict"] in ("differs", "failed")]
    print(f"Linux {release}: {agree} of {len(rows)} cases as predicted, {len(differ)} not, {len(rows) - agree - len(differ)} not measured")
    for row in differ:
        print(f"  {row['case']}: {cell(row)} {row['note']}")
    for row in rows:
        if row["verdict"] == "not observable":
            print(f"  {row['case']}: {row['verdict']}: {row['note']}")
    if options.write:
        keep(options.name, release, rows)
        write_document()
    if differ or not agree:
        sys.exit(1)


main()
