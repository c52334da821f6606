/** Scripts of the attempts at tasks, and of adding them. */
import { common, holds } from './lua.ts';

export const attemptScripts = {
  /** now, then for each: prefix, id, state, at (of delayed or ended), order in `pl:added`, count of fields, fields */
  put: `${common}
local now = tonumber(ARGV[3])
-- What a script has written is not undone: everything that may refuse is looked at first.
local function mustBe(key, kind)
  local found = call('TYPE', key).ok
  if found ~= 'none' and found ~= kind then return redis.error_reply('WRONGTYPE ' .. key) end
end
for number = 1, 2 do
  for name, kind in pairs({ prioritized = 'zset', delayed = 'zset', completed = 'zset', failed = 'zset',
    events = 'stream', marker = 'zset', pc = 'string', ['pl:added'] = 'zset' }) do
    local wrong = mustBe(ARGV[number] .. name, kind)
    if wrong then return wrong end
  end
end
local at = 4
while at <= #ARGV do
  local wrong = mustBe(ARGV[at] .. ARGV[at + 1], 'hash')
  if wrong then return wrong end
  at = at + 6 + tonumber(ARGV[at + 5])
end
at = 4
while at <= #ARGV do
  local prefix, id, state, due, order = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  local count = tonumber(ARGV[at + 5])
  if not home(id) then
    local key = prefix .. id
    call('HSET', key, unpack(ARGV, at + 6, at + 5 + count))
    call('ZADD', prefix .. 'pl:added', order, id)
    tell(prefix, 'added', 'jobId', id, 'name', 'task')
    if state == 'waiting' then toWaiting(prefix, id, false, '')
    elseif state == 'delayed' then toDelayed(prefix, id, tonumber(due), now)
    elseif state == 'completed' then
      call('ZADD', prefix .. 'completed', due, id)
      tell(prefix, 'completed', 'jobId', id, 'returnvalue', '', 'prev', '')
    else
      toFailed(prefix, id, tonumber(due), state == 'cancelled', call('HGET', key, 'failedReason') or '')
    end
  end
  at = at + 6 + count
end
return 1`,

  /** The log: key, text, most characters. */
  log: `
redis.call('RPUSH', KEYS[1], ARGV[1])
local rows = redis.call('LRANGE', KEYS[1], -1000, -1)
local size, keep = 0, 0
for at = #rows, 1, -1 do
  if size >= tonumber(ARGV[2]) then break end
  size = size + #rows[at]
  keep = keep + 1
end
redis.call('LTRIM', KEYS[1], -keep, -1)
return 1`,

  /** id, lock, attempt, lease in milliseconds */
  renew: `${common}${holds}
local id, lock, ats, ms = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local prefix = home(id)
if holds(prefix, id, lock, ats) then
  call('SET', prefix .. id .. ':lock', lock, 'PX', ms)
  call('SREM', prefix .. 'stalled', id)
  return 'held'
end
if prefix and call('HGET', prefix .. id, 'pl:end') == 'cancelled'
  and call('HGET', prefix .. id, 'pl:token') == lock .. '.' .. ats then return 'cancelled' end
return 'lost'`,

  /** id, lock, attempt, progress or '', text or '' for as it is (a blank stands before each text). Returns its prefix. */
  report: `${common}${holds}
local id = ARGV[3]
local prefix = home(id)
if not holds(prefix, id, ARGV[4], ARGV[5]) then return nil end
if ARGV[6] ~= '' or ARGV[7] ~= '' then
  local known, old = pcall(cjson.decode, call('HGET', prefix .. id, 'progress') or '{}')
  local new = { progress = 0, text = '' }
  if known and type(old) == 'table' then new.progress, new.text = old.progress or 0, old.text or '' end
  if ARGV[6] ~= '' then new.progress = tonumber(ARGV[6]) end
  if ARGV[7] ~= '' then new.text = string.sub(ARGV[7], 2) end
  local json = cjson.encode(new)
  call('HSET', prefix .. id, 'progress', json)
  tell(prefix, 'progress', 'jobId', id, 'data', json)
end
return prefix`,

  /**
   * Ends an attempt. id, lock, attempt, now, where it goes, when (of delayed), reason, 1 if the attempt does not count,
   * fields. Returns 1, or nil if the lease is lost.
   */
  end: `${common}${holds}
local id, now, target = ARGV[3], tonumber(ARGV[6]), ARGV[7]
local prefix = home(id)
if not holds(prefix, id, ARGV[4], ARGV[5]) then return nil end
stop(prefix, id)
local key = prefix .. id
setFields(key, 11)
if ARGV[10] == '1' then call('HINCRBY', key, 'pl:given', 1) else call('HINCRBY', key, 'atm', 1) end
if target ~= 'failed' then call('HDEL', key, 'progress') end
if target == 'waiting' then toWaiting(prefix, id, true, 'active')
elseif target == 'delayed' then toDelayed(prefix, id, tonumber(ARGV[8]), now)
else toFailed(prefix, id, now, false, ARGV[9]) end
return 1`,

  /** Attempts whose lock has ended. Returns for each: id, attempt, worker, attempts given back, options, start. */
  ended: `${common}
local found = {}
for number = 1, 2 do
  local prefix = ARGV[number]
  for _, id in ipairs(call('LRANGE', prefix .. 'active', 0, -1)) do
    if call('EXISTS', prefix .. id .. ':lock') == 0 then
      table.insert(found, { id, unpack(call('HMGET', prefix .. id, 'ats', 'pb', 'pl:given', 'opts', 'processedOn')) })
    end
  end
end
return found`,

  /** A task that BullMQ's own check of stalled jobs put into its list. Returns as `ended`, or nil. */
  stalled: `${common}
local id = ARGV[3]
local prefix = home(id)
if not prefix or call('LREM', prefix .. 'wait', 1, id) == 0 then return nil end
call('LPUSH', prefix .. 'active', id)
call('HDEL', prefix .. id, 'stc', 'defa')
return { id, unpack(call('HMGET', prefix .. id, 'ats', 'pb', 'pl:given', 'opts', 'processedOn')) }`,

  /** What a claim has got whose answer was lost with the connection: locks with this value. Returns prefix, id pairs. */
  locked: `${common}
local found = {}
for number = 1, 2 do
  for _, id in ipairs(call('LRANGE', ARGV[number] .. 'active', 0, -1)) do
    if call('GET', ARGV[number] .. id .. ':lock') == ARGV[3] then table.insert(found, { ARGV[number], id }) end
  end
end
return found`,
} as const;
