"""Tests of the arithmetic, the files, the client and the words: `python3 -m unittest discover --start-directory bench`."""

from __future__ import annotations

import hashlib
import os
import struct
import subprocess
import sys
import threading
import unittest
import zlib
from email.message import Message
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from service.alone import Need
from service.client import Person, Refused, upload_many
from service.figures import Spread, advantage, number, percentile
from service.files import Picture, Sound
from service.live import Walk
from service.process import cpu_secs
from service.report import Line, alone, comparison, not_reached
from service.rounds import Figure, Sizes


ADA = Person("ada", "token")


class FiguresTest(unittest.TestCase):
    def test_a_percentile_is_a_value_that_was_measured(self):
        values = list(range(1, 101))
        self.assertEqual([percentile(values, share) for share in (0.5, 0.99, 1)], [50, 99, 100])
        self.assertEqual(percentile([7], 0.99), 7)
        self.assertEqual(percentile([3, 1, 2], 0.5), 2)

    def test_a_spread_names_the_median_and_the_ends(self):
        self.assertEqual(str(Spread.of([3, 1, 2])), "2.00 (1.00 to 3.00)")
        self.assertEqual(str(Spread.of([5, 5])), "5.00")

    def test_an_advantage_above_one_means_that_ours_is_better(self):
        self.assertEqual(advantage([30, 40], [10, 10], more_is_better=True), Spread(3.5, 3, 4, 2))
        self.assertEqual(advantage([10, 20], [40, 40], more_is_better=False), Spread(3, 2, 4, 2))

    def test_numbers_keep_three_digits_that_count(self):
        self.assertEqual([number(n) for n in (0, 0.01234, 1.5, 12.34, 123.4, 12345.6)], ["0", "0.0123", "1.50", "12.3", "123", "12,346"])


class FilesTest(unittest.TestCase):
    def test_pictures_have_about_the_size_that_was_asked_for_and_right_checksums(self):
        sample = Picture(1_000_000).next()
        self.assertAlmostEqual(sample.size, 1_000_000, delta=10_000)
        data = sample.head + sample.rest
        kinds, at = [], 8
        while at < len(data):
            (length,) = struct.unpack_from(">I", data, at)
            body = data[at + 4 : at + 8 + length]
            self.assertEqual(zlib.crc32(body), struct.unpack_from(">I", data, at + 8 + length)[0])
            kinds.append(body[:4])
            at += 12 + length
        self.assertEqual(kinds, [b"IHDR", b"tEXt", b"IDAT", b"IEND"])

    def test_no_two_files_are_alike(self):
        for maker in (Picture(1000), Sound(1)):
            digests = {hashlib.sha256(sample.head + sample.rest).digest() for sample in (maker.next() for _ in range(5))}
            self.assertEqual(len(digests), 5)

    def test_the_lengths_in_a_sound_are_those_of_the_file(self):
        sample = Sound(3).next()
        self.assertEqual(struct.unpack_from("<I", sample.head, 4)[0], sample.size - 8)
        self.assertEqual(struct.unpack_from("<I", sample.head, 40)[0], sample.size - 44)


class Stand(BaseHTTPRequestHandler):
    """Takes uploads, remembers what came, and answers all with one status."""

    protocol_version = "HTTP/1.1"
    came: list[dict[str, bytes]] = []
    status = 202

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        message = BytesParser().parsebytes(f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode() + body)
        parts = [part for part in message.get_payload() if isinstance(part, Message)]
        self.came.append({str(p.get_param("name", header="Content-Disposition")): p.get_payload(decode=True) for p in parts})
        self.send_response(self.status)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"3\r\n{}\n\r\n0\r\n\r\n")

    def log_message(self, *_):
        pass


