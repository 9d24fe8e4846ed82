"""Events: published to the functions that subscribe to them."""
