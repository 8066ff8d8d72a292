/**
 * What both passes know of the family `residence_ids_user:<id>`: one step of SCAN on the server itself, so that no key comes over the wire. An id is a positive
 * 64-bit integer, as residence-ids.ts has it; `now` is the server's clock in milliseconds. asynq lives by scripts: whoever may work on this Redis may run them.
 */
const oneStep = `
local call, find = redis.call, string.find
local time = call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local step = call("SCAN", ARGV[1], "MATCH", "residence_ids_user:*", "COUNT", ARGV[2])
local longest = tonumber(ARGV[3])
local ours = function(key)
	local length = #key
	return length < 39 and find(key, "^[1-9]%d*$", 20) and (length < 38 or string.sub(key, 20) <= "9223372036854775807")
end
`

/**
 * Counts one step's keys. It answers the next cursor, the server's clock, how many are of the family, how many match and name no user, how many live longer than
 * ARGV[3] milliseconds with the first of them, and how many are there since before: they expire earlier than ARGV[4], or live longer.
 */
export const lookScript = `${oneStep}
local before = tonumber(ARGV[4])
local found, foreign, longer, older, firstLonger, firstOlder = 0, 0, 0, 0, "", ""
for _, key in ipairs(step[2]) do
	if ours(key) then
		local ttl = call("PTTL", key)
		if ttl ~= -2 then
			found = found + 1
			if ttl == -1 or ttl > longest then
				longer = longer + 1
				firstLonger = key
			end
			if ttl == -1 or ttl > longest or now + ttl < before then
				older = older + 1
				firstOlder = key
			end
		end
	else
		foreign = foreign + 1
	end
end
return { step[1], now, found, foreign, longer, firstLonger, older, firstOlder }
`

/** Unlinks one step's keys of the family. It answers the next cursor, how many are gone, and the first one that lives longer than ARGV[3] milliseconds: it is left alone. */
export const forgetScript = `${oneStep}
local gone, longer, batch = 0, "", {}
local unlink = function()
	if #batch > 0 then
		gone = gone + call("UNLINK", unpack(batch))
	end
	batch = {}
end
for _, key in ipairs(step[2]) do
	if ours(key) then
		local ttl = call("PTTL", key)
		if ttl == -1 or ttl > longest then
			longer = key
		elseif ttl ~= -2 then
			batch[#batch + 1] = key
			if #batch == 500 then
				unlink()
			end
		end
	end
end
unlink()
return { step[1], gone, longer }
`
