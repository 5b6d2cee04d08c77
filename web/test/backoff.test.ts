import assert from "node:assert/strict";
import { test } from "node:test";
import { retryDelay } from "../src/live/backoff";

test("the first retry comes within half a second", () => {
  assert.equal(retryDelay(0, 0), 250);
  assert.equal(retryDelay(0, 1), 500);
});

test("each failure doubles the delay", () => {
  assert.equal(retryDelay(3, 1), 2 * retryDelay(2, 1));
});

test("no delay is longer than half a minute, however many failures there were", () => {
  for (const failures of [6, 16, 1000, Number.MAX_SAFE_INTEGER])
    assert.equal(retryDelay(failures, 1), 30_000);
});

test("delays differ, so that clients do not all come back at once", () => {
  assert.notEqual(retryDelay(4, 0.1), retryDelay(4, 0.9));
});
