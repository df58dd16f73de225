import { f } from '../../../schema/field.ts'
import { later, list, type Message, str, type TypeOf } from '../../../schema/type.ts'
import { TypedLocalObjectReference } from '../../core/v1/object-reference.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { kind, message } from './package.ts'
import { compositeMembers, groupMembers } from './pod-group-parts.ts'

const PodGroupTemplate = message(
  'PodGroupTemplate',
  { name: f(1, str).required().always().doc('Name of the template.'), ...groupMembers(2) },
  { doc: 'The pattern of a group of pods.' },
)

const CompositePodGroupTemplate: Message<object> = message(
  'CompositePodGroupTemplate',
  {
    name: f(1, str).required().always().doc('Name of the template.'),
    ...compositeMembers(2),
    podGroupTemplates: f(8, list(PodGroupTemplate)).listOf('map', 'name').doc('Groups of pods in it.'),
    compositePodGroupTemplates: f(9, list(later<object>(() => CompositePodGroupTemplate)))
      .listOf('map', 'name')
      .doc('Groups of groups in it.'),
  },
  { doc: 'The pattern of a group of groups.' },
)

const WorkloadSpec = message(
  'WorkloadSpec',
  {
    controllerRef: f(1, TypedLocalObjectReference).doc('Object that the workload stands for.'),
    podGroupTemplates: f(2, list(PodGroupTemplate)).listOf('map', 'name').doc('Groups of pods.'),
    compositePodGroupTemplates: f(3, list(CompositePodGroupTemplate)).listOf('map', 'name').doc('Groups of groups.'),
  },
  { doc: 'The groups of a workload.' },
)

export const Workload = kind(
  'Workload',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, WorkloadSpec).required().always().doc('Groups of the workload.'),
  },
  { doc: 'The groups of pods of an application, as the scheduler sees them.' },
)
export type Workload = TypeOf<typeof Workload>
