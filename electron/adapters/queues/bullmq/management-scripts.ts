/** Scripts of what people do with tasks, and of reading them. */
import { common } from './lua.ts';

export const managementScripts = {
  /** id, now, reason, fields. Returns 1 if it was cancelled. */
  cancel: `${common}
local id, now, reason = ARGV[3], tonumber(ARGV[4]), ARGV[5]
local prefix = home(id)
if not prefix then return 0 end
local key = prefix .. id
if isActive(prefix, id) then
  local lock = call('GET', key .. ':lock')
  if lock then call('HSET', key, 'pl:token', lock .. '.' .. call('HGET', key, 'ats')) end
  stop(prefix, id)
elseif not leave(prefix, id) then return 0 end
setFields(key, 6)
toFailed(prefix, id, now, true, reason)
return 1`,

  /** id, fields */
  retry: `${common}
local id = ARGV[3]
local prefix = home(id)
if not prefix then return 0 end
if call('ZREM', prefix .. 'completed', id) + call('ZREM', prefix .. 'failed', id) == 0 then return 0 end
call('ZREM', prefix .. 'pl:cancelled', id)
local key = prefix .. id
call('HDEL', key, 'finishedOn', 'processedOn', 'returnvalue', 'failedReason', 'stacktrace', 'ats', 'atm', 'stc', 'pb',
  'progress', 'defa', 'pl:end', 'pl:token', 'pl:failure', 'pl:given', 'pl:result')
setFields(key, 4)
toWaiting(prefix, id, false, 'failed')
return 1`,

  /** id, prefix of the other queue, now, fields */
  move: `${common}
local id, other, now = ARGV[3], ARGV[4], tonumber(ARGV[5])
local prefix = home(id)
if not prefix or prefix == other then return 0 end
local due = call('ZSCORE', prefix .. 'delayed', id)
local state = leave(prefix, id)
if not state then return 0 end
call('RENAME', prefix .. id, other .. id)
if call('EXISTS', prefix .. id .. ':logs') == 1 then call('RENAME', prefix .. id .. ':logs', other .. id .. ':logs') end
local order = call('ZSCORE', prefix .. 'pl:added', id)
call('ZREM', prefix .. 'pl:added', id)
if order then call('ZADD', other .. 'pl:added', order, id) end
setFields(other .. id, 6)
if state == 'delayed' then toDelayed(other, id, math.floor(tonumber(due) / 0x1000), now)
else toWaiting(other, id, false, '') end
return 1`,

  /** 1 if only ended ones may go, ids. Returns how many are gone; those that are active stay. */
  erase: `${common}
local count = 0
for at = 4, #ARGV do
  local id = ARGV[at]
  local prefix = home(id)
  if prefix then
    local state = stateOf(prefix, id)
    local isEnded = state == 'completed' or state == 'failed' or state == 'cancelled'
    if isEnded or (ARGV[3] == '0' and state ~= 'active') then
      erase(prefix, id)
      count = count + 1
    end
  end
end
return count`,

  /** before, limit. Returns the ids, oldest first. */
  prune: `${common}
local found = {}
for number = 1, 2 do
  for _, set in ipairs({ 'completed', 'failed' }) do
    local rows = call('ZRANGEBYSCORE', ARGV[number] .. set, '-inf', '(' .. ARGV[3], 'WITHSCORES', 'LIMIT', 0, ARGV[4])
    for at = 1, #rows, 2 do table.insert(found, { rows[at], tonumber(rows[at + 1]), ARGV[number] }) end
  end
end
table.sort(found, function(a, b) return a[2] < b[2] end)
local ids = {}
for at = 1, math.min(#found, tonumber(ARGV[4])) do
  erase(found[at][3], found[at][1])
  table.insert(ids, found[at][1])
end
return ids`,

  /** id, fields. Returns whether it is there. */
  note: `${common}
local prefix = home(ARGV[3])
if not prefix then return 0 end
setFields(prefix .. ARGV[3], 4)
tell(prefix, 'progress', 'jobId', ARGV[3], 'data', '')
return 1`,

  /** Count of fields, fields, ids. Returns for each that is there: prefix, id, state, score of delayed, values. */
  view: `${common}
local count = tonumber(ARGV[3])
local found = {}
for at = 4 + count, #ARGV do
  local id = ARGV[at]
  local prefix = home(id)
  if prefix then
    local state, due = stateOf(prefix, id)
    local values = call('HMGET', prefix .. id, unpack(ARGV, 4, 3 + count))
    table.insert(found, { prefix, id, state, due, values })
  end
end
return found`,

  /** Puts what other programs have added into `pl:added`. Returns how many. */
  adopt: `${common}
local count = 0
local function adopt(prefix, ids)
  for _, id in ipairs(ids) do
    if not call('ZSCORE', prefix .. 'pl:added', id) then
      local at = tonumber(call('HGET', prefix .. id, 'timestamp') or '')
      if at then count = count + call('ZADD', prefix .. 'pl:added', at * 4096, id) end
    end
  end
end
for number = 1, 2 do
  local prefix = ARGV[number]
  for _, set in ipairs({ 'prioritized', 'delayed', 'completed', 'failed' }) do
    adopt(prefix, call('ZRANGE', prefix .. set, 0, -1))
  end
  for _, list in ipairs({ 'wait', 'active' }) do adopt(prefix, call('LRANGE', prefix .. list, 0, -1)) end
end
return count`,

  /** id. Returns prefix, state, score of delayed, all fields, log. */
  get: `${common}
local prefix = home(ARGV[3])
if not prefix then return nil end
local state, due = stateOf(prefix, ARGV[3])
local key = prefix .. ARGV[3]
return { prefix, state, due, call('HGETALL', key), call('LRANGE', key .. ':logs', 0, -1) }`,

  /** Per queue: waiting, delayed, active, completed, failed, cancelled, time of the oldest that waits. */
  counts: `${common}
local found = {}
for number = 1, 2 do
  local prefix = ARGV[number]
  local cancelled = call('ZCARD', prefix .. 'pl:cancelled')
  local oldest = nil
  local function consider(id)
    local at = tonumber(call('HGET', prefix .. id, 'timestamp') or '')
    if at and (not oldest or at < oldest) then oldest = at end
  end
  local last = call('LINDEX', prefix .. 'wait', -1)
  if last then consider(last) end
  -- The first of each priority is its oldest.
  local from = '-inf'
  for round = 1, 1000 do
    local first = call('ZRANGEBYSCORE', prefix .. 'prioritized', from, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
    if #first == 0 then break end
    consider(first[1])
    from = (math.floor(tonumber(first[2]) / 0x100000000) + 1) * 0x100000000
  end
  table.insert(found, {
    call('LLEN', prefix .. 'wait') + call('ZCARD', prefix .. 'prioritized'),
    call('ZCARD', prefix .. 'delayed'),
    call('LLEN', prefix .. 'active'),
    call('ZCARD', prefix .. 'completed'),
    call('ZCARD', prefix .. 'failed') - cancelled,
    cancelled,
    oldest and tostring(oldest) or '',
  })
end
return found`,
} as const;
