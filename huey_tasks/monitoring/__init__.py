"""Reports on queues and tasks for operators. Writes nothing, except `verify.write_off`."""
