-- stopped: the worker that ran a cancelled attempt is free, or dead
-- args: id token
-- with: stopping tasks
-- returns: nothing
write_even_if_full()
confirm_stop(id, token)
