-- The requests of one measurement, and one line of what wrk saw, for bench/run.
--
-- From the environment: BENCH_METHOD, BENCH_BODY (JSON, may be empty) and BENCH_TOKEN.
-- The line: "result", requests a second, p50 and p99 in milliseconds, answers that were no success,
-- socket errors; separated by blanks.

wrk.method = os.getenv("BENCH_METHOD")
wrk.headers["Authorization"] = "Bearer " .. os.getenv("BENCH_TOKEN")

local body = os.getenv("BENCH_BODY")
if body ~= "" then
   wrk.body = body
   wrk.headers["Content-Type"] = "application/json"
end

function done(summary, latency)
   local errors = summary.errors
   print(string.format("result %.1f %.3f %.3f %d %d",
      summary.requests / (summary.duration / 1000000),
      latency:percentile(50) / 1000, latency:percentile(99) / 1000,
      errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
