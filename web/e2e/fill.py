"""Fills the database of a stopped service for `npm run smooth`: python3 fill.py DATABASE COUNT SCORES.

Copies the newest picture until its owner has COUNT media, and gives the newest analysis of a video a series of SCORES frames.
"""

import datetime
import json
import math
import sqlite3
import sys
import uuid


def copies(db: sqlite3.Connection, count: int) -> None:
    db.row_factory = sqlite3.Row
    of = dict(db.execute("select * from media where media_type = 'image' order by created_at desc limit 1").fetchone())
    run = dict(db.execute("select * from analysis_runs where id = ?", (of["latest_analysis_run_id"],)).fetchone())
    have = db.execute("select count(*) from media where user_id = ?", (of["user_id"],)).fetchone()[0]
    newest = datetime.datetime.fromisoformat(of["created_at"].replace("Z", "+00:00"))
    for number in range(have, count):
        moment = newest - datetime.timedelta(minutes=number)
        at = moment.isoformat(sep=of["created_at"][10])
        name = f"picture {number:05}.jpg"
        media = of | {"id": id_of(moment), "filename": name, "search": name, "latest_analysis_run_id": None}
        media |= {"created_at": at, "updated_at": at}
        part = run | {"id": uuid.uuid4().bytes, "media_id": media["id"]}
        insert(db, "media", media)
        insert(db, "analysis_runs", part)
        db.execute("update media set latest_analysis_run_id = ? where id = ?", (part["id"], media["id"]))


def id_of(moment: datetime.datetime) -> bytes:
    """As UUIDs of version 7 begin with their time, by which lists are ordered."""
    return int(moment.timestamp() * 1000).to_bytes(6, "big") + b"\x70" + uuid.uuid4().bytes[7:]


def insert(db: sqlite3.Connection, table: str, row: dict) -> None:
    names = ", ".join(row)
    marks = ", ".join("?" for _ in row)
    db.execute(f"insert into {table} ({names}) values ({marks})", list(row.values()))


def series(db: sqlite3.Connection, scores: int) -> None:
    found = db.execute(
        "select id, result_payload from deepfake_analyses where media_type = 'video' and result_payload like '%frame_predictions%'"
        " order by created_at desc limit 1"
    ).fetchone()
    payload = json.loads(found["result_payload"])
    duration_ms = 8_000
    face = {"box": [0.4, 0.2, 0.2, 0.4], "track": 0, "detection": 0.9, "score": 0.5}
    payload["frame_predictions"] = [
        {
            "index": n,
            "time_ms": n * duration_ms // scores,
            "score": round(0.5 + 0.4 * math.sin(n / 300) + 0.1 * math.sin(n), 4),
            "prediction": "INCONCLUSIVE",
            "faces": [face | {"box": [0.3 + 0.2 * math.sin(n / 700), 0.2, 0.2, 0.4]}],
        }
        for n in range(scores)
    ]
    payload["frames_analyzed"] = scores
    payload["segments"] = [
        {"start_ms": n * 80, "end_ms": n * 80 + 40, "track": "picture", "score": 0.9} for n in range(100)
    ]
    db.execute("update deepfake_analyses set result_payload = ? where id = ?", (json.dumps(payload), found["id"]))


def main() -> None:
    path, count, scores = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    with sqlite3.connect(path) as db:
        copies(db, count)
        series(db, scores)


main()
