import assert from "node:assert/strict";
import { test } from "node:test";
import { firstRows } from "../src/text/csv";
import { describeSize } from "../src/text/size";

test("quotes, commas and line breaks in cells are kept", () => {
  assert.deepEqual(firstRows('a,b\r\n"x, ""y""","1\n2"\r\n', 5), [
    ["a", "b"],
    ['x, "y"', "1\n2"],
  ]);
});

test("only as many rows as asked for are read, empty lines aside", () => {
  assert.deepEqual(firstRows("\uFEFFa\n\nb\nc\nd", 3), [["a"], ["b"], ["c"]]);
});

test("a cell that is cut off is kept as far as it goes", () => {
  assert.deepEqual(firstRows('a,"b\nc', 3), [["a", "b\nc"]]);
});

test("nothing has no rows", () => assert.deepEqual(firstRows("", 3), []));

test("sizes have two digits and a unit", () => {
  assert.equal(describeSize(0), "0 bytes");
  assert.equal(describeSize(999), "999 bytes");
  assert.equal(describeSize(1_400_000), "1.4 MB");
  assert.equal(describeSize(10_485_760), "10 MB");
  assert.equal(describeSize(999_600), "1.0 MB");
  assert.equal(describeSize(5e15), "5000 TB");
});
