import { f } from '../../../schema/field.ts'
import { list, map, quantity, str, type TypeOf } from '../../../schema/type.ts'
import { message } from './package.ts'

export const ContainerExtendedResourceRequest = message(
  'ContainerExtendedResourceRequest',
  {
    containerName: f(1, str).required().always().doc('Name of the container.'),
    resourceName: f(2, str).required().always().doc('Name of the extended resource.'),
    requestName: f(3, str).required().always().doc('Name of the request in the claim.'),
  },
  { doc: 'Which request of a claim serves an extended resource of a container.' },
)
export type ContainerExtendedResourceRequest = TypeOf<typeof ContainerExtendedResourceRequest>

export const ContainerResizePolicy = message(
  'ContainerResizePolicy',
  {
    resourceName: f(1, str).go('v1.ResourceName').required().always().doc('`cpu` or `memory`.'),
    restartPolicy: f(2, str)
      .go('v1.ResourceResizeRestartPolicy')
      .required()
      .always()
      .doc('`NotRequired` (default) or `RestartContainer`.'),
  },
  { doc: 'Whether changing a resource in place needs a restart.' },
)
export type ContainerResizePolicy = TypeOf<typeof ContainerResizePolicy>

export const PodExtendedResourceClaimStatus = message(
  'PodExtendedResourceClaimStatus',
  {
    requestMappings: f(1, list(ContainerExtendedResourceRequest))
      .orNull()
      .explicit()
      .required()
      .listOf('atomic')
      .doc('Which request of the claim serves which container and resource.'),
    resourceClaimName: f(2, str).required().always().doc('Name of the claim, in the namespace of the pod.'),
  },
  { doc: 'The claim that was made for extended resources of a pod.' },
)
export type PodExtendedResourceClaimStatus = TypeOf<typeof PodExtendedResourceClaimStatus>

export const PodResourceClaim = message(
  'PodResourceClaim',
  {
    name: f(1, str).required().always().doc('Name by which containers refer to it, unique in the pod.'),
    resourceClaimName: f(3, str).explicit().doc('Existing claim in the namespace of the pod.'),
    resourceClaimTemplateName: f(4, str)
      .explicit()
      .doc('Template from which a claim is made for this pod and deleted with it.'),
  },
  { doc: 'A resource claim for use by the pod; exactly one source is set.' },
)
export type PodResourceClaim = TypeOf<typeof PodResourceClaim>

export const PodResourceClaimStatus = message(
  'PodResourceClaimStatus',
  {
    name: f(1, str).required().always().doc('Name of the entry.'),
    resourceClaimName: f(2, str).explicit().doc('Claim made from the template; unset if none was needed.'),
  },
  { doc: 'The claim behind an entry of `spec.resourceClaims`.' },
)
export type PodResourceClaimStatus = TypeOf<typeof PodResourceClaimStatus>

export const PodSchedulingGroup = message(
  'PodSchedulingGroup',
  {
    podGroupName: f(1, str).explicit().doc('Name of the PodGroup in the namespace of the pod.'),
  },
  { doc: 'The group that a pod is scheduled with.', unions: [{ members: ['podGroupName'] }] },
)
export type PodSchedulingGroup = TypeOf<typeof PodSchedulingGroup>

export const ResourceClaim = message(
  'ResourceClaim',
  {
    name: f(1, str).required().always().doc('Name of the entry in `spec.resourceClaims` of the pod.'),
    request: f(2, str).doc('Request of the claim to use; all of them if empty.'),
  },
  { doc: "Use of one of the pod's resource claims by a container." },
)
export type ResourceClaim = TypeOf<typeof ResourceClaim>

export const ResourceHealth = message(
  'ResourceHealth',
  {
    resourceID: f(1, str)
      .go('v1.ResourceID')
      .required()
      .always()
      .doc('Identifier of the device, unique for its resource.'),
    health: f(2, str).go('v1.ResourceHealthStatus').doc('`Healthy`, `Unhealthy` or `Unknown`.'),
    message: f(6, str).explicit().doc('Details about the health for people.'),
  },
  { doc: 'Health of one allocated device.' },
)
export type ResourceHealth = TypeOf<typeof ResourceHealth>

export const ResourceRequirements = message(
  'ResourceRequirements',
  {
    limits: f(1, map(quantity)).go('v1.ResourceList').doc('Most that may be used, by resource.'),
    requests: f(2, map(quantity))
      .go('v1.ResourceList')
      .doc('What is set aside, by resource; equals the limit where only that is given.'),
    claims: f(3, list(ResourceClaim))
      .listOf('map', 'name')
      .doc('Dynamic resources to use, from `spec.resourceClaims` of the pod.'),
  },
  { doc: 'Compute resources that are asked for and allowed.' },
)
export type ResourceRequirements = TypeOf<typeof ResourceRequirements>

export const ResourceStatus = message(
  'ResourceStatus',
  {
    name: f(1, str)
      .go('v1.ResourceName')
      .required()
      .always()
      .doc('Resource, or `claim:<claim>/<request>` for dynamic resources.'),
    resources: f(2, list(ResourceHealth)).listOf('map', 'resourceID').doc('Health of each device.'),
  },
  { doc: 'Health of the devices that a container has been given for a resource.' },
)
export type ResourceStatus = TypeOf<typeof ResourceStatus>

export const VolumeResourceRequirements = message(
  'VolumeResourceRequirements',
  {
    limits: f(1, map(quantity)).go('v1.ResourceList').doc('Most that the volume may have.'),
    requests: f(2, map(quantity)).go('v1.ResourceList').doc('Least that the volume must have; `storage` in bytes.'),
  },
  { doc: 'Storage that is asked for and allowed.' },
)
export type VolumeResourceRequirements = TypeOf<typeof VolumeResourceRequirements>
