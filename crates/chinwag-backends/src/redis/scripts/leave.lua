-- Ends a session: presence outlives it by the grace, or as long as another session lives.
-- KEYS: presence, sessions. ARGV: session, milliseconds of grace, to remember.
local ended = redis.call('HGET', KEYS[2], ARGV[1])
if not ended then
  return
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HDEL', KEYS[2], ARGV[1])
local left = tonumber(string.match(ended, '^%d+'))
local leaves_alive = left > now
if leaves_alive then
  left = now
end
local last = 0
local fields = redis.call('HGETALL', KEYS[2])
for at = 1, #fields, 2 do
  if fields[at] ~= 'left' then
    last = math.max(last, tonumber(string.match(fields[at + 1], '^%d+')))
  else
    left = math.max(left, tonumber(fields[at + 1]))
  end
end
redis.call('HSET', KEYS[2], 'left', string.format('%.0f', left))
redis.call('PEXPIRE', KEYS[2], ARGV[3])
-- A lease that ran out before leaves no grace.
if leaves_alive then
  redis.call('SET', KEYS[1], 'online', 'PX', math.max(tonumber(ARGV[2]), last - now))
end
