"""Tests of the arithmetic and of the watching: `python3 -m unittest discover bench`."""

import os
import sys
import unittest

import measure


class MeasureTest(unittest.TestCase):
    @unittest.skipUnless(os.path.isdir("/proc/self/task"), "memory is read from /proc, which this system has not")
    def test_memory_of_a_grandchild_counts(self):
        grandchild = "import time; block = bytearray(80_000_000); time.sleep(0.3)"
        child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {grandchild!r}], check=True)"
        run = measure.run([sys.executable, "-c", child])
        self.assertGreater(run.peak_bytes, 80_000_000)
        self.assertGreaterEqual(run.processes, 2)

    def test_a_failure_says_what_the_command_said(self):
        with self.assertRaisesRegex(measure.RunFailed, "no such luck"):
            measure.run([sys.executable, "-c", "raise SystemExit('no such luck')"])

    def test_every_round_begins_with_another_side(self):
        order = []
        measure.interleave({name: (lambda name=name: order.append(name)) for name in "ab"}, 3)
        self.assertEqual("".join(order), "abbaab")

    def test_a_ratio_above_one_means_that_ours_is_faster(self):
        self.assertEqual(measure.paired_ratio([4, 9, 6], [2, 3, 3]), 2)


if __name__ == "__main__":
    unittest.main()
