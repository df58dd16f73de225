import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { test } from 'node:test'
import type { CertificateSigningRequest } from '../../api/certificates/v1/certificate-signing-request.ts'
import type { Node } from '../../api/core/v1/node.ts'
import { newKey } from '../../base/pki/certificate.ts'
import { makeCertificateRequest } from '../../base/pki/make-request.ts'
import { machineKeyAnnotation, publicKeyHash } from '../../machinery/node-annotations.ts'
import { takenNodeName } from '../certificate-signing/plan.ts'
import { judge } from './approvals.ts'

const node = (name: string, ...addresses: string[]): Node =>
  ({
    metadata: { name },
    status: {
      addresses: [...addresses.map(address => ({ type: 'InternalIP', address })), { type: 'Hostname', address: name }],
    },
  }) as unknown as Node

const nodes = [node('a', '192.0.2.7', '192.0.2.1', '10.96.0.1', '192.0.2.8'), node('b', '192.0.2.8')]
const facts = {
  node: (name: string) => nodes.find(({ metadata }) => metadata.name === name),
  nodes: () => nodes,
  serverAddresses: () => ['192.0.2.1'],
  serviceCidrs: () => ['10.96.0.0/16'],
}

const key = newKey()
const asked = (commonName: string, organizations: string[], altNames: string[], spec: object) =>
  ({
    metadata: { name: 'r' },
    spec: {
      username: 'system:node:a',
      groups: ['system:nodes'],
      request: Buffer.from(makeCertificateRequest(key, { commonName, organizations }, altNames)).toString('base64'),
      ...spec,
    },
    status: {},
  }) as unknown as CertificateSigningRequest

const serving = (altNames: string[], more: object = {}, name = 'system:node:a') =>
  judge(
    asked(name, ['system:nodes'], altNames, {
      signerName: 'kubernetes.io/kubelet-serving',
      usages: ['digital signature', 'server auth'],
      ...more,
    }),
    facts,
  )?.approve
const component = (commonName: string, more: object = {}, organizations: string[] = []) =>
  judge(
    asked(commonName, organizations, [], {
      signerName: 'kubernetes.io/kube-apiserver-client',
      usages: ['digital signature', 'client auth'],
      expirationSeconds: 3600,
      ...more,
    }),
    facts,
  )?.approve

test('a kubelet serves under the names and addresses of its node', () => {
  assert.equal(serving(['a', '192.0.2.7']), true)
  assert.equal(serving(['192.0.2.7'], { username: 'system:node:b' }), false)
  assert.equal(serving(['192.0.2.7'], { username: 'admin', groups: ['system:masters'] }), undefined)
})

test('nobody becomes the API server, a Service or another node by way of a serving certificate', () => {
  for (const address of ['192.0.2.1', '10.96.0.1', '192.0.2.8']) assert.equal(serving([address]), false, address)
  for (const name of ['kubernetes', 'kubernetes.default.svc', 'localhost', '192.0.2.9'])
    assert.equal(serving([name]), undefined, name)
})

test('the components beside a kubelet get certificates that live for a day at most', () => {
  assert.equal(component('system:kube-proxy'), true)
  assert.equal(component('system:kube-proxy', { expirationSeconds: 86_401 }), false)
  assert.equal(component('system:kube-proxy', { expirationSeconds: undefined }), false)
  assert.equal(component('system:kube-proxy', {}, ['system:masters']), false)
  assert.equal(component('system:kube-scheduler'), undefined)
  assert.equal(component('system:kube-proxy', { username: 'system:node:gone' }), undefined)
})

test('a bootstrap token gives nobody the name of a node that another machine has', () => {
  const request = asked('system:node:a', ['system:nodes'], [], {
    username: 'system:bootstrap:abcdef',
    groups: ['system:bootstrappers'],
    signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
    usages: ['digital signature', 'client auth'],
  })
  const known = (keyHash: string) => () =>
    ({ metadata: { name: 'a', annotations: { [machineKeyAnnotation]: keyHash } } }) as unknown as Node
  assert.equal(
    takenNodeName(request, () => undefined),
    undefined,
  )
  assert.equal(takenNodeName(request, known(publicKeyHash(createPublicKey(key)))), undefined)
  assert.match(takenNodeName(request, known('other')) ?? '', /a is taken by another machine/)
  assert.match(takenNodeName(request, () => nodes[0]) ?? '', /taken/)
})
