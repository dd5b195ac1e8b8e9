"""Tables of what `measure.py` found. The threshold is chosen on one half of the voices and proven on the other."""

import json
from collections import defaultdict
from math import ceil

from metrics import wilson
from scipy.stats import spearmanr

JUDGED_SECS = 4.5
# A window that is marked all over reaches 6.1 to 6.4. With a margin of 0.5 unmarked voices over music raised 2 alarms in 599.
MARGIN, STEP = 1.0, 0.25


def rate(hits, n):
    low, high = wilson(hits, n)
    return f"{hits} of {n} ({percent(low)} to {percent(high)})"


def percent(share):
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.2f} %"


def read(folder, step):
    path = folder / f"{step}.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def halves(rows):
    """0 or 1 for each voice, in turn by name; one person who speaks two languages is one voice."""
    voices = sorted({row["voice"].split()[0] for row in rows})
    return {voice: at % 2 for at, voice in enumerate(voices)}


def table(title, groups, at_least):
    print(f"\n| {title} | reach {at_least} | highest | highest window |\n|---|---|---|---|")
    for name, rows in groups.items():
        hits = sum(row["score"] >= at_least for row in rows)
        print(f"| {name} | {rate(hits, len(rows))} | {max((row['score'] for row in rows), default=0):.2f} | {max((row['highest'] for row in rows), default=0):.2f} |")


def grouped(rows, by):
    groups = defaultdict(list)
    for row in rows:
        groups[by(row)].append(row)
    return dict(groups)


def show(folder):
    single, joined, marked = (read(folder, step) for step in ("untouched", "joined", "marked"))
    people = [row for row in single if row["kind"] == "human"]
    kinds = {
        "human, recordings joined": joined,
        "human, single recordings": [row for row in people if row["secs"] >= JUDGED_SECS],
        "speech engines": [row for row in single if row["kind"] != "human" and row["secs"] >= JUDGED_SECS],
    }
    untouched = [row for rows in kinds.values() for row in rows]
    half = halves(single + marked)
    of = lambda rows, wanted: [row for row in rows if half[row["voice"].split()[0]] == wanted]
    highest = max(row["score"] for row in of(untouched, 0))
    threshold = ceil((highest + MARGIN) / STEP) * STEP
    print(f"The threshold is {threshold}: {MARGIN} above the highest unmarked sound of the first half of {JUDGED_SECS} s and more, {highest:.2f}, rounded up to a quarter.")
    for at, name in enumerate(("first half, chosen on", "second half, proven on")):
        print(f"\n{name}: {len({row['voice'].split()[0] for row in of(joined, at)})} human voices")
        table("unmarked", {kind: of(rows, at) for kind, rows in kinds.items()}, threshold)
    table("both halves", kinds, threshold)
    table("human, by source", grouped(joined, lambda row: row["voice"].split()[0].split("-")[0]), threshold)
    lengths = {"1 to 2 s": (1, 2), "2 to 4.5 s": (2, JUDGED_SECS), "4.5 s and more": (JUDGED_SECS, 1e9)}
    table("single human recordings", {name: [row for row in people if low <= row["secs"] < high] for name, (low, high) in lengths.items()}, threshold)
    for step in ("music", "odd", "media"):
        if rows := read(folder, step):
            table(step, grouped(rows, lambda row: f"{row['kind']}{' ' + row['file'] if row['kind'] == 'spoilt' else ''}"), threshold)
    if rows := read(folder, "theirs"):
        hits = sum(row["publisher"] >= 0.5 for row in rows)
        print(f"\nthe publisher's own decoder says 0.5 or more for {hits} of the {len(rows)} human files that reach highest here")
    print(f"\n| marked, then | first half | second half | the publisher's decoder (0.5), every third clip | lowest here |\n|---|---|---|---|---|")
    for change, rows in grouped(marked, lambda row: row["change"]).items():
        cells = [rate(sum(r["score"] >= threshold for r in of(rows, at)), len(of(rows, at))) for at in (0, 1)]
        asked = [r["publisher"] for r in rows if "publisher" in r]
        theirs = rate(sum(answer >= 0.5 for answer in asked), len(asked))
        print(f"| {change} | {cells[0]} | {cells[1]} | {theirs} | {min(r['score'] for r in rows):.2f} |")
    asked = [row for row in marked if "publisher" in row]
    if asked:
        print(f"\nrank correlation with the publisher's decoder over {len(asked)} sounds: {spearmanr([r['score'] for r in asked], [r['publisher'] for r in asked]).statistic:.3f}")
    plain = grouped([row for row in marked if row["change"].startswith("none")], lambda row: row["kind"])
    print("\nmarked and unchanged: " + "; ".join(f"{kind} {rate(sum(r['score'] >= threshold for r in rows), len(rows))}" for kind, rows in plain.items()))
