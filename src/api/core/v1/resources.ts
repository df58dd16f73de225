import { f } from '../../../schema/field.ts'
import { list, map, quantity, str, type TypeOf } from '../../../schema/type.ts'
import { message } from './package.ts'

export const ContainerExtendedResourceRequest = message('ContainerExtendedResourceRequest', {
  containerName: f(1, str).required().always(),
  resourceName: f(2, str).required().always(),
  requestName: f(3, str).required().always(),
})
export type ContainerExtendedResourceRequest = TypeOf<typeof ContainerExtendedResourceRequest>

export const ContainerResizePolicy = message('ContainerResizePolicy', {
  resourceName: f(1, str).required().always(),
  restartPolicy: f(2, str).required().always(),
})
export type ContainerResizePolicy = TypeOf<typeof ContainerResizePolicy>

export const PodExtendedResourceClaimStatus = message('PodExtendedResourceClaimStatus', {
  requestMappings: f(1, list(ContainerExtendedResourceRequest)).explicit().required().listOf('atomic'),
  resourceClaimName: f(2, str).required().always(),
})
export type PodExtendedResourceClaimStatus = TypeOf<typeof PodExtendedResourceClaimStatus>

export const PodResourceClaim = message('PodResourceClaim', {
  name: f(1, str).required().always(),
  resourceClaimName: f(3, str).explicit(),
  resourceClaimTemplateName: f(4, str).explicit(),
})
export type PodResourceClaim = TypeOf<typeof PodResourceClaim>

export const PodResourceClaimStatus = message('PodResourceClaimStatus', {
  name: f(1, str).required().always(),
  resourceClaimName: f(2, str).explicit(),
})
export type PodResourceClaimStatus = TypeOf<typeof PodResourceClaimStatus>

export const PodSchedulingGroup = message(
  'PodSchedulingGroup',
  {
    podGroupName: f(1, str).explicit(),
  },
  { unions: [{ members: ['podGroupName'] }] },
)
export type PodSchedulingGroup = TypeOf<typeof PodSchedulingGroup>

export const ResourceClaim = message('ResourceClaim', {
  name: f(1, str).required().always(),
  request: f(2, str),
})
export type ResourceClaim = TypeOf<typeof ResourceClaim>

export const ResourceHealth = message('ResourceHealth', {
  resourceID: f(1, str).required().always(),
  health: f(2, str),
  message: f(6, str).explicit(),
})
export type ResourceHealth = TypeOf<typeof ResourceHealth>

export const ResourceRequirements = message('ResourceRequirements', {
  limits: f(1, map(quantity)),
  requests: f(2, map(quantity)),
  claims: f(3, list(ResourceClaim)).listOf('map', 'name'),
})
export type ResourceRequirements = TypeOf<typeof ResourceRequirements>

export const ResourceStatus = message('ResourceStatus', {
  name: f(1, str).required().always(),
  resources: f(2, list(ResourceHealth)).listOf('map', 'resourceID'),
})
export type ResourceStatus = TypeOf<typeof ResourceStatus>

export const VolumeResourceRequirements = message('VolumeResourceRequirements', {
  limits: f(1, map(quantity)),
  requests: f(2, map(quantity)),
})
export type VolumeResourceRequirements = TypeOf<typeof VolumeResourceRequirements>
