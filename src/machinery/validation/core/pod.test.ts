import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorsOf } from '../testing/errors-of.ts'

const pod = (spec: object, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  ...more,
  spec: { containers: [{ name: 'c', image: 'web:1' }], ...spec },
})

test('a plain pod is valid', () => {
  assert.deepEqual(errorsOf(pod({})), [])
})

test('containers are required, with a name, an image and a policy that is known', () => {
  assert.deepEqual(errorsOf({ apiVersion: 'v1', kind: 'Pod', spec: { containers: [] } }), [
    'spec.containers: Required value',
  ])
  assert.deepEqual(errorsOf(pod({ restartPolicy: 'Sometimes', containers: [{}] })).toSorted(), [
    'spec.containers[0].image: Required value',
    'spec.containers[0].name: Required value',
    'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
  ])
})

test('all containers of a Windows pod are processes of the host, or none', () => {
  const isHost = { windowsOptions: { hostProcess: true } }
  const whole = 'If pod contains any hostProcess containers then all containers must be HostProcess containers'
  const network = 'hostNetwork must be true if pod contains any hostProcess containers'
  assert.deepEqual(errorsOf(pod({ hostNetwork: true, securityContext: isHost })), [])
  assert.deepEqual(errorsOf(pod({ securityContext: isHost })), [`spec.hostNetwork: Invalid value: false: ${network}`])
  const containers = [
    { name: 'a', image: 'a', securityContext: isHost },
    { name: 'b', image: 'b' },
  ]
  assert.deepEqual(errorsOf(pod({ hostNetwork: true, containers })), [`spec: Invalid value: "": ${whole}`])
  const securityContext = { windowsOptions: { hostProcess: false } }
  assert.deepEqual(errorsOf(pod({ hostNetwork: true, securityContext, containers: containers.slice(0, 1) })), [
    'spec.containers[0].securityContext.windowsOptions.hostProcess: Invalid value: true: pod hostProcess value must be identical if both are specified, was false',
  ])
})

test('constraints that repeat are named by the first, and policies of DNS in their order', () => {
  const constraint = { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }
  assert.deepEqual(errorsOf(pod({ topologySpreadConstraints: [constraint, constraint] })), [
    'spec.topologySpreadConstraints[0].{topologyKey, whenUnsatisfiable}: Duplicate value: "{zone, DoNotSchedule}"',
  ])
  assert.deepEqual(errorsOf(pod({ dnsPolicy: 'Other' })), [
    'spec.dnsPolicy: Unsupported value: "Other": supported values: "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"',
  ])
})

test('profiles of AppArmor and the change of SELinux labels', () => {
  const at = 'spec.securityContext'
  const profile = (localhostProfile: string) =>
    pod({ securityContext: { appArmorProfile: { type: 'Localhost', localhostProfile } } })
  assert.deepEqual(errorsOf(profile('web')), [])
  assert.deepEqual(errorsOf(profile('')), [
    `${at}.appArmorProfile.localhostProfile: Required value: must be set when AppArmor type is Localhost`,
  ])
  assert.deepEqual(errorsOf(profile(' web')), [
    `${at}.appArmorProfile.localhostProfile: Invalid value: " web": must not be padded with whitespace`,
  ])
  assert.deepEqual(errorsOf(pod({ securityContext: { seLinuxChangePolicy: 'Never' } })), [
    `${at}.seLinuxChangePolicy: Unsupported value: "Never": supported values: "MountOption", "Recursive"`,
  ])
})

test('names follow RFC 1123', () => {
  assert.deepEqual(errorsOf({ ...pod({}), metadata: { name: 'Web' } }), [
    `metadata.name: Invalid value: "Web": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
  ])
  assert.deepEqual(errorsOf(pod({ containers: [{ name: 'C_', image: 'i' }] })), [
    `spec.containers[0].name: Invalid value: "C_": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')`,
  ])
})

test('ports, mounts and resources of a container', () => {
  const errors = errorsOf(
    pod({
      containers: [
        {
          name: 'c',
          image: 'i',
          ports: [{ containerPort: 70000 }, { containerPort: 1, name: 'p' }, { containerPort: 2, name: 'p' }],
          volumeMounts: [{ name: 'missing', mountPath: '/a' }],
          resources: { requests: { cpu: '2' }, limits: { cpu: '1' } },
        },
      ],
    }),
  )
  assert.deepEqual(errors, [
    'spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
    'spec.containers[0].ports[2].name: Duplicate value: "p"',
    'spec.containers[0].volumeMounts[0].name: Not found: "missing"',
    'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
  ])
})

test('probes must have a handler, and one success suffices a liveness probe', () => {
  assert.deepEqual(errorsOf(pod({ containers: [{ name: 'c', image: 'i', livenessProbe: { successThreshold: 2 } }] })), [
    'spec.containers[0].livenessProbe: Required value: must specify a handler type',
    'spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1',
  ])
})

test('an update may change images and add tolerations, and nothing else', () => {
  const old = pod({ tolerations: [{ key: 'a', operator: 'Exists' }] })
  const changed = pod({
    containers: [{ name: 'c', image: 'web:2' }],
    tolerations: [
      { key: 'a', operator: 'Exists' },
      { key: 'b', operator: 'Exists' },
    ],
  })
  assert.deepEqual(errorsOf(changed, old), [])
  const moved = errorsOf(pod({ tolerations: [{ key: 'a', operator: 'Exists' }], nodeName: 'n' }), old)
  assert.equal(moved.length, 1)
  assert.match(
    moved[0]!,
    /^spec: Forbidden: pod updates may not change fields other than `spec\.containers\[\*\]\.image`,`spec\.initContainers\[\*\]\.image`,`spec\.activeDeadlineSeconds`,`spec\.tolerations` \(only additions to existing tolerations\),`spec\.terminationGracePeriodSeconds` \(allow it to be set to 1 if it was previously negative\)\n/,
  )
  assert.deepEqual(
    errorsOf(pod({}), old)[0],
    'spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds',
  )
})

test('names never change', () => {
  const named = (name: string) => ({ ...pod({}), metadata: { name } })
  assert.deepEqual(errorsOf(named('b'), named('a')), ['metadata.name: Invalid value: "b": field is immutable'])
})

test('volumes need exactly one source, field references a known path', () => {
  const errors = errorsOf(
    pod({
      volumes: [
        { name: 'v', emptyDir: {}, hostPath: { path: '/a/../b' } },
        { name: 'v', secret: {} },
      ],
      containers: [
        {
          name: 'c',
          image: 'i',
          env: [
            { name: 'A', valueFrom: { fieldRef: { fieldPath: 'status.phase' } } },
            { name: 'B=', value: '' },
          ],
        },
      ],
    }),
  )
  assert.deepEqual(errors.toSorted(), [
    'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Unsupported value: "status.phase": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"',
    `spec.containers[0].env[1].name: Invalid value: "B=": a valid environment variable name must consist only of printable ASCII characters other than '='`,
    'spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type',
    'spec.volumes[1].secret.secretName: Required value',
  ])
})
