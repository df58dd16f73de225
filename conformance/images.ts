/** The images that the suite names, made here: each is a list of layers and what to run, as in upstream's Dockerfiles. */
import { createHash } from 'node:crypto'
import { createReadStream, linkSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { hostArchitecture } from '../src/kubelet/containerd/oci-image.ts'
import { cached, hashOf } from './cache.ts'
import { runCommand } from './command.ts'
import {
  agnhostLayer,
  busyboxLayer,
  debianLayer,
  type Layer,
  type LayerContext,
  nginxLayer,
  pagesLayer,
  pauseLayer,
  programLayer,
} from './layers.ts'

interface ImageRecipe {
  readonly layers: readonly ((context: LayerContext) => Promise<Layer>)[]
  readonly entrypoint?: readonly string[]
  readonly command?: readonly string[]
  readonly user?: string
}

const agnhost: ImageRecipe = {
  layers: [debianLayer, agnhostLayer],
  entrypoint: ['/agnhost'],
  command: ['pause'],
}

const setuid = 0o4755

/** By the name without its tag: the suite says the tags. */
const recipes: Readonly<Record<string, ImageRecipe>> = {
  'registry.k8s.io/pause': { layers: [pauseLayer], entrypoint: ['/pause'], user: '65535:65535' },
  'registry.k8s.io/etcd': { layers: [context => programLayer('etcd', 'usr/local/bin/etcd', context)] },
  'registry.k8s.io/e2e-test-images/agnhost': agnhost,
  'registry.k8s.io/e2e-test-images/busybox': { layers: [busyboxLayer], command: ['sh'] },
  'registry.k8s.io/e2e-test-images/glibc-dns-testing': { layers: [debianLayer], command: ['bash'] },
  'registry.k8s.io/e2e-test-images/kitten': {
    layers: [...agnhost.layers, context => pagesLayer('kitten', context)],
    entrypoint: ['/agnhost'],
    command: ['test-webserver'],
  },
  'registry.k8s.io/e2e-test-images/nautilus': {
    layers: [...agnhost.layers, context => pagesLayer('nautilus', context)],
    entrypoint: ['/agnhost'],
    command: ['test-webserver'],
  },
  'registry.k8s.io/e2e-test-images/nginx': {
    layers: [debianLayer, nginxLayer],
    command: ['nginx', '-g', 'daemon off;'],
  },
  'registry.k8s.io/e2e-test-images/nonewprivs': {
    layers: [busyboxLayer, context => programLayer('nnp', 'usr/local/bin/nnp', context, setuid)],
    command: ['nnp'],
  },
  'registry.k8s.io/e2e-test-images/nonroot': { layers: [debianLayer], command: ['bash'], user: '1234' },
  'registry.k8s.io/e2e-test-images/perl': { layers: [debianLayer], command: ['perl'] },
  'registry.k8s.io/e2e-test-images/sample-apiserver': {
    layers: [busyboxLayer, context => programLayer('sample-apiserver', 'sample-apiserver', context)],
    entrypoint: ['/sample-apiserver'],
  },
}

export interface TestImages {
  /** An OCI archive of all images (image layout specification v1.0). */
  readonly archive: string
  /** The same as a folder. */
  readonly layout: string
  readonly names: readonly string[]
}

const layerMediaType = 'application/vnd.oci.image.layer.v1.tar'
const configMediaType = 'application/vnd.oci.image.config.v1+json'
const manifestMediaType = 'application/vnd.oci.image.manifest.v1+json'

/** Those of the suite's images for which there is a recipe. */
export function imagesToMake(named: readonly string[]): { readonly name: string; readonly recipe: ImageRecipe }[] {
  const images = named.flatMap(name => {
    const recipe = recipes[name.slice(0, name.lastIndexOf(':'))]
    return recipe ? [{ name, recipe }] : []
  })
  for (const repository of Object.keys(recipes))
    if (!images.some(({ name }) => name.startsWith(`${repository}:`)))
      throw new Error(`the suite names no image ${repository} any more: remove its recipe`)
  return images
}

export async function makeImages(context: LayerContext): Promise<TestImages> {
  const listed = await runCommand(context.programs.path('e2e.test'), ['--list-images'], { signal: context.signal })
  const images = imagesToMake([...new Set(listed.trim().split('\n'))].sort())
  const made = new Map<unknown, Promise<Layer>>()
  const layersOf = async (recipe: ImageRecipe) => {
    const layers: Layer[] = []
    for (const make of recipe.layers) {
      if (!made.has(make)) made.set(make, make(context))
      layers.push(await made.get(make)!)
    }
    return layers
  }
  const resolved: ResolvedImage[] = []
  for (const { name, recipe } of images) resolved.push({ name, recipe, layers: await layersOf(recipe) })
  const inputs = resolved.map(({ name, recipe, layers }) =>
    JSON.stringify([name, recipe, layers.map(layer => layer.inputsHash)]),
  )
  const directory = await cached('images', hashOf(...inputs), target => writeLayout(target, resolved, context.signal))
  return {
    archive: join(directory, 'images.tar'),
    layout: join(directory, 'oci'),
    names: images.map(({ name }) => name),
  }
}

interface ResolvedImage {
  readonly name: string
  readonly recipe: ImageRecipe
  readonly layers: readonly Layer[]
}

interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

async function writeLayout(target: string, images: readonly ResolvedImage[], signal: AbortSignal): Promise<void> {
  const layout = join(target, 'oci')
  const blobs = join(layout, 'blobs', 'sha256')
  mkdirSync(blobs, { recursive: true })
  const addJson = (value: unknown, mediaType: string): Descriptor => {
    const content = JSON.stringify(value)
    const digest = createHash('sha256').update(content).digest('hex')
    writeFileSync(join(blobs, digest), content)
    return { mediaType, digest: `sha256:${digest}`, size: Buffer.byteLength(content) }
  }
  const layers = new Map<string, Descriptor>()
  for (const { path } of images.flatMap(image => image.layers))
    if (!layers.has(path)) layers.set(path, await addLayer(path, blobs))
  const platform = { architecture: hostArchitecture(), os: 'linux' }
  const manifests = images.map(({ name, recipe, layers: own }) => {
    const descriptors = own.map(layer => layers.get(layer.path)!)
    const config = addJson(
      {
        ...platform,
        config: {
          ...(recipe.entrypoint ? { Entrypoint: recipe.entrypoint } : {}),
          ...(recipe.command ? { Cmd: recipe.command } : {}),
          ...(recipe.user === undefined ? {} : { User: recipe.user }),
          Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
        },
        rootfs: { type: 'layers', diff_ids: descriptors.map(({ digest }) => digest) },
        history: descriptors.map(() => ({ created: '1970-01-01T00:00:00Z', created_by: 'clipper conformance' })),
      },
      configMediaType,
    )
    const manifest = addJson(
      { schemaVersion: 2, mediaType: manifestMediaType, config, layers: descriptors },
      manifestMediaType,
    )
    return { ...manifest, platform, annotations: annotationsOf(name) }
  })
  writeFileSync(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }))
  writeFileSync(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }))
  await runCommand('tar', ['-C', layout, '-cf', join(target, 'images.tar'), 'oci-layout', 'index.json', 'blobs'], {
    signal,
  })
}

function annotationsOf(name: string): Readonly<Record<string, string>> {
  const tag = name.slice(name.lastIndexOf(':') + 1)
  return { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': tag }
}

async function addLayer(path: string, blobs: string): Promise<Descriptor> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash)
  const digest = hash.digest('hex')
  const blob = join(blobs, digest)
  rmSync(blob, { force: true })
  linkSync(path, blob)
  return { mediaType: layerMediaType, digest: `sha256:${digest}`, size: statSync(path).size }
}
