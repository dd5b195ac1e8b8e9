"""Turns published weights into model packages, without running anybody's code. See README.md beside this file."""
