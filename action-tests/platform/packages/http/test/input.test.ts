import assert from 'node:assert/strict';
import { test } from 'node:test';

import { HttpError } from '../src/errors.ts';
import { idOf, optionalText, readJson, requiredText } from '../src/input.ts';

const body = (text: string) => new Request('https://x/', { method: 'POST', body: text });
const refused = (status: number) => (error: unknown) => error instanceof HttpError && error.status === status;

test('bodies', async () => {
  assert.deepEqual(await readJson(body('{"a":1}')), { a: 1 });
  for (const text of ['', '{', '[]', '3', 'null']) await assert.rejects(readJson(body(text)), refused(400));
  await assert.rejects(readJson(body(JSON.stringify({ a: 'x'.repeat(300_000) }))), refused(413));
});

test('fields', () => {
  assert.equal(requiredText({ title: ' a ' }, 'title'), 'a');
  assert.equal(optionalText({}, 'title'), undefined);
  for (const value of [undefined, null, '', '  ', 3, 'x'.repeat(201)]) {
    assert.throws(() => requiredText({ title: value }, 'title'), refused(422));
  }
});

test('ids', () => {
  const id = '5f2c1a34-9d1b-4c83-8e55-1f0f5b1c2d3e';
  assert.equal(idOf(id), id);
  for (const bad of ['1', '', undefined, `${id}'--`]) assert.throws(() => idOf(bad), refused(404));
});
