-- Returns the nodes that hold a user's living sessions, some more than once. KEYS: sessions. ARGV: a session that doesn't
-- count, or nothing.
local fields = redis.call('HGETALL', KEYS[1])
local nodes = {}
if #fields == 0 then
  return nodes
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for at = 1, #fields, 2 do
  if fields[at] ~= 'left' and fields[at] ~= ARGV[1] then
    local ends, node = string.match(fields[at + 1], '^(%d+) (%d+)')
    if tonumber(ends) > now then
      nodes[#nodes + 1] = tonumber(node)
    end
  end
end
return nodes
