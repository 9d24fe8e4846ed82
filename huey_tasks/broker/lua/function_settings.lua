-- function_settings: one part of the settings of a function, as AWS's API sets it -> stored
-- args: field settings operation
-- with: operations
-- `field`: `name:part`. `settings`: JSON, see records/function_settings.py.
-- returns: nothing
redis.call('HSET', PREFIX .. ':functions', field, settings)
write_down(operation, 0)
