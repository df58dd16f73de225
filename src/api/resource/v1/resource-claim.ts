import { f } from '../../../schema/field.ts'
import { list, raw, str, type TypeOf } from '../../../schema/type.ts'
import { Condition } from '../../meta/v1/condition.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { AllocationResult } from './allocation-result.ts'
import { DeviceClaim } from './device-claim.ts'
import { kind, message } from './package.ts'

export const ResourceClaimSpec = message(
  'ResourceClaimSpec',
  {
    devices: f(1, DeviceClaim).always().doc('Devices that are asked for.'),
  },
  { doc: 'What is asked for; cannot be changed.' },
)
export type ResourceClaimSpec = TypeOf<typeof ResourceClaimSpec>

export const ResourceClaimConsumerReference = message(
  'ResourceClaimConsumerReference',
  {
    apiGroup: f(1, str).doc('API group of the user; empty for the core group.'),
    resource: f(3, str).required().always().doc('Resource of the user, as `pods`.'),
    name: f(4, str).required().always().doc('Name of the user.'),
    uid: f(5, str).go('types.UID').required().always().doc('UID of the user.'),
  },
  { doc: 'Who may use a claim.' },
)
export type ResourceClaimConsumerReference = TypeOf<typeof ResourceClaimConsumerReference>

export const NetworkDeviceData = message(
  'NetworkDeviceData',
  {
    interfaceName: f(1, str).doc('Name of the interface in the pod.'),
    ips: f(2, list(str))
      .listOf('atomic')
      .doc('Addresses with the length of their prefix, as `192.0.2.5/24`; at most 16.'),
    hardwareAddress: f(3, str).doc('Hardware address of the interface.'),
  },
  { doc: 'A network interface that a device gave to a pod.' },
)
export type NetworkDeviceData = TypeOf<typeof NetworkDeviceData>

export const AllocatedDeviceStatus = message(
  'AllocatedDeviceStatus',
  {
    driver: f(1, str).required().always().doc('Driver of the device.'),
    pool: f(2, str).required().always().doc('Pool of the device.'),
    device: f(3, str).required().always().doc('Name of the device in the pool.'),
    conditions: f(4, list(Condition)).orNull().listOf('map', 'type').doc('Aspects of the state, at most 8.'),
    data: f(5, raw).explicit().doc('What else the driver says, up to 10 KiB.'),
    networkData: f(6, NetworkDeviceData).doc('The network interface, if the device is one.'),
    shareID: f(7, str).explicit().doc('Which share of the device it is.'),
  },
  { doc: 'What a driver says of an allocated device.' },
)
export type AllocatedDeviceStatus = TypeOf<typeof AllocatedDeviceStatus>

export const ResourceClaimStatus = message(
  'ResourceClaimStatus',
  {
    allocation: f(1, AllocationResult).doc('What was allocated; cannot be changed, only removed.'),
    reservedFor: f(2, list(ResourceClaimConsumerReference))
      .listOf('map', 'uid')
      .patch('merge', 'uid')
      .doc('Users, at most 256; usually pods.'),
    devices: f(4, list(AllocatedDeviceStatus))
      .listOf('map', 'driver', 'device', 'pool', 'shareID')
      .doc('What the drivers say of the devices.'),
  },
  { doc: 'What a claim was given, and who uses it.' },
)
export type ResourceClaimStatus = TypeOf<typeof ResourceClaimStatus>

export const ResourceClaim = kind(
  'ResourceClaim',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, ResourceClaimSpec).always().doc('What is asked for.'),
    status: f(3, ResourceClaimStatus).always().doc('What was allocated, and for whom.'),
  },
  {
    doc: 'Asks for devices that pods can use.',
    resource: {
      plural: 'resourceclaims',
      singular: 'resourceclaim',
      namespaced: true,
      verbs: allVerbs,
      subresources: { status: { verbs: ['get', 'patch', 'update'] } },
    },
  },
)
export type ResourceClaim = TypeOf<typeof ResourceClaim>