class ClientTest(unittest.TestCase):
    def serve(self, status: int) -> type[Stand]:
        handler = type("StandOfOneTest", (Stand,), {"came": [], "status": status})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(server.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)
        self.port = server.server_address[1]
        return handler

    def test_every_file_comes_whole_once_and_with_its_fields(self):
        stand = self.serve(202)
        load = upload_many(self.port, [ADA] * 3, Picture(5000), 12, {"models": "noop-a"})
        self.assertEqual(len(load.latencies_secs), 12)
        self.assertEqual(sum(len(form["media"]) for form in stand.came), load.bytes)
        self.assertEqual({form["models"] for form in stand.came}, {b"noop-a"})
        self.assertEqual(len({form["media"] for form in stand.came}), 12)

    def test_people_take_turns_among_servers_and_no_file_comes_before_its_moment(self):
        stands = []
        ports = []
        for _ in range(2):
            stands.append(self.serve(202))
            ports.append(self.port)
        load = upload_many(ports, [ADA] * 2, Picture(1000), 4, moments_secs=[0, 0, 0.1, 0.2])
        self.assertGreaterEqual(load.wall_secs, 0.2)
        self.assertTrue(all(stand.came for stand in stands))
        self.assertEqual(sum(len(stand.came) for stand in stands), 4)

    def test_another_answer_than_202_is_no_figure(self):
        self.serve(429)
        with self.assertRaisesRegex(Refused, "429"):
            upload_many(self.port, [ADA], Picture(1000), 2)


class WalkTest(unittest.TestCase):
    def test_a_walk_is_taken_from_the_first_start_to_the_end(self):
        seen = [
            (1.2, b'{"type":"ANALYSIS_STARTED"}'),
            (1.3, b'{"type":"ANALYSIS_STARTED"}'),
            (1.6, b'{"type":"ANALYSIS_COMPLETED"}'),
            (1.7, b'{"type":"video_update"}'),
        ]
        walk = Walk.of(sent_at=1.0, accepted_at=1.1, answered_at=1.5, seen=seen)
        self.assertAlmostEqual(walk.accepted_to_started, 0.1)
        self.assertAlmostEqual(walk.answered_to_ended, 0.2)
        self.assertAlmostEqual(walk.sent_to_ended, 0.7)
        self.assertEqual(Walk.of(1.0, 1.5, 1.6, seen).accepted_to_started, 0, "a start before the answer was read is no negative time")


class ProcessTest(unittest.TestCase):
    @unittest.skipUnless(os.path.isdir("/proc/self"), "processor time is read from /proc, which this system has not")
    def test_the_work_of_a_child_that_has_ended_counts(self):
        before = cpu_secs(os.getpid())
        spin = "import time\nwhile time.process_time() < 0.2: pass"
        subprocess.run([sys.executable, "-c", spin], check=True)
        self.assertGreaterEqual(cpu_secs(os.getpid()) - before, 0.15)


class ReportTest(unittest.TestCase):
    def setUp(self):
        rate = Figure("rate", "uploads to {all_sockets}", "1/s", True, aim=3)
        memory = Figure("memory", "memory", "MiB", False, aim=4)
        self.lines = [Line.of(rate, [{"rate": 20}], [{"rate": 10}]), Line.of(memory, [{"memory": 10}], [{"memory": 50}])]
        self.needs = [Need("growth", 20, "MiB", 16), Need("health", 1, "ms", 5), Need("size", 3, "MiB")]

    def test_tables_say_what_was_reached(self):
        text = comparison(self.lines, Sizes(people=1, sockets=7))
        self.assertIn("| uploads to 7 | 1/s | 20.0 | 10.0 | 2.00 | ≥ 3.00: **not reached** | 1 |", text)
        self.assertIn("| memory | MiB | 10.0 | 50.0 | 5.00 | ≥ 4.00: reached | 1 |", text)
        self.assertIn("| growth | MiB | 20.0 | 16.0: **not reached** |  |", alone(self.needs))

    def test_everything_that_was_missed_is_named_and_nothing_else(self):
        text = not_reached(self.lines, self.needs, Sizes(people=1, sockets=7))
        self.assertEqual(text.count("\n* "), 2)
        self.assertIn("uploads to 7: the aim is 3.00 times better, it is 2.00.", text)
        self.assertIn("growth: it shall be below 16.0 MiB, it is 20.0 MiB.", text)
        self.assertIn("Every aim was reached.", not_reached([], [], Sizes()))


if __name__ == "__main__":
    unittest.main()
