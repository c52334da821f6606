/** What the scripts share. */

/** Every script gets the prefixes of both queues first, because a caller knows only the id. */
export const common = `
local call = redis.call
local function home(id)
  -- A key that is no job, such as BullMQ's own, is not there.
  if redis.pcall('HEXISTS', ARGV[1] .. id, 'timestamp') == 1 then return ARGV[1] end
  if redis.pcall('HEXISTS', ARGV[2] .. id, 'timestamp') == 1 then return ARGV[2] end
  return nil
end
local function tell(prefix, ...)
  call('XADD', prefix .. 'events', 'MAXLEN', '~', 10000, '*', 'event', ...)
end
local function isActive(prefix, id)
  return call('LPOS', prefix .. 'active', id) ~= false
end
local function stop(prefix, id)
  if call('LREM', prefix .. 'active', 1, id) == 0 then return false end
  call('DEL', prefix .. id .. ':lock')
  call('SREM', prefix .. 'stalled', id)
  return true
end
local function leave(prefix, id)
  if call('ZREM', prefix .. 'prioritized', id) == 1 then return 'waiting' end
  if call('ZREM', prefix .. 'delayed', id) == 1 then return 'delayed' end
  if call('LREM', prefix .. 'wait', 1, id) > 0 then return 'waiting' end
  if call('LREM', prefix .. 'paused', 1, id) > 0 then return 'waiting' end
  return nil
end
local function toWaiting(prefix, id, isFirst, previous)
  local key = prefix .. id
  local priority = tonumber(call('HGET', key, 'priority')) or 0
  local place = 0
  if not isFirst then place = call('INCR', prefix .. 'pc') % 0x100000000 end
  call('HSET', key, 'delay', 0)
  call('ZADD', prefix .. 'prioritized', priority * 0x100000000 + place, id)
  call('ZADD', prefix .. 'marker', 0, '0')
  tell(prefix, 'waiting', 'jobId', id, 'prev', previous)
end
local function toDelayed(prefix, id, at, now)
  call('HSET', prefix .. id, 'delay', math.max(1, at - now))
  call('ZADD', prefix .. 'delayed', at * 0x1000, id)
  tell(prefix, 'delayed', 'jobId', id, 'delay', at)
  local first = call('ZRANGE', prefix .. 'delayed', 0, 0, 'WITHSCORES')
  call('ZADD', prefix .. 'marker', tonumber(first[2]) / 0x1000, '1')
end
local function toFailed(prefix, id, now, isCancelled, reason)
  call('ZADD', prefix .. 'failed', now, id)
  call('HSET', prefix .. id, 'finishedOn', now, 'failedReason', reason)
  if isCancelled then
    call('HSET', prefix .. id, 'pl:end', 'cancelled')
    call('ZADD', prefix .. 'pl:cancelled', now, id)
  end
  tell(prefix, 'failed', 'jobId', id, 'failedReason', reason, 'prev', isCancelled and 'cancelled' or 'active')
end
local function setFields(key, from)
  for at = from, #ARGV, 2 do
    if ARGV[at + 1] == '' then call('HDEL', key, ARGV[at]) else call('HSET', key, ARGV[at], ARGV[at + 1]) end
  end
end
local function stateOf(prefix, id)
  local key = prefix .. id
  if call('ZSCORE', prefix .. 'prioritized', id) then return 'waiting', '' end
  if call('ZSCORE', prefix .. 'completed', id) then return 'completed', '' end
  local delayed = call('ZSCORE', prefix .. 'delayed', id)
  if delayed then return 'delayed', delayed end
  if call('ZSCORE', prefix .. 'failed', id) then
    if call('HGET', key, 'pl:end') == 'cancelled' then return 'cancelled', '' end
    return 'failed', ''
  end
  if isActive(prefix, id) then return 'active', '' end
  return 'waiting', ''
end
local function erase(prefix, id)
  local key = prefix .. id
  for _, set in ipairs({ 'prioritized', 'delayed', 'completed', 'failed', 'pl:added', 'pl:cancelled' }) do
    call('ZREM', prefix .. set, id)
  end
  call('LREM', prefix .. 'wait', 1, id)
  call('DEL', key, key .. ':logs', key .. ':lock', key .. ':dependencies', key .. ':processed')
  tell(prefix, 'removed', 'jobId', id, 'prev', '')
end
`;

/** Whether this attempt still has the task. A lock that ended unnoticed, during an outage, does not end the attempt. */
export const holds = `
local function holds(prefix, id, lock, ats)
  if not prefix or call('HGET', prefix .. id, 'ats') ~= ats then return false end
  local found = call('GET', prefix .. id .. ':lock')
  if found and found ~= lock then return false end
  return isActive(prefix, id)
end
`;
