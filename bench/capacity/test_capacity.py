"""Tests of the arithmetic, the data and the words: `python3 -m unittest discover --start-directory bench`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from urllib.request import Request, urlopen

from service.process import TICKS_PER_SEC
from service.servers import ML_API_KEY, Models

from capacity.data import Measured, summary
from capacity.figures import Span, Table, efficiency, is_full, percentiles_ms, rate
from capacity.parts import PARTS, arrivals, chosen
from capacity.probe import Look, between, look, memory, ticks
from capacity.report import document


def back_to_back(count: int, secs: float, pause: float = 0.0) -> list[Span]:
    """Jobs of one place, one after the other."""
    return [Span(0, number * (secs + pause), number * (secs + pause) + secs) for number in range(count)]


def grid(rates: dict[tuple[int, int], float], busy: float = 0.3, **more: float) -> list[dict]:
    """Samples of one round."""
    figures = {f"{role}_{what}": 2.0 for role in ("api", "worker", "postgres", "redis", "ml") for what in ("cpu_ms", "cores", "mib")}
    jobs = {f"job_p{share}_ms": 1010.0 for share in (50, 95, 99)}
    return [
        {"part": "workers", "wait_ms": 1000, "workers": w, "jobs": j, "jobs_per_sec": r, "runs_per_sec": r / 4, "busy": busy}
        | {**figures, **jobs, **more}
        for (w, j), r in rates.items()
    ]


class FiguresTest(unittest.TestCase):
    def test_a_window_that_cuts_jobs_off_rounds_nothing(self):
        spans = back_to_back(20, 1.0)
        for begin, end in ((3.0, 8.0), (3.3, 8.3), (3.5, 7.2)):
            self.assertAlmostEqual(rate(spans, begin, end), 1.0)
        self.assertAlmostEqual(rate(spans * 5, 2.5, 7.5), 5.0, msg="five places")
        self.assertEqual(rate([], 0, 1), 0)

    def test_time_between_two_jobs_lowers_the_rate(self):
        self.assertAlmostEqual(rate(back_to_back(100, 1.0, pause=0.25), 10, 60), 0.8, places=2)

    def test_time_in_line_is_no_work(self):
        # One lane, and ten jobs that all came at once.
        spans = [Span(0, 0, end) for end in range(1, 11)]
        self.assertAlmostEqual(rate([span.last(1.0) for span in spans], 2.5, 6.5), 1.0)
        self.assertNotAlmostEqual(rate(spans, 2.5, 6.5), 1.0, places=1)
        self.assertEqual(Span(0, 5, 5.5).last(1.0).start, 5)

    def test_a_job_without_a_duration_is_no_division_by_zero(self):
        self.assertEqual(rate([Span(0, 1, 1)], 0, 2), 0)

    def test_efficiency_is_taken_round_by_round(self):
        found = efficiency(one=[10, 20], many=[40, 60], times=4)
        self.assertEqual((found.middle, found.lowest, found.highest, found.rounds), (0.875, 0.75, 1.0, 2))

    def test_the_machine_is_full_by_the_median_of_the_rounds(self):
        self.assertFalse(is_full([0.5, 0.8, 0.99]))
        self.assertTrue(is_full([0.5, 0.86, 0.99]))

    def test_percentiles_of_nothing_are_no_figures(self):
        self.assertEqual(percentiles_ms([], "job"), {})
        self.assertEqual(percentiles_ms([0.5], "job"), {"job_p50_ms": 500, "job_p95_ms": 500, "job_p99_ms": 500})

    def test_samples_are_found_by_what_was_set(self):
        table = Table(grid({(1, 5): 5.0, (2, 5): 9.0}) + grid({(1, 5): 4.0}))
        self.assertEqual(table.values("jobs_per_sec", workers=1), [5.0, 4.0])
        self.assertEqual(table.settings("workers", part="workers"), [1, 2])
        self.assertEqual(table.spread("jobs_per_sec", workers=1).middle, 4.5)


class ArrivalsTest(unittest.TestCase):
    def test_as_many_come_as_the_rate_says_and_the_same_in_every_round(self):
        moments = arrivals(10, 15, seed=50)
        self.assertEqual(len(moments), 150)
        self.assertEqual(moments, arrivals(10, 15, seed=50))
        self.assertNotEqual(moments, arrivals(10, 15, seed=80))
        self.assertTrue(moments == sorted(moments) and 0 <= moments[0] and moments[-1] < 15)

    def test_every_part_on_the_command_line_is_there_and_no_other(self):
        for part in PARTS:
            self.assertIsNotNone(chosen(part, SimpleNamespace(), SimpleNamespace(waits_ms=(1,))))
        with self.assertRaises(ValueError):
            next(chosen("nothing", SimpleNamespace(), SimpleNamespace(waits_ms=(1,))))


@unittest.skipUnless(os.path.isdir("/proc/self"), "processor time is read from /proc, which this system has not")
class ProbeTest(unittest.TestCase):
    def test_time_is_divided_among_jobs_and_cores(self):
        before = Look(10, {"api": 1.0}, own_secs=3, busy_ticks=0, all_ticks=0)
        after = Look(12, {"api": 2.0}, own_secs=4.5, busy_ticks=2 * TICKS_PER_SEC, all_ticks=4 * TICKS_PER_SEC)
        found = between(before, after, jobs=50)
        self.assertEqual(found, {"busy": 0.5, "others_cores": 0.25, "api_cores": 0.5, "api_cpu_ms": 20})
        self.assertNotIn("api_cpu_ms", between(before, after, jobs=0))

    def test_the_work_and_memory_of_children_count_for_their_role(self):
        work = "import time\\nwhile time.process_time() < 0.2: pass"
        spin = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{work}']); print(1, flush=True); sys.stdin.read()"
        with subprocess.Popen([sys.executable, "-c", spin], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
            child.stdout.readline()
            roles = {"api": [SimpleNamespace(child=child)]}
            self.assertGreaterEqual(look(roles).cpu_secs["api"], 0.15)
            self.assertGreater(memory(roles)["api_mib"], 1)
            child.stdin.close()
        busy, everything = ticks()
        self.assertLess(0, busy)
        self.assertLess(busy, everything)


class DataTest(unittest.TestCase):
    def test_parts_are_joined_over_several_runs(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "data.json"
            first = Measured.read(path)
            first.add("workers", grid({(1, 1): 1.23456789}), 60)
            first.notes["workers"] = "one round was cut off"
            first.write(path)
            second = Measured.read(path)
            self.assertIn("* one round was cut off", document(second))
            second.add("workers", grid({(1, 1): 2.0}), 30)
            second.add("apis", [{"part": "uploads", "apis": 1, "planned_per_sec": 100.0}], 5)
            second.write(path)
            third = Measured.read(path)
            self.assertEqual(Table(third.samples).values("jobs_per_sec", part="workers"), [1.235, 2.0])
            self.assertEqual(third.took_secs, {"workers": 90, "apis": 5})
            self.assertEqual(json.loads(path.read_text())["summary"]["uploads_per_sec"], 100)
            third.forget("workers", [200])
            self.assertEqual(len(third.samples), 3, "another model's samples stay")
            third.forget("workers", [1000])
            third.forget("apis", [1000])
            self.assertEqual((third.samples, third.took_secs, third.notes), ([], {}, {}))

    def test_the_summary_takes_the_fastest_setting_of_a_full_machine(self):
        samples = grid({(8, 5): 40.0}) + grid({(8, 25): 150.0}, busy=0.95, postgres_cpu_ms=4.0)
        found = summary(Table(samples))
        self.assertEqual((found["jobs_per_sec"], found["postgres_jobs_per_core_sec"], found["redis_jobs_per_core_sec"]), (150, 250, 500))


class ReportTest(unittest.TestCase):
    def text(self, samples: list[dict]) -> str:
        return document(Measured(["a machine"], {"workers": 90}, samples))

    def test_efficiency_and_a_full_machine_are_said_plainly(self):
        text = self.text(grid({(1, 5): 5.0, (2, 5): 9.8, (4, 5): 16.0}) + grid({(8, 5): 20.0}, busy=0.97))
        self.assertIn("| 2 × 5 | 9.80 | 2.45 | 0.980 | 98 % | 1,010 / 1,010 / 1,010 | 30 % | 1 |", text)
        self.assertIn("0.9 or more in 1 of 2 settings.\n\n* 2 × 5 at 1000 ms: 0.98", text)
        self.assertIn("Below it, with something left:\n\n* 4 × 5 at 1000 ms: 0.80", text)
        self.assertIn("Where the machine was full, the rate is the machine's:\n\n* 8 × 5 at 1000 ms: 0.50, machine 97 % busy", text)
        self.assertIn("| **97 %** |", text)

    def test_what_was_not_measured_is_left_out(self):
        text = self.text(grid({(1, 5): 5.0}))
        for title in ("## ML servers", "## Waiting", "## API servers"):
            self.assertNotIn(title, text)
        self.assertNotIn("Where the machine was full", text)

    def test_ml_servers_are_judged_by_what_their_lanes_allow(self):
        setting = {"part": "ml", "wait_ms": 1000, "lanes": 4, "workers": 8, "jobs": 5, "busy": 0.2}
        times = {"job_p50_ms": 2500.0, "job_p95_ms": 2600.0, "job_p99_ms": 2700.0}
        samples = [setting | times | {"servers": servers} | rate for servers, rate in ((1, {"jobs_per_sec": 4.0}), (2, {"jobs_per_sec": 7.6}), (4, {}))]
        text = self.text(samples)
        self.assertIn("| 2 × 4 | 5.00 | 5,000 | 2,500 / 2,600 / 2,700 | 7.60, 95 % of what the lanes allow | 0.950 | 20 % | 1 |", text)
        self.assertIn("| 4 × 4 | 2.50 | 2,500 | 2,500 / 2,600 / 2,700 | not measured | not measured | 20 % | 1 |", text)

    def test_that_models_are_simulated_stands_at_the_top(self):
        self.assertIn("**The models are simulated**", self.text([])[:900])


@unittest.skipUnless(shutil.which("node"), "the simulated models need Node, which is not installed")
class SimulatedModelsTest(unittest.TestCase):
    def ask(self, server: Models) -> tuple[int, dict]:
        """How many files it says to have to do with, and its result."""
        form = b'--x\r\nContent-Disposition: form-data; name="model"\r\n\r\nsimulated-60ms-a\r\n--x--\r\n'
        headers = {"X-API-Key": ML_API_KEY, "Content-Type": "multipart/form-data; boundary=x", "Accept": "application/x-ndjson"}
        with urlopen(Request(f"{server.url}/analyze", form, headers)) as answer:
            return int(answer.headers["X-ML-Files"]), json.load(answer)["result"]

    def test_they_wait_in_their_lanes_and_say_that_they_are_simulated(self):
        with tempfile.TemporaryDirectory() as folder, Models(Path(folder), "ml-0", wait_ms=60, lanes=2) as server, ThreadPoolExecutor(6) as pool:
            begin = time.perf_counter()
            said = list(pool.map(lambda _: self.ask(server), range(6)))
            took = time.perf_counter() - begin
            with urlopen(Request(f"{server.url}/stats", headers={"X-API-Key": ML_API_KEY})) as answer:
                stats = json.load(answer)
        self.assertEqual({result["model"]["name"] for _, result in said}, {"simulated-60ms-a"})
        told = [files for files, _ in said]
        self.assertTrue(min(told) == 1 and max(told) <= 6, "the first one is alone, and each is a file of its own")
        self.assertGreaterEqual(took, 3 * 0.06 - 0.01, "six requests in two lanes are three waits")
        self.assertEqual((stats["active"], stats["waiting"], stats["files"], stats["lanes"]), (0, 0, 0, 2))
        self.assertTrue(all("Simulated" in model["title"] for model in stats["models"]))


if __name__ == "__main__":
    unittest.main()
