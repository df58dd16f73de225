/** Credentials for registries from imagePullSecrets (kubernetes.io/dockerconfigjson and .../dockercfg). */
import type { Secret } from '../../api/core/v1/secret.ts'
import type { AuthConfig } from '../cri/runtime-client.ts'
import type { ImageName } from './image-name.ts'

interface DockerAuth {
  readonly username?: string
  readonly password?: string
  readonly auth?: string
  readonly identitytoken?: string
  readonly registrytoken?: string
}

function authsOf(secret: Secret): Record<string, DockerAuth> {
  const read = (key: string): unknown => {
    const text = secret.data?.[key]
    if (text === undefined) return undefined
    try {
      return JSON.parse(Buffer.from(text, 'base64').toString('utf8'))
    } catch {
      return undefined
    }
  }
  const json = read('.dockerconfigjson') as { auths?: Record<string, DockerAuth> } | undefined
  return json?.auths ?? (read('.dockercfg') as Record<string, DockerAuth> | undefined) ?? {}
}

/**
 * Without a server address, as upstream's kubelet: containerd refuses one that is an IP address with a port, and drops
 * the credentials where its host is spelled in another way (`*.example.com`, Docker Hub's names).
 */
function configOf(auth: DockerAuth): AuthConfig {
  const [username = '', ...rest] = auth.auth ? Buffer.from(auth.auth, 'base64').toString('utf8').split(':') : ['']
  return {
    username: auth.username ?? username,
    password: auth.password ?? rest.join(':'),
    serverAddress: '',
    identityToken: auth.identitytoken ?? '',
    registryToken: auth.registrytoken ?? '',
  }
}

const dockerHubNames = ['docker.io', 'index.docker.io', 'registry-1.docker.io']

/** `*.example.com` stands for one part of a host name. */
function hostMatches(pattern: string, registry: string): boolean {
  if (dockerHubNames.includes(pattern)) return dockerHubNames.includes(registry)
  const [patternHost = '', patternPort] = pattern.split(':')
  const [registryHost = '', registryPort] = registry.split(':')
  if (patternPort !== registryPort && patternPort !== undefined) return false
  const patternParts = patternHost.split('.')
  const parts = registryHost.split('.')
  return (
    patternParts.length === parts.length &&
    patternParts.every((part, index) => {
      const expression = part.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')
      return new RegExp(`^${expression}$`).test(parts[index]!)
    })
  )
}

/** Credentials that fit an image, the most specific first. */
export function credentialsFor(image: ImageName, secrets: readonly Secret[]): AuthConfig[] {
  const found: { length: number; config: AuthConfig }[] = []
  for (const secret of secrets)
    for (const [address, auth] of Object.entries(authsOf(secret))) {
      const [hostPart = '', ...path] = address.replace(/^https?:\/\//, '').split('/')
      const prefix = path
        .join('/')
        .replace(/^v[12]\/?$/, '')
        .replace(/\/$/, '')
      if (!hostMatches(hostPart, image.registry)) continue
      if (prefix !== '' && image.repository !== prefix && !image.repository.startsWith(`${prefix}/`)) continue
      found.push({ length: address.length, config: configOf(auth) })
    }
  return found.sort((a, b) => b.length - a.length).map(({ config }) => config)
}
