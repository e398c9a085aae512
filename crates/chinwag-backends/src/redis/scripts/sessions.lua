-- Returns a user's living sessions: for each its number and what is told of it. KEYS: sessions.
local fields = redis.call('HGETALL', KEYS[1])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local living = {}
for at = 1, #fields, 2 do
  if fields[at] ~= 'left' then
    local ends, told = string.match(fields[at + 1], '^(%d+) (.*)$')
    if tonumber(ends) > now then
      living[#living + 1] = fields[at]
      living[#living + 1] = told
    end
  end
end
return living
