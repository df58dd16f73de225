import { f } from '../../../schema/field.ts'
import { int32, int64, map, str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { kind, message } from './package.ts'

const ScaleSpec = message(
  'ScaleSpec',
  { replicas: f(1, int32).doc('Number of replicas.') },
  { doc: 'The wanted scale.' },
)

const ScaleStatus = message(
  'ScaleStatus',
  {
    replicas: f(1, int32).required().always().doc('Number of replicas.'),
    selector: f(2, map(str)).doc('Labels of the pods that are counted.'),
    targetSelector: f(3, str).doc('Selector of the pods that are counted, in its text form.'),
  },
  { doc: 'The observed scale.' },
)

export const Scale = kind(
  'Scale',
  {
    metadata: f(1, ObjectMeta).always().doc('Standard metadata.'),
    spec: f(2, ScaleSpec).always().doc('How many replicas are wanted.'),
    status: f(3, ScaleStatus).always().doc('How many replicas there are.'),
  },
  { doc: 'The number of replicas of an object, before autoscaling/v1.' },
)
export type Scale = TypeOf<typeof Scale>

export const RollbackConfig = message(
  'RollbackConfig',
  { revision: f(1, int64).doc('Revision to go back to; 0 is the last one.') },
  { doc: 'Which revision to go back to.' },
)

export const DeploymentRollback = kind(
  'DeploymentRollback',
  {
    name: f(1, str).required().always().doc('Name of the deployment.'),
    updatedAnnotations: f(2, map(str)).doc('Annotations that the deployment gets.'),
    rollbackTo: f(3, RollbackConfig).required().always().doc('Which revision to go back to.'),
  },
  { doc: 'Asks for a deployment to go back to an earlier revision.' },
)
export type DeploymentRollback = TypeOf<typeof DeploymentRollback>
