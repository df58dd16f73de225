import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DerivedForms } from './derived-forms.ts'
import type { StoredObject } from './stored-object.ts'

const objectOf = () => ({ slots: undefined }) as unknown as StoredObject
const objectsOf = (count: number) => Array.from({ length: count }, objectOf)

test('within the budget the forms used least recently go', () => {
  const forms = new DerivedForms(300)
  const [a, b, c, d] = objectsOf(4) as [StoredObject, StoredObject, StoredObject, StoredObject]
  for (const object of [a, b, c]) forms.put(object, 'json', object, 100)
  assert.equal(forms.use(a, 'json'), a)
  forms.put(d, 'json', d, 100)
  assert.equal(forms.known(b, 'json'), undefined)
  for (const object of [a, c, d]) assert.equal(forms.known(object, 'json'), object)
  assert.equal(forms.bytes, 300)
})

test('of an object that is forgotten no form is left', () => {
  const forms = new DerivedForms(1_000)
  const object = objectOf()
  forms.put(object, 'json', 1, 100)
  forms.put(object, 'cbor', 2, 100)
  forms.putOnTrial(object, 'object', 3, 100)
  forms.put(object, 'json', 4, 50)
  assert.equal(forms.bytes, 250)
  assert.equal(forms.known(object, 'json'), 4)
  forms.forget(object)
  assert.equal(forms.bytes, 0)
  assert.equal(forms.use(object, 'object'), undefined)
})

test('a form on trial goes with the next few, unless it was used', () => {
  const forms = new DerivedForms(1_000_000)
  const used = objectOf()
  const unused = objectOf()
  const forgotten = objectOf()
  for (const object of [used, unused, forgotten]) forms.putOnTrial(object, 'object', object, 100)
  assert.equal(forms.use(used, 'object'), used)
  assert.equal(forms.known(unused, 'object'), unused)
  forms.forget(forgotten)
  for (const object of objectsOf(100)) forms.putOnTrial(object, 'object', object, 100)
  assert.equal(forms.known(used, 'object'), used)
  assert.equal(forms.known(unused, 'object'), undefined)
  assert.equal(forms.bytes, 65 * 100)
})

test('large forms on trial take a part of the budget only', () => {
  const forms = new DerivedForms(800)
  const objects = objectsOf(10)
  for (const object of objects) forms.putOnTrial(object, 'object', object, 40)
  assert.equal(objects.filter(object => forms.known(object, 'object') !== undefined).length, 2)
  assert.equal(forms.bytes, 80)
})
