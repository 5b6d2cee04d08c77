import assert from "node:assert/strict";
import { test } from "node:test";
import { parseQuickAdd, type Draft } from "../src/text/quick-add";

const today = "2026-11-21"; // a Saturday

const lines: [string, Draft][] = [
  [
    "Buy milk #home !high tomorrow",
    { title: "Buy milk", tags: ["home"], priority: "high", due_date: "2026-11-22" },
  ],
  ["Buy milk", { title: "Buy milk", tags: [] }],
  ["  Buy   milk  ", { title: "Buy milk", tags: [] }],
  ["#a #b #a Sort", { title: "Sort", tags: ["a", "b"] }],
  ["Report friday", { title: "Report", tags: [], due_date: "2026-11-27" }],
  ["Report by friday", { title: "Report", tags: [], due_date: "2026-11-27" }],
  ["Friday report", { title: "Friday report", tags: [] }],
  ["Tomorrow", { title: "Tomorrow", tags: [] }],
  [
    "Call Anna @24.12. about dinner",
    { title: "Call Anna about dinner", tags: [], due_date: "2026-12-24" },
  ],
  ["Mail @anna", { title: "Mail @anna", tags: [] }],
  ["Pay due:+3", { title: "Pay", tags: [], due_date: "2026-11-24" }],
  ["Pay due:soon", { title: "Pay due:soon", tags: [] }],
  ["Fix it !!!", { title: "Fix it", tags: [], priority: "high" }],
  ["Fix it !!", { title: "Fix it", tags: [], priority: "medium" }],
  ["Fix it !", { title: "Fix it", tags: [], priority: "low" }],
  ["Fix it !now", { title: "Fix it !now", tags: [] }],
  ["Read !m #été", { title: "Read", tags: ["été"], priority: "medium" }],
  ['Sing "#1 hit" today', { title: "Sing #1 hit", tags: [], due_date: "2026-11-21" }],
  ['Plan "tomorrow"', { title: "Plan tomorrow", tags: [] }],
  ["Issue #", { title: "Issue #", tags: [] }],
  ["", { title: "", tags: [] }],
  ["#home !low", { title: "", tags: ["home"], priority: "low" }],
];

for (const [line, draft] of lines)
  test(`"${line}"`, () => assert.deepEqual(parseQuickAdd(line, today), draft));
