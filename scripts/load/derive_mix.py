"""Makes a file of scripts/load/mixes from a recorded trace: `python -m scripts.load.derive_mix TRACE.csv > NAME.yaml`.

The trace itself is not kept: 400 of its rows stand for all of them. Rows are sorted by prompt length and parted into
20 equal groups; each group is sorted by answer length and parted into 20; the middle row of each part is taken. So each
pair is a row that was recorded, prompts and answers keep their joint distribution, and no chance is involved.
"""

from __future__ import annotations

import csv
import hashlib
import io
import sys
from itertools import pairwise
from pathlib import Path

GROUPS = 20
HEADER = """\
# Lengths of requests to a production conversation service: pairs of (context tokens, generated tokens), each pair as
# likely as any other. Made by scripts/load/derive_mix.py, which says how.
source: Azure LLM inference trace 2023 (conversation), Microsoft
license: CC-BY-4.0
cite: 'Patel et al., "Splitwise: Efficient generative LLM inference using phase splitting", ISCA 2024'
rows: {rows}
sha256: {sha256}
method: middle rows of {groups} x {groups} equal groups, by context tokens and then by generated tokens
pairs:
"""


def joint_quantiles(rows: list[tuple[int, int]], groups: int = GROUPS) -> list[tuple[int, int]]:
    """Rows that stand for equal shares of all, `groups` squared of them; needs at least as many."""
    chosen = []
    by_prompt = sorted(rows)
    for group in parts(by_prompt, groups):
        by_answer = sorted(group, key=lambda row: (row[1], row[0]))
        chosen += [part[len(part) // 2] for part in parts(by_answer, groups)]
    return chosen


def parts(rows: list[tuple[int, int]], count: int) -> list[list[tuple[int, int]]]:
    """Consecutive parts that differ in length by at most one."""
    edges = [index * len(rows) // count for index in range(count + 1)]
    return [rows[start:end] for start, end in pairwise(edges)]


def as_yaml(content: bytes) -> str:
    """The file of a mix for a CSV with the columns ContextTokens and GeneratedTokens."""
    table = csv.DictReader(io.StringIO(content.decode("utf-8")))
    rows = [(int(row["ContextTokens"]), int(row["GeneratedTokens"])) for row in table]
    head = HEADER.format(rows=len(rows), sha256=hashlib.sha256(content).hexdigest(), groups=GROUPS)
    pairs = [f"[{prompt}, {answer}]" for prompt, answer in joint_quantiles(rows)]
    lines = [", ".join(pairs[start : start + 8]) for start in range(0, len(pairs), 8)]
    return head + "  [" + ",\n   ".join(lines) + "]\n"


if __name__ == "__main__":
    sys.stdout.write(as_yaml(Path(sys.argv[1]).read_bytes()))
