import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ContainerdConfig, containerdToml, hasSysResource, parseContainerdVersion } from './config.ts'

const config: ContainerdConfig = {
  root: '/d/root',
  state: '/d/state',
  socketPath: '/d/c.sock',
  sandboxImage: 'clipper.local/pause:1',
  cniBinDirectory: '/usr/lib/cni',
  cniConfDirectory: '/d/cni',
  registryConfigDirectory: '/d/registries',
  snapshotter: 'overlayfs',
  systemdCgroup: false,
  restrictOomScore: true,
}

test('containerd 1.6 gets a configuration of version 2', () => {
  const toml = containerdToml(config, 1)
  assert.match(toml, /^version = 2$/m)
  assert.match(toml, /\[plugins\."io\.containerd\.grpc\.v1\.cri"\]/)
  assert.match(toml, /^sandbox_image = "clipper\.local\/pause:1"$/m)
  assert.match(toml, /^restrict_oom_score_adj = true$/m)
  assert.match(toml, /runtimes\.runc\.options\]\nSystemdCgroup = false/)
})

test('containerd 2 gets a configuration of version 3', () => {
  const toml = containerdToml({ ...config, systemdCgroup: true }, 2)
  assert.match(toml, /^version = 3$/m)
  assert.match(
    toml,
    /\[plugins\."io\.containerd\.cri\.v1\.images"\.pinned_images\]\nsandbox = "clipper\.local\/pause:1"/,
  )
  assert.match(toml, /^bin_dirs = \["\/usr\/lib\/cni"\]$/m)
  assert.match(toml, /SystemdCgroup = true/)
})

test('versions are read from distributions and from upstream', () => {
  assert.equal(parseContainerdVersion('containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1').major, 1)
  assert.equal(parseContainerdVersion('containerd github.com/containerd/containerd/v2 v2.1.4 75cb2b7').text, '2.1.4')
  assert.throws(() => parseContainerdVersion('nonsense'), /cannot read containerd's version/)
})

test('CAP_SYS_RESOURCE is bit 24', () => {
  assert.equal(hasSysResource('CapEff:\t000001fffeffffff\n'), false)
  assert.equal(hasSysResource('CapEff:\t000001ffffffffff\n'), true)
})
