-- For wrk: sends each request of a file once. In the file, each stands after its length and a line break.
local requests = {}
local sent = 0
local ran_out = false

function init(args)
  local file = assert(io.open(args[1], 'rb'))
  while true do
    local length = file:read('*n')
    if not length then break end
    file:read(1)
    requests[#requests + 1] = file:read(length)
  end
  file:close()
end

function request()
  sent = sent + 1
  if sent > #requests then
    ran_out = true
    wrk.thread:stop()
    return requests[#requests]
  end
  return requests[sent]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"perSecond":%f,"p50":%f,"p99":%f,"refused":%d,"ran_out":%s}\n',
    summary.requests / (summary.duration / 1e6),
    latency:percentile(50) / 1000,
    latency:percentile(99) / 1000,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout,
    tostring(ran_out)
  ))
end
