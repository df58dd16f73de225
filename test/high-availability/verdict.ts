/** Whether the clients' load came through: nothing lost, nothing done twice, nothing missed. */
import assert from 'node:assert/strict'
import { eventually } from '../e2e/test-cluster.ts'
import { type ControlPlane, podsMs } from './control-plane.ts'

/** Ends the load; says how much it was. */
export async function verdictOn({ load, requests }: ControlPlane): Promise<string[]> {
  const acknowledged = [...load.created]
  await eventually(
    'the watch has told of everything',
    async () => acknowledged.every(name => load.seen.has(name)),
    podsMs,
  )
  await load.stop()
  await requests.stop()
  const { names, count } = await load.state()
  const lost = [...load.created].filter(name => !names.has(name))
  assert.deepEqual(lost, [])
  const strange = [...names].filter(name => !load.created.has(name) && !load.unknown.has(name))
  assert.deepEqual(strange, [])
  assert.deepEqual(
    [...load.seen].filter(([, times]) => times > 1),
    [],
  )
  assert.ok(count >= load.increments && count <= load.increments + load.unknownIncrements, `${count}`)
  assert.deepEqual(requests.failures, [])
  return [
    `${names.size} objects, ${count} increments, ${load.unknown.size} unknown outcomes`,
    `${requests.answered} requests to the Service were answered`,
  ]
}
