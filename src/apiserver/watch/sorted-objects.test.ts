import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StoredObject } from '../registry/stored-object.ts'
import { SortedObjects } from './sorted-objects.ts'

const objectOf = (key: string) => ({ key }) as StoredObject
const keysOf = (objects: readonly StoredObject[]) => objects.map(({ key }) => key)
const keyOf = (i: number) => `/registry/pods/ns-${i % 7}/pod-${String((i * 7919) % 5003).padStart(5, '0')}`

test('objects come in key order, whatever the order of their writes', () => {
  const objects = new SortedObjects()
  const expected = new Set<string>()
  for (let i = 0; i < 5_000; i++) {
    objects.put(objectOf(keyOf(i)))
    expected.add(keyOf(i))
    if (i % 3 === 0) {
      objects.remove(keyOf(i >> 1))
      expected.delete(keyOf(i >> 1))
    }
  }
  const sorted = [...expected].sort()
  assert.deepEqual(keysOf(objects.all()), sorted)
  assert.equal(objects.size, expected.size)
  for (const prefix of ['/registry/pods/ns-0/', '/registry/pods/ns-3/', '/registry/pods/ns-6/', '/registry/pods/no/']) {
    const under = sorted.filter(key => key.startsWith(prefix))
    assert.deepEqual(keysOf(objects.under(prefix)), under)
    for (const start of [under[0], under[300], `${under[300]}\0`, under.at(-1), `${prefix}zzz`]) {
      if (start === undefined) continue
      const from = under.filter(key => key >= start)
      assert.deepEqual(keysOf(objects.under(prefix, start)), from)
    }
  }
  for (const key of sorted) objects.remove(key)
  assert.deepEqual(objects.all(), [])
  assert.deepEqual(objects.under('/'), [])
})

test('a snapshot stays as it was, a put replaces the object of its key', () => {
  const before = objectOf('/b')
  const objects = new SortedObjects([objectOf('/a'), before, objectOf('/c')])
  const snapshot = objects.all()
  const after = objectOf('/b')
  objects.put(after)
  objects.remove('/c')
  assert.deepEqual(keysOf(snapshot), ['/a', '/b', '/c'])
  assert.equal(snapshot[1], before)
  assert.equal(objects.get('/b'), after)
  assert.deepEqual(keysOf(objects.all()), ['/a', '/b'])
})
