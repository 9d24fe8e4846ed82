-- For wrk: posts one send_email after the other; says what came of it as one line of JSON.
wrk.method = 'POST'
wrk.path = '/api/tasks/submit'
wrk.headers['Content-Type'] = 'application/json'
wrk.body = '{"task_type": "send_email", "priority": "high", "payload": {"to": "customer-000042@example.org", '
  .. '"subject": "Your order 000042 has left our house", '
  .. '"body": "It will be with you in two or three days. Thank you for buying from us!"}}'

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests": %d, "seconds": %f, "refused": %d, "broken": %d, "p50_ms": %f, "p99_ms": %f}\n',
    summary.requests, summary.duration / 1e6, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
