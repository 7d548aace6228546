"""What the prompt cache does in Redis in one step each, so that nothing comes between a look and a write.

An entry is a hash of its value and of the sources it stands on. Each source has a sorted set: the keys of the entries
on it, scored by when they end. An entry counts only while every one of its sources names it, so an evicted or purged
set makes a miss, never an answer that an erasure would not have found. `erased` remembers for a while what was erased,
scored by when, and refuses answers that were on their way meanwhile; it expires by pruning alone, so that eviction,
which takes only keys that expire, leaves it. Times are Redis's own, since clocks of processes differ.
"""

# KEYS entry, lock. ARGV key, prefix of source sets, token ('' = only look), lease in ms.
LOOK_OR_LEAD = """
local entry = redis.call('HMGET', KEYS[1], 'value', 'sources')
if entry[1] then
  local whole = true
  for _, source in ipairs(cjson.decode(entry[2])) do
    whole = whole and redis.call('ZSCORE', ARGV[2] .. source, ARGV[1])
  end
  if whole then return {'hit', entry[1]} end
  redis.call('UNLINK', KEYS[1])
end
if ARGV[3] == '' or redis.call('SET', KEYS[2], ARGV[3], 'NX', 'PX', ARGV[4]) then return {'miss'} end
if redis.call('GET', KEYS[2]) == ARGV[3] then return {'miss'} end
return {'waits'}
"""

# KEYS entry, lock, erased, source sets. ARGV key, token ('' = no fence), value, ttl in ms, seconds an erasure is
# remembered, sources as JSON. Returns 1 where it is stored.
PUT = """
local now = redis.call('TIME')
local seconds = tonumber(now[1])
local ms = seconds * 1000 + math.floor(tonumber(now[2]) / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', '(' .. (seconds - tonumber(ARGV[5])))
if redis.call('ZSCORE', KEYS[3], 'tenant') then return 0 end
for _, source in ipairs(cjson.decode(ARGV[6])) do
  if redis.call('ZSCORE', KEYS[3], 'source:' .. source) then return 0 end
end
local holder = redis.call('GET', KEYS[2])
if ARGV[2] ~= '' and holder and holder ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'value', ARGV[3], 'sources', ARGV[6])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
for i = 4, #KEYS do
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', ms)
  redis.call('ZADD', KEYS[i], ms + tonumber(ARGV[4]), ARGV[1])
  redis.call('PEXPIRE', KEYS[i], ARGV[4])
end
return 1
"""

# KEYS erased, source sets. ARGV prefix of entries, seconds an erasure is remembered, sources. Returns how many entries
# went.
PURGE = """
local seconds = tonumber(redis.call('TIME')[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. (seconds - tonumber(ARGV[2])))
local gone = 0
for i = 2, #KEYS do
  redis.call('ZADD', KEYS[1], seconds, 'source:' .. ARGV[i + 1])
  for _, key in ipairs(redis.call('ZRANGE', KEYS[i], 0, -1)) do
    -- The set may still name an entry that was dropped, and made again on other sources.
    for _, source in ipairs(cjson.decode(redis.call('HGET', ARGV[1] .. key, 'sources') or '[]')) do
      if source == ARGV[i + 1] then gone = gone + redis.call('UNLINK', ARGV[1] .. key) end
    end
  end
  redis.call('UNLINK', KEYS[i])
end
return gone
"""

# KEYS erased. From now on nothing of the tenant's is stored.
CLOSE_TENANT = """
return redis.call('ZADD', KEYS[1], redis.call('TIME')[1], 'tenant')
"""

# KEYS lock. ARGV token, lease in ms. Returns 1 where the lock was still held.
RENEW = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
"""

# KEYS lock. ARGV token.
RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""
