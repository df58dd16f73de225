import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Secret } from '../../api/core/v1/secret.ts'
import { parseImageName } from './image-name.ts'
import { credentialsFor } from './pull-secrets.ts'

const secretOf = (auths: object) =>
  ({
    metadata: { name: 's' },
    data: { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') },
  }) as unknown as Secret
const usersFor = (image: string, auths: object) =>
  credentialsFor(parseImageName(image)!, [secretOf(auths)]).map(({ username }) => username)

test('credentials go by host and path, the most specific first', () => {
  const auths = {
    '127.0.0.1:5000': { username: 'host', password: 'p' },
    '127.0.0.1:5000/team': { username: 'team', password: 'p' },
    '127.0.0.1:5001': { username: 'other', password: 'p' },
    '*.example.com': { auth: Buffer.from('star:p:q').toString('base64') },
    'https://index.docker.io/v1/': { username: 'hub', password: 'p' },
  }
  assert.deepEqual(usersFor('127.0.0.1:5000/team/app:1', auths), ['team', 'host'])
  assert.deepEqual(usersFor('127.0.0.1:5000/teams/app:1', auths), ['host'])
  assert.deepEqual(usersFor('a.example.com/app:1', auths), ['star'])
  assert.deepEqual(usersFor('a.b.example.com/app:1', auths), [])
  assert.deepEqual(usersFor('app:1', auths), ['hub'])
})

test('credentials name no server: containerd refuses one that is an address with a port', () => {
  const auths = { '127.0.0.1:5000': { auth: Buffer.from('joe:a:b').toString('base64') } }
  assert.deepEqual(credentialsFor(parseImageName('127.0.0.1:5000/app:1')!, [secretOf(auths)]), [
    { username: 'joe', password: 'a:b', serverAddress: '', identityToken: '', registryToken: '' },
  ])
})
