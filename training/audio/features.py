"""Step 4b, for the trials alone: windows as sound, kept once, and what the present front end and frozen networks make of them.

A copy goes through the very channel, filter, room and noise of its original (channels.py draws them by name,
and here a copy bears its original's name), so that a pair differs by the vocoder alone.
`python features.py windows` first, then `python features.py NAME...` for the networks of frozen.py (all, when none is named).
"""

import csv
import sys
import time

import numpy as np
import torch

import frozen
from channels import from_source, prepare, windows
from common import DATA, EVERY, read_store, rng_for
from net import Front

STORES = ["humans", "copies", "further", "engines"]
VIEWS = 2 if EVERY == 1 else 1  # training views of each utterance
TESTED = {"kokoro", "piper"}  # families of engines that a trial leaves out
KEPT = ("id", "label", "family", "engine", "voice", "split")


def original(row):
    """The name of the recording a copy was made from; of anything else its own."""
    return row["id"].split("/", 1)[1] if row["family"].startswith("copy-") else row["id"]


def cut(rows, waves, view):
    """Index rows and windows of one view."""
    named = [dict(row, id=original(row)) for row in rows]
    made, channels = prepare(named, waves, view)
    index, out = [], []
    for row, name, wave, channel in zip(rows, named, made, channels):
        for window in windows(wave, None if view == "test" else rng_for("cut", name["id"], view)):
            index.append({k: row[k] for k in KEPT} | {"original": name["id"], "channel": channel, "view": view})
            out.append((window * 32_767).astype(np.int16))
    return index, out


def used(row, view):
    """Recordings and copies of training speakers are never tested on; an engine is, when a trial leaves its family out."""
    if view != "test":
        return row["split"] == "train"
    return row["family"] in TESTED or row["split"] != "train" and (row["label"] == "human" or row["family"].startswith("copy-"))


def make_windows():
    """All stores: test views of what no training sees or some trial leaves out, training views of the rest."""
    rows, waves, index, sound = [], [], [], []
    for store in STORES:
        part, wave_of = read_store(store)
        rows, waves = rows + part, waves + [wave_of(row) for row in part]
    waves = from_source(rows, waves)
    for view in ["test", *range(VIEWS)]:
        inside = [i for i, row in enumerate(rows) if used(row, view)]
        part = cut([rows[i] for i in inside], [waves[i] for i in inside], view)
        index, sound = index + part[0], sound + part[1]
        print(view, len(part[1]), flush=True)
    np.save(DATA / "trial-windows.npy", np.stack(sound))
    with open(DATA / "trial-windows.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, index[0].keys())
        writer.writeheader()
        writer.writerows(index)


def present(waves):
    """The present front end's picture, and the control's statistics, of windows kept as int16."""
    front, pictures, stats = Front(), [], []
    with torch.no_grad():
        for start in range(0, len(waves), 32):
            wave = torch.from_numpy(np.asarray(waves[start: start + 32], np.float32) / 32_767)
            levels = front.levels(wave)
            stats.append(torch.cat([levels.mean(2), levels.std(2)], 1).numpy())
            pictures.append(front(wave)[:, 0].numpy().astype(np.float16))
    return np.concatenate(pictures), np.concatenate(stats)


def load(name):
    return np.load(DATA / f"trial-{name}.npy", mmap_mode="r" if name == "windows" else None)


def load_index():
    with open(DATA / "trial-windows.csv", newline="") as file:
        return list(csv.DictReader(file))


def main():
    torch.set_num_threads(1)
    names = sys.argv[1:] or ["windows", "present", *frozen.NETS]
    for name in names:
        started = time.process_time()
        if name == "windows":
            make_windows()
        elif name == "present":
            for part, values in zip(("picture", "stats"), present(load("windows"))):
                np.save(DATA / f"trial-{part}.npy", values)
        else:
            np.save(DATA / f"trial-{name}.npy", frozen.embed(frozen.NETS[name](), load("windows")))
        print(f"{name}: {time.process_time() - started:.0f} s of CPU", flush=True)


if __name__ == "__main__":
    main()
