import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isNewEnough, parseVersion } from './binary.ts'
import { clientUrlsOf, initialClusterOf, planJoin } from './join-plan.ts'
import type { Member } from './members.ts'

const peer = (n: number) => `https://10.0.0.${n}:2380`
const client = (n: number) => `https://10.0.0.${n}:2379`
const member = (n: number, name = `m${n}`, isLearner = false): Member => ({
  id: n,
  name,
  peerUrls: [peer(n)],
  clientUrls: name === '' ? [] : [client(n)],
  isLearner,
})

test('planJoin adds, goes on with a half-joined member, replaces one whose data are gone, and refuses a taken name', () => {
  const members = [member(1), member(2, '', true)]
  assert.deepEqual(planJoin(members, { name: 'm3', peerUrl: peer(3) }), { is: 'add' })
  assert.deepEqual(planJoin(members, { name: 'm2', peerUrl: peer(2) }), { is: 'resume', id: 2 })
  assert.deepEqual(planJoin(members, { name: 'm1', peerUrl: peer(1) }), { is: 'replace', id: 1 })
  assert.deepEqual(planJoin(members, { name: 'm1', peerUrl: peer(3) }), {
    is: 'refuse',
    why: 'the etcd member m1 is another machine, at https://10.0.0.1:2380; if that is gone, on a server that runs: clipper etcd member remove m1',
  })
})

test('initialClusterOf names those that have started, and the new one', () => {
  const members = [member(1), member(2), member(3, ''), member(4, '')]
  assert.equal(
    initialClusterOf(members, 3, { name: 'm3', peerUrl: peer(3) }),
    `m1=${peer(1)},m2=${peer(2)},m3=${peer(3)}`,
  )
})

test('clientUrlsOf has the own member first and no learners', () => {
  const members = [member(3), member(2), member(1), member(4, 'm4', true)]
  assert.deepEqual(clientUrlsOf(members, client(2)), [client(2), client(1), client(3)])
})

test('versions before 3.5.13 are too old', () => {
  assert.equal(parseVersion('etcd Version: 3.4.23\nGit SHA: x'), '3.4.23')
  assert.equal(parseVersion('not etcd'), undefined)
  const results = ['3.4.23', '3.5.12', '3.5.13', '3.6.0-rc.1', '3.7.0', '4.0.0'].map(isNewEnough)
  assert.deepEqual(results, [false, false, true, true, true, true])
})
