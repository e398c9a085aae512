-- Gives a session time to live from now.
-- KEYS: presence, sessions. ARGV: session, what is told of it, milliseconds to live, to remember.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local is_new = redis.call('HSET', KEYS[2], ARGV[1], string.format('%.0f', now + ARGV[3]) .. ' ' .. ARGV[2])
-- With a new session those go that ended without a word, so that a user who comes and goes takes the room of one.
if is_new == 1 then
  local fields = redis.call('HGETALL', KEYS[2])
  local left = 0
  for at = 1, #fields, 2 do
    if fields[at] ~= 'left' then
      local ends = tonumber(string.match(fields[at + 1], '^%d+'))
      if ends <= now then
        left = math.max(left, ends)
        redis.call('HDEL', KEYS[2], fields[at])
      end
    else
      left = math.max(left, tonumber(fields[at + 1]))
    end
  end
  if left > 0 then
    redis.call('HSET', KEYS[2], 'left', string.format('%.0f', left))
  end
end
redis.call('PEXPIRE', KEYS[2], ARGV[4])
redis.call('SET', KEYS[1], 'online', 'PX', ARGV[3])
