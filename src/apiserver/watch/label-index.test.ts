import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseLabelSelector } from '../../machinery/selectors/label-selector.ts'
import type { StoredObject } from '../registry/stored-object.ts'
import { LabelIndex } from './label-index.ts'

const objectOf = (name: string, labels: Record<string, string>) =>
  ({ key: `/registry/pods/default/${name}`, facts: { labels, fields: {} } }) as unknown as StoredObject

/** Two hundred objects: each of ten apps twenty times. */
function appsOf(): Map<string, StoredObject> {
  const objects = new Map<string, StoredObject>()
  for (let i = 0; i < 200; i++) {
    const object = objectOf(`pod-${i}`, { app: `app-${i % 10}`, tier: i < 190 ? 'front' : 'back' })
    objects.set(object.key, object)
  }
  return objects
}

const find = (index: LabelIndex, objects: Map<string, StoredObject>, selector: string) =>
  index.find(parseLabelSelector(selector).requirements, () => [...objects.values()], objects.size)

test('what a selector demands is found through every change', () => {
  const index = new LabelIndex()
  const objects = appsOf()
  const matching = (selector: string) =>
    [...objects.values()]
      .filter(({ facts }) => parseLabelSelector(selector).matches(facts.labels))
      .map(({ key }) => key)
      .sort()
  const write = (name: string, labels: Record<string, string> | undefined) => {
    const previous = objects.get(`/registry/pods/default/${name}`)
    const current = labels && objectOf(name, labels)
    index.changed(previous, current)
    if (current) objects.set(current.key, current)
    else if (previous) objects.delete(previous.key)
  }
  const agrees = () => {
    for (const selector of ['app=app-3', 'app in (app-3,app-7)', 'tier=back', 'app=none']) {
      assert.deepEqual(find(index, objects, selector)?.sort(), matching(selector), selector)
    }
  }
  agrees()
  write('pod-3', { app: 'app-7' })
  write('pod-4', {})
  write('pod-195', undefined)
  write('new', { app: 'app-3', tier: 'back' })
  write('new', { app: 'app-3' })
  agrees()
})

test('of several demands the one that fewest objects fulfil is used', () => {
  const found = find(new LabelIndex(), appsOf(), 'app=app-5,tier=back')
  assert.equal(found?.length, 10)
})

test('nothing is indexed for selectors that demand no value, or values that most objects have', () => {
  const objects = appsOf()
  for (const selector of ['app', '!app', 'app!=app-1', 'app notin (app-1)', 'tier=front', '']) {
    assert.equal(find(new LabelIndex(), objects, selector), undefined, selector)
  }
})

test('a label that was not asked for lately gives way and is indexed anew', () => {
  const index = new LabelIndex()
  const objects = appsOf()
  assert.equal(find(index, objects, 'app=app-1')?.length, 20)
  for (let i = 0; i < 20; i++) assert.deepEqual(find(index, objects, `other-${i}=x`), [])
  assert.equal(find(index, objects, 'app=app-1')?.length, 20)
})
