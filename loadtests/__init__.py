"""Load tests: a scenario for Locust, and the bookkeeping that gives its verdict."""
