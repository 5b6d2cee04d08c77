import assert from "node:assert/strict";
import { test } from "node:test";
import type { Task } from "schema";
import { compare, everything, matches, readQuery, writeQuery } from "../src/state/query";

const today = "2026-11-21";

function task(fields: Partial<Task>): Task {
  return {
    id: 1,
    title: "Water the plants",
    description: null,
    status: "todo",
    completed: false,
    priority: "medium",
    due_date: null,
    tags: [],
    city: null,
    weather: null,
    user_id: 7,
    assigned_user_id: null,
    created_at: "2026-11-21T10:00:00.000Z",
    updated_at: "2026-11-21T10:00:00.000Z",
    completed_at: null,
    version: 1,
    ...fields,
  };
}

test("a query survives the way through the address", () => {
  const query = {
    ...everything,
    search: "milk & bread",
    status: ["todo" as const, "done" as const],
    tags: ["home", "été"],
    overdue: true,
    assignedToMe: true,
    sortBy: "due_date" as const,
    descending: false,
  };
  assert.deepEqual(readQuery(new URLSearchParams(writeQuery(query).toString())), query);
});

test("what an address says wrongly is left out", () => {
  const hostile = new URLSearchParams(
    "status=todo,gone&priority=%00&sort_by=password&sort_order=up&overdue=maybe&tags=,,a,a",
  );
  assert.deepEqual(readQuery(hostile), {
    ...everything,
    status: ["todo"],
    tags: ["a"],
    descending: false,
  });
});

test("a list has one's own tasks, or those one was given", () => {
  assert.ok(matches(task({}), everything, 7, today));
  assert.ok(!matches(task({}), everything, 8, today));
  const given = { ...everything, assignedToMe: true };
  assert.ok(matches(task({ assigned_user_id: 8 }), given, 8, today));
  assert.ok(!matches(task({}), given, 7, today));
});

test("every filter must be passed", () => {
  const query = { ...everything, search: "PLANT", tags: ["home"], priority: ["high" as const] };
  assert.ok(matches(task({ tags: ["home", "x"], priority: "high" }), query, 7, today));
  assert.ok(!matches(task({ tags: ["x"], priority: "high" }), query, 7, today));
  assert.ok(!matches(task({ tags: ["home"] }), query, 7, today));
  assert.ok(!matches(task({ title: "Read", tags: ["home"], priority: "high" }), query, 7, today));
});

test("a task that is done is not overdue", () => {
  const query = { ...everything, overdue: true };
  assert.ok(matches(task({ due_date: "2026-11-20" }), query, 7, today));
  assert.ok(!matches(task({ due_date: today }), query, 7, today));
  assert.ok(!matches(task({ due_date: "2026-11-20", status: "done" }), query, 7, today));
});

test("tasks without a due date come last in both directions", () => {
  const dated = task({ id: 2, due_date: "2026-12-01" });
  for (const descending of [true, false])
    assert.ok(compare(dated, task({}), { ...everything, sortBy: "due_date", descending }) < 0);
});

test("priorities are sorted by rank, and ties by id in the same direction", () => {
  const query = { ...everything, sortBy: "priority" as const };
  assert.ok(compare(task({ priority: "high" }), task({ priority: "medium" }), query) < 0);
  assert.ok(compare(task({ id: 2 }), task({ id: 1 }), query) < 0);
  assert.ok(compare(task({ id: 2 }), task({ id: 1 }), { ...query, descending: false }) > 0);
});
