-- A body to send, if there is one.
local body = os.getenv("BENCH_BODY")
if body then
  wrk.method = "POST"
  wrk.body = io.open(body):read("*a")
  wrk.headers["content-type"] = "application/json"
end

-- Printed by wrk at its end, for load.py: times are microseconds.
done = function(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests": %d, "micros": %d, "p50": %d, "p99": %d, "status_errors": %d, "socket_errors": %d, "timeouts": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write, errors.timeout))
end
