import assert from "node:assert/strict";
import { test } from "node:test";
import type { Task } from "schema";

// What the module expects of a page.
Object.assign(globalThis, { addEventListener: () => undefined });
const { collides, inverse, inverses } = await import("../src/state/changes");
const { confirmTask, forgetAllTasks, forgetTask, layOver, taskSignal, withChanges } =
  await import("../src/state/tasks");

const task = {
  id: 1,
  title: "Water the plants",
  status: "todo",
  completed: false,
  priority: "low",
  tags: ["home"],
  version: 3,
} as Task;

test("a change brings along what follows from it", () => {
  assert.equal(withChanges(task, { status: "done" }).completed, true);
  assert.equal(withChanges(task, { completed: true }).status, "done");
  const done = withChanges(task, { status: "done" });
  assert.equal(withChanges(done, { completed: false }).status, "todo");
  assert.equal(withChanges(task, { completed: false }).status, "todo");
});

test("the inverse of a change has the old values of its fields alone", () => {
  assert.deepEqual(inverse(task, { title: "x", tags: [] }), {
    title: "Water the plants",
    tags: ["home"],
  });
});

test("many tasks are brought back by one request for each state they were in", () => {
  const before = [1, 2, 3].map(
    (id) => ({ ...task, id, priority: id === 2 ? "high" : "low" }) as Task,
  );
  assert.deepEqual(inverses(before, { priority: "medium" }), [
    { ids: [1, 3], changes: { priority: "low" } },
    { ids: [2], changes: { priority: "high" } },
  ]);
});

test("changes collide in the same field alone", () => {
  const theirs = { ...task, title: "Water the roses", version: 4 };
  assert.ok(collides(task, theirs, { title: "mine" }));
  assert.ok(!collides(task, theirs, { priority: "high" }));
  assert.ok(!collides(task, { ...task, tags: ["home"] }, { tags: [] }));
});

test("what is on its way lies over what the server said, until it is settled", () => {
  forgetAllTasks();
  confirmTask(task);
  const shown = taskSignal(1)!;
  const first = layOver(1, { title: "first" });
  const second = layOver(1, { priority: "high" });
  assert.deepEqual([shown.value.title, shown.value.priority], ["first", "high"]);
  first();
  assert.deepEqual([shown.value.title, shown.value.priority], [task.title, "high"]);
  second({ ...task, priority: "high", version: 4 });
  assert.deepEqual([shown.value.priority, shown.value.version], ["high", 4]);
});

test("an older version does not replace a newer one", () => {
  forgetAllTasks();
  confirmTask({ ...task, version: 5, title: "new" });
  confirmTask({ ...task, version: 4, title: "old" });
  assert.equal(taskSignal(1)!.value.title, "new");
});

test("a task that was forgotten can be had back", () => {
  forgetAllTasks();
  confirmTask(task);
  const gone = forgetTask(1)!;
  assert.equal(taskSignal(1), undefined);
  confirmTask(gone);
  assert.equal(taskSignal(1)!.value.title, task.title);
});
