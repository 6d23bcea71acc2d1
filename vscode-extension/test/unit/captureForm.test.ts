import assert from "node:assert/strict";
import { test } from "node:test";
import { numberProblem, processItems, seriesFields } from "../../src/captureForm";

const puma = {
  pid: 7,
  label: "puma: worker $(bug)",
  detail: "pid 7 · up 3 h 2 min · 1.2 GB",
  how: "started by heapline run",
  attachable: true,
};

test("a process is listed in the server's words, none of which becomes an icon", () => {
  assert.deepEqual(processItems([puma]), [
    {
      label: "puma: worker $\u200b(bug)",
      description: "pid 7 · up 3 h 2 min · 1.2 GB",
      detail: "started by heapline run",
      process: puma,
    },
  ]);
});

test("a process without a way in is listed, and marked", () => {
  const [item] = processItems([{ ...puma, attachable: false }]);
  assert.match(item?.label ?? "", /^\$\(circle-slash\) puma/);
});

test("an empty list says what to do", () => {
  const [item, ...more] = processItems([]);
  assert.match(item?.detail ?? "", /heapline run -- /);
  assert.equal(item?.process, undefined);
  assert.deepEqual(more, []);
});

for (const text of ["2", " 3 ", "100"]) {
  test(`a series can have ${JSON.stringify(text)} dumps`, () =>
    assert.equal(numberProblem(text, seriesFields.count), undefined));
}

for (const text of ["", "1", "-3", "2.5", "three", "1e3", "99999999"]) {
  test(`a series cannot have ${JSON.stringify(text)} dumps`, () =>
    assert.match(numberProblem(text, seriesFields.count) ?? "", /whole number from 2/));
}
