"""Tests of functions that are invoked."""
