import assert from "node:assert/strict";
import { test } from "node:test";
import { addDays, describeAge, describeDay, localDay, parseDay } from "../src/text/dates";

const saturday = "2026-11-21";

const words: [string, string | undefined][] = [
  ["today", "2026-11-21"],
  ["Tomorrow", "2026-11-22"],
  ["yesterday", "2026-11-20"],
  ["+3", "2026-11-24"],
  ["+2w", "2026-12-05"],
  ["mon", "2026-11-23"],
  ["friday", "2026-11-27"],
  ["saturday", "2026-11-28"],
  ["2027-02-28", "2027-02-28"],
  ["2027-02-29", undefined],
  ["24.12.", "2026-12-24"],
  ["1.2.", "2027-02-01"],
  ["1.2.2030", "2030-02-01"],
  ["31.2.2030", undefined],
  ["24dec", "2026-12-24"],
  ["3-march", "2027-03-03"],
  ["29feb", undefined],
  ["", undefined],
  ["milk", undefined],
  ["sunflower", undefined],
  ["+1000", undefined],
  ["12", undefined],
];

for (const [word, day] of words)
  test(`"${word}" is ${day ?? "no day"}`, () => assert.equal(parseDay(word, saturday), day));

test("adding days crosses months, years and leap days", () => {
  assert.equal(addDays("2028-02-28", 1), "2028-02-29");
  assert.equal(addDays("2026-12-31", 1), "2027-01-01");
  assert.equal(addDays("2026-03-01", -1), "2026-02-28");
});

test("the local day is that of the clock on the wall", () => {
  assert.equal(localDay(new Date(2026, 0, 2, 23, 59)), "2026-01-02");
});

test("near days have names, far ones dates", () => {
  assert.equal(describeDay("2026-11-21", saturday), "today");
  assert.equal(describeDay("2026-11-20", saturday), "yesterday");
  assert.equal(describeDay("2026-11-25", saturday), "Wednesday");
  assert.equal(describeDay("2026-11-28", saturday), "28 Nov");
  assert.equal(describeDay("2027-01-02", saturday), "2 Jan 2027");
});

test("ages are rounded to what one would say", () => {
  const now = Date.parse("2026-11-21T12:00:00Z");
  const ago = (seconds: number) => describeAge(new Date(now - seconds * 1000).toISOString(), now);
  assert.equal(ago(-5), "just now");
  assert.equal(ago(60), "1 minute ago");
  assert.equal(ago(3000), "1 hour ago");
  assert.equal(ago(7200), "2 hours ago");
  assert.equal(ago(3 * 86_400), "3 days ago");
  assert.equal(ago(40 * 86_400), "12 Oct");
});
