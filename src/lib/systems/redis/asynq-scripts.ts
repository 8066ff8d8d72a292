/**
 * A script of asynq 0.26's inspector, to the letter (internal/rdb/inspect.go, runTaskCmd): what runs a task through it leaves the same keys behind as
 * asynq does. It answers 1, 0 where there is no such task, and a negative number where it is active or pending.
 */
export const runTaskScript = `
if redis.call("EXISTS", KEYS[1]) == 0 then
	return 0
end
local state, group = unpack(redis.call("HMGET", KEYS[1], "state", "group"))
if state == "active" then
	return -1
elseif state == "pending" then
	return -2
elseif state == "aggregating" then
	local n = redis.call("ZREM", ARGV[3] .. group, ARGV[1])
	if n == 0 then
		return redis.error_reply("internal error: task id not found in zset " .. tostring(ARGV[3] .. group))
	end
	if redis.call("ZCARD", ARGV[3] .. group) == 0 then
		redis.call("SREM", KEYS[3], group)
	end
else
	local n = redis.call("ZREM", ARGV[2] .. state, ARGV[1])
	if n == 0 then
		return redis.error_reply("internal error: task id not found in zset " .. tostring(ARGV[2] .. state))
	end
end
redis.call("LPUSH", KEYS[2], ARGV[1])
redis.call("HSET", KEYS[1], "state", "pending")
return 1
`

/**
 * For an id whose hash Redis evicted, of which asynq has no script: it is taken out of wherever it stands. It answers 1, 0 where the job is there again, and -1
 * where a lease says that a worker may have it.
 */
export const dropLostScript = `
if redis.call("HEXISTS", KEYS[1], "msg") == 1 then
	return 0
end
local lease = redis.call("ZSCORE", ARGV[2] .. "lease", ARGV[1])
if lease and tonumber(lease) > tonumber(redis.call("TIME")[1]) then
	return -1
end
redis.call("LREM", ARGV[2] .. "pending", 0, ARGV[1])
redis.call("LREM", ARGV[2] .. "active", 0, ARGV[1])
redis.call("ZREM", ARGV[2] .. "lease", ARGV[1])
redis.call("ZREM", ARGV[2] .. "scheduled", ARGV[1])
redis.call("ZREM", ARGV[2] .. "retry", ARGV[1])
redis.call("ZREM", ARGV[2] .. "archived", ARGV[1])
redis.call("ZREM", ARGV[2] .. "completed", ARGV[1])
for _, group in ipairs(redis.call("SMEMBERS", ARGV[2] .. "groups")) do
	if redis.call("ZREM", ARGV[2] .. "g:" .. group, ARGV[1]) == 1 and redis.call("ZCARD", ARGV[2] .. "g:" .. group) == 0 then
		redis.call("SREM", ARGV[2] .. "groups", group)
	end
end
redis.call("DEL", KEYS[1])
return 1
`

/** For a unique lock whose job is gone. It answers 0 where the lock has ended, or a job holds it. */
export const dropLockScript = `
local id = redis.call("GET", KEYS[1])
if not id or redis.call("HEXISTS", ARGV[1] .. "t:" .. id, "msg") == 1 then
	return 0
end
return redis.call("DEL", KEYS[1])
`

/**
 * asynq's own for a task that is to be gone (deleteTaskCmd), with its unique lock where it holds it. It answers 1, 0 where there is no such task, and -1 where a
 * worker has it.
 */
export const deleteTaskScript = `
if redis.call("EXISTS", KEYS[1]) == 0 then
	return 0
end
local state, group = unpack(redis.call("HMGET", KEYS[1], "state", "group"))
if state == "active" then
	return -1
end
if state == "pending" then
	if redis.call("LREM", ARGV[2] .. state, 0, ARGV[1]) == 0 then
		return redis.error_reply("task is not found in list: " .. tostring(ARGV[2] .. state))
	end
elseif state == "aggregating" then
	if redis.call("ZREM", ARGV[3] .. group, ARGV[1]) == 0 then
		return redis.error_reply("task is not found in zset: " .. tostring(ARGV[3] .. group))
	end
	if redis.call("ZCARD", ARGV[3] .. group) == 0 then
		redis.call("SREM", KEYS[2], group)
	end
else
	if redis.call("ZREM", ARGV[2] .. state, ARGV[1]) == 0 then
		return redis.error_reply("task is not found in zset: " .. tostring(ARGV[2] .. state))
	end
end
local unique_key = redis.call("HGET", KEYS[1], "unique_key")
if unique_key and unique_key ~= "" and redis.call("GET", unique_key) == ARGV[1] then
	redis.call("DEL", unique_key)
end
return redis.call("DEL", KEYS[1])
`
