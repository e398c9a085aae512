-- KEYS: number. ARGV: PUBLISH or SPUBLISH, the channel, the message, seconds that the number is kept.
local number = redis.call('INCR', KEYS[1])
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call(ARGV[1], ARGV[2], string.format('%.0f', number) .. ' ' .. ARGV[3])
return number
