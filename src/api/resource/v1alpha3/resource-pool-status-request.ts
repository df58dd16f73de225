import { f } from '../../../schema/field.ts'
import { int32, int64, list, quantity, str, type TypeOf } from '../../../schema/type.ts'
import { Condition } from '../../meta/v1/condition.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { kind, message } from './package.ts'

const ResourcePoolStatusRequestSpec = message(
  'ResourcePoolStatusRequestSpec',
  {
    driver: f(1, str).required().always().doc('Driver whose pools are asked about.'),
    poolName: f(2, str).explicit().doc('The one pool that is asked about; all of them if unset.'),
    limit: f(3, int32).explicit().doc('How many pools the answer may have.'),
    defaultPartitionTypeAttribute: f(4, str).explicit().doc('Attribute by which partitions are told apart.'),
  },
  { doc: 'Which pools are asked about.' },
)

const PartitionTypeStatus = message(
  'PartitionTypeStatus',
  {
    type: f(1, str).required().always().doc('Kind of partition.'),
    total: f(2, int32).explicit().doc('How many there are.'),
    allocatable: f(3, int32).explicit().doc('How many can still be given away.'),
    attribute: f(4, str).explicit().doc('Attribute that names the kind.'),
  },
  { doc: 'Partitions of one kind.' },
)

const ShareableCapacityStatus = message(
  'ShareableCapacityStatus',
  {
    name: f(1, str).required().always().doc('Name of the capacity.'),
    total: f(2, quantity).explicit().doc('How much there is.'),
    consumed: f(3, quantity).explicit().doc('How much is taken.'),
    available: f(4, quantity).explicit().doc('How much is left.'),
  },
  { doc: 'A capacity that claims share.' },
)

const ShareableSummaryStatus = message(
  'ShareableSummaryStatus',
  {
    fullyAvailableDevices: f(1, int32).explicit().doc('Devices of which nothing is taken.'),
    partiallyAvailableDevices: f(2, int32).explicit().doc('Devices of which a part is taken.'),
    capacity: f(3, list(ShareableCapacityStatus)).listOf('atomic').doc('Their capacities.'),
  },
  { doc: 'Devices that claims can share.' },
)

const PoolStatus = message(
  'PoolStatus',
  {
    driver: f(1, str).required().always().doc('Driver of the pool.'),
    poolName: f(2, str).required().always().doc('Name of the pool.'),
    nodeName: f(3, str).explicit().doc('Node of the pool, if it belongs to one.'),
    totalDevices: f(4, int32).explicit().doc('How many devices there are.'),
    allocatedDevices: f(5, int32).explicit().doc('How many are given away.'),
    availableDevices: f(6, int32).explicit().doc('How many can be given away.'),
    unavailableDevices: f(7, int32).explicit().doc('How many cannot be given away.'),
    resourceSliceCount: f(8, int32).explicit().doc('How many slices the pool consists of.'),
    generation: f(9, int64).always().doc('Generation of the pool.'),
    validationError: f(10, str).explicit().doc('What is wrong with the pool.'),
    partitionSummary: f(11, list(PartitionTypeStatus)).listOf('atomic').doc('Partitions by kind.'),
    shareableSummary: f(13, ShareableSummaryStatus).doc('Devices that claims can share.'),
  },
  { doc: 'State of a pool.' },
)

const ResourcePoolStatusRequestStatus = message(
  'ResourcePoolStatusRequestStatus',
  {
    pools: f(2, list(PoolStatus)).listOf('atomic').doc('The pools.'),
    conditions: f(3, list(Condition)).listOf('map', 'type').doc('Whether the answer is complete.'),
    poolCount: f(6, int32).explicit().doc('How many pools there are, shown or not.'),
  },
  { doc: 'The answer.' },
)

export const ResourcePoolStatusRequest = kind(
  'ResourcePoolStatusRequest',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, ResourcePoolStatusRequestSpec).required().always().doc('Which pools are asked about.'),
    status: f(3, ResourcePoolStatusRequestStatus).doc('The answer; written by the system.'),
  },
  { doc: 'Asks for the state of pools of devices.' },
)
export type ResourcePoolStatusRequest = TypeOf<typeof ResourcePoolStatusRequest>
