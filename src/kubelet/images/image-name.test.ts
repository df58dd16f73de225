import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Secret } from '../../api/core/v1/secret.ts'
import { defaultPullPolicy, parseImageName, withDefaultTag } from './image-name.ts'
import { credentialsFor } from './pull-secrets.ts'

test('names are completed as registries expect', () => {
  assert.deepEqual(parseImageName('nginx'), { registry: 'docker.io', repository: 'library/nginx', tag: '', digest: '' })
  assert.equal(parseImageName('localhost:5000/a/b:1')?.registry, 'localhost:5000')
  assert.equal(parseImageName('user/app:v1')?.repository, 'user/app')
  assert.equal(parseImageName(`r.test/x@sha256:${'a'.repeat(64)}`)?.digest.length, 71)
  for (const bad of ['', 'r.test/UPPER', 'a b', 'x:']) assert.equal(parseImageName(bad), undefined)
  assert.equal(withDefaultTag('r.test/x'), 'r.test/x:latest')
  assert.deepEqual([defaultPullPolicy('x'), defaultPullPolicy('x:1')], ['Always', 'IfNotPresent'])
})

test('the most specific credential of a registry is tried first', () => {
  const auths = {
    'r.test': { username: 'all', password: 'p' },
    'https://r.test/team': { auth: Buffer.from('team:secret:x').toString('base64') },
    '*.other.test': { username: 'wild', password: 'p' },
  }
  const secret = {
    data: { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') },
  } as unknown as Secret
  const names = (image: string) => credentialsFor(parseImageName(image)!, [secret]).map(({ username }) => username)
  assert.deepEqual(names('r.test/team/app:1'), ['team', 'all'])
  assert.deepEqual(names('r.test/other:1'), ['all'])
  assert.deepEqual(names('a.other.test/x:1'), ['wild'])
  assert.deepEqual(names('a.b.other.test/x:1'), [])
  assert.equal(credentialsFor(parseImageName('r.test/team/app:1')!, [secret])[0]?.password, 'secret:x')
})
