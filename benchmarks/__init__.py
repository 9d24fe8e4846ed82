"""Benchmarks of Duckline beside its peers; `python -m benchmarks --help` and README.md say how."""
