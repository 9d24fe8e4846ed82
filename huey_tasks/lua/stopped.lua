-- stopped: the worker that ran a cancelled attempt is free, or dead
-- args: id token
-- returns: 1
write_even_if_full()
confirm_stop(id, token)
return 1
