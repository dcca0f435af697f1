"""Tables of Markdown, and the part of a document between two marks, for the scripts that write figures into the documents."""
import argparse


def named(argument):
    """A column or row that is given as NAME=COMMAND."""
    name, found, command = argument.partition("=")
    if not name or not found or not command:
        raise argparse.ArgumentTypeError(f"found '{argument}', expected NAME=COMMAND")
    return name, command


def table(head, rows, right=()):
    """The text of a table; RIGHT are the heads of the columns that are aligned to the right."""
    lines = [head, ["--:" if name in right else "---" for name in head], *rows]
    return "".join("| " + " | ".join(str(cell) for cell in line) + " |\n" for line in lines)


def split(document, begin, end):
    """A document before, between and behind two marks."""
    with open(document, encoding="utf-8") as file:
        before, found, rest = file.read().partition(begin)
    between, found_too, after = rest.partition(end)
    if not found or not found_too:
        raise SystemExit(f"{document}: found no '{begin}' with '{end}' behind it, expected both")
    return before, between, after


def replace(document, begin, end, text):
    """Writes a text between the two marks."""
    before, _, after = split(document, begin, end)
    with open(document, "w", encoding="utf-8") as file:
        file.write(f"{before}{begin}\n{text}{end}{after}")
