"""A fork server for tests: each process that it forks is a stand-in that runs."""

from duckline import fork_server
from tests.stack import stand_in

if __name__ == "__main__" and fork_server.serve():
    fork_server.show_as(["a", "stand-in"])
    stand_in.main("steady")
