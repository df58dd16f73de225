/** The kubelet with real containers. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { ConfigMap } from '../api/core/v1/config-map.ts'
import { Event } from '../api/core/v1/event.ts'
import { Node } from '../api/core/v1/node.ts'
import { Pod } from '../api/core/v1/pod.ts'
import { Secret } from '../api/core/v1/secret.ts'
import { NodeHarness, script, testNodeName } from './testing/node-harness.ts'

const node = new NodeHarness()
before(() => node.start())
after(() => node.close())

const running = (pod: Pod) => pod.status.phase === 'Running' && pod.status
const ready = (pod: Pod) =>
  pod.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') && pod.status
const forever = 'trap "exit 0" TERM; while true; do sleep 0.1; done'

test('the node registers itself and becomes ready', async () => {
  for (let tries = 0; tries < 500; tries++) {
    const status = node.transport.peek(Node, '', testNodeName)?.status
    if (status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True')) break
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  const object = node.transport.peek(Node, '', testNodeName)!
  assert.deepEqual(
    object.status.conditions?.map(({ type, status, reason }) => [type, status, reason]),
    [
      ['MemoryPressure', 'False', 'KubeletHasSufficientMemory'],
      ['DiskPressure', 'False', 'KubeletHasNoDiskPressure'],
      ['PIDPressure', 'False', 'KubeletHasSufficientPID'],
      ['Ready', 'True', 'KubeletReady'],
    ],
  )
  assert.equal(object.metadata.labels?.['kubernetes.io/hostname'], testNodeName)
  assert.match(object.status.nodeInfo.containerRuntimeVersion, /^containerd:\/\/\d/)
})

test('a pod runs, is ready and gets its address, and goes away when it is deleted', async () => {
  const startedMs = performance.now()
  await node.createPod('plain', { containers: [script('main', forever)] })
  const status = await node.until('plain', running)
  const tookMs = performance.now() - startedMs
  await node.until('plain', ready)
  assert.ok(tookMs < 5_000, `took ${tookMs} ms`)
  assert.match(status.podIP ?? '', /^10\.213\./)
  assert.equal(status.qosClass, 'BestEffort')
  assert.equal(status.containerStatuses?.[0]?.restartCount, 0)
  assert.ok(status.containerStatuses?.[0]?.state.running?.startedAt)
  const { uid } = node.pod('plain')!.metadata
  await node.client.of(Pod).delete('default', 'plain', { gracePeriodSeconds: 5 })
  await node.untilGone('plain')
  assert.equal(existsSync(`${node.directory}/kubelet/pods/${uid}`), false)
  assert.equal(existsSync(`/sys/fs/cgroup/memory${node.cgroupRoot}/besteffort/pod${uid}`), false)
})

test('two containers of one pod share the network, and init containers run before them', async () => {
  await node.createPod('shared', {
    restartPolicy: 'Never',
    initContainers: [
      script('first', 'echo one > /data/step'),
      script('second', 'cat /data/step && echo two >> /data/step'),
    ].map(container => ({ ...container, volumeMounts: [{ name: 'data', mountPath: '/data' }] })),
    containers: [
      { ...script('server', 'echo hello > /tmp/index.html; httpd -p 8080 -h /tmp; sleep 1000'), volumeMounts: [] },
      {
        ...script('asker', 'cat /data/step; until wget -q -O - http://localhost:8080/; do sleep 0.05; done'),
        volumeMounts: [{ name: 'data', mountPath: '/data' }],
      },
    ],
    volumes: [{ name: 'data', emptyDir: {} }],
    terminationGracePeriodSeconds: 0,
  })
  const status = await node.until('shared', pod => {
    const asker = pod.status.containerStatuses?.find(({ name }) => name === 'asker')
    return asker?.state.terminated && pod.status
  })
  assert.match(await node.logs('shared', 'asker'), /one\ntwo\n(.*\n)*hello/)
  assert.deepEqual(
    status.initContainerStatuses?.map(({ name, ready: done, state }) => [name, done, state.terminated?.reason]),
    [
      ['first', true, 'Completed'],
      ['second', true, 'Completed'],
    ],
  )
  await node.client.of(Pod).delete('default', 'shared', { gracePeriodSeconds: 0 })
  await node.untilGone('shared')
})

test('a pod that is done succeeds, one that fails says with which code and its last words', async () => {
  await node.createPod('done', { restartPolicy: 'Never', containers: [script('main', 'true')] })
  await node.createPod('failing', {
    restartPolicy: 'Never',
    containers: [script('main', 'echo the end > /dev/termination-log; exit 7')],
  })
  await node.until('done', pod => pod.status.phase === 'Succeeded')
  const status = await node.until('failing', pod => pod.status.phase === 'Failed' && pod.status)
  const terminated = status.containerStatuses?.[0]?.state.terminated
  assert.deepEqual([terminated?.exitCode, terminated?.reason, terminated?.message], [7, 'Error', 'the end\n'])
})

test('a container that ends is restarted, then waits in CrashLoopBackOff', async () => {
  await node.createPod('crashing', { containers: [script('main', 'exit 3')] })
  const status = await node.until('crashing', pod => {
    const container = pod.status.containerStatuses?.[0]
    return container?.state.waiting?.reason === 'CrashLoopBackOff' && container
  })
  assert.equal(status.restartCount, 1)
  assert.equal(status.lastState.terminated?.exitCode, 3)
  assert.match(
    status.state.waiting?.message ?? '',
    /^back-off 10s restarting failed container=main pod=crashing_default\(/,
  )
  await node.client.of(Pod).delete('default', 'crashing', { gracePeriodSeconds: 0 })
  await node.untilGone('crashing')
})

test('a killed container comes back within a second or so', async () => {
  await node.createPod('killed', { containers: [script('main', forever)] })
  const first = await node.until(
    'killed',
    pod => pod.status.containerStatuses?.[0]?.state.running && pod.status.containerStatuses[0],
  )
  const record = await node.kubelet.containers.runningContainer('default', 'killed', 'main')
  const killedMs = performance.now()
  await node.containerd.runtime.stopContainer(record.id, 0)
  await node.until('killed', pod => {
    const container = pod.status.containerStatuses?.[0]
    return container?.state.running && container.containerID !== first.containerID && container.restartCount === 1
  })
  assert.ok(performance.now() - killedMs < 4_000)
})

test('a container that asks for it by its exit code has the whole pod start over in place', async () => {
  const volumeMounts = [{ name: 'data', mountPath: '/data' }]
  const restartPolicyRules = [{ action: 'RestartAllContainers', exitCodes: { operator: 'In', values: [42] } }] as never
  await node.createPod('over', {
    restartPolicy: 'Never',
    initContainers: [{ ...script('first', 'echo run >> /data/inits'), volumeMounts }],
    containers: [
      script('beside', forever),
      {
        ...script('asker', '[ $(wc -l < /data/inits) -gt 1 ] && sleep 1000; sleep 0.3; exit 42'),
        volumeMounts,
        restartPolicy: 'Never',
        restartPolicyRules,
      },
    ],
    volumes: [{ name: 'data', emptyDir: {} }],
    terminationGracePeriodSeconds: 0,
  })
  const before = await node.until('over', running)
  const sandboxIp = before.podIP
  const status = await node.until('over', pod => {
    const statuses = [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])]
    return statuses.every(({ restartCount }) => restartCount === 1) && ready(pod)
  })
  assert.equal(status.podIP, sandboxIp)
  const beside = status.containerStatuses?.find(({ name }) => name === 'beside')
  assert.deepEqual(
    [beside?.lastState.terminated?.reason, beside?.lastState.terminated?.exitCode],
    ['RestartingAllContainers', 137],
  )
  const condition = status.conditions?.find(({ type }) => type === 'AllContainersRestarting')
  assert.equal(condition?.status, 'False')
  assert.equal(status.phase, 'Running')
  await node.client.of(Pod).delete('default', 'over', { gracePeriodSeconds: 0 })
  await node.untilGone('over')
})

test('a container that uses too much memory is OOMKilled', async () => {
  await node.createPod('hog', {
    restartPolicy: 'Never',
    containers: [
      {
        ...script('main', 'dd if=/dev/zero of=/dev/shm/x bs=1M count=60; head -c 200m /dev/zero | tail'),
        resources: { limits: { memory: '24Mi' } },
      },
    ],
  })
  const status = await node.until('hog', pod => pod.status.phase === 'Failed' && pod.status)
  assert.equal(status.containerStatuses?.[0]?.state.terminated?.reason, 'OOMKilled')
  assert.equal(status.qosClass, 'Burstable')
})

test('configuration reaches the container as variables and files, and updates follow', async () => {
  await node.client.of(ConfigMap).create('default', { metadata: { name: 'conf' }, data: { color: 'blue' } })
  await node.client
    .of(Secret)
    .create('default', { metadata: { name: 'pass' }, data: { word: Buffer.from('s3cret').toString('base64') } })
  await node.createPod(
    'configured',
    {
      containers: [
        {
          ...script(
            'main',
            'env; cat /conf/color /pass/word /all/token /all/labels; stat -c %a /all/token; until [ "$(cat /conf/color)" = red ]; do sleep 0.1; done; echo now red; sleep 1000',
          ),
          env: [
            { name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'conf', key: 'color' } } },
            { name: 'WORD', valueFrom: { secretKeyRef: { name: 'pass', key: 'word' } } },
            { name: 'MIX', value: 'a $(COLOR) one $$(COLOR) $(NONE)' },
            { name: 'IP', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'status.podIP' } } },
          ],
          volumeMounts: [
            { name: 'conf', mountPath: '/conf' },
            { name: 'pass', mountPath: '/pass' },
            { name: 'all', mountPath: '/all' },
            { name: 'conf', mountPath: '/one', subPath: 'color' },
          ],
        },
      ],
      volumes: [
        { name: 'conf', configMap: { name: 'conf' } },
        { name: 'pass', secret: { secretName: 'pass' } },
        {
          name: 'all',
          projected: {
            sources: [
              { serviceAccountToken: { path: 'token', expirationSeconds: 3600 } },
              {
                downwardAPI: {
                  items: [{ path: 'labels', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.labels' } }],
                },
              },
            ],
          },
        },
      ],
      terminationGracePeriodSeconds: 0,
    },
    { labels: { app: 'x' } },
  )
  const { podIP } = await node.until('configured', running)
  const logged = async (text: string) => {
    for (let tries = 0; tries < 400 && !(await node.logs('configured', 'main')).includes(text); tries++)
      await new Promise(resolve => setTimeout(resolve, 50))
  }
  // The files were read once it tells the token's mode.
  await logged('app="x"')
  await node.client.of(ConfigMap).patch('default', 'conf', 'merge', { data: { color: 'red' } })
  await logged('now red')
  const log = await node.logs('configured', 'main')
  assert.match(log, /^COLOR=blue$/m)
  assert.match(log, /^WORD=s3cret$/m)
  assert.match(log, /^MIX=a blue one \$\(COLOR\) \$\(NONE\)$/m)
  assert.match(log, new RegExp(`^IP=${podIP}$`, 'm'))
  assert.match(log, /blues3cret/)
  assert.match(log, /a\.test\.tokenapp="x"/)
  assert.match(log, /now red/)
})

test('an image that is missing is told as its policy asks', async () => {
  await node.createPod('never', {
    containers: [{ name: 'main', image: 'clipper.test/none:1', imagePullPolicy: 'Never' }],
  })
  await node.createPod('bad', { containers: [{ name: 'main', image: 'NO/Such Image' }] })
  await node.createPod('volume', {
    containers: [script('main', forever)],
    volumes: [{ name: 'files', image: { reference: 'clipper.test/none:2', pullPolicy: 'Never' } }],
  })
  const waiting = (pod: Pod) => pod.status.containerStatuses?.[0]?.state.waiting
  assert.match(
    (await node.until('never', pod => waiting(pod)?.reason === 'ErrImageNeverPull' && waiting(pod)))?.message ?? '',
    /is not present with pull policy of Never$/,
  )
  await node.until('bad', pod => waiting(pod)?.reason === 'InvalidImageName')
  const { message } = await node.until('volume', pod => waiting(pod)?.reason === 'ErrImageNeverPull' && waiting(pod))
  assert.match(message ?? '', /"clipper.test\/none:2" is not present with pull policy of Never$/)
  const names = ['never', 'bad', 'volume']
  for (const name of names) await node.client.of(Pod).delete('default', name, { gracePeriodSeconds: 0 })
  await Promise.all(names.map(name => node.untilGone(name)))
})

test('an image that cannot be pulled backs off', async () => {
  await node.createPod('unpulled', { containers: [{ name: 'main', image: 'localhost:1/none:1' }] })
  const waiting = (pod: Pod) => pod.status.containerStatuses?.[0]?.state.waiting
  await node.until('unpulled', pod => waiting(pod)?.reason === 'ErrImagePull')
  const { message } = await node.until('unpulled', pod => waiting(pod)?.reason === 'ImagePullBackOff' && waiting(pod))
  assert.match(message ?? '', /^Back-off pulling image "localhost:1\/none:1": ErrImagePull: /)
  await node.client.of(Pod).delete('default', 'unpulled', { gracePeriodSeconds: 0 })
  await node.untilGone('unpulled')
})

test('a volume of a type that is not supported is named in an event', async () => {
  const volumes = [{ name: 'disk', iscsi: { targetPortal: '127.0.0.1', iqn: 'iqn.2026-01.com.example:disk', lun: 0 } }]
  await node.createPod('claiming', { containers: [script('main', forever)], volumes })
  for (let tries = 0; tries < 500; tries++) {
    if (node.transport.peekAll(Event).some(({ reason }) => reason === 'FailedMount')) break
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  const event = node.transport.peekAll(Event).find(({ reason }) => reason === 'FailedMount')
  assert.equal(
    event?.message,
    'MountVolume.SetUp failed for volume "disk" : volumes of type iscsi are not supported by this node',
  )
  await node.client.of(Pod).delete('default', 'claiming', { gracePeriodSeconds: 0 })
  await node.untilGone('claiming')
})

test('a container runs as the user and group that it is told, with what fsGroup owns', async () => {
  await node.createPod('somebody', {
    restartPolicy: 'Never',
    securityContext: { runAsUser: 1000, runAsGroup: 2000, fsGroup: 3000, runAsNonRoot: true },
    containers: [
      {
        ...script(
          'main',
          'id; stat -c "%g %a" /data; touch /data/x && stat -c %g /data/x; touch /x 2>&1 || echo refused',
        ),
        securityContext: {
          readOnlyRootFilesystem: true,
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
        },
        volumeMounts: [{ name: 'data', mountPath: '/data' }],
      },
    ],
    volumes: [{ name: 'data', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } }],
  })
  await node.until('somebody', pod => pod.status.phase === 'Succeeded')
  const log = await node.logs('somebody', 'main')
  assert.match(log, /uid=1000 gid=2000 groups=(2000,)?3000/)
  assert.match(log, /^3000 2777\n3000\n(?:.*\n)*refused/m)
})

test('a status that somebody else wrote is put right, and then left alone', async () => {
  await node.createPod('meddled', { containers: [script('main', forever)] })
  await node.until('meddled', ready)
  const conditions = [
    { type: 'Ready', status: 'False' },
    { type: 'x/own', status: 'True' },
  ]
  await node.client.of(Pod).patch('default', 'meddled', 'strategic', { status: { conditions } }, 'status')
  const status = await node.until('meddled', ready)
  assert.ok(status.conditions?.some(({ type }) => type === 'x/own'))
  const { resourceVersion } = node.pod('meddled')!.metadata
  await node.createPod('other', { restartPolicy: 'Never', containers: [script('main', 'true')] })
  await node.until('other', pod => pod.status.phase === 'Succeeded')
  assert.equal(node.pod('meddled')?.metadata.resourceVersion, resourceVersion)
})

test('a pod that is active for too long fails', async () => {
  await node.createPod('late', {
    activeDeadlineSeconds: 1,
    terminationGracePeriodSeconds: 0,
    containers: [script('main', forever)],
  })
  const status = await node.until('late', pod => pod.status.phase === 'Failed' && pod.status)
  assert.equal(status.reason, 'DeadlineExceeded')
})

test('a manifest on the node runs as a static pod with a mirror in the API, until it is taken away', async () => {
  mkdirSync(`${node.directory}/manifests`, { recursive: true })
  const manifest = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'fixed' },
    spec: { terminationGracePeriodSeconds: 0, containers: [script('main', forever)] },
  }
  writeFileSync(`${node.directory}/manifests/fixed.json`, JSON.stringify(manifest))
  const name = `fixed-${testNodeName}`
  await node.until(name, running)
  assert.equal(node.pod(name)?.metadata.annotations?.['kubernetes.io/config.source'], 'file')
  rmSync(`${node.directory}/manifests/fixed.json`)
  await node.untilGone(name)
})

test('probes decide on readiness and restart what is not alive', async () => {
  await node.createPod('probed', {
    containers: [
      {
        ...script('main', 'touch /tmp/ok; trap "exit 0" TERM; while true; do sleep 0.1; done'),
        readinessProbe: { exec: { command: ['cat', '/tmp/ok'] }, periodSeconds: 1 },
        livenessProbe: { exec: { command: ['test', '!', '-e', '/tmp/dead'] }, periodSeconds: 1, failureThreshold: 1 },
      },
    ],
  })
  await node.until('probed', ready)
  const record = await node.kubelet.containers.runningContainer('default', 'probed', 'main')
  await node.containerd.runtime.execSync(record.id, ['sh', '-c', 'touch /tmp/dead'], 5)
  await node.until('probed', pod => pod.status.containerStatuses?.[0]?.restartCount === 1)
  const events = node.transport.peekAll(Event).filter(({ involvedObject }) => involvedObject.name === 'probed')
  assert.ok(
    events.some(
      ({ reason, message }) =>
        reason === 'Killing' && message === 'Container main failed liveness probe, will be restarted',
    ),
  )
})

test('a container that never passes its liveness probe ends up in CrashLoopBackOff', async () => {
  const probe = { exec: { command: ['false'] }, periodSeconds: 1, failureThreshold: 1 }
  await node.createPod('dying', {
    terminationGracePeriodSeconds: 0,
    containers: [{ ...script('main', 'sleep 1000'), livenessProbe: probe }],
  })
  const status = await node.until('dying', pod => {
    const container = pod.status.containerStatuses?.[0]
    return container?.state.waiting?.reason === 'CrashLoopBackOff' && container
  })
  assert.equal(status.restartCount, 2)
  assert.equal(status.lastState.terminated?.exitCode, 137)
})

test('a sysctl that reaches beyond the pod is refused', async () => {
  await node.createPod('sysctl', {
    securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] },
    containers: [script('main', 'true')],
  })
  const status = await node.until('sysctl', pod => pod.status.phase === 'Failed' && pod.status)
  assert.deepEqual(
    [status.reason, status.message],
    ['SysctlForbidden', 'Pod was rejected: forbidden sysctl: "kernel.msgmax" not allowlisted'],
  )
})

test('a deleted pod has its preStop hook run and its grace period kept', async () => {
  await node.createPod('graceful', {
    containers: [
      {
        ...script('main', 'trap "echo got term; exit 0" TERM; while true; do sleep 0.05; done'),
        lifecycle: { preStop: { exec: { command: ['sh', '-c', 'echo hook > /proc/1/fd/1'] } } },
      },
    ],
  })
  await node.until('graceful', running)
  const { uid } = node.pod('graceful')!.metadata
  await node.client.of(Pod).delete('default', 'graceful', { gracePeriodSeconds: 10 })
  await node.untilGone('graceful')
  const log = readFileSync(`${node.directory}/logs/pods/default_graceful_${uid}/main/0.log`, 'utf8')
  assert.match(log, /F hook\n(?:.*\n)*.*F got term\n/)
})

test('a sidecar starts before the containers and ends with them', async () => {
  await node.createPod('sided', {
    restartPolicy: 'Never',
    initContainers: [{ ...script('side', forever), restartPolicy: 'Always' }],
    containers: [script('main', 'sleep 0.3')],
  })
  const status = await node.until('sided', pod => pod.status.phase === 'Succeeded' && pod.status)
  assert.equal(status.initContainerStatuses?.[0]?.state.terminated?.exitCode, 0)
})

test('a pod that asks for too much is rejected', async () => {
  await node.createPod('huge', {
    containers: [{ ...script('main', 'true'), resources: { requests: { cpu: '1000' } } }],
  })
  const status = await node.until('huge', pod => pod.status.phase === 'Failed' && pod.status)
  assert.equal(status.reason, 'OutOfcpu')
  assert.match(
    status.message ?? '',
    /^Pod was rejected: Node didn't have enough resource: cpu, requested: 1000000, used: \d+, capacity: \d+$/,
  )
})

test('containers outlive the kubelet, which adopts them when it starts again', async () => {
  await node.createPod('adopted', { containers: [script('main', forever)] })
  const first = await node.until('adopted', pod => ready(pod) && pod.status.containerStatuses?.[0])
  await node.stopKubelet()
  await node.createPod('meanwhile', { containers: [script('main', forever)] })
  await node.startKubelet()
  await node.until('meanwhile', running)
  const again = node.pod('adopted')!.status.containerStatuses?.[0]
  assert.equal(again?.containerID, first.containerID)
  assert.equal(again?.restartCount, 0)
})

test('a pod that is never restarted fails when its container was lost meanwhile, and stays so', async () => {
  await node.createPod('lost', {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: 0,
    containers: [script('main', 'sleep 1000')],
  })
  await node.until('lost', running)
  const { uid } = node.pod('lost')!.metadata
  await node.stopKubelet()
  const cri = node.containerd.runtime
  for (const { id } of await cri.listPodSandboxes({ labelSelector: { 'io.kubernetes.pod.uid': uid } })) {
    await cri.stopPodSandbox(id!)
    await cri.removePodSandbox(id!)
  }
  await node.startKubelet()
  const status = await node.until('lost', pod => pod.status.phase === 'Failed' && pod.status)
  const [container] = status.containerStatuses ?? []
  assert.deepEqual(
    [container?.state.terminated?.reason, container?.state.terminated?.exitCode, container?.restartCount],
    ['ContainerStatusUnknown', 137, 0],
  )
  assert.deepEqual(await cri.listPodSandboxes({ labelSelector: { 'io.kubernetes.pod.uid': uid } }), [])
})

test('a containerd that died is started again under running pods', async () => {
  const before = node.pod('adopted')!.status.containerStatuses?.[0]
  process.kill(node.containerd.pid(), 'SIGKILL')
  await node.createPod('afterwards', { containers: [script('main', forever)] })
  await node.until('afterwards', running)
  const after = node.pod('adopted')!.status.containerStatuses?.[0]
  assert.deepEqual([after?.containerID, after?.restartCount], [before?.containerID, 0])
})

test('stats tell what pods use', async () => {
  const summary = await node.kubelet.stats.summary()
  const pod = summary.pods.find(({ podRef }) => podRef.name === 'adopted')
  assert.ok((pod?.containers[0]?.memory.workingSetBytes ?? 0) > 0)
  assert.ok((pod?.cpu.usageCoreNanoSeconds ?? 0) > 0)
  assert.ok((summary.node.memory.workingSetBytes ?? 0) > 0)
})

test('nothing is left behind', async () => {
  await node.kubelet.stopAllPods(0)
  assert.deepEqual(readdirSync(`${node.directory}/kubelet/pods`), [])
  const groups = readdirSync('/sys/fs/cgroup').filter(name => existsSync(`/sys/fs/cgroup/${name}${node.cgroupRoot}`))
  assert.deepEqual(groups, [])
  assert.equal(existsSync(`/sys/fs/cgroup${node.cgroupRoot}`), false)
  assert.ok(!readFileSync('/proc/self/mounts', 'utf8').includes(`${node.directory}/kubelet`))
})
