"""Where settings come from: the environment, and the addresses in it."""
