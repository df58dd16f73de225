import assert from 'node:assert/strict'
import { test } from 'node:test'
import { messageOf } from '../schema/field.ts'
import type { Message, Type } from '../schema/type.ts'
import { kinds, otherKinds } from './kinds.ts'
import { APIGroupList, APIResourceList, APIVersions } from './meta/v1/discovery.ts'
import { WatchEvent } from './meta/v1/watch-event.ts'

/** The longest that still reads well in a terminal. */
const longest = 160

/** Every message that a message of the list contains, at any depth, and these themselves. */
function reachable(roots: readonly Message[]): Set<Message> {
  const found = new Set<Message>()
  const open = [...roots]
  for (let message = open.pop(); message !== undefined; message = open.pop()) {
    if (found.has(message)) continue
    found.add(message)
    for (const { facts } of Object.values(message.fields)) {
      const inner = messageOf(innermost(facts.type))
      if (inner) open.push(inner)
    }
  }
  return found
}

const innermost = (type: Type): Type => (type.is === 'list' || type.is === 'map' ? innermost(type.of) : type)

const isSentence = (text: string | undefined): boolean =>
  text !== undefined && /^[A-Z`\d].*\.$/.test(text) && text.length <= longest && !/\s\s|\n/.test(text)

const served = reachable([...kinds, ...otherKinds, APIGroupList, APIResourceList, APIVersions, WatchEvent])
// Their JSON form is a bare list: neither they nor their only field have a schema of their own.
const described = [...served].filter(message => !message.options.listForm)

test('every message has a description of one line', () => {
  assert.ok(described.length > 300, `${described.length} messages`)
  const wrong = described.filter(message => !isSentence(message.options.doc))
  assert.deepEqual(
    wrong.map(message => `${message.name}: ${message.options.doc}`),
    [],
  )
})

test('every field has a description of one line', () => {
  const fields = described.flatMap(message =>
    Object.entries(message.fields).map(([name, { facts }]) => ({ name: `${message.name}.${name}`, facts })),
  )
  assert.ok(fields.length > 1500, `${fields.length} fields`)
  const wrong = fields.filter(({ facts }) => !isSentence(facts.docText))
  assert.deepEqual(
    wrong.map(({ name, facts }) => `${name}: ${facts.docText}`),
    [],
  )
})
