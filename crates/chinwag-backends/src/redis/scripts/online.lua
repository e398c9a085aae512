-- Returns -1 for a user who is online, else when the last session ended (milliseconds since 1970), 0 where that isn't
-- known. KEYS: presence, sessions.
if redis.call('EXISTS', KEYS[1]) == 1 then
  return -1
end
local fields = redis.call('HGETALL', KEYS[2])
local left = 0
for at = 1, #fields, 2 do
  left = math.max(left, tonumber(string.match(fields[at + 1], '^%d+')))
end
return left
