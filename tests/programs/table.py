"""table.py [--write DOCUMENT] REPORTS NAME...: prints what the reports REPORTS/NAME.json say as a Markdown table, one row for each.

With --write the table also replaces what stands between the two markers in DOCUMENT, if nothing failed.
Ends with 1 when a report is missing, has a divergence, or is of a program that failed.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import textwrap

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "build"))
import markdown_tables

BEGIN = "<!-- begin: tests/programs/run --write -->"
END = "<!-- end -->"
COLUMNS = (
    "program", "processes", "memory calls", "moves", "congruent moves", "pages moved", "entries, `linux-6.7`", "entries, `pageshift`",
    "entries, `pageshift` with a congruent destination", "kernel time in moves",
)
LEVELS = ("pgd", "p4d", "pud", "pmd", "pte")


def entries(cost):
    return sum(cost.get(level, 0) for level in LEVELS)


def under(move, policy):
    return next(entries(cost) for cost in move["policies"] if cost["policy"] == policy)


def best_placed(move):
    """The entries under pageshift if the destination had been congruent; a report leaves that out where it was."""
    placement = move.get("congruentPlacement")
    return under(move, "pageshift") if placement is None else entries(placement)


def row(title, report):
    moves = report["moves"]
    counts = (
        report["processes"],
        report["calls"],
        len(moves),
        sum(move["congruent"] != "pte" for move in moves),
        sum(move["presentPages"] for move in moves),
        sum(under(move, "linux-6.7") for move in moves),
        sum(under(move, "pageshift") for move in moves),
        sum(best_placed(move) for move in moves),
    )
    time = sum(move["nanoseconds"] for move in moves) / 1e6
    return [title, *(f"{count:,}" for count in counts), f"{time:,.2f} ms"]


def faults(report):
    """What is wrong with a report, in words."""
    if report["schema"] != 1:
        yield f"its schema is {report['schema']}, expected 1"
    if report["exitCode"] != 0:
        yield f"the program ended with {report['exitCode']}, expected 0"
    if report["divergenceCount"] != 0:
        yield f"{report['divergenceCount']} divergences, the first: {json.dumps(report['divergences'][:1])}"
    if report["calls"] == 0 or report["processes"] == 0:
        yield "it saw no call"


def first_line(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()[0].strip()


def surroundings(names):
    """What the figures depend on: the kernel, the C library and the versions of the programs."""
    versions = {
        "gcc": lambda: "gcc " + first_line("gcc", "-dumpfullversion"),
        "python": lambda: "Python " + platform.python_version(),
        "sqlite": lambda: "sqlite " + first_line("sqlite3", "--version").split()[0],
        "redis": lambda: "redis " + first_line("redis-server", "--version").split("v=")[1].split()[0],
        "dotnet": lambda: ".NET SDK " + first_line("dotnet", "--version"),
    }
    with open("/sys/kernel/mm/transparent_hugepage/enabled", encoding="ascii") as setting:
        huge_pages = setting.read().split("[")[1].split("]")[0]
    kernel = platform.release().split("-")[0]
    return ", ".join((
        f"Linux {kernel} {platform.machine()}", f"{os.cpu_count()} processors", f"transparent huge pages: {huge_pages}",
        " ".join(platform.libc_ver()), *(versions[name]() for name in names if name in versions),
    ))


def main():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--write", metavar="DOCUMENT")
    parser.add_argument("reports")
    parser.add_argument("names", nargs="+")
    options = parser.parse_args()

    rows, failed = [], False
    for name in options.names:
        path = os.path.join(options.reports, name)
        try:
            with open(path + ".json", encoding="utf-8") as file:
                report = json.load(file)
            with open(path + ".title", encoding="utf-8") as file:
                title = file.read().strip()
        except (OSError, json.JSONDecodeError) as error:
            print(f"table.py: {name}: no readable report: {error}", file=sys.stderr)
            failed = True
            continue
        for fault in faults(report):
            print(f"table.py: {name}: {fault}", file=sys.stderr)
            failed = True
        rows.append(row(title, report))

    table = markdown_tables.table(COLUMNS, rows, COLUMNS[1:]) + "\n" + textwrap.fill(surroundings(options.names) + ".", 120) + "\n"
    print(table, end="")
    if failed:
        sys.exit(1)
    if options.write is not None:
        markdown_tables.replace(options.write, BEGIN, END, table)


main()
