"""Measures what the engine promises; `python -m benchmarks.promises [--quick]`.

Real consumers on a private Redis are killed, cancelled and left alone; how long everything takes is
read off a ledger that the tasks write outside Redis. `arena` has the processes, `recovery`,
`cancels`, `lateness`, `waits` and `idleness` one measurement each, `promise` what is made of the
samples.
"""
