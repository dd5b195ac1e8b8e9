"""Tests of the converters. Those in `test_against_*` need what requirements-check.txt lists."""
